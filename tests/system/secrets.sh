#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Promise secrets-stay: !secret FILE reaches the jail, and nothing else; that it
# changed is reported and applied; a file that cannot be read stops nothing.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

secrets=$work/secrets
mkdir -m 700 "$secrets"
# Parts of what is looked for everywhere; each value is told from the others.
mark=seNtinel$$
secret() { # FILE VALUE: in one step
	(umask 077 && printf '%s\n' "$2" > "$secrets/.new")
	mv "$secrets/.new" "$secrets/$1"
}

# What the kernel says of a key, as jls(8) would show it.
kernel_has() { # PARAM VALUE
	same "$2" "$(ja list -j web "$1")"
}

# No value is in these files or texts.
clean() { # FILE...
	! grep -r -l -a -F -e "$mark" "$@"
}

# What others could see of the agent's own processes.
clean_processes() {
	for _p in $agent $(helpers); do
		! tr '\0' '\n' < "/proc/$_p/cmdline" | grep -F -e "$mark" ||
		    return 1
		! tr '\0' '\n' < "/proc/$_p/environ" | grep -F -e "$mark" ||
		    return 1
	done
}

put_web() { # LINE...: more of the spec
	spec web 'exec.start: ["/bin/sh -c \"env > /env; echo started\"", "/bin/sleep 14142 &"]' \
	    'exec.stop: ["/bin/sh -c \"env > /env.stop\""]' \
	    "env.TOKEN: !secret $secrets/token" \
	    "meta.owner: !secret $secrets/owner" \
	    "meta.plain: not secret" \
	    "agent: {environment: {DB: !secret $secrets/db, SHOWN: shown}, health: {exec: 'test -n \"\$DB\"'}}" "$@" |
	    put web
}

little_root "$work/roots/web"
little_root "$work/roots/other"
put_spec other 'exec.start: ["/bin/sh -c \"env > /env; sleep 14142 &\""]'
secret token "$mark-token-1"
secret owner "$mark-owner-1"
put_web

check "a spec with secrets is valid without them" ja check "$specs"
check "plan blocks a jail whose secret is missing" \
    expect_status 2 ja plan "$specs"
ja plan "$specs" > "$work/plan.blocked"
check "and names the parameter and the file" grep -q \
    "^blocked .*agent.environment.DB: secret .*$secrets/db: No such file" \
    "$work/plan.blocked"
check "the agent starts" agent_start
check "the missing file blocks the creation" soon is web .state blocked
check "and the status says why" has web .reason "$secrets/db"
check "the other jail runs" settled other
secret db "$mark-db-1"
kill -HUP "$agent"
check "when the file is there the jail is made" settled web
jid=$(field web .jid)
check "env has the value" kernel_has env.TOKEN "$mark-token-1"
check "meta has the value" kernel_has meta.owner "$mark-owner-1"
check "hooks have the variable" grep -q -x "DB=$mark-db-1" \
    "$work/roots/web/env"
check "and the one that is none" grep -q -x SHOWN=shown "$work/roots/web/env"
check "hooks of others have not" fails grep -q -F "$mark" \
    "$work/roots/other/env"
check "env.* is no variable of hooks" fails grep -q TOKEN \
    "$work/roots/web/env"
check "a second look finds nothing to do" expect_status 0 ja plan "$specs"
check "digests agree" is web '.spec_digest == .applied_digest' true
digest=$(field web .spec_digest)

# A change of the text is found at a rescan, told, and applied.
secret token "$mark-token-2"
ja plan "$specs" > "$work/plan"
ja plan --json "$specs" > "$work/plan.json"
check "plan says that a secret changed" grep -q -F \
    'env.TOKEN: (secret) -> (secret) (live)' "$work/plan"
kill -HUP "$agent"
check "the jail gets the new value" soon kernel_has env.TOKEN "$mark-token-2"
check "the others stay" kernel_has meta.owner "$mark-owner-1"
check "status says so" is web '.last_change.params | join(" ")' env.TOKEN
check "without a restart" is web .jid "$jid"
check "the digest is another one" fails is web .spec_digest "$digest"
check "the agent is done" settled web
secret db "$mark-db-2"
ja plan "$specs" >> "$work/plan"
check "a secret of the environment, too" grep -q -F \
    'agent.environment.DB: (secret) -> (secret) (userland)' "$work/plan"
kill -HUP "$agent"
check "is taken over" soon is web '.last_change.params | join(" ")' \
    agent.environment.DB
check "without a restart" is web .jid "$jid"
check "and known to be so" settled web

# What cannot be read leaves the jail as it is.
chmod 640 "$secrets/token"
kill -HUP "$agent"
check "a secret that others can read is refused" soon has web .reason \
    "chmod 600"
check "and the jail runs on" is web .jid "$jid"
ja status > "$work/status.refused"
chmod 600 "$secrets/token"
kill -HUP "$agent"
check "mended, it is ready again" settled web
mv "$secrets/token" "$secrets/away"
kill -HUP "$agent"
check "a secret that is gone is told" soon is web .state blocked
check "and the jail runs on" is web .jid "$jid"
check "with its value" kernel_has env.TOKEN "$mark-token-2"
ln -s away "$secrets/token"
kill -HUP "$agent"
check "a link of a trusted directory is followed" settled web
rm "$secrets/token"
mv "$secrets/away" "$secrets/token"

