#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run --recursive: specs in directories below the watched one.
# needs: git jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
mkdir -p "$work/roots/all" "$specs/web" "$specs/.draft"
any top > "$specs/top.yaml"
any a > "$specs/web/a.yaml"
any draft > "$specs/.draft/draft.yaml"

check "without the option they are left out" sh -c \
    "'$JAILAGENT' check '$specs' | grep '^1 spec in 1 file'"
check "with it they are not" sh -c \
    "'$JAILAGENT' check --recursive '$specs' | grep '^2 specs in 2 files'"
check "print has them" sh -c \
    "'$JAILAGENT' print --recursive '$specs' | grep -x 'name: a'"
check "plan, too" sh -c "'$JAILAGENT' -k '$kernel' -s '$state' plan \
    --recursive '$specs' | grep -c '^create' | grep -x 2"

check "a saved plan has them" expect_status 2 ja plan --recursive \
    -o "$work/plan" "$specs"
check "and makes them" ja apply --plan "$work/plan"
check "both run" same "a top" "$(ja list name | sort | tr '\n' ' ' |
    sed 's/ $//')"
check "the agent starts" agent_start --recursive --max-remove 100%
check "the jails run" settled a top
check_not "hidden directories are left out" ja status draft
check "status says that they are followed" sh -c "'$JAILAGENT' -k '$kernel' \
    -s '$state' status --json | jq -e '.agent.recursive'"
check "and where a jail comes from" is a .file "$specs/web/a.yaml"
jid=$(ja list -j a jid)

# Events come from directories below, also from those made later; the agent
# rescans every 30 s only.
any a "host.hostname: second" > "$specs/web/a.yaml"
check "a change below is seen" soon hostname_is a second
mkdir -p "$specs/db/main"
any b > "$specs/db/main/b.yaml"
check "a directory that is made later" soon state_is b ready
any b "host.hostname: second" > "$specs/db/main/b.yaml"
check "and what changes in it" soon hostname_is b second
mkdir "$specs/.next"
any b "host.hostname: third" > "$specs/.next/b.yaml"
ln -s ../.next "$specs/db/link"
rm "$specs/db/main/b.yaml"
check "a link to a directory" soon hostname_is b third
mkdir "$specs/.later"
any b "host.hostname: fourth" > "$specs/.later/b.yaml"
ln -sfn ../.later "$specs/db/link"
check "that is swapped" soon hostname_is b fourth
any b "host.hostname: fifth" > "$specs/.later/b.yaml"
check "is followed where it leads now" soon hostname_is b fifth
mv "$specs/web" "$specs/www"
check "a directory that is renamed" soon is a .file "$specs/www/a.yaml"
check "changes nothing" same "$jid" "$(ja list -j a jid)"
any a "host.hostname: third" > "$specs/www/a.yaml"
check "and is followed" soon hostname_is a third

# Whoever can write a directory can write specs.
chmod 777 "$specs/www"
any a "host.hostname: evil" > "$specs/www/a.yaml"
any top "host.hostname: served" > "$specs/top.yaml"
check "the others are served" soon hostname_is top served
check "a directory that others can write is refused" soon sh -c \
    "'$JAILAGENT' -k '$kernel' -s '$state' status | grep 'www: .*chmod go-w'"
check "its jails are what they were" hostname_is a third
rm "$specs/top.yaml"
check "and no other is removed" soon has top .reason "$specs/www"
chmod 755 "$specs/www"
check "until it is mended" soon no_jail top
check "then its files count" soon hostname_is a evil

# A loop is an error, and ends.
ln -s .. "$specs/www/loop"
check "a loop" soon sh -c \
    "'$JAILAGENT' -k '$kernel' -s '$state' status | grep 'www/loop: .*a loop'"
check "check says it, too" expect_status 1 ja check --recursive "$specs"
rm "$specs/www/loop"
check "without it all is well" settled

# A directory that is away takes its jails along: two scans, --max-remove.
mv "$specs/www" "$work/away"
sleep 0.3
check "gone for a moment" same "$jid" "$(ja list -j a jid)"
mv "$work/away" "$specs/www"
sleep 1.2
check "is not gone" same "$jid" "$(ja list -j a jid)"
rm -r "$specs/www"
check "gone for good: removed" soon no_jail a

# apply through the agent, and MANIFEST.
check "apply by the agent" ja apply --recursive "$specs"
any b "host.hostname: sixth" > "$specs/.later/b.yaml"
(cd "$specs" && sha256sum db/link/b.yaml) > "$work/MANIFEST"
mv "$work/MANIFEST" "$specs/MANIFEST"
check "a MANIFEST lists them by their way" soon hostname_is b sixth
any new > "$specs/db/new.yaml"
check "what it does not list is no part of the set" soon sh -c \
    "'$JAILAGENT' -k '$kernel' -s '$state' status |
    grep 'MANIFEST: does not list db/new.yaml'"
rm "$specs/MANIFEST"
check "without it" soon state_is new ready

# The revision is that of all files.
rm -r "$specs/.next" "$specs/db/link" "$specs/.later" "$specs/.draft"
any b > "$specs/db/main/b.yaml"
in_git() { git -C "$specs" -c user.name=test -c user.email=test@example.org "$@"; }
git init -q "$specs"
in_git add -A
in_git commit -q -m first
first=$(in_git rev-parse HEAD)
check "a commit counts" ja wait --timeout 10 --revision "$first"
any b "host.hostname: dirty" > "$specs/db/main/b.yaml"
dirty() { same "$1" "$(ja status --json | jq -r .agent.revision)"; }
check "a change below makes it dirty" soon dirty "$first+dirty"
in_git checkout -q .
check "taken back it is not" soon dirty "$first"

stop agent
check "another agent without the option" agent_start
check "refuses to apply with it" expect_status 1 ja apply --recursive "$specs"
check "and says why" says "without --recursive"
check "an empty directory is no wish" soon has b .reason "holds no spec file"
