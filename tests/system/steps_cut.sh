#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Whichever of its system calls fails while a jail is made, changed or removed,
# and wherever between two of them the agent is killed: what it did is undone by
# itself, or undone or completed by the next one, and nothing is left.
# needs: root busybox strace ip unshare mount
# timeout: 3600
#
# FAULTS: how many calls of each kind of trial are taken, "all" takes minutes.
. tests/apart.sh
apart -n -m -p -f --mount-proc --kill-child
. tests/lib.sh
. tests/agent.sh
. tests/steps.sh

faults=${FAULTS:-2}
# What leaves the process: files, the kernel's table, the spawner, netlink.
calls=write,pwrite64,writev,pwritev,sendmsg,sendto,rename,renameat,renameat2
calls=$calls,unlink,unlinkat,mkdir,mkdirat,ftruncate,fdatasync,clone,clone3,fork
calls=$calls,vfork,kill

if sanitized; then
	skip "failing system calls" "too slow with sanitizers"
	exit 0
fi

# strace_apply FILE [OPTION...]: the agent alone, not its helpers.
strace_apply() {
	_trace=$1
	shift
	timeout -k 1 40 strace -qq -o "$_trace" -e "trace=$calls" "$@" \
	    "$JAILAGENT" -k "$kernel" -s "$state" apply --prune "$specs" \
	    > "$work/apply.out" 2>&1
}

# points FILE: "CALL N" for each traced call, N being its number of that name;
# some of them, evenly spread.
points() {
	sed -n 's/^\([a-z0-9]*\)(.*/\1/p' "$1" | awk -v want="$faults" '
	    { line[NR] = $0 " " ++n[$0] }
	    END {
		step = want == "all" || NR <= want ? 1 : NR / want
		for (i = 1; i < NR + 1; i += step)
			print line[int(i)]
	    }'
}

# The jail that runs gets other addresses, mounts and parameters.
changed() {
	web "host.hostname: changed" \
	    "ip4.addr: [10.7.0.1/24, 10.7.0.4/24, v1|10.7.0.3/32]" \
	    "mount: [$work/src $root/mnt nullfs ro, tmpfs $root/tmp tmpfs]"
}

# trial HOW WHAT POINT: "" when all is well, else what is wrong.
trial() {
	_call=${3% *}
	_n=${3#* }
	case $2 in
	start) web ;;
	stop) web; apply > /dev/null 2>&1; rm -f "$specs/web.yaml" ;;
	change) web; apply > /dev/null 2>&1; changed ;;
	esac
	case $1 in
	killed) _inject="inject=$_call:signal=SIGKILL:when=$_n" ;;
	failing) _inject="inject=$_call:error=EIO:when=$_n" ;;
	esac
	strace_apply "$work/trace" -e "$_inject"
	_status=$?
	# One that fails undoes by itself, unless it is what comes after the start
	# that failed; nobody is left who could after a kill.
	if [ "$1-$2" = failing-start ] && [ $_status -eq 1 ] &&
	    grep -q 'INJECTED' "$work/trace" && ! _as "$work/up"; then
		as "$work/before" > "$work/why" || {
			echo "not undone:"
			cat "$work/apply.out" "$work/why"
		}
	fi
	[ "$2" != stop ] || web
	apply > "$work/again" 2>&1 || { echo "then not up:"; cat "$work/again"; }
	case $2 in
	change) as "$work/changed" ;;
	*) as "$work/up" ;;
	esac || cat "$work/again"
	ja plan --prune "$specs" > "$work/again" 2>&1 || {
		echo "then not as is said:"
		cat "$work/again"
	}
	# Whatever hooks of a stop ran, those of a start ran after them; one that
	# failed in good order left the jail as it was.
	_last=$(grep -E '^(prestop|poststart) ' "$work/log" | tail -n 1)
	[ "$1" = failing ] || [ "${_last%% *}" = poststart ] ||
	    echo "stopped, and not started"
	rm -f "$specs/web.yaml"
	apply > "$work/again" 2>&1 || { echo "then not down:"; cat "$work/again"; }
	as "$work/before" || cat "$work/again"
}

trials() { # HOW WHAT
	while read -r _point <&3; do
		trial "$1" "$2" "$_point" > "$work/wrong"
		[ ! -s "$work/wrong" ] || {
			echo "$1 at $_point of a $2:"
			sed 's/^/    /' "$work/wrong"
		}
	done 3< "$work/$2.points" > "$work/all.wrong"
	[ -s "$work/$2.points" ] && [ ! -s "$work/all.wrong" ] ||
	    { cat "$work/all.wrong"; return 1; }
}

check "a jail comes and goes" begin
web
check "a start is traced" strace_apply "$work/start.trace"
rm "$specs/web.yaml"
check "and a stop" strace_apply "$work/stop.trace"
web
check "a jail" apply
changed
check "and a change" strace_apply "$work/change.trace"
traces > "$work/changed"
check "that shows" fails diff -q "$work/up" "$work/changed"
rm "$specs/web.yaml"
check "all goes" apply
for what in start stop change; do
	points "$work/$what.trace" > "$work/$what.points"
	for how in killed failing; do
		check "$how at $(wc -l < "$work/$what.points") of \
$(grep -c "^[a-z0-9]*(" "$work/$what.trace") calls of a $what" trials $how $what
	done
done
