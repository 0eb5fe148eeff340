# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Functions that the runner, the checks, the system tests and the demo share.

# A path below the current directory, or an absolute one, as an absolute one.
absolute() {
	case $1 in
	/*) echo "$1" ;;
	*) echo "$PWD/$1" ;;
	esac
}

# Milliseconds of a clock; whole seconds where date(1) has no %N.
now_ms() {
	_now=$(date +%s%N)
	case $_now in
	*N) echo "${_now%N}000" ;;
	*) echo "${_now%??????}" ;;
	esac
}

# Milliseconds as seconds with two digits.
seconds() {
	printf '%d.%02d s' $(($1 / 1000)) $(($1 % 1000 / 10))
}

# Mount points below a directory, deepest first (none without /proc).
mounts_below() {
	[ -r /proc/self/mountinfo ] || return 0
	DIR=$1 awk '{
		dir = ENVIRON["DIR"]
		gsub(/\\040/, " ", $5)
		if ($5 == dir || index($5, dir "/") == 1)
			print $5
	}' /proc/self/mountinfo | sort -r
}

# Removes a test's directory with everything in it.  Mounts go first: a
# directory of the host must never be emptied through one that is left.
remove_tree() {
	[ -d "$1" ] || return 0
	mounts_below "$1" | while read -r _m; do
		umount "$_m" 2>/dev/null || umount -l "$_m"
	done
	if [ -n "$(mounts_below "$1")" ]; then
		echo "not removed, something is still mounted there: $1" >&2
		return 1
	fi
	chmod -R u+rwX "$1" 2>/dev/null
	rm -rf "$1"
}

# tap_results PROGRAM < OUTPUT: turns TAP, as cmocka, tests/lib.sh and the lint
# print it, into lines of results: STATUS, PROGRAM, TEST and REASON with tabs
# between.  Skipping without a reason is a failure; a cmocka test says its
# reason as print_message("skip: REASON\n") before it calls skip().
tap_results() {
	PROGRAM=$1 awk '
	function result(status, test, reason) {
		printf "%s\t%s\t%s\t%s\n", status, ENVIRON["PROGRAM"], test,
		    reason
	}
	function skipped(test, reason) {
		if (reason == "")
			result("failed", test, "skipped without a reason")
		else
			result("skipped", test, reason)
		why = ""
	}
	# What a child wrote last may lack its newline.
	!/^#/ && match($0, /(not )?ok [0-9]+ (- |# SKIP )/) && RSTART > 1 {
		$0 = substr($0, RSTART)
	}
	/^skip: / { why = substr($0, 7); next }
	/^skip - / {
		s = substr($0, 8)
		i = index(s, ": ")
		skipped(i ? substr(s, 1, i - 1) : s, i ? substr(s, i + 2) : "")
		next
	}
	/^not ok [0-9]* *# SKIP / { sub(/.*# SKIP /, ""); skipped($0, why); next }
	/^(not )?ok / {
		status = /^ok/ ? "passed" : "failed"
		sub(/^(not )?ok [0-9]*( - )?(- )?/, "")
		result(status, $0, "")
	}'
}

# Counts the lines of a results file (a fifth column says how many tests a line
# stands for) and prints the line that ends each run.  Skipped tests are listed
# with their reason.  Returns 1 if a test failed.
summary() {
	awk -F '\t' '
	$1 == "skipped" { printf "skip  %s %s: %s\n", $2, $3, $4 }
	{ n[$1] += $5 == "" ? 1 : $5 }
	END {
		printf "%d passed, %d failed, %d skipped\n",
		    n["passed"], n["failed"], n["skipped"]
		exit n["failed"] > 0
	}' "$1"
}

# alive PID: whether a process runs; one that only waits for its parent does
# not.
alive() {
	{ read -r _stat < "/proc/$1/stat"; } 2>/dev/null || return 1
	case $_stat in
	*") Z "*) return 1 ;;
	esac
}

# Becomes a command, which takes SIGINT: one that a shell starts with & would
# ignore it and could not even trap it.
default_signals() {
	if env --default-signal=INT,QUIT true 2>/dev/null; then
		exec env --default-signal=INT,QUIT "$@"
	fi
	exec "$@"
}
