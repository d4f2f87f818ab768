# finwait: build, tests, benches. `make quickstart` and `make check` are all a newcomer needs.
#
#   make              ./finwait
#   make VARIANT=asan the same under ASan and UBSan, in build/asan/
#   make check        every test; make bench; make fuzz; make install

VARIANT ?= release
CC ?= cc
PYTHON ?= python3

B := build/$(VARIANT)
WARN := -Wall -Wextra -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla
CPPFLAGS += -D_GNU_SOURCE -I. -I$(B)
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 $(WARN) $(WERROR) -pthread
LDLIBS := -lpcap -lmnl -ljansson -lm

ifeq ($(VARIANT),asan)
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif
ifeq ($(VARIANT),clang)
CC := clang
endif
ifeq ($(VARIANT),fuzz)
CC := clang
CFLAGS += -fsanitize=fuzzer-no-link,address,undefined
LDFLAGS += -fsanitize=address,undefined
endif

PARSER_GEN := $(B)/parser/lexer.o $(B)/parser/grammar.o
PARSER := $(patsubst %.c,$(B)/%.o,$(wildcard parser/*.c)) $(PARSER_GEN)
TUN := $(patsubst %.c,$(B)/%.o,$(wildcard tun/*.c))
RUNTIME := $(patsubst %.c,$(B)/%.o,$(filter-out runtime/main.c,$(wildcard runtime/*.c runtime/*/*.c)))
LIBS := $(B)/libruntime.a $(B)/libparser.a $(B)/libtun.a

ifeq ($(VARIANT),release)
BIN := finwait
else
BIN := $(B)/finwait
endif

all: $(BIN)

$(BIN): $(B)/runtime/main.o $(LIBS)
	@echo "LD    $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(B)/runtime/main.o -Wl,--start-group $(LIBS) -Wl,--end-group $(LDLIBS)

$(B)/libparser.a: $(PARSER)
$(B)/libtun.a: $(TUN)
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

# tests/unit/test_NAME.c -> build/VARIANT/tests/unit/test_NAME (cmocka)
UNIT := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c))
$(UNIT): $(B)/%: $(B)/%.o $(LIBS)
	@echo "LD    $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) -Wl,--end-group $(LDLIBS) -lcmocka
unit: $(UNIT)

clean:
	rm -rf build finwait

-include $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: all unit clean
.SECONDARY:
