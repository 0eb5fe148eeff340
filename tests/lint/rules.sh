# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# The rules about source text.  Each function looks at the tree in the current
# directory and prints a line "FILE:LINE: what is wrong" for each finding; a
# rule that cannot run prints the reason and returns 77.

c_files() { # [FOLDER...]
	find "${@:-.}" \( -name build -o -name .git -o -name vectors \) -prune \
	    -o -type f -name '*.[ch]' -print 2>/dev/null | sed 's,^\./,,' | sort
}

shell_files() {
	find . \( -name build -o -name .git \) -prune -o -type f -name '*.sh' \
	    -print | sed 's,^\./,,' | sort
	[ ! -f .ci/run ] || echo .ci/run
}

# Everything that people wrote; vectors, corpora and golden files are data, in
# which mistakes may be wanted.
text_files() {
	find . \( -name build -o -name .git -o -name vectors -o -name corpus \
	    -o -name golden \) -prune -o -type f -print | sed 's,^\./,,' | sort
}

# each_line FILES_FUNCTION AWK: runs the awk program over the code (comments
# and texts blanked) of the files that the function lists.
code_lines() {
	$1 | while read -r f; do
		awk -f "$LINT/strip.awk" "$f" | awk -v file="$f" "$2"
	done
}

# agent -> specs -> kernel, never back; a backend's own headers stay in
# kernel/.  What reads jail.conf(5) uses the specs, which know nothing of it, and
# meets files in one place only.  Within agent/ each room uses those before it.
AGENT_ROOMS="base sign read plan reconcile daemon command"

