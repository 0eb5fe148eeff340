/* SPDX-License-Identifier: BSD-2-Clause */
/* New key pairs and their files. */
#include "agent/sign/minisign_format.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/file.h"

/* The secret file's text, while it is in guarded memory. */
struct secret_text {
	struct secret_bytes b;
	char text[sizeof UNTRUSTED + 64 + BASE64_LEN(158) + 2];
};

/*
 * The file gets its name by link(2), which never replaces anything, when it is
 * complete.  A temporary that a crash left has a name that is not used again,
 * and is removed by minisign_sweep.
 */
static int
write_new(const char *file, mode_t mode, const char *text, struct error *err)
{
	char temporary[PATH_MAX];
	int n, rc = 0;

	n = snprintf(temporary, sizeof temporary, "%s.%08x.tmp", file,
	    (unsigned)randombytes_random());
	if (n < 0 || (size_t)n >= sizeof temporary)
		return error_sys(err, ENAMETOOLONG, "%s", file);
	if (file_create(AT_FDCWD, temporary, mode, text, strlen(text),
	    err) == -1)
		return -1;
	if (link(temporary, file) == -1)
		rc = errno == EEXIST ? error_set(err, EEXIST,
		    "%s: exists already and is not replaced", file) :
		    error_sys(err, errno, "%s: cannot be created", file);
	(void)unlink(temporary);
	return rc == 0 ? file_sync_parent(file, err) : rc;
}

static int
write_public(const char *file, const struct minisign_public *pub,
    struct error *err)
{
	char text[sizeof UNTRUSTED + 64 + MINISIGN_PUBLIC_LINE + 1];
	char line[MINISIGN_PUBLIC_LINE];
	uint64_t number = 0;

	for (size_t i = sizeof pub->number; i-- > 0; )
		number = number << 8 | pub->number[i];
	snprintf(text, sizeof text,
	    UNTRUSTED "minisign public key %016llX\n%s\n",
	    (unsigned long long)number, minisign_public_line(pub, line));
	return write_new(file, 0644, text, err);
}

static int
write_secret(const char *file, struct minisign_public *pub, struct error *err)
{
	struct secret_text *s = sodium_malloc(sizeof *s);
	size_t used;
	int rc;

	if (s == NULL)
		return error_sys(err, ENOMEM, "secret key: no guarded memory");
	memset(s, 0, sizeof *s);
	memcpy(s->b.algorithm, "Ed", 2);
	memcpy(s->b.checksum_algorithm, "B2", 2);
	randombytes_buf(s->b.number, sizeof s->b.number);
	crypto_sign_keypair(pub->key, s->b.key);
	memcpy(pub->number, s->b.number, sizeof pub->number);
	used = (size_t)snprintf(s->text, sizeof s->text,
	    UNTRUSTED "minisign secret key without a password\n");
	sodium_bin2base64(s->text + used, BASE64_LEN(sizeof s->b) + 1,
	    (const unsigned char *)&s->b, sizeof s->b, BASE64);
	s->text[used + BASE64_LEN(sizeof s->b)] = '\n';
	rc = write_new(file, 0600, s->text, err);
	sodium_free(s);
	return rc;
}

/* ".XXXXXXXX.tmp", as above. */
static bool
is_temporary(const char *end)
{
	return *end == '.' && strspn(end + 1, "0123456789abcdef") == 8 &&
	    strcmp(end + 9, ".tmp") == 0;
}

void
minisign_sweep(const char *secret_file)
{
	const size_t end = strlen(".XXXXXXXX.tmp");
	const char *slash = strrchr(secret_file, '/');
	const char *base = slash == NULL ? secret_file : slash + 1;
	char dir[PATH_MAX];
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof dir, "%.*s.", (int)(base - secret_file),
	    secret_file);
	d = opendir(dir);
	while (d != NULL && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len >= strlen(base) + end &&
		    strncmp(e->d_name, base, strlen(base)) == 0 &&
		    is_temporary(e->d_name + len - end))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d != NULL)
		closedir(d);
}

static bool
exists(const char *file)
{
	return faccessat(AT_FDCWD, file, F_OK, AT_EACCESS) == 0 ||
	    errno != ENOENT;
}

int
minisign_generate(const char *secret_file, const char *public_file,
    struct minisign_public *pub, struct error *err)
{
	const char *const files[] = { secret_file, public_file };

	if (sodium_ready(err) == -1)
		return -1;
	for (size_t i = 0; i < 2; i++)
		if (exists(files[i]))
			return error_set(err, EEXIST, "%s: exists already and "
			    "is not replaced; name another file, or move it "
			    "away", files[i]);
	/* The secret file first: minisign_ensure can make the other from it. */
	if (write_secret(secret_file, pub, err) == -1)
		return -1;
	return write_public(public_file, pub, err);
}

int
minisign_ensure(const char *secret_file, const char *public_file, bool *made,
    struct minisign_public *pub, struct error *err)
{
	struct minisign_secret *secret;
	struct minisign_public known;

	*made = false;
	if (!exists(secret_file) && !exists(public_file)) {
		*made = true;
		return minisign_generate(secret_file, public_file, pub, err);
	}
	if (!exists(secret_file))
		return error_set(err, ENOENT, "secret key: %s: is missing, "
		    "but %s is there: bring it back, or move the public key "
		    "and all that was signed away, for a new key",
		    secret_file, public_file);
	if ((secret = minisign_secret_read(secret_file, err)) == NULL)
		return -1;
	minisign_secret_public(secret, pub);
	minisign_secret_free(secret);
	if (!exists(public_file))
		return write_public(public_file, pub, err);
	if (minisign_public_read(public_file, &known, err) == -1)
		return -1;
	if (memcmp(&known, pub, sizeof known) != 0)
		return error_set(err, EINVAL, "%s: is not the public key of "
		    "%s", public_file, secret_file);
	return 0;
}
