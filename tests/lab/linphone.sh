# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Another real phone: linphonec without sound hardware, steered by lines on its standard input.
# It does what baresip can't: attended transfer, Replaces, reliable provisional responses (which
# it asks for and sends). Its voice is a tone out of a file, what it hears goes into a file that
# the case names.

# linphone_start HOW NAME HOST TONE EDGE [DOMAIN]: registers NAME through the edge, at its address
# or in DOMAIN.
linphone_start()
{
	local how=$1 name=$2 host=$3 tone=$4 edge=$5 domain=${6:-$5} dir=$D/$2 port=5060 kind codec n=0

	[ "$how" != tls ] || port=5061
	[ -e "$D/tone$tone.wav" ] || phone_voices
	mkdir -p "$dir/.local/share/linphone"
	mkfifo "$dir/in"
	{
		echo '[sip]'
		for kind in udp tcp tls; do
			# -2: of the kinds it doesn't use, no fixed port
			echo "$(linphone_port "$kind")=$([ "$kind" = "$how" ] && echo 5060 || echo -2)"
		done
		cat <<-EOF
		verify_server_certs=0
		verify_server_cn=0
		use_ipv6=0
		media_encryption=none
		100rel_support_level=2
		[net]
		firewall_policy=0
		[rtp]
		audio_rtp_port=10000
		[sound]
		echocancellation=0
		remote_ring=
		[video]
		enabled=0
		[proxy_0]
		reg_proxy=<sip:$edge:$port;transport=$how>
		reg_route=<sip:$edge:$port;transport=$how>
		reg_identity=<sip:$name@$domain>
		reg_expires=600
		reg_sendregister=1
		publish=0
		[auth_info_0]
		username=$name
		passwd=secret-$name
		EOF
		for codec in PCMU/8000=1 opus/48000=0 speex/32000=0 speex/16000=0 speex/8000=0 \
			PCMA/8000=0 GSM/8000=0 G722/8000=0 iLBC/8000=0 L16/44100=0; do
			printf '[audio_codec_%d]\nmime=%s\nrate=%s\nenabled=%s\n' "$n" "${codec%%/*}" \
				"$(expr "$codec" : '.*/\(.*\)=')" "${codec#*=}"
			n=$((n + 1))
		done
	} >"$dir/rc"
	echo "$tone" >"$dir/tone"
	# stays open: the end of its input would end it
	# shellcheck disable=SC2034
	exec {LINPHONE_IN}<>"$dir/in"
	# shellcheck disable=SC2016
	spawn "$name" "$host" env HOME="$dir" sh -c 'exec linphonec -S -c "$0/rc" -d 6 \
		-l "$0/debug" <"$0/in"' "$dir"
	linphone_say "$name" soundcard use files
	linphone_say "$name" play "$D/tone$tone.wav"
	note "$name is a linphonec"
}

linphone_port()
{
	case $1 in
	udp) echo sip_port ;;
	*) echo "sip_$1_port" ;;
	esac
}

linphone_say()
{
	local name=$1

	shift
	printf '[%s] %s\n' "$name" "$*" >>"$D/steps"
	echo "$*" >"$D/$name/in"
}

# linphone_calls A B URI: A calls B, who rings, then answers; returns with the call up.
linphone_calls()
{
	local a b

	a=$(linphone_streams "$1")
	b=$(linphone_streams "$2")
	phone_mark "$2"
	linphone_say "$1" call "$3"
	wait_for 10 "$2 does not ring" phone_says "$2" 'Receiving new incoming call'
	wait_for 5 "$1 hears no ringing" linphone_rings "$1"
	linphone_say "$2" answer
	wait_for 5 "$1 has no voice" more_streams "$1" "$a"
	wait_for 5 "$2 has no voice" more_streams "$2" "$b"
	note "$1 and $2 are connected"
}

# The last thing it was told of a call is that it rings, and its PRACK for it was answered.
linphone_rings()
{
	local pracks

	has 'Call .* ringing' "$D/$1.log" || return 1
	pracks=$(grep -c '^PRACK sip' "$D/$1/debug")
	[ "$pracks" -gt 0 ] && [ "$(tr -d '\r' <"$D/$1/debug" | awk '
		/^SIP\/2.0 / { ok = $2 == 200 } /^[A-Z]+ sip/ { ok = 0 }
		ok && /^CSeq: [0-9]+ PRACK/ { n++ } END { print n + 0 }')" -eq "$pracks" ]
}

linphone_streams()
{
	grep -c 'Media streams established' "$D/$1.log" || true
}

more_streams()
{
	[ "$(linphone_streams "$1")" -gt "$2" ]
}

# linphone_record NAME FILE: what NAME hears from now on, in this call or the next.
linphone_record()
{
	linphone_say "$1" record "$D/$1/$2.wav"
	echo "$D/$1/$2.wav" >"$D/$1/recording"
}

# linphones_quit NAME...: they unregister and end; then their recordings are whole.
linphones_quit()
{
	local name

	for name; do
		linphone_say "$name" quit
	done
	for name; do
		ended "$name" 10 || true
	done
}

# linphone_recorded NAME: enough to measure.
linphone_recorded()
{
	[ "$(size_of "$(cat "$D/$1/recording")")" -ge $((TALK_BYTES * 5 / 4)) ]
}

# linphone_heard NAME HZ OTHER...: its last recording is the tone HZ and nothing of OTHER.
linphone_heard()
{
	local name=$1 said

	shift
	said=$("$PY" "$LAB/tone.py" "$(cat "$D/$name/recording")" "$@") ||
		fail "$name should hear $1 Hz: $said"
	note "$name heard $1 Hz: $said"
}

# linphones_transfer BOB CAROL: alice calls the URI BOB, holds him, calls the URI CAROL, joins the
# two and is out. The tones are 440, 1000 and 700.
linphones_transfer()
{
	local name

	for name in alice bob carol; do
		wait_for 10 "$name can't register" edge_registration "r['aor'].startswith('$name@')"
		linphone_record "$name" first
	done
	linphone_calls alice bob "$1"
	wait_for 15 "alice hears nothing" linphone_recorded alice
	linphone_say alice pause 1
	wait_for 5 "bob is not held" has 'Call 1 .* is now paused' "$D/alice.log"
	linphone_calls alice carol "$2"

	linphone_say alice transfer 1 --to-call 2
	wait_for 10 "bob does not get carol" has 'Media streams established with .*carol' "$D/bob.log"
	wait_for 10 "carol does not get bob" has 'Media streams established with .*bob' "$D/carol.log"
	wait_for 10 "alice is still in a call" seen_times 2 'Call [12] .* ended' "$D/alice.log"
	linphone_record bob second
	linphone_record carol second
	wait_for 15 "bob hears nothing" linphone_recorded bob
	wait_for 15 "carol hears nothing" linphone_recorded carol
	linphone_say bob terminate
	wait_for 5 "a call is left" edge_quiet
	linphones_quit alice bob carol
	linphone_heard alice 1000 440
	linphone_heard bob 700 440 1000
	linphone_heard carol 1000 440 700
}
