# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Real phones: baresip without sound hardware. What a phone says is a tone out of a file, what
# it hears is recorded to a file and measured. Knows nothing of the edge.

TALK_BYTES=52000 # 3.2 s of 16 bit at 8000 a second: tone.py wants 2 s clean

# The voices, VOICE_S seconds (100): longer than any call, for baresip hangs up at their end.
phone_voices()
{
	local hz

	for hz in 440 700 1000; do
		sox -n -r 8000 -c 1 -b 16 "$D/tone$hz.wav" synth "${VOICE_S:-100}" sine "$hz" vol 0.5
	done
}

# phone_start NAME HOST TONE ACCOUNT [CONFIG-LINE...]: starts, and waits for its control port.
phone_start()
{
	local name=$1 host=$2 tone=$3 account=$4 dir=$D/$1 module

	shift 4
	[ -e "$D/tone$tone.wav" ] || phone_voices
	mkdir -p "$dir/rec"
	: >"$dir/contacts"
	printf '%s\n' "$account" >"$dir/accounts"
	{
		cat <<-EOF
		poll_method epoll
		call_local_timeout 120
		call_max_calls 4
		audio_source aufile,$D/tone$tone.wav
		audio_player aubridge,none
		audio_alert aubridge,none
		ausrc_srate 8000
		auplay_srate 8000
		ausrc_channels 1
		auplay_channels 1
		audio_level no
		audio_buffer 20-160
		rtp_tos 184
		rtp_ports 10000-10100
		rtcp_mux no
		jitter_buffer_delay 5-10
		rtp_stats yes
		statmode_default off
		module_path /usr/lib/baresip/modules
		EOF
		for module in g711 aufile aubridge sndfile; do
			echo "module $module.so"
		done
		cat <<-EOF
		module_tmp uuid.so
		module_tmp account.so
		module_app menu.so
		module_app debug_cmd.so
		module_app ctrl_tcp.so
		ctrl_tcp_listen 127.0.0.1:4444
		snd_path $dir/rec
		net_interface eth0
		EOF
		[ $# -eq 0 ] || printf '%s\n' "$@"
		case $* in *sip_listen*) ;; *) echo 'sip_listen 0.0.0.0:5060' ;; esac
	} >"$dir/config"
	echo "$host" >"$dir/host"
	echo "$tone" >"$dir/tone"
	spawn "$name" "$host" baresip -f "$dir"
	wait_for 10 "$name: baresip does not start" phone_ctl "$name" reginfo
}

phone_ctl()
{
	local name=$1

	shift
	in_ns "$(cat "$D/$name/host")" "$PY" "$LAB/ctl.py" "$@"
}

# phone_registered NAME...: waits for the 200 of its REGISTER.
phone_registered()
{
	local name

	for name; do
		poll 10 has '200 OK' "$D/$name.log" ||
			fail "$name can't register: $(phone_last_words "$name")"
		note "$name is registered"
	done
}

