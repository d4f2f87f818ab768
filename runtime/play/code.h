/* Python code of a script: values snapshotted at their time, run together at the end. */
#ifndef FINWAIT_RUNTIME_PLAY_CODE_H
#define FINWAIT_RUNTIME_PLAY_CODE_H

#include "runtime/bed/program.h"

struct code;
struct run;

struct code *code_new(const struct script *script);
void code_free(struct code *code); /* accepts NULL */

/* Collects one block with the values it sees, taken at `taken_ns` since start. */
void code_add(struct code *code, const struct event *event, const struct sock_snapshot *snapshot,
	      int64_t taken_ns);

/* Runs all blocks in one interpreter (--code_command); a failure becomes a record of the run, at
 * the line of the code that failed. */
void code_run(struct code *code, struct run *run);

#endif
