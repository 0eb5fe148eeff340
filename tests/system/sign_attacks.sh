#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What people could do to signed states, an attack at a time, and that it is
# found, by name.
# needs: jq
. tests/lib.sh
. tests/agent.sh

sign=$BUILD/tests/helper/sign
pub=$work/key.pub
"$JAILAGENT" keygen -k "$work/key" > /dev/null

# history NAME COUNT [JAILS [KEY]]: snapshots in $work/NAME
history() {
	mkdir -p "$work/$1"
	"$sign" "$work/$1" "$work/${4:-key}" "$work/${4:-key}.pub" "$2" \
	    "${3:-2}" > /dev/null
}
verify() { # DIR [OPTION...]
	_dir=$1
	shift
	"$JAILAGENT" snapshot verify --pub "$pub" "$@" "$work/$_dir"
}
finds() { # TEXT DIR [OPTION...]
	_text=$1
	shift
	expect_status 1 verify "$@" && says "$_text"
}
# What an auditor keeps from one verify to the next: NUMBER:DIGEST.
newest() { verify "$1" --json | jq -r '"\(.newest):\(.digest)"'; }
drop() { # DIR NUMBER...
	_dir=$1
	shift
	for _n; do
		rm "$work/$_dir/0000000$_n.json" \
		    "$work/$_dir/0000000$_n.json.minisig"
	done
}

history log 5
check "an honest history is good" expect_status 0 verify log
check "and says what it ends with" says "the newest is 5:"
check "and whose it is" says " of host host.example.org"
seen=$(newest log)
check "it has what was seen in it" expect_status 0 verify log --seen "$seen"
check "a copy of a snapshot does as well" expect_status 0 verify log \
    --seen "$work/log/00000003.json"

for bad in "0:${seen#*:}" "5:$(echo "${seen#*:}" | tr a-f A-F)" "5:12" 7; do
	check "what cannot have been seen is refused: $bad" finds \
	    "is not NUMBER:DIGEST" log --seen "$bad"
done
check "one file has nothing before it" finds "is one snapshot" \
    log/00000003.json --seen "$seen"

cp -R "$work/log" "$work/short"
drop short 4 5
check "an end that was cut off" finds \
    "00000005.json: was seen before, but number 3 is the newest" short \
    --seen "$seen"
history short 2 3
check "a truncated log that was continued" finds \
    "00000005.json: is another one than was seen before" short --seen "$seen"

cp -R "$work/log" "$work/restored"
drop restored 5
history restored 3 3
cp -R "$work/log" "$work/both"
cp "$work/restored"/0000000[67].* "$work/both"
check "two histories after a restored backup, mixed" finds \
    "00000006.json: does not continue 00000005.json" both
check "or one instead of the other" finds \
    "00000005.json: is another one than was seen before: there are two" \
    restored --seen "$seen"

cp -R "$work/log" "$work/old"
drop old 5
check "an old directory that is replayed" finds \
    "00000005.json: was seen before" old --seen "$seen"

check "swapped hosts" finds "is of host host.example.org, not of other" log \
    --host other
check "the right host" expect_status 0 verify log --host host.example.org

"$JAILAGENT" keygen -k "$work/evil" > /dev/null
history forged 5 2 evil
check "a key that was replaced, and all signed anew" finds \
    "00000001.json: was signed by another key" forged
cp -R "$work/log" "$work/spoiled"
if "$sign" "$work/spoiled" "$work/evil" "$work/evil.pub" 1 2 \
    > "$work/out" 2>&1; then
	not_ok "a signer with another key does not go on"
else
	check "a signer with another key does not go on" says \
	    "was signed by another key"
fi

# Somebody else on the host, who can write the directory but not read the key.
chmod 777 "$work/spoiled"
as_other() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
cp "$work/forged/00000001.json" "$work/spoiled/00000006.json"
cp "$work/forged/00000001.json.minisig" "$work/spoiled/00000006.json.minisig"
check "a snapshot that another user wrote" finds \
    "00000006.json: was signed by another key" spoiled
chmod 600 "$work/key"
if [ "$(id -u)" -eq 0 ] && command -v setpriv > /dev/null; then
	check_not "another user cannot read the key" as_other cat "$work/key"
else
	skip "another user cannot read the key" "needs root and setpriv"
fi
chmod 644 "$work/key"
if "$sign" "$work/log" "$work/key" "$pub" 1 2 > "$work/out" 2>&1; then
	not_ok "a key that others can read is refused"
else
	check "a key that others can read is refused" says "chmod 600"
fi
chmod 600 "$work/key"

# ---- the agent, when its own snapshots are attacked -----------------------

kernel=model:$work/table
mkdir "$work/roots/web"
put_spec web "host.hostname: one"
check "an agent" agent_start --max-remove 9
check "makes a jail" settled
check "and a snapshot" soon are_signed 1
put_spec web "host.hostname: two"
check "and another one" soon are_signed 2
signer=$(helper_named signer)
stop agent KILL
check "its signer ends" wait_until 10 fails alive "$signer"
count=$(snapshots)
rm "$state/snapshots/0000000$count".*
check "the newest is taken away: the agent starts" agent_start --max-remove 9
check "and says so" grep -q "was written since the host booted" \
    "$work/agent.log"
rm "$specs/web.yaml"
check "it removes no jail" soon state_is web held
check "with the reason" has web .reason "bring back what is missing"
sleep 1.2
check "and does not sign over it" same $((count - 1)) "$(snapshots)"
problem() { ja status --json |
    jq -r .agent.snapshot | grep booted; }
check "status says so" problem
check "and so does verify, on the host" expect_status 1 ja snapshot verify
check "of that one" says "0000000$count.json: is missing: it was written since"
check "what is left is good in itself" expect_status 0 \
    ja snapshot verify "$state/snapshots"
