/* The event loop: plays one checked script once. Called in a process of its own. */
#ifndef FINWAIT_RUNTIME_PLAY_PLAY_H
#define FINWAIT_RUNTIME_PLAY_PLAY_H

#include "parser/script.h"
#include "runtime/record/record.h"

struct run_env {
	const char *pcap_path;	 /* --pcap; NULL */
	int output_fd;		 /* where commands and code print; -1: inherited */
	/* Called once, between start-up and timeline: a suite holds the run here. NULL: go on. */
	void (*ready)(void *cookie);
	/* Called when the timeline is over, before teardown. NULL: nothing. */
	void (*finished)(void *cookie);
	/* Called after each record (-v); NULL: nothing. */
	void (*recorded)(void *cookie, const struct record *record);
	void *cookie;
	unsigned *current_event; /* written before each event, for a watcher in another process; NULL */
	/* Time zero is so many eighths of a tick after one. */
	unsigned tick_eighths;
	/* Nothing of ours runs at the same time: that a command took long is the script's own. */
	bool alone;
	/* Play in the namespaces the process is in, instead of fresh ones; the device must then go
	 * away with the run. */
	bool keep_netns;
};

/* Enters namespaces, makes the device, starts the program, plays the events, cleans up. The caller's
 * process is spent afterwards (namespaces, real-time priority). Never exits. */
void run_script(const struct script *script, const struct run_env *env, struct run_result *result);

#endif
