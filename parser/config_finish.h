/* The last of a config: what depends on several options. */
#ifndef FINWAIT_PARSER_CONFIG_FINISH_H
#define FINWAIT_PARSER_CONFIG_FINISH_H

#include "parser/config.h"

/* After all config_set(): fills what depends on ip_mode (addresses, prefix lengths). Returns 0, or
 * -EINVAL and what does not fit together. Defaults: local 192.168.0.1/16, gateway 192.168.0.2,
 * remote 192.0.2.1/24; fd3d:fa7b:d17d::1/48, fd3d:fa7b:d17d:8888::, 2001:db8::1/32. A default
 * gateway outside the local network gives way to the local address itself. An address of the other
 * family is left aside (the default stands in) when the script gave it and the command line chose
 * the mode, or when several modes are asked for; otherwise it is an error. */
int config_finish(struct config *config, struct errbuf *err);

#endif
