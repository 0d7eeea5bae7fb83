/*
 * hash.c - SHA-256 by libcrypto
 *
 * The only place that knows OpenSSL's digest interface. The bytes come from
 * spool.c on their way to the file, or from a file that is read again.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "sink/hash.h"

enum { HASH_CHUNK = 64 * 1024 };

struct hash {
	EVP_MD_CTX *context;
};

/* libcrypto's errors, in one place. */
static int
crypto_error(struct err *e, const char *what)
{
	char reason[160];

	ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
	return err_set(e, ERR_INTERNAL, "cannot %s: %s", what, reason);
}

int
hash_new(struct hash **h, struct err *e)
{
	struct hash *new = calloc(1, sizeof(*new));

	*h = NULL;
	if (new == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	new->context = EVP_MD_CTX_new();
	if (new->context == NULL ||
	    EVP_DigestInit_ex(new->context, EVP_sha256(), NULL) != 1) {
		hash_free(new);
		return crypto_error(e, "begin a SHA-256 hash");
	}
	*h = new;
	return 0;
}

int
hash_put(struct hash *h, const void *data, size_t n, struct err *e)
{
	if (EVP_DigestUpdate(h->context, data, n) != 1)
		return crypto_error(e, "hash");
	return 0;
}

int
hash_finish(struct hash *h, char text[HASH_TEXT], struct err *e)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_DigestFinal_ex(h->context, digest, &n) != 1 ||
	    2 * n + 1 != HASH_TEXT)
		return crypto_error(e, "finish a SHA-256 hash");
	str_put_hex(text, digest, n);
	return 0;
}

void
hash_free(struct hash *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->context);
	free(h);
}

void
hash_put_version(char *text, size_t size)
{
	(void)snprintf(text, size, "%s", OpenSSL_version(OPENSSL_VERSION));
}

static int
hash_descriptor(struct hash *h, int fd, const char *path, struct err *e)
{
	char *chunk = malloc(HASH_CHUNK);
	ssize_t n = -1;

	if (chunk == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (;;) {
		n = read(fd, chunk, HASH_CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			(void)err_sys(e, errno, "cannot read '%s'", path);
		if (n <= 0 || hash_put(h, chunk, (size_t)n, e) < 0)
			break;
	}
	free(chunk);
	return n == 0 ? 0 : -1;
}

int
hash_file(const char *path, char text[HASH_TEXT], struct err *e)
{
	struct hash *h = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = -1;

	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	if (hash_new(&h, e) == 0 && hash_descriptor(h, fd, path, e) == 0)
		rc = hash_finish(h, text, e);
	hash_free(h);
	(void)close(fd);
	return rc;
}
