# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# What system tests and the demonstration need to make jails, to find their
# processes on a Linux host, and to leave nothing of them.

# link_applets DIR NAME...: by a shell that has ln(1) in it; one process for each
# would take longer than what most tests do in the root.
link_applets() {
	_root=$1
	shift
	(cd "$_root/bin" && ./busybox sh -c \
	    'for a; do ln -sf busybox "$a"; done' sh "$@")
}

# small_root DIR: a root made of busybox-static with its applets as links.
small_root() {
	mkdir -p "$1/bin" "$1/etc" "$1/proc" "$1/dev" "$1/tmp" "$1/root" \
	    "$1/var" "$1/www" || return 1
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox" || return 1
	# shellcheck disable=SC2046 # words are wanted
	link_applets "$1" $("$1/bin/busybox" --list | grep -v -x busybox) ||
	    return 1
	ln -sfn bin "$1/sbin"
	mkdir -p "$1/usr"
	ln -sfn ../bin "$1/usr/bin"
	echo 'root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/sh' > "$1/etc/passwd"
	echo 'root:x:0:
nogroup:x:65534:' > "$1/etc/group"
}

# has_mounts_of PID DIR: whether a process has a mount from below DIR elsewhere, as
# its root, say.  Whoever copied the host's mounts meanwhile has it where it is.
has_mounts_of() {
	DIR=/$2 BASE=/${2%%/*} awk '
	index($4, ENVIRON["DIR"]) && !index($5, ENVIRON["BASE"]) {
		found = 1
		exit
	}
	END { exit !found }' "/proc/$1/mountinfo" 2> /dev/null
}

# jail_inits DIR: the host's numbers of the first processes (1 in their own
# namespace) of all jails whose root is DIR or begins with it.  DIR is part of a
# path ("jailagent-test.XXXXXX/roots/web"), because mountinfo names a root as
# its file system does, which is not from / when /tmp is one of its own.
jail_inits() {
	grep -l -s '^NSpid:.*[0-9][[:space:]]1$' /proc/[0-9]*/status |
	    while read -r _p; do
		_p=${_p%/status}
		has_mounts_of "${_p#/proc/}" "$1" && echo "${_p#/proc/}"
	done
	return 0
}

# end_jails DIR: kills them, and with each all processes of its jail, and removes
# the cgroups of tables below the first directory of DIR.
end_jails() {
	for _p in $(jail_inits "$1"); do
		kill -KILL "$_p" 2>/dev/null
	done
	_tries=0
	while [ -n "$(jail_inits "$1")" ] && [ $_tries -lt 100 ]; do
		_tries=$((_tries + 1))
		sleep 0.02
	done
	remove_cgroups "${1%%/*}"
}

# remove_cgroups DIRECTORY: those of the tables below it; a table that is
# deleted with its jails has nobody who would.
remove_cgroups() {
	[ -n "$1" ] || return 0
	awk '/ - cgroup2? / { print $5 }' /proc/self/mountinfo |
	    while read -r _groups; do
		[ -d "$_groups/jailagent" ] || continue
		find "$_groups/jailagent" -depth -mindepth 1 -type d \
		    -path "*:$1:*" -exec rmdir {} + 2>/dev/null
		rmdir "$_groups/jailagent" 2>/dev/null
	done
	return 0
}

# run_directory STATEDIR: what the agent of a state directory makes elsewhere:
# its lock, socket and journal.
run_directory() {
	_hash=$(printf %s "$1" | b2sum -l 256 | cut -c 1-16)
	if [ "$(id -u)" -eq 0 ]; then
		echo "/run/jailagent/$_hash"
	else
		echo "${XDG_RUNTIME_DIR:+$XDG_RUNTIME_DIR/jailagent}" |
		    sed "s,^\$,/tmp/jailagent-$(id -u),; s,\$,/$_hash,"
	fi
}

# remove_run_directory STATEDIR: and the directory of all, if it was the last.
remove_run_directory() {
	_run=$(run_directory "$1")
	[ -d "$_run" ] || return 0
	rm -rf "$_run"
	rmdir "${_run%/*}" 2>/dev/null
	return 0
}
