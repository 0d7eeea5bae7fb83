/*
 * charset.h - text of a file in another character set than UTF-8
 *
 * Shape	charset_open -> charset_convert* -> charset_free
 * Errors	ERR_SPEC for a name that this system does not know, ERR_DATA for
 *		a character that the set does not have
 * Source	iconv(3)
 */
#ifndef CSV_CHARSET_H
#define CSV_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct charset;

/* Whether a name means UTF-8, which needs no conversion; NULL does. */
bool charset_is_utf8(const char *name);
/* Prepare to convert to the set of that name. */
int
charset_open(struct charset **c, const char *name, struct err *e) MUST_CHECK;
/*
 * Convert what stands in b from byte `from` on, well-formed UTF-8, in place.
 * With replaced, what the set does not have becomes '?' and is counted there;
 * without, it is an error.
 */
int charset_convert(struct charset *c, struct buf *b, size_t from,
    uint64_t *replaced, struct err *e) MUST_CHECK;
/* Free it; NULL is fine. */
void charset_free(struct charset *c);

#endif
