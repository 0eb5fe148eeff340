# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154
# The ways in which files are written, with a running agent and a jail that must
# never be restarted; sourced after tests/lib.sh and tests/agent.sh by the tests
# that differ in how the agent learns of changes.
#
# The kernel is the model: what counts is which calls the agent makes.  Whatever
# happens to the files, the jail's jid stays, and the only deeds are updates.

kernel=model:$work/table
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
mkdir -p "$work/roots/web" "$work/roots/other"
version=0
file=$specs/web.yaml

next() { version=$((version + 1)); }
text() { spec web "host.hostname: v$version" "children.max: 2"; }
is_version() { same "v$version" "$(ja list -j web host.hostname)"; }

# arrives WHAT: the newest version counts, by a change of the running jail.
arrives() {
	check "$1" soon is_version
	check "$1: the jail is the same" same "$jid" "$(ja list -j web jid)"
	check "$1: ready" settled web
}

# stays WHAT STATE: nothing happens to the jail; status says what is wrong.
stays() {
	check "$1" soon state_is web "$2"
	check "$1: as it was" is_version
	check "$1: the jail is the same" same "$jid" "$(ja list -j web jid)"
}

matrix_begin() { # [OPTION...] of the agent
	matrix_options=$*
	next
	text | put web
	spec other "host.hostname: other" | put other
	check "the agent starts" agent_start "$@"
	check "the jails run" settled
	jid=$(ja list -j web jid)
}

# ---- programs that write ---------------------------------------------------

# Each line by a program that opens and closes the file, and sets its mode.
in_steps() { # FILE
	text | while read -r _l; do
		echo "$_l" >> "$1"
		chmod 600 "$1"
		sleep 0.05
	done
	chmod 644 "$1"
}

write_with_tools() {
	next
	text > "$work/web.yaml"
	cp "$work/web.yaml" "$file"
	arrives "cp"
	next
	text > "$work/web.yaml"
	mv "$work/web.yaml" "$file"
	arrives "mv from another directory"
	next
	text > "$work/web.yaml"
	rsync -I "$work/web.yaml" "$file"
	arrives "rsync"
	next
	text > "$work/web.yaml"
	rsync -I --inplace "$work/web.yaml" "$file"
	arrives "rsync --inplace"
	next
	text > "$file"
	arrives "truncated and written"
	next
	text > "$work/web.yaml"
	: > "$file"
	sleep 0.3
	cat "$work/web.yaml" > "$file"
	arrives "truncated, written later"
	next
	text > "$work/web.yaml"
	{
		dd if="$work/web.yaml" bs=1 count=30 2> /dev/null
		sleep 0.4
		dd if="$work/web.yaml" bs=1 skip=30 2> /dev/null
	} > "$file"
	arrives "scp, with a pause"
	next
	sed -i "s/^host.hostname: .*/host.hostname: v$version/" "$file"
	arrives "sed -i"
	next
	text > "$work/web.yaml"
	tar -C "$work" -cf "$work/web.tar" web.yaml
	tar -C "$specs" -xf "$work/web.tar"
	arrives "tar"
	next
	rm "$file"
	text > "$file"
	arrives "deleted and made anew at once"
	next
	rm "$file"
	in_steps "$file"
	arrives "deleted and made anew in steps"
	echo "name: [" > "$file"
	sleep 1.1
	stays "broken for a while" invalid
	next
	: > "$file"
	in_steps "$file"
	arrives "mended in steps"
	next
	rm "$file"
	in_steps "$specs/site.yaml"
	arrives "moved to another file, made in steps"
	mv "$specs/site.yaml" "$file"
	next
	{ text; echo "# more"; } > "$file"
	arrives "longer"
	next
	text > "$file"
	arrives "shorter"
	next
	text > "$work/web.yaml"
	rm -f "$work/link"
	ln "$work/web.yaml" "$work/link"
	ln -f "$work/link" "$file"
	arrives "a hard link"
	rm "$work/link" "$work/web.yaml"
	next
	touch -d @1000000000 "$work/web.yaml"
	text > "$work/web.yaml"
	touch -d @1000000000 "$work/web.yaml"
	mv "$work/web.yaml" "$file"
	arrives "with an old time"
}

