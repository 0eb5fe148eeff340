#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Beside an agent plan says what that one would do, as it was told to when it was
# started: with its letters, its directories, and without what it holds.
# needs: jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/all" "$specs/sub"
# plan_says TEXT STATUS [OPTION...]: deeds and jails.
plan_says() {
	_says=$1
	_status=$2
	shift 2
	ja plan "$@" "$specs" > "$work/plan" 2>&1
	same "$_status" $? && same "$_says" "$(grep -v '^ ' "$work/plan" |
	    sed 's/:.*//' | tr -s ' ' | tr '\n' ';')"
}

any a | put a
check "an agent that only changes" agent_start -m
check "says so" same m "$(ja status --json | jq -r .agent.letters)"
check "plan creates nothing, either" plan_says "blocked a;" 2
check "whoever names the letters" plan_says "blocked a;" 2 -m
check "or others" plan_says "create a;" 2 -c
check "apply" expect_status 1 ja apply "$specs"
check "creates nothing" no_jail a
stop agent

check "an agent that creates and changes" agent_start -cm
check "it runs" settled
any a "exec.start: [x]" | put a
check "its restart is not allowed" soon state_is a blocked
check "nor planned" plan_says "blocked a;" 2
stop agent

any b > "$specs/sub/b.yaml"
check "an agent with directories below" agent_start --recursive \
    --max-remove 1 --interval 1
check "both run" settled
check "nothing is planned" plan_says "nothing to do;" 0
check "nor where it is to remove" plan_says "nothing to do;" 0 --prune
any c | put c
any d | put d
check "four run" settled
rm "$specs/c.yaml" "$specs/d.yaml"
check "two at once are held" soon state_is c held
check "as in plan" plan_says "held c;held d;" 2
ja plan --json "$specs" | jq -c '[.actions[] | select(.state == "held").jail]' \
    > "$work/held"
check "and for machines" same '["c","d"]' "$(cat "$work/held")"
check "another directory is not the agent's" expect_status 2 ja \
    plan "$specs/sub"
stop agent
check "without an agent what is asked for counts" plan_says \
    "remove b;remove c;remove d;" 2 --prune
