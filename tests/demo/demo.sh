#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Shows jails that follow their files, with real processes, in half a minute:
# usage: sh tests/demo/demo.sh, as root, after `make`.
#
# Everything is made below one temporary directory, and all of it is taken away
# at the end, also when interrupted: jails, mounts, processes, files.  Exit
# status 0 if every step was reached and nothing is left.
#
# The times are measured here, from just before the file is renamed (or the
# process killed) until the effect can be seen from outside, looking every
# 2 ms; starting the programs that look is part of them.
set -u

TOP=$(cd "$(dirname "$0")/../.." && pwd -P) || exit 1
cd "$TOP" || exit 1
. tests/common.sh
. tests/jails.sh
. tests/demo/show.sh

BUILD=$(absolute "${BUILD:-build}")
work=$(mktemp -d "${TMPDIR:-/tmp}/jailagent-demo.XXXXXX") || exit 1
work=$(cd "$work" && pwd -P)
chmod 755 "$work"
specs=$work/specs
state=$work/state
run_dir=$(run_directory "$state")
agent=
jailagent() {
	"$BUILD/jailagent" -k "linux:$work/table" -s "$state" "$@"
}

# ---- leaving nothing behind ----------------------------------------------

inits() { # ROOT: the first processes of the jails that have it
	jail_inits "${work##*/}/roots/$1"
}

left_behind() {
	mounts_below "$work"
	grep -l -s -F "/${work##*/}/" /proc/[0-9]*/mountinfo
	[ ! -e "$work" ] || echo "$work"
	[ ! -e "$run_dir" ] || echo "$run_dir"
}

stop_agent() {
	[ -n "$agent" ] || return 0
	kill -TERM "$agent" 2>/dev/null
	wait "$agent"
	agent_status=$?
	agent=
}

clean_up() {
	trap '' INT TERM HUP
	stop_agent
	end_jails "${work##*/}/roots/"
	remove_run_directory "$state"
	remove_tree "$work"
}

# shellcheck disable=SC2154 # the trap assigns it
trap '_s=$?; clean_up; exit $_s' EXIT
# A second signal must not end the cleaning up before it has begun.
trap 'trap "" INT TERM HUP; printf "\ninterrupted: cleaning up\n"; exit 130' INT
trap 'trap "" INT TERM HUP; exit 143' TERM HUP

# ---- the two jails -------------------------------------------------------

free_port() {
	_port=$((8000 + $$ % 1000))
	while grep -q ":$(printf %04X $_port) .* 0A " /proc/net/tcp; do
		_port=$((_port + 1))
	done
	echo $_port
}

make_roots() {
	for _r in db web-1 web-2; do
		small_root "$work/roots/$_r" || return 1
	done
	for _r in 1 2; do
		echo "release $_r of the page" > "$work/roots/web-$_r/www/index.html"
	done
	cat > "$work/roots/db/bin/serve" << 'EOF'
#!/bin/sh
# Stands for a service: says every second that it is there.
while :; do
	date > /tmp/alive
	sleep 1
done
EOF
	chmod 755 "$work/roots/db/bin/serve"
}

spec_db() { # HOSTNAME
	cat << EOF
name: db
path: $work/roots/db
persist: true
host.hostname: $1
mount.devfs: true
exec.start: ["/bin/serve &"]
EOF
}

spec_web() { # ROOT
	cat << EOF
name: web
path: $work/roots/$1
persist: true
host.hostname: web.example.org
ip4: inherit
ip6: inherit
mount.devfs: true
mount.procfs: true
exec.start: ["/bin/httpd -p 127.0.0.1:$port -h /www"]
exec.stop: ["/bin/killall httpd"]
depend: [db]
EOF
}

# put NAME: standard input becomes the spec file, in one step.
put() {
	cat > "$specs/.$1"
	moment
	mv "$specs/.$1" "$specs/$1"
}

# ---- what can be seen from outside ---------------------------------------

page() {
	busybox wget -q -O - "http://127.0.0.1:$port/" 2>/dev/null
}
page_is() { [ "$(page)" = "$1" ]; }
hostname_is() { [ "$(jailagent exec "$1" hostname 2>/dev/null)" = "$2" ]; }
status_says() { jailagent status 2>&1 | grep -q -e "$1"; }
status_ready() { jailagent status > /dev/null 2>&1; }
no_jail() { ! jailagent list name 2>/dev/null | grep -q -x "$1"; }
other_init() { [ -n "$(inits "$1")" ] && [ "$(inits "$1")" != "$2" ]; }