write_with_editors() {
	next
	mv "$file" "$file~"
	text > "$file"
	rm "$file~"
	arrives "vim"
	next
	cp "$file" "$file~"
	: > "$specs/.web.yaml.swp"
	text > "$file"
	rm "$file~" "$specs/.web.yaml.swp"
	arrives "vim, backupcopy=yes"
	next
	: > "$specs/4913"
	rm "$specs/4913"
	text > "$specs/web.yaml.new"
	mv "$specs/web.yaml.new" "$file"
	arrives "vim, writebackup elsewhere"
	next
	ln -s "user@host.example.org.1234:1700000000" "$specs/.#web.yaml"
	text > "$specs/#web.yaml#"
	mv "$file" "$file~"
	text > "$file"
	rm "$specs/.#web.yaml" "$specs/#web.yaml#"
	arrives "emacs"
	rm "$file~"
	next
	text 1<> "$file"
	text > "$file"
	arrives "nano"
	next
	text > "$work/web.yaml"
	cat "$work/web.yaml" > "$file"
	cat "$work/web.yaml" > "$file"
	arrives "VS Code, twice at once"
	next
	text > "$specs/web.yaml.vsctmp"
	mv "$specs/web.yaml.vsctmp" "$file"
	arrives "VS Code, atomically"
}

write_with_links() {
	# As Kubernetes and git-sync do it.
	next
	mkdir "$specs/..one"
	text > "$specs/..one/web.yaml"
	ln -s ..one "$specs/..data"
	ln -sfn ..data/web.yaml "$specs/.web.tmp"
	mv -f "$specs/.web.tmp" "$file"
	arrives "a link through ..data"
	next
	mkdir "$specs/..two"
	text > "$specs/..two/web.yaml"
	ln -s ..two "$specs/..data_tmp"
	mv -T "$specs/..data_tmp" "$specs/..data"
	rm -r "$specs/..one"
	arrives "..data swapped"
	next
	text | put web
	rm -r "$specs/..two" "$specs/..data"
	arrives "a file again"
}

# The directory itself is a link that is swapped to another release.
swap_directory() {
	next
	mkdir "$work/release"
	cp "$specs/other.yaml" "$work/release"
	text > "$work/release/web.yaml"
	mv "$specs" "$specs.old"
	ln -s "$work/release" "$specs"
	arrives "the directory replaced by a link"
	next
	mkdir "$work/release2"
	cp "$specs/other.yaml" "$work/release2"
	text > "$work/release2/web.yaml"
	ln -sfn "$work/release2" "$specs"
	arrives "ln -sfn"
	rm "$specs"
	mv "$specs.old" "$specs"
	next
	text | put web
	arrives "a directory again"
	rm -r "$work/release" "$work/release2"
}

write_with_git() {
	git init -q -b main "$work/origin"
	in_git() {
		git -C "$1" -c user.name=t -c user.email=t@example.org \
		    -c protocol.file.allow=always "$2" "$3" "$4" "$5" 2>&1
	}
	next
	text > "$work/origin/web.yaml"
	cp "$specs/other.yaml" "$work/origin/other.yaml"
	git -C "$work/origin" add .
	in_git "$work/origin" commit -q -m one > /dev/null
	git clone -q "$work/origin" "$work/tree" 2> /dev/null
	mv "$specs" "$specs.old"
	mv "$work/tree" "$specs"
	arrives "a git work tree in its place"
	next
	text > "$work/origin/web.yaml"
	in_git "$work/origin" commit -q -a -mtwo > /dev/null
	git -C "$specs" pull -q > /dev/null 2>&1
	arrives "git pull"
	git -C "$specs" checkout -q -b side HEAD~1
	version=$((version - 1))
	arrives "git checkout of another branch"
	git -C "$specs" checkout -q main
	version=$((version + 1))
	arrives "git checkout back"
	rm -r "$specs"
	mv "$specs.old" "$specs"
	next
	text | put web
	arrives "the plain directory again"
	rm -r "$work/origin"
}

