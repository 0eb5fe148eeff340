#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The letters of jail(8) allow what its table says.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/web"
little_root "$work/roots/web2"
first() { put_spec web "host.hostname: first"; }
live() { put_spec web "host.hostname: second"; }
restart() { put_spec web "host.hostname: first" "path: $work/roots/web2"; }
none() { ja apply -r "$specs" > /dev/null 2>&1; first; }
runs() { none; ja apply "$specs" > /dev/null 2>&1; }

# cell LETTERS SITUATION STATUS TEXT EFFECT: what one cell of the table does;
# EFFECT is created, same, modified, restarted or gone.
cell() {
	_name="$1, $2"
	case $2 in
	"not running") none; _before= ;;
	"live difference") runs; _before=$(identity web); live ;;
	"restart difference") runs; _before=$(identity web); restart ;;
	"no difference") runs; _before=$(identity web) ;;
	esac
	check "$_name: exit status $3" expect_status "$3" ja apply "$1" "$specs"
	[ -z "$4" ] || check "$_name: says \"$4\"" says "$4"
	check "$_name: $5" effect "$5" "$_before"
}
effect() {
	_now=$(identity web)
	_host=$(inside web hostname 2> /dev/null)
	case $1 in
	created) [ -n "$_now" ] ;;
	none) [ -z "$_now" ] ;;
	same) [ "$_now" = "$2" ] && [ "$_host" = first ] ;;
	modified) [ "$_now" = "$2" ] && [ "$_host" = second ] ;;
	restarted) [ -n "$_now" ] && [ "$_now" != "$2" ] ;;
	esac
}

cell -c "not running" 0 "web: created" created
cell -c "live difference" 1 "already exists" same
cell -c "restart difference" 1 "already exists" same
cell -m "not running" 1 "not found" none
cell -m "live difference" 0 "web: updated" modified
cell -m "restart difference" 1 "cannot be changed" same
cell -cm "not running" 0 "web: created" created
cell -cm "live difference" 0 "web: updated" modified
cell -cm "restart difference" 1 "cannot be changed" same
cell -mr "not running" 1 "not found" none
cell -mr "live difference" 0 "web: updated" modified
cell -mr "restart difference" 0 "web: restarted" restarted
cell -cmr "not running" 0 "web: created" created
cell -cmr "live difference" 0 "web: updated" modified
cell -cmr "restart difference" 0 "web: restarted" restarted
cell -rc "not running" 0 "web: created" created
cell -rc "live difference" 0 "web: restarted" restarted
cell -rc "restart difference" 0 "web: restarted" restarted
cell -rc "no difference" 0 "web: restarted" restarted
cell -r "not running" 0 "" none
cell -r "live difference" 0 "web: removed" none
cell -r "restart difference" 0 "web: removed" none
cell -cmr "no difference" 0 "" same

# plan with letters says the same without doing it.
runs
restart
for l in -c -cm -m; do
	check "plan $l: blocked, 2" expect_status 2 ja plan $l "$specs"
	check "plan $l: says so" says blocked
done
check "plan -r: remove" expect_status 2 ja plan -r "$specs"
check "plan -r: says so" says "remove   web"
check "plan changed nothing" state_is web matching
check "an unknown letter: usage" expect_status 64 ja apply -x "$specs"

# Letters for apply, while an agent with others runs.
runs
check "an agent with -cm runs" agent_start -cm -p 3
check "apply without letters is its own" ja apply "$specs"
check "and with its own" ja apply -cm -p 3 "$specs"
check "not with others" expect_status 1 ja apply -cmr "$specs"
check "it says which the agent has" says "runs with -cm, not -cmr"
check "nor with another -p" expect_status 1 ja apply -p 4 "$specs"
check "it says that, too" says "runs with -p 3"
for j in one two; do
	put_spec $j "path: $work/roots/web" "depend: [nobody]"
done
check "of jails that are not as they should be" expect_status 1 ja apply "$specs"
check "the first one" says "one: blocked: "
check "and each other one is told" says "two: blocked: "
rm "$specs/one.yaml" "$specs/two.yaml"
stop agent

# What the agent takes, and what it does with them.
for l in -c -r -cr; do
	check "run $l: usage" expect_status 64 ja run $l -d "$specs"
done
# agent_cell LETTERS SITUATION STATE EFFECT
agent_cell() {
	case $2 in
	"not running") none; _before= ;;
	"live difference") runs; _before=$(identity web); live ;;
	"restart difference") runs; _before=$(identity web); restart ;;
	esac
	check "run $1, $2" agent_start "$1"
	check "run $1, $2: $3" soon state_is web "$3"
	check "run $1, $2: $4" effect "$4" "$_before"
	stop agent
}
agent_cell -m "not running" blocked none
agent_cell -m "live difference" ready modified
agent_cell -cm "not running" ready created
agent_cell -cm "restart difference" blocked same
agent_cell -mr "not running" blocked none
agent_cell -mr "restart difference" ready restarted
agent_cell -cmr "live difference" ready modified

# A jail's own settings: as if it had -cm.
own() { put_spec web "host.hostname: $1" "agent: {restart: never}" "$2"; }
none
own first "" && ja apply "$specs" > /dev/null 2>&1
before=$(identity web)
own second ""
check "restart: never, live difference" ja apply "$specs"
check "it is modified" effect modified "$before"
own second "path: $work/roots/web2"
check "restart: never, restart difference" expect_status 1 ja apply "$specs"
check "it says why" says "agent.restart is never"
check "it is left as it is" effect modified "$before"
