# Accounts of [user] sections
if MOD_REGISTRAR
MODULE_LIBS += libmod_registrar.a
noinst_LIBRARIES += libmod_registrar.a
libmod_registrar_a_SOURCES = modules/registrar/registrar.c modules/registrar/nonces.c \
	modules/registrar/nonces.h
endif
EXTRA_DIST += modules/registrar/README

if MOD_REGISTRAR
check_PROGRAMS += modules/registrar/test_registrar
modules_registrar_test_registrar_SOURCES = \
	tests/unit/runner.c tests/unit/runner.h \
	tests/unit/fake_loop.c tests/unit/fake_loop.h \
	tests/unit/suite_registrar.c tests/unit/suite_registrar.h \
	tests/unit/test_digest.c \
	modules/registrar/test_registrar.c
modules_registrar_test_registrar_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit \
	$(CUNIT_CFLAGS)
modules_registrar_test_registrar_LDADD = libmod_registrar.a libdigest.a libbind.a \
	libconf.a libloop.a libbase.a $(INIH_LIBS) $(OPENSSL_LIBS) $(SOFIA_LIBS) \
	$(EVENT_LIBS) $(JANSSON_LIBS) $(CUNIT_LIBS)
endif
