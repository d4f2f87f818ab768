/* Addresses: defaults, and what the IP mode makes of those given. */
#include <errno.h>
#include <string.h>

#include "parser/config_finish.h"

static bool prefix_holds(const struct ip_prefix *prefix, const struct ip_addr *addr)
{
	if (prefix->addr.version != addr->version)
		return false;
	for (unsigned bit = 0; bit < prefix->length; bit++) {
		uint8_t mask = 0x80 >> bit % 8;

		if ((prefix->addr.bytes[bit / 8] ^ addr->bytes[bit / 8]) & mask)
			return false;
	}
	return true;
}

/* Defaults by family, [0] IPv4 and [1] IPv6. */
static const char *const default_local[] = {"192.168.0.1", "fd3d:fa7b:d17d::1"};
static const char *const default_gateway[] = {"192.168.0.2", "fd3d:fa7b:d17d:8888::"};
static const char *const default_remote[] = {"192.0.2.1", "2001:db8::1"};
static const uint8_t default_remote_length[] = {24, 32};

/* The address given for the mode's family into *prefix, if any. */
static int choose_address(const struct config *config, const char *name,
			  const struct given_address given[2], struct ip_prefix *prefix,
			  struct errbuf *err)
{
	int v6 = config->ip_mode == IP_V6;
	const struct given_address *other = &given[!v6];
	bool several = config->ip_modes & (config->ip_modes - 1);
	bool mode_from_outside =
		config->ip_version_by_command_line || config->ip_mode != config->ip_mode_asked;
	bool set_aside = !other->by_command_line && mode_from_outside;
	char text[IP_ADDR_TEXT];

	if (given[v6].prefix.addr.version) {
		*prefix = given[v6].prefix;
		return 0;
	}
	if (!other->prefix.addr.version || several || set_aside)
		return 0;
	return err_set(err, -EINVAL, "--%s=%s is not an IPv%d address, but the script runs as %s",
		       name, ip_addr_print(&other->prefix.addr, text), v6 ? 6 : 4,
		       ip_mode_name(config->ip_mode));
}

static bool same_addr(const struct ip_addr *a, const struct ip_addr *b)
{
	struct ip_prefix whole = {*a, a->version == 4 ? 32 : 128};

	return prefix_holds(&whole, b);
}

/* What is sent to an address of this host never reaches the device. */
static bool is_loopback(const struct config *config, const struct ip_addr *addr)
{
	struct ip_prefix loopback = {.length = config->ip_mode == IP_V6 ? 128 : 8};

	ip_addr_parse(config->ip_mode == IP_V6 ? "::1" : "127.0.0.0", &loopback.addr);
	return prefix_holds(&loopback, addr);
}

static int check_remote(const struct config *config, struct errbuf *err)
{
	const struct ip_addr *remote = &config->remote_ip.addr;
	char text[IP_ADDR_TEXT];

	if (!is_loopback(config, remote) && !same_addr(&config->local_ip, remote))
		return 0;
	return err_set(err, -EINVAL, "--remote_ip: %s is an address of this side, not of the peer",
		       ip_addr_print(remote, text));
}

int config_finish(struct config *config, struct errbuf *err)
{
	int v6 = config->ip_mode == IP_V6, code;
	struct ip_prefix local, gateway;

	ip_addr_parse(default_local[v6], &local.addr);
	ip_addr_parse(default_remote[v6], &config->remote_ip.addr);
	config->remote_ip.length = default_remote_length[v6];
	code = choose_address(config, "local_ip", config->given_local, &local, err);
	if (!code)
		code = choose_address(config, "remote_ip", config->given_remote, &config->remote_ip,
				      err);
	if (code)
		return code;
	if (v6)
		config->netmask_bits = 48;
	local.length = config->netmask_bits;
	ip_addr_parse(default_gateway[v6], &gateway.addr);
	if (!prefix_holds(&local, &gateway.addr))
		gateway.addr = local.addr;
	code = choose_address(config, "gateway_ip", config->given_gateway, &gateway, err);
	config->local_ip = local.addr;
	config->gateway_ip = gateway.addr;
	return code ? code : check_remote(config, err);
}
