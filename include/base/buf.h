/*
 * buf.h - a growing byte buffer that is born with a maximum
 *
 * Shape	buf_init -> buf_put* -> buf_release (or buf_take)
 * Units	bytes; the byte after the last is always NUL once it holds data
 * Owns		its memory
 * Errors	ERR_INTERNAL when the maximum or the memory is exceeded
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/err.h"

/* A byte string that grows up to max. */
struct buf {
	char *data;	 /* owned, NUL after length; NULL while empty */
	size_t length;	 /* bytes in use */
	size_t capacity; /* bytes allocated */
	size_t max;	 /* most bytes it may hold */
};

#define BUF_INIT(m) \
	{ \
		NULL, 0, 0, (m) \
	}

/* Make an empty buffer that never holds more than max bytes. */
void buf_init(struct buf *b, size_t max);
/* Free the memory and make it empty; the maximum stays. */
void buf_release(struct buf *b);
/* Forget the contents and keep the memory. */
void buf_reset(struct buf *b);
/* Make room for n more bytes beyond length. */
int buf_reserve(struct buf *b, size_t n, struct err *e) MUST_CHECK;
/* Append n bytes. */
int
buf_put(struct buf *b, const void *data, size_t n, struct err *e) MUST_CHECK;
/* Append a NUL-terminated text. */
int buf_puts(struct buf *b, const char *text, struct err *e) MUST_CHECK;
/* Append formatted text. */
int buf_printf(struct buf *b, struct err *e, const char *fmt, ...)
    PRINTF_LIKE(3, 4) MUST_CHECK;
/* The contents as a NUL-terminated text, "" when empty; borrowed. */
const char *buf_text(const struct buf *b);
/* Hand the memory to the caller (free it) and be empty; NULL when empty. */
char *buf_take(struct buf *b);

#endif
