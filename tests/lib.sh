# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# For system tests (tests/system/*.sh), which begin with
#
#	#!/bin/sh
#	# SPDX-License-Identifier: BSD-2-Clause
#	# What is tested, in a sentence.
#	# needs: root
#	. tests/lib.sh
#
# and run from the top of the source.  They print "ok - NAME", "not ok - NAME"
# or "skip - NAME: REASON" through the functions here.  $work is a directory of
# the test's own, below which everything that it makes has to be; at the end,
# also when interrupted, the processes started with `start` and all jails with a
# root below $work are ended, mounts below $work undone, and $work is removed
# with the run directories of state directories in it.
set -u

TOP=${TOP:-$(pwd -P)}
. "$TOP/tests/common.sh"
. "$TOP/tests/jails.sh"
BUILD=$(absolute "${BUILD:-build}")
# shellcheck disable=SC2034 # for the tests
JAILAGENT=$BUILD/jailagent
work=$(mktemp -d "${TMPDIR:-/tmp}/jailagent-test.XXXXXX") || exit 1
work=$(cd "$work" && pwd -P)
chmod 755 "$work"
export TEST_ID="${work##*.}" # by which its programs are known
failures=0
: > "$work/pids"

# ---- results -------------------------------------------------------------

ok() { echo "ok - $1"; }

