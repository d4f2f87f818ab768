/* Sets up where a run works: its capture file, its directory and its sandbox. */
#ifndef FINWAIT_RUNTIME_SUITE_JOB_ENTER_H
#define FINWAIT_RUNTIME_SUITE_JOB_ENTER_H

#include "base/outfile.h"
#include "runtime/suite/job.h"

/* Opens what belongs to the caller while it is still visible, then enters the sandbox. Opens `pcap`
 * if a capture is wanted and it is not open yet. Returns 0; -errno with err; or 1 with err: the
 * script is wrong. */
int job_enter(const struct job_spec *spec, struct outfile *pcap, struct errbuf *err);

#endif
