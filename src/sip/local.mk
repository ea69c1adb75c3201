# SIP: the only directory, apart from loop_su.c, that includes sofia
noinst_LIBRARIES += libsip.a libdigest.a
libsip_a_SOURCES = src/sip/hdr.c src/sip/ident.c src/sip/keep.c src/sip/leg.c \
	src/sip/nat.c src/sip/origin.c src/sip/reg.c src/sip/status.c src/sip/stun_plug.c \
	src/sip/ua.c src/sip/uac.c src/sip/uas.c src/sip/sip_int.h src/sip/ua.h src/module.h
libsip_a_CPPFLAGS = $(AM_CPPFLAGS) $(SOFIA_CFLAGS)

# digest knows no sofia: modules and their tests link it alone
libdigest_a_SOURCES = src/sip/digest.c src/sip/digest.h
