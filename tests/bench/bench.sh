#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Figures, not tests: medians of one run on this machine.  As root the linux
# backend is measured, otherwise model.
# shellcheck disable=SC1091 # lib.sh is found from the top of the source
. tests/lib.sh

COUNT=${COUNT:-50}
mkdir -p "$work/specs" "$work/root"
if [ "$(id -u)" -eq 0 ] && [ "$(uname -s)" = Linux ]; then
	kernel=linux:$work/table
else
	kernel=model:$work/table
fi

echo "# agent, kernel $kernel"
"$JAILAGENT" -k "$kernel" -s "$work/state" run -d "$work/specs" \
	2> "$work/log" &
agent=$!
echo "$agent" >> "$work/pids"
wait_until 10 "$JAILAGENT" -k "$kernel" -s "$work/state" wait || {
	cat "$work/log"
	exit 1
}
"$BUILD/tests/bench/agent" "$kernel" "$work/specs" "$work/root" "$COUNT" ||
	cat "$work/log"
kill "$agent"
wait "$agent"

echo "# from the end of writing to the first kernel call, kernel model"
mkdir -p "$work/soon"
"$JAILAGENT" -k "trace:$work/trace:model:$work/soon-table" \
	-s "$work/soon-state" run -d "$work/soon" 2> "$work/log" &
agent=$!
echo "$agent" >> "$work/pids"
wait_until 10 "$JAILAGENT" -k model -s "$work/soon-state" wait || {
	cat "$work/log"
	exit 1
}
"$BUILD/tests/helper/latency" "$work/trace" "$work/soon" "$work/root" \
	"$COUNT" 50 || cat "$work/log"
kill "$agent"
wait "$agent"

echo "# kernel calls, kernel model:$work/calls"
"$BUILD/tests/bench/calls" "model:$work/calls" "$work/root" "${JAILS:-10000}"

echo "# parsing and validating, against reading and libyaml alone"
"$BUILD/tests/bench/specs" "${JAILS:-10000}"

echo "# looking at the directory again"
"$BUILD/tests/bench/rescan" "${JAILS:-10000}"

echo "# signed states"
. tests/bench/snapshots.sh

echo "# hostile spec files of 256 KiB, 512 KiB and 1 MiB"
"$BUILD/tests/bench/hostile"

# critical WHAT MS: applies $work/depend, whose longest way takes so long.
critical() {
	_began=$(date +%s%N)
	"$JAILAGENT" -k "$kernel" -s "$work/state" apply -p 0 "$work/depend" \
	    > "$work/out" 2>&1 || cat "$work/out"
	echo "$1: $((($(date +%s%N) - _began) / 1000000)) ms, critical path $2 ms"
	"$JAILAGENT" -k "$kernel" -s "$work/state" apply -r -p 0 \
	    "$work/depend" > "$work/out" 2>&1 || cat "$work/out"
}
# dependant NUMBER SECONDS [NAME, ...]
dependant() {
	printf -- '---\nname: d%s\npath: %s\npersist: true\n' "$1" "$work/root"
	printf 'exec.prestart: ["sleep %s"]\ndepend: [%s]\n' "$2" "${3:-}"
}

if [ "$kernel" != "${kernel#linux}" ]; then
	echo "# dependencies: 50 jails in a chain, and in a diamond"
	mkdir "$work/depend"
	for n in $(seq 50); do
		dependant "$n" 0.02 "$([ "$n" -eq 1 ] || echo "d$((n - 1))")"
	done > "$work/depend/all.yaml"
	critical chain 1000
	{
		dependant 1 0.2
		for n in $(seq 2 49); do
			dependant "$n" 0.2 d1
		done
		dependant 50 0.2 "$(seq -s ', ' -f d%g 2 49)"
	} > "$work/depend/all.yaml"
	critical diamond 600

	echo "# creating and destroying, with 10, 1000 and 5000 live jails"
	mkdir -p "$work/tree/dev" "$work/tree/proc"
	"$BUILD/tests/bench/create" "$work/tree"
fi
