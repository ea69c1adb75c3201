# L3: transport of admin commands
noinst_LIBRARIES += libadmin.a
libadmin_a_SOURCES = \
	src/admin/admin.h \
	src/admin/line.c \
	src/admin/sock.c

check_PROGRAMS += tests/unit/test_admin
tests_unit_test_admin_SOURCES = \
	tests/unit/runner.c tests/unit/runner.h \
	tests/unit/suite_admin.c tests/unit/suite_admin.h \
	tests/unit/fake_loop.c tests/unit/fake_loop.h \
	tests/unit/test_culvertctl.c \
	tests/unit/test_admin_line.c \
	tests/unit/test_sock.c \
	tests/fuzz/fuzz_adminline.c
tests_unit_test_admin_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_test_admin_LDADD = libadmin.a libloop.a libbase.a $(SOFIA_LIBS) $(EVENT_LIBS) \
	$(JANSSON_LIBS) $(CUNIT_LIBS)
