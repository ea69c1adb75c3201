# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# SIPp as a trunk: a scenario for the signalling, rtptone.py as its voice. The scenario writes
# the address it found in the SDP to a file, which the voice waits for.

# sipp_start NAME HOST ADDRESS SCENARIO [OPTION...]: one call. The audio port is
# 9000 (SIPp itself binds 6000).
sipp_start()
{
	local name=$1 host=$2 addr=$3 scenario=$4

	shift 4
	mkdir -p "$D/$name"
	rm -f "$D/$name/media"
	spawn "$name" "$host" sipp -sf "$LAB/sipp/$scenario.xml" -i "$addr" -p 5060 \
		-m 1 -nostdin -trace_msg -trace_err -message_file "$D/$name/messages" \
		-error_file "$D/$name/errors" -timeout 60 -timeout_error \
		-key audio_port 9000 -key media_file "$D/$name/media" "$@"
}

# sipp_voice NAME HOST ADDRESS HZ SECONDS
sipp_voice()
{
	spawn "$1-voice" "$2" "$PY" "$LAB/rtptone.py" --bind "$3:9000" --tone "$4" \
		--record "$D/$1/heard.wav" --seconds "$5" --to-file "$D/$1/media"
}

# sipp_heard NAME HZ OTHER
sipp_heard()
{
	local said

	said=$("$PY" "$LAB/tone.py" "$D/$1/heard.wav" "$2" "$3") || fail "$1 should hear $2 Hz: $said"
	note "$1 heard $2 Hz: $said"
}
