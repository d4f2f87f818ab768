#include "runtime/priority.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static bool raise_thread(pid_t thread, const cpu_set_t *cpu)
{
	struct sched_param param = {.sched_priority = 1};

	if (sched_setscheduler(thread, SCHED_FIFO, &param))
		return false;
	sched_setaffinity(thread, sizeof(*cpu), cpu);
	return true;
}

bool priority_raise(pid_t program, cpu_set_t *cpus)
{
	int here = sched_getcpu();
	cpu_set_t cpu;
	char path[64];
	struct dirent *entry;
	DIR *dir;

	setpriority(PRIO_PROCESS, 0, -20); /* what children have */
	CPU_ZERO(cpus);
	sched_getaffinity(0, sizeof(*cpus), cpus);
	cpu = *cpus;
	if (here >= 0 && here < CPU_SETSIZE) {
		CPU_ZERO(&cpu);
		CPU_SET((size_t)here, &cpu);
	}
	if (!raise_thread(0, &cpu))
		return getpriority(PRIO_PROCESS, 0) < 0;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)program);
	dir = opendir(path);
	if (!dir)
		return raise_thread(program, &cpu);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			raise_thread(atoi(entry->d_name), &cpu);
	closedir(dir);
	return true;
}

void priority_lower(const cpu_set_t *cpus)
{
	struct sched_param param = {0};

	sched_setscheduler(0, SCHED_OTHER, &param);
	setpriority(PRIO_PROCESS, 0, 5);
	if (CPU_COUNT(cpus))
		sched_setaffinity(0, sizeof(*cpus), cpus);
}
