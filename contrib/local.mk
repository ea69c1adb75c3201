# SPDX-License-Identifier: BSD-3-Clause
# The scripts people run by hand: shipped, not installed.

EXTRA_DIST += contrib/layers contrib/check-layers contrib/check-size contrib/check-style \
	contrib/check-keys contrib/check-duties contrib/check contrib/run contrib/deps contrib/fuzz-libs contrib/pre-commit \
	contrib/cppcheck.cfg contrib/systemd/culvert.service .ci/run

check-style:
	@$(SHELL) $(top_srcdir)/contrib/check-style

# For tools that read the code without building it
print-flags:
	@echo $(DEFS) '-DSYSCONFDIR="$(sysconfdir)"' -I. $(AM_CPPFLAGS) \
		-I$(top_srcdir)/tests/unit -std=gnu11 -pthread $(SOFIA_CFLAGS) $(EVENT_CFLAGS) \
		$(OPENSSL_CFLAGS) $(INIH_CFLAGS) $(JANSSON_CFLAGS) $(CUNIT_CFLAGS)

hooks:
	cd $(top_srcdir) && cp contrib/pre-commit "$$(git rev-parse --git-path hooks)/pre-commit"

.PHONY: check-style hooks print-flags
