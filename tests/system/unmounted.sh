#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Directories that are away when the agent starts, and were not
# when the one before ended.
# needs: root jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/all" "$specs/disk" "$specs/plain" "$specs/bind" \
    "$work/source" "$work/target"
mount -t tmpfs -o size=1m,mode=755 specs "$specs/disk"
mount --bind "$work/source" "$specs/bind"
ln -s "$work/target" "$specs/link"
for j in top disk/a bind/b link/c plain/d plain/e; do
	spec "${j##*/}" "path: $work/roots/all" > "$specs/$j.yaml"
done
jids() { ja list -j "$1" jid; }
again() {
	stop agent
	"$@"
	check "another agent starts" agent_start --recursive --max-remove 100%
}
check "the agent starts" agent_start --recursive --max-remove 100%
check "the jails run" settled
all=$(ja list name jid)
away() {
	umount "$specs/bind"
	mv "$work/target" "$work/elsewhere"
	mkdir "$work/disk"
	mount --move "$specs/disk" "$work/disk" 2> /dev/null || {
		mount --bind "$specs/disk" "$work/disk"
		umount "$specs/disk"
	}
	rm "$specs/plain/e.yaml"
}
again away
sleep 2.5
check "nothing was removed" same "$all" "$(ja list name jid)"
told() {
	ja status | grep -F "$1" | grep -F "$2"
}
check "a disk that is not mounted is told" soon told "$specs/disk" "mount it"
check "a link that leads nowhere" soon told "$specs/link" "leads nowhere"
check "a directory from the same disk" soon told "$specs/bind" "mount it"
for j in a b c; do
	check "$j runs by what was known of it" test -n "$(jids $j)"
done
check "so does what is missing besides" state_is e held
back() {
	mount --bind "$work/source" "$specs/bind"
	mv "$work/elsewhere" "$work/target"
	mount --bind "$work/disk" "$specs/disk"
}
back
kill -HUP "$agent"
check "back again: only what is gone goes" soon no_jail e
check "and all is well" settled
check "the others are the same" same "$(echo "$all" | grep -v '^e ')" \
    "$(ja list name jid)"

# Taken as it is when somebody says so.
unmount() { umount "$specs/bind"; }
again unmount
check "held once more" soon told "$specs/bind" "ack"
check "approved" ja ack '*'
check "it goes" soon no_jail b
remove() { rm -r "$specs/plain"; }
again remove
check "a directory that was removed is no such thing" soon no_jail d
check "nothing is left to say" settled
stop agent
remove_tree "$specs"
remove_tree "$work/disk"

# The watched directory itself, with something else below it.
specs=$work/all
state=$work/other-state
kernel=model:$work/other
mkdir "$specs" "$work/kept"
spec old "path: $work/roots/all" > "$specs/old.yaml"
mount -t tmpfs -o size=1m,mode=755 specs "$specs"
mount --bind "$specs" "$work/kept"
spec web "path: $work/roots/all" > "$specs/web.yaml"
check "an agent for a disk" agent_start
check "its jail runs" settled web
web=$(jids web)
revision=$(ja status --json | jq -r .agent.revision)
shown() { ja snapshot show --json | jq -c "$1"; }
alike() { # STATE: in status and in the newest snapshot
	same "[[\"web\",\"$1\"]]" "$(ja status --json |
	    jq -c '[.jails[] | [.name, .state]]')" &&
	    same "[[\"web\",\"$1\"]]" "$(shown '[.jails[] | [.name, .state]]')"
}
stop agent
umount "$specs"
check "another one, while that is not mounted" agent_start
sleep 2.2
check "the jail is the same" same "$web" "$(jids web)"
check "nothing was made of what is below" no_jail old
check "that is told" soon told "$specs" "mount it"
check "it is held, also in a snapshot" soon alike held
check "there is no revision" same null \
    "$(ja status --json | jq .agent.revision)"
check "which the snapshot says" same '"+invalid"' "$(shown .revision)"
mount --bind "$work/kept" "$specs"
kill -HUP "$agent"
check "mounted again" settled web
check "as if nothing had been" same "$web" "$(jids web)"
check "a snapshot says so" soon alike ready
check "of the revision" same "\"$revision\"" "$(shown .revision)"
umount "$specs"
kill -HUP "$agent" # no event tells of it
check "away while the agent runs: held, also in a snapshot" soon alike held
check "of what cannot be seen" same "\"$revision+invalid\"" \
    "$(shown .revision)"
number=$(snapshots)
mount --bind "$work/kept" "$specs"
kill -HUP "$agent"
check "back again so soon" settled web
sleep 1.2 # a snapshot would be written by then
check "that is no state after the other" same "$number" "$(snapshots)"
stop agent
