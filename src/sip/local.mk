# SIP: the only directory, apart from loop_su.c, that includes sofia
noinst_LIBRARIES += libsip.a libdigest.a
libsip_a_SOURCES = src/sip/alg.c src/sip/alg_int.h src/sip/auth.c src/sip/cancel.c \
	src/sip/dlginfo.c src/sip/dlginfo.h src/sip/early.c \
	src/sip/failure.c src/sip/flow.c src/sip/flow.h src/sip/fork.c src/sip/guard.c src/sip/hdr.c src/sip/health.c \
	src/sip/ident.c src/sip/keep.c src/sip/large.c src/sip/late.c src/sip/leg.c \
	src/sip/length.c \
	src/sip/named.c src/sip/named.h src/sip/nat.c src/sip/origin.c src/sip/pass.c \
	src/sip/policy.c src/sip/privacy.c src/sip/redirect.c src/sip/refer.c src/sip/refer_int.h \
	src/sip/referred.c src/sip/reg.c src/sip/reg_int.h src/sip/reg_path.c src/sip/reg_route.c \
	src/sip/reg_up.c src/sip/require.c src/sip/rule.c \
	src/sip/rel.c src/sip/shown.c src/sip/status.c src/sip/streams.c src/sip/stun_plug.c src/sip/trunk.c \
	src/sip/trunk_show.c \
	src/sip/ua.c src/sip/uac.c src/sip/uas.c src/sip/sent_int.h src/sip/sip_int.h src/sip/ua.h src/module.h
libsip_a_CPPFLAGS = $(AM_CPPFLAGS) $(SOFIA_CFLAGS)

# digest knows no sofia: modules and their tests link it alone
libdigest_a_SOURCES = src/sip/digest.c src/sip/digest.h src/sip/digest_client.c \
	src/sip/digest_client.h src/sip/digest_uri.c

check_PROGRAMS += tests/unit/test_sip
tests_unit_test_sip_SOURCES = tests/unit/runner.c tests/unit/runner.h tests/unit/suite_sip.c \
	tests/unit/suite_sip.h tests/unit/test_auth.c tests/unit/test_digest_client.c \
	tests/unit/test_dlginfo.c tests/unit/test_early.c tests/unit/test_guard.c tests/unit/test_hdr.c \
	tests/unit/test_ident.c tests/unit/test_named.c tests/unit/test_nat.c \
	tests/unit/test_pass.c tests/unit/test_policy.c tests/unit/test_privacy.c \
	tests/unit/test_reg_route.c tests/unit/test_require.c tests/unit/test_rule.c \
	tests/unit/test_status.c tests/unit/fake_loop.c tests/unit/fake_loop.h
tests_unit_test_sip_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(SOFIA_CFLAGS)
tests_unit_test_sip_LDADD = libsip.a libcall.a libbind.a libdigest.a libsdp.a libnet.a \
	libconf.a libloop.a libbase.a $(SOFIA_LIBS) $(EVENT_LIBS) $(INIH_LIBS) \
	$(JANSSON_LIBS) $(OPENSSL_LIBS) $(CUNIT_LIBS)

AGENT_BED = tests/unit/runner.c tests/unit/runner.h \
	tests/unit/agent_bed.c tests/unit/agent_bed.h

# A program of its own: the stack's STUN plug allows one agent a process
check_PROGRAMS += tests/unit/test_reg
tests_unit_test_reg_SOURCES = $(AGENT_BED) tests/unit/suite_reg.c \
	tests/unit/suite_reg.h tests/unit/test_reg.c
tests_unit_test_reg_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(SOFIA_CFLAGS)
tests_unit_test_reg_LDADD = $(tests_unit_test_sip_LDADD)

# The same: what an agent says unasked
check_PROGRAMS += tests/unit/test_unasked
tests_unit_test_unasked_SOURCES = tests/unit/runner.c tests/unit/runner.h \
	tests/unit/suite_unasked.c tests/unit/suite_unasked.h tests/unit/test_unasked.c
tests_unit_test_unasked_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(SOFIA_CFLAGS)
tests_unit_test_unasked_LDADD = $(tests_unit_test_sip_LDADD)

# The same: an agent with an account at a trunk
check_PROGRAMS += tests/unit/test_account
tests_unit_test_account_SOURCES = $(AGENT_BED) \
	tests/unit/suite_account.c tests/unit/suite_account.h tests/unit/test_account.c
tests_unit_test_account_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(SOFIA_CFLAGS)
tests_unit_test_account_LDADD = $(tests_unit_test_sip_LDADD)

# The same: calls between two peers
check_PROGRAMS += tests/unit/test_dialog
tests_unit_test_dialog_SOURCES = $(AGENT_BED) \
	tests/unit/fake_media.c tests/unit/fake_media.h \
	tests/unit/suite_dialog.h tests/unit/test_dialog.c
tests_unit_test_dialog_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(SOFIA_CFLAGS)
tests_unit_test_dialog_LDADD = $(tests_unit_test_sip_LDADD)

# The same: probes of a peer's hops
check_PROGRAMS += tests/unit/test_health
tests_unit_test_health_SOURCES = $(AGENT_BED) \
	tests/unit/suite_health.c tests/unit/suite_health.h tests/unit/test_health.c
tests_unit_test_health_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(SOFIA_CFLAGS)
tests_unit_test_health_LDADD = $(tests_unit_test_sip_LDADD)
