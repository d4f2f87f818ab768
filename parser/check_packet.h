/* From what is written of a packet to struct packet. */
#ifndef FINWAIT_PARSER_CHECK_PACKET_H
#define FINWAIT_PARSER_CHECK_PACKET_H

#include "parser/raw.h"

struct config;

/* Fills raw->packet from the raw members. */
void check_packet(struct raw_packet *raw, const struct config *config, struct arena *arena,
		  struct diags *diags);
void check_tcp_options(struct raw_packet *raw, struct arena *arena, struct diags *diags);
void check_outers(struct raw_packet *raw, struct arena *arena, struct diags *diags);
void check_ip_info(struct ip_info *info, const struct atoms *atoms, enum direction direction,
		   struct diags *diags);

#endif
