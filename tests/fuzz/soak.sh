#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# soak.sh BUILD [NAME...]: executes the fuzz targets below BUILD, all or those
# named, until each has had RUNS executions, and says how often it was.  What
# earlier runs did counts (BUILD/NAME.runs), and what they learnt is kept
# (BUILD/corpus/NAME).  An input that crashes, leaks, takes too long or too much
# memory stays in BUILD/found, and the exit status is 1.
set -u
. tests/fuzz/seeds.sh

BUILD=$1
RUNS=${RUNS:-10000000}
ROUND=500000
# Short inputs reach nearly everything, and can be many in the same time.
# Percent of the executions, and bytes that an input may have.
parts="90:512 9:4096 1:65536"

# Otherwise the stacks of allocations and fresh pages take a third of the time;
# and -entropic, which libFuzzer has on, three quarters.
ASAN_OPTIONS=malloc_context_size=6:quarantine_size_mb=8:${ASAN_OPTIONS:-}
export ASAN_OPTIONS

# executed NAME: how often it was in all.
executed() {
	cat "$BUILD/$1.runs" 2> /dev/null || echo 0
}

# run NAME COUNT LENGTH
run() {
	# shellcheck disable=SC2046 # the seeds are words
	"$BUILD/tests/fuzz/fuzz_$1" -runs="$2" -max_len="$3" -timeout=60 \
	    -rss_limit_mb=1024 -entropic=0 -len_control=0 -print_final_stats=1 \
	    -dict="tests/fuzz/$1.dict" -artifact_prefix="$BUILD/found/$1-" \
	    "$BUILD/corpus/$1" $(seeds "$1") > "$BUILD/$1.log" 2>&1
	status=$?
	n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$BUILD/$1.log")
	echo $(($(executed "$1") + ${n:-0})) > "$BUILD/$1.runs"
	[ "$status" -eq 0 ] || tail -n 40 "$BUILD/$1.log"
	return "$status"
}

# soak NAME
soak() {
	while left=$((RUNS - $(executed "$1"))) && [ "$left" -gt 0 ]; do
		[ "$left" -le "$ROUND" ] || left=$ROUND
		for p in $parts; do
			run "$1" $(((left * ${p%:*} + 99) / 100)) "${p#*:}" ||
				return 1
		done
		echo "$1: $(executed "$1") of $RUNS executions," \
		    "$(find "$BUILD/corpus/$1" -type f | wc -l) inputs," \
		    "$(date -u +%H:%M:%S)"
	done
	echo "$1: $(executed "$1") executions, nothing found"
}

shift
# shellcheck disable=SC2046 # names are words
[ $# -gt 0 ] || set -- $(ls "$BUILD/tests/fuzz" | sed -n 's/^fuzz_//p')
mkdir -p "$BUILD/found"
failed=0
for name; do
	mkdir -p "$BUILD/corpus/$name"
	soak "$name" || failed=1
done
exit "$failed"
