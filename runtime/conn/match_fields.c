#include "base/out.h"
#include "runtime/conn/match_parts.h"

static void field_differs(enum field_id field, const void *expected, const void *actual,
			  struct mismatches *mismatches)
{
	uint32_t want = field_given(field, expected) ? field_get(field, expected) : 0;
	uint32_t got = field_get(field, actual);
	char a[32] = "none", b[32];
	struct out x = OUT(a, sizeof(a)), y = OUT(b, sizeof(b));

	if (field_given(field, expected)) {
		out_field_value(&x, field, want);
		out_finish(&x);
	}
	out_field_value(&y, field, got);
	out_finish(&y);
	mismatch_set_numbers(mismatch_add(mismatches, field, a, b), want, got);
}

bool match_fields(const enum field_id *fields, size_t n, const void *expected, const void *actual,
		  struct mismatches *mismatches)
{
	unsigned before = mismatches->n;

	for (size_t i = 0; i < n; i++) {
		bool given = field_given(fields[i], expected);
		uint32_t want = given ? field_get(fields[i], expected) : 0;

		if (!given && !field_row(fields[i])->absent_is_zero)
			continue;
		if (want != field_get(fields[i], actual))
			field_differs(fields[i], expected, actual, mismatches);
	}
	return mismatches->n != before;
}

void match_data(struct matching *m)
{
	if (m->first_nonzero)
		mismatch_printf(&m->mismatches, FIELD_payload,
				"zeros\na byte that is not zero at offset %u",
				m->first_nonzero - 1);
}
