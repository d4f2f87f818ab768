/* Script notation from nodes: parse(print(x)) equals x. Used by failure diffs, traces, ladders. */
#ifndef FINWAIT_PARSER_AST_PRINT_H
#define FINWAIT_PARSER_AST_PRINT_H

#include "parser/ast.h"

/* Each writes at most `size` bytes with the NUL and returns the length it would have had. */
/* "< F. 1:1(0) ack 1 win 257" */
size_t packet_print(char *out, size_t size, const struct packet *packet);
size_t tcp_flags_print(char *out, size_t size, const struct tcp_segment *tcp); /* "F." */
/* "<mss 1460,nop>" */
size_t tcp_options_print(char *out, size_t size, const struct tcp_segment *tcp);
size_t tcp_option_print(char *out, size_t size, const struct tcp_option *option); /* "mss 1460" */
size_t expr_print(char *out, size_t size, const struct expr *expr);
size_t call_print(char *out, size_t size, const struct call *call); /* without time */
size_t time_print(char *out, size_t size, const struct event *event); /* "+0.1...0.2" */
size_t event_print(char *out, size_t size, const struct event *event);

/* The whole script in canonical layout, one event a line. */
void script_print(FILE *out, const struct script *script);

#endif
