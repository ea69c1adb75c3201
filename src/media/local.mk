# L2: the packet path
noinst_LIBRARIES += libmedia.a
libmedia_a_SOURCES = \
	src/media/arena.c src/media/arena.h \
	src/media/demux.c \
	src/media/face.c \
	src/media/fork.c \
	src/media/latch.c \
	src/media/mline.c \
	src/media/media.c src/media/media.h src/media/media_int.h \
	src/media/msess.c \
	src/media/msg.h \
	src/media/pipeline.c src/media/stage.h \
	src/media/relay.c \
	src/media/rtcp.c src/media/rtcp.h \
	src/media/setup.c src/media/setup.h \
	src/media/slots.c src/media/slots.h \
	src/media/splice.c src/media/splice.h \
	src/media/stream.c \
	src/media/thread.c \
	src/media/timers.c \
	src/media/watch.c

check_PROGRAMS += tests/unit/test_media
tests_unit_test_media_SOURCES = \
	tests/unit/runner.c tests/unit/runner.h \
	tests/unit/suite_media.c tests/unit/suite_media.h \
	tests/unit/media_bed.c tests/unit/media_bed.h \
	tests/unit/test_arena.c \
	tests/unit/test_face.c \
	tests/unit/test_fork.c \
	tests/unit/test_mline.c \
	tests/unit/test_media.c \
	tests/unit/test_msess.c \
	tests/unit/test_rtcp.c \
	tests/unit/test_rtp.c \
	tests/unit/test_setup.c \
	tests/unit/test_slots.c \
	tests/unit/test_splice.c \
	tests/unit/test_tcp.c \
	tests/unit/test_timers.c \
	tests/fuzz/fuzz_rtp.c
tests_unit_test_media_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_test_media_LDADD = libmedia.a libnet.a libloop.a libbase.a \
	$(EVENT_LIBS) $(SOFIA_LIBS) $(JANSSON_LIBS) $(CUNIT_LIBS)
