#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A file that an edit broke keeps its jail as it was and disturbs no other;
# mended, it is used.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

for j in web db new; do
	little_root "$work/roots/$j"
done
put_spec web "host.hostname: web" 'exec.start: ["/bin/sleep 1000 &"]'
put_spec db "host.hostname: db"
check "the agent starts" agent_start
check "the jails run" settled
web=$(identity web)

# broken WHAT PLACE TEXT LINE...: web's file gets this content.
broken() {
	_what=$1 _place=$2 _text=$3
	shift 3
	put_spec web "$@"
	check "$_what: status says invalid" soon state_is web invalid
	check "$_what: with file, line and column" has web .reason \
	    "$specs/web.yaml:$_place: "
	check "$_what: and what is wrong" has web .reason "$_text"
	check "$_what: also in files" same "$_place" "$(ja status --json |
	    jq -r '.files[] | select(.error) | "\(.error.line):\(.error.column)"')"
	check "$_what: exit status 2" expect_status 2 ja status
	check "$_what: people read the place, too" says "web.yaml:$_place:"
	check "$_what: the log has it" grep -q -F "web.yaml:$_place: " \
	    "$work/agent.log"
	check "$_what: the jail runs on" same "$web" "$(identity web)"
}
# The same error in another file is another error.
same_error() { put_spec "$1" "host.hostnme: same"; }
logged() { same 1 "$(grep -c -F "$1.yaml:4:1: " "$work/agent.log")"; }
invalid_are() { same "$1" "$(ja status --json | jq .summary.invalid)"; }
check "none is invalid" invalid_are 0
same_error web
check "an error is said" soon logged web
check "one jail is invalid" soon invalid_are 1
same_error db
check "the same in a second file is said, too" soon logged db
check "two jails are invalid" soon invalid_are 2
put_spec web "host.hostname: web" 'exec.start: ["/bin/sleep 1000 &"]'
put_spec db "host.hostname: db"
check "mended" soon invalid_are 0
check "nothing was done" same "$web" "$(identity web)"

broken "unknown key" 4:1 host.hostname "host.hostnme: web"
broken "wrong type" 3:10 persist "persist: maybe"
broken "not YAML" 5:1 "" "exec.start: [\"/bin/sleep"
broken "a key twice" 5:1 "host.hostname" "host.hostname: a" "host.hostname: b"

# The others are served.
put_spec db "host.hostname: db-2"
says_hostname() { same "$2" "$(inside "$1" hostname)"; }
check "another is changed meanwhile" soon says_hostname db db-2
put_spec new "host.hostname: new"
check "and a new one made" soon says_hostname new new

# While a file is broken that may be about it nothing is removed.
echo "name: [" > "$specs/.unknown"
mv "$specs/.unknown" "$specs/unknown.yaml"
check "a broken file without a history is seen" soon sh -c \
    "'$JAILAGENT' -k '$kernel' -s '$state' status | grep -q unknown.yaml:"
rm "$specs/new.yaml"
check "then a removal is held" soon state_is new held
check "naming the file" has new .reason unknown.yaml
check "the jail runs on" inside new true
rm "$specs/unknown.yaml"
check "until the file is mended" soon no_jail new

# What is wrong with a file as a whole has no line.
mkfifo "$specs/pipe.yaml"
no_place() {
	expect_status 2 ja status && says "/pipe.yaml: is a FIFO"
}
check "a file that is none is named without a place" soon no_place
rm "$specs/pipe.yaml"

put_spec web "host.hostname: web-2" 'exec.start: ["/bin/sleep 1000 &"]'
check "mended: applied" soon says_hostname web web-2
check "without a restart" same "$web" "$(identity web)"
check "all are ready" settled
check "exit status 0" expect_status 0 ja status

# Broken while the agent is away.
says_place() {
	expect_status 2 ja status && says "$specs/web.yaml:5:1: "
}
stop agent KILL
put_spec web "host.hostname: web-3" "exec.stat: []"
check "a new agent starts" agent_start
check "it knows what the file said" soon state_is web invalid
check "naming the file" has web .reason "web.yaml"
check "status names the place" says_place
check "the jail runs on" same "$web" "$(identity web)"
check "as it was" says_hostname web web-2
check "no deed was done" same 0 "$(count_deeds)"
check "and goes on healing" kill -9 "$(init_of web)"
check "as the file said" soon sh -c "'$JAILAGENT' -k '$kernel' -s '$state' \
    status --json web | jq -e '.jails[0] | .restarts == 1 and .jid != null'"
