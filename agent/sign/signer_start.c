/* SPDX-License-Identifier: BSD-2-Clause */
/* The start of the signer, for who waits for its answers. */
#include "agent/sign/signer.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/base/channel.h"

int
signer_wait(int fd, struct error *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, SIGNER_PATIENCE_MS);
	while (n == -1 && errno == EINTR);
	return n != 0 ? 0 : error_set(err, ETIMEDOUT, "the signer has not "
	    "answered for %d s, as when its disk hangs",
	    SIGNER_PATIENCE_MS / 1000);
}

int
signer_start(const struct signer_options *o, struct signer_said *said,
    pid_t *pid, struct error *err)
{
	/* The helper only reads what it is given. */
	int fd = helper_start("signer", signer_body, (void *)(uintptr_t)o,
	    NULL, pid, err);
	struct message m;
	struct error late;

	*said = (struct signer_said){ .trouble = false };
	if (fd == -1)
		return -1;
	if (signer_wait(fd, &late) == -1) {
		said->trouble = said->late = true;
		snprintf(said->text, sizeof said->text, "%s", late.text);
		return fd;
	}
	if (channel_read(fd, &m, err) != 1) {
		close(fd);
		return error_set(err, ECHILD, "the signer ended");
	}
	said->trouble = m.number != 0;
	snprintf(said->text, sizeof said->text, "%s", (const char *)m.data);
	free(m.data);
	return fd;
}
