# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154,SC2120
# For system tests of the steps of a life: sourced after tests/lib.sh and
# tests/agent.sh, with a network and mounts of its own (`unshare -n -m`).
#
# The jail `web` uses each kind of step that Linux has: hooks on the host and in
# the jail, aliases of both families on two interfaces, mounts, persist that is
# taken back.  Each hook notes what it sees, and fails when $work/fail/NAME (in
# the jail /fail/NAME) is there.  What hooks do is a file in $work/made, which
# the hook that belongs to it undoes.  The host has an address and a mount of
# its own that the spec names, too.

root=$work/roots/web
host_hooks="prepare prestart created poststart prestop poststop release"

make_hooks() {
	mkdir -p "$work/fail" "$work/made" "$root/fail"
	cat > "$work/hook" <<-'END'
	#!/bin/sh
	# hook NAME: notes NAME, how many aliases of the jail there are, and
	# whether the jail is
	here=${0%/*}
	aliases=$(ip -o addr show | grep -c -E ' (10\.7\.0\.[23]|fd07::2)/')
	echo "$1 $aliases ${JID:+jail}" >> "$here/log"
	case $1 in
	prepare | prestart) : > "$here/made/$1" ;;
	poststop) rm -f "$here/made/prestart" ;;
	release) rm -f "$here/made/prepare" ;;
	esac
	[ ! -e "$here/fail/$1" ]
	END
	cat > "$root/bin/hook" <<-'END'
	#!/bin/sh
	echo "$1" >> /log
	[ ! -e "/fail/$1" ]
	END
	chmod 755 "$work/hook" "$root/bin/hook"
}

make_host() {
	little_root "$root"
	make_hooks
	mkdir -p "$root/mnt" "$root/own" "$work/src"
	echo word > "$work/src/file"
	mount --bind "$work/src" "$root/own" || return 1
	ip link set lo up
	ip link add v0 type veth peer name v1 || return 1
	ip link set v0 up
	ip link set v1 up
	ip addr add 10.7.0.1/24 dev v0
	ip addr add fd07::1/64 dev v0 nodad
}

# web [LINE...]: the spec; a line replaces the one with its key.
web() {
	{
		printf '%s\n' "name: web" "path: $root" "interface: v0" \
		    "ip4.addr: [10.7.0.1/24, 10.7.0.2/24, v1|10.7.0.3/32]" \
		    'ip6.addr: ["fd07::2/64"]' \
		    "mount: [$work/src $root/mnt nullfs ro]" \
		    "mount.devfs: true" "mount.procfs: true" "stop.timeout: 1"
		for _h in $host_hooks; do
			echo "exec.$_h: [$work/hook $_h]"
		done
		printf '%s\n' 'exec.start: [/bin/hook start, "/bin/sleep 1000 &"]' \
		    "command: [/bin/hook command]" "exec.stop: [/bin/hook stop]"
		printf '%s\n' "$@"
	} | awk -F : 'NF == 0 { next } !($1 in at) { at[$1] = ++n }
	    { line[at[$1]] = $0 }
	    END { for (i = 1; i <= n; i++) print line[i] }' |
	    put web
}

apply() { ja apply --prune "$specs"; }

# What there is of jails: on the host, of processes and of hooks.
traces() {
	{
		ip -o addr show | awk '$4 !~ /^fe80:/ { print "address " $2, $4 }'
		ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/interface \1/'
		mounts_below "$work" | sed 's/^/mount /'
		for _p in $(jailed); do
			tr '\0' ' ' < "/proc/$_p/cmdline" |
			    awk 'NF > 0 { print "process " $0 }'
		done
		ja list name | sed 's/^/jail /'
		find "$work/made" "$run_dir/applied" -type f | sed 's/^/file /'
		_groups=$(awk '/ - cgroup2 / { print $5; exit }' \
		    /proc/self/mountinfo)
		[ -z "$_groups" ] || find "$_groups/jailagent" -type d \
		    -path "*${work##*/}*/*" | sed 's/.*/cgroup of a jail/'
	} 2>/dev/null | sort
}

# as FILE: whether the traces are what the file says, soon.
as() {
	wait_until 3 _as "$1" && return 0
	traces > "$work/traces"
	diff "$1" "$work/traces"
}

_as() { [ "$(traces)" = "$(cat "$1")" ]; }

# begin: makes all, and remembers in $work/before and $work/up what there is
# without the jail and with it.
begin() {
	make_host || return 1
	web
	apply && traces > "$work/up" && rm "$specs/web.yaml" && apply &&
	    traces > "$work/before"
}
