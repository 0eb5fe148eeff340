#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Processes that do not want to end: a jail with them is gone within its
# stop.timeout and a second, and nothing of them is left.
# needs: root busybox jq
# beside: nothing
#
# A shell needs /dev/null for what it runs in the background.
. tests/lib.sh
. tests/agent.sh

root=$work/roots/web
little_root "$root"
cat > "$root/bin/deaf" <<'EOF'
#!/bin/sh
# Ignores all that can be ignored; its child is nobody's.
trap '' TERM HUP INT QUIT USR1 USR2
(sh -c 'trap "" TERM HUP; while :; do sleep 1; done' &) &
while :; do sleep 1; done
EOF
cat > "$root/bin/breed" <<'EOF'
#!/bin/sh
# Makes children as long as it lives, each of which does; four deep.
trap '' TERM
[ "$1" -gt 4 ] || while :; do
	breed $(($1 + 1)) &
	breed $(($1 + 1)) &
	sleep 0.05
	wait
done
EOF
cat > "$root/bin/undead" <<'EOF'
#!/bin/sh
# Leaves children that it never waits for.
for i in 1 2 3 4 5; do
	sleep 0 &
done
exec sleep 1000
EOF
cat > "$root/bin/daemons" <<'EOF'
#!/bin/sh
# Sessions of their own, whose parents have ended, that ignore SIGTERM.
for i in 1 2 3; do
	(busybox setsid sh -c 'trap "" TERM; while :; do sleep 1; done' &)
done
EOF
chmod 755 "$root"/bin/deaf "$root"/bin/breed "$root"/bin/undead \
    "$root"/bin/daemons
# Bounded by a limit for a user whom nobody else is.
cp "$BUILD/tests/helper/inside/bomb" "$root/bin/bomb"
echo 'bomber:x:54321:54321:bomber:/:/bin/sh' >> "$root/etc/passwd"

agent_start --max-remove 50 > "$work/why"
put_spec web "exec.start: [/bin/true]"
check "a jail" settled web
rm "$specs/web.yaml"
check "is gone" soon is web .name ""
scene > "$work/before"
took() { # milliseconds of the last removal, by the agent's log
	sed -n 's/.* web: removed: .*; \([0-9]*\)[.0-9]* ms$/\1/p; s/.* web: removed: .*; \([0-9]*\)\(\.[0-9]*\)\{0,1\} s$/\1000/p' \
	    "$work/agent.log" | tail -n 1
}
left() { scene > "$work/after"; diff "$work/before" "$work/after"; }
many() { [ "$(jailed | wc -l)" -gt "$least" ]; }
for kind in deaf "breed 1" undead daemons "bomb 80"; do
	case $kind in
	bomb*) user=bomber least=50 ;;
	daemons) user=root least=3 ;;
	*) user=root least=1 ;;
	esac
	put_spec web "stop.timeout: 1" "exec.jail_user: $user" \
	    "mount.devfs: true" \
	    "exec.start: [\"/bin/$kind &\"]"
	check "$kind: it runs" settled web
	check "$kind: with processes" soon many
	sleep 0.3
	rm "$specs/web.yaml"
	check "$kind: it goes" soon is web .name ""
	ms=$(took)
	check "$kind: in time ($ms ms)" test "${ms:-9999}" -le 2000
	check "$kind: nothing is left" soon left
done
