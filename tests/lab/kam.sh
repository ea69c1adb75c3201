# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A registrar and small PBX that is not ours: Kamailio with digest accounts from a text file,
# domain example.test. It challenges REGISTER and every INVITE.

# kam_start HOST ADDRESS USER...: passwords are secret-USER. A Path is kept; with KAM_PATH=2 the
# 200 shows it, too.
kam_start()
{
	local host=$1 addr=$2 dir=$D/kam user

	shift 2
	mkdir -p "$dir/db"
	{
		echo 'username(string) domain(string) password(string)'
		for user; do
			echo "$user:example.test:secret-$user"
		done
	} >"$dir/db/subscriber"
	sed -e "s,@ADDR@,$addr,g" -e "s,@DIR@,$dir,g" -e "s,@PATH@,${KAM_PATH:-0}," \
		"$LAB/kamailio.cfg.in" >"$dir/kamailio.cfg"
	spawn kamailio "$host" kamailio -DD -E -f "$dir/kamailio.cfg" -Y "$dir" -m 64 -M 8
	wait_for 10 "Kamailio does not start" kamcmd -s "unix:$dir/ctl.sock" core.uptime
}

# What the registrar holds about all users.
kam_dump()
{
	kamcmd -s "unix:$D/kam/ctl.sock" ul.dump
}
