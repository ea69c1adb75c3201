# The daemon: core knows every layer
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES = src/core/clash.c src/core/commands.c src/core/core_int.h src/core/daemon.c \
	src/core/door.c src/core/heap.c src/core/heap.h src/core/modules.c src/core/names.c \
	src/core/own.c src/core/plan.c \
	src/core/reload.c src/core/try.c src/core/wire.c

# what a program that holds all layers is linked with, highest first
ALL_LAYERS = libcore.a libsip.a libcall.a libbind.a libdigest.a libmedia.a libadmin.a \
	libsdp.a libnet.a libconf.a libloop.a libbase.a
ALL_LIBS = $(SOFIA_LIBS) $(CARES_LIBS) $(EVENT_LIBS) $(INIH_LIBS) $(JANSSON_LIBS) $(OPENSSL_LIBS)

sbin_PROGRAMS += culvertd
culvertd_SOURCES = src/core/main.c src/core/accept.c
nodist_culvertd_SOURCES = src/core/modtab.c
culvertd_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"'
culvertd_LDADD = libcore.a $(MODULE_LIBS) $(ALL_LAYERS) $(ALL_LIBS)

dist_man_MANS += doc/man/culvertd.8

check_PROGRAMS += tests/unit/test_core
tests_unit_test_core_SOURCES = tests/unit/runner.c tests/unit/runner.h \
	tests/unit/suite_core.c tests/unit/suite_core.h \
	tests/unit/test_heap.c tests/unit/test_plan.c tests/unit/test_try.c
nodist_tests_unit_test_core_SOURCES = src/core/modtab.c
tests_unit_test_core_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_test_core_LDADD = libcore.a $(MODULE_LIBS) $(ALL_LAYERS) $(ALL_LIBS) $(CUNIT_LIBS)
