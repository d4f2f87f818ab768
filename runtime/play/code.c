#include "runtime/play/code.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/native.h"
#include "parser/tree.h"
#include "runtime/play/command.h"
#include "runtime/play/play_internal.h"

/* The driver's text, from runtime/play/code_driver.py. */
extern const char code_driver[], code_driver_end[];
__asm__(".pushsection .rodata\n"
	".global code_driver, code_driver_end\n"
	"code_driver: .incbin \"runtime/play/code_driver.py\"\n"
	"code_driver_end: .byte 0\n"
	".popsection\n");

struct code {
	const struct script *script;
	json_t *blocks;
};

struct value {
	const char *name;
	unsigned short offset;
	unsigned char width, shift, bits;
	bool ticks;
};

#define ROW(name, offset, width, shift, bits)	    {#name, offset, width, shift, bits, false},
#define TICKS_ROW(name, offset, width, shift, bits) {#name, offset, width, shift, bits, true},

static const struct value tcp_info_values[] = {
#define TCP_INFO_VALUE ROW
#define TCP_INFO_TICKS TICKS_ROW
#include "runtime/play/code_values.def"
#undef TCP_INFO_VALUE
#undef TCP_INFO_TICKS
	{0}};

static const struct value cc_info_values[] = {
#define CC_INFO_VALUE ROW
#include "runtime/play/code_values.def"
#undef CC_INFO_VALUE
	{0}};

static const struct value meminfo_values[] = {
#define MEMINFO_VALUE ROW
#include "runtime/play/code_values.def"
#undef MEMINFO_VALUE
	{0}};

static const struct {
	const char *name;
	int value;
} constants[] = {
#define CONSTANT(name, value) {#name, value},
#include "runtime/play/code_values.def"
#undef CONSTANT
};

struct code *code_new(const struct script *script)
{
	struct code *code = calloc(1, sizeof(*code));

	if (!code)
		abort();
	code->script = script;
	code->blocks = json_array();
	return code;
}

void code_free(struct code *code)
{
	if (!code)
		return;
	json_decref(code->blocks);
	free(code);
}

static uint64_t read_value(const unsigned char *bytes, const struct value *value)
{
	uint64_t number = native_get(bytes + value->offset, value->width);

	return value->bits ? native_bits(number, value->width, value->shift, value->bits) : number;
}

/* Names and values of one structure, as words. */
struct words {
	FILE *names, *numbers;
};

static void add_values(struct words *words, const struct value *values, const unsigned char *bytes,
		       uint32_t size)
{
	for (; values->name; values++) {
		if ((uint32_t)values->offset + values->width > size)
			continue;
		fprintf(words->names, "%s ", values->name);
		fprintf(words->numbers, "%llu ", (unsigned long long)read_value(bytes, values));
	}
}

/* Where the text of a block begins, without the blanks in front: its first line is shifted so far. */
static struct loc code_loc(const struct script *script, const struct event *event)
{
	uint32_t begin = trivia_end(script, event->time.end_offset), end = event->loc.end;

	if (begin + 4 <= end && !memcmp(script->source.text + begin, "%{", 2)) { /* no define */
		begin += 2;
		end -= 2;
	}
	while (begin < end && strchr(" \t", script->source.text[begin]))
		begin++;
	return loc_of_span(script, event->loc, (struct span){begin, end});
}

void code_add(struct code *code, const struct event *event, const struct sock_snapshot *snapshot,
	      int64_t taken_ns)
{
	char *names, *numbers;
	size_t names_size, numbers_size;
	int line = (int)code_loc(code->script, event).line;
	struct words words = {open_memstream(&names, &names_size),
			      open_memstream(&numbers, &numbers_size)};

	if (!words.names || !words.numbers)
		abort();
	add_values(&words, tcp_info_values, snapshot->tcp_info, snapshot->tcp_info_size);
	add_values(&words, cc_info_values, snapshot->cc_info, snapshot->cc_info_size);
	add_values(&words, meminfo_values, snapshot->meminfo, snapshot->meminfo_size);
	if (fclose(words.names) || fclose(words.numbers))
		abort();
	json_array_append_new(code->blocks, json_pack("{s:i, s:i, s:I, s:s, s:s, s:s}", "line", line,
						      "event", (int)event->index, "taken",
						      (json_int_t)taken_ns, "text", event->text,
						      "names", names, "numbers", numbers));
	free(names);
	free(numbers);
}

static json_t *code_data(const struct code *code)
{
	json_t *names = json_object();
	size_t i;

	for (i = 0; i < sizeof(constants) / sizeof(constants[0]); i++)
		json_object_set_new(names, constants[i].name, json_integer(constants[i].value));
	return json_pack("{s:s, s:o, s:O}", "path", code->script->source.path, "constants", names,
			 "blocks", code->blocks);
}

/* The driver followed by the data as a Python literal, which a JSON one of these types also is:
 * with nothing to import a block of asserts runs in half the time. */
static int write_program(const struct code *code, int fd)
{
	json_t *data = code_data(code);
	char *text = json_dumps(data, 0);
	int failed = -1;

	json_decref(data);
	if (text &&
	    write(fd, code_driver, (size_t)(code_driver_end - code_driver)) ==
		    code_driver_end - code_driver &&
	    dprintf(fd, "main(%d, %s)\n", fd, text) > 0)
		failed = 0;
	free(text);
	return failed;
}

static json_t *read_report(int fd, off_t from)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char *text = end > from ? malloc((size_t)(end - from)) : NULL;
	json_t *report = NULL;

	if (text && pread(fd, text, (size_t)(end - from), from) == end - from)
		report = json_loadb(text, (size_t)(end - from), 0, NULL);
	free(text);
	return report;
}