# ---- the demonstration ---------------------------------------------------

begin() {
	title "jailagent: jails that follow their files"
	make_roots || fail "no root could be made: is busybox-static installed?"
	mkdir -p "$specs" "$state"
	port=$(free_port)
	note "two roots made of busybox, an empty directory of specs"
	run "jailagent run -d specs &"
	"$BUILD/jailagent" -k "linux:$work/table" -s "$state" run -d "$specs" \
	    --max-remove 2 > "$work/agent.log" 2>&1 &
	agent=$!
	moment
	reach "the agent answers" status_ready
}

two_jails() {
	step "Two files are dropped: web depends on db"
	spec_web web-1 | tee "$work/web.yaml" | sed "s,$work/,,; s/^/    /"
	put web.yaml < "$work/web.yaml"
	spec_db db.example.org | put db.yaml
	reach "the page is served on 127.0.0.1:$port" \
	    page_is "release 1 of the page"
	show_status
}

live_change() {
	step "db gets another hostname: changed while it runs"
	before=$(inits db)
	run "sed s/db.example.org/db-2.example.org/ specs/db.yaml"
	spec_db db-2.example.org | put db.yaml
	reach "hostname(1) inside says db-2.example.org" \
	    hostname_is db db-2.example.org
	[ "$(inits db)" = "$before" ] || fail "db was restarted"
	note "the same processes run on"
	show_status
}

restart() {
	step "web gets another root: that needs a restart"
	run "sed s,roots/web-1,roots/web-2, specs/web.yaml"
	spec_web web-2 | put web.yaml
	reach "the page of the new root is served" \
	    page_is "release 2 of the page"
	show_status
}

killed() {
	step "The first process of web is killed behind the agent's back"
	reach_quietly status_ready
	before=$(inits web-2)
	run "kill -KILL $before"
	moment
	kill -KILL "$before"
	reach "the jail is back and serves its page" healed "$before"
	show_status
}
healed() { page_is "release 2 of the page" && other_init web-2 "$1"; }

broken() {
	step "A typing error in web's file"
	run "echo 'host.hostnme: web' >> specs/web.yaml"
	{ spec_web web-2; echo "host.hostnme: web"; } | put web.yaml
	reach "status names file, line and column" \
	    status_says 'web.yaml:12:1'
	page_is "release 2 of the page" || fail "web does not serve any more"
	note "the jail runs on with what was last good; its page is served"
	show_status
	step "... and mended"
	spec_web web-2 | put web.yaml
	reach "all is ready again" status_ready
}

# The jail is dying, and not listed any more, until its last process is gone.
web_gone() {
	no_jail web && [ -z "$(inits web-2)" ]
}

removed() {
	step "web's file is removed"
	run "rm specs/web.yaml"
	moment
	rm "$specs/web.yaml"
	reach "the jail is gone (absence is believed after 1 s)" web_gone
	show_status
}

verified() {
	step "Every state is on record, signed: stock minisign checks it"
	count=0
	for f in "$state"/snapshots/*.json; do
		minisign -q -V -m "$f" -p "$state/key.pub" ||
		    fail "minisign refuses $f"
		count=$((count + 1))
	done
	run "minisign -V -m FILE -p key.pub"
	minisign -V -m "$f" -p "$state/key.pub" | sed 's/^/    /'
	run "jailagent snapshot verify"
	jailagent snapshot verify 2>&1 | sed 's/^/    /'
	jailagent snapshot verify > /dev/null 2>&1 ||
	    fail "snapshot verify found something"
	figure "$count snapshots verified by minisign, and their chain"
}

end() {
	step "The agent is stopped, all is cleaned up"
	rm "$specs/db.yaml"
	moment
	reach "db is gone too" no_jail db
	stop_agent
	[ "$agent_status" -eq 0 ] || fail "the agent ended with $agent_status"
	clean_up
	left=$(left_behind)
	[ -z "$left" ] || fail "left behind: $left"
	note "no jail, mount, process or file is left"
	closing
}

begin
two_jails
live_change
restart
killed
broken
removed
verified
end
