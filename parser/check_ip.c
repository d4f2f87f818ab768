/* IP-level parts of a packet: the bracket with ECN, TOS, TTL and flow label, and outer headers. */
#include <stdlib.h>
#include <string.h>

#include "parser/check_packet.h"
#include "parser/config.h"
#include "parser/fields.h"
#include "parser/tables.h"

/* ---- ip-info ----------------------------------------------------------------------- */

/* One bracket being read. */
struct info_pieces {
	struct ip_info *info;
	enum direction direction;
	struct diags *diags;
};

/* RFC 2474, 2597, 3246, 5865, 8622 */
static const struct {
	const char *name;
	uint8_t value;
} dscp_names[] = {
	{"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},	{"cs4", 32},	     {"cs5", 40},
	{"cs6", 48},  {"cs7", 56},  {"af11", 10}, {"af12", 12}, {"af13", 14},	     {"af21", 18},
	{"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28}, {"af33", 30},	     {"af41", 34},
	{"af42", 36}, {"af43", 38}, {"ef", 46},	  {"le", 1},	{"voice-admit", 44},
};

static bool hex_number(const struct atom *atom, uint32_t max, const char *what, struct diags *diags,
		       uint32_t *value)
{
	unsigned long long number = strtoull(atom->text, NULL, 16);

	if (atom->kind != ATOM_HEX)
		diag_error(diags, FW_number_form, atom->loc, "%s is a hexadecimal number: 0x%s",
			   what, atom->kind == ATOM_INT ? "..., not decimal" : "...");
	else if (number > max || strlen(atom->text) > 18)
		diag_error(diags, FW_range, atom->loc, "%s %.40s is out of range: at most 0x%x",
			   what, atom->text, max);
	else
		return *value = number, true;
	return false;
}

static void take_decimal(struct info_pieces *pieces, enum field_id field, const struct atom *atom)
{
	uint64_t value;

	if (!atom_number(atom, field_max(field), field_row(field)->word, pieces->diags, &value))
		return;
	field_set(field, pieces->info, value);
	field_set_given(field, pieces->info, true);
}

static void take_hex(struct info_pieces *pieces, enum field_id field, const struct atom *atom)
{
	uint32_t value;

	if (!hex_number(atom, field_max(field), field_row(field)->word, pieces->diags, &value))
		return;
	field_set(field, pieces->info, value);
	field_set_given(field, pieces->info, true);
}

static void take_dscp(struct info_pieces *pieces, enum field_id field, const struct atom *atom)
{
	size_t i = 0, n = sizeof(dscp_names) / sizeof(*dscp_names);

	while (i < n && strcmp(dscp_names[i].name, atom->text))
		i++;
	if (i == n && atom->kind == ATOM_WORD)
		diag_error_hint(pieces->diags, FW_unknown_dscp, atom->loc,
				"known are cs0 to cs7, af11 to af43, ef, le, voice-admit, or 0xN",
				"unknown DSCP '%.40s'", atom->text);
	else if (i == n)
		take_hex(pieces, field, atom);
	if (i == n)
		return;
	field_set(field, pieces->info, dscp_names[i].value);
	field_set_given(field, pieces->info, true);
}

/* False: no such word. */
static bool take_ecn(struct info_pieces *pieces, const struct atom *atom)
{
	struct ip_info *info = pieces->info;
	int value = field_value_by_name(FIELD_ip_ecn, atom->text);
	bool ect01 = !strcmp(atom->text, "ect01");

	if (ect01)
		value = field_value_by_name(FIELD_ip_ecn, "ect0");
	if (value < 0)
		return false;
	atom->written->field = FIELD_ip_ecn;
	if (info->has_ecn)
		diag_error(pieces->diags, FW_ip_twice, atom->loc, "a second ECN word");
	if (ect01 && pieces->direction == INBOUND)
		diag_error(pieces->diags, FW_expected_only, atom->loc,
			   "ect01 is for expected packets only: ect0 or ect1 here");
	field_set(FIELD_ip_ecn, info, value);
	info->has_ecn = true;
	info->ect01 = ect01;
	return true;
}

static const struct {
	const char *name;
	enum field_id field;
	void (*take)(struct info_pieces *pieces, enum field_id field, const struct atom *atom);
} info_words[] = {
	{"ttl", FIELD_ip_ttl, take_decimal},
	{"hlim", FIELD_ip_ttl, take_decimal},
	{"tos", FIELD_ip_tos, take_hex},
	{"class", FIELD_ip_tos, take_hex},
	{"flowlabel", FIELD_ip_flow_label, take_hex},
	{"dscp", FIELD_ip_dscp, take_dscp},
};

static void unknown_word(struct info_pieces *pieces, const struct atom *word)
{
	const char *near = closest_name("IP field", word->text);
	char meant[60];

	snprintf(meant, sizeof(meant), "did you mean %s?", near ? near : "");
	diag_error_hint(pieces->diags, FW_unknown_ip_field, word->loc,
			near ? meant
			     : "known are noecn ect0 ect1 ect01 ce, tos 0xN, dscp NAME, ttl N, "
			       "flowlabel 0xN",
			"unknown IP field '%.40s'", word->text);
}

/* One piece, from `first` to the next comma. Returns how many atoms it has. */
static size_t take_piece(struct info_pieces *pieces, const struct atom *first, size_t left)
{
	size_t i = 0, n = sizeof(info_words) / sizeof(*info_words);

	while (i < n && strcmp(info_words[i].name, first->text))
		i++;
	if (i < n && (left < 2 || first[1].kind == ATOM_MARK)) {
		diag_error(pieces->diags, FW_ip_field_value, first->loc, "%s needs a value",
			   first->text);
		return 1;
	}
	if (i < n) {
		first[0].written->field = first[1].written->field = info_words[i].field;
		info_words[i].take(pieces, info_words[i].field, &first[1]);
		return 2;
	}
	if (!strcmp(first->text, "ecn") && left > 1 && take_ecn(pieces, &first[1]))
		return 2;
	if (!take_ecn(pieces, first))
		unknown_word(pieces, first);
	return 1;
}

void check_ip_info(struct ip_info *info, const struct atoms *atoms, enum direction direction,
		   struct diags *diags)
{
	struct info_pieces pieces = {.info = info, .direction = direction, .diags = diags};

	for (size_t i = 0; i < atoms->n; i++) {
		i += take_piece(&pieces, &atoms->items[i], atoms->n - i);
		if (i < atoms->n && strcmp(atoms->items[i].text, ",")) {
			diag_error(diags, FW_ip_commas, atoms->items[i].loc,
				   "expected ',' before '%.40s'", atoms->items[i].text);
			return;
		}
		if (i + 1 == atoms->n)
			diag_error(diags, FW_ip_commas, atoms->items[i].loc, "nothing after ','");
	}
	if (info->has_tos && (info->has_dscp || info->has_ecn))
		diag_error(diags, FW_ip_twice, atoms->loc,
			   "tos is the whole byte: no dscp or ECN beside it");
}

/* ---- outer headers ----------------------------------------------------------------- */

static void check_address(const struct atom *atom, uint8_t version, struct ip_addr *addr,
			  struct diags *diags)
{
	if (!ip_addr_parse(atom->text, addr))
		diag_error(diags, FW_address, atom->loc, "'%.40s' is no address", atom->text);
	else if (addr->version != version)
		diag_error(diags, FW_address, atom->loc, "%s is no IPv%d address", atom->text,
			   version);
}

static bool any_number(const struct atom *atom, uint32_t max, const char *what, struct diags *diags,
		       uint32_t *value)
{
	uint64_t number;

	if (atom->kind == ATOM_HEX)
		return hex_number(atom, max, what, diags, value);
	if (!atom_number(atom, max, what, diags, &number))
		return false;
	*value = number;
	return true;
}

static const struct {
	const char *name;
	uint16_t bit;
} gre_flags[] = {{"none", 0}, {"checksum", 0x8000}, {"key", 0x2000}, {"sequence#", 0x1000}};

/* flags none | 0xN | NAME present ...; returns the atoms taken. */
static size_t take_gre_flags(const struct atom *atoms, size_t n, uint16_t *flags,
			     struct diags *diags)
{
	size_t taken = 0;
	uint32_t number;

	if (n && atoms[0].kind != ATOM_WORD) {
		if (any_number(&atoms[0], UINT16_MAX, "GRE flags", diags, &number))
			*flags = number;
		if (*flags & 7)
			diag_error(diags, FW_outer_header, atoms[0].loc,
				   "only version 0 of GRE is known");
		return 1;
	}
	while (taken < n) {
		size_t i = 0, known = sizeof(gre_flags) / sizeof(*gre_flags);
		bool present = taken + 1 < n && !strcmp(atoms[taken + 1].text, "present");

		while (i < known && strcmp(gre_flags[i].name, atoms[taken].text))
			i++;
		if (i == known || (i && !present))
			break;
		*flags |= gre_flags[i].bit;
		taken += i ? 2 : 1;
	}
	return taken;
}

static void check_gre(const struct raw_outer *raw, struct outer_header *outer, struct diags *diags)
{
	static const enum field_id fields[] = {FIELD_gre_sum, FIELD_gre_off, FIELD_gre_key,
					       FIELD_gre_seq};
	const struct atom *atoms;
	size_t n, at = 1, i = 0;

	outer->gre.plain = !raw->atoms;
	if (!raw->atoms)
		return;
	atoms = raw->atoms->items;
	n = raw->atoms->n;
	if (!strcmp(atoms[0].text, "flags"))
		at += take_gre_flags(atoms + 1, n - 1, &outer->gre.flags, diags);
	else
		at = n;
	for (; i < 4 && at + 1 < n; i++, at += 2) {
		const char *word = field_row(fields[i])->word;
		uint32_t value = 0;

		if (strcmp(atoms[at].text, word))
			break;
		atoms[at + 1].written->field = fields[i];
		any_number(&atoms[at + 1], field_max(fields[i]), word, diags, &value);
		field_set(fields[i], &outer->gre, value);
	}
	if (i < 4 || at != n)
		diag_error_hint(
			diags, FW_outer_header, raw->loc,
			"gre flags[none] sum N off N key N seq N: in this order, flags none, "
			"0xN or a list of checksum|key|sequence# present",
			"malformed GRE header");
}

/* One `NAME N` of an MPLS label, or [S]. */
static void take_label_field(const struct expr *expr, struct mpls_label *label, unsigned *seen,
			     struct diags *diags)
{
	static const enum field_id fields[] = {FIELD_mpls_label, FIELD_mpls_tc, FIELD_mpls_ttl};
	bool pair = expr->kind == EXPR_WORDS && expr->n_items == 2 &&
		    expr->items[0]->kind == EXPR_WORD && expr->items[1]->kind == EXPR_INT;
	int64_t value;
	size_t i = 0;

	if (expr->kind == EXPR_LIST && expr->n_items == 1 && expr->items[0]->kind == EXPR_WORD &&
	    !strcmp(expr->items[0]->text, "S")) {
		label->bottom = true;
		return;
	}
	while (pair && i < 3 && strcmp(field_row(fields[i])->word, expr->items[0]->text))
		i++;
	if (!pair || i == 3 || *seen & 1u << i) {
		diag_error(diags, FW_outer_header, expr->loc,
			   "an MPLS label is (label N, tc N, [S], ttl N)");
		return;
	}
	value = expr->items[1]->value;
	if (value < 0 || value > field_max(fields[i]))
		diag_error(diags, FW_range, expr->items[1]->loc, "%s is out of range: 0 to %lld",
			   field_row(fields[i])->word, (long long)field_max(fields[i]));
	*seen |= 1u << i;
	field_set(fields[i], label, (uint32_t)value);
}

static void check_mpls(const struct raw_outer *raw, struct outer_header *outer, struct diags *diags)
{
	size_t most = sizeof(outer->labels) / sizeof(*outer->labels);

	if (raw->groups->n > most)
		diag_error(diags, FW_outer_header, raw->loc, "too many MPLS labels: at most %zu",
			   most);
	for (size_t i = 0; i < raw->groups->n && i < most; i++) {
		const struct expr *group = raw->groups->items[i];
		size_t errors = diags_errors(diags);
		unsigned seen = 0;

		for (size_t j = 0; j < group->n_items; j++)
			take_label_field(group->items[j], &outer->labels[i], &seen, diags);
		if (seen != 7 && diags_errors(diags) == errors)
			diag_error(diags, FW_outer_header, group->loc,
				   "an MPLS label is (label N, tc N, [S], ttl N)");
		outer->n_labels = i + 1;
	}
}

static void check_outer_ip(const struct raw_outer *raw, struct outer_header *outer,
			   enum direction direction, struct diags *diags)
{
	uint8_t version = raw->kind == HEADER_IPV4 ? 4 : 6;

	check_address(&raw->src, version, &outer->src, diags);
	check_address(&raw->dst, version, &outer->dst, diags);
	if (raw->atoms)
		check_ip_info(&outer->ip, raw->atoms, direction, diags);
}

void check_outers(struct raw_packet *raw, struct arena *arena, struct diags *diags)
{
	struct packet *packet = &raw->packet;

	if (raw->outers)
		packet->outer = arena_alloc(arena, MAX_OUTER_HEADERS * sizeof(*packet->outer));
	for (const struct raw_outer *one = raw->outers; one; one = one->next) {
		struct outer_header *outer;

		if (packet->n_outer == MAX_OUTER_HEADERS) {
			diag_error(diags, FW_outer_header, one->loc,
				   "too many outer headers: at most %d", MAX_OUTER_HEADERS);
			return;
		}
		outer = &packet->outer[packet->n_outer++];
		outer->kind = one->kind;
		if (one->kind == HEADER_GRE)
			check_gre(one, outer, diags);
		else if (one->kind == HEADER_MPLS)
			check_mpls(one, outer, diags);
		else
			check_outer_ip(one, outer, packet->direction, diags);
	}
}
