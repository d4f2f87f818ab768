/* The event loop: plays one checked script once, on a bed. Called in a process of its own. */
#ifndef FINWAIT_RUNTIME_PLAY_PLAY_H
#define FINWAIT_RUNTIME_PLAY_PLAY_H

#include "base/outfile.h"
#include "parser/script.h"
#include "runtime/bed/bed.h"
#include "runtime/record/record.h"
#include "tun/pcap_file.h"

struct run_env {
	struct bed *bed;       /* owned by run_script(), which closes it */
	struct outfile *pcap;  /* --pcap, open; the run finishes it. NULL */
	enum pcap_format pcap_format;
	pcap_describe describe; /* of a packet by its record, for its comment. NULL: no comments */
	int output_fd;	       /* where commands and code print; -1: inherited */
	bool keep_output;      /* a command's record holds what it printed */
	/* Called once, between start-up and timeline: a suite holds the run here. NULL: go on. */
	void (*ready)(void *cookie);
	/* Called when the timeline is over, before teardown. NULL: nothing. */
	void (*finished)(void *cookie);
	/* Called before a command begins and when it has ended. NULL: nothing. */
	void (*command)(void *cookie, bool begins);
	/* Called where there is time: before a wait that is longer than `idle_ns`, and while
	 * nothing else is to be done. Records that are closed can be sent from here. NULL: nothing.
	 */
	void (*idle)(void *cookie);
	void *cookie;
	unsigned *current_event; /* written before each event, for a watcher in another process;
				    NULL */
	/* Nothing of ours runs at the same time: that a command took long is the script's own. */
	bool alone;
	bool keep_netns; /* the namespace outlives the run: ports are not those of runs before */
	/* As packetdrill does: the cleanup command runs only if there was an init command. */
	bool cleanup_needs_init;
	/* Where the kernel does not tell its reasons, what a script says of them is not looked at. */
	bool reasons_optional;
};

/* A wait at least this long leaves time for run_env.idle. */
#define IDLE_WAIT_NS (3 * NSEC_PER_MSEC)

/* Starts the bed, plays the events, cleans up, closes the bed. Records go to `result`, whose memory
 * may outlive the process: run_result_close() publishes each. Never exits. */
void run_script(const struct script *script, const struct run_env *env, struct run_result *result);

/* The kind of record that an event leaves. */
enum record_kind play_record_kind(const struct event *event);

#endif
