# SPDX-License-Identifier: BSD-3-Clause
# L1: session descriptions, pure
noinst_LIBRARIES += libsdp.a
libsdp_a_SOURCES = \
	src/sdp/line.c \
	src/sdp/parse.c \
	src/sdp/rewrite.c \
	src/sdp/sdp.h src/sdp/sdp_int.h \
	src/sdp/sum.c

check_PROGRAMS += tests/unit/test_sdp
tests_unit_test_sdp_SOURCES = \
	tests/unit/runner.c tests/unit/runner.h \
	tests/unit/corpus.c tests/unit/corpus.h \
	tests/unit/suite_sdp.c \
	tests/unit/test_line.c \
	tests/unit/test_parse.c \
	tests/unit/test_rewrite.c
tests_unit_test_sdp_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) \
	-DCV_CORPUS_DIR='"$(abs_top_srcdir)/tests/fuzz/corpus"'
tests_unit_test_sdp_LDADD = libsdp.a libbase.a $(CUNIT_LIBS)
