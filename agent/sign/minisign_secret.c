/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading secret keys; nothing of them is ever in ordinary memory. */
#include "agent/sign/minisign_format.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SECRET_FILE_MAX 2048

static int
check_file(const char *file, int fd, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return error_sys(err, errno, "secret key: %s", file);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL,
		    "secret key: %s: is not a regular file", file);
	if (st.st_uid != geteuid())
		return error_set(err, EPERM, "secret key: %s: belongs to user "
		    "%lu instead of %lu, who signs with it", file,
		    (unsigned long)st.st_uid, (unsigned long)geteuid());
	if ((st.st_mode & 0177) != 0)
		return error_set(err, EPERM, "secret key: %s: has mode %04o; "
		    "nobody else may reach it: chmod 600 %s", file,
		    (unsigned)(st.st_mode & 07777), file);
	return 0;
}

/* Reads the file into guarded memory, which the caller frees. */
static char *
read_guarded(const char *file, size_t *len, struct error *err)
{
	char *text = NULL;
	ssize_t n = 0;
	int fd;

	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1) {
		error_sys(err, errno, "secret key: %s", file);
		return NULL;
	}
	if (check_file(file, fd, err) == -1)
		goto out;
	if ((text = sodium_malloc(SECRET_FILE_MAX)) == NULL) {
		error_sys(err, ENOMEM, "secret key: no guarded memory");
		goto out;
	}
	*len = 0;
	while (*len < SECRET_FILE_MAX && (n = read(fd, text + *len,
	    SECRET_FILE_MAX - *len)) > 0)
		*len += (size_t)n;
	if (n == -1) {
		error_sys(err, errno, "secret key: %s", file);
		sodium_free(text);
		text = NULL;
	}
out:
	close(fd);
	return text;
}

static int
parse_secret(const char *text, size_t len, struct secret_bytes *b)
{
	struct line line;

	if (take_line(&text, &len, &line) == -1 ||
	    take_prefix(&line, UNTRUSTED) == -1 ||
	    take_line(&text, &len, &line) == -1 || len != 0)
		return -1;
	return decode_line(&line, b, sizeof *b);
}

/* `scratch` is guarded memory for a key pair. */
static int
check_secret(const char *file, const struct secret_bytes *b,
    unsigned char scratch[32 + 64], struct error *err)
{
	if (memcmp(b->algorithm, "Ed", 2) != 0 ||
	    memcmp(b->checksum_algorithm, "B2", 2) != 0)
		return error_set(err, EINVAL,
		    "secret key: %s: is of a kind that is not known", file);
	if (memcmp(b->kdf, "Sc", 2) == 0)
		return error_set(err, EINVAL, "secret key: %s: is protected by "
		    "a password, which nobody is there to type; remove it "
		    "with: minisign -C -W -s %s", file, file);
	if (memcmp(b->kdf, "\0\0", 2) != 0)
		return error_set(err, EINVAL,
		    "secret key: %s: is of a kind that is not known", file);
	crypto_sign_seed_keypair(scratch, scratch + 32, b->key);
	if (sodium_memcmp(scratch + 32, b->key, sizeof b->key) != 0)
		return error_set(err, EINVAL,
		    "secret key: %s: is damaged", file);
	return 0;
}

struct minisign_secret *
minisign_secret_read(const char *file, struct error *err)
{
	struct guarded {
		struct secret_bytes b;
		unsigned char scratch[32 + 64];
	} *g = NULL;
	struct minisign_secret *secret = NULL;
	char *text = NULL;
	size_t len;

	if (sodium_ready(err) == -1 ||
	    (text = read_guarded(file, &len, err)) == NULL)
		return NULL;
	if ((g = sodium_malloc(sizeof *g)) == NULL) {
		error_sys(err, ENOMEM, "secret key: no guarded memory");
	} else if (parse_secret(text, len, &g->b) == -1) {
		error_set(err, EINVAL, "secret key: %s: is not a secret key of "
		    "minisign: a comment line and one line of base64", file);
	} else if (check_secret(file, &g->b, g->scratch, err) == 0) {
		if ((secret = sodium_malloc(sizeof *secret)) == NULL) {
			error_sys(err, ENOMEM, "secret key: no guarded memory");
		} else {
			memcpy(secret->number, g->b.number,
			    sizeof secret->number);
			memcpy(secret->key, g->b.key, sizeof secret->key);
			sodium_mprotect_readonly(secret);
		}
	}
	sodium_free(text);
	sodium_free(g);
	return secret;
}

void
minisign_secret_public(const struct minisign_secret *secret,
    struct minisign_public *pub)
{
	memcpy(pub->number, secret->number, sizeof pub->number);
	memcpy(pub->key, secret->key + 32, sizeof pub->key);
}

/* sodium_malloc has tried it, and does not tell. */
int
minisign_secret_lock(struct minisign_secret *secret)
{
	return sodium_mlock(secret, sizeof *secret) == 0 ? 0 : errno;
}

void
minisign_secret_free(struct minisign_secret *secret)
{
	if (secret != NULL)
		sodium_free(secret);
}
