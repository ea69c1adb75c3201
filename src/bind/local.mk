# L2: registrations, pure
noinst_LIBRARIES += libbind.a
libbind_a_SOURCES = \
	src/bind/alg.c src/bind/alg.h \
	src/bind/bind.h src/bind/bind_int.h \
	src/bind/due.c \
	src/bind/home.c src/bind/home.h \
	src/bind/note.c \
	src/bind/ping.c \
	src/bind/show.c \
	src/bind/table.c \
	src/bind/token.c \
	src/bind/trunk.c src/bind/trunk.h
libbind_a_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)

check_PROGRAMS += tests/unit/test_bind
tests_unit_test_bind_SOURCES = \
	tests/unit/runner.c tests/unit/runner.h \
	tests/unit/fake_loop.c tests/unit/fake_loop.h \
	tests/unit/bind_kit.c tests/unit/bind_kit.h \
	tests/unit/suite_bind.c tests/unit/suite_bind.h \
	tests/unit/test_bind_alg.c tests/unit/test_bind_table.c tests/unit/test_bind_token.c \
	tests/unit/test_bind_ping.c tests/unit/test_bind_show.c \
	tests/unit/test_home.c tests/unit/test_trunk.c
tests_unit_test_bind_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_test_bind_LDADD = libbind.a libloop.a libbase.a \
	$(OPENSSL_LIBS) $(SOFIA_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS) $(CUNIT_LIBS)

if MOD_REGISTRAR
check_PROGRAMS += tests/replay/bind
tests_replay_bind_SOURCES = \
	tests/replay/bind.c \
	tests/replay/bind_ask.c \
	tests/replay/bind_reg.c \
	tests/replay/bind_world.c tests/replay/bind_world.h \
	tests/replay/player.c tests/replay/player.h \
	tests/unit/fake_loop.c tests/unit/fake_loop.h
tests_replay_bind_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_replay_bind_LDADD = libmod_registrar.a libdigest.a libbind.a libconf.a libloop.a \
	libbase.a $(INIH_LIBS) $(OPENSSL_LIBS) $(SOFIA_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS)
endif

EXTRA_DIST += \
	$(patsubst $(top_srcdir)/%,%,$(wildcard $(top_srcdir)/tests/replay/bind/*.flow))
