#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A chain and a diamond of 50 jails (20 with sanitizers): the order, what a failure blocks, what a
# restart restarts; and how many work at a time.
# needs: root busybox
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/all"
log=$work/order
last=50
sanitized && last=20
half=$((last / 2))

# jail NUMBER [LINE...]: the names are not in the order of the chain.
name() { printf 'j%02d' $((($1 * 37) % 101)); }
jail() {
	_n=$1
	shift
	echo ---
	spec "$(name "$_n")" "path: $work/roots/all" \
	    "exec.poststart: [\"echo up $_n >> $log\"]" \
	    "exec.poststop: [\"echo down $_n >> $log\"]" "$@"
}
# chain [NUMBER LINE]: each depends on the one before; one has another line
chain() {
	jail 1
	_i=2
	while [ $_i -le $last ]; do
		_more=
		[ $_i -ne "${1:-0}" ] || _more=$2
		jail $_i "depend: [$(name $((_i - 1)))]" ${_more:+"$_more"}
		_i=$((_i + 1))
	done
}
# diamond [NUMBER LINE]: those between depend on the first, and the last on them
diamond() {
	_all=
	jail 1
	_i=2
	while [ $_i -lt $last ]; do
		_more=
		[ $_i -ne "${1:-0}" ] || _more=$2
		jail $_i "depend: [$(name 1)]" ${_more:+"$_more"}
		_all="$_all$(name $_i), "
		_i=$((_i + 1))
	done
	jail $last "depend: [${_all%, }]"
}
# told COMMAND...: its status; what hooks noted is in the log
told() {
	: > "$log"
	"$@" > "$work/out" 2>&1
	echo $?
}
ups() { seq "$1" "$2" | sed 's/^/up /'; }
downs() { seq "$1" "$2" | sort -rn | sed 's/^/down /'; }
noted() { same "$1" "$(cat "$log")"; }
blocked() { grep -c ': blocked: ' "$work/out"; }

{ chain; echo ---; spec alone "path: $work/roots/all"; } | put chain
check "a chain starts" same 0 "$(told ja apply "$specs")"
check "one after the other" noted "$(ups 1 $last)"
before=$(identity "$(name 9)")
chain 10 'exec.start: ["true"]' | put chain
check "one of them is changed" same 0 "$(told ja apply "$specs")"
check "its dependants go before it and come after it" \
    noted "$(downs 10 $last; ups 10 $last)"
check "those before it are left alone" same "$before" \
    "$(identity "$(name 9)")"
chain $half 'exec.start: ["false"]' | put chain
check "one fails" same 1 "$(told ja apply "$specs")"
check "who depends on it is blocked, and nobody else" same $((last - half)) "$(blocked)"
check "it is named" grep -q \
    "$(name $((half + 1))): blocked: waits for $(name $half), which is failed: exec.start" \
    "$work/out"
check "those before it run" same "$before" "$(identity "$(name 9)")"
chain | put chain
check "it is mended" same 0 "$(told ja apply "$specs")"
check "the others follow" noted "$(ups $half $last)"
check "the chain stops" same 0 "$(told ja apply -r "$specs")"
check "in reverse" noted "$(downs 1 $last)"

diamond | put chain
check "a diamond starts" same 0 "$(told ja apply -p 0 "$specs")"
check "its first jail first" same "up 1" "$(head -n 1 "$log")"
check "its last one last" same "up $last" "$(tail -n 1 "$log")"
check "each once" same $last "$(sort -u "$log" | wc -l)"
diamond 7 'exec.start: ["false"]' | put chain
check "one of its middle fails" same 1 "$(told ja apply "$specs")"
check "which blocks the last one alone" same 1 "$(blocked)"
check "two went down, and a start was undone" noted "down $last
down 7
down 7"
diamond | put chain
check "it is mended" same 0 "$(told ja apply "$specs")"
sed "/^name: $(name 1)\$/a exec.start: [\"true\"]" "$specs/chain.yaml" |
    put chain
