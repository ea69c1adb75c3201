noinst_LIBRARIES += libcall.a
libcall_a_SOURCES = src/call/leg.c src/call/leg.h src/call/media_ops.h src/call/need.c \
	src/call/need.h src/call/route.c src/call/route.h src/call/call.h src/module.h
