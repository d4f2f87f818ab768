/* A failed run for each fault of record.def, and more where a fault has several faces. */
#ifndef FINWAIT_TESTS_REPORT_FAULTS_H
#define FINWAIT_TESTS_REPORT_FAULTS_H

#include "tests/unit/report_samples.h"

#define MARKED_FIELDS 6
/* Where it fails in the script, and when. */
#define FAULT_LINE 14
#define FAULT_DUE  (150 * MS)

struct fault_sample {
	const char *name; /* of its golden file, diff-NAME.txt */
	enum record_kind kind;
	enum record_fault fault;
	/* [[ and ]] stand around what the mismatches are about, in their order in all three; in the
	 * source without mismatches around what is wrong. */
	const char *source, *expected, *actual, *state;
	struct {
		enum field_id field;
		const char *expected, *actual;
	} fields[MARKED_FIELDS];
	void (*more)(struct run_result *result, struct record *record);
};

extern const struct fault_sample fault_samples[];
extern const size_t n_fault_samples;

/* The run, its sentences made. */
struct run_result *fault_sample_new(const struct fault_sample *sample);

#endif