web=$(identity web)

# Defaults that are broken when the agent starts change nothing, either.
printf 'name: "*"\nhost.domainname: example.org\n' | put 00-defaults
check "defaults count" soon sh -c "'$JAILAGENT' -k '$kernel' -s '$state' \
    list -j db host.domainname | grep -x example.org"
both_said() { same 2 "$(grep -c "updated .*host.domainname" "$work/agent.log")"; }
check "for both" soon both_said
db=$(identity db)
stop agent KILL
printf 'name: "*"\nhost.domainnam: example.net\n' | put 00-defaults
check "another agent" agent_start
check "says where" soon sh -c "'$JAILAGENT' -k '$kernel' -s '$state' status |
    grep 00-defaults.yaml:2:1:"
check "its jails are as they were" same "$db" "$(identity db)"
check "in every respect" same example.org \
    "$(ja list -j db host.domainname)"
check "no deed here, either" same 0 "$(count_deeds)"
# What was kept is believed only as the agent signed it.
stop agent KILL
for f in "$state"/good/*; do
	sed 's/example.org/example.com/' "$f" > "$work/forged"
	cat "$work/forged" > "$f"
done
check "another agent" agent_start
check "refuses a forged copy" soon sh -c "'$JAILAGENT' -k '$kernel' \
    -s '$state' status > /dev/null; grep 'is not used: ' '$work/agent.log'"
rm "$specs/00-defaults.yaml"

# One name in two files.
put_spec web "host.hostname: web-2" 'exec.start: ["/bin/sleep 1000 &"]'
check "mended again" settled
spec db "host.hostname: other" | put db-too
check "one name in two files is an error" soon state_is db invalid
check "that names both" sh -c "'$JAILAGENT' -k '$kernel' -s '$state' status |
    grep db-too.yaml | grep -q db.yaml"
check "neither is applied" says_hostname db db-2
rm "$specs/db-too.yaml"
check "one taken away: ready" settled
check "still as it was" says_hostname db db-2

# Links through ..data: one file that is wrong keeps the others out, too.
mkdir "$specs/..1" "$specs/..2"
spec web "host.hostname: web-4" 'exec.start: ["/bin/sleep 1000 &"]' \
    > "$specs/..1/web.yaml"
spec db "host.hostnme: db-4" > "$specs/..1/db.yaml"
spec web "host.hostname: web-5" 'exec.start: ["/bin/sleep 1000 &"]' \
    > "$specs/..2/web.yaml"
spec db "host.hostname: db-5" > "$specs/..2/db.yaml"
swap() { # TO NAME
	ln -s "$1" "$specs/.to"
	mv -T "$specs/.to" "$specs/$2"
}
swap ..data/web.yaml web.yaml
swap ..data/db.yaml db.yaml
swap ..1 ..data
says_whole() {
	expect_status 2 ja status && says "$specs/..data: " &&
	    says "$specs/db.yaml:4:1: " && says "; the set stays what it was"
}
check "a set with an invalid file is not used" soon says_whole
check "which is an answer for who waits" expect_status 1 ja wait --timeout 9
check "none of it is" says_hostname web web-2
check "by plan, either" expect_status 1 ja plan "$specs"
check "which says why" says "a set that counts as a whole"
stop agent KILL
check "an agent that starts then" agent_start
check "says so, too" soon says_whole
check "and did nothing" same 0 "$(count_deeds)"
check "none of it is used" says_hostname web web-2
swap ..2 ..data
check "a swap mends it" soon says_hostname web web-5
check "all of it is used" settled
check "also the other" says_hostname db db-5
check "without a restart" same "$web" "$(identity web)"

# Names are shown, and not obeyed by a terminal.
clear=$(printf '\033[2J')
echo "name: [" > "$specs/.new"
mv "$specs/.new" "$specs/a${clear}b.yaml"
check "a file with an odd name is named" soon sh -c \
    "'$JAILAGENT' -k '$kernel' -s '$state' status | grep -F 'a?[2Jb.yaml: '"
for command in status "check $specs" "plan $specs" "apply $specs"; do
	# shellcheck disable=SC2086 # words are wanted
	ja $command > "$work/out" 2>&1
	check "${command%% *}: by its name" says "a?[2Jb.yaml:"
	check_not "${command%% *}: in plain text" grep -q -F "$clear" "$work/out"
done
