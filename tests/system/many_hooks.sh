#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A hundred jails whose hooks take long do not delay the next one.
# needs: root busybox jq pgrep
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/all"
for i in $(seq 50); do
	put_spec "host$i" "path: $work/roots/all" \
	    'exec.prestart: ["sleep 575.75"]'
	put_spec "jail$i" "path: $work/roots/all" \
	    'exec.start: ["/bin/sleep 575.75"]'
done
hooks() { pgrep -f -x -c '(/bin/)?sleep 575.75'; }
hooks_run() { [ "$(hooks)" -eq "$1" ]; }
check "the agent starts" agent_start --max-remove 200
check "a hundred hooks run" wait_until 20 hooks_run 100
from=$(now_ms)
put_spec next "path: $work/roots/all"
check "one more jail is made" ja wait --timeout 10 next
took=$(($(now_ms) - from))
check "without a delay ($took ms)" test $took -lt 2500
check "the others are on their way" same 100 \
    "$(ja status --json | jq .summary.progressing)"
rm "$specs"/host*.yaml "$specs"/jail*.yaml
check "they are given up" wait_until 20 hooks_run 0
only_next() { same next "$(ja list name | grep -v -x name | tr -d ' ')"; }
check "nothing of them is left" soon only_next
given_up() { same 100 "$(grep -c ': create given up: ' "$work/agent.log")"; }
check "each is said to be given up" soon given_up
check_not "which is no failure" grep ' failed' "$work/agent.log"
