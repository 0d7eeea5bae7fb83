/*
 * utf8.h - whether bytes are well-formed UTF-8, and making them so
 *
 * Source	RFC 3629 section 4; Unicode 15 section 3.9 (maximal subparts are
 *		replaced by one U+FFFD each)
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Bytes of the well-formed character at s (n > 0 bytes there), or 0. */
size_t utf8_character(const unsigned char *s, size_t n);
/* Whether n bytes are well-formed. */
bool utf8_is_valid(const char *data, size_t n);
/*
 * How many bytes at the end (0 to 3) are the beginning of a character that
 * may go on behind it.
 */
size_t utf8_unfinished(const char *data, size_t n);
/* Append the bytes, what is not well-formed as U+FFFD and counted in *count. */
int utf8_put_repaired(struct buf *out, const char *data, size_t n,
    uint64_t *count, struct err *e) MUST_CHECK;

/*
 * Turn *n bytes of UCS-4 of this machine's byte order into UTF-8, in place: no
 * character takes more than four bytes. ERR_DATA beyond U+10FFFF; a lone
 * surrogate comes out as what is not well-formed.
 */
int utf8_narrow(char *data, size_t *n, struct err *e) MUST_CHECK;

#endif