static bool is_in_ticks(const char *name)
{
	for (const struct value *value = tcp_info_values; name && value->name; value++)
		if (!strcmp(value->name, name))
			return value->ticks;
	return false;
}

/* Are all of these durations that the kernel measures in ticks? */
static bool in_ticks(const json_t *values)
{
	const json_t *pair;
	size_t i;

	json_array_foreach (values, i, pair)
		if (!is_in_ticks(json_string_value(json_array_get(pair, 0))))
			return false;
	return json_array_size(values) > 0;
}

/* The block that the driver says has failed; without its word the first stands for all. */
static const json_t *failed_block(const struct code *code, const json_t *report)
{
	json_int_t event = json_integer_value(json_object_get(report, "event"));
	const json_t *block;
	size_t i;

	json_array_foreach (code->blocks, i, block) {
		if (report && json_integer_value(json_object_get(block, "event")) == event)
			return block;
	}
	return json_array_get(code->blocks, 0);
}

/* Of what failed in a block. */
static struct place failed_place(const json_t *report, struct loc block)
{
	const json_t *told = json_object_get(report, "place");
	struct place place = {
		.line = (unsigned)json_integer_value(json_array_get(told, 0)),
		.column = (unsigned)json_integer_value(json_array_get(told, 1)) + 1,
		.length = (unsigned)json_integer_value(json_array_get(told, 2)),
	};

	if (place.line == block.line)
		place.column += block.column - 1;
	return place;
}

/* `report` NULL: the code could not be run, as `why` says. */
static void report_failure_of(struct run *run, json_t *report, const char *why)
{
	const json_t *block = failed_block(run->code, report);
	size_t event = (size_t)json_integer_value(json_object_get(block, "event")), i;
	struct record *record = run_record(run, RECORD_CODE, run->script->events[event]);
	json_t *values = json_object_get(report, "values"), *pair;

	record->due_ns = record->until_ns = INT64_MIN; /* its time was checked when it was due */
	record->actual_ns = json_integer_value(json_object_get(block, "taken"));
	if (!report) {
		run_fail_text(run, record, FAULT_NO_INTERPRETER, why);
		run_close(run, record, NULL);
		return;
	}
	record->line = (unsigned)json_integer_value(json_object_get(report, "line"));
	record->column = 1;
	record->place =
		failed_place(report, code_loc(run->script, run->script->events[event]));
	if (json_array_size(values))
		record->mismatches = arena_new_of(run->result->arena, struct mismatches);
	json_array_foreach (values, i, pair) {
		mismatch_set_name(mismatch_add(record->mismatches, FIELD_variable, "",
					       json_string_value(json_array_get(pair, 1))),
				  json_string_value(json_array_get(pair, 0)));
	}
	run_fail_text(run, record, FAULT_ASSERTION,
		      json_string_value(json_object_get(report, "text")));
	/* By how much the assertion is off only it knows. */
	run->off_in_ticks = in_ticks(values);
	run_close(run, record, NULL);
}

/* Whether a block may ask for what `site` adds: modules that are installed, exit(), help(). */
static bool needs_site(const struct code *code)
{
	static const char *const words[] = {"import", "exit", "quit", "help"};
	const json_t *block;
	size_t i, word;

	json_array_foreach (code->blocks, i, block)
		for (word = 0; word < sizeof(words) / sizeof(words[0]); word++)
			if (strstr(json_string_value(json_object_get(block, "text")), words[word]))
				return true;
	return false;
}

/* The default starts faster without what code blocks do not use, and without wrappers in PATH. */
static const char *interpreter(const struct code *code, const struct config *config)
{
	if (strcmp(config->code_command, "python3") != 0 || needs_site(code))
		return config->code_command;
	return access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3 -I -S" : "python3 -I -S";
}

/* A command line made of the interpreter and the program's descriptor; NULL without memory. */
static char *command_line(const struct code *code, const struct config *config, int fd)
{
	char *line;

	if (asprintf(&line, "%s /proc/self/fd/%d", interpreter(code, config), fd) < 0)
		return NULL;
	return line;
}

/* How the interpreter ended that left no report. */
static const char *end_text(struct run *run, const struct command_end *end)
{
	struct arena *arena = run->result->arena;

	if (end->past_limit)
		return arena_printf(arena,
				    "%s ran longer than %.4g s, its time limit (--command_timeout)",
				    run->config->code_command, run->config->command_timeout);
	if (end->error)
		return arena_printf(arena, "its shell cannot be started: %s", strerror(end->error));
	if (end->signal)
		return arena_printf(arena, "%s was killed by signal %d (%s)",
				    run->config->code_command, end->signal, strsignal(end->signal));
	return arena_printf(arena, "%s exited with status %d", run->config->code_command,
			    end->exit_status);
}

void code_run(struct code *code, struct run *run)
{
	struct command_end end;
	char *command = NULL;
	json_t *report;
	off_t at;
	int fd;

	if (!json_array_size(code->blocks))
		return;
	errno = 0;
	fd = memfd_create("code", MFD_CLOEXEC);
	if (fd < 0 || write_program(code, fd) < 0 ||
	    !(command = command_line(code, run->config, fd))) {
		run_not_run(run);
		report_failure_of(run, NULL,
				  arena_printf(run->result->arena, "it cannot be handed over: %s",
					       strerror(errno ? errno : ENOMEM)));
	} else {
		at = lseek(fd, 0, SEEK_CUR);
		if (!run_command(run, command, fd, &end)) {
			report = read_report(fd, at);
			report_failure_of(run, report, report ? NULL : end_text(run, &end));
			json_decref(report);
		}
	}
	free(command);
	if (fd >= 0)
		close(fd);
}
