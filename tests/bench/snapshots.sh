# SPDX-License-Identifier: BSD-2-Clause
# What signed states cost; sourced by bench.sh, after tests/lib.sh.  CPU time is what the scheduler counted for the
# processes of a real agent on the model kernel, from one change to the next.  What the agent needs for the change itself
# is told apart by doing the same with a signer that is stopped, so that the agent waits for it and tells it nothing more.
# shellcheck shell=sh disable=SC2154 # lib.sh sets what it sets

# cost_agent JAILS [COMMAND...]: starts an agent, under COMMAND, with so many jails; sets $_agent and $_signer.
cost_agent() {
	_jails=$1
	shift
	_d=$work/cost
	rm -rf "$_d"
	mkdir -p "$_d/specs" "$_d/root"
	awk -v n="$_jails" -v root="$_d/root" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "%sname: jail%05d\npath: %s\npersist: true\n",
			    i ? "---\n" : "", i, root
	}' > "$_d/specs/all.yaml"
	"$@" "$JAILAGENT" -k "model:$_d/table" -s "$_d/state" run \
	    -d "$_d/specs" --interval 3600 2> "$_d/log" &
	_agent=$!
	echo "cost $_agent" >> "$work/pids"
	wait_until 60 "$JAILAGENT" -k "model:$_d/table" -s "$_d/state" wait
	change_one jail00000a 0
	sleep 4
	_agent=$("$JAILAGENT" -s "$_d/state" status --json | jq .agent.pid)
	for _p in $(cat "/proc/$_agent/task/$_agent/children"); do
		[ "$(cat "/proc/$_p/comm")" != signer ] || _signer=$_p
	done
}

change_one() { # NAME HOST
	printf 'name: %s\npath: %s\npersist: true\nhost.hostname: h%d\n' \
	    "$1" "$_d/root" "$2" > "$_d/specs/.$1"
	mv "$_d/specs/.$1" "$_d/specs/$1.yaml"
	sleep 2
}

cpu_us() { echo $(($(cut -d ' ' -f 1 "/proc/$1/schedstat") / 1000)); }
snapshots() { find "$_d/state/snapshots" -name '*.json' | wc -l; }

# cost_of NAME CHANGES: sets $_agent_us, $_signer_us for each of the changes of one jail, and $_n, how many states were signed.
cost_of() {
	change_one "$1" 0
	_before=$(snapshots)
	_agent_us=$(cpu_us "$_agent")
	_signer_us=$(cpu_us "$_signer" 2> /dev/null || echo 0)
	for _i in $(seq "$2"); do
		change_one "$1" "$_i"
	done
	_agent_us=$((($(cpu_us "$_agent") - _agent_us) / $2))
	_signer_us=$((($(cpu_us "$_signer" 2> /dev/null || echo 0) - _signer_us) / $2))
	_n=$(($(snapshots) - _before))
}

snapshot_cost() { # JAILS CHANGES
	cost_agent "$1"
	for _where in 00000a:first 05000a:middle 09999a:last; do
		cost_of "jail${_where%:*}" "$2"
		eval "_with_${_where#*:}=$_agent_us _sign_${_where#*:}=$_signer_us"
		[ "$_n" -eq "$2" ] || echo "$_n snapshots for $2 changes"
	done
	echo "a change to one of $1 jails, file of" \
	    "$(find "$_d/state/snapshots" -name '*.json' -printf '%s\n' | sort -n | tail -n 1) bytes, CPU in us:"
	kill -STOP "$_signer"
	cost_of jail05000a "$2"
	for _where in first middle last; do
		eval "_us=\$_with_$_where _s=\$_sign_$_where"
		echo "  the $_where one: change and plan $_agent_us, snapshot $((_us - _agent_us + _s))" \
		    "(agent $((_us - _agent_us)), signer $_s)"
	done
	kill "$_agent"
	wait "$_agent"
	kill -KILL "$_signer"
}

# The longest times from one wait for events to the next one, of the whole agent: a change, with and without a snapshot.
# On a busy machine those on the clock are also the others' time.  They count from the next second on: the question for the
# agent's pid is a turn, too.
longest_turn() { # JAILS CHANGES
	"${CC:-cc}" -D_GNU_SOURCE -O1 -shared -fPIC -o "$work/turns.so" tests/bench/turns/turns.c || return 0
	cost_agent "$1" env TURNS="$work/turns" LD_PRELOAD="$work/turns.so"
	for _with in "snapshot" "no snapshot"; do
		_from=$(($(date +%s) + 1))000000
		sleep 1
		cost_of jail05000a "$2"
		for _what in 2:CPU 3:clock; do
			awk -v "from=$_from" -v "f=${_what%:*}" '$1 > from { print $f }' "$work/turns.$_agent" |
			    sort -rn | head -n 5 | tr '\n' ' ' > "$work/longest"
			echo "longest turns of the loop, $_with, ${_what#*:}: $(cat "$work/longest")us"
		done
		kill -STOP "$_signer"
	done
	kill "$_agent"
	kill -KILL "$_signer"
	wait
}

verify_cost() { # SNAPSHOTS JAILS
	mkdir -p "$work/verify"
	"$JAILAGENT" keygen -k "$work/verify.key" > /dev/null
	"$BUILD/tests/helper/sign" "$work/verify" "$work/verify.key" \
	    "$work/verify.key.pub" "$1" "$2" | sed -n 's/^cpu /signer, CPU in ms for each of '"$1"' of '"$2"' jails: /p'
	_from=$(now_ms)
	"$JAILAGENT" snapshot verify --pub "$work/verify.key.pub" \
	    "$work/verify" > /dev/null || echo "it does not verify"
	echo "verifying $1 snapshots of $2 jails: $(($(now_ms) - _from)) ms"
}

snapshot_cost "${JAILS:-10000}" "${CHANGES:-5}"
longest_turn "${JAILS:-10000}" "${CHANGES:-5}"
verify_cost "${SNAPSHOTS:-1000}" 1000
