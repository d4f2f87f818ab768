/* Where a run works: its capture file, its directory, what it is shut off from. */
#ifndef FINWAIT_RUNTIME_SUITE_JOB_ENTER_H
#define FINWAIT_RUNTIME_SUITE_JOB_ENTER_H

#include "base/outfile.h"
#include "runtime/suite/job.h"

/* What is the caller's is taken while it can be seen, then the process shuts itself off. `pcap` is
 * opened if it is not yet and is to be. 0, -errno with err, or 1 with err: the script is wrong. */
int job_enter(const struct job_spec *spec, struct outfile *pcap, struct errbuf *err);

#endif
