#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# exec.* hooks: order, environment, failure and time limit.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/web"
said=$work/said
cat > "$work/hook" <<'EOF'
#!/bin/sh
# Notes its name and what it knows of the jail.
echo "$1 ${JID:-none} ${JNAME:-none} ${JPATH:-none} ${FROM_HOST:-none} ${EXTRA:-none}" >> "${0%/*}/said"
EOF
cat > "$work/roots/web/bin/hook" <<'EOF'
#!/bin/sh
echo "$1 ${JID:-none} ${JNAME:-none} ${JPATH:-none} ${FROM_HOST:-none} ${EXTRA:-none} ${TERM:-none}" >> /said
EOF
chmod 755 "$work/hook" "$work/roots/web/bin/hook"

hooks() { # prints lines of a spec
	for _h in prepare prestart created poststart prestop poststop release; do
		echo "exec.$_h: [\"$work/hook $_h\"]"
	done
	echo 'exec.start: ["/bin/hook start", "/bin/hook start-2"]'
	echo 'exec.stop: ["/bin/hook stop"]'
	echo 'agent: {environment: {EXTRA: more}}'
}
inside_said=$work/roots/web/said
words() { cut -d ' ' -f 1 "$@" | tr '\n' ' '; }
same_words() { same "$1" "$(words "$2")"; }
fresh() { rm -f "$said" "$inside_said"; : > "$said"; }

fresh
{ spec web; hooks; } | put web
FROM_HOST=yes TERM=xyz agent_start --max-remove 50 > "$work/why"
check "the agent starts" settled web
jid=$(field web .jid)
check "order on the host" same "prepare prestart created poststart " \
    "$(words "$said")"
check "order inside" same "start start-2 " "$(words "$inside_said")"
line() { grep "^$1 " "$said" | cut -d ' ' -f 2-; }
path=$work/roots/web
check "before it exists there is no JID" same \
    "none web $path yes more" "$(line prestart)"
check "then JID, JNAME, JPATH" same "$jid web $path yes more" "$(line created)"
check "in poststart, too" same "$jid web $path yes more" "$(line poststart)"
check "none of them inside" same "start none none none yes more xyz" \
    "$(head -n 1 "$inside_said")"

kill -9 "$(init_of web)"
check "one that ended comes back" soon is web .restarts 1
check "what cleans up after it has its jid" same "$jid web $path yes more" \
    "$(line poststop)"
check "to the last hook" same "$jid web $path yes more" "$(line release)"

check "ready" settled web
fresh
rm "$specs/web.yaml"
check "its file is removed: it goes" soon no_jail web
check "inside" same "stop " "$(words "$inside_said")"
check "order on the host" soon same_words "prestop poststop release " \
    "$said"

fresh
{ spec web; hooks; echo "exec.clean: true"; } | put web
check "with exec.clean it runs" settled web
check "the host's variables are not inside, TERM is" same \
    "start none none none none more xyz" "$(head -n 1 "$inside_said")"
rm "$specs/web.yaml"
check "it goes" soon no_jail web

# A failing hook: everything that was done is undone.
check "gone altogether" soon is web .name ""
scene > "$work/before"
fresh
{ spec web; hooks | grep -v exec.start; echo "mount.procfs: true"
echo 'exec.start: ["/bin/sleep 1000 &", "/bin/hook start", "/bin/sh -c \"echo it is broken; exit 3\"", "/bin/hook never"]'
} | put web
check "exec.start fails: status says failed" soon state_is web failed
check "with the hook and its exit status" has web .reason \
    'exec.start: /bin/sh -c "echo it is broken; exit 3": exit status 3'
check "and what it said" has web .reason "it is broken"
check "the rest was not run" same "start " "$(words "$inside_said")"
check "poststop and release undo" same \
    "prepare prestart created poststop release" "$(words "$said" |
    cut -d ' ' -f 1-5)"
check "no jail is left" no_jail web
check "no process" same "" "$(jailed)"
check "no mount" same "" "$(mounts_below "$work/roots")"
check "status says when it is tried again" soon has web .next_retry T
sleep 1.3
check "it is tried again, not at once and not often" sh -c "
	n=\$(grep -c '^prepare' '$said'); [ \$n -ge 2 ] && [ \$n -le 3 ]"
rm "$specs/web.yaml"
check "its file removed: forgotten" soon is web .name ""
nothing_left() { scene > "$work/after"; diff "$work/before" "$work/after"; }
check "nothing is left of it" soon nothing_left

# exec.timeout: the hook and what it started are killed.
put_spec web "exec.timeout: 1" \
    'exec.start: ["/bin/sh -c \"sleep 31313 & sleep 31314\""]'
from=$(now_ms)
check "a hook that hangs: failed" soon state_is web failed
took=$(($(now_ms) - from))
check "after its timeout ($took ms)" test $took -ge 900 -a $took -lt 4000
check "status says so" has web .reason "timed out"
check "no process of the group is left" fails \
    grep -l -s -z -x -E '3131[34]' /proc/[0-9]*/cmdline
rm "$specs/web.yaml"

put_spec host "path: $work/roots/web" "exec.timeout: 1" \
    "exec.prestart: [\"/bin/sh -c 'sleep 41414 & sleep 41415'\"]"
check "on the host as well: failed" soon state_is host failed
check "timed out" has host .reason "timed out"
check "its group is gone" fails \
    grep -l -s -z -x -E '4141[45]' /proc/[0-9]*/cmdline
rm "$specs/host.yaml"

# A hanging hook disturbs nobody.
put_spec slow "path: $work/roots/web" 'exec.start: ["/bin/sleep 5"]'
put_spec quick "path: $work/roots/web"
from=$(now_ms)
check "a hook that takes long: others are served" soon state_is quick ready
took=$(($(now_ms) - from))
check "meanwhile ($took ms)" test $took -lt 3000
check "it is on its way" is slow .state progressing
check "status names the hook" has slow .reason exec.start

# What hooks print: of all in status, of those inside in exec.consolelog, too.
cat > "$work/roots/web/bin/talk" <<'EOF'
#!/bin/sh
printf 'inside \033[2J\302\233\n'
EOF
chmod 755 "$work/roots/web/bin/talk"
put_spec talker "path: $work/roots/web" "exec.consolelog: $work/talker.log" \
    'exec.prestart: ["seq 30"]' 'exec.start: ["/bin/talk"]'
check "hooks that print" settled talker
output() { ja status --json talker | jq -r ".jails[0].output | $1"; }
# The process that copies it needs a moment.
last_lines() { same "20 12 13" "$(output '"\(length) \(.[0]) \(.[1])"')"; }
check "status NAME has their last lines" soon last_lines
check "those of commands inside among them" same "inside 27 91 155" \
    "$(output '.[-1] | "\(.[:6]) \([.[7:] | explode[0, 1, 4]] | join(" "))"')"
ja status talker > "$work/out" 2>&1
check "a terminal gets no controls" says "    | inside ?[2J?"
check "exec.consolelog has what came from inside" same 1 \
    "$(wc -l < "$work/talker.log")"
check "without a name there is no output" same null \
    "$(ja status --json | jq '.jails[0].output')"
