# L1: sockets and addresses of this host
noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
	src/net/alist.c src/net/alist.h \
	src/net/answer.c src/net/answer.h \
	src/net/frame.c src/net/frame.h \
	src/net/gate.c src/net/gate.h \
	src/net/iface.c src/net/iface.h \
	src/net/name.c src/net/name.h src/net/name_int.h src/net/name_set.c \
	src/net/own.c src/net/own.h \
	src/net/pkt.h \
	src/net/place.c src/net/place.h \
	src/net/place_show.c \
	src/net/shown.c \
	src/net/ports.c src/net/ports.h \
	src/net/sock.c src/net/sock.h \
	src/net/stream.c src/net/stream.h src/net/stream_int.h \
	src/net/stream_conn.c src/net/stream_outer.c \
	src/net/stun.c src/net/stun.h \
	src/net/stun_ask.c src/net/stun_ask.h \
	src/net/tls.c src/net/tls.h \
	src/net/udp.c src/net/udp.h
libnet_a_CPPFLAGS = $(AM_CPPFLAGS) $(CARES_CFLAGS)

check_PROGRAMS += tests/unit/test_net
tests_unit_test_net_SOURCES = \
	tests/unit/runner.c tests/unit/runner.h \
	tests/unit/suite_net.c tests/unit/suite_net.h \
	tests/unit/dns_bed.c tests/unit/dns_bed.h \
	tests/unit/door_bed.c tests/unit/door_bed.h \
	tests/unit/fake_loop.c tests/unit/fake_loop.h \
	tests/unit/test_alist.c \
	tests/unit/test_frame.c \
	tests/unit/test_gate.c \
	tests/unit/test_iface.c \
	tests/unit/test_name.c \
	tests/unit/test_own.c \
	tests/unit/test_place.c \
	tests/unit/test_ports.c \
	tests/unit/test_shown.c \
	tests/unit/test_stream.c \
	tests/unit/test_stream_outer.c \
	tests/unit/test_stun.c \
	tests/unit/test_stun_ask.c \
	tests/unit/test_tls.c \
	tests/unit/test_udp.c \
	tests/fuzz/fuzz_alist.c
tests_unit_test_net_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_test_net_LDADD = libnet.a libloop.a libbase.a $(EVENT_LIBS) \
	$(CARES_LIBS) $(OPENSSL_LIBS) $(JANSSON_LIBS) $(CUNIT_LIBS)

# The door's rounds ten times as long as in check: memory and descriptors stay flat
check-door: tests/unit/test_net
	CV_DOOR_ROUNDS=10000 tests/unit/test_net stream_outer
.PHONY: check-door
