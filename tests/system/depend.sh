#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Jails that depend on others start after them and stop before them.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh
. tests/noting.sh

little_root "$work/roots/all"
spec_of() { noting "$@" | put "$1"; }
order_is() { same "$1" "$(noted)"; }

: > "$log"
spec_of app "depend: [web, cache]"
spec_of web "depend: [db]"
spec_of cache "depend: [db]"
spec_of db 'exec.start: ["/bin/sleep 0.3"]'
check "the agent starts" agent_start --max-remove 50
check "all run" settled
check "the first is what nobody waits for" same "db up" "$(head -n 1 "$log")"
check "the last is what waits for all" same "app up" "$(tail -n 1 "$log")"
check "each once" same 4 "$(wc -l < "$log")"
check "the agent's log has the order" same "db app" \
    "$(deeds | sed -n 's/^[^ ]* \([a-z]*\): created.*/\1/p' |
        sed -n '1p; $p' | tr '\n' ' ' | sed 's/ $//')"

# A restart of db: its dependants go before and come after.
: > "$log"
db=$(identity db)
web=$(identity web)
spec_of db 'exec.start: ["/bin/sleep 0.2"]'
check "db's restart is done" soon is db .restarts 1
check "all are ready" settled
check "db was restarted" fails same "$db" "$(identity db)"
check "web, too" fails same "$web" "$(identity web)"
check "app goes first" same "app down" "$(head -n 1 "$log")"
check "db goes after web and cache, comes before them" same \
    "db down,db up" "$(grep db "$log" | tr '\n' ',' | sed 's/,$//')"
check "in the middle" same 4 "$(sed '/db down/q' "$log" | wc -l)"
check "app comes last" same "app up" "$(tail -n 1 "$log")"
check "each down and up once" same 8 "$(wc -l < "$log")"

# follow_depend: false stays.
spec_of cache "depend: [db]" "agent: {follow_depend: false}"
check "follow_depend: false is taken over" settled
cache=$(identity cache)
: > "$log"
check "db is restarted by hand" ja restart db
check "and it is done" soon is db .restarts 2
check "ready again" settled
check "cache was left alone" same "$cache" "$(identity cache)"
check "web was not" grep -q "web down" "$log"

# One that ends by itself is restarted, too.
cache=$(identity cache)
web=$(identity web)
: > "$log"
check "db is killed" kill -9 "$(init_of db)"
check "it is made anew" soon is db .restarts 3
check "all are ready" settled
check "web was restarted with it" fails same "$web" "$(identity web)"
check "app goes first, comes last" same "app down,app up" \
    "$(sed -n '1p; $p' "$log" | tr '\n' ',' | sed 's/,$//')"
check "web is down before db is made" same "web down,db up,web up" \
    "$(grep -v -e app -e "db down" "$log" | tr '\n' ',' | sed 's/,$//')"
check "cache was left alone" same "$cache" "$(identity cache)"

# Who is paused runs on, and so do all when one of them cannot be stopped.
spec_of web "depend: [db]" "exec.prestop: [\"echo not now; false\"]"
spec_of held "depend: [db]"
check "a jail that cannot be stopped, and one" settled
check "that is paused" ja pause held
web=$(identity web)
held=$(identity held)
check "db is restarted by hand" ja restart db
check "it waits for the one" soon has db .reason "web is down"
check "that is tried" soon state_is web failed
check "the paused one runs on" same "$held" "$(identity held)"
spec_of web "depend: [db]"
check "db restarts" soon is db .restarts 4
check "all are ready" ja wait --timeout 10 app web db cache
check "but the paused one" state_is held paused
check "which runs on" same "$held" "$(identity held)"
check "it is not paused any more" ja resume held
rm "$specs/held.yaml"
check "and goes" soon no_jail held

# A dependency that fails blocks its dependants, and only those.
spec_of alone
check "another one" settled alone
spec_of db 'exec.start: ["/bin/false"]'
check "db fails" soon state_is db failed
check "web is blocked" soon state_is web blocked
check "with the reason" has web .reason "waits for db, which is failed"
check "and the cause" has web .reason "exec.start: /bin/false: exit status 1"
check "app waits for it" has app .reason "waits for"
check "the other one is ready" state_is alone ready
check "wait ends with 1" expect_status 1 ja wait app
: > "$log"
spec_of db
check "db mended: all are ready" soon ja wait --timeout 10
check "db first" same "db up" "$(grep -v down "$log" | head -n 1)"
check "app last" same "app up" "$(tail -n 1 "$log")"

# Loops are said with the chain; what is not there is said, too.
spec_of ring1 "depend: [ring2]"
spec_of ring2 "depend: [ring1]"
spec_of orphan "depend: [nobody]"
says_of() {
	ja status > "$work/out" 2>&1
	grep "$1" "$work/out" | grep -q -e "loop" || grep -q -e "loop.*$1" "$work/out"
}
check "a loop is an error that names the chain" soon says_of ring1
check "none of it runs" no_jail ring1
check "a name that is not there blocks" soon state_is orphan blocked
check "with the reason" has orphan .reason "depends on nobody"
check "the others are ready" state_is app ready
rm "$specs/ring1.yaml" "$specs/ring2.yaml" "$specs/orphan.yaml"
check "they go" soon is orphan .name ""

# Removed together: in reverse.
: > "$log"
rm "$specs"/app.yaml "$specs"/web.yaml "$specs"/cache.yaml "$specs"/db.yaml
check "all four go" soon no_jail db
check "app first" same "app down" "$(head -n 1 "$log")"
same_last() { same "$1" "$(tail -n 1 "$log")"; }
check "db last" soon same_last "db down"
