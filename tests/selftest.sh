#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Shows that the runner calls bad what is bad: runs it over small programs that
# pass, fail, crash, hang, skip, plan more than they run, or leave something.
set -u

TOP=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
cd "$TOP" || exit 1
. tests/common.sh

tree=$(mktemp -d "${TMPDIR:-/tmp}/jailagent-selftest.XXXXXX") || exit 1
trap 'remove_tree "$tree"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir -p "$tree/tests/unit" "$tree/tests/system" "$tree/build/tests/unit"
cp tests/run.sh tests/run_one.sh tests/common.sh tests/jails.sh \
    tests/lib.sh "$tree/tests"
failed=0

# unit NAME: a "unit test program" with the script on standard input.
unit() {
	: > "$tree/tests/unit/test_$1.c"
	{ echo '#!/bin/sh'; cat; } > "$tree/build/tests/unit/test_$1"
	chmod +x "$tree/build/tests/unit/test_$1"
}

system() { # NAME
	{ echo '#!/bin/sh'; cat; } > "$tree/tests/system/$1.sh"
}

# counted NAME "PASSED FAILED SKIPPED" [REASON]: what the runner must say.
counted() {
	out=$(env -u RESULTS BUILD=build sh "$tree/tests/run.sh" "$1" 2>&1)
	status=$?
	# shellcheck disable=SC2086 # words are wanted
	set -- "$1" "${3:-}" $2
	want="$3 passed, $4 failed, $5 skipped"
	bad=0
	[ "$4" -eq 0 ] || bad=1
	if [ "$(echo "$out" | tail -n 1)" = "$want" ] &&
	    [ $status -eq $bad ] && echo "$out" | grep -q -e "$2"; then
		echo "ok - runner: $1"
	else
		echo "not ok - runner: $1"
		echo "wanted \"$want\", $bad, \"$2\"; status $status from:"
		echo "$out" | sed 's/^/# /'
		failed=1
	fi
}

unit passes << 'EOF'
printf '1..2\nok 1 - a\nok 2 - b\n'
EOF
unit mixes << 'EOF'
printf '1..2\nno newlineok 1 - a\nnor herenot ok 2 - b\n'
exit 1
EOF
unit fails << 'EOF'
printf '1..2\nok 1 - a\nnot ok 2 - b\n'
exit 1
EOF
unit crashes << 'EOF'
printf '1..1\nok 1 - a\n'
kill -SEGV $$
EOF
unit stops_early << 'EOF'
printf '1..3\nok 1 - a\n'
EOF
unit runs_nothing << 'EOF'
exit 0
EOF
unit bad_status << 'EOF'
printf '1..1\nok 1 - a\n'
exit 3
EOF
unit skips << 'EOF'
printf '1..1\nskip: no moon\nnot ok 1 # SKIP a\n'
EOF
unit skips_silently << 'EOF'
printf '1..1\nnot ok 1 # SKIP a\n'
EOF
unit sanitizer << 'EOF'
printf '1..1\nok 1 - a\n'
file=${ASAN_OPTIONS##*log_path=}
echo "a report" > "$file.1"
EOF
system hangs << 'EOF'
# timeout: 1
echo "ok - a"
sleep 60
EOF
system leaves << 'EOF'
echo "ok - a"
sleep 60 &
EOF
system needs << 'EOF'
# needs: no_such_program
echo "ok - a"
EOF
system interrupted << 'EOF'
. tests/lib.sh
start sleeper sleep 60
mkdir "$work/a"
sh -c "kill -INT $$"
sleep 1
ok "not reached"
EOF
system helpers << 'EOF'
. tests/lib.sh
check "a" true
check_not "b" false
skip "c" "just so"
check "d" expect_status 3 sh -c 'echo text; exit 3'
check "e" says text
start sleeper sleep 60
check "f" alive "$(pid_of sleeper)"
check "g" wait_until 1 true
check_not "h" wait_until 1 false
stop sleeper
check "i" same 143 "$stopped"
check "j" same a b
EOF

counted unit/test_passes "2 0 0"
counted unit/test_mixes "1 1 0"
counted unit/test_fails "1 1 0"
counted unit/test_crashes "1 1 0" "ended by signal 11"
counted unit/test_stops_early "1 1 0" "3 tests planned, 1 run"
counted unit/test_runs_nothing "0 1 0" "no test was run"
counted unit/test_bad_status "1 1 0" "exit status 3"
counted 'unit/test_skip[s]' "0 0 1" "test_skips a: no moon"
counted unit/test_skips_silently "0 1 0" "without a reason"
counted unit/test_sanitizer "1 1 0" "a report"
counted system/hangs "1 1 0" "not finished after 1 s"
counted system/leaves "1 1 0" "left processes running: .*(sleep)"
counted system/needs "0 0 1" "needs no_such_program"
counted system/interrupted "0 2 0" "ended by signal 2"
counted system/helpers "8 1 1" "wanted: a"
counted 'unit/*' "8 8 1"
exit $failed
