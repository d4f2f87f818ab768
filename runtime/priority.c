#include "runtime/priority.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static bool raise_thread(pid_t thread)
{
	struct sched_param param = {.sched_priority = 1};

	return sched_setscheduler(thread, SCHED_FIFO, &param) == 0;
}

bool priority_raise(pid_t program)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	setpriority(PRIO_PROCESS, 0, -20); /* what children have */
	if (!raise_thread(0))
		return getpriority(PRIO_PROCESS, 0) < 0;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)program);
	dir = opendir(path);
	if (!dir)
		return raise_thread(program);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			raise_thread(atoi(entry->d_name));
	closedir(dir);
	return true;
}

void priority_lower(void)
{
	struct sched_param param = {0};

	sched_setscheduler(0, SCHED_OTHER, &param);
	setpriority(PRIO_PROCESS, 0, 5);
}