# ---- what is no spec -------------------------------------------------------

# becomes WHAT STATE COMMAND...: the file is replaced; then there is one again.
becomes() {
	_what=$1
	_state=$2
	shift 2
	mv "$file" "$work/good"
	"$@"
	stays "$_what" "$_state"
	next
	# A slow machine must not take a second for what is between the two.
	text > "$specs/.web.next"
	rm -rf "$file"
	mv "$specs/.web.next" "$file"
	arrives "$_what: a file again"
}

loop() { ln -s web.yaml "$file"; }
nowhere() { ln -s "$work/none" "$file"; }
huge() { truncate -s 100M "$file"; }
garbage() { head -c 2000 /dev/zero | tr '\0' '\377' > "$file"; }

replace_by_others() {
	becomes "a directory" invalid mkdir "$file"
	becomes "a FIFO" invalid mkfifo "$file"
	becomes "a link to nowhere" invalid nowhere
	becomes "a link to itself" invalid loop
	becomes "100 MB" invalid huge
	becomes "no text" invalid garbage
	if [ "$(id -u)" -eq 0 ]; then
		becomes "a device" invalid mknod "$file" c 1 3
	else
		skip "a device" "only root can make one"
	fi
	# Names that nobody can mean.
	_odd=$(printf 'a\nb')
	text | sed 's/^name: web/name: odd/' > "$specs/$_odd.yaml"
	_bad=$(printf 'b\377')
	text | sed 's/^name: web/name: odd/' > "$specs/$_bad.yaml"
	check "names that are no text" soon expect_status 2 ja status
	check "make no jail" fails sh -c \
	    "'$JAILAGENT' -k '$kernel' list name | grep odd"
	check "and touch none" same "$jid" "$(ja list -j web jid)"
	rm "$specs/$_odd.yaml" "$specs/$_bad.yaml"
	check "all is well without them" settled
}

# No event tells of mounts: it is the next scan that finds them.
other_device() {
	kill -HUP "$agent"
	ja status --json |
	    jq -e '.agent.problem // "" | test("another device")'
}

# An agent that misses its directory looks for it.
scanned_well() {
	ja status --json | jq -e '.agent.problem == null'
}

has_problem() { ja status --json | jq -e '.agent.problem != null'; }

take_permissions() {
	chmod 000 "$specs"
	check "without permission" soon has_problem
	sleep 1.3
	check "it is no removal" same "$jid" "$(ja list -j web jid)"
	chmod 755 "$specs"
	check "with it again" soon fails has_problem
	chmod 000 "$file"
	stays "a file without permission" invalid
	chmod 644 "$file"
	check "with it" settled
	next
	text | put web
	arrives "a newer one"
}

# A test changes what an agent finds when it starts, and puts it back.
before_start() { :; }
after_start() { :; }

# as_nobody COMMAND: root is not bound by permissions, so it is about another
# agent, of a user that is: without the rights over files that one has in a
# namespace of its own, too.
as_nobody() {
	_all="$kernel $state $specs $file $agent $jid"
	_as=$as
	# The name of a socket must be short.
	_run=$(mktemp -d /tmp/jailagent.XXXXXX)
	mkdir -p "$work/user/specs" "$work/user/state" "$work/user/table"
	chown 65534:65534 "$work/user/state" "$work/user/table" "$_run"
	kernel=model:$work/user/table state=$work/user/state
	specs=$work/user/specs file=$work/user/specs/web.yaml
	as="env XDG_RUNTIME_DIR=$_run setpriv --reuid 65534 \
	    --regid 65534 --clear-groups $as setpriv --ambient-caps -all \
	    --inh-caps -all"
	text | put web
	before_start
	# shellcheck disable=SC2086 # words are wanted
	start of_nobody $as "$JAILAGENT" -k "$kernel" -s "$state" run \
	    -d "$specs" $matrix_options
	agent=$started
	check "an agent of an ordinary user" wait_until 20 agent_answers
	after_start
	check "and its jail" settled web
	jid=$(ja list -j web jid)
	"$@"
	stop of_nobody
	rm -r "$_run"
	check_not "no jail was restarted or removed for that" grep -E \
	    ': (restarted|stopped|removed)' "$work/of_nobody.log"
	as=$_as
	# shellcheck disable=SC2086
	set -- $_all
	kernel=$1 state=$2 specs=$3 file=$4 agent=$5 jid=$6
	next
	text | put web
	arrives "the first agent goes on"
}

