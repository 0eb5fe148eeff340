#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What an agent kept of spec files does not come back behind an apply without it
# that gave their jails something else, or took them away; all else is kept.
# needs: jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/all"
defaults() { printf 'name: "*"\nhost.hostname: %s\n' "$1" | put 00-defaults; }
is_kept() { grep -q -a "last good $specs/$1.yaml" "$state"/good/*; }
not_kept() { ! is_kept "$1"; }
broken() { echo "name: [" | put "$1"; }

defaults one
any a | put a
any b "host.hostname: one" | put b
any c | put c
any d "host.hostname: one" | put d
any e "host.hostname: one" | put e
any f "host.hostname: one" | put f
check "the agent starts" agent_start --max-remove 100%
check "the jails run" settled
for f in 00-defaults a b c d e f; do
	check "$f is kept" soon is_kept "$f"
done
stop agent

# ---- while a file is broken -----------------------------------------------
broken e
rm "$specs/f.yaml"
any d "host.hostname: two" > "$work/y"
mv "$specs/d.yaml" "$work/d.yaml"
mv "$work/y" "$specs/y.yaml"
check "apply beside a broken file" expect_status 1 ja apply --prune "$specs"
check "changes what moved to another file" hostname_is d two
check "of which nothing older is left" not_kept d
for f in 00-defaults a b c e f; do
	check "$f is kept, since its jail is what it was" is_kept "$f"
done

# ---- a part of the directory ------------------------------------------------
any b "host.hostname: two" | put b
check "apply of one file" expect_status 0 ja apply "$specs/b.yaml"
check "changes its jail" hostname_is b two
check "of which the new text is kept" is_kept b
for f in 00-defaults a c e f; do
	check "$f is kept, since it was not looked at" is_kept "$f"
done

# ---- a plan that is not true any more ---------------------------------------
any e "host.hostname: one" | put e
any c "host.hostname: two" | put c
check "a plan" expect_status 2 ja plan -o "$work/plan" "$specs"
any c "host.hostname: three" | put c
check "a plan that is stale" expect_status 4 ja apply --plan "$work/plan"
check "changes nothing" hostname_is c one
check "c is kept" is_kept c
chmod 666 "$specs/c.yaml"
check "apply of a file that others can write" expect_status 0 \
    ja apply "$specs/c.yaml"
check "changes its jail" hostname_is c three
check "but of it nothing is kept" not_kept c

# ---- defaults, and what is removed ------------------------------------------
defaults two
rm "$specs/c.yaml"
check "apply" expect_status 0 ja apply --prune "$specs"
check "changes what defaults say" hostname_is a two
check "which are kept" is_kept 00-defaults
for f in c f; do
	check "removes $f" no_jail "$f"
	check "of which nothing is left" not_kept "$f"
done
for f in a e; do
	check "$f is kept" is_kept "$f"
done
jids() { ja list name jid host.hostname | sort; }
jids > "$work/before"
for f in 00-defaults b c d e f; do
	broken "$f"
done
rm "$specs/y.yaml"
check "an agent that meets broken files" agent_start --max-remove 100%
check "knows what was good last" soon state_is b invalid
check "and of what nothing was applied" soon state_is e invalid
check "holds a jail that had moved" soon state_is d held
sleep 1.2
jids > "$work/after"
check "all go on as they were" cmp "$work/before" "$work/after"

# ---- what the letters do not allow ------------------------------------------
stop agent
any b "host.hostname: two" "vnet: new" | put b
check "a restart that is not allowed" expect_status 1 \
    ja apply -cm "$specs/b.yaml"
any e "host.hostname: two" | put e
check "a change that is not allowed" expect_status 1 \
    ja apply -c "$specs/e.yaml"
for f in b e; do
	check "of $f the old text is kept" is_kept "$f"
	broken "$f"
done
check "an agent that meets them broken" agent_start --max-remove 100%
check "knows what was good" soon state_is b invalid
check "of both" soon state_is e invalid
sleep 1.2
jids > "$work/after"
check "which is what they are from" cmp "$work/before" "$work/after"

# ---- again and again where nothing can be kept ---------------------------------
stop agent
any b "host.hostname: three" | put b
any y "host.hostname: one" | put y
mv "$state/good" "$work/good"
: > "$state/good"
marks() { ls "$run_dir/outdated" | sort; }
check "apply without a place for copies" ja apply "$specs/b.yaml"
marks > "$work/marks"
check "marks what was kept" test -s "$work/marks"
check "apply again" ja apply "$specs/b.yaml"
marks > "$work/more"
check "needs no more marks" cmp "$work/marks" "$work/more"
rm "$state/good"
mv "$work/good" "$state/good"
check "the agent starts again" agent_start --max-remove 100%

# ---- beside a signer that hangs -----------------------------------------------
hung=$(helper_named signer)
check "the signer hangs" kill -STOP "$hung"
any g "host.hostname: one" | put g
check "a first text" soon hostname_is g one
stop agent KILL
any g "host.hostname: two" | put g
check "apply cannot sign" expect_status 1 ja apply "$specs"
check "but applies the next one" hostname_is g two
check "the signer goes on" kill -CONT "$hung"
check "and writes the first" soon is_kept g
broken g
check "another agent" agent_start --max-remove 100%
check "does not use it" soon state_is g held
check "nor goes back" hostname_is g two

# ---- back to what was kept, beside a signer that hangs --------------------------
any g "host.hostname: two" | put g
check "the file is good again" soon is_kept g
hung=$(helper_named signer)
check "the signer hangs again" kill -STOP "$hung"
any g "host.hostname: three" | put g
check "another text is told it" soon hostname_is g three
stop agent KILL
any g "host.hostname: two" | put g
ja apply "$specs" > /dev/null 2>&1
check "apply of the one before" hostname_is g two
check "the signer goes on again" kill -CONT "$hung"
check "and ends" soon fails kill -0 "$hung"
broken g
check "one more agent" agent_start --max-remove 100%
check "that meets it broken" soon fails state_is g ready
check "does not go on to what was told" hostname_is g two
