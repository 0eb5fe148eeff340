#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Defaults whose file is gone count like a jail whose spec is gone, also when that
# happened while no agent ran.
# needs: jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
status_says() { ja status | grep -q -e "$1"; }
defaults() { printf 'name: "*"\nhost.hostname: given\n' | put 00-defaults; }
agent_restart() {
	stop agent
	agent_start "$@"
}
mkdir -p "$work/roots/web" "$work/roots/db"
put_spec web
put_spec db

defaults
check "an agent that removes nothing by itself" agent_start --max-remove 0
check "with defaults" settled
check "that count" hostname_is web given
rm "$specs/00-defaults.yaml"
check "without their file they are held" soon status_says \
    '00-defaults.yaml is gone; .*--max-remove'
check "the log says it" grep -q '00-defaults.yaml: its defaults are held' \
    "$work/agent.log"
check "and are in force" hostname_is web given
check "status is not well" expect_status 2 ja status
check "nor is wait" expect_status 1 ja wait --timeout 10
defaults
check "back again all is well" settled
check "nothing was changed" hostname_is web given
rm "$specs/00-defaults.yaml"
check "gone again" soon status_says '00-defaults.yaml is gone'
check "another agent" agent_restart --max-remove 0
check "holds them, too" soon status_says '00-defaults.yaml is gone'
check "in force" hostname_is web given
check "ack" ja ack '*'
check "gives them up" soon hostname_is web '""'
check "and that is all" settled

# While no agent runs.
defaults
check "defaults again" soon hostname_is web given
stop agent KILL
rm "$specs/00-defaults.yaml"
check "gone while no agent runs: held" agent_start --max-remove 0
check "as well" soon status_says '00-defaults.yaml is gone'
check "and in force" hostname_is web given
check "within the limit" agent_restart --max-remove 100%
check "they are gone after a second" soon hostname_is web '""'

# With a MANIFEST, which says at once what is gone, and the set is one.
# The list is renamed into its place, the files in whatever order.
manifest() {
	(cd "$specs" && sha256sum -- *.yaml) > "$specs/.manifest"
	mv "$specs/.manifest" "$specs/MANIFEST"
}
defaults
manifest
check "a set" agent_restart --max-remove 0
check "with defaults" soon hostname_is web given
rm "$specs/00-defaults.yaml"
put_spec db "host.hostname: new"
manifest
check "another set without them is held" soon status_says \
    '00-defaults.yaml is gone; .*--max-remove'
check "as a whole" hostname_is db given
check "another agent" agent_restart --max-remove 0
check "holds it, too" soon status_says '00-defaults.yaml is gone'
check "as a whole" hostname_is db given
check "which is an answer for who waits" expect_status 1 ja wait --timeout 10
check "that says why" says "removal is held"
check "and nothing was done" same 0 "$(count_deeds)"
check "ack" ja ack '*'
check "has it used" soon hostname_is db new
check "all of it" soon hostname_is web '""'
check "and that is all" settled
