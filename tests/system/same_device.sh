#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The watched directory is unmounted, and was of the same device as what is below
# it, or another one takes its place that is empty: that is no removal.
# needs: root jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/one" "$work/real"
spec one > "$work/real/one.yaml"
spec below "path: $work/roots/one" > "$specs/below.yaml"
mount --bind "$work/real" "$specs"
check "the agent starts" agent_start --interval 1 --max-remove 9
check "the jail runs" settled
jid=$(ja list -j one jid)
there() { same "$jid" "$(ja list -j one jid)"; }
umount "$specs"
check "not what is below the mount: held" soon state_is one held
sleep 2.2
check "the jail is there" there
mount --bind "$work/real" "$specs"
check "mounted again" settled one
check "as if nothing had been" there
umount "$specs"
check "held again" soon state_is one held
check "nothing was made of that" no_jail below
check "approved" ja ack '*'
check "removed" soon no_jail one
check "what is there is taken" settled below
rm "$specs/below.yaml"
check "and goes" soon no_jail below

# Removed and made anew in one step: often with the inode that it had.
spec one | put one
check "a jail again" settled
rm -r "$specs"
mkdir "$specs"
check "made anew and empty: held" soon state_is one held
sleep 1.2
check_not "it is there" no_jail one
spec one | put one
check "its file is back" settled one

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

# The same below it.
stop agent
mkdir "$specs/sub"
spec three "path: $work/roots/one" > "$work/real/three.yaml"
mount --bind "$work/real" "$specs/sub"
rm "$work/real/one.yaml"
check "an agent for directories below" agent_start --recursive --interval 1 \
    --max-remove 9
check "with a jail there" settled three
jid=$(ja list -j three jid)
umount "$specs/sub"
not_mounted() {
	ja status | grep -F "$specs/sub" | grep -q "not mounted as it was"
}
check "unmounted: told" soon not_mounted
check "wait says so, too" expect_status 1 ja wait --timeout 10
check "with the place" says "$specs/sub"
sleep 1.2
check "it is the same" same "$jid" "$(ja list -j three jid)"
mount --bind "$work/real" "$specs/sub"
check "mounted again" settled three
umount "$specs/sub"
check "unmounted once more" soon not_mounted
check "approved" ja ack '*'
check "it goes" soon no_jail three

# Away for a moment, then another one is there, also when that moment is seen.
mkdir "$specs/sub/deep"
spec three "path: $work/roots/one" > "$specs/sub/deep/three.yaml"
check "a jail again" soon state_is three ready
mv "$specs/sub/deep" "$work/deep"
sleep 0.3
mkdir "$specs/sub/deep"
check "an empty directory in its place" soon state_is three invalid
rmdir "$specs/sub/deep"
mv "$work/deep" "$specs/sub/deep"
check "back again" settled three

check "nothing is held about a jail" expect_status 1 ja ack two
check "that is said" says "nothing is held about it"
check "all is fine" ja ack '*'
