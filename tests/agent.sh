# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154
# For system tests of a running agent: sourced after tests/lib.sh.
#
# The agent's directories are below $work, except for its run directory
# ($run_dir).  With $as (a command in front) the agent and the commands run as
# somebody else.

kernel=linux:$work/table
state=$work/state
specs=$work/specs
as=
run_dir=$(run_directory "$state")
mkdir -p "$specs" "$work/roots"

# No command of a test takes longer than this; a loop must not hang it.
ja() {
	# shellcheck disable=SC2086 # words are wanted
	timeout -k 1 40 $as "$JAILAGENT" -k "$kernel" -s "$state" "$@"
}

# agent_start [OPTION...]: the log is $work/agent.log, older ones are in
# $work/agent-old.log.
agent_start() {
	[ ! -e "$work/agent.log" ] ||
	    cat "$work/agent.log" >> "$work/agent-old.log"
	# shellcheck disable=SC2086 # words are wanted
	start agent $as "$JAILAGENT" -k "$kernel" -s "$state" run -d "$specs" \
	    "$@"
	agent=$started
	wait_until 20 agent_answers || {
		echo "the agent does not answer:"
		cat "$work/agent.log"
		return 1
	}
}

agent_answers() {
	ja status > /dev/null 2>&1
	[ $? -ne 3 ] || fails alive "$started"
}

# ---- processes of jails --------------------------------------------------

# The first process of a jail, by the title that it has and the mounts that it
# sees.
init_of() { # NAME
	for _f in $(grep -l -s -z -x -F -e "jail: $1" /proc/[0-9]*/cmdline); do
		_p=${_f%/cmdline}
		has_mounts_of "${_p#/proc/}" "${work##*/}/" &&
		    echo "${_p#/proc/}"
	done
	return 0
}

# A process's start, in ticks since the boot.
start_of() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20
}

# "PID START" of a jail's init: what a restart changes.
identity() {
	_init=$(init_of "$1")
	[ -n "$_init" ] && echo "$_init $(start_of "$_init")"
}

# All processes whose root is below $work/roots.
jailed() {
	for _f in $(grep -l -s -F "/${work##*/}/roots/" \
	    /proc/[0-9]*/mountinfo); do
		_p=${_f%/mountinfo}
		case $(readlink "$_p/root") in
		/) ;;
		*) echo "${_p#/proc/}"; continue ;;
		esac
		[ "$(readlink "$_p/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] ||
		    echo "${_p#/proc/}"
	done
	return 0
}

# scene: a sorted listing of all that may be left of a jail; but what the signer writes, later.
scene() {
	{
		mounts_below "$work" | sed 's/^/mount /'
		for _p in $(jailed); do
			echo "process $_p $(tr '\0' ' ' < "/proc/$_p/cmdline")"
			for _n in mnt pid uts ipc net; do
				echo "namespace $(readlink "/proc/$_p/ns/$_n")"
			done
		done
		ja list name jid | sed 's/^/jail /'
		find "$run_dir" "$state" -mindepth 1 ! -path '*/snapshots/*' ! -path "$state/applied/*" |
		    sed 's/^/file /'
		find "$work/roots" ! -type l | sed 's/^/root /'
		for _p in $agent $(helpers); do
			find "/proc/$_p/fd" -mindepth 1 | wc -l |
			    sed 's/^/descriptors /'
		done
	} 2> /dev/null | sort
}

# The agent's helpers: its children that are no process of a jail.
helpers() {
	for _p in $(cat "/proc/$agent/task/$agent/children"); do
		[ "$(readlink "/proc/$_p/ns/pid")" != \
		    "$(readlink /proc/self/ns/pid)" ] || echo "$_p"
	done
}

helper_named() { # WORD
	for _p in $(helpers); do
		grep -q -a "$1" "/proc/$_p/cmdline" "/proc/$_p/comm" &&
		    echo "$_p"
	done
	return 0
}

# ---- snapshots -----------------------------------------------------------

# How many there are whole: a snapshot's signature is written last.
snapshots() { find "$state/snapshots" -name '[0-9]*.json.minisig' | wc -l; }
are_signed() { # COUNT: so many states or more
	[ "$(snapshots)" -ge "$1" ]
}

# ---- specs ---------------------------------------------------------------

# A root with the few programs that the tests use.
little_root() { # DIR
	mkdir -p "$1/bin" "$1/etc" "$1/proc" "$1/dev" "$1/tmp" "$1/root" \
	    "$1/var" || return 1
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox" || return 1
	link_applets "$1" sh sleep cat echo ls ps hostname touch env sort kill \
	    true false pwd id mount grep wc mkdir rm ln readlink seq date ||
	    return 1
	echo 'root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/sh' > "$1/etc/passwd"
	echo 'root:x:0:
nogroup:x:65534:' > "$1/etc/group"
}

# spec NAME [LINE...]: prints a spec; its root is $work/roots/NAME unless a line
# says another path.
spec() {
	echo "name: $1"
	_name=$1
	shift
	case "$*" in
	*path:*) ;;
	*) echo "path: $work/roots/$_name" ;;
	esac
	case "$*" in
	*persist:*) ;;
	*) echo "persist: true" ;;
	esac
	for _l; do
		echo "$_l"
	done
}

# any NAME [LINE...]: the same for a jail in which nothing runs; they share a root.
any() {
	_any=$1
	shift
	spec "$_any" "path: $work/roots/all" "$@"
}

# put NAME: standard input becomes NAME.yaml in one step.
put() {
	cat > "$specs/.$1.new"
	[ -z "$as" ] || chmod 644 "$specs/.$1.new"
	mv "$specs/.$1.new" "$specs/$1.yaml"
}

put_spec() { # NAME [LINE...]
	spec "$@" | put "$1"
}

# ---- what the agent says -------------------------------------------------

# field JAIL FILTER: a jq filter on the jail's object in status.
field() {
	ja status --json | jq -r --arg n "$1" \
	    ".jails[] | select(.name == \$n) | $2"
}

is() { # JAIL FIELD VALUE
	same "$3" "$(field "$1" "$2")"
}

state_is() { is "$1" .state "$2"; }

# has JAIL FIELD TEXT: whether the field contains the text.
has() {
	_got=$(field "$1" "$2")
	case $_got in
	*"$3"*) return 0 ;;
	esac
	printf 'no "%s" in: %s\n' "$3" "$_got"
	return 1
}

settled() { # [NAME...]: until all (or these) are ready
	ja wait --timeout 10 "$@" || {
		_s=$?
		ja status
		return $_s
	}
}

# soon COMMAND...: within 10 s, else what it says the last time.
soon() {
	wait_until 10 "$@" || {
		"$@"
		_s=$?
		echo "the agent's log:"
		tail -n 20 "$work/agent.log"
		return $_s
	}
}

# deeds [JAIL]: the lines of this agent's log that tell of a deed.
deeds() {
	grep -E -e "^[^ ]+ ${1:-[^ :]+}: (created|updated|restarted|stopped|removed|[a-z]+ failed)" \
	    "$work/agent.log"
}

count_deeds() { deeds "$@" | wc -l; }

no_jail() { ! ja list name | grep -q -x -F -e "$1"; }

hostname_is() { # JAIL NAME
	same "$2" "$(ja list -j "$1" host.hostname)"
}

inside() { # JAIL COMMAND...
	ja exec "$@"
}
