#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# While git changes a work tree nothing is removed, however long it takes; a lock
# that nobody holds any more is told of.
# needs: git jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
mkdir -p "$work/roots/web" "$work/roots/other"
in_git() { git -C "$specs" -c user.name=test -c user.email=test@example.org "$@"; }

# Both branches say the same jail, in files of different names.  Git deletes the
# one before it makes the other, through a filter that takes its time.
git init -q -b one "$specs"
in_git config filter.slow.clean cat
in_git config filter.slow.smudge 'sleep 2.5; cat'
echo '*.yaml filter=slow' > "$specs/.gitattributes"
spec web > "$specs/web.yaml"
spec other > "$specs/other.yaml"
in_git add -A
in_git commit -q -m one
in_git checkout -q -b two
in_git mv web.yaml moved.yaml
echo '# to be another file' >> "$specs/moved.yaml"
in_git commit -q -a -m two
in_git -c filter.slow.smudge=cat checkout -q one

check "the agent starts" agent_start --max-remove 100%
check "the jails run" settled
jid=$(ja list -j web jid)
in_git checkout -q two &
git=$!
check "git deletes first" wait_until 2 test ! -e "$specs/web.yaml"
sleep 1.6
check "for long" test ! -e "$specs/moved.yaml"
wait "$git"
check "the same jail from another file" soon is web .file "$specs/moved.yaml"
sleep 1.2
check "was never removed" same "$jid" "$(ja list -j web jid)"
check "nothing was done" same 0 "$(deeds web | grep -c -v created)"

# A lock that stays: what is new counts, what is missing stays.
: > "$specs/.git/index.lock"
touch -d '-1 hour' "$specs/.git/index.lock"
rm "$specs/moved.yaml"
put_spec other "host.hostname: other.example"
other_is() { same "$1" "$(ja list -j other host.hostname)"; }
check "with a lock that is old, changes count" soon other_is other.example
told() {
	ja status --json | jq -e --arg f "$specs/.git" '.files[] |
	    select(.path == $f) | .error.message |
	    test("index.lock is there") and test("remove that file")'
}
check "it is told, and what to do" soon told
check "what is missing is held" soon state_is web held
check "wait says it, too" expect_status 1 ja wait --timeout 5
check "with the lock" says "index.lock is there"
check "apply without an agent would wait as well" expect_status 1 \
    ja -s "$work/state2" apply --prune "$specs"
check "and says for what" says "index.lock"
rm "$specs/.git/index.lock"
check "without it" soon no_jail web
check "all is well" settled

# A work tree whose .git is a file.
in_git checkout -q -f -- .
in_git -c filter.slow.smudge=cat worktree add -q "$work/tree" one
check "the jail is back" settled web
jid=$(ja list -j web jid)
mv "$specs" "$work/main"
ln -s "$work/tree" "$specs"
git -C "$work/main" worktree repair "$work/tree" > /dev/null 2>&1
check "another work tree" soon is web .file "$specs/web.yaml"
lock=$(git -C "$work/tree" rev-parse --absolute-git-dir)/index.lock
: > "$lock"
rm "$work/tree/web.yaml"
sleep 2.3
check "its lock counts" same "$jid" "$(ja list -j web jid)"
rm "$lock"
check "it is gone" soon no_jail web
