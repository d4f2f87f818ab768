# finwait: build, tests, benches. `make quickstart` and `make check` are all a newcomer needs.
#
#   make quickstart    installs what building needs, builds ./finwait, plays scripts/close/
#   make check         the same set-up, then every test
#   make release-check `make check` on a bare Debian too: before a release; as root
#   make               ./finwait
#   make static        build/static/finwait, which needs no libraries on the machine it is copied to
#   make VARIANT=asan  the same in build/asan/: asan (ASan, UBSan), gcc and clang (warnings are errors), fuzz
#   make install       PREFIX=/usr/local DESTDIR=; install-packetdrill: under that name too; uninstall
#   make bench         measures finwait; REF=/path/to/packetdrill: gives ratios against it
#   make compat        REF= CORPUS=/path/to/scripts: compares verdicts (tests/compat/compat.py --help)
#   make fuzz          SECONDS=600 for each target

VARIANT ?= release
PYTHON ?= python3
PREFIX ?= /usr/local
SECONDS ?= 600

B := build/$(VARIANT)
WARN := -Wall -Wextra -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla \
	-Wdeclaration-after-statement
CPPFLAGS += -D_GNU_SOURCE -I. -I$(B)
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 $(WARN) $(WERROR) -pthread
# Binds symbols before the first fork, so that it is done once for all runs.
LDFLAGS += -Wl,-z,now
LDLIBS := -ljansson -lm

ifeq ($(VARIANT),gcc)
CC := gcc
WERROR := -Werror
endif
ifeq ($(VARIANT),clang)
CC := clang
WERROR := -Werror
endif
ifeq ($(VARIANT),asan)
WERROR := -Werror
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif
ifeq ($(VARIANT),fuzz)
CC := clang
WERROR := -Werror
CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LDFLAGS += -fsanitize=address,undefined
endif

ifeq ($(VARIANT),static)
LDFLAGS += -static
# The linker warns about libpcap's name lookups, which are not used: shows its messages only if it fails.
LINK_QUIETLY = 2>$@.said || { cat $@.said >&2; exit 1; }
endif

PARSER_GEN := $(B)/parser/lexer.o $(B)/parser/grammar.o
PARSER := $(patsubst %.c,$(B)/%.o,$(wildcard parser/*.c)) $(PARSER_GEN)
BASE := $(patsubst %.c,$(B)/%.o,$(wildcard base/*.c))
TUN := $(patsubst %.c,$(B)/%.o,$(wildcard tun/*.c))
RUNTIME := $(patsubst %.c,$(B)/%.o,$(filter-out runtime/app/main.c,$(wildcard runtime/*/*.c)))
LIBS := $(B)/libruntime.a $(B)/libparser.a $(B)/libtun.a $(B)/libbase.a
# Links in two steps, so that a program in use is replaced and not overwritten.
LINK = $(CC) $(CFLAGS) $(LDFLAGS) -o $@.new $(filter %.o,$^) -Wl,--start-group $(FIXTURES) $(LIBS) -Wl,--end-group $(LDLIBS) \
	$$(cat $(B)/pcap.libs) $(LINK_MORE) $(LINK_QUIETLY) && mv -f $@.new $@

ifeq ($(VARIANT),release)
BIN := finwait
else
BIN := $(B)/finwait
endif

all: $(BIN)

# Links libpcap's archive if that works. The shared library also loads D-Bus and the libraries that it needs; to load
# them and to copy them at each fork takes 1.5 of the 6.8 ms of processor time of a run. A static binary needs the archive.
PCAP := $(B)/tun/no_dbus.o $(B)/pcap.libs
PCAP_PROBE := int pcap_activate(void *); int main(void) { return pcap_activate(0); }
$(B)/pcap.libs: tun/no_dbus.c
	@mkdir -p $(@D)
	@if echo '$(PCAP_PROBE)' | $(CC) -I. -w -x c $< - -o $@.probe -l:libpcap.a 2>/dev/null; \
	then echo -l:libpcap.a; else echo -lpcap; fi >$@
	@rm -f $@.probe

$(BIN): $(B)/runtime/app/main.o $(LIBS) $(PCAP)
	@echo "LD    $@"
	@$(LINK)

$(B)/libparser.a: $(PARSER)
$(B)/libtun.a: $(TUN)
$(B)/libbase.a: $(BASE)
$(B)/libruntime.a: $(RUNTIME)
$(B)/lib%.a:
	@rm -f $@ && ar rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Generated sources stay in the build folder.
$(B)/parser/grammar.c $(B)/parser/grammar.h &: parser/grammar.y
	@mkdir -p $(@D)
	@echo "BISON $<"
	@bison -Wall -Werror --header=$(B)/parser/grammar.h -o $(B)/parser/grammar.c $<
