#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the agent needs goes away: its helpers, its run directory, descriptors.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/all"
check "the agent starts" agent_start --interval 1
put_spec web "path: $work/roots/all"
check "a jail runs" settled web
web=$(identity web)
ja status > "$work/out"
check "all is well: 0" expect_status 0 ja status
spawner=$(helper_named spawner)
if [ -n "$spawner" ]; then
	kill -KILL "$spawner"
	put_spec two "path: $work/roots/all"
	check "after the spawner's death a jail is made" settled two
	check "without a failure" fails grep -q failed "$work/agent.log"
fi
kill -KILL "$(helper_named signer)"
check "a dead signer is said" soon grep -q "the signer ended" "$work/agent.log"
check "another one comes: 0" wait_until 10 expect_status 0 ja status
mv "$run_dir" "$work/run.old"
check "without its run directory the agent ends" wait_until 10 \
    fails alive "$agent"
check "it says why" grep -q "was removed" "$work/agent.log"
check "the jail goes on" same "$web" "$(identity web)"
rm -rf "$work/run.old"
