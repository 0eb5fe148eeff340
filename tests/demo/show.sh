# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154
# How the demonstration looks, and its clock.  Colours and pauses for reading
# are for a terminal only.  $work is the demonstration's directory,
# $agent the agent's process.

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m')
	green=$(printf '\033[32m') red=$(printf '\033[31m')
	plain=$(printf '\033[0m')
else
	bold='' dim='' green='' red='' plain=''
fi
number=0
figures=
began=$(now_ms)

# A moment to read, when somebody is there to do it.
breathe() {
	[ ! -t 1 ] || sleep "$1"
}

title() {
	printf '%s%s%s\n' "$bold" "$1" "$plain"
}

step() {
	breathe 0.8
	number=$((number + 1))
	printf '\n%s%d  %s%s\n' "$bold" $number "$1" "$plain"
	breathe 0.4
}

run() { # the command that a user would type
	printf '    %s$ %s%s\n' "$dim" "$1" "$plain"
}

note() {
	printf '    %s\n' "$1"
}

figure() { # a line for the closing summary
	printf '    %s%s%s\n' "$green" "$1" "$plain"
	figures="$figures$1
"
}

moment() { # the clock starts
	since=$(now_ms)
}

# try_until COMMAND...: up to 10 s, every 2 ms, as long as the agent runs.
try_until() {
	_end=$(($(now_ms) + 10000))
	until "$@"; do
		alive "$agent" || fail "the agent has ended"
		[ "$(now_ms)" -lt "$_end" ] || return 1
		sleep 0.002
	done
}

# reach WHAT COMMAND...: waits for the effect and says after how long.
reach() {
	_what=$1
	shift
	try_until "$@" || fail "not within 10 s: $_what"
	figure "$(printf '%5d ms' $(($(now_ms) - since)))  $_what"
}

reach_quietly() {
	try_until "$@" || fail "not within 10 s: $*"
}

show_status() {
	breathe 0.3
	run "jailagent status"
	jailagent status 2>&1 | sed "s,$work/,,g; s/^/    /"
}

fail() {
	printf '    %sFAILED: %s%s\n' "$red" "$1" "$plain"
	if [ -s "$work/agent.log" ]; then
		note "the agent's last lines:"
		tail -n 15 "$work/agent.log" | sed 's/^/    | /'
	fi
	exit 1
}

closing() {
	printf '\n%sIn short%s (from the change of the file, or the kill, to the effect)\n' \
	    "$bold" "$plain"
	printf '%s' "$figures" | sed 's/^/    /'
	printf '    %s s in all\n' "$((($(now_ms) - began) / 1000))"
}