$(B)/parser/lexer.c: parser/lexer.l $(B)/parser/grammar.h
	@echo "FLEX  $<"
	@flex -o $@ $<
$(B)/parser/lexer.o: CFLAGS += -Wno-sign-compare -Wno-unused-function -Wno-missing-prototypes
$(B)/parser/grammar.o: CFLAGS += -Wno-unused-but-set-variable
$(B)/parser/%.o: $(B)/parser/%.c $(B)/parser/grammar.h
	@echo "CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(PARSER): $(B)/parser/grammar.h
$(B)/runtime/play/code.o: runtime/play/code_driver.py
$(B)/runtime/app/explain.o: $(wildcard docs/explain/*.md)
$(B)/runtime/report/html.o: runtime/report/html.css runtime/report/html.js

# tests/unit/test_NAME.c -> build/VARIANT/tests/unit/test_NAME (cmocka); the other files there are shared by the tests
UNIT := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c))
$(B)/libfixtures.a: $(patsubst %.c,$(B)/%.o,$(filter-out tests/unit/test_%.c,$(wildcard tests/unit/*.c)))
$(UNIT): FIXTURES := $(B)/libfixtures.a
$(UNIT): LINK_MORE := -lcmocka
$(UNIT): $(B)/%: $(B)/%.o $(B)/libfixtures.a $(LIBS) $(PCAP)
	@echo "LD    $@"
	@$(LINK)
unit: $(UNIT)

# tests/fuzz/fuzz_NAME.c -> build/fuzz/tests/fuzz/fuzz_NAME (libFuzzer; VARIANT=fuzz)
FUZZ := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(FUZZ): LINK_MORE := -fsanitize=fuzzer
$(FUZZ): $(B)/%: $(B)/%.o $(LIBS) $(PCAP)
	@echo "LD    $@"
	@$(LINK)
# Comparisons with known names teach the fuzzer nothing and would be most of what it traces.
ifeq ($(VARIANT),fuzz)
$(B)/parser/closest.o: CFLAGS += -fno-sanitize=fuzzer-no-link
endif
fuzzers: $(FUZZ)
fuzz:
	@tools/setup checks
	@tests/fuzz/run --seconds $(SECONDS)

# A newcomer's first command. Installs only what is missing.
quickstart:
	@tools/setup build
	@$(MAKE) --no-print-directory -j2 all
	@echo; echo "== ./finwait scripts/close"
	@./finwait scripts/close
	@echo; echo "== ./finwait -v scripts/close/simultaneous-close.pkt"
	@./finwait -v --ip_version=ipv4 scripts/close/simultaneous-close.pkt

# CHECK= sections of tests/run-checks; all by default.
check:
	@tools/setup $(if $(RELEASE),release,checks)
	@$(PYTHON) tests/run-checks $(CHECK)

static:
	@$(MAKE) --no-print-directory VARIANT=static all
	@if ldd build/static/finwait >/dev/null 2>&1; then echo "build/static/finwait is not static" >&2; exit 1; fi

release-check:
	@RELEASE=1 $(MAKE) --no-print-directory check

bench: all
	@$(PYTHON) tests/bench/bench.py --finwait ./$(BIN) $(if $(REF),--reference $(REF)) \
		$(if $(CORPUS),--corpus $(CORPUS)) $(BENCH)

compat: all
	@$(PYTHON) tests/compat/compat.py --finwait $(or $(OURS),./$(BIN)) --reference $(REF) $(COMPAT) $(CORPUS)

install: all
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/finwait
	$(if $(wildcard docs/finwait.1),install -D -m 644 docs/finwait.1 $(DESTDIR)$(PREFIX)/share/man/man1/finwait.1)
	install -D -m 644 tools/finwait-problem-matcher.json $(DESTDIR)$(PREFIX)/share/finwait/problem-matcher.json

# For programs that call packetdrill by its name: the same command line, exit status 0 or 1.
install-packetdrill: install
	ln -sf finwait $(DESTDIR)$(PREFIX)/bin/packetdrill

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/finwait $(DESTDIR)$(PREFIX)/share/man/man1/finwait.1 \
		$(DESTDIR)$(PREFIX)/share/finwait/problem-matcher.json
	if [ "$$(readlink $(DESTDIR)$(PREFIX)/bin/packetdrill)" = finwait ]; then \
		rm -f $(DESTDIR)$(PREFIX)/bin/packetdrill; fi

clean:
	rm -rf build finwait

-include $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: all unit fuzzers fuzz quickstart check static release-check bench compat install install-packetdrill uninstall clean
.SECONDARY:
