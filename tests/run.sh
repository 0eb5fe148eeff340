#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs the tests: usage: tests/run.sh [-j JOBS] [PATTERN...]
#
# PATTERN is a shell pattern on names as they are printed ("unit/test_value",
# "system/*"); a word without * or / matches any part of a name.  Unit test
# programs run JOBS at a time (2), and one more, since some wait; then twice as
# many system tests, which wait more than they work.  With one job all run one
# after the other.  None changes what others may see of the host.  Those that
# measure short times say "beside: nothing" in their first lines, and run behind
# all others.
#
# BUILD    where the programs are (build)
# RESULTS  a file to which a line for each test is appended (common.sh), for a
#          summary over several runs, which is the caller's then
#
# Last line: "N passed, N failed, N skipped".  Exit status 1 if one failed.
set -u

TOP=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
cd "$TOP" || exit 1
. tests/common.sh

jobs=2
while getopts j: opt; do
	case $opt in
	j) jobs=$OPTARG ;;
	*) echo "usage: tests/run.sh [-j JOBS] [PATTERN...]" >&2; exit 64 ;;
	esac
done
shift $((OPTIND - 1))

BUILD=$(absolute "${BUILD:-build}")
RUN_DIR=$(mktemp -d "${TMPDIR:-/tmp}/jailagent-run.XXXXXX") || exit 1
RUN_DIR=$(cd "$RUN_DIR" && pwd -P)
chmod 711 "$RUN_DIR" # tests that become another user work below it
own_results=$RUN_DIR/results
: > "$own_results"
trap 'remove_tree "$RUN_DIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
export TOP BUILD RUN_DIR

# Names of all tests: the unit programs that were built, the system scripts.
all_names() {
	for f in tests/unit/test_*.c; do
		[ -e "$f" ] && echo "unit/$(basename "$f" .c)"
	done
	for f in tests/system/*.sh; do
		[ -e "$f" ] && echo "system/$(basename "$f" .sh)"
	done
	return 0
}

selected() { # NAME PATTERN...: whether one pattern matches
	name=$1
	shift
	[ $# -eq 0 ] && return 0
	for p; do
		case $p in
		*[*/?]*) ;;
		*) p="*$p*" ;;
		esac
		# shellcheck disable=SC2254 # a pattern is wanted
		case $name in
		$p) return 0 ;;
		esac
	done
	return 1
}

run_list() { # LIST JOBS: runs those named in the file
	[ ! -s "$1" ] ||
	    RESULTS=$own_results xargs -P "$2" -n 1 sh tests/run_one.sh < "$1"
}

# Tests whose first lines say "beside: nothing" go to the second list.
divide_systems() {
	: > "$RUN_DIR/systems"
	: > "$RUN_DIR/alone"
	sed -n '/^system\//p' "$RUN_DIR/names" | while read -r name; do
		case $(sed -n '1,25s/^# beside: *//p' "tests/$name.sh") in
		nothing) echo "$name" >> "$RUN_DIR/alone" ;;
		*) echo "$name" >> "$RUN_DIR/systems" ;;
		esac
	done
}

all_names | while read -r name; do
	selected "$name" "$@" && echo "$name"
done > "$RUN_DIR/names"
if [ ! -s "$RUN_DIR/names" ]; then
	if [ $# -gt 0 ]; then
		echo "no test matches: $*" >&2
		exit 1
	fi
	echo "there are no tests yet"
fi

sed -n '/^unit\//p' "$RUN_DIR/names" > "$RUN_DIR/units"
divide_systems
if [ "$jobs" -eq 1 ]; then
	run_list "$RUN_DIR/units" 1
	run_list "$RUN_DIR/systems" 1
else
	run_list "$RUN_DIR/units" $((jobs + 1))
	run_list "$RUN_DIR/systems" $((2 * jobs))
fi
run_list "$RUN_DIR/alone" 1

if [ -n "${RESULTS:-}" ]; then
	cat "$own_results" >> "$RESULTS"
	! grep -q '^failed' "$own_results"
else
	summary "$own_results"
fi
