# L1: the thin door to an event loop
noinst_LIBRARIES += libloop.a
libloop_a_SOURCES = \
	src/loop/loop.c src/loop/loop.h src/loop/loop_int.h \
	src/loop/loop_ev.c \
	src/loop/loop_su.c \
	src/loop/mbox.c src/loop/mbox.h \
	src/loop/postq.c src/loop/postq.h
libloop_a_CPPFLAGS = $(AM_CPPFLAGS) $(SOFIA_CFLAGS) $(EVENT_CFLAGS)
