#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The directory of last good texts is away for a while, and made anew at once: what
# it has when it is back may be older than what jails were given meanwhile.
# needs: jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/all"
a_named() { any a "host.hostname: $1" | put a; }
kept() { grep -q -a "host.hostname: $1" "$state"/good/*; }
broken() { echo "name: [" | put a; }
away() { mv "$state/good" "$work/good"; }
back() {
	rm -rf "$state/good"
	mv "$work/good" "$state/good"
}
held_as() { # HOSTNAME
	soon state_is a held && sleep 1.2 && hostname_is a "$1"
}

a_named one
check "the agent starts" agent_start
check "the jail runs" settled
check "its text is kept" soon kept one
stop agent

# ---- for an apply -----------------------------------------------------------
away
a_named two
check "apply" expect_status 0 ja apply "$specs"
check "keeps what it applies" kept two
back
broken
check "an agent that meets the old copy, and a broken file" agent_start
check "does not go back" held_as two
a_named two
check "the file is good again" soon kept two
check "and used" settled

# ---- ... with the state directory -------------------------------------------
stop agent
mv "$state" "$work/away"
a_named three
expect_status 1 ja apply "$specs" 2> /dev/null
check "apply without state" hostname_is a three
rm -rf "$state"
mv "$work/away" "$state"
broken
check "an agent that meets the old one" agent_start
check "does not go back to that" held_as three
a_named four
check "a text that is good" soon kept four
check "is used" settled
stop agent

# ---- for an apply that changes nothing ----------------------------------------
away
check "apply, of the same" expect_status 0 ja apply "$specs"
back
check "and again" expect_status 0 ja apply "$specs"
check "the text is kept" kept four
broken
check "an agent that meets it broken" agent_start
check "knows the text" soon state_is a invalid
check "of what runs" hostname_is a four
stop agent

# ---- ... beside which a file is in its place ------------------------------------
a_named four
check "an agent" agent_start
check "keeps a text" soon kept four
check "that is used" settled
stop agent
any b | put b
check "apply of another file" expect_status 0 ja apply "$specs/b.yaml"
away
: > "$state/good"
check "apply, of the same" expect_status 0 ja apply "$specs"
rm "$state/good"
back
any b "host.hostname: two" | put b
check "and of another file alone" expect_status 0 ja apply "$specs/b.yaml"
check "the text is kept" kept four
away
: > "$state/good"
a_named five
expect_status 0 ja apply "$specs" 2> /dev/null
check "apply of another text" hostname_is a five
a_named four
expect_status 0 ja apply "$specs" 2> /dev/null
check "and of the one before" hostname_is a four
back
any b "host.hostname: three" | put b
check "apply that has a place for it again" expect_status 0 ja apply "$specs"
check "keeps the text" kept four
check "in place of the one that was marked" same "" "$(ls "$run_dir/outdated")"
rm "$specs/b.yaml"
check "apply" expect_status 0 ja apply --prune "$specs"

# ---- for an agent ------------------------------------------------------------
a_named four
away
check "an agent without a directory" agent_start --interval 1
a_named five
check "uses a text" soon hostname_is a five
check "and keeps it" soon kept five
back
check "what is back is emptied" soon fails kept four
check "and has what is good" soon kept five
says_nothing() { ! ja status | grep "another directory"; }
check "and no more is said" soon says_nothing
a_named six
check "a change" soon hostname_is a six
check "is kept" soon kept six
away
mkdir "$state/good"
broken
check "another directory, and a broken file" soon state_is a invalid
stop agent KILL
back
check "the next agent" agent_start
check "does not go back" soon fails state_is a ready
check "from what runs" hostname_is a six
