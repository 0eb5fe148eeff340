#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A file that is renamed into the directory, and one that is written slowly,
# both become a running jail, once; what a jail sees is its own.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/quick"
little_root "$work/roots/slow"

spec_quick() {
	spec quick "host.hostname: quick.example.org" "mount.procfs: true" \
	    'exec.start: ["/bin/sleep 1000 &"]'
}

# Pieces that end in the middle of a line, and some of which are valid specs.
write_slowly() {
	spec slow "host.hostname: slow.example.org" 'exec.start: ["/bin/true"]' \
	    "exec.stop: [/bin/true]" > "$work/slow.yaml"
	size=$(wc -c < "$work/slow.yaml")
	at=0
	while [ "$at" -lt "$size" ]; do
		dd if="$work/slow.yaml" bs=1 skip="$at" count=23 2> /dev/null
		at=$((at + 23))
		sleep 0.15
	done > "$specs/slow.yaml"
}

check "the agent starts" agent_start
spec_quick | put quick
check "a renamed file becomes a jail" settled quick
check "its hostname is the spec's" \
    same quick.example.org "$(inside quick hostname)"
check "it was created once" same 1 "$(count_deeds quick)"

write_slowly
check "a slowly written file becomes a jail" soon state_is slow ready
check "complete" same slow.example.org "$(inside slow hostname)"
check "and is created once, with nothing else said of it" same \
    "1 created" "$(count_deeds slow) $(deeds slow | sed 's/.*slow: \([a-z]*\).*/\1/')"
check "nor any error" fails grep -q 'slow.yaml:' "$work/agent.log"

# Written in the middle: an append to a file that is used already.
before=$(identity quick)
{
	printf 'exec.cle'
	sleep 0.5
	printf 'an: true\n'
} >> "$specs/quick.yaml"
check "an appended line is taken over" soon has quick .last_change.params exec.clean
check "the jail runs on" same "$before" "$(identity quick)"

# What the jails see.
check "only its own processes are in /proc" same "jail: quick, /bin/sleep 1000, ps" \
    "$(inside quick ps -o args | sed 1d | sed -n '$!H; ${H; x; s/^\n//; s/\n/, /g; s/ps -o args/ps/; p}')"
check "only its own root" same "$(ls "$work/roots/quick")" \
    "$(inside quick ls /)"
check "only its own mounts" same "2 / /proc" "$(inside quick cat \
    /proc/self/mounts | awk '{ n++; s = s " " $2 } END { print n s }')"
init=$(init_of quick)
for ns in mnt pid uts ipc net; do
	check "its own $ns namespace" fails same \
	    "$(readlink /proc/self/ns/$ns)" "$(readlink "/proc/$init/ns/$ns")"
done
check "the two share none" same "" "$(for j in quick slow; do
	for ns in mnt pid uts ipc net; do
		readlink "/proc/$(init_of $j)/ns/$ns"
	done
done | sort | uniq -d)"
check "no network but an own loopback" same lo: \
    "$(inside quick cat /proc/net/dev | awk 'NR > 2 { print $1 }')"
check "the host's hostname is untouched" fails same quick.example.org \
    "$(hostname)"
