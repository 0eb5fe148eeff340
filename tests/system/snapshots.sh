#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every state that the agent reached is on disk, signed: stock minisign and
# `snapshot verify` accept each, and refuse one in which a byte changed.
# needs: root busybox jq minisign
. tests/lib.sh
. tests/agent.sh

flip=$BUILD/tests/helper/flip
little_root "$work/roots/web"
check "the agent starts" agent_start --max-remove 10
put_spec web "host.hostname: one"
check "a jail runs" settled
sleep 1.1
put_spec web "host.hostname: two"
check "it is changed" soon is web .last_change.action modify
sleep 1.1
kill -KILL "$(init_of web)"
check "it is killed and back" soon is web .restarts 1
sleep 1.1
told() { jq -c '.defaults + .jails[0].params | .[$name]' --arg name "$1" "$_last"; }
_last=$(printf '%s\n' "$state"/snapshots/*.json | tail -n 1)
check "what is as in most jails is said once" same '["2"] false' \
    "$(told enforce_statfs) $(jq '.jails[0].params | has("enforce_statfs")' "$_last")"
check "what is not, of the jail" same '["two"]' "$(told host.hostname)"
check "show -v prints all" grep -q "enforce_statfs = 2" <<- EOF
	$(ja snapshot show -v)
	EOF
stop agent
before=$(printf '%s\n' "$state"/snapshots/* | wc -l)
check "another agent" agent_start --max-remove 10
check "finds all as it was" settled
sleep 1.1
check "and signs nothing" same "$before" \
    "$(printf '%s\n' "$state"/snapshots/* | wc -l)"
rm "$specs/web.yaml"
check "it is removed" soon no_jail web
last_is_empty() {
	_last=$(printf '%s\n' "$state"/snapshots/*.json | tail -n 1)
	same "[]" "$(jq -c .jails "$_last")"
}
check "the newest snapshot has no jail" soon last_is_empty
stop agent

count=$(printf '%s\n' "$state"/snapshots/*.json | wc -l)
check "there are several ($count)" test "$count" -ge 4
all_verify() {
	for _f in "$state"/snapshots/*.json; do
		minisign -Vm "$_f" -p "$state/key.pub" || return 1
	done
}
check "minisign accepts each" all_verify
check "so does snapshot verify" expect_status 0 ja snapshot verify
check "names and hostnames are in them" same "one two" "$(jq -r \
    '.jails[] | select(.name == "web") | .params."host.hostname"[]' \
    "$state"/snapshots/*.json | awk '!s[$0]++' | tr '\n' ' ' | sed 's/ $//')"
numbers() { jq .sequence "$state"/snapshots/*.json; }
check "they are numbered without a gap" same "$(seq "$count")" "$(numbers)"

# A copy in which one byte differs.
refused=0
tries=0
for seed in 1 2 3 4 5 6 7 8 9 10; do
	rm -rf "$work/copy"
	cp -a "$state/snapshots" "$work/copy"
	file=$(printf '%s\n' "$work/copy"/*.json | sed -n "$((seed % count + 1))p")
	"$flip" "$file" "$seed" > /dev/null
	tries=$((tries + 1))
	minisign -Vm "$file" -p "$state/key.pub" > /dev/null 2>&1 && continue
	ja snapshot verify --pub "$state/key.pub" "$work/copy" > "$work/out" 2>&1
	[ $? -eq 1 ] && grep -q "${file##*/}" "$work/out" &&
	    refused=$((refused + 1))
done
check "one changed byte: both refuse, by name" same $tries $refused
rm -rf "$work/copy"
cp -a "$state/snapshots" "$work/copy"
check "the unchanged copy is good" expect_status 0 \
    ja snapshot verify --pub "$state/key.pub" "$work/copy"
rm "$work/copy/00000002.json" "$work/copy/00000002.json.minisig"
check "a missing one is found" expect_status 1 \
    ja snapshot verify --pub "$state/key.pub" "$work/copy"

# An agent does not remove on the word of a state that does not verify.
put_spec web "host.hostname: three"
check "the agent starts again" agent_start --max-remove 10
check "the jail runs again" settled
sleep 1.1
stop agent KILL
last=$(printf '%s\n' "$state"/snapshots/*.json | tail -n 1)
"$flip" "$last" 7 > /dev/null
check "a newest snapshot that was changed: it starts" agent_start
check "and says so" grep -q "cannot be trusted" "$work/agent.log"
rm "$specs/web.yaml"
check "a removal is held then" soon state_is web held
check "with the reason" has web .reason "cannot be trusted"
check "the jail runs on" inside web true
check "modes: the secret key is root's alone" same "600 644" \
    "$(stat -c %a "$state/key") $(stat -c %a "$state/key.pub")"
