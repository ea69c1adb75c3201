# L1: sockets and addresses of this host
noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
	src/net/alist.c src/net/alist.h \
	src/net/iface.c src/net/iface.h \
	src/net/pkt.h \
	src/net/place.c src/net/place.h \
	src/net/place_show.c \
	src/net/ports.c src/net/ports.h \
	src/net/udp.c src/net/udp.h
