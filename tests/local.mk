# SPDX-License-Identifier: BSD-3-Clause
# What the tests of all layers share: the style test, the fuzz targets, the lab's doors.
# The CUnit programs are declared beside the code they test.

TESTS += tests/style/check-layers.sh tests/style/check-size.sh tests/style/check-duties.sh \
	tests/fuzz/corpus.sh tests/samples.sh
EXTRA_DIST += tests/style/check-layers.sh tests/style/check-size.sh tests/style/check-duties.sh tests/samples.sh \
	tests/fuzz/corpus.sh tests/fuzz/smoke.sh

# Every tests/fuzz/fuzz_NAME.c is a target; its inputs are tests/fuzz/corpus/NAME/*. With
# --enable-fuzzing libFuzzer is its main(), else corpus.c runs each file given to it once.
FUZZ_FILES = $(sort $(wildcard $(top_srcdir)/tests/fuzz/fuzz_*.c))
FUZZ_TARGETS = $(patsubst $(top_srcdir)/%.c,%,$(FUZZ_FILES))
FUZZ_LIBS = $(SOFIA_LIBS) $(CARES_LIBS) $(EVENT_LIBS) $(OPENSSL_LIBS) $(INIH_LIBS) $(JANSSON_LIBS)
EXTRA_DIST += tests/fuzz/corpus.c $(patsubst $(top_srcdir)/%,%,$(FUZZ_FILES) \
	$(wildcard $(top_srcdir)/tests/fuzz/*.dict $(top_srcdir)/tests/fuzz/corpus))
EXTRA_DIST += tests/fuzz/edge.c tests/fuzz/edge.h tests/fuzz/ubsan.supp
CLEANFILES += $(FUZZ_TARGETS)
check_DATA += $(FUZZ_TARGETS)

if FUZZING
FUZZ_MAIN =
else
FUZZ_MAIN = $(top_srcdir)/tests/fuzz/corpus.c
endif

# what a target has beside its own file
EDGE_FILES = $(top_srcdir)/tests/fuzz/edge.c $(top_srcdir)/tests/unit/fake_media.c \
	src/core/modtab.c
tests/fuzz/fuzz_inbound: FUZZ_MORE = $(EDGE_FILES)
tests/fuzz/fuzz_inbound: $(EDGE_FILES) $(top_srcdir)/tests/fuzz/edge.h

$(FUZZ_TARGETS): tests/fuzz/%: $(top_srcdir)/tests/fuzz/%.c $(FUZZ_MAIN) $(noinst_LIBRARIES)
	$(AM_V_CCLD)$(MKDIR_P) tests/fuzz && $(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) \
		-I$(top_srcdir)/tests/unit $(SOFIA_CFLAGS) $(CPPFLAGS) $(AM_CFLAGS) $(CFLAGS) \
		$(AM_LDFLAGS) $(LDFLAGS) $(FUZZ_LINK) \
		-o $@ $< $(FUZZ_MORE) $(FUZZ_MAIN) -Wl,--as-needed -Wl,--start-group $(noinst_LIBRARIES) \
		-Wl,--end-group $(FUZZ_LIBS) $(LIBS)

if FUZZING
check-fuzz: all $(FUZZ_TARGETS)
	@$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/tests/fuzz/smoke.sh
else
check-fuzz:
	@echo "check-fuzz needs libFuzzer: configure with CC=clang --enable-fuzzing" >&2; exit 1
endif

# Without CUnit there is nothing to check with: say so before the compiler does
if HAVE_CUNIT
need-cunit:
else
need-cunit:
	@echo "make check needs CUnit: install libcunit1-dev and run configure again" >&2; exit 1
endif
BEFORE_CHECK = check-am
$(BEFORE_CHECK): need-cunit

check-lab: all
	$(SHELL) $(top_srcdir)/tests/lab/run --build '$(abs_top_builddir)'

# 10,000 unfinished calls, three times: some twenty minutes
check-abandoned: all
	ABANDONED=10000 ABANDONED_ROUNDS=3 CASE_LIMIT=2400 $(SHELL) $(top_srcdir)/tests/lab/run \
		--build '$(abs_top_builddir)' --keep 60

check-lab-long: all
	$(SHELL) $(top_srcdir)/tests/lab/run --build '$(abs_top_builddir)' --long

bench: all
	@found=; for bench in $(top_srcdir)/tests/bench/*; do \
		test -f "$$bench" && test -x "$$bench" || continue; \
		found=yes; "$$bench" --quick --build '$(abs_top_builddir)' || exit 1; \
	done; test -n "$$found" || echo "bench: no benchmark in this tree"

.PHONY: bench check-abandoned check-fuzz check-lab check-lab-long need-cunit

# The second replay player: the real stack between scripted parties on the loopback
if MOD_REGISTRAR
if MOD_ROUTE_PEER
check_PROGRAMS += tests/replay/sip
SIP_WORLD = \
	tests/replay/player.c tests/replay/player.h \
	tests/replay/sip_feed.c \
	tests/replay/sip_nat.c \
	tests/replay/sip_open.c \
	tests/replay/sip_party.c tests/replay/sip_party.h \
	tests/replay/sip_say.c \
	tests/replay/sip_stream.c \
	tests/replay/sip_text.c tests/replay/sip_text.h \
	tests/replay/sip_world.c tests/replay/sip_world.h \
	tests/unit/call_words.c tests/unit/call_words.h tests/unit/fake_leg.h \
	tests/unit/fake_media.c tests/unit/fake_media.h
tests_replay_sip_SOURCES = tests/replay/sip.c src/core/accept.c $(SIP_WORLD)
tests_replay_sip_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit $(SOFIA_CFLAGS)
tests_replay_sip_LDADD = libmod_registrar.a libmod_route_peer.a libnat.a \
	$(tests_unit_test_sip_LDADD)

# Messages of all sorts, sent to the same stack
check_PROGRAMS += tests/replay/torture
tests_replay_torture_SOURCES = tests/replay/torture.c src/core/accept.c $(SIP_WORLD)
tests_replay_torture_CPPFLAGS = $(tests_replay_sip_CPPFLAGS)
tests_replay_torture_LDADD = $(tests_replay_sip_LDADD)
endif
endif

EXTRA_DIST += tests/replay/README $(patsubst $(top_srcdir)/%,%,$(wildcard \
	$(top_srcdir)/tests/replay/sip/*.flow $(top_srcdir)/tests/replay/torture/*))
