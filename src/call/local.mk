# L2: the call state machine, between sip and media and blind to both
noinst_LIBRARIES += libcall.a
libcall_a_SOURCES = \
	src/call/call.c src/call/call.h src/call/call_int.h \
	src/call/leg.c src/call/leg.h \
	src/call/media_ops.h \
	src/call/need.c src/call/need.h \
	src/call/offer.c \
	src/call/pair.c \
	src/call/part.c \
	src/call/route.c src/call/route.h \
	src/call/show.c \
	src/call/story.c \
	src/call/table.c \
	src/module.h
