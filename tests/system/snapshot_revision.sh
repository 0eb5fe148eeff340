#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A snapshot of a commit shows no jail as ready that is not yet as the commit
# says, however many there are.
# needs: git jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git init -q -b main "$specs"
commit() { # HOW MANY CHILDREN
	printf 'name: "*"\npath: %s\npersist: true\nchildren.max: %s\n' \
	    "$work/roots" "$1" > "$specs/00.yaml"
	git -C "$specs" add -A
	git -C "$specs" -c user.name=test -c user.email=test@example.org \
	    commit -q -m "$1"
	revision=$(git -C "$specs" rev-parse HEAD)
}
signed() { # all as the commit says
	ja snapshot show --json | jq --arg r "$revision" \
	    '.revision == $r and (.jails | length) == 500 and
	    all(.jails[]; .state == "ready")' | grep true
}
# REVISION HOW MANY: what its snapshots say too early
early() {
	jq -rn --arg r "$1" --arg n "$2" 'inputs | select(.revision == $r) |
	    .sequence as $s | .defaults["children.max"] as $d | .jails[] |
	    select(.state == "ready" and
	    ((.params["children.max"] // $d) | .[0]) != $n) |
	    "\($s): \(.name)"' "$state"/snapshots/*.json
}

i=0
while [ $((i += 1)) -le 500 ]; do printf -- '---\nname: j%s\n' $i; done \
    > "$specs/jails.yaml"
commit 1
check "an agent" agent_start
check "makes all jails" soon signed
sleep 1.2 # so that the next snapshot need not wait
commit 2
check "another commit" soon signed
check "its snapshots are looked at" early "$revision" 2
early "$revision" 2 > "$work/early"
check "is not signed as done before it is" same 0 "$(wc -l < "$work/early")"
