/* The handlers, one per row of parser/calls.def. */
#ifndef FINWAIT_RUNTIME_CALLS_HANDLERS_H
#define FINWAIT_RUNTIME_CALLS_HANDLERS_H

#include "runtime/calls/call.h"

#define CALL(name, ...) void call_##name(struct call_ctx *c);
#include "parser/calls.def"
#undef CALL

#endif
