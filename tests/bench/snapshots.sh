# SPDX-License-Identifier: BSD-2-Clause
# What signed states cost; sourced by bench.sh, after tests/lib.sh.  CPU time is what the scheduler counted for the
# processes of a real agent on the model kernel, from one change to the next.
# shellcheck shell=sh disable=SC2154 # lib.sh sets what it sets

snapshot_cost() { # JAILS CHANGES
	_d=$work/cost
	mkdir -p "$_d/specs" "$_d/root"
	awk -v n="$1" -v root="$_d/root" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "%sname: jail%05d\npath: %s\npersist: true\n",
			    i ? "---\n" : "", i, root
	}' > "$_d/specs/all.yaml"
	"$JAILAGENT" -k "model:$_d/table" -s "$_d/state" run \
	    -d "$_d/specs" --interval 3600 2> "$_d/log" &
	_agent=$!
	echo "cost $_agent" >> "$work/pids"
	wait_until 20 "$JAILAGENT" -k "model:$_d/table" -s "$_d/state" wait
	sleep 3
	for _p in $(cat "/proc/$_agent/task/$_agent/children"); do
		[ "$(cat "/proc/$_p/comm")" != signer ] || _signer=$_p
	done
	_agent_ns=$(cut -d ' ' -f 1 "/proc/$_agent/schedstat")
	_signer_ns=$(cut -d ' ' -f 1 "/proc/$_signer/schedstat")
	_before=$(find "$_d/state/snapshots" -name '*.json' | wc -l)
	_i=0
	while [ "$_i" -lt "$2" ]; do
		_i=$((_i + 1))
		printf 'name: more\npath: %s\npersist: true\nhost.hostname: h%d\n' \
		    "$_d/root" "$_i" > "$_d/specs/.more"
		mv "$_d/specs/.more" "$_d/specs/more.yaml"
		sleep 2
	done
	_n=$(($(find "$_d/state/snapshots" -name '*.json' | wc -l) - _before))
	[ "$_n" -gt 0 ] || _n=1
	echo "$_n snapshots of $1 jails, one changed, CPU for each:" \
	    "agent $((($(cut -d ' ' -f 1 "/proc/$_agent/schedstat") - \
	    _agent_ns) / _n / 1000)) us," \
	    "signer $((($(cut -d ' ' -f 1 "/proc/$_signer/schedstat") - \
	    _signer_ns) / _n / 1000)) us," \
	    "file $(find "$_d/state/snapshots" -name '*.json' -printf '%s\n' |
	    sort -n | tail -n 1) bytes"
	kill "$_agent"
	wait "$_agent"
}

verify_cost() { # SNAPSHOTS JAILS
	mkdir -p "$work/verify"
	"$JAILAGENT" keygen -k "$work/verify.key" > /dev/null
	"$BUILD/tests/helper/sign" "$work/verify" "$work/verify.key" \
	    "$work/verify.key.pub" "$1" "$2" | sed -n 's/^cpu /signer, CPU for each of '"$1"' of '"$2"' jails: /p'
	_from=$(now_ms)
	"$JAILAGENT" snapshot verify --pub "$work/verify.key.pub" \
	    "$work/verify" > /dev/null || echo "it does not verify"
	echo "verifying $1 snapshots of $2 jails: $(($(now_ms) - _from)) ms"
}

snapshot_cost "${JAILS:-10000}" "${CHANGES:-5}"
verify_cost "${SNAPSHOTS:-1000}" 1000
