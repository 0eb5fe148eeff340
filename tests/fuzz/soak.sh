#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# soak.sh BUILD: runs each fuzz target below BUILD RUNS times, one after the
# other.  What it learns is kept in BUILD/corpus; an input that crashes, leaks,
# takes 10 seconds or 1 GiB stays in BUILD/found, and the exit status is 1.
set -u
. tests/fuzz/seeds.sh

BUILD=$1
RUNS=${RUNS:-10000000}
LENGTH=${LENGTH:-4096} # bytes of an input
failed=0

for program in "$BUILD"/tests/fuzz/fuzz_*; do
	name=${program##*/fuzz_}
	dict=tests/fuzz/$name.dict
	[ -f "$dict" ] || dict=/dev/null
	mkdir -p "$BUILD/corpus/$name" "$BUILD/found"
	echo "$name: $RUNS runs of at most $LENGTH bytes, log in $BUILD/$name.log"
	# shellcheck disable=SC2046 # the seeds are words
	if ! "$program" -runs="$RUNS" -max_len="$LENGTH" -timeout=10 \
	    -rss_limit_mb=1024 -use_value_profile=1 -print_final_stats=1 \
	    -dict="$dict" -artifact_prefix="$BUILD/found/$name-" \
	    "$BUILD/corpus/$name" $(seeds "$name") > "$BUILD/$name.log" 2>&1
	then
		failed=1
		tail -n 40 "$BUILD/$name.log"
	fi
	grep '^stat::' "$BUILD/$name.log"
done
exit "$failed"
