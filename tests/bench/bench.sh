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

echo "# kernel calls, kernel model:$work/calls"
"$BUILD/tests/bench/calls" "model:$work/calls" "$work/root" "${JAILS:-10000}"

echo "# parsing and validating, against reading and libyaml alone"
"$BUILD/tests/bench/specs" "${JAILS:-10000}"

echo "# looking at the directory again"
"$BUILD/tests/bench/rescan" "${JAILS:-10000}"

echo "# hostile spec files of 256 KiB, 512 KiB and 1 MiB"
"$BUILD/tests/bench/hostile"

if [ "$kernel" != "${kernel#linux}" ]; then
	echo "# creating and destroying, with 10, 1000 and 5000 live jails"
	mkdir -p "$work/tree/dev" "$work/tree/proc"
	"$BUILD/tests/bench/create" "$work/tree"
fi
