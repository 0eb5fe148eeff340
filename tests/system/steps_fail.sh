#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each step of a start and of a stop fails in turn, for a real cause: what was
# done is undone in reverse, nothing is left, and the next attempt succeeds once
# the cause is gone.
# needs: root busybox ip unshare mount
. tests/apart.sh
apart -n -m -p -f --mount-proc --kill-child
. tests/lib.sh
. tests/agent.sh
. tests/steps.sh

if sanitized; then
	skip "failing steps" "too slow with sanitizers; hooks and mounts run \
the same code with them"
	exit 0
fi
check "a jail comes and goes" begin

log() { cut -d ' ' -f 1-2 "$work/log" | tr '\n' ',' | tr -d ' '; }

# start_fails STEP WHAT [LOG]: the spec is there, and so is the cause.
start_fails() {
	: > "$work/log"
	check "$1: the start fails" expect_status 1 apply
	check "$1: it says so" says "$2"
	check "$1: nothing is left" as "$work/before"
	[ -z "${3:-}" ] || check "$1: undone in reverse" same "$3" "$(log)"
}

# Then, the cause being gone:
start_works() { # STEP
	check "$1: then it starts" apply
	check "$1: with all that it needs" as "$work/up"
	rm "$specs/web.yaml"
	check "$1: and it goes" apply
	check "$1: without a trace" as "$work/before"
}

hook_fails() { # NAME LOG
	: > "$work/fail/$1"
	: > "$root/fail/$1"
	web
	start_fails "exec.$1" "hook $1: exit status 1" "$2"
	rm "$work/fail/$1" "$root/fail/$1"
	start_works "exec.$1"
}

# A hook is followed by the number of the jail's aliases that it saw.
hook_fails prepare "prepare0,release0,"
hook_fails prestart "prepare0,prestart3,poststop3,release0,"
up=prepare0,prestart3,created3
down=poststop3,release0,
hook_fails created "$up,$down"
hook_fails start "$up,$down"
hook_fails command "$up,$down"
hook_fails poststart "$up,poststart3,$down"

web "ip4.addr: [10.7.0.1/24, 10.7.0.2/24, w0|10.7.0.3/32]"
start_fails "IPv4 alias" "no interface w0" "prepare0,release0,"
web
start_works "IPv4 alias"
web 'ip6.addr: ["w0|fd07::2/64"]'
start_fails "IPv6 alias" "no interface w0" "prepare0,release0,"
web
start_works "IPv6 alias"

# The kernel's call itself: it is refused, or cannot be made real.  Another jail
# takes the jid when it is too late to plan for it.
rival="$BUILD/tests/helper/jail $kernel"
web "jid: 77" "exec.prestart: [$work/hook prestart, $rival create name=other path=$root jid=77 persist ip4=inherit ip6=inherit]"
: > "$work/log"
check "jail_set: the start fails" expect_status 1 apply
check "jail_set: it says so" says "77"
check "jail_set: undone in reverse" same "prepare0,prestart3,$down" "$(log)"
# shellcheck disable=SC2086 # words are wanted
check "the other jail ends" $rival remove 77
check "jail_set: nothing is left" as "$work/before"
web "jid: 77"
start_works "jail_set"
mv "$root/mnt" "$root/mnt.away"
web
start_fails "mount" "No such file" "prepare0,prestart3,$down"
mv "$root/mnt.away" "$root/mnt"
start_works "mount"
mv "$work/src" "$work/src.away"
web
start_fails "mount's source" "No such file" "prepare0,prestart3,$down"
mv "$work/src.away" "$work/src"
start_works "mount's source"
mkdir "$work/console"
web "exec.consolelog: $work/console"
start_fails "console log" "Is a directory" "$up,$down"
rmdir "$work/console"
web
start_works "console log"
web "exec.jail_user: worker"
start_fails "user" "worker" "$up,$down"
web
start_works "user"

# An interface that is given to the jail.
web "vnet: new" "interface: lo" "ip4.addr: []" "ip6.addr: []" \
    "vnet.interface: [v1, w0]"
sed '/v1|\|^interface\|^ip[46].addr/d' "$specs/web.yaml" | put web
start_fails "vnet.interface" "w0" "prepare0,prestart0,created0,poststop0,release0,"
# v1 lost its addresses and its link on the way, as every interface does.
ip link set v1 up
web
start_works "vnet.interface"

# A stop: before the removal the jail stays, after it the rest is done.
stop_fails() { # NAME STAYS LOG
	web
	check "exec.$1: a jail" apply
	rm "$specs/web.yaml"
	: > "$work/fail/$1"
	: > "$root/fail/$1"
	: > "$work/log"
	check "exec.$1: the stop fails" expect_status 1 apply
	check "exec.$1: it says so" says "hook $1: exit status 1"
	if [ "$2" = stays ]; then
		check "exec.$1: the jail is as it was" as "$work/up"
	else
		check "exec.$1: nothing is left" as "$work/before"
	fi
	check "exec.$1: what follows is done or not" same "$3" "$(log)"
	rm "$work/fail/$1" "$root/fail/$1"
	check "exec.$1: then it stops" apply
	check "exec.$1: without a trace" as "$work/before"
}
stop_fails prestop stays "prestop3,"
stop_fails stop stays "prestop3,"
stop_fails poststop goes "prestop3,$down"
stop_fails release goes "prestop3,$down"
