# SPDX-License-Identifier: BSD-3-Clause
# L1: the configuration
noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = \
	src/conf/advertise.c \
	src/conf/build.c \
	src/conf/check.c \
	src/conf/conf.h src/conf/conf_int.h \
	src/conf/doc.c \
	src/conf/find.c \
	src/conf/header.c \
	src/conf/keys.c \
	src/conf/load.c \
	src/conf/opts.c src/conf/opts.h \
	src/conf/target.c \
	src/conf/value.c
libconf_a_CPPFLAGS = $(AM_CPPFLAGS) $(INIH_CFLAGS)

# The key table of the manual page is generated and committed; a test compares the two
noinst_PROGRAMS += src/conf/confdoc
src_conf_confdoc_SOURCES = src/conf/confdoc.c
src_conf_confdoc_LDADD = libconf.a libbase.a $(INIH_LIBS) $(JANSSON_LIBS)
dist_man_MANS += doc/man/culvert.conf.5
EXTRA_DIST += etc/culvert.conf etc/lan-wan.conf etc/lans.conf etc/inside-lan.conf etc/cloud.conf \
	etc/hosted.conf

man-keys: src/conf/confdoc$(EXEEXT)
	src/conf/confdoc$(EXEEXT) >man-keys.tmp
	$(AWK) '/keys: begin/ { print; while ((getline l <"man-keys.tmp") > 0) print l; skip = 1; next } \
		/keys: end/ { skip = 0 } !skip' $(top_srcdir)/doc/man/culvert.conf.5 >man-page.tmp
	cp man-page.tmp $(top_srcdir)/doc/man/culvert.conf.5
	rm -f man-keys.tmp man-page.tmp
.PHONY: man-keys

check_PROGRAMS += tests/unit/test_conf
tests_unit_test_conf_SOURCES = \
	tests/unit/runner.c tests/unit/runner.h \
	tests/unit/corpus.c tests/unit/corpus.h \
	tests/unit/suite_conf.c \
	tests/unit/test_build.c \
	tests/unit/test_check.c \
	tests/unit/test_doc.c \
	tests/unit/test_find.c \
	tests/unit/test_keys.c \
	tests/unit/test_load.c \
	tests/unit/test_opts.c \
	tests/unit/test_value.c
tests_unit_test_conf_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) \
	-DCV_CORPUS_DIR='"$(abs_top_srcdir)/tests/fuzz/corpus"' \
	-DCV_TOP_DIR='"$(abs_top_srcdir)"'
tests_unit_test_conf_LDADD = libconf.a libbase.a $(INIH_LIBS) $(JANSSON_LIBS) $(CUNIT_LIBS)
