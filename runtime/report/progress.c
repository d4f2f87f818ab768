#include "runtime/report/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/report/text.h"
#include "runtime/report/words.h"

#define BAR_MIN	      10 /* columns; where there is no room for that, no bar */
#define BAR_MAX	      40
#define WIDTH_UNKNOWN 80

unsigned report_terminal_width(FILE *out, const char *term)
{
	struct winsize size = {0};
	int fd = fileno(out);

	if (fd < 0 || !isatty(fd) || !term || !strcmp(term, "dumb"))
		return 0;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : WIDTH_UNKNOWN;
}

/* 0 to 1. By scripted time where that is known: one slow script is not one of many quick ones. */
static double share_done(const struct report_progress *p)
{
	double share = p->all_ns > 0 ? (double)p->done_ns / (double)p->all_ns
		       : p->all > 0  ? (double)p->done / (double)p->all
				     : 0;

	return share < 0 ? 0 : share > 1 ? 1 : share;
}

static void print_left(char *out, size_t size, const struct report_progress *p)
{
	double share = share_done(p);
	double left = share > 0 ? (double)p->elapsed_ns / 1e9 * (1 - share) / share : 0;

	out[0] = '\0';
	if (p->done == p->all || share < 0.01)
		return;
	if (left < 100)
		snprintf(out, size, ", %.0f s left", left);
	else
		snprintf(out, size, ", %.0f min left", left / 60);
}

static void print_bar(FILE *out, const struct report_progress *p, unsigned width, bool color)
{
	unsigned full = (unsigned)(share_done(p) * width);

	fprintf(out, "[%s", text_paint(p->failed ? PAINT_BAD : PAINT_GOOD, color));
	for (unsigned i = 0; i < width; i++) {
		if (i == full)
			fputs(text_paint(PAINT_PLAIN, color), out);
		putc(i < full ? '#' : '-', out);
	}
	fprintf(out, "%s] ", full == width ? text_paint(PAINT_PLAIN, color) : "");
}

/* The last column stays free: writing into it would wrap on some terminals. */
void report_progress_draw(FILE *out, const struct report_progress *progress, unsigned width,
			  bool color)
{
	char numbers[160], not_run[40] = "", left[32], *last = text_clean(progress->last, false);
	size_t room = width > 1 ? width - 1 : 0, used, bar;

	print_left(left, sizeof(left), progress);
	if (progress->not_run)
		snprintf(not_run, sizeof(not_run), ", %zu not run", progress->not_run);
	snprintf(numbers, sizeof(numbers), "%zu/%zu, %zu failed%s, %zu running%s", progress->done,
		 progress->all, progress->failed, not_run, progress->running, left);
	numbers[text_fit(numbers, room)] = '\0';
	used = strlen(numbers);
	bar = room > used + 3 ? room - used - 3 : 0;
	bar = bar > BAR_MAX ? BAR_MAX : bar;
	fputs("\r\033[K", out);
	if (bar >= BAR_MIN) {
		print_bar(out, progress, (unsigned)bar, color);
		used += bar + 3;
	}
	fputs(numbers, out);
	if (*last && room > used + 2)
		fprintf(out, "  %s%.*s%s", text_paint(PAINT_DIM, color),
			(int)text_fit(last, room - used - 2), last, text_paint(PAINT_PLAIN, color));
	fflush(out);
	free(last);
}

void report_progress_clear(FILE *out)
{
	fputs("\r\033[K", out);
	fflush(out);
}

void report_progress_note(FILE *out, const struct report_progress *progress)
{
	fprintf(out, "... %zu/%zu", progress->done, progress->all);
	if (progress->failed)
		fprintf(out, ", %zu failed", progress->failed);
	if (progress->not_run)
		fprintf(out, ", %zu not run", progress->not_run);
	putc('\n', out);
}

size_t report_progress_step(size_t all)
{
	static const size_t steps[] = {10, 20, 50};
	size_t unit = 1;

	for (size_t i = 0;; i++) {
		size_t step = steps[i % 3] * unit;

		if (step * 10 >= all)
			return step;
		unit *= i % 3 == 2 ? 10 : 1;
	}
}

enum report_level report_level_of(const struct run_result *result)
{
	static const enum report_level levels[N_VERDICTS] = {
		[VERDICT_PASS] = LEVEL_ALL,    [VERDICT_FAIL] = LEVEL_FAIL,
		[VERDICT_SKIP] = LEVEL_SKIP,   [VERDICT_XFAIL] = LEVEL_SKIP,
		[VERDICT_XPASS] = LEVEL_FAIL,  [VERDICT_ERROR] = LEVEL_FAIL,
		[VERDICT_LATE] = LEVEL_FAIL,   [VERDICT_NOT_RUN] = LEVEL_FAIL,
	};

	return run_result_is_flaky(result) ? LEVEL_FLAKY : levels[result->verdict];
}

enum report_level report_level_named(const char *name)
{
	static const char *const names[N_LEVELS] = {"none", "fail", "flaky", "skip", "all"};
	enum report_level level = 0;

	while (level < N_LEVELS && strcmp(names[level], name) != 0)
		level++;
	return level;
}

void report_progress_line(FILE *out, const struct report_progress *progress,
			  const struct run_result *result, bool color)
{
	char all[32], *name;
	int digits = snprintf(all, sizeof(all), "%zu", progress->all);

	if (result->verdict == VERDICT_NOT_RUN)
		return; /* the summary has them by their reasons */
	name = words_name(result);
	fprintf(out, "[%*zu/%s] %s%-5s%s %s", digits, progress->done, all,
		text_paint(words_of_verdict(result->verdict)->paint, color), verdict_name(result->verdict),
		text_paint(PAINT_PLAIN, color), name);
	if (result->setup_ns + result->run_ns) /* it was played */
		fprintf(out, "  %s", text_duration(result->setup_ns + result->run_ns).text);
	if (run_result_is_flaky(result))
		fprintf(out, "  flaky: try %u", result->attempts);
	putc('\n', out);
	free(name);
}
