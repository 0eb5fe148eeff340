#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs one test program for tests/run.sh: usage: run_one.sh KIND/NAME
#
# A program gets its own directory (TMPDIR), its own process group and a time
# limit.  It is a failure to crash, to print no test at all, to run fewer tests
# than planned, to skip without a reason, to leave processes behind, to have a
# sanitizer report in any process.  What it printed is shown then.
#
# In the first lines of its source a test may say
#	needs: root minisign strace	(skipped with that reason when not there)
#	timeout: SECONDS		(unit tests 120, system tests 300)
set -u

. tests/common.sh

name=$1
program=${name#*/}
case $name in
unit/*) source=tests/$name.c run="$BUILD/tests/unit/$program" limit=120 ;;
*) source=tests/$name.sh run="sh tests/$name.sh" limit=300 ;;
esac

dir=$RUN_DIR/$(echo "$name" | tr / -)
mkdir -p "$dir/tmp" "$dir/reports"
chmod 755 "$dir" "$dir/tmp"
chmod 1777 "$dir/reports" # a process of another user can have one to write
out=$dir/output

header() { # WORD: what the source says after "WORD:" in its first lines
	sed -n "1,25s/^[ *#/]*$1: *//p" "$source" | head -n 1
}

missing_need() { # prints what is needed and not there
	for need in $(header needs); do
		if [ "$need" = root ]; then
			[ "$(id -u)" -eq 0 ] || { echo "needs root"; return; }
		elif ! command -v "$need" > /dev/null; then
			echo "needs $need, which is not installed"
			return
		fi
	done
}

# Processes of the group that still run (a zombie waits for its parent only).
group_members() {
	cat /proc/[0-9]*/stat 2>/dev/null | GROUP=$1 awk '{
		pid = $1
		sub(/.*\) /, "")
		if ($3 == ENVIRON["GROUP"] && $1 != "Z")
			print pid
	}'
}

run_program() {
	report="log_path=$dir/reports/sanitizer"
	(
		export TMPDIR="$dir/tmp" TEST_NAME="$name" TEST_ID="$program"
		export CMOCKA_MESSAGE_OUTPUT=TAP
		# Freed memory rests before it is used again, but not 256 MB of
		# it: to touch as much anew took half of the time.
		export ASAN_OPTIONS="detect_leaks=1:quarantine_size_mb=32:$report"
		export UBSAN_OPTIONS="print_stacktrace=1:$report"
		# shellcheck disable=SC2086 # words are wanted
		default_signals timeout -k 5 "$limit" $run
	) > "$out" 2>&1 &
	pid=$!
	trap 'kill -TERM $pid; wait $pid; exit 130' INT TERM HUP
	wait $pid
	status=$?
	trap - INT TERM HUP
}

end_group() { # what a program left running is ended, and said
	tries=0
	while [ -n "$(group_members $pid)" ] && [ $tries -lt 20 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	left=$(for p in $(group_members $pid); do
		printf '%s (%s) ' "$p" "$(cat "/proc/$p/comm" 2>/dev/null)"
	done)
	[ -z "$left" ] || kill -KILL "-$pid" 2>/dev/null
}

problems() { # what makes the whole program a failure
	planned=$(awk '/^1\.\.[0-9]+$/ { sub(/1\.\./, ""); n += $0 }
	    END { print n + 0 }' "$out")
	ran=$(wc -l < "$dir/results")
	if [ "$status" -eq 127 ] && [ ! -e "${run#sh }" ]; then
		echo "was not built"
	elif [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
		echo "not finished after $limit s"
	elif [ "$status" -gt 128 ]; then
		echo "ended by signal $((status - 128))"
	elif [ "$status" -ne 0 ] && ! grep -q '^failed' "$dir/results"; then
		echo "exit status $status although no test failed"
	fi
	[ "$ran" -gt 0 ] || echo "no test was run"
	[ "$ran" -ge "$planned" ] || echo "$planned tests planned, $ran run"
	[ -z "$left" ] || echo "left processes running: $left"
	for f in "$dir"/reports/*; do
		[ -e "$f" ] && echo "sanitizer report: ${f##*/}"
	done
	return 0
}

# One report at a time, although programs run side by side.
say() {
	until mkdir "$RUN_DIR/saying" 2>/dev/null; do
		sleep 0.02
	done
	cat
	cat "$dir/results" >> "$RESULTS"
	rmdir "$RUN_DIR/saying"
}

report() {
	count=$(grep -c '^passed' "$dir/results")
	what=$(printf '%-28s %4d tests  %s' "$name" "$count" "$(seconds $took)")
	if grep -q '^failed' "$dir/results"; then
		printf 'FAIL  %s\n' "$what"
		sed 's/^/    | /' "$out"
		for f in "$dir"/reports/*; do
			[ -e "$f" ] && sed 's/^/    | /' "$f"
		done
		awk -F '\t' '$1 == "failed" {
			printf "    failed: %s%s\n", $3, $4 ? " (" $4 ")" : ""
		}' "$dir/results"
	else
		printf 'ok    %s\n' "$what"
	fi
}

skip_reason=$(missing_need)
if [ -n "$skip_reason" ]; then
	printf 'skipped\t%s\t%s\t%s\n' "$name" all "$skip_reason" > "$dir/results"
	printf 'skip  %s: %s\n' "$name" "$skip_reason" | say
	exit 0
fi

limit_said=$(header timeout)
limit=${limit_said:-$limit}
start=$(now_ms)
run_program
took=$(($(now_ms) - start))
end_group
tap_results "$name" < "$out" > "$dir/results"
problems > "$dir/problems"
while read -r p; do
	printf 'failed\t%s\t%s\t%s\n' "$name" "the program" "$p"
done < "$dir/problems" >> "$dir/results"
report | say
remove_tree "$dir"
exit 0
