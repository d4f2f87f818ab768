/* The ladder as SVG, as a file of its own or within a page. */
#ifndef FINWAIT_RUNTIME_REPORT_SVG_H
#define FINWAIT_RUNTIME_REPORT_SVG_H

#include "runtime/report/ladder.h"

/* Style of all pictures, once a file or page: light and dark. */
extern const char svg_style[];

struct svg_picture {
	const struct ladder *ladder;
	unsigned width, height;				     /* of the whole, pixels */
	unsigned time, number, program, kernel, peer;	     /* where these columns begin */
	unsigned left, right;				     /* where the lifelines are */
	size_t program_columns, label_columns, peer_columns; /* characters */
};

struct svg_picture svg_measure(const struct ladder *ladder);

/* An <svg> element at that height of what is around it. `in_page`: of a page that has style and
 * title; else with a description of all that happens. `id`: its number, unique in the file. */
void svg_put(FILE *out, const struct svg_picture *picture, unsigned y, bool in_page, unsigned id);

#endif
