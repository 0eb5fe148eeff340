#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# States that cannot be signed: the agent goes on, says so, removes nothing on a
# word that it cannot verify, and signs later.
# needs: root jq
. tests/lib.sh
. tests/agent.sh

if sanitized; then
	skip "states that cannot be signed" "most of a minute of waiting; \
unit/test_signer and system/sign_again run the same code with sanitizers"
	exit 0
fi

kernel=model:$work/table
mkdir "$work/roots/web" "$work/roots/db"
trouble() { # TEXT, "" for none
	_got=$(ja status --json | jq -r '.agent.snapshot // ""')
	case $1:$_got in
	:) return 0 ;;
	:*) ;;
	*) case $_got in *"$1"*) return 0 ;; esac ;;
	esac
	echo "status says: $_got"
	return 1
}
newest_has() { # NAME
	same "$1" "$(ja snapshot show --json |
	    jq -r ".jails[] | select(.name == \"$1\") | .name")"
}
# HOSTNAME, ready, and noted as what the newest is
newest_is() {
	ja snapshot show -v | grep -x "  host.hostname = $1" &&
	    ja snapshot show --json | jq -e 'all(.jails[]; .state == "ready")' &&
	    same "$(snapshots)" "$(cut -d ' ' -f 1 "$run_dir/head")"
}

# The key cannot be read.
ja keygen > /dev/null
chmod 644 "$state/key"
put_spec web "host.hostname: one"
check "with a key that others can read the agent starts" agent_start \
    --max-remove 9
check "and makes jails" soon hostname_is web one
check "status says why nothing is signed" soon trouble "chmod 600"
check "so does its text" sh -c "'$JAILAGENT' -s '$state' status |
    grep '^states are not signed: secret key: .*chmod 600'"
check "there is no snapshot" same 0 "$(snapshots)"
chmod 600 "$state/key"
check "the key mended: the state is signed by and by" soon are_signed 1
check "with the jail" soon newest_has web
check "status is well again" soon trouble ""

# No room on the disk.
stop agent
mkdir "$work/full"
mount -t tmpfs -o size=64k,mode=755 full "$work/full" || exit 1
cp -R "$state/snapshots/." "$work/full"
mount --bind "$work/full" "$state/snapshots" || exit 1
dd if=/dev/zero of="$state/snapshots/filler" bs=4k 2> /dev/null
check "with a full disk the agent starts" agent_start --max-remove 9
put_spec web "host.hostname: two"
put_spec db "host.hostname: db"
check "it changes jails" soon hostname_is web two
check "and makes new ones" soon hostname_is db db
check "status says that there is no room" soon trouble "No space left"
check "what is there verifies" expect_status 0 ja snapshot verify
rm "$state/snapshots/filler"
check "with room the state is signed" soon newest_has db
check "without a gap" expect_status 0 ja snapshot verify
check "and that is said" grep -q "states are signed again" "$work/agent.log"

# The signer of an agent that was killed hangs, as on a disk that does not answer.
before=$(helper_named signer)
kill -STOP "$before"
put_spec web "host.hostname: late"
check "a change while the signer hangs" soon hostname_is web late
check "status says that it does not answer" soon trouble "has not answered for"
check "who asks for another key is not kept for ever" expect_status 1 \
    ja keygen --rotate
check "but told" says "the signer has not answered for 10 s"
check "who asks again then is, too" expect_status 1 ja keygen --rotate
check "at once" says "has not answered yet"
cp "$state/key.pub" "$work/before.pub"
stop agent KILL
check "without an agent it is said, too" expect_status 1 ja keygen --rotate
check "what is waited for" says "pid $before, the signer of an agent"
check "the agent is killed, another one starts" agent_start --max-remove 9
check "status says whose end is waited for" soon trouble \
    "pid $before, the signer of an agent that has ended"
put_spec web "host.hostname: later"
check "it changes jails" soon hostname_is web later
kill -CONT "$before"
check "once that one has ended, states are signed" soon trouble ""
check "with the old key, since nobody waited any more" \
    cmp "$work/before.pub" "$state/key.pub"
check "as they are" soon newest_is later
check "in one chain" expect_status 0 ja snapshot verify

# The clock has gone back: what is there is of tomorrow.
stop agent
umount "$state/snapshots" "$work/full"
rm -r "$state/snapshots"
mkdir "$state/snapshots"
rm -f "$run_dir/head"
now=$(date +%s)
"$BUILD/tests/helper/sign" "$state/snapshots" "$state/key" "$state/key.pub" \
    1 0 0 $((now + 86400)) > /dev/null
check "after a clock that went back the agent starts" agent_start \
    --max-remove 9
check "it signs" soon are_signed 2
check "and says so" soon trouble \
    "states are signed, but the clock has gone back"
check "the chain verifies all the same" expect_status 0 ja snapshot verify
check "list shows it" expect_status 0 ja snapshot list
check "by name" says "the clock went back"

# The directory is moved away under the agent.
mv "$state/snapshots" "$work/elsewhere"
count=$(find "$work/elsewhere" -name '*.json' | wc -l)
put_spec web "host.hostname: moved"
check "snapshots that were moved away are missed" soon trouble \
    "$state/snapshots: is gone"
check "nothing is written where they are" same "$count" \
    "$(find "$work/elsewhere" -name '*.json' | wc -l)"
mv "$work/elsewhere" "$state/snapshots"
check "when they are back the state is signed" soon newest_is moved
check "without a gap" expect_status 0 ja snapshot verify
rm -r "$state/snapshots" "$run_dir/head"
put_spec web "host.hostname: anew"
check "removed, as its message says: begun anew" soon newest_is anew
check "with the first" expect_status 0 ja snapshot show 1

# Nothing is removed on the word of an inventory that cannot be verified.
stop agent KILL
mv "$state/key.pub" "$work/away.pub"
echo nonsense > "$state/key.pub"
rm "$specs/db.yaml"
check "with a public key that is none the agent starts" agent_start \
    --max-remove 9
check "a removal is held" soon state_is db held
check "and its reason says what to do" has db .reason "start the agent again"
put_spec web "host.hostname: three"
check "other things go on" soon hostname_is web three
check "status says why nothing is signed" soon trouble "key.pub"
stop agent
check "without an agent the removal is planned as held" expect_status 2 \
    ja plan --prune "$specs"
check "with the reason" says "the newest snapshot cannot be trusted"
check "apply holds it as well" expect_status 3 ja apply --prune "$specs"
check "and says which" says "db: held: the newest snapshot cannot be trusted"
check "the jail is there" hostname_is db db
mv "$work/away.pub" "$state/key.pub"
check "with the right key it is removed" expect_status 0 \
    ja apply --prune "$specs"
check "so it is gone" same name=web "$(ja list -n name)"
