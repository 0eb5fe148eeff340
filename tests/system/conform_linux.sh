#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The recorded jail calls on the backend linux, but for few exceptions.
# needs: root
# timeout: 600
. tests/lib.sh

if ! grep -q ' - cgroup2 ' /proc/self/mountinfo; then
	skip "recorded calls" "cgroup v2 is not mounted here"
	exit 0
fi
if sanitized; then
	skip "recorded calls" "minutes with sanitizers; unit/test_prison* and \
unit/test_linux* have the same code"
	exit 0
fi
exceptions=tests/conform/linux-exceptions.txt

replay() { # GENERATION FILE
	"$BUILD/conform" -k "linux:$work/table" --generation "$1" \
	    -x $exceptions "$2" > "$work/out" 2>&1
	status=$?
	grep -v '^skip - ' "$work/out" | tail -n 40
	return $status
}

few() { # FILE: at most two of a hundred cases are excepted
	cases=$(wc -l < "$1")
	skipped=$(grep -c '^skip - ' "$work/out")
	[ $((skipped * 50)) -le "$cases" ]
}

known() { # every exception is a case of both files
	sed -n 's/^\([^# ][^ ]*\) .*/\1/p' $exceptions | while read -r id; do
		for f in tests/vectors/freebsd-*.jsonl; do
			grep -q "\"id\":\"$id\"" "$f" || echo "$id: not in $f"
		done
	done > "$work/unknown"
	[ ! -s "$work/unknown" ] || { cat "$work/unknown"; return 1; }
}

listing > "$work/before"
for v in 15:freebsd-15.1 13:freebsd-13.2; do
	generation=${v%%:*} file=tests/vectors/${v#*:}.jsonl
	check "generation $generation" replay "$generation" "$file"
	check "generation $generation: few exceptions" few "$file"
done
check "the exceptions are cases" known
check "nothing is left on the host" unchanged "$work/before"
