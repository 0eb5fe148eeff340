#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Everything that must hold, run by `setup.sh check`: builds in all ways, lint,
# unit and system tests in the normal and in the sanitizer build, recorded
# behaviour.  Last line: "N passed, N failed, N skipped"; exit status 1 if
# something failed.
set -u

TOP=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
cd "$TOP" || exit 1
. tests/common.sh

dir=$(mktemp -d "${TMPDIR:-/tmp}/jailagent-check.XXXXXX") || exit 1
trap 'remove_tree "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
RESULTS=$dir/results
: > "$RESULTS"
export RESULTS
jobs=$(getconf _NPROCESSORS_ONLN)
SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined"

section() {
	printf '\n==> %s\n' "$*"
}

record() { # STATUS PROGRAM TEST [REASON [COUNT]]
	printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}" "${5:-1}" \
	    >> "$RESULTS"
}

# step NAME COMMAND...: a command that counts as one test.
step() {
	name=$1
	shift
	start=$(now_ms)
	if "$@" > "$dir/output" 2>&1 < /dev/null; then
		printf 'ok    %-40s  %s\n' "$name" \
		    "$(seconds $(($(now_ms) - start)))"
		record passed "$name" all
	else
		printf 'FAIL  %s: %s\n' "$name" "$*"
		tail -n 60 "$dir/output" | sed 's/^/    | /'
		record failed "$name" all
		return 1
	fi
}

# tap NAME COMMAND...: a command that prints a line for each test.
tap() {
	name=$1
	shift
	"$@" > "$dir/output" 2>&1 < /dev/null
	status=$?
	tap_results "$name" < "$dir/output" > "$dir/tap"
	if [ $status -ne 0 ] && ! grep -q '^failed' "$dir/tap"; then
		printf 'failed\t%s\tall\texit status %d\n' "$name" $status \
		    >> "$dir/tap"
	fi
	[ -s "$dir/tap" ] ||
	    printf 'failed\t%s\tall\tno test was run\n' "$name" > "$dir/tap"
	cat "$dir/tap" >> "$RESULTS"
	if grep -q '^failed' "$dir/tap"; then
		printf 'FAIL  %s\n' "$name"
		sed 's/^/    | /' "$dir/output"
	else
		printf 'ok    %-28s %4d tests\n' "$name" \
		    "$(grep -c '^passed' "$dir/tap")"
	fi
}

# conform NAME COMMAND...: replays recorded calls; its last line counts them.
conform() {
	name=$1
	shift
	start=$(now_ms)
	"$@" > "$dir/output" 2>&1 < /dev/null
	status=$?
	counts=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' \
	    "$dir/output")
	if [ -z "$counts" ]; then
		counts="0 1 0"
		echo "no summary, exit status $status" >> "$dir/output"
	fi
	# shellcheck disable=SC2086 # words are wanted
	set -- $counts
	record passed "$name" cases "" "$1"
	record failed "$name" cases "" "$2"
	sed -n 's/^skip - //p' "$dir/output" | while IFS= read -r line; do
		record skipped "$name" "${line%%: *}" "${line#*: }"
	done
	if [ "$3" -ne "$(grep -c '^skip - .*: ' "$dir/output")" ]; then
		record failed "$name" "cases skipped without a reason"
		set -- "$1" 1 "$3"
	fi
	if [ "$2" -eq 0 ] && [ $status -eq 0 ]; then
		printf 'ok    %-28s %4d cases  %s\n' "$name" "$1" \
		    "$(seconds $(($(now_ms) - start)))"
		return 0
	fi
	[ "$2" -gt 0 ] || record failed "$name" "exit status $status"
	printf 'FAIL  %s\n' "$name"
	tail -n 100 "$dir/output" | sed 's/^/    | /'
}

section "builds"
step "build with gcc" make -j "$jobs" CC=gcc tests
# Nothing of these two is run: it is the compiler's and bmake's word that counts.
step "build with clang" make -j "$jobs" CC=clang CFLAGS= BUILD=build/clang tests
step "build with bmake" bmake -j "$jobs" BUILD=build/bmake tests
sanitized=yes
step "build with sanitizers" make -j "$jobs" CC=gcc BUILD=build/asan \
    CFLAGS="-O1 -g1 -fno-omit-frame-pointer" SANITIZE="$SANITIZE" tests ||
    sanitized=

section "build for FreeBSD"
start=$(now_ms)
make -j "$jobs" freebsd > "$dir/output" 2>&1 < /dev/null
case $? in
0)
	printf 'ok    %-40s  %s\n' "build for FreeBSD" \
	    "$(seconds $(($(now_ms) - start)))"
	record passed "build for FreeBSD" all
	;;
*)
	reason=$(sed -n 's/^freebsd.sh: not built: //p' "$dir/output")
	if [ -n "$reason" ]; then
		printf 'skip  build for FreeBSD: %s\n' "$reason"
		record skipped "build for FreeBSD" all "$reason"
	else
		printf 'FAIL  build for FreeBSD\n'
		tail -n 60 "$dir/output" | sed 's/^/    | /'
		record failed "build for FreeBSD" all
	fi
	;;
esac

section "lint"
tap lint sh tests/lint/lint.sh
tap lint/selftest sh tests/lint/selftest.sh

section "tests"
tap runner sh tests/selftest.sh
sh tests/run.sh

section "unit tests as an ordinary user"
if [ "$(id -u)" -ne 0 ]; then
	echo "that is the case already"
elif ! setpriv --reuid=65534 --regid=65534 --clear-groups \
    test -r tests/run.sh -a -x build/jailagent; then
	record skipped "ordinary user" all "nobody may not read $TOP"
else
	touch "$dir/nobody"
	chmod 711 "$dir"
	chown 65534 "$dir/nobody"
	RESULTS=$dir/nobody setpriv --reuid=65534 --regid=65534 \
	    --clear-groups sh tests/run.sh 'unit/*'
	sed 's,\t,\tas nobody: ,' "$dir/nobody" >> "$RESULTS"
fi

section "tests with AddressSanitizer, LeakSanitizer and UBSan"
if [ -n "$sanitized" ]; then
	BUILD=build/asan sh tests/run.sh
else
	echo "not run: there is no such build"
fi

section "recorded behaviour"
for f in tests/vectors/freebsd-*.jsonl; do
	[ -e "$f" ] || continue
	case $f in
	*freebsd-13*) generation=13 ;;
	*) generation=15 ;;
	esac
	conform "conform/$(basename "$f" .jsonl)" build/conform \
	    -k "model:$dir/model-$generation" --generation $generation "$f"
done

section "summary"
summary "$RESULTS"
