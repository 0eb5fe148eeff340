#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A second apply makes no call that changes anything, starts no program and
# writes no file, seen from outside.
# needs: root busybox strace
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/all"
little_root "$work/roots/up"
mkdir "$work/roots/up/down"
root="path: $work/roots/all"
hook() { echo "exec.$1: [\"/bin/touch $work/$1\"]"; }
put_spec db "$root" "host.hostname: db" 'exec.start: ["/bin/sleep 1000 &"]' \
    "$(hook prepare)" "$(hook prestart)" "$(hook created)" \
    "$(hook poststart)" "$(hook prestop)" "$(hook poststop)" "$(hook release)"
put_spec web "$root" "depend: [db]" "mount.procfs: true" "ip4: inherit" \
    "ip6: inherit" "meta.owner: ops" "meta: \"free=text\"" "env.A: b" \
    "sysvshm: new" "agent: {labels: {tier: front}}"
put_spec up "children.max: 3" "mount.devfs: true"
put_spec up.in "path: $work/roots/up/down" "meta.a: b"
check "apply" ja apply --prune "$specs"
rm -f "$work"/p* "$work/created" "$work/release"

listing_of() {
	find "$state" "$run_dir" "$work/table" ! -name 'lock*' \
	    -printf '%p %s %T@ %C@\n' | grep -v 'lock' | sort
	scene
}
listing_of > "$work/before"
check "again, under strace" expect_status 0 traced "$work/trace" \
    "$JAILAGENT" -k "trace:$work/calls:$kernel" -s "$state" \
    apply --prune "$specs"
check "it says nothing" test ! -s "$work/out"
listing_of > "$work/after"
check "all is as it was" diff "$work/before" "$work/after"
check "no call to the kernel that changes anything" same "" \
    "$(grep -E '^(set|remove|attach|spawn|signal)' "$work/calls")"
for h in prepare prestart created poststart prestop poststop release; do
	check "no exec.$h" test ! -e "$work/$h"
done

# What is called with success; the kernel's helper makes its namespaces before
# anybody knows whether it is needed, and what it mounts is its own.  Host names
# are read in the namespaces that have them.
helper=$(sed -n 's/^\([0-9]*\) .*unshare(CLONE_NEWNS.*/\1/p' "$work/trace" |
    sort -u)
calls() {
	grep -E "^[0-9]+ +$1" "$work/trace" | grep -v -e ' = -1 ' \
	    -e ' setns([0-9]*, CLONE_NEWUTS) ' ${helper:+-e "^$helper "}
}
check "no program is executed" same 1 "$(calls execve | wc -l)"
check "nothing is named, renamed or removed" same "" "$(calls \
    '(rename|unlink|mkdir|rmdir|link|symlink|mknod|f?chmod|f?chown|mount|umount|move_mount|setns)')"
check "nothing is forced to the disk" same "" "$(calls '(fsync|fdatasync)')"
opened() {
	calls 'open(at)?\(.*(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC)' |
	    grep -v -E '/lock"|/signing"|lock\.mdb"|-lock"|/calls"|/dev/null"'
}
opened > "$work/opened"
check "what is opened for writing is the table and the journal" \
    fails grep -v -E '["/](data\.mdb|prisons|jails|journal|users|begun|table/[^/]*)"' \
    "$work/opened"
check "the agent as well" agent_start
check "has nothing to do" settled
check "and does nothing" same 0 "$(count_deeds)"
