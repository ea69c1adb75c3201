# The laboratory: shipped, never installed. check-lab runs tests/lab/run.
EXTRA_DIST += \
	tests/lab/run \
	tests/lab/case \
	tests/lab/lib.sh \
	tests/lab/topo.sh \
	tests/lab/phone.sh \
	tests/lab/kam.sh \
	tests/lab/kamailio.cfg.in \
	tests/lab/edge.sh \
	tests/lab/sipp.sh \
	tests/lab/ctl.py \
	tests/lab/ctflush.py \
	tests/lab/jsonis.py \
	tests/lab/pcaptext.py \
	tests/lab/rtptone.py \
	tests/lab/tone.py \
	tests/lab/sipp/answer.xml \
	tests/lab/sipp/call.xml \
	tests/lab/cases/00-laboratory.sh
