#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# wait --revision: exactly this commit, or one that was replaced, or one that
# fails, or one that does not come.
# needs: git jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/a" "$work/roots/b"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git init -q "$specs"
in_git() { git -C "$specs" -c user.name=test -c user.email=test@example.org "$@"; }
commit() {
	in_git add -A && in_git commit -q -m "$1" && in_git rev-parse HEAD
}

spec a > "$specs/a.yaml"
first=$(commit first)
check "the agent starts" agent_start
check "the first commit is there" ja wait --timeout 10 --revision "$first"
check "status names it" same "$first" "$(ja status --json |
    jq -r .agent.revision)"

spec b "host.hostname: b.example" > "$specs/b.yaml"
check "a change that is not committed is no revision" expect_status 124 \
    ja wait --timeout 1 --revision "$first"
second=$(commit second)
check "the second" ja wait --timeout 10 --revision "$second"
check "has its jail" ja wait --for ready --timeout 1 b
check "the first was replaced" expect_status 4 \
    ja wait --timeout 10 --revision "$first"
check "by the second" says "$second"
check "both for one jail" ja wait --timeout 10 --revision "$second" b

# Asked before it comes.
(ja wait --timeout 20 --revision "$(printf %040d 0)"
echo $? > "$work/never") &
never=$!
spec a "host.hostname: third" > "$specs/a.yaml"
in_git add -A
third=$(in_git commit-tree -p HEAD -m third "$(in_git write-tree)")
(ja wait --timeout 20 --revision "$third"
echo $? > "$work/third") &
waiting=$!
sleep 0.5
check_not "it waits" test -e "$work/third"
in_git reset -q --hard "$third"
wait "$waiting"
check "until it comes" same 0 "$(cat "$work/third")"
check "and it is done" is a .state ready

# What is staged is what somebody works on, and no commit.
spec a "host.hostname: staged" > "$specs/a.yaml"
in_git add -A
runs() { same "$1" "$(ja list -j a host.hostname)"; }
check "what is staged runs" soon runs staged
check "and is not what HEAD says" expect_status 124 \
    ja wait --timeout 1 --revision "$third"
check "the reason is told" says "byte by byte"
in_git reset -q --hard

echo "nonsense: true" >> "$specs/a.yaml"
broken=$(commit broken)
check "a commit with a broken file fails" expect_status 1 \
    ja wait --timeout 10 --revision "$broken"
check "naming the place" says "a.yaml:5:1:"
spec a "path: $work/roots/none" > "$specs/a.yaml"
failing=$(commit failing)
check "so does one whose jail cannot be" expect_status 1 \
    ja wait --timeout 10 --revision "$failing"
check "naming the jail" says "a: "
check "others are not concerned" ja wait --timeout 10 \
    --revision "$failing" b
in_git reset -q --hard "$third"
check "back to an older one" ja wait --timeout 10 --revision "$third"
check "an abbreviation is refused" expect_status 64 \
    ja wait --revision "$(echo "$third" | cut -c 1-12)"
check "a name, too" expect_status 64 ja wait --revision main
stop agent
check "without an agent" expect_status 3 ja wait --revision "$third"
wait "$never"
check "who waits when the agent ends is told" same 3 "$(cat "$work/never")"

# Who was replaced before this agent started is, too; what is not here may come.
check "another agent" agent_start
check "an ancestor was replaced" expect_status 4 \
    ja wait --timeout 20 --revision "$first"
check "its child as well" expect_status 4 \
    ja wait --timeout 20 --revision "$second"
check "what came later was not" expect_status 124 \
    ja wait --timeout 1 --revision "$failing"
check "where the specs are is told" says "$third"
echo "nothing" > "$specs/MANIFEST"
held=$(commit "a set that is held")
check "a set that is not taken is an answer" expect_status 1 \
    ja wait --timeout 20 --revision "$held"
check "with the reason" says "the set stays what it was"
in_git reset -q --hard "$third"
check "taken back it runs" ja wait --timeout 20 --revision "$third"
stop agent

# What cannot be read is said at once.
in_git config extensions.refStorage reftable
check "with reftables" agent_start
check "a commit cannot be waited for" expect_status 1 \
    ja wait --timeout 10 --revision "$third"
check "which says why" says "reftables"
check "status says it, too" sh -c "'$JAILAGENT' -k '$kernel' -s '$state' \
    status | grep -q 'migrate --ref-format=files'"
stop agent

# Without git: the digest of the set.
rm -rf "$specs/.git"
check "outside of git" agent_start
check "a digest" ja wait --timeout 10
digest=$(ja status --json | jq -r .agent.revision)
check "of 64 digits" same 64 "${#digest}"
check "can be waited for" ja wait --timeout 10 --revision "$digest"
spec c > "$specs/c.yaml"
mkdir "$work/roots/c"
check "and is replaced by another" soon expect_status 4 \
    ja wait --timeout 10 --revision "$digest"
