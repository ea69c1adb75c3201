# Small programs on the same libraries
bin_PROGRAMS += culvertctl
culvertctl_SOURCES = src/tools/culvertctl.c
culvertctl_LDADD = libbase.a $(JANSSON_LIBS)
