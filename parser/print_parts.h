/* What the printers share. Internal to parser/. */
#ifndef FINWAIT_PARSER_PRINT_PARTS_H
#define FINWAIT_PARSER_PRINT_PARTS_H

#include "base/out.h"
#include "parser/ast.h"

void out_packet(struct out *out, const struct packet *packet);

#endif
