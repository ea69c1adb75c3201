# SPDX-License-Identifier: BSD-3-Clause
# The scripts people run by hand: shipped, not installed.

EXTRA_DIST += contrib/layers contrib/check-layers contrib/check-size contrib/check-style

check-style:
	@$(SHELL) $(top_srcdir)/contrib/check-style

.PHONY: check-style
