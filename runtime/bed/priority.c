#include "runtime/bed/priority.h"

#include <dirent.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The shortest slice that the kernel grants. */
#define LEAST_SLICE_NS 100000

/* struct sched_attr of sched_setattr(2). Its kernel header would define struct sched_param again.
 */
struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* A thread that asks for a short slice gets the processor sooner; on a busy machine it waits half
 * as long (since Linux 6.12, kernel/sched/fair.c: a task's own slice). Older kernels ignore this.
 */
static void shorten_slice(pid_t thread)
{
	struct scheduling attr = {
		.size = sizeof(attr),
		.policy = SCHED_OTHER,
		.nice = getpriority(PRIO_PROCESS, (id_t)thread),
		.runtime = LEAST_SLICE_NS,
	};

	syscall(SYS_sched_setattr, thread, &attr, 0);
}

static bool raise_thread(pid_t thread, const cpu_set_t *cpu)
{
	struct sched_param param = {.sched_priority = 1};

	if (sched_setscheduler(thread, SCHED_FIFO, &param)) {
		shorten_slice(thread);
		return false;
	}
	sched_setaffinity(thread, sizeof(*cpu), cpu);
	return true;
}

bool priority_raise(pid_t program, cpu_set_t *cpus)
{
	int here = sched_getcpu();
	cpu_set_t cpu;
	char path[64];
	struct dirent *entry;
	bool raised;
	DIR *dir;

	setpriority(PRIO_PROCESS, 0, -20); /* for the children, see priority.h */
	CPU_ZERO(cpus);
	sched_getaffinity(0, sizeof(*cpus), cpus);
	cpu = *cpus;
	if (here >= 0 && here < CPU_SETSIZE) {
		CPU_ZERO(&cpu);
		CPU_SET((size_t)here, &cpu);
	}
	raised = raise_thread(0, &cpu);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)program);
	dir = opendir(path);
	if (!dir)
		raise_thread(program, &cpu);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			raise_thread(atoi(entry->d_name), &cpu);
	if (dir)
		closedir(dir);
	return raised;
}

void priority_lower(const cpu_set_t *cpus)
{
	struct sched_param param = {0};

	sched_setscheduler(0, SCHED_OTHER, &param);
	setpriority(PRIO_PROCESS, 0, 5);
	if (CPU_COUNT(cpus))
		sched_setaffinity(0, sizeof(*cpus), cpus);
}
