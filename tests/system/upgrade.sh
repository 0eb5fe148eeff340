#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# An agent built from the previous commit leaves jails; this one changes nothing
# about them.
# needs: root busybox jq make
# timeout: 300
. tests/lib.sh
. tests/agent.sh

if sanitized; then
	skip "upgrade" "the normal build does it"
	exit 0
fi
git_here() { git -c safe.directory='*' -C "$TOP" "$@"; }
if ! git_here rev-parse -q --verify HEAD^ > /dev/null 2>&1; then
	skip "upgrade" "there is no git history here with a previous commit"
	exit 0
fi

# The sources of the previous commit, and the objects of the others: only what
# depends on a changed file is compiled.
old=$work/old
mkdir -p "$old/build"
cp_sources() {
	(cd "$TOP" && git_here ls-files -z | xargs -0 ls -d 2> /dev/null |
	    tar -cf - -T -) | tar -xf - -C "$old" &&
	    cp -a "$BUILD/obj" "$BUILD/made" "$old/build/" &&
	    git_here diff --binary -R HEAD^ > "$work/patch" &&
	    (cd "$old" && git init -q . &&
	    { [ ! -s "$work/patch" ] || git apply "$work/patch"; })
}
check "the sources of the previous commit" cp_sources || exit 1
check "they are built" make -C "$old" -j 2 BUILD=build build/jailagent || exit 1
new=$JAILAGENT

little_root "$work/roots/all"
little_root "$work/roots/up"
mkdir "$work/roots/up/down"
root="path: $work/roots/all"
put_spec db "$root" "host.hostname: db" 'exec.start: ["/bin/sleep 1000 &"]' \
    "exec.poststop: [\"/bin/touch $work/stopped\"]"
put_spec web "$root" "depend: [db]" "mount.procfs: true" "ip4: inherit" \
    "ip6: inherit" "meta.owner: ops" "env.A: b" "sysvshm: new"
put_spec up "children.max: 3" "mount.devfs: true"
put_spec up.in "path: $work/roots/up/down" "meta.a: b" \
    "agent: {labels: {tier: front}, heal: never}"
JAILAGENT=$old/build/jailagent
check "the old agent starts" agent_start
check "its jails run" settled
stop agent

jails() {
	for j in db web up up.in; do
		echo "$j $(identity $j)"
	done
	"$new" -k "$kernel" list -n -s 2> /dev/null
	# Versions before stamps write none; this one adds it.
	for f in "$state"/applied/*; do
		echo "$f $(grep -v '^# stamp ' "$f" | cksum)"
	done
}
jails > "$work/before"
JAILAGENT=$new
check "plan has nothing to do" expect_status 0 ja plan --prune "$specs"
kernel=trace:$work/calls:$kernel
check "the new agent starts" agent_start
check "all is as it should be" settled
check "it has done nothing" same 0 "$(count_deeds)"
check "asked the kernel for nothing" same "" \
    "$(grep -E '^(set|remove|attach|spawn|signal)' "$work/calls")"
stop agent
kernel=${kernel#trace:"$work"/calls:}
jails > "$work/after"
check "the jails are the same" diff "$work/before" "$work/after"
check "no hook was run" test ! -e "$work/stopped"
