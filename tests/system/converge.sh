#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# One pass is enough where parameters decide about each other, jails are nested,
# or defaults are broken.
# needs: root jq
. tests/lib.sh

mkdir -p "$work/specs" "$work/root/sub"
ja() {
	"$JAILAGENT" -k "model:$work/table" -s "$work/state" "$@"
}
jail() { # LINE...: the spec of a
	printf '%s\n' "name: a" "path: $work/root" "persist: true" "$@" \
	    > "$work/specs/a.yaml"
}
becomes() { # VALUES: what is there after one apply, and nothing is to do then
	ja apply "$work/specs" && ja plan "$work/specs" &&
	    same "$1" "$(ja list -n -j a allow.sysvipc sysvmsg sysvsem)"
}

# allow.sysvipc is about all sysv* that the call does not mention.
both() {
	jail "allow.sysvipc: true" "sysvmsg: ${1:-inherit}"
	becomes "allow.sysvipc sysvmsg=${1:-inherit} sysvsem=inherit"
}
check "allow.sysvipc and sysvmsg" both
jail "sysvmsg: inherit"
check "allow.sysvipc leaves" becomes \
    "allow.nosysvipc sysvmsg=inherit sysvsem=disable"
check "it comes back" both
jail "allow.sysvipc: true"
check "sysvmsg leaves" becomes "allow.sysvipc sysvmsg=inherit sysvsem=inherit"
check "another sysvmsg" both new
jail "allow.sysvipc: true"
check "it leaves for what allow.sysvipc says" becomes \
    "allow.sysvipc sysvmsg=inherit sysvsem=inherit"
jail
check "all leave" becomes "allow.nosysvipc sysvmsg=disable sysvsem=disable"

# Removing a parent with what is in it.
jail "children.max: 2"
printf '%s\n' "name: a.b" "path: $work/root/sub" "persist: true" \
    > "$work/specs/b.yaml"
check "a nested jail is made" ja apply "$work/specs"
ja apply -r "$work/specs" > "$work/out"
check "-r removes both" sh -c "
	printf '%s\n' 'a.b: removed' 'a: removed' | cmp - $work/out"
check "nothing is left of them in status" same '[]' \
    "$(ja status --json | jq -c .jails)"
check "they are made again" ja apply "$work/specs"
check "-r of the inner one alone" ja apply -r "$work/specs/b.yaml"
check "leaves the outer one only" same '["a"]' \
    "$(ja status --json | jq -c '[.jails[].name]')"

# A file with broken defaults.
printf 'name: "*"\nenforce_statfs: 1\n  securelevel: 2\n' > "$work/specs/0.yaml"
jail "children.max: 3"
check "broken defaults are an error" expect_status 1 ja apply "$work/specs"
check "which names their place" says "0.yaml:1:1 are wrong"
check "no jail is changed without them" same children.max=2 \
    "$(ja list -n -j a children.max)"
check "and none is made" fails ja list -j a.b
printf 'name: "*"\nenforce_statfs: 1\n' > "$work/specs/0.yaml"
check "mended, they count" ja apply "$work/specs"
check "for all" same "children.max=3 enforce_statfs=1" \
    "$(ja list -n -j a children.max enforce_statfs)"
check "also for what is made" same enforce_statfs=1 \
    "$(ja list -n -j a.b enforce_statfs)"
