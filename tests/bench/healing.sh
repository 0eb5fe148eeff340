#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# How soon an agent mends what somebody else did to a jail (healing.c); in a
# network of its own, since addresses are taken from an interface.
# shellcheck disable=SC1091 # lib.sh is found from the top of the source
[ "${NETWORK_OF_BENCH:-}" = yes ] ||
    NETWORK_OF_BENCH=yes exec unshare -n sh "$0" "$@"
. tests/lib.sh

root=$work/root
kernel=linux:$work/table
mkdir -p "$work/specs" "$root/bin" "$root/mnt"
cp "$(command -v busybox)" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
ip link set lo up
"$JAILAGENT" -k "$kernel" -s "$work/state" run -d "$work/specs" \
	2> "$work/log" &
echo "$!" >> "$work/pids"
wait_until 10 "$JAILAGENT" -k "$kernel" -s "$work/state" wait || {
	cat "$work/log"
	exit 1
}
"$BUILD/tests/bench/healing" "$kernel" "$work/specs" "$root" "${COUNT:-50}" ||
	cat "$work/log"
# Jails outlive their agent.
kill "$(tail -n 1 "$work/pids")"
wait
"$JAILAGENT" -k "$kernel" -s "$work/state" apply -r "$work/specs" > "$work/out"
