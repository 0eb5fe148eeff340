#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A signer that ends is followed by another one, which signs what is so then.
# needs: jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir "$work/roots/web" "$work/roots/db" "$work/other" "$work/roots/aside"
trouble() { ja status --json | jq -r '.agent.snapshot // ""'; }
well() { same "" "$(trouble)"; }
newest_says() { ja snapshot show -v | grep -q "host.hostname = $1\$"; }
newest_has() { # NAME
	same "$1" "$(ja snapshot show --json |
	    jq -r ".jails[] | select(.name == \"$1\") | .name")"
}
kill_signer() { # the one that is not $last
	_s=$(helper_named signer)
	[ -n "$_s" ] && [ "$_s" != "$last" ] && kill -KILL "$_s" && last=$_s
}

printf 'name: aside\npath: %s\npersist: true\n' "$work/roots/aside" \
    > "$work/other/aside.yaml"
check "a jail of another set" expect_status 0 ja apply "$work/other"
put_spec web "host.hostname: one"
put_spec db "host.hostname: db"
check "an agent" agent_start --max-remove 9
check "makes jails" settled
check "and signs that" soon newest_says one
last=
check "the signer is killed" kill_signer
put_spec web "host.hostname: two"
check "a change is signed by another one" soon newest_says two
check_not "which it is" same "$last" "$(helper_named signer)"
check "the log says so" grep -q \
    "the signer ended: nothing is signed until another one is there" \
    "$work/agent.log"
check "status is well" soon well
check "the signed state has the jail of the other set" newest_has aside

# Again and again: it is tried less and less often, and said.
n=0
while [ "$n" -lt 3 ]; do
	n=$((n + 1))
	check "it is killed again ($n)" soon kill_signer
done
check "status says when the next one comes" same "at 20" \
    "$(trouble | sed -n 's/.*started \(at 20\).*/\1/p')"
check "all is not well" expect_status 2 ja status
put_spec web "host.hostname: three"
rm "$specs/db.yaml"
check "the agent goes on: it changes a jail" soon hostname_is web three
check "and removes one" soon fails ja list -j db name
check "another key cannot be had now" expect_status 1 ja keygen --rotate
check "for the reason" says "the signer ended"
check "the next one signs the state" soon newest_says three
check_not "in which that jail is not" newest_has db
check "and the other set's is" newest_has aside
check "status is well" soon well
check "all is well" expect_status 0 ja status
check "the key can be changed" expect_status 0 ja keygen --rotate
put_spec web "host.hostname: four"
check "with it is signed" soon newest_says four
check "all is one chain" expect_status 0 ja snapshot verify
stop agent
check "the next agent" agent_start
check "finds nothing to do" expect_status 0 ja plan "$specs"
