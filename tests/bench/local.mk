# The benchmarks: shipped, never installed. `make bench` runs every program of this directory.
EXTRA_DIST += \
	tests/bench/calls \
	tests/bench/benchlib.py \
	tests/bench/products.py \
	tests/bench/probe.py \
	tests/bench/kamailio-calls.cfg.in \
	tests/bench/sipp/caller.xml \
	tests/bench/sipp/callee.xml