# Root in a jail must not choose what is read.
cp "$secrets/token" "$work/roots/web/token"
chmod 600 "$work/roots/web/token"
put_web "env.INSIDE: !secret $work/roots/web/token"
check "a file below the root of a jail is refused" soon has web .reason \
    "below the root of jail web"
put_web
rm "$work/roots/web/token"
check "without it the jail is ready" settled web

# A plan in a file is bound to the secrets that it was made with.
ja plan -o "$work/plan.saved" "$specs"
stop agent
secret db "$mark-db-3"
check "a plan that was made with another secret is refused" \
    expect_status 4 ja apply --plan "$work/plan.saved"
secret db "$mark-db-2"
check "the agent starts again" agent_start
check "and the jail is ready" settled web

# What programs print of a secret, now or before it changed, is masked.
console=$run_dir/console/loud.log
loud() { put_spec loud "$1" "agent: {environment: {LOUD: !secret $secrets/loud}$2}"; }
little_root "$work/roots/loud"
secret loud "$mark-loud-1
$mark-loud-2"
loud "exec.prestart: ['echo got \$LOUD; exit 3']" ""
check "a hook that fails tells no secret" soon has loud .reason \
    "exit status 3: got (secret)"
is_signed() { grep -q -F "got (secret)" "$state"/snapshots/*.json; }
check "nor does what is signed" soon is_signed
ja status --json loud > "$work/out.loud.hook"
loud "" ", health: {exec: 'echo \"pw=\$LOUD\"; exit 1', interval: 100ms, retries: 1}"
check "a health check that fails tells none" soon has loud .reason \
    "agent.health.exec fails: exit status 1: (secret)"
stop agent
ja status loud > "$work/out.loud.alone"
check "nor does status, which without an agent tells the output" grep -q -F "| pw=(secret)" \
    "$work/out.loud.alone"
check "an agent starts again" agent_start
secret loud "$mark-loud-3"
kill -HUP "$agent"
check "nor the new one" soon has loud .reason \
    "agent.health.exec fails: exit status 1: pw=(secret)"
ja status loud > "$work/out.loud"
ja status --json loud > "$work/out.loud.json"
check "the output is told" grep -q -F "| pw=(secret)" "$work/out.loud"
check "it is in a file that root alone reads" same "600 0" \
    "$(stat -c "%a %u" "$console")"
check "as it was printed" grep -q -F "$mark-loud-3" "$console"
rm "$specs/loud.yaml"
check "which goes with the jail" soon test ! -e "$console"

# ---- the sentinel: every output and every file of the agent
umask 022
ja status > "$work/out.status"
ja status --json > "$work/out.status.json"
ja print --json "$specs" > "$work/out.print.json"
ja print "$specs" > "$work/out.print"
ja check --json "$specs" > "$work/out.check"
ja list > "$work/out.list"
ja list -v > "$work/out.list.v"
ja list -h name jid path host.hostname > "$work/out.list.h"
ja snapshot show > "$work/out.snapshot"
ja snapshot diff > "$work/out.diff" 2>&1
check "the log tells of the changes" grep -q "web: updated.*env.TOKEN" \
    "$work/agent-old.log"
for f in "$work"/out.* "$work"/plan* "$work/status.refused" \
    "$work"/agent*.log "$state" "$specs"; do
	check "no value is in ${f#"$work"/}" clean "$f"
done
# The table of the kernel is where the jail has its values.
check "no value is in the run directory" clean "$run_dir"
check "nor where others see processes" clean_processes
check "snapshots are there to be searched" test -n \
    "$(grep -l '"env"' "$state"/snapshots/*.json)"
check "and say that there is one" grep -q -F 'TOKEN=(secret)' \
    "$state"/snapshots/*.json
# ---- after a crash, and at the end
dumped() { # PID: whether a process that was told to leaves its core
	prlimit --pid "$1" --core=unlimited
	_in=$(readlink "/proc/$1/cwd")
	kill -ABRT "$1"
	wait_until 10 fails alive "$1"
	_core=$(find "$_in" -maxdepth 1 -name "core*" -newer "$work/now")
	rm -f "$_core"
	test -n "$_core"
}
: > "$work/now"
start sleeper sleep 100
case $(cat /proc/sys/kernel/core_pattern) in
core*)	dumped "$started" ;;
*)	false ;;
esac && check "the agent leaves no core" fails dumped "$agent" || {
	skip "the agent leaves no core" "this host keeps no cores in files"
	kill -KILL "$agent"
	wait_until 10 fails alive "$agent"
}
check "another agent starts" agent_start --max-remove 50
check "it changes nothing" settled web
check "not a deed" same 0 "$(count_deeds web)"
check "still the same jail" is web .jid "$jid"
rm "$specs/web.yaml"
check "the jail is removed" wait_until 15 no_jail web
check "its stop hook had the secret" grep -q -x "DB=$mark-db-2" \
    "$work/roots/web/env.stop"
check "nothing is left of it in the state" clean "$state" "$run_dir"