take_away() {
	mv "$specs" "$specs.away"
	check "the directory away" soon sh -c "'$JAILAGENT' -k '$kernel' \
	    -s '$state' status --json | jq -e '.agent.problem != null'"
	sleep 1.3
	check "it is no removal" same "$jid" "$(ja list -j web jid)"
	mv "$specs.away" "$specs"
	check "it is back" settled
	check "as if nothing had been" same "$jid" "$(ja list -j web jid)"
	if [ "$(id -u)" -ne 0 ]; then
		take_permissions
	else
		as_nobody take_permissions
		mount -t tmpfs -o size=64k,mode=755 matrix "$specs"
		check "mounted over" soon other_device
		sleep 1.3
		check "it is no removal" same "$jid" "$(ja list -j web jid)"
		wait_until 5 umount "$specs"
		check "unmounted: back" soon scanned_well
	fi
}

# A disk that is full leaves a file cut off, or empty.
fill_disk() {
	if [ "$(id -u)" -ne 0 ]; then
		skip "disk full" "needs root for a small disk"
		return
	fi
	cp -a "$specs" "$work/saved"
	mount -t tmpfs -o size=64k,mode=755 matrix "$specs"
	cp -a "$work/saved/." "$specs"
	check "another disk" soon other_device
	check "approved" ja ack '*'
	check "it is taken" settled
	head -c 1M /dev/zero > "$specs/filler" 2> /dev/null
	{
		text
		head -c 5000 /dev/zero | tr '\0' '#'
		echo
		echo "exec.clean: true"
	} > "$file" 2> /dev/null
	# What of it is there may be a spec, or none; the jail goes on.
	sleep 1.2
	check "disk full: as it was" is_version
	check "disk full: the same jail" same "$jid" "$(ja list -j web jid)"
	rm "$specs/filler"
	next
	text | put web
	arrives "room again"
	wait_until 5 umount "$specs"
	check "the old disk" soon other_device
	check "approved as well" ja ack '*'
	next
	text | put web
	arrives "the old disk"
}

# `make soak` has MANY files in each of the three tests.
many_at_once() { # COUNT
	set -- "${MANY:-$1}"
	awk -v n="$1" -v dir="$specs" 'BEGIN {
		for (i = 0; i < n; i++) {
			f = dir "/m" i ".yaml"
			print "name: m" i "\npath: /\npersist: true" > f
			close(f)
		}
	}'
	# One question, since asking again and again would cost more than they.
	check "$1 files at once" timeout 120 "$JAILAGENT" -k "$kernel" \
	    -s "$state" wait
	check "are as many jails" same "$1" \
	    "$(ja list name | grep -c '^m[0-9]')"
	next
	text | put web
	check "one more among them" ja wait --timeout 20 web
	check "counts" is_version
	check "the jail is the same" same "$jid" "$(ja list -j web jid)"
}

matrix_all() {
	write_with_tools
	write_with_editors
	write_with_links
	swap_directory
	write_with_git
	replace_by_others
	take_away
	fill_disk
	check "no jail was restarted or removed" fails grep -q -E \
	    ': (restarted|stopped|removed)' "$work/agent.log"
	check "each was created once" same 2 \
	    "$(grep -c ': created' "$work/agent.log")"
}
