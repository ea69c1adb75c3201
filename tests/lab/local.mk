# The laboratory: shipped, never installed. check-lab runs tests/lab/run.
EXTRA_DIST += tests/lab/README tests/lab/run tests/lab/case tests/lab/demo \
	tests/lab/matrix/run \
	$(patsubst $(top_srcdir)/%,%,$(wildcard $(top_srcdir)/tests/lab/*.sh \
	$(top_srcdir)/tests/lab/*.py $(top_srcdir)/tests/lab/*.in \
	$(top_srcdir)/tests/lab/cases/*.sh $(top_srcdir)/tests/lab/sipp/*.xml \
	$(top_srcdir)/tests/lab/matrix/*.py $(top_srcdir)/tests/lab/matrix/*.in))

# Every place to every place; matrix.json, .txt and .html go to the build tree
check-matrix: all
	$(top_srcdir)/tests/lab/matrix/run --build '$(abs_top_builddir)'
.PHONY: check-matrix
