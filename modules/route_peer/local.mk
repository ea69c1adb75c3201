if MOD_ROUTE_PEER
MODULE_LIBS += libmod_route_peer.a
noinst_LIBRARIES += libmod_route_peer.a
libmod_route_peer_a_SOURCES = modules/route_peer/route_peer.c

check_PROGRAMS += modules/route_peer/test_route_peer
modules_route_peer_test_route_peer_SOURCES = modules/route_peer/test_route_peer.c \
	tests/unit/runner.c tests/unit/runner.h
modules_route_peer_test_route_peer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit \
	$(CUNIT_CFLAGS)
modules_route_peer_test_route_peer_LDADD = libmod_route_peer.a libcall.a libsdp.a libconf.a \
	libloop.a libbase.a $(INIH_LIBS) $(JANSSON_LIBS) $(CUNIT_LIBS)
endif
EXTRA_DIST += modules/route_peer/README
