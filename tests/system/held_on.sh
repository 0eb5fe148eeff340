#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What keeps a jail whose spec is not there keeps it when the agent is started
# again: a file that is broken, or that its defaults break, and removals that were
# counted.
# needs: jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/all"
agent_again() { # [OPTION...]
	stop agent KILL
	agent_start "$@"
}
jids() { ja list name jid | sort; }
all_run() { jids | cmp - "$work/before"; }
# held_by NAME TEXT: its absence is proven by then.
held_by() {
	soon state_is "$1" held && has "$1" .reason "$2" && all_run
}
vars() { printf 'name: "*"\nvars: {v: %s}\n' "$1" | put 00-defaults; }

vars one
any a 'host.hostname: ${v}' | put a
{
	any b
	echo ---
	any c
} | put b
any d | put d
check "the agent starts" agent_start --max-remove 100%
check "the jails run" settled
jids > "$work/before"

# ---- a file that its defaults break ---------------------------------------
printf 'name: "*"\nvars: {other: one}\n' | put 00-defaults
check "a file that its defaults break" soon state_is a invalid
check "an agent that starts then" agent_again --max-remove 100%
check "keeps its jail" soon state_is a invalid
check "and names the file" has a .reason a.yaml
sleep 1.2
check "for ever" all_run
check "as it was" hostname_is a one
vars two
check "mended" settled
check "it is used" hostname_is a two
check "without a restart" all_run

# ---- a name in two files ----------------------------------------------------
any b > "$work/b.yaml"
mv "$work/b.yaml" "$specs/bb.yaml"
check "a name in two files" soon state_is b invalid
check "an agent that starts then" agent_again --max-remove 100%
check "says the same" soon state_is b invalid
check "and where" has b .reason "declared here and at"
sleep 1.2
check "an order about what is held" ja ack '*'
sleep 1.2
check "is not about it" all_run
rm "$specs/bb.yaml"
check "mended" settled
check "without a restart" all_run

# ---- a document that was moved into a broken file -------------------------
any b | put b
{
	any d
	echo ---
	any c
	echo "nonsense: true"
} | put d
check "a document that was moved to a broken file" held_by c d.yaml
check "so it is with another agent" agent_again --max-remove 100%
check "that starts" held_by c d.yaml
{
	any d
	echo ---
	any c
} | put d
check "mended" settled
check "nothing had happened" all_run

# ---- the signer that keeps last good texts does nothing -------------------
hung=$(helper_named signer)
check "the signer hangs" kill -STOP "$hung"
any b "host.hostname: two" | put b
check "a change" soon hostname_is b two
echo "name: [" | put b
check "a broken file" soon state_is b invalid
stop agent KILL
kill -KILL "$hung"
check "another agent" agent_start --max-remove 100% --interval 1
check "holds the jail" held_by b b.yaml
check "as it was" hostname_is b two
any b "host.hostname: two" | put b
check "mended" settled

# ---- ... cannot write them for a while, or ends before it has ---------------
kept() { grep -a "host.hostname: $1" "$state"/good/*; }
not_kept() { ! kept "$1"; }
no_marks() { same "" "$(ls "$run_dir/outdated")"; }
check "what is good is kept" soon kept two
mv "$state/good" "$work/good"
: > "$state/good"
any b "host.hostname: three" | put b
says_not_kept() { ja status | grep "last good text.*Not a directory"; }
says_none() { ! says_not_kept; }
check "no place for what is good" soon says_not_kept
check "an agent starts without it" agent_again --max-remove 100% --interval 1
check "and says so" soon says_not_kept
says_of() { ja status | grep "$1: what is known of its directories"; }
check "of the directory, too" soon says_of "$specs"
check "nothing had happened" hostname_is b three
rm "$state/good"
mv "$work/good" "$state/good"
check "is kept when there is one" soon kept three
check "and no more is said" soon says_none
check "in place of what was" not_kept two
check "and counts" soon no_marks
hung=$(helper_named signer)
check "the signer hangs" kill -STOP "$hung"
any b "host.hostname: two" | put b
check "a change" soon hostname_is b two
kill -KILL "$hung"

# ---- ... and goes on beside the next agent --------------------------------
check "what is good is kept by the next one" soon kept two
cp -R "$state/good" "$work/good"
hung=$(helper_named signer)
check "the signer hangs again" kill -STOP "$hung"
for text in three four; do
	any b "host.hostname: $text" | put b
	check "a change to $text" soon hostname_is b "$text"
done
echo "name: [" | put b
stop agent KILL
check "another agent" agent_start --max-remove 100%
check "beside it" kill -CONT "$hung"
check "writes the newest text" soon kept four
check "which is what runs" hostname_is b four
any b "host.hostname: four" | put b
check "mended" settled

# ---- the directory of last good texts comes back from a backup ------------
rm -rf "$state/good"
cp -R "$work/good" "$state/good"
any b "host.hostname: five" | put b
check "a change" soon hostname_is b five
check "is kept there" soon kept five
check "in place of what came back" not_kept two
any b "host.hostname: two" | put b
check "a last one" soon hostname_is b two
jids > "$work/before"

# ---- apply between two agents ---------------------------------------------
check "what is good is kept again" soon kept two
stop agent
any b "host.hostname: six" | put b
check "apply without an agent" expect_status 0 ja apply "$specs"
echo "name: [" | put b
check "an agent behind it" agent_start --max-remove 100%
check "says so" soon state_is b invalid
check "leaves the jail" all_run
check "as apply left it" hostname_is b six
any b "host.hostname: six" | put b
check "mended" settled

# ---- removals are counted on ----------------------------------------------
check "an agent that removes one" agent_again --max-remove 1
check "of them" settled
rm "$specs/b.yaml"
check "does" soon no_jail b
jids > "$work/before"
rm "$specs/a.yaml"
check "the second is held" soon state_is a held
check "also by the next agent" agent_again --max-remove 1
check "for its number" held_by a max-remove
