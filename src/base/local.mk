# L0: plain data
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/addr.c src/base/addr.h \
	src/base/buf.c src/base/buf.h \
	src/base/clock.c src/base/clock.h \
	src/base/cmd.c src/base/cmd.h \
	src/base/evid.c src/base/evid.h \
	src/base/flow.c src/base/flow.h \
	src/base/hash.c src/base/hash.h src/base/hash_int.h \
	src/base/hop.h \
	src/base/list.h \
	src/base/log.c src/base/log.h \
	src/base/mem.c src/base/mem.h \
	src/base/out.c src/base/out_int.h \
	src/base/ring.c src/base/ring.h \
	src/base/stat.c src/base/stat.h src/base/stats.inc \
	src/base/str.c src/base/str.h
libbase_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)

check_PROGRAMS += tests/unit/test_base
tests_unit_test_base_SOURCES = \
	tests/unit/runner.c tests/unit/runner.h \
	tests/unit/suite_base.c tests/unit/suite_base.h \
	tests/unit/test_addr.c \
	tests/unit/test_buf.c \
	tests/unit/test_clock.c \
	tests/unit/test_cmd.c \
	tests/unit/test_flow.c \
	tests/unit/test_hash.c \
	tests/unit/test_log.c \
	tests/unit/test_mem.c \
	tests/unit/test_out.c \
	tests/unit/test_ring.c \
	tests/unit/test_stat.c \
	tests/unit/test_str.c
tests_unit_test_base_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_base_LDADD = libbase.a $(JANSSON_LIBS) $(CUNIT_LIBS)
