#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Files that are written in several steps, each of which opens and closes them.
# needs: jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/web"
spec web "host.hostname: first" "exec.start: [/bin/true]" | put web
check "the agent starts" agent_start
check "the jail runs" settled
jid=$(ja list -j web jid)
sleep 1

# Each of these steps is a valid spec, and would restart the jail.
echo "name: web" > "$specs/web.yaml"
sleep 0.3
echo "persist: true" >> "$specs/web.yaml"
sleep 0.3
echo "path: $work/roots/web" >> "$specs/web.yaml"
sleep 0.3
echo "exec.start: [/bin/true]" >> "$specs/web.yaml"
sleep 0.3
echo "host.hostname: second" >> "$specs/web.yaml"
check "the last step counts" soon hostname_is web second
check "none before it did" same "$jid" "$(ja list -j web jid)"
check "it was one update" same 1 "$(deeds web | grep -c -v created)"

# Lines appended to what is used.
sleep 1
echo "children.max: 3" >> "$specs/web.yaml"
sleep 0.3
echo "securelevel: 1" >> "$specs/web.yaml"
level() { same 1 "$(ja list -j web securelevel)"; }
check "two lines more" soon level
check "are one update" same 2 "$(deeds web | grep -c -v created)"

# In place, but in one step: at once.
sleep 1
text=$(sed 's/second/third-and-longer/' "$specs/web.yaml")
echo "$text" > "$specs/web.yaml"
check "a whole text" wait_until 1 hostname_is web third-and-longer
check "is the same jail still" same "$jid" "$(ja list -j web jid)"
