#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What an agent that was killed left is taken up by the next one: hooks that
# live on are killed first.  After a boot its journal is not believed.
# needs: root busybox ip unshare mount pgrep
. tests/apart.sh
apart -n -m -p -f --mount-proc --kill-child
. tests/lib.sh
. tests/agent.sh
. tests/steps.sh

check "a jail comes and goes" begin

# interrupted HOOK: kills the agent while the hook waits; its pid is in $hook.
interrupted() {
	rm -f "$work/pid" "$root/pid"
	start apply "$JAILAGENT" -k "$kernel" -s "$state" apply --prune \
	    "$specs"
	wait_until 10 sh -c "pgrep -f -x 'sleep 4747' > '$work/pid'" || {
		cat "$work/apply.log"
		return 1
	}
	hook=$(cat "$work/pid")
	stop apply KILL
	alive "$hook"
}

# The first hook of the next agent looks for the one that was left.
look() {
	cat > "$work/look" <<-END
	#!/bin/sh
	! kill -0 $hook 2>/dev/null || grep -q '^State:.Z' /proc/$hook/status ||
	    echo alive >> "$work/seen"
	exec "$work/hook" prepare
	END
	chmod 755 "$work/look"
}

hooks_ran() { cut -d ' ' -f 1 "$work/log" | tr '\n' ','; }
# What had begun, and no more.
undone() {
	case $at in
	prepare) _undone=release, ;;
	*) _undone=poststop,release, ;;
	esac
	same "${_undone}prepare,prestart,created,poststart," \
	    "$(hooks_ran)"
}

for at in prepare prestart start; do
	rm -f "$work/seen"
	web "exec.$at: [/bin/sh -c 'sleep 4747']"
	check "exec.$at goes on when the agent is killed" interrupted
	look
	web "exec.prepare: [$work/look]"
	: > "$work/log"
	check "exec.$at: the next agent starts the jail" apply
	check "exec.$at: and undoes before what had begun" undone
	check "exec.$at: with all that it needs" as "$work/up"
	check "exec.$at: the old hook was killed first" test ! -e "$work/seen"
	check_not "exec.$at: it is gone" alive "$hook"
	rm "$specs/web.yaml"
	check "exec.$at: and the jail goes" apply
	check "exec.$at: without a trace" as "$work/before"
done

# A stop: what ran to its end before does not run again.
# once HOOK: a hook that waits the first time.
once() { printf '"%s/hook %s", "test -e %s/again || { : > %s/again; exec sleep 4747; }"' \
    "$work" "$1" "$work" "$work"; }
for at in poststop release; do
	rm -f "$work/again"
	web "exec.$at: [$(once $at)]"
	check "a jail that waits in exec.$at" apply
	rm "$specs/web.yaml"
	: > "$work/log"
	check "exec.$at of its stop goes on when the agent is killed" interrupted
	check "exec.$at: the next agent ends the stop" apply
	_again=
	[ "$at" = release ] || _again=poststop,
	check "exec.$at: and runs what did not end, and no more" same \
	    "prestop,poststop,${_again}release,$([ "$at" = poststop ] ||
	    echo release,)" "$(hooks_ran)"
	check_not "exec.$at: the old hook is gone" alive "$hook"
	check "exec.$at: without a trace" as "$work/before"
done

# boot: a new boot id, no jail, and of the network what the host makes itself.
# The run directory stays, which is more than a boot leaves.
boot() {
	end_jails "${work##*/}/"
	for _a in "10.7.0.2/24 dev v0" "10.7.0.3/32 dev v1" "fd07::2/64 dev v0"
	do
		# shellcheck disable=SC2086 # words are wanted
		ip addr del $_a
	done
	cat /proc/sys/kernel/random/uuid > "$work/boot_id"
	mount --bind "$work/boot_id" /proc/sys/kernel/random/boot_id
}

web
check "a jail" apply
check "the host boots" boot
: > "$work/log"
check "plan says why" expect_status 2 ja plan "$specs"
check "with the reason" says "host booted"
check "it is started" apply
check "with all that it needs" as "$work/up"
check "without the hooks of a stop" same "prepare,prestart,created,poststart," \
    "$(hooks_ran)"

# What the host has from now on is its own, whatever the old journal says.
check "the host boots again" boot
ip addr add 10.7.0.2/24 dev v0
rm "$specs/web.yaml"
check "the jail is not wanted any more" apply
check "its address is the host's" sh -c "ip -o addr | grep -q 10.7.0.2/24"
web
check "it is wanted again" apply
rm "$specs/web.yaml"
check "and goes" apply
check "the host's address stays" sh -c "ip -o addr | grep -q 10.7.0.2/24"
ip addr del 10.7.0.2/24 dev v0
rm -f "$work/made"/*
check "nothing else is left" as "$work/before"

# An attempt that the boot cut off.
web "exec.start: [/bin/sh -c 'sleep 4747']"
check "a start is interrupted" interrupted
kill -KILL "$hook"
check "by a boot" boot
: > "$work/log"
rm -f "$work/made"/*
web
check "it is begun anew" apply
check "not undone" same "prepare,prestart,created,poststart," "$(hooks_ran)"
check "with all that it needs" as "$work/up"
rm "$specs/web.yaml"
check "it goes" apply
check "without a trace" as "$work/before"
