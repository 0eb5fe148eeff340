#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# agent.limits: what a jail and those below it may use at most, from before
# their first process on; changed, taken away and brought back while they run.
# needs: root busybox jq unshare
# timeout: 120
. tests/lib.sh
. tests/agent.sh

groups() { # directories of this test's cgroups
	awk '/ - cgroup2? / { print $5 }' /proc/self/mountinfo |
	    while read -r _g; do
		find "$_g/jailagent" -mindepth 1 -type d \
		    -path "*:${work##*/}:*" 2>/dev/null
	done
}

group() { # JAIL CONTROLLER: the cgroup of its first process
	awk -F: -v c="$2" '
		{ path = substr($0, length($1 $2) + 3) }
		$2 == "" { v2 = path }
		index("," $2 ",", "," c ",") { v1 = path }
		END { print v1 != "" && v1 != "/" ? v1 : v2 }' \
	    "/proc/$(init_of "$1")/cgroup"
}

limit() { # JAIL FILE-OF-V1 FILE-OF-V2 CONTROLLER
	_path=$(group "$1" "$4")
	case $_path in
	*/jailagent/*) ;;
	*) echo "in $_path"; return ;;
	esac
	awk '/ - cgroup2? / { print $5 }' /proc/self/mountinfo |
	    while read -r _g; do
		for _f in "$_g${_path%/own}/$2" "$_g${_path%/own}/$3"; do
			[ ! -e "$_f" ] || { echo "$_f"; break 2; }
		done
	done
}

limit_is() { # JAIL FILE-OF-V1 FILE-OF-V2 CONTROLLER VALUE
	_file=$(limit "$1" "$2" "$3" "$4")
	same "$5" "$(cat "$_file")"
}

processes_of() { # JAIL: how many, with its first one
	_ns=$(readlink "/proc/$(init_of "$1")/ns/pid")
	for _p in $(jailed); do
		[ "$(readlink "/proc/$_p/ns/pid")" != "$_ns" ] || echo "$_p"
	done | wc -l
}

many() { [ "$(processes_of bomb)" -ge "$1" ]; }

plan_is_empty() {
	ja plan "$specs" > "$work/plan" 2>&1 || { cat "$work/plan"; return 1; }
}

little_root "$work/roots/bomb"
cp -R "$work/roots/bomb" "$work/roots/calm"
cp -R "$work/roots/bomb" "$work/roots/sub"
ln -s busybox "$work/roots/calm/bin/awk"
cat > "$work/roots/bomb/bin/bomb" <<'EOF'
#!/bin/sh
# The shell ends when it cannot fork.
while :; do
	sleep 1000 &
done
EOF
chmod 755 "$work/roots/bomb/bin/bomb"

# Where there are no controllers nothing is tried.
spec bomb "agent.limits.memory: 64M" > "$work/memory.yaml"
without_cgroups() {
	unshare -m sh -c 'umount -R -l /sys/fs/cgroup; exec "$@"' sh \
	    "$JAILAGENT" -k "$kernel" -s "$state" "$@"
}
check "a host without controllers" expect_status 2 \
    without_cgroups plan "$work/memory.yaml"
check "is told what it lacks" says 'agent.limits.memory: this host cannot limit'
if ja plan "$work/memory.yaml" 2>&1 | grep -q 'cannot limit'; then
	skip "limits" "this host has no controller for them"
	exit 0
fi

agent_start --interval 1 --max-remove 50 > "$work/why"
put_spec bomb "agent.limits: {processes: 20, memory: 64M, cpu: 50%}" \
    "children.max: 1" "mount.devfs: true" 'exec.start: ["/bin/bomb &"]'
put_spec calm "mount.devfs: true"
check "jails" settled bomb calm
check "a fork bomb" soon many 15
sleep 0.3
check_not "is bounded" many 21
check "what the limits are: processes" limit_is bomb pids.max pids.max pids 20
check "memory" limit_is bomb memory.limit_in_bytes memory.max memory 67108864
check "programs still get in" ja exec bomb true
check "plan has nothing to do" plan_is_empty

put_spec bomb.sub "path: $work/roots/sub" "mount.devfs: true"
check "a jail below it" settled bomb.sub
below() {
	_above=$(group bomb pids)
	case $(group bomb.sub pids) in
	"${_above%/own}" | "${_above%/own}"/*) ;;
	*) return 1 ;;
	esac
}
check "is in its limits" below

# A jail that had none gets some, and all processes that it has.
check "programs in a jail without limits" \
    ja exec calm sh -c 'sleep 1000 & sleep 1000 &'
calm=$(identity calm)
bomb=$(identity bomb)
put_spec calm "mount.devfs: true" "agent.limits: {memory: 16M, processes: 40}"
put_spec bomb "agent.limits: {processes: 30, memory: 64M, cpu: 50%}" \
    "children.max: 1" "mount.devfs: true" 'exec.start: ["/bin/bomb &"]'
limits_now() {
	limit_is calm pids.max pids.max pids 40 &&
	    limit_is bomb pids.max pids.max pids 30
}
check "others, and the first ones of a jail" soon limits_now
entered=$(cat "$(dirname "$(limit calm pids.max pids.max pids)")"/cgroup.procs \
    "$(dirname "$(limit calm pids.max pids.max pids)")"/own/cgroup.procs \
    2>/dev/null | wc -l)
check "with its processes" test "$entered" -ge 3
hog() { ja exec calm awk 'BEGIN { s = "x"; while (1) s = s s }'; }
check_not "what takes too much memory ends" hog
check "and nothing else" same "$calm $bomb" \
    "$(identity calm) $(identity bomb)"
settled > "$work/why"
check "plan has nothing to do then" plan_is_empty

limit calm pids.max pids.max pids > "$work/file"
echo 7 > "$(cat "$work/file")"
check "what somebody changed comes back" \
    soon limit_is calm pids.max pids.max pids 40

settled > "$work/why"
stop agent TERM
agent_start --interval 1 --max-remove 50 > "$work/why"
check "another agent" settled
check "does nothing" same "" "$(deeds)"

put_spec calm "mount.devfs: true"
check "limits are taken away" soon limit_is calm pids.max pids.max pids max
check "while it runs" same "$calm" "$(identity calm)"
check "all is settled" settled
check "and plan knows" plan_is_empty

before=$(groups | wc -l)
kill -KILL "${bomb%% *}"
another() { [ "$(identity bomb)" != "$bomb" ] && settled bomb; }
check "a jail that was killed comes back" soon another
check "with its limits" limit_is bomb pids.max pids.max pids 30
settled > "$work/why"
check "the old ones have gone" same "$before" "$(groups | wc -l)"

rm "$specs"/*.yaml
no_jails() { same "" "$(ja list name)"; }
check "jails are removed" soon no_jails
stop agent TERM
check "and their cgroups" same "" "$(groups)"
