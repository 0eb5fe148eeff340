#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A file that is written while apply is at work: what is kept of it for the next
# agent is what was applied, or nothing.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/all"
a_named() { # HOSTNAME [LINE...]
	_h=$1
	shift
	any a "host.hostname: $_h" "$@"
}
kept() { cat "$state"/good/*; }

a_named one | put a
check "the agent starts" agent_start
check "the jail runs" settled
is_kept() { kept | grep -q -a "hostname: $1"; }
check "its text is kept" soon is_kept one
stop agent

a_named three > "$work/three"
a_named two "mount.procfs: true" \
    "exec.prestart: [\"/bin/cp $work/three $specs/a.yaml\"]" | put a
check "apply of a text whose file is written anew meanwhile" \
    expect_status 0 ja apply "$specs"
check "does what it read" hostname_is a two
check "and the file says something else now" \
    cmp -s "$work/three" "$specs/a.yaml"
check "of which nothing is kept" fails is_kept three
check "nor of what was before" fails is_kept one
echo "name: [" | put a
check "an agent that meets it broken" agent_start
check "holds the jail" soon state_is a held
check "as it was applied" hostname_is a two
