#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# In which order apply works, and what becomes of jails that depend on those
# that it was told of.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh
. tests/noting.sh

little_root "$work/roots/all"
# told COMMAND...: what it has hooks note, on one line
told() {
	: > "$log"
	"$@" > "$work/out" 2>&1
	_s=$?
	noted
	echo "$_s"
}

noting zoo | put 1
{ noting mid; echo ---; noting ant; } | put 2
check "jails start in the order of files and documents" \
    same "zoo up,mid up,ant up,0" "$(told ja apply -p 1 "$specs")"
check "they stop in reverse" \
    same "ant down,mid down,zoo down,0" "$(told ja apply -p 1 -r "$specs")"
rm "$specs/1.yaml" "$specs/2.yaml"

# Who waits for a slot is before who may go on only now.
noting one "depend: [two]" | put 1
noting two | put 2
noting three | put 3
check "a jail does not lose its turn" \
    same "two up,three up,one up,0" "$(told ja apply -p 1 "$specs")"
ja apply -r "$specs" > "$work/out" 2>&1
rm "$specs"/[123].yaml

# One file is applied, others depend on what it says.
noting db | put db
noting app "depend: [db]" | put app
noting web "depend: [app]" "agent: {follow_depend: false}" | put web
check "a chain" same "db up,app up,web up,0" "$(told ja apply "$specs")"
web=$(identity web)
check "plan says who is restarted with it" expect_status 2 \
    ja plan -rc "$specs/db.yaml"
check "app among them" says "app"
check "a restart of one file restarts its dependants" \
    same "app down,db down,db up,app up,0" \
    "$(told ja apply -rc "$specs/db.yaml")"
check "but for who does not want that" same "$web" "$(identity web)"
noting db 'exec.start: ["true"]' | put db
check "also where jails are not to be created" \
    same "app down,db down,db up,app up,0" \
    "$(told ja apply -mr "$specs/db.yaml")"
check "all is as the specs say" ja plan "$specs"
check "a removal leaves who depends on it" same "db down,0" \
    "$(told ja apply -r "$specs/db.yaml")"
ja apply -r "$specs" > "$work/out" 2>&1
rm "$specs"/web.yaml

# A dependant that cannot be stopped holds its dependency.
noting db | put db
noting app "depend: [db]" "exec.prestop: [\"echo try >> $log; false\"]" |
    put app
check "app will not stop" ja apply "$specs"
db=$(identity db)
check "db is not restarted then; it is tried once" same "try,1" \
    "$(told ja apply -rc "$specs/db.yaml")"
check "with the reason" grep -q \
    "db: blocked: restart waits until app is down, which could not be stopped: exec.prestop" \
    "$work/out"
check "all of them" same "try,1" "$(told ja apply -rc "$specs")"
check "db runs on" same "$db" "$(identity db)"
noting web "depend: [db]" | put web
check "another dependant" ja apply "$specs/web.yaml"
told=$(told ja apply -rc "$specs/db.yaml")
# Both dependants are stopped at the same time.
check "it goes down once, and comes back" same "web down,web up,1" "$(echo "$told" | sed 's/try,//')"
check "beside a try of the other" same "try" "$(echo "$told" | grep -o try)"
rm "$specs/web.yaml"
check "and goes" ja apply --prune "$specs"
: > "$log"
noting db 'exec.start: ["true"]' | put db
from=$(now_ms)
check "an agent starts" agent_start
check "db is blocked" soon state_is db blocked
check "with the reason" has db .reason "app is down, which could not be stopped"
sleep 1
few() {
	[ "$(grep -c try "$log")" -le $((3 + ($(now_ms) - from) / 2000)) ]
}
check "there is time between the tries" few
noting app "depend: [db]" | put app
check "it is mended" soon is db .restarts 1
check "and all is ready" settled
check "in the right order" same "app down,db down,db up,app up," \
    "$(grep -v try "$log" | tr '\n' ',')"
stop agent
ja apply -r "$specs" > "$work/out" 2>&1
rm "$specs"/*.yaml

# A root that a hook makes.
late=$work/roots/late
root=$late
noting late | put late
check "a path that is not there" expect_status 1 ja apply "$specs"
check "is said" says "late: No such file or directory"
noting late "exec.prepare: [\"mkdir $late\"]" \
    "exec.release: [\"rmdir $late\"]" | put late
check "a hook may make it" same "late up,0" "$(told ja apply "$specs")"
check "plan has nothing to do" ja plan "$specs"
check "and unmake it" same "late down,0" "$(told ja apply -r "$specs")"
check_not "it is gone" test -e "$late"
rm "$specs/late.yaml"
root=

# A jid that another jail has, of which nobody says anything.
noting first "jid: 4711" | put first
check "a jail with a jid" ja apply "$specs"
rm "$specs/first.yaml"
noting second "jid: 4711" "exec.prestart: [\"echo try >> $log\"]" | put second
check "the same jid, while the jail lives" same "1" "$(told ja apply "$specs")"
check "names that jail" says "second: blocked: jid 4711 belongs to the jail first"
check "plan says the same" expect_status 2 ja plan "$specs"
check "with the reason" says "belongs to the jail first"
check "it is taken when that is removed" same "first down,try,second up,0" \
    "$(told ja apply --prune "$specs")"
ja apply -r "$specs" > "$work/out" 2>&1
rm "$specs/second.yaml"

# A jail that ends while it is being stopped.
noting gone "exec.prestop: [\"$BUILD/tests/helper/jail $kernel remove \$JID\"]" \
    'exec.stop: ["true"]' "exec.release: [\"echo gone released >> $log\"]" |
    put gone
check "a jail" ja apply "$specs"
check "that is ended by its own hook is cleaned up after" \
    same "gone down,gone released,1" "$(told ja apply -r "$specs")"
check "what failed is said" grep -q "gone: .*exec.stop: true" "$work/out"

# Nor is a jail removed whose child cannot be stopped: the child runs on.
rm "$specs"/*.yaml
little_root "$work/roots/up"
mkdir -p "$work/roots/up/in"
noting up "children.max: 1" | sed "s,^path:.*,path: $work/roots/up," | put up
noting up.in 'exec.prestop: ["false"]' |
    sed "s,^path:.*,path: $work/roots/up/in," | put up.in
check "a jail in another one" ja apply "$specs"
rm "$specs/up.yaml"
check "that one is not removed" expect_status 1 ja apply --prune "$specs"
check "for the child's reason" grep -q \
    "waits until up.in is down, which could not be stopped: exec.prestop" \
    "$work/out"
