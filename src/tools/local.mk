# Small programs on the same libraries
bin_PROGRAMS += culvertctl culvert-natbox
culvertctl_SOURCES = src/tools/culvertctl.c
culvertctl_LDADD = libbase.a $(JANSSON_LIBS)
dist_man_MANS += doc/man/culvertctl.8 doc/man/culvert-natbox.8

# What a NAT does, without devices: for the program and for tests
noinst_LIBRARIES += libnat.a
libnat_a_SOURCES = \
	src/tools/natalg.c src/tools/natalg.h \
	src/tools/natconf.c src/tools/natconf.h \
	src/tools/natcore.c src/tools/natcore.h src/tools/natcore_int.h \
	src/tools/natline.c src/tools/natline.h \
	src/tools/natmap.c \
	src/tools/natpkt.c src/tools/natpkt.h
culvert_natbox_SOURCES = src/tools/culvert-natbox.c
culvert_natbox_LDADD = libnat.a libadmin.a libloop.a libbase.a $(EVENT_LIBS) $(JANSSON_LIBS)

check_PROGRAMS += tests/unit/test_nat
tests_unit_test_nat_SOURCES = \
	tests/unit/runner.c tests/unit/runner.h \
	tests/unit/suite_nat.c tests/unit/suite_nat.h \
	tests/unit/nat_pkt.c tests/unit/nat_pkt.h \
	tests/unit/test_natalg.c \
	tests/unit/test_natconf.c \
	tests/unit/test_natcore.c \
	tests/unit/test_natline.c \
	tests/unit/test_natpkt.c
tests_unit_test_nat_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_test_nat_LDADD = libnat.a libbase.a $(JANSSON_LIBS) $(CUNIT_LIBS)
