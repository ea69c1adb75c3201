# Small programs on the same libraries
bin_PROGRAMS += culvertctl
culvertctl_SOURCES = src/tools/culvertctl.c
culvertctl_LDADD = libbase.a $(JANSSON_LIBS)
dist_man_MANS += doc/man/culvertctl.8
