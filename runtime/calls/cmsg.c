/* Converts control messages to and from script notation. The data of a message is of one of four
 * kinds: an int, timestamps, an extended error, or TCP statistics as netlink attributes. */
#include "runtime/calls/handlers.h"

#include <linux/errqueue.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/native.h"
#include "parser/ast_print.h"

#ifndef SCM_TIMESTAMPING_OPT_STATS
#define SCM_TIMESTAMPING_OPT_STATS 54
#endif

/* One control message: the expected one and the one that came. */
struct cmsg {
	struct call_ctx *c;
	const struct expr *data; /* expected cmsg_data; NULL: not expected */
	unsigned char *bytes;
	size_t size;
	unsigned number; /* place in msg_control, from 1 */
};

struct data_kind {
	size_t (*size)(const struct expr *data, int level);
	void (*encode)(const struct expr *data, unsigned char *bytes);
	void (*compare)(struct cmsg *m);
	void (*show)(struct call_ctx *c, const unsigned char *bytes, size_t n, char *out,
		     size_t size);
};

/* The mismatch is in the second argument. */
static struct mismatch *place(const struct cmsg *m, struct mismatch *mismatch, const char *name)
{
	mismatch->index = 2;
	mismatch->item = m->number;
	mismatch_set_name(mismatch, name);
	return mismatch;
}

static void differs(struct cmsg *m, const char *name, long long expected, long long actual)
{
	struct mismatches *list = &m->c->slot->mismatches;

	if (expected != actual)
		place(m, mismatch_int(list, FIELD_cmsg_member, expected, actual), name);
}

static struct mismatch *differs_in(struct cmsg *m, enum field_id field, const char *name,
				   const char *expected, const char *actual)
{
	return place(m, mismatch_add(&m->c->slot->mismatches, field, expected, actual), name);
}

/* ---- int ---------------------------------------------------------------------------------- */

static size_t int_size(const struct expr *data, int level)
{
	(void)data;
	(void)level;
	return sizeof(int);
}

static void int_encode(const struct expr *data, unsigned char *bytes)
{
	int value = (int)data->value;

	memcpy(bytes, &value, sizeof(value));
}

