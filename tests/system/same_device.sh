#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The watched directory is unmounted, or another one takes its place, and it is
# empty: that is no removal, though nothing but its inode tells.
# needs: root jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/one" "$work/real"
spec one > "$work/real/one.yaml"
mount --bind "$work/real" "$specs"
check "the agent starts" agent_start --interval 1 --max-remove 9
check "the jail runs" settled
jid=$(ja list -j one jid)
there() { same "$jid" "$(ja list -j one jid)"; }
umount "$specs"
check "what is below the mount is empty: held" soon state_is one held
sleep 2.2
check "the jail is there" there
mount --bind "$work/real" "$specs"
check "mounted again" settled one
check "as if nothing had been" there
umount "$specs"
check "held again" soon state_is one held
check "approved" ja ack one
check "removed" soon no_jail one

# An order about a jail whose spec is gone is an answer for who waits.
spec one | put one
spec two "path: $work/roots/one" | put two
check "another start" settled
check "paused" ja pause one --reason work
rm "$specs/one.yaml"
check "paused without a spec" soon state_is one paused
sleep 1.5
check "wait does not wait for ever" expect_status 1 ja wait --timeout 10
check "and says why" says "paused"
check "nor for its end" expect_status 1 ja wait --for gone --timeout 10 one
check "resumed" ja resume one
check "it goes" soon no_jail one

check "nothing is held about a jail" expect_status 1 ja ack two
check "that is said" says "nothing is held about it"
check "all is fine" ja ack '*'