check "its first is changed" same 0 "$(told ja apply -p 0 "$specs")"
check "all go down and come up" same $((2 * last)) "$(sort -u "$log" | wc -l)"
check "the last one goes first" same "down $last" "$(head -n 1 "$log")"
check "the first one is in the middle" same "down 1
up 1" "$(sed -n "$last,$((last + 1))p" "$log")"
check "the last one comes last" same "up $last" "$(tail -n 1 "$log")"
ja apply -r -p 0 "$specs" > "$work/out" 2>&1

# How many hooks ran at once, by the notes of their begin and end.
most() {
	awk '/begin/ { if (++n > most) most = n } /end/ { n-- }
	    END { print most }' "$log"
}
independent() { # COUNT: hooks that wait for so many to have begun
	for i in 1 2 3 4 5 6 7 8 9; do
		jail $i "exec.prestart: [\"echo begin >> $log; \
until [ \$(grep -c begin $log) -ge $1 ]; do sleep 0.02; done; \
sleep 0.2; echo end >> $log\"]"
	done
}
independent 3 | put chain
check "nine jails, three at a time" same 0 "$(told ja apply -p 3 "$specs")"
check "never more" same 3 "$(most)"
ja apply -r "$specs" > "$work/out" 2>&1
independent 9 | put chain
check "any number at a time" same 0 "$(told ja apply -p 0 "$specs")"
check "all at once" same 9 "$(most)"
ja apply -r "$specs" > "$work/out" 2>&1

# Health in a chain: who depends starts when poststart is done and the check,
# which notes itself from within, has passed.
log=$work/roots/all/tmp/order
well() { # NUMBER COMMAND
	echo "agent: {health: {exec: \"/bin/sh -c 'echo well $1 >> /tmp/order; \
$2'\", interval: 100ms, retries: 2}}"
}
healthy() { # NUMBER COMMAND: the check of one of five is another one
	for i in 1 2 3 4 5; do
		_do=true
		[ $i -ne "$1" ] || _do=$2
		jail $i "$(well $i "$_do")" \
		    "$([ $i -eq 1 ] || echo "depend: [$(name $((i - 1)))]")"
	done
}
firsts() { awk '!seen[$0]++' "$log"; }
links() { for i in $(seq "$1" "$2"); do echo "up $i"; echo "well $i"; done; }
healthy 3 'sleep 0.2; [ -e /tmp/later ] || { touch /tmp/later; exit 1; }' |
    put chain
check "five jails with health" same 0 "$(told ja apply "$specs")"
check "each starts upon one that is well" same "$(links 1 5)" "$(firsts)"
check "a check that failed at first was asked again" same 1 \
    "$(($(grep -c 'well 3' "$log") > 1))"
check "they stop" same 0 "$(told ja apply -r "$specs")"
healthy 3 'echo ill; false' | put chain
check "one that is ill" same 1 "$(told ja apply "$specs")"
check "blocks who depends on it" same 2 "$(blocked)"
check "with the reason" grep -q "$(name 4): blocked: waits for $(name 3), \
which is failed: .*agent.health.exec fails: exit status 1: ill" "$work/out"
check "and who depends on those" grep -q "$(name 5): blocked: waits for \
$(name 4), which is blocked" "$work/out"
check "they were not started" same "$(links 1 3)" "$(firsts)"
healthy 0 | put chain
check "it is well" same 0 "$(told ja apply "$specs")"
check "the others follow" grep -q -x "up 5" "$log"
ja apply -r "$specs" > "$work/out" 2>&1

# Who waits for itself.
log=$work/order
{ jail 1 "depend: [$(name 3)]"; jail 2 "depend: [$(name 1)]"
jail 3 "depend: [$(name 2)]"; jail 4; } | put chain
check "a loop is an error" same 1 "$(told ja apply "$specs")"
check "that names the chain" grep -q "dependency loop: $(name 3) -> \
$(name 2) -> $(name 1) -> $(name 3)" "$work/out"
check "who is not in it runs" noted "up 4"
