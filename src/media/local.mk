# L2: the packet path
noinst_LIBRARIES += libmedia.a
libmedia_a_SOURCES = \
	src/media/arena.c src/media/arena.h \
	src/media/demux.c \
	src/media/latch.c \
	src/media/line.c \
	src/media/media.c src/media/media.h src/media/media_int.h \
	src/media/msess.c \
	src/media/msg.h \
	src/media/pipeline.c src/media/stage.h \
	src/media/relay.c \
	src/media/slots.c src/media/slots.h \
	src/media/stream.c \
	src/media/thread.c \
	src/media/timers.c
