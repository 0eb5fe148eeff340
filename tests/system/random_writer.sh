#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Files are written at random while the agent runs: in the end desired equals
# live, and no jail was removed whose last valid spec wanted it.  SECONDS_OF_WRITING
# says how long (`make soak`: 60), SEED which writes, DEATHS after how many seconds
# the agent is killed and started again, each time.  In between it is stopped for a
# moment now and then, as if it had no processor.
# needs: jq
# timeout: 200
. tests/lib.sh
. tests/agent.sh

kernel=trace:$work/trace:model:$work/table
seconds=${SECONDS_OF_WRITING:-4}
seed=${SEED:-$$}
mkdir -p "$work/roots/all"
spec steady "path: $work/roots/all" | put steady
check "the agent starts" agent_start --max-remove 100%
check "a jail runs" settled
start writer "$BUILD/tests/helper/writer" "$specs" "$work/roots/all" \
    "$seconds" "$seed" "$work/wanted"
writer=$started
stops() {
	while alive "$writer"; do
		sleep 0.6
		kill -STOP "$agent"
		sleep "$(awk -v s="$((seed + $(date +%s)))" \
		    'BEGIN { srand(s); print 0.1 + rand() * 1.3 }')"
		kill -CONT "$agent"
		sleep 0.6
	done
}
if [ -z "${DEATHS:-}" ]; then
	stops &
	stopper=$!
fi
while [ -n "${DEATHS:-}" ] && sleep "$DEATHS" && alive "$writer"; do
	stop agent KILL
	agent_start --max-remove 100%
done
check "$seconds s of writing with seed $seed" wait "$writer"
[ -n "${DEATHS:-}" ] || wait "$stopper"
check "it is settled in the end" settled
[ ! -e "$work/agent-old.log" ] || cat "$work/agent-old.log" >> "$work/agent.log"
check "desired equals live" sh -c "'$JAILAGENT' -k '$kernel' -s '$state' plan \
    '$specs' | grep '^nothing to do: 25 '"
same_hostnames() {
	for _f in "$specs"/*.yaml; do
		_j=$(sed -n 's/^name: //p' "$_f")
		echo "$_j $(sed -n 's/^host.hostname: //p' "$_f")"
	done | grep '^w' | sort > "$work/desired"
	ja list name host.hostname | grep '^w' | sort > "$work/live"
	diff "$work/desired" "$work/live"
}
check "as the kernel says it" same_hostnames

# A jail is restarted, or removed for another reason, in no case.
check_not "nothing failed" grep -E ': [a-z]+ failed' "$work/agent.log"
check_not "no jail was restarted" grep ': restarted' "$work/agent.log"
check "all removals are of specs that are gone" same \
    "$(grep -c ': removed' "$work/agent.log")" \
    "$(grep -c ': removed: its spec is gone' "$work/agent.log")"
check "as many as the kernel was asked for" same \
    "$(grep -c ': removed' "$work/agent.log")" \
    "$(grep -c '^remove[_a-z]* .* = 0' "$work/trace")"

# Each removal is in a time in which the jail was not wanted.
sed -n 's/^\([^ ]*\)Z \([^ :]*\): removed.*/\1 \2/p' "$work/agent.log" |
    while read -r when name; do
	echo "$(date -u -d "$when" +%s) $name"
done > "$work/removed"
unjust() {
	awk 'NR == FNR {
		n[$2]++; at[$2, n[$2]] = $1; is[$2, n[$2]] = $3; next
	}
	{
		just = 0
		for (i = 1; i <= n[$2]; i++) {
			if (is[$2, i] != "unwanted")
				continue
			end = i == n[$2] ? 1e12 : at[$2, i + 1]
			# The log of the agent knows whole seconds, and
			# an agent that is stopped is late.
			if (end - at[$2, i] > 0.98 && at[$2, i] < $1 &&
			    end >= $1 - 1.5)
				just = 1
		}
		if (!just) { print "removed though wanted: " $0; bad = 1 }
	}
	END { exit !bad }' "$work/wanted" "$work/removed"
}
check_not "no jail was removed whose last valid spec wanted it" unjust
echo "# $(wc -l < "$work/removed") removals, $(grep -c ': updated' \
    "$work/agent.log") updates"