static int int_of(const unsigned char *bytes)
{
	int value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static void int_compare(struct cmsg *m)
{
	differs(m, "cmsg_data", (int)m->data->value, int_of(m->bytes));
}

static void int_show(struct call_ctx *c, const unsigned char *bytes, size_t n, char *out,
		     size_t size)
{
	(void)c;
	(void)n;
	snprintf(out, size, "%d", int_of(bytes));
}

/* ---- timestamps: struct scm_timestamping, of which the first is compared ------------------- */

static size_t stamp_size(const struct expr *data, int level)
{
	(void)data;
	(void)level;
	return sizeof(struct scm_timestamping);
}

static void stamp_encode(const struct expr *data, unsigned char *bytes)
{
	struct scm_timestamping stamps = {0};

	stamps.ts[0].tv_sec = field_int(data, "scm_sec");
	stamps.ts[0].tv_nsec = field_int(data, "scm_nsec");
	memcpy(bytes, &stamps, sizeof(stamps));
}

/* The software timestamp, in script time. */
static int64_t stamp_of(struct call_ctx *c, const unsigned char *bytes)
{
	struct scm_timestamping stamps;

	memcpy(&stamps, bytes, sizeof(stamps));
	return stamps.ts[0].tv_sec * NSEC_PER_SEC + stamps.ts[0].tv_nsec -
	       c->host->share->start_realtime_ns;
}

static void stamp_text(char *out, size_t size, int64_t ns)
{
	int64_t sec = ns / NSEC_PER_SEC, nsec = ns % NSEC_PER_SEC;

	snprintf(out, size, "{scm_sec=%lld,scm_nsec=%lld}", (long long)sec, (long long)nsec);
}

static void stamp_compare(struct cmsg *m)
{
	int64_t want =
		field_int(m->data, "scm_sec") * NSEC_PER_SEC + field_int(m->data, "scm_nsec");
	int64_t got = stamp_of(m->c, m->bytes);
	char expected[64], actual[64];

	if (want == 0 || llabs(want - got) <= m->c->host->env.tolerance_ns)
		return;
	stamp_text(expected, sizeof(expected), want);
	stamp_text(actual, sizeof(actual), got);
	differs_in(m, FIELD_cmsg_time, "cmsg_data", expected, actual)->off_ns = llabs(want - got);
}

static void stamp_show(struct call_ctx *c, const unsigned char *bytes, size_t n, char *out,
		       size_t size)
{
	(void)n;
	stamp_text(out, size, stamp_of(c, bytes));
}

/* ---- extended errors: struct sock_extended_err and the offender's address ------------------- */

static size_t error_size(const struct expr *data, int level)
{
	(void)data;
	return sizeof(struct sock_extended_err) +
	       (level == SOL_IPV6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
}

static void error_encode(const struct expr *data, unsigned char *bytes)
{
	struct sock_extended_err error = {
		.ee_errno = (uint32_t)field_int(data, "ee_errno"),
		.ee_origin = (uint8_t)field_int(data, "ee_origin"),
		.ee_type = (uint8_t)field_int(data, "ee_type"),
		.ee_code = (uint8_t)field_int(data, "ee_code"),
		.ee_info = (uint32_t)field_int(data, "ee_info"),
		.ee_data = (uint32_t)field_int(data, "ee_data"),
	};

	memcpy(bytes, &error, sizeof(error));
}

static void error_compare(struct cmsg *m)
{
	struct sock_extended_err want, got;

	error_encode(m->data, (unsigned char *)&want);
	memcpy(&got, m->bytes, sizeof(got));
	differs(m, "ee_errno", want.ee_errno, got.ee_errno);
	differs(m, "ee_origin", want.ee_origin, got.ee_origin);
	differs(m, "ee_type", want.ee_type, got.ee_type);
	differs(m, "ee_code", want.ee_code, got.ee_code);
	differs(m, "ee_info", want.ee_info, got.ee_info);
	differs(m, "ee_data", want.ee_data, got.ee_data);
}

static void error_show(struct call_ctx *c, const unsigned char *bytes, size_t n, char *out,
		       size_t size)
{
	struct sock_extended_err e;

	(void)c;
	(void)n;
	memcpy(&e, bytes, sizeof(e));
	snprintf(out, size,
		 "{ee_errno=%u, ee_origin=%u, ee_type=%u, ee_code=%u, ee_info=%u, ee_data=%u}",
		 e.ee_errno, e.ee_origin, e.ee_type, e.ee_code, e.ee_info, e.ee_data);
}

/* ---- TCP statistics: tcp_get_timestamping_opt_stats() in net/ipv4/tcp.c --------------------- */

struct stat_row {
	const char *name;
	uint16_t type;
	uint8_t size;
	bool timed; /* microseconds: compared with the tolerance, zero exactly */
};

static const struct stat_row stat_rows[] = {
#define STAT(name, type, size, timed) {"TCP_NLA_" #name, type, size, timed},
#include "runtime/calls/tcp_stats.def"
#undef STAT
};

#define N_STAT_ROWS (sizeof(stat_rows) / sizeof(stat_rows[0]))

static const struct stat_row *stat_by_name(const char *name)
{
	for (size_t i = 0; i < N_STAT_ROWS; i++)
		if (name && !strcmp(stat_rows[i].name, name))
			return &stat_rows[i];
	return NULL;
}

static const char *stat_name(unsigned type)
{
	for (size_t i = 0; i < N_STAT_ROWS; i++)
		if (stat_rows[i].type == type)
			return stat_rows[i].name;
	return "an attribute";
}

static size_t stats_size(const struct expr *data, int level)
{
	size_t size = 0;

	(void)level;
	for (size_t i = 0; i < data->n_fields; i++) {
		const struct stat_row *row = stat_by_name(data->fields[i].name);

		size += NLA_HDRLEN + NLA_ALIGN(row ? row->size : 4);
	}
	return size;
}

static void stats_encode(const struct expr *data, unsigned char *bytes)
{
	for (size_t i = 0; i < data->n_fields; i++) {
		const struct stat_row *row = stat_by_name(data->fields[i].name);
		uint64_t value = (uint64_t)data->fields[i].value->value;
		struct nlattr attr;

		if (!row)
			continue;
		attr.nla_type = row->type;
		attr.nla_len = (uint16_t)(NLA_HDRLEN + row->size);
		memcpy(bytes, &attr, sizeof(attr));
		native_put(bytes + NLA_HDRLEN, row->size, value);
		bytes += NLA_ALIGN(attr.nla_len);
	}
}

/* Takes the attribute at *at off; false at the end. */
static bool next_stat(const unsigned char *bytes, size_t size, size_t *at, unsigned *type,
		      uint64_t *value)
{
	struct nlattr attr;
	size_t n;

	if (*at + sizeof(attr) > size)
		return false;
	memcpy(&attr, bytes + *at, sizeof(attr));
	if (attr.nla_len < NLA_HDRLEN || *at + attr.nla_len > size)
		return false;
	n = attr.nla_len - NLA_HDRLEN;
	*type = attr.nla_type & NLA_TYPE_MASK;
	*value = native_get(bytes + *at + NLA_HDRLEN, n < sizeof(*value) ? n : sizeof(*value));
	*at += NLA_ALIGN(attr.nla_len);
	return true;
}

static void compare_stat(struct cmsg *m, const struct field *field, const struct stat_row *row,
			 uint64_t got)
{
	int64_t want = field->value->value, tolerance = 0;

	/* `...` and a number of all ones stand for any value. */
	if (is_any(field->value) || want == -1 || (row->size >= 4 && want == UINT32_MAX))
		return;
	if (row->timed && want != 0)
		tolerance = m->c->host->env.tolerance_ns / NSEC_PER_USEC;
	if (llabs(want - (int64_t)got) > tolerance)
		differs(m, field->name, want, (long long)got);
}

static void stats_compare(struct cmsg *m)
{
	size_t at = 0;
	unsigned type;
	uint64_t value;

	for (size_t i = 0; i < m->data->n_fields; i++) {
		const struct field *field = &m->data->fields[i];
		const struct stat_row *row = stat_by_name(field->name);

		if (!row)
			continue;
		if (!next_stat(m->bytes, m->size, &at, &type, &value)) {
			differs_in(m, FIELD_cmsg_member, "cmsg_data", row->name, "no more");
			return;
		}
		if (type == row->type) {
			compare_stat(m, field, row, value);
			continue;
		}
		differs_in(m, FIELD_cmsg_attribute, row->name, row->name, stat_name(type))->number =
			(int64_t)i + 1;
	}
	if (next_stat(m->bytes, m->size, &at, &type, &value))
		differs_in(m, FIELD_cmsg_member, "cmsg_data", "no more", stat_name(type));
}

static void stats_show(struct call_ctx *c, const unsigned char *bytes, size_t n, char *out,
		       size_t size)
{
	size_t at = 0;
	unsigned type;
	uint64_t value;
	int used = snprintf(out, size, "{");

	(void)c;
	while (next_stat(bytes, n, &at, &type, &value) && used < (int)size)
		used += snprintf(out + used, size - (size_t)used, "%s%s=%llu", used > 1 ? ", " : "",
				 stat_name(type), (unsigned long long)value);
	if (used < (int)size)
		snprintf(out + used, size - (size_t)used, "}");
}

/* ---- all kinds ------------------------------------------------------------------------------ */

enum { DATA_INT, DATA_STAMP, DATA_ERROR, DATA_STATS };

static const struct data_kind kinds[] = {
	[DATA_INT] = {int_size, int_encode, int_compare, int_show},
	[DATA_STAMP] = {stamp_size, stamp_encode, stamp_compare, stamp_show},
	[DATA_ERROR] = {error_size, error_encode, error_compare, error_show},
	[DATA_STATS] = {stats_size, stats_encode, stats_compare, stats_show},
};

/* The kind of a literal in a script. */
static const struct data_kind *kind_of(const struct expr *data)
{
	if (data->kind != EXPR_RECORD)
		return &kinds[DATA_INT];
	if (field_of(data, "scm_sec"))
		return &kinds[DATA_STAMP];
	return field_of(data, "ee_errno") ? &kinds[DATA_ERROR] : &kinds[DATA_STATS];
}

/* The kind of data that the kernel sends with this level and type, to show it. */
static const struct data_kind *kind_of_live(int level, int type, size_t size)
{
	static const struct {
		int level, type, kind;
	} rows[] = {
		{SOL_SOCKET, SO_TIMESTAMPING, DATA_STAMP},
		{SOL_SOCKET, SCM_TIMESTAMPING_OPT_STATS, DATA_STATS},
		{SOL_IP, IP_RECVERR, DATA_ERROR},
		{SOL_IPV6, IPV6_RECVERR, DATA_ERROR},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].level == level && rows[i].type == type &&
		    (rows[i].kind == DATA_STATS || size >= kinds[rows[i].kind].size(NULL, level)))
			return &kinds[rows[i].kind];
	return size >= sizeof(int) ? &kinds[DATA_INT] : NULL;
}

static const struct expr *cmsg_data(const struct expr *record)
{
	return field_of(record, "cmsg_data");
}

void *control_encode(struct call_ctx *c, const struct expr *list, size_t *size)
{
	unsigned char *bytes, *at;

	*size = 0;
	for (size_t i = 0; i < list->n_items; i++) {
		const struct expr *data = cmsg_data(list->items[i]);
		int level = (int)field_int(list->items[i], "cmsg_level");

		*size += CMSG_SPACE(kind_of(data)->size(data, level));
	}
	bytes = at = call_scratch(c, *size + 1);
	for (size_t i = 0; i < list->n_items; i++) {
		const struct expr *record = list->items[i], *data = cmsg_data(record);
		int level = (int)field_int(record, "cmsg_level");
		size_t n = kind_of(data)->size(data, level);
		struct cmsghdr header = {
			.cmsg_len = CMSG_LEN(n),
			.cmsg_level = level,
			.cmsg_type = (int)field_int(record, "cmsg_type"),
		};

		memcpy(at, &header, sizeof(header));
		kind_of(data)->encode(data, at + CMSG_LEN(0));
		at += CMSG_SPACE(n);
	}
	return bytes;
}

/* The value in the script's spelling (e.g. SOL_IP) if it is equal to the script's, else a number.
 */
static const char *number_like(struct call_ctx *c, const struct expr *like, int value)
{
	char text[64];

	if (!like || (int)like->value != value)
		return call_printf(c, "%d", value);
	expr_print(text, sizeof(text), like);
	return call_printf(c, "%s", text);
}

static void compare_header(struct cmsg *m, const struct expr *record, const char *name, int actual)
{
	const struct expr *want = field_of(record, name);

	if ((int)want->value != actual)
		differs_in(m, FIELD_cmsg_member, name,
			   number_like(m->c, want, (int)want->value),
			   number_like(m->c, NULL, actual));
}

/* Compares one message; record NULL: none was expected. Returns its live form. */
static char *compare_one(struct cmsg *m, const struct expr *record, const struct cmsghdr *header)
{
	const struct data_kind *live = kind_of_live(header->cmsg_level, header->cmsg_type, m->size);
	char data[400] = "...";

	if (live)
		live->show(m->c, m->bytes, m->size, data, sizeof(data));
	if (record) {
		size_t size = kind_of(m->data)->size(m->data, header->cmsg_level);

		compare_header(m, record, "cmsg_level", header->cmsg_level);
		compare_header(m, record, "cmsg_type", header->cmsg_type);
		if (kind_of(m->data) != &kinds[DATA_STATS] && size != m->size)
			place(m,
			      mismatch_int(&m->c->slot->mismatches, FIELD_cmsg_size,
					   (long long)size, (long long)m->size),
			      "cmsg_data");
		if (m->size >= size || kind_of(m->data) == &kinds[DATA_STATS])
			kind_of(m->data)->compare(m);
	}
	return call_printf(
		m->c, "{cmsg_level=%s, cmsg_type=%s, cmsg_data=%s}",
		number_like(m->c, record ? field_of(record, "cmsg_level") : NULL,
			    header->cmsg_level),
		number_like(m->c, record ? field_of(record, "cmsg_type") : NULL, header->cmsg_type),
		data);
}

char *control_compare(struct call_ctx *c, const struct expr *list, struct msghdr *msg)
{
	struct cmsghdr *header = msg->msg_controllen ? CMSG_FIRSTHDR(msg) : NULL;
	char shown[800] = "[";
	size_t used = 1;
	unsigned n = 0;

	for (; header; header = CMSG_NXTHDR(msg, header), n++) {
		const struct expr *record = n < list->n_items ? list->items[n] : NULL;
		struct cmsg m = {.c = c, .bytes = CMSG_DATA(header), .number = n + 1};
		char *text;

		if (header->cmsg_len < CMSG_LEN(0))
			break;
		m.size = header->cmsg_len - CMSG_LEN(0);
		m.data = record ? cmsg_data(record) : NULL;
		text = compare_one(&m, record, header);
		if (!record)
			differs_in(&m, FIELD_cmsg, "msg_control", "no more", text);
		if (used < sizeof(shown))
			used += (size_t)snprintf(shown + used, sizeof(shown) - used, "%s%s",
						 n ? ", " : "", text);
	}
	for (; n < list->n_items; n++) {
		struct cmsg missing = {.c = c, .number = n + 1};
		char text[256];

		expr_print(text, sizeof(text), list->items[n]);
		differs_in(&missing, FIELD_cmsg, "msg_control", text, "none");
	}
	return call_printf(c, "%s]", shown);
}