# not_ok NAME [FILE]: FILE is shown as the explanation.
not_ok() {
	failures=$((failures + 1))
	echo "not ok - $1"
	[ $# -lt 2 ] || sed 's/^/# /' "$2"
}

skip() { echo "skip - $1: $2"; } # NAME REASON

# Whether this is the build with sanitizers.
sanitized() { [ "${BUILD##*/}" = asan ]; }

# check NAME COMMAND...: succeeds when the command does.
check() {
	_check_name=$1
	shift
	if "$@" > "$work/check.out" 2>&1; then
		ok "$_check_name"
	else
		_check_status=$?
		{
			echo "exit status $_check_status of: $*"
			cat "$work/check.out"
		} > "$work/check.why"
		not_ok "$_check_name" "$work/check.why"
		return 1
	fi
}

# check_not NAME COMMAND...: succeeds when the command fails.
check_not() {
	_check_name=$1
	shift
	check "$_check_name" fails "$@"
}

fails() {
	! "$@"
}

# expect_status N COMMAND...: what the command printed goes to $work/out.
expect_status() {
	_want=$1
	shift
	"$@" > "$work/out" 2>&1
	_got=$?
	[ "$_got" -eq "$_want" ] && return 0
	echo "exit status $_got instead of $_want of: $*"
	cat "$work/out"
	return 1
}

# says TEXT: whether the output kept by expect_status has a line with TEXT.
says() {
	grep -F -q -e "$1" "$work/out" && return 0
	echo "no line with: $1"
	cat "$work/out"
	return 1
}

same() { # WANTED GOT
	[ "$1" = "$2" ] && return 0
	printf 'wanted: %s\n   got: %s\n' "$1" "$2"
	return 1
}

# wait_until SECONDS COMMAND...: tries every 20 ms; silent.
wait_until() {
	_end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@" > /dev/null 2>&1; do
		[ "$(now_ms)" -lt "$_end" ] || return 1
		sleep 0.02
	done
}

# ---- processes -----------------------------------------------------------

# start NAME COMMAND...: runs a program in the background, output to
# $work/NAME.log; its pid is in $started and, for stop, under the name.
start() {
	_name=$1
	shift
	(default_signals "$@") > "$work/$_name.log" 2>&1 &
	started=$!
	echo "$_name $started" >> "$work/pids"
}

pid_of() { # NAME given to start
	awk -v name="$1" '$1 == name { pid = $2 } END { print pid }' "$work/pids"
}

# stop NAME [SIGNAL]: ends what start started and waits; sets $stopped to its
# exit status.  SIGKILL follows after 10 s and makes it 137.
stop() {
	_pid=$(pid_of "$1")
	kill "-${2:-TERM}" "$_pid" 2>/dev/null
	wait_until 10 fails alive "$_pid" || kill -KILL "$_pid" 2>/dev/null
	wait "$_pid" 2>/dev/null
	# shellcheck disable=SC2034 # for the tests
	stopped=$?
	sed -i "/^$1 $_pid\$/d" "$work/pids"
}

# each_run_directory COMMAND...: for what agents made outside $work; a state
# directory has "applied" in it.
each_run_directory() {
	find "$work" -maxdepth 3 -type d -name applied |
	    while read -r _applied; do
		_run=$(run_directory "${_applied%/applied}")
		[ ! -d "$_run" ] || "$@" "$_run"
	done
}

end_test() {
	trap '' INT TERM HUP
	cut -d ' ' -f 1 "$work/pids" | sort -u > "$work/names"
	while read -r _n; do
		stop "$_n"
	done < "$work/names"
	end_jails "${work##*/}/"
	each_run_directory rm -rf
	remove_tree "$work"
}

# shellcheck disable=SC2154 # the trap assigns it
trap '_s=$?; end_test; [ $_s -ne 0 ] || [ $failures -eq 0 ] || _s=1; exit $_s' \
    EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- what must be as before ----------------------------------------------

# Whether a process has to do with this test: its program was built here and is
# not that of a test that runs meanwhile, which has an environment or a PID
# namespace of its own, or its arguments, environment, directory or mounts name
# $work.  Jailed processes have their root's path in mountinfo.
is_ours() {
	case $(readlink "/proc/$1/exe" 2>/dev/null) in
	"$BUILD"/*)
		case $(tr '\0' '\n' < "/proc/$1/environ" 2>/dev/null |
		    sed -n 's/^TEST_ID=//p') in
		'') [ "$(readlink "/proc/$1/ns/pid")" != \
		    "$(readlink /proc/self/ns/pid)" ] || return 0 ;;
		"$TEST_ID") return 0 ;;
		esac
		;;
	esac
	case $(readlink "/proc/$1/cwd" 2>/dev/null) in
	"$work"/*) return 0 ;;
	esac
	grep -q -a -F "${work##*/}" "/proc/$1/cmdline" "/proc/$1/environ" \
	    2>/dev/null || has_mounts_of "$1" "${work##*/}/"
}

# Processes of this test, except the shells that run it, with the namespaces
# that differ from the test's own.
listing_processes() {
	for _p in /proc/[0-9]*; do
		_p=${_p#/proc/}
		if [ "$_p" = $$ ] || ! is_ours "$_p"; then
			continue
		fi
		_args=$(tr '\0' ' ' < "/proc/$_p/cmdline" 2>/dev/null)
		case $_args in
		'' | "sh $TOP"* | "sh tests/"* | *tests/run*) continue ;;
		esac
		echo "process $_p $_args"
		for _n in mnt pid uts ipc net user cgroup; do
			_of=$(readlink "/proc/$_p/ns/$_n") || continue
			[ "$_of" = "$(readlink /proc/self/ns/$_n)" ] ||
			    echo "namespace $_of"
		done
	done 2>/dev/null
}

# listing: a sorted listing of the host's state, to be kept before a test does
# anything and compared at its end: mounts, network interfaces and addresses;
# processes, namespaces and run files of this test.
listing() {
	{
		awk '{ print "mount " $5, $4, $6 }' /proc/self/mountinfo |
		    WORK=$work RUN=${RUN_DIR:-/tmp}/ awk '
		        index($2, ENVIRON["WORK"]) == 1 ||
		        ($2 !~ "^/tmp/" && index($2, ENVIRON["RUN"]) != 1)'
		listing_processes
		each_run_directory find | sed 's/^/run /'
		awk 'NR > 2 { print "interface " $1 }' /proc/net/dev
		awk '{ print "address " $1, $6 }' /proc/net/if_inet6
		awk '/host LOCAL/ { print "address " prev } { prev = $2 }' \
		    /proc/net/fib_trie
	} 2>/dev/null | sort -u
}

# unchanged BEFORE: whether listing says what the file BEFORE does; what is
# going away gets 3 s.
unchanged() {
	wait_until 3 _unchanged "$1" && return 0
	listing > "$work/listing"
	diff "$1" "$work/listing"
}

_unchanged() {
	[ "$(listing)" = "$(cat "$1")" ]
}

# traced FILE COMMAND...: runs it under strace (children too); LeakSanitizer
# cannot work in a traced process.  FILE has "PID CALL" for each call, process
# by process: in a common file strace cuts a call in two when another process
# gets a word in, and neither half is what a test looks for.
traced() {
	_file=$1
	shift
	_traced=0
	ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" \
	    strace -ff -qq -o "$_file" "$@" || _traced=$?
	for _one in "$_file".[0-9]*; do
		sed "s/^/${_one##*.} /" "$_one"
		rm "$_one"
	done > "$_file"
	return $_traced
}
