# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# long
#
# RT-5, rt_05: what case 69 shows in half a minute, at full length: a phone behind a NAT that
# forgets after 30 s is held for two minutes, and both hear each other again through the same
# hole, which the NAT's own table had all the time.

# shellcheck source=/dev/null
. "$LAB/cases/69-hold-behind-nat.sh"
# shellcheck disable=SC2034 # read by what is sourced above
HOLD_LOOKS=24 NAT_IDLE=30s VOICE_S=240 WITH=kept
