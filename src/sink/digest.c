/*
 * digest.c - hashes that a server may compute, by libcrypto; CRC-32 by hand
 *
 * Reads the file itself, since it is asked for long after it was written.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "sink/digest.h"

enum { DIGEST_CHUNK = 256 * 1024 };

/* A hash in the making. */
struct digest_state {
	EVP_MD_CTX *context; /* owned; NULL: CRC-32 */
	uint32_t crc;
	unsigned char chunk[DIGEST_CHUNK];
};

/* ISO 3309, reflected; a byte at a time: nothing waits for it. */
static uint32_t
crc32_of(uint32_t crc, const unsigned char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (0xedb88320U & (0U - (crc & 1)));
	}
	return crc;
}

static int
put(struct digest_state *s, size_t n, struct err *e)
{
	if (s->context == NULL)
		s->crc = crc32_of(s->crc, s->chunk, n);
	else if (EVP_DigestUpdate(s->context, s->chunk, n) != 1)
		return err_set(e, ERR_INTERNAL, "cannot hash");
	return 0;
}

static int
put_all(struct digest_state *s, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	for (;;) {
		n = read(fd, s->chunk, sizeof(s->chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			(void)err_sys(e, errno, "cannot read '%s'", path);
		if (n <= 0 || put(s, (size_t)n, e) < 0)
			break;
	}
	(void)close(fd);
	return n == 0 ? 0 : -1;
}

static int
finish(struct digest_state *s, char text[DIGEST_TEXT], struct err *e)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (s->context == NULL) {
		(void)snprintf(text, DIGEST_TEXT, "%08x", ~s->crc);
		return 0;
	}
	if (EVP_DigestFinal_ex(s->context, digest, &n) != 1 ||
	    2 * n + 1 > DIGEST_TEXT)
		return err_set(e, ERR_INTERNAL, "cannot finish a hash");
	str_put_hex(text, digest, n);
	return 0;
}

/* NULL for CRC-32; -1 if libcrypto does not know it (FIPS and MD5). */
static int
begin(struct digest_state *s, const char *algorithm, struct err *e)
{
	const EVP_MD *md;

	s->crc = UINT32_MAX;
	if (strcmp(algorithm, "CRC32") == 0)
		return 0;
	md = EVP_get_digestbyname(algorithm);
	s->context = EVP_MD_CTX_new();
	if (md == NULL || s->context == NULL ||
	    EVP_DigestInit_ex(s->context, md, NULL) != 1)
		return err_set(
		    e, ERR_INTERNAL, "libcrypto offers no %s", algorithm);
	return 0;
}

int
digest_file(const char *path, const char *algorithm, char text[DIGEST_TEXT],
    struct err *e)
{
	struct digest_state *s = calloc(1, sizeof(*s));
	int rc = -1;

	if (s == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (begin(s, algorithm, e) == 0 && put_all(s, path, e) == 0)
		rc = finish(s, text, e);
	EVP_MD_CTX_free(s->context);
	free(s);
	return rc;
}
