#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Figures, not tests: medians of one run on this machine.  As root the linux
# backend is measured, otherwise model.
# shellcheck disable=SC1091 # lib.sh is found from the top of the source

# The run directory belongs into memory, as Debian has it; where it is on a disk, this run has one in memory.
if [ "$(id -u)" -eq 0 ] && [ "$(uname -s)" = Linux ] && [ "$(stat -f -c %T /run)" != tmpfs ]; then
	echo "# /run is on a disk: these figures are with one in memory"
	# shellcheck disable=SC2016 # $0 is the inner shell's
	exec unshare -m sh -c 'mount -t tmpfs run /run && exec sh "$0"' "$0"
fi
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

# timed COMMAND...: sets $took, in microseconds.
timed() {
	_began=$(date +%s%N)
	"$@" > "$work/out" 2>&1 || cat "$work/out"
	took=$((($(date +%s%N) - _began) / 1000))
}
# applied: applies $work/depend and removes its jails; sets $net to what that
# apply took, in microseconds, less what one takes that has nothing to do.
applied() {
	set -- "$JAILAGENT" -k "$kernel" -s "$work/state" apply
	timed "$@" -p 0 "$work/depend"
	net=$took
	timed "$@" -p 0 "$work/depend"
	net=$((net - took))
	timed "$@" -r -p 0 "$work/depend"
}
# critical WHAT MS JAILS: how long $work/depend takes, whose hooks sleep for MS
# on the longest way through it, which is so many jails long.
critical() {
	applied
	awk -v what="$1" -v path="$2" -v jails="$3" -v net="$net" \
	    -v one="$one" 'BEGIN {
		net /= 1000
		printf "%s: %.0f ms, %.3f times its hooks of %d ms, ", what,
		    net, net / path, path
		printf "%.3f times them and making %d jails\n",
		    net / (path + jails * one / 1000), jails
	    }'
}
# dependant NUMBER SECONDS [NAME, ...]
dependant() {
	printf -- '---\nname: d%s\npath: %s\npersist: true\n' "$1" "$work/root"
	printf 'exec.prestart: ["sleep %s"]\ndepend: [%s]\n' "$2" "${3:-}"
}

if [ "$kernel" != "${kernel#linux}" ]; then
	echo "# healing: from what somebody else does until it is mended"
	sh tests/bench/healing.sh

	echo "# dependencies: 50 jails in a chain, and in a diamond"
	mkdir "$work/depend"
	dependant 1 0.05 > "$work/depend/all.yaml"
	one=$(for n in $(seq 9); do
		applied
		echo "$((net - 50000))"
	done | sort -n | sed -n 5p)
	echo "making one such jail: $one us beside its hook"
	for n in $(seq 50); do
		dependant "$n" 0.05 "$([ "$n" -eq 1 ] || echo "d$((n - 1))")"
	done > "$work/depend/all.yaml"
	critical chain 2500 50
	{
		dependant 1 0.2
		for n in $(seq 2 49); do
			dependant "$n" 0.2 d1
		done
		dependant 50 0.2 "$(seq -s ', ' -f d%g 2 49)"
	} > "$work/depend/all.yaml"
	critical diamond 600 3

	echo "# creating and destroying, with 10, 1000 and 5000 live jails"
	mkdir -p "$work/tree/dev" "$work/tree/proc"
	"$BUILD/tests/bench/create" "$work/tree"
fi
