/*
 * digest.h - hashes that a server may compute, of a file of ours
 *
 * Only to compare with what a server says; what is recorded is sink/hash.h's
 * SHA-256.
 *
 * Errors	ERR_LOCAL reading, ERR_INTERNAL from libcrypto
 */
#ifndef SINK_DIGEST_H
#define SINK_DIGEST_H

#include "base/err.h"

/* Size of the longest hexadecimal text, with its NUL. */
enum { DIGEST_TEXT = 129 };

/*
 * The hash of a whole file as lower-case hexadecimal: "MD5", "SHA1",
 * "SHA256", "SHA512", or "CRC32" (that of zip and Ethernet).
 */
int digest_file(const char *path, const char *algorithm, char text[DIGEST_TEXT],
    struct err *e) MUST_CHECK;

#endif