rule_dependencies() {
	for f in $(c_files kernel specs agent); do
		sed -n 's/^[ 	]*#[ 	]*include[ 	]*"\([^"]*\)".*/\1/p' "$f" |
		    while read -r header; do
			case $header in
			kernel/* | specs/* | agent/*) to=$header ;;
			*) to=$(dirname "$f")/$header ;;
			esac
			to=$(echo "$to" | sed -e ':a' -e 's,[^/]*/\.\./,,' \
			    -e 'ta')
			case $f:$to in
			specs/jailconf/*:*) ;;
			specs/*:specs/jailconf/*) to=import ;;
			esac
			may_include "${f%%/*}" "$to" && below "$f" "$to" ||
			    echo "$f: must not include \"$header\""
		done
	done
	for f in $(c_files specs/jailconf); do
		[ "$f" = specs/jailconf/files.c ] || grep -nE \
		    '^[ 	]*#[ 	]*include[ 	]*<(dirent|fcntl|glob|unistd)\.h>' "$f" |
		    sed "s,^,$f:,; s,\$, (belongs in files.c),"
	done
}

may_include() { # ROOM HEADER
	case $1:$2 in
	kernel:kernel/*) return 0 ;;
	specs:kernel/*/* | agent:kernel/*/*) return 1 ;;
	specs:kernel/* | specs:specs/*) return 0 ;;
	agent:kernel/* | agent:specs/* | agent:agent/*) return 0 ;;
	esac
	return 1
}

# Whether a header is in the file's room of agent/ or in one below it.
below() { # FILE HEADER
	case $1:$2 in
	agent/*/*:agent/*/*) ;;
	*) return 0 ;;
	esac
	_room=${1#agent/}
	_other=${2#agent/}
	case " $AGENT_ROOMS " in
	*" ${_other%%/*} "*"${_room%%/*} "*) return 0 ;;
	esac
	[ "${_room%%/*}" = "${_other%%/*}" ]
}

# The operating system is asked about in backends and few named files only.
rule_os_conditions() {
	for f in $(c_files); do
		case $f in
		kernel/linux/* | kernel/freebsd/* | kernel/dragonfly/*) ;;
		kernel/kernel.c | kernel/boot.c | kernel/compat.h) ;;
		kernel/confine*) ;;
		*) echo "$f" ;;
		esac
	done | while read -r f; do
		grep -nE '^[ 	]*#[ 	]*(if|elif)' "$f" |
		    grep -E '__(linux|FreeBSD|DragonFly|NetBSD|OpenBSD)__|BSD\b' |
		    sed "s,^,$f:,; s,\$, (belongs in a backend or compat.h),"
	done
}

# Calls about jails, namespaces and mounts are the backends' work.
rule_system_calls() {
	other_rooms() { c_files specs agent; }
	code_lines other_rooms '
	BEGIN {
		split("setns unshare clone clone3 mount umount umount2 " \
		    "pivot_root chroot sethostname setdomainname fsopen " \
		    "fsmount move_mount open_tree mount_setattr jail " \
		    "jail_set jail_get jail_attach jail_remove " \
		    "jail_attach_jd jail_remove_jd", names, " ")
		for (i in names)
			is_call[names[i]] = 1
	}
	{
		rest = " " $0
		while (match(rest, /[^A-Za-z0-9_.>][a-z_0-9]+[ \t]*\(/)) {
			word = substr(rest, RSTART + 1, RLENGTH - 2)
			sub(/[ \t]+$/, "", word)
			if (word in is_call)
				print file ":" NR ": " word \
				    "() belongs in kernel/"
			rest = substr(rest, RSTART + RLENGTH - 1)
		}
	}'
}

# Calls that cannot be used safely, each with what to use.
rule_unsafe_calls() {
	own_code() { c_files kernel specs agent; }
	code_lines own_code '
	BEGIN {
		use["strcpy"] = use["strcat"] = use["sprintf"] = \
		    use["vsprintf"] = use["strncpy"] = "snprintf"
		use["gets"] = "getline"
		use["strtok"] = "strsep or strtok_r"
		use["system"] = use["popen"] = "posix_spawn or fork and exec"
		use["mktemp"] = use["tmpnam"] = "mkstemp"
	}
	{
		rest = " " $0
		while (match(rest, /[^A-Za-z0-9_.>][a-z]+[ \t]*\(/)) {
			word = substr(rest, RSTART + 1, RLENGTH - 2)
			sub(/[ \t]+$/, "", word)
			if (word in use)
				print file ":" NR ": " word "(): use " \
				    use[word]
			rest = substr(rest, RSTART + RLENGTH - 1)
		}
	}'
}

# Every descriptor is close-on-exec from its first moment.
rule_close_on_exec() {
	own_code() { c_files kernel specs agent | grep -v '/linux/init/'; }
	code_lines own_code '
	function complain(what) { print file ":" at ": " what }
	{
		if (text == "")
			at = NR
		text = text " " $0
	}
	/[;{}]/ {
		call = "(^|[^A-Za-z0-9_.>])"
		if (text ~ call "open(at)?\\(" && text !~ /O_CLOEXEC/)
			complain("open without O_CLOEXEC")
		if (text ~ call "(socket|socketpair|accept4)\\(" &&
		    text !~ /SOCK_CLOEXEC/)
			complain("socket without SOCK_CLOEXEC")
		if (text ~ call "pipe2\\(" && text !~ /O_CLOEXEC/)
			complain("pipe2 without O_CLOEXEC")
		if (text ~ call "(pipe|accept|dup|creat|inotify_init" \
		    "|epoll_create|eventfd_create|tmpfile)\\(")
			complain("a call that cannot set close-on-exec")
		if (text ~ call "(inotify_init1|epoll_create1|memfd_create" \
		    "|signalfd|timerfd_create)\\(" && text !~ /CLOEXEC/)
			complain("a descriptor without CLOEXEC")
		text = ""
	}'
}

# Long functions, files and headers.
rule_function_length() {
	if ! ctags --version 2>/dev/null | grep -q Universal; then
		echo "universal-ctags is not installed"
		return 77
	fi
	c_files | ctags -x --c-kinds=f --_xformat='%F %n %e %N' -L - |
	    awk '$3 - $2 + 1 > 80 { printf "%s:%d: %s has %d lines (at most " \
	    "80)\n", $1, $2, $4, $3 - $2 + 1 }'
}

rule_file_length() {
	{ c_files; shell_files; } | while read -r f; do
		case $f in
		tests/*.h) most=400 ;; # they hold what test programs share
		*.h) most=200 ;;
		*) most=600 ;;
		esac
		lines=$(wc -l < "$f")
		[ "$lines" -le $most ] ||
		    echo "$f: $lines lines (at most $most)"
	done
}

rule_line_length() {
	c_files | while read -r f; do
		expand "$f" | awk -v file="$f" 'length($0) > 100 {
			print file ":" NR ": " length($0) \
			    " columns (at most 100)" }'
	done
}

rule_blanks() {
	text_files | xargs grep -nIE \
	    '[ 	]+$' | sed 's/^\([^:]*:[0-9]*\):.*/\1: trailing blanks/'
}

# The licence is named in the first lines.
rule_licence() {
	{ c_files; shell_files; ls Makefile; } | while read -r f; do
		head -n 3 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' ||
		    echo "$f: no SPDX-License-Identifier line"
	done
}

# Work is finished or it is not there.  (The words are in brackets so that this
# file does not find itself.)
rule_unfinished() {
	text_files | xargs grep -nIwE '[T]ODO|[F]IXME|[X]XX|[H]ACK' |
	    cut -c 1-150
}
