# The daemon: core knows every layer
sbin_PROGRAMS += culvertd
culvertd_SOURCES = src/core/main.c src/core/daemon.c src/core/plan.c src/core/modules.c \
	src/core/wire.c src/core/reload.c src/core/commands.c src/core/core_int.h
nodist_culvertd_SOURCES = src/core/modtab.c
culvertd_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"'
culvertd_LDADD = $(MODULE_LIBS) libsip.a libcall.a libbind.a libdigest.a libmedia.a libadmin.a \
	libsdp.a libnet.a libconf.a libloop.a libbase.a \
	$(SOFIA_LIBS) $(EVENT_LIBS) $(INIH_LIBS) $(JANSSON_LIBS) $(OPENSSL_LIBS)
