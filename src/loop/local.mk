# L1: the thin door to an event loop
noinst_LIBRARIES += libloop.a
libloop_a_SOURCES = \
	src/loop/loop.c src/loop/loop.h src/loop/loop_int.h \
	src/loop/loop_ev.c \
	src/loop/loop_su.c \
	src/loop/mbox.c src/loop/mbox.h \
	src/loop/postq.c src/loop/postq.h
libloop_a_CPPFLAGS = $(AM_CPPFLAGS) $(SOFIA_CFLAGS) $(EVENT_CFLAGS)

check_PROGRAMS += tests/unit/test_loop
tests_unit_test_loop_SOURCES = \
	tests/unit/runner.c tests/unit/runner.h \
	tests/unit/suite_loop.c tests/unit/suite_loop.h \
	tests/unit/fake_loop.c tests/unit/fake_loop.h \
	tests/unit/test_fake_loop.c \
	tests/unit/test_loop.c \
	tests/unit/test_mbox.c
tests_unit_test_loop_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_test_loop_LDADD = libloop.a libbase.a $(SOFIA_LIBS) $(EVENT_LIBS) \
	$(JANSSON_LIBS) $(CUNIT_LIBS)
