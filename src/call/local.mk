# L2: the call state machine, between sip and media and blind to both
noinst_LIBRARIES += libcall.a
libcall_a_SOURCES = \
	src/call/aim.c \
	src/call/apart.c src/call/apart.h \
	src/call/call.c src/call/call.h src/call/call_int.h \
	src/call/checkup.c \
	src/call/doctor.c src/call/doctor.h \
	src/call/branch.c \
	src/call/face.c \
	src/call/fan.c src/call/fan.h src/call/fan_int.h \
	src/call/kept.c \
	src/call/hop.c src/call/hops.c \
	src/call/lead.c \
	src/call/leg.c src/call/leg.h \
	src/call/media_ops.h \
	src/call/need.c src/call/need.h \
	src/call/offer.c \
	src/call/origin.c \
	src/call/outer.c \
	src/call/pair.c \
	src/call/park.c \
	src/call/part.c \
	src/call/party.c \
	src/call/past.c \
	src/call/peers.c src/call/peers.h src/call/peers_int.h \
	src/call/probe.c \
	src/call/readdress.c \
	src/call/redirect.c src/call/redirect.h \
	src/call/restate.c src/call/restate.h \
	src/call/route.c src/call/route.h \
	src/call/session.c \
	src/call/show.c src/call/shown.c \
	src/call/story.c \
	src/call/sub.c src/call/sub_int.h src/call/sub_table.c \
	src/call/table.c \
	src/call/talk.c \
	src/call/target.c \
	src/call/trail.c src/call/trail.h \
	src/call/trial.c src/call/trial.h \
	src/call/transfer.c src/call/transfer.h src/call/transfer_start.c \
	src/call/unfold.c src/call/unfold.h \
	src/module.h

CALL_TEST_LIBS = libcall.a libsdp.a libconf.a libloop.a libbase.a $(INIH_LIBS) $(JANSSON_LIBS)
CALL_FAKES = \
	tests/unit/call_play.c \
	tests/unit/call_words.c tests/unit/call_words.h \
	tests/unit/call_setting.c \
	tests/unit/call_world.c tests/unit/call_world.h tests/unit/call_world_int.h \
	tests/unit/fake_leg.c tests/unit/fake_leg.h \
	tests/unit/fake_loop.c tests/unit/fake_loop.h \
	tests/unit/fake_media.c tests/unit/fake_media.h

check_PROGRAMS += tests/unit/test_call
tests_unit_test_call_SOURCES = \
	tests/unit/runner.c tests/unit/runner.h \
	tests/unit/suite_call.c tests/unit/suite_call.h \
	tests/unit/test_call.c \
	tests/unit/test_doctor.c \
	tests/unit/test_fan.c \
	tests/unit/call_bed.c tests/unit/call_bed.h \
	tests/unit/test_leg.c \
	tests/unit/test_need.c \
	tests/unit/test_offer.c \
	tests/unit/test_pair.c \
	tests/unit/test_part.c \
	tests/unit/test_past.c \
	tests/unit/test_probe.c \
	tests/unit/test_peers.c \
	tests/unit/test_redirect.c \
	tests/unit/test_restate.c \
	tests/unit/test_route.c \
	tests/unit/test_show.c \
	tests/unit/test_story.c \
	tests/unit/test_sub.c \
	tests/unit/test_table.c \
	tests/unit/test_trail.c \
	tests/unit/test_transfer.c \
	tests/unit/test_trial.c \
	tests/unit/test_unfold.c \
	$(CALL_FAKES)
tests_unit_test_call_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_test_call_LDADD = $(CALL_TEST_LIBS) $(CUNIT_LIBS)

check_PROGRAMS += tests/replay/call
tests_replay_call_SOURCES = tests/replay/call.c tests/replay/player.c tests/replay/player.h \
	$(CALL_FAKES)
tests_replay_call_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_replay_call_LDADD = $(CALL_TEST_LIBS)

EXTRA_DIST += \
	$(patsubst $(top_srcdir)/%,%,$(wildcard $(top_srcdir)/tests/replay/call/*.flow))
