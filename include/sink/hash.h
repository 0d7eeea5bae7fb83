/*
 * hash.h - SHA-256 of bytes on their way
 *
 * Errors	ERR_INTERNAL from libcrypto
 */
#ifndef SINK_HASH_H
#define SINK_HASH_H

#include <stddef.h>

#include "base/err.h"

/* Size of the hexadecimal text with its NUL. */
enum { HASH_TEXT = 65 };

struct hash;

/* Begin a hash. */
int hash_new(struct hash **h, struct err *e) MUST_CHECK;
/* Take n more bytes. */
int
hash_put(struct hash *h, const void *data, size_t n, struct err *e) MUST_CHECK;
/* The hash of all bytes as lower-case hexadecimal; ends the hash. */
int hash_finish(struct hash *h, char text[HASH_TEXT], struct err *e) MUST_CHECK;
/* Free it; NULL is fine. */
void hash_free(struct hash *h);
/* The version of libcrypto, for --version. */
void hash_put_version(char *text, size_t size);
/* The hash of a whole file. */
int hash_file(const char *path, char text[HASH_TEXT], struct err *e) MUST_CHECK;

#endif
