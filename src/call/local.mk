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
	tests/replay/call/001-lan-calls-far.flow \
	tests/replay/call/002-caller-gives-up.flow \
	tests/replay/call/003-cancel-before-1xx.flow \
	tests/replay/call/004-answer-crosses-cancel.flow \
	tests/replay/call/005-challenge-asked-again.flow \
	tests/replay/call/006-challenge-forgotten.flow \
	tests/replay/call/007-late-offer.flow \
	tests/replay/call/008-hold-and-more.flow \
	tests/replay/call/009-reinvite-refused.flow \
	tests/replay/call/010-requests-cross.flow \
	tests/replay/call/011-early-media.flow \
	tests/replay/call/012-direct-media.flow \
	tests/replay/call/013-relay-by-policy.flow \
	tests/replay/call/014-families.flow \
	tests/replay/call/015-refused-starts.flow \
	tests/replay/call/016-never-answered.flow \
	tests/replay/call/017-silence-and-loss.flow \
	tests/replay/call/018-byes-cross.flow \
	tests/replay/call/019-messages.flow \
	tests/replay/call/020-subscription.flow \
	tests/replay/call/025-reliable-answer.flow \
	tests/replay/call/026-reliable-offer.flow \
	tests/replay/call/027-reliable-alone.flow \
	tests/replay/call/028-forks.flow \
	tests/replay/call/029-forks-as-one.flow \
	tests/replay/call/030-session-timer.flow \
	tests/replay/call/050-notify-after-bye.flow \
	tests/replay/call/051-dead-in-dialog.flow \
	tests/replay/call/052-transfer-answered.flow \
	tests/replay/call/053-attended-answered.flow \
	tests/replay/call/054-transfer-fails.flow \
	tests/replay/call/055-transfer-chain.flow \
	tests/replay/call/056-redirect-followed.flow \
	tests/replay/call/057-redirect-passed.flow \
	tests/replay/call/058-explained.flow \
	tests/replay/call/032-origin.flow \
	tests/replay/call/033-fork-talks.flow \
	tests/replay/call/034-one-dialog-two-phones.flow \
	tests/replay/call/035-hold.flow \
	tests/replay/call/036-lines-come-and-go.flow \
	tests/replay/call/037-offerless-reinvite.flow \
	tests/replay/call/038-glare.flow \
	tests/replay/call/040-two-phones-ring.flow \
	tests/replay/call/041-next-phones.flow \
	tests/replay/call/042-next-door-of-a-pbx.flow \
	tests/replay/call/043-next-peer.flow \
	tests/replay/call/044-best-response.flow \
	tests/replay/call/045-caller-gives-up-on-several.flow \
	tests/replay/call/046-two-answers.flow \
	tests/replay/call/047-requests-next-target.flow \
	tests/replay/call/048-early-of-several-as-one.flow \
	tests/replay/call/049-circle.flow \
	tests/replay/call/060-redirect-of-several.flow \
	tests/replay/call/061-transfer-to-several.flow \
	tests/replay/call/062-offer-after-cancel.flow \
	tests/replay/call/063-restated.flow \
	tests/replay/call/070-readdressed.flow tests/replay/call/071-readdress-not-kept.flow \
	tests/replay/call/064-restate-crosses.flow \
	tests/replay/call/065-restated-direct.flow \
	tests/replay/call/066-same-nat-trial.flow \
	tests/replay/call/067-same-nat-odd.flow \
	tests/replay/call/068-same-nat-changes.flow \
	tests/replay/call/110-each-its-address.flow \
	tests/replay/call/111-next-turn-elsewhere.flow \
	tests/replay/call/112-late-offers-elsewhere.flow \
	tests/replay/call/113-no-port-at-one-side.flow
