# SPDX-License-Identifier: BSD-2-Clause
# What signed states cost; sourced by bench.sh, after tests/lib.sh.  CPU time is what the scheduler counted for the
# processes of a real agent on the model kernel, from one change to the next.  What the agent needs for the change itself
# is told apart by doing the same with a signer that is stopped, so that the agent waits for it and tells it nothing more.
# shellcheck shell=sh disable=SC2154 # lib.sh sets what it sets

# The jails themselves are in memory, as those of a kernel are.
_table=$(mktemp -u -d "$([ ! -w /dev/shm ] || echo /dev/shm/)jailagent-bench.XXXXXX")
[ "$_table" != "${_table#/}" ] || _table=$work/$_table

cost_specs() { # JAILS
	_d=$work/cost
	rm -rf "$_d" "$_table"
	mkdir -p "$_d/specs" "$_d/root"
	awk -v n="$1" -v root="$_d/root" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "%sname: jail%05d\npath: %s\npersist: true\n",
			    i ? "---\n" : "", i, root
	}' > "$_d/specs/all.yaml"
}

# cost_agent [COMMAND...]: starts an agent, under COMMAND, with the jails of cost_specs; sets $_agent and $_signer.
cost_agent() {
	"$@" "$JAILAGENT" -k "model:$_table" -s "$_d/state" run \
	    -d "$_d/specs" --interval 3600 2> "$_d/log" &
	_agent=$!
	echo "cost $_agent" >> "$work/pids"
	wait_until 60 "$JAILAGENT" -k "model:$_table" -s "$_d/state" wait
	change_one jail00000a 0
	sleep 4
	_agent=$("$JAILAGENT" -s "$_d/state" status --json | jq .agent.pid)
	for _p in $(cat "/proc/$_agent/task/$_agent/children"); do
		[ "$(cat "/proc/$_p/comm")" != signer ] || _signer=$_p
	done
}

cost_end() {
	kill "$_agent"
	kill -KILL "$_signer"
	wait
}

change_one() { # NAME HOST [LINE]
	printf 'name: %s\npath: %s\npersist: true\nhost.hostname: h%d\n%s\n' \
	    "$1" "$_d/root" "$2" "${3:-}" > "$_d/specs/.$1"
	mv "$_d/specs/.$1" "$_d/specs/$1.yaml"
	sleep 2
}

cpu_us() { echo $(($(cut -d ' ' -f 1 "/proc/$1/schedstat") / 1000)); }
snapshots() { find "$_d/state/snapshots" -name '*.json' | wc -l; }

# text_cost CHANGES: what it costs the signer to keep a spec file's text, which it does besides, for each.
text_cost() {
	change_one jail05000a 0
	_text_us=$(cpu_us "$_signer")
	for _i in $(seq "$1"); do
		change_one jail05000a 0 "# $_i"
	done
	_text_us=$((($(cpu_us "$_signer") - _text_us) / $1))
}

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
	cost_specs "$1"
	cost_agent
	for _where in 00000a:first 05000a:middle 09999a:last; do
		cost_of "jail${_where%:*}" "$2"
		eval "_with_${_where#*:}=$_agent_us _sign_${_where#*:}=$_signer_us"
		[ "$_n" -eq "$2" ] || echo "$_n snapshots for $2 changes"
	done
	text_cost "$2"
	echo "a change to one of $1 jails, file of" \
	    "$(find "$_d/state/snapshots" -name '*.json' -printf '%s\n' | sort -n | tail -n 1) bytes, CPU in us:"
	kill -STOP "$_signer"
	cost_of jail05000a "$2"
	for _where in first middle last; do
		eval "_us=\$_with_$_where _s=\$_sign_$_where"
		echo "  the $_where one: change and plan $_agent_us, snapshot $((_us - _agent_us + _s - _text_us))" \
		    "(agent $((_us - _agent_us)), signer $((_s - _text_us)), and to keep the file's text $_text_us)"
	done
	cost_end
}

# The longest times from one wait for events to the next one, of the whole agent, and the function that took most of it.
# Where real time is permitted those on the clock are the agent's own; else they are also the time of others.  "waited": for
# the kernel, as for a file system that is forcing something to the disk.  Much more than the CPU time without that, and
# without having been preempted, is what a host takes of its guest's time.
turns() { # FILE FROM WHAT
	echo "  $3:"
	for _what in 3:clock 2:CPU; do
		_longest=$(awk -v "from=$2" '$1 > from' "$1" | sort -rn -k "${_what%:*},${_what%:*}" | head -n 5 |
		    while read -r _at _cpu _clock _fn _waited _preempted; do
			_us=$_cpu
			_also=
			if [ "${_what#*:}" = clock ]; then
				_us=$_clock
				[ "$_waited" -eq 0 ] || _also=", waited"
				[ "$_preempted" -eq 0 ] || _also="$_also, preempted"
			fi
			printf ' %d (%s%s)' "$_us" \
			    "$(addr2line -f -e "$JAILAGENT" "$_fn" 2> /dev/null | head -n 1)" "$_also"
		done)
		echo "    ${_what#*:}$_longest us"
	done
}

now_us() { echo $(($(date +%s%N) / 1000)); }

longest_turns() { # JAILS CHANGES
	"${CC:-cc}" -D_GNU_SOURCE -O1 -shared -fPIC -o "$work/turns.so" tests/bench/turns/turns.c || return 0
	_real="chrt -R -f 20"
	_says="under real time, limit 1000 us for changes"
	$_real true 2> /dev/null || {
		_real=
		_says="real time is not permitted: the clock's are the scheduler's, too"
	}
	echo "longest turns of the loop, $1 jails ($_says)"
	cost_specs "$1"
	# shellcheck disable=SC2086 # words
	set -- "$2" $_real env TURNS="$work/turns" LD_PRELOAD="$work/turns.so"
	_changes=$1
	shift
	cost_agent "$@"
	turns "$work/turns.$_agent" 0 "all jails made at once"
	for _with in "a snapshot" "no snapshot"; do
		sleep 1
		_from=$(now_us)
		cost_of jail05000a "$_changes"
		turns "$work/turns.$_agent" "$_from" "a change, $_with"
		[ "$_with" = "a snapshot" ] || break
		_from=$(now_us)
		for _i in $(seq "$_changes"); do
			change_one jail05000a "$_i" "ip4.addr: 192.0.2.$_i"
		done
		turns "$work/turns.$_agent" "$_from" "another address, $_with"
		_from=$(now_us)
		"$JAILAGENT" -s "$_d/state" status > /dev/null
		sleep 1
		turns "$work/turns.$_agent" "$_from" "status"
		kill -STOP "$_signer"
	done
	cost_end
	cost_agent "$@"
	turns "$work/turns.$_agent" 0 "a start with all jails there"
	cost_end
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
longest_turns "${JAILS:-10000}" "${CHANGES:-5}"
verify_cost "${SNAPSHOTS:-1000}" 1000
rm -rf "$_table"
