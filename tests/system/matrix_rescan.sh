#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The same without any events: the rescan alone finds all.
# needs: git jq rsync tar unshare root
# timeout: 400
. tests/lib.sh
. tests/agent.sh
. tests/matrix.sh

if sanitized; then
	skip "matrix" "the same files as system/matrix, which runs with \
sanitizers"
	exit 0
fi

if ! unshare --user --map-current-user true 2> /dev/null; then
	skip "matrix" "no user namespace can be made here (not below chroot)"
	exit 0
fi
# In a user namespace of its own the limit of inotify instances is its own.
cat > "$work/without_events" << 'EOT'
#!/bin/sh
echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"
EOT
chmod +x "$work/without_events"
as="unshare --user --map-current-user --keep-caps $work/without_events"
matrix_begin --interval 1
matrix_all
many_at_once 2000
check "there were no events" sh -c "'$JAILAGENT' -k '$kernel' -s '$state' \
    status --json | jq -e '.agent.events | test(\"max_user_instances\")'"