# All phones go home: they unregister, and say BYE if they must.
phones_stop()
{
	local f name names=()

	for f in "$D"/*/host; do
		[ -e "$f" ] || continue
		name=$(basename "$(dirname "$f")")
		[ ! -e "$D/pids/$name" ] || names+=("$name")
	done
	[ ${#names[@]} -eq 0 ] || stop_together "${names[@]}"
}

# The last line of its log, without colours.
phone_last_words()
{
	sed -e 's/\x1b\[[0-9;]*m//g' "$D/$1.log" | grep -v '^ *$' | tail -n 1
}

# Beginning of "what happened since": remembers how long the log was.
phone_mark()
{
	size_of "$D/$1.log" >"$D/$1/mark"
}

# phone_says NAME PATTERN: true when the log said it since the mark.
phone_says()
{
	tail -c "+$(($(cat "$D/$1/mark" 2>/dev/null || echo 0) + 1))" "$D/$1.log" |
		grep -q -e "$2"
}

phone_dial()
{
	note "$1 dials $2"
	phone_ctl "$1" dial "$2" >>"$D/steps" || fail "$1 can't dial $2"
}

phone_hangup()
{
	phone_ctl "$1" hangup >>"$D/steps" || fail "$1 can't hang up"
}

# The newest recording of what NAME heard.
heard_by()
{
	find "$D/$1/rec" -name '*dec.wav' | sort | tail -n 1
}

heard_enough()
{
	local f

	f=$(heard_by "$1")
	[ -n "$f" ] && [ "$(size_of "$f")" -ge "$TALK_BYTES" ]
}

# phones_call A B URI: A calls B, who answers by itself; returns with the call up.
phones_call()
{
	phone_mark "$1"
	phone_mark "$2"
	phone_dial "$1" "$3"
	poll 15 phone_says "$1" 'Call established' ||
		fail "no call from $1 to $2: $(phone_last_words "$1")"
	wait_for 5 "$2 does not see the call up" phone_says "$2" 'Call established'
	note "$1 and $2 are connected"
}

# phones_talk A B: until both have recorded enough to measure.
phones_talk()
{
	wait_for 12 "$1 hears nothing" heard_enough "$1"
	wait_for 12 "$2 hears nothing" heard_enough "$2"
}

# phones_part A B: A hangs up and both see the end.
phones_part()
{
	phone_mark "$1"
	phone_mark "$2"
	phone_hangup "$1"
	wait_for 5 "$2 does not see the end of the call" phone_idle "$2"
	wait_for 5 "$1 does not end its call" phone_idle "$1"
}

phone_idle()
{
	! phone_ctl "$1" listcalls | grep -q 'sip:.*@'
}

# phone_heard NAME HZ OTHER: what NAME heard is the tone HZ and nothing of OTHER.
phone_heard()
{
	local f said

	f=$(heard_by "$1")
	[ -n "$f" ] || fail "$1 has no recording"
	said=$("$PY" "$LAB/tone.py" "$f" "$2" "$3") || fail "$1 should hear $2 Hz: $said"
	note "$1 heard $2 Hz: $said"
}

# phones_hear A B: what each heard is the tone of the other, and nothing of his own.
phones_hear()
{
	local a b

	a=$(cat "$D/$1/tone")
	b=$(cat "$D/$2/tone")
	phone_heard "$1" "$b" "$a"
	phone_heard "$2" "$a" "$b"
}

# wire NAME HOST: captures the voice (PCMU) that reaches the phone of HOST, for what a recording
# can't tell: baresip records nothing more once it was held.
wire()
{
	capture "$1" "$2" eth0 'inbound and udp portrange 10000-10100 and udp[9] & 0x7f = 0'
}

# wire_any NAME: a packet is there behind the head of the file.
wire_any()
{
	[ "$(size_of "$D/$1.pcap")" -gt 100 ]
}

# wire_full NAME: enough to measure; 3 s are 150 packets of 230 bytes.
wire_full()
{
	[ "$(size_of "$D/$1.pcap")" -ge 36000 ]
}

# wire_sounds NAME HZ OTHER...: what was captured is the tone HZ and nothing of OTHER.
wire_sounds()
{
	local name=$1 said

	shift
	"$PY" "$LAB/pcaptext.py" "$D/$name.pcap" --wav "$D/$name.wav"
	said=$("$PY" "$LAB/tone.py" "$D/$name.wav" "$@") || fail "$name should get $1 Hz: $said"
	note "$name gets $1 Hz: $said"
}

# phones_prove A B URI: a whole call, what they heard measured. WHILE_UP, when set, is a
# function called in the middle of it.
phones_prove()
{
	phones_call "$1" "$2" "$3"
	phones_talk "$1" "$2"
	[ -z "${WHILE_UP:-}" ] || "$WHILE_UP"
	phones_part "$1" "$2"
	phones_hear "$1" "$2"
}

# phone_account NAME DOMAIN [PARAMETER...]: an account line; a parameter given here wins over
# the usual one.
phone_account()
{
	local name=$1 domain=$2 param

	shift 2
	printf '<sip:%s@%s>' "$name" "$domain"
	for param; do
		printf ';%s' "$param"
	done
	printf ';auth_user=%s;auth_pass=secret-%s' "$name" "$name"
	printf ';regint=60;answermode=auto;audio_codecs=PCMU\n'
}

# phone_over TRANSPORT NAME HOST TONE EDGE [LINE...]: a phone with an account at the edge's
# address that speaks to it over TRANSPORT.
phone_over()
{
	local how=$1 edge=$5 port=5060

	[ "$how" != tls ] || port=5061
	phone_start "$2" "$3" "$4" "$(phone_account "$2" "$edge;transport=$how" \
		"outbound=\"sip:$edge:$port;transport=$how\"")" "${@:6}"
}
