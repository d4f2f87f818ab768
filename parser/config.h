/* What option lines and the command line set: one table (options.def), one struct.
 *
 * Precedence: defaults <- option lines <- command line; config_set() is called in that order. */
#ifndef FINWAIT_PARSER_CONFIG_H
#define FINWAIT_PARSER_CONFIG_H

#include "base/arena.h"
#include "base/errbuf.h"
#include "parser/ast.h"
#include "parser/options.h"

enum ip_mode { IP_V4, IP_V6, IP_V4_MAPPED_V6, N_IP_MODES };

struct ip_prefix {
	struct ip_addr addr;
	uint8_t length; /* bits */
};

struct name_value {
	const char *name, *value;
	struct loc loc; /* line 0: command line */
};

/* `--requires=kernel>=6.11` */
struct requirement {
	const char *text;	  /* as written */
	unsigned major, minor;
	char op[3];		  /* ">=", "<", "=", ... */
};

struct config {
	enum ip_mode ip_mode;
	unsigned ip_modes;	  /* bit set of 1 << IP_V4 ...: --ip_versions; 0: not given */
	bool ip_version_given;
	struct ip_addr local_ip, gateway_ip;   /* version 0: the default of the mode */
	struct ip_prefix remote_ip;
	uint8_t netmask_bits;	  /* of local_ip; from --netmask_ip (IPv4), 48 for IPv6 */
	bool netmask_given;
	uint16_t bind_port, connect_port;      /* 8080 */
	unsigned mtu;		  /* 1500 */
	unsigned speed_mbps;	  /* 0: unchanged */
	unsigned mss;		  /* 0: off; GSO size marked on injected segments */
	unsigned tolerance_usecs; /* 4000 */
	double tolerance_percent; /* 12.5 */
	unsigned tcp_ts_tick_usecs; /* 0: TS values unchecked */
	bool tcp_ts_ecr_scaled, strict_segments, is_anyip, send_omit_free, dry_run, debug;
	bool non_fatal_packet, non_fatal_syscall;
	const char **init_scripts;
	size_t n_init_scripts;
	const char *code_command; /* "python3" */
	double command_timeout;	  /* seconds, of each command: 600; 0: none */
	const char *cwd;	  /* where commands run: a directory, "script", "caller"; NULL: usual */
	bool cwd_by_script;	  /* an option line says so, not the command line */
	/* finwait's own */
	bool strict;		  /* unexpected segments fail the script */
	bool slow;		  /* --slow as a line: the script is left out unless asked for */
	struct name_value *sysctls; /* --sysctl=NAME=VALUE */
	size_t n_sysctls;
	struct requirement *requirements;
	size_t n_requirements;
	const char *xfail;	  /* reason; NULL: none */
	const char *md5_secret;	  /* --tcp_md5_secret, nplab */
	bool verbose;		  /* -v */
	bool no_cleanup;	  /* no RST after the script, nplab */
	/* For config_finish(): what was given, [0] IPv4 and [1] IPv6, so that one script may serve
	 * every mode; and whether the command line gave it. */
	struct given_address {
		struct ip_prefix prefix; /* addr.version 0: not given */
		bool by_command_line;
	} given_local[2], given_gateway[2], given_remote[2];
	bool ip_version_by_command_line;
	enum ip_mode ip_mode_asked; /* by options; ip_mode may be set otherwise before the finish */
	struct name_value *defines; /* in order given: the last of a name wins */
	size_t n_defines;
};

struct config *config_new(struct arena *arena); /* all defaults */

/* Sets one option. Returns 0, or -EINVAL and what is wrong with it. `loc` with line 0 means the
 * command line. Keeps pointers to `value` and `loc`'s script: both outlive the config. */
int config_set(struct config *config, struct arena *arena, const char *name, const char *value,
	       struct loc loc, struct errbuf *err);

const char *ip_mode_name(enum ip_mode mode); /* "ipv4", "ipv6", "ipv4-mapped-ipv6" */

#endif
