#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# plan says what would be done and why, and changes nothing; apply does exactly
# that; then plan has nothing to say.  The letters of jail(8).
# needs: root busybox jq strace
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/one"
ln -s one "$work/roots/other"
root="path: $work/roots/one"
little_root "$work/roots/two"

for j in live restarted same gone; do
	put_spec $j "$root" "host.hostname: $j" \
	    'exec.start: ["/bin/sleep 1000 &"]'
done
check "plan ends with 2 when there is something to do" \
    expect_status 2 ja plan "$specs"
check "it has made no state directory" test ! -e "$state"
check "nor a table" test ! -e "$work/table"
check "nor a run directory" test ! -e "$run_dir"
check "apply converges" expect_status 0 ja apply "$specs"
check "it says what it did" says "live: created"
check "then plan ends with 0" expect_status 0 ja plan "$specs"
check "and says so" says "nothing to do: 4 jails as wanted"

put_spec live "$root" "host.hostname: changed" 'exec.start: ["/bin/sleep 1000 &"]'
put_spec restarted "path: $work/roots/two" "host.hostname: restarted" \
    'exec.start: ["/bin/sleep 1000 &"]'
put_spec new "$root"
put_spec stuck "path: $work/roots/missing"
put_spec refused "$root" "securelevel: 2"
rm "$specs/gone.yaml"

# All but LMDB's list of readers, in which each reader enters itself.
everything() {
	scene
	ja list -n all
	find "$state" "$run_dir" "$work/table" -type f ! -name '*-lock' \
	    -exec cksum {} + | sort
	find "$state" "$run_dir" "$work/table" "$specs" ! -name '*-lock' \
	    -printf '%p %T@ %C@\n' | sort
}
everything > "$work/before"
check "plan ends with 2" expect_status 2 ja plan --prune --json "$specs"
cp "$work/out" "$work/plan.json"
check "traced as well" expect_status 2 traced "$work/trace" \
    "$JAILAGENT" -k "$kernel" -s "$state" plan --prune "$specs"
everything > "$work/after"
check "it changed nothing" diff "$work/before" "$work/after"
# Whatever was opened for writing, made, renamed, removed or signalled.  Host names
# are read in the namespaces that have them.
writes() {
	# The name of the call follows the pid; what it is told may be anything.
	grep -E '^[0-9]+ +(open(at)?\(.*(O_WRONLY|O_RDWR|O_CREAT)|mkdir|rename|unlink|symlink|link|fchmod|chmod|f?truncate|t?g?kill|pidfd_send_signal|umount|mount\(|move_mount|setns|unshare|clone|v?fork)' \
	    "$work/trace" | grep -v -E '(mdb-lock|users)"|ENOENT|EEXIST|/dev/null|CLONE_NEWUTS'
}
check "it called nothing that does" fails writes

planned() {
	jq -r '.actions[] | select(.action != "none") | "\(.jail) \(.action)"' \
	    "$work/plan.json" | sort
}
check "what it says" same "gone remove
live modify
new create
refused blocked
restarted restart
stuck blocked" "$(planned)"
check "a reason for each action" same 0 "$(jq '[.actions[] |
    select((.reason | length) < 5)] | length' "$work/plan.json")"
check "the parameter with both values" same \
    "host.hostname live changed live" "$(jq -r '.actions[] |
    select(.jail == "live") | .params[] |
    "\(.name) \(.from) \(.to) \(.how)"' "$work/plan.json")"
check "the restart's parameter" same \
    "path $work/roots/one $work/roots/two restart" "$(jq -r '.actions[] |
    select(.jail == "restarted") | .params[] |
    "\(.name) \(.from) \(.to) \(.how)"' "$work/plan.json")"
check "what stands against the missing root" same yes "$(jq -r '.actions[] |
    select(.jail == "stuck") | .reason' "$work/plan.json" |
    grep -q "missing: No such file" && echo yes)"
check "and what Linux cannot do" same yes "$(jq -r '.actions[] |
    select(.jail == "refused") | .reason' "$work/plan.json" |
    grep -q securelevel && echo yes)"

same_init=$(identity same)
live_init=$(identity live)
check "apply ends with 1, two are blocked" expect_status 1 \
    ja apply --prune "$specs"
done_words() {
	sed -n 's/^\(jailagent: \)*\([a-z]*\): \(created\|updated\|restarted\|removed\|blocked\).*/\2 \3/p' \
	    "$work/out" | sort
}
check "apply did what plan said" same "gone removed
live updated
new created
refused blocked
restarted restarted
stuck blocked" "$(done_words)"
check "one is gone" no_jail gone
check "its processes, too" same "" "$(init_of gone)"
check "one has its new hostname" same changed "$(inside live hostname)"
check "without a restart" same "$live_init" "$(identity live)"
check "one was not touched" same "$same_init" "$(identity same)"
rm "$specs/stuck.yaml" "$specs/refused.yaml"
check "without the blocked ones plan ends with 0" expect_status 0 \
    ja plan --prune "$specs"
scene > "$work/before"
check "a second apply has nothing to do" expect_status 0 ja apply --prune "$specs"
check "and says nothing" test ! -s "$work/out"
scene > "$work/after"
check "and does nothing" diff "$work/before" "$work/after"

# One that cannot be started again is told of still.
put_spec live "$root" 'exec.start: ["/bin/false"]'
check "a restart that fails: 1" expect_status 1 ja apply "$specs"
check "status tells of it" expect_status 3 ja status live
check "it is failed" has live .state failed
check "because it is down" has live .reason "it is down"

# Errors.
check "a broken file: plan ends with 1" sh -c "
	echo 'name: [' > $work/broken.yaml
	'$JAILAGENT' -k '$kernel' -s '$state' plan $work/broken.yaml
	[ \$? -eq 1 ]"
check "no such directory: 1" expect_status 1 ja plan "$work/nothing"
check "no directory: usage" expect_status 64 ja plan
check "an unknown option: usage" expect_status 64 ja plan --nonsense "$specs"
