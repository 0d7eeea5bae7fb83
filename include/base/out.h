/*
 * out.h - a place to write bytes to, whatever it is
 *
 * The csv room writes to a struct out and does not know what is behind it: a
 * spool file, a hash, a compressor, standard output. Implementations put a
 * struct out first in a struct of their own.
 *
 * Errors	whatever the place reports; a short write is never success
 */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include <stddef.h>

#include "base/err.h"

/* Something that takes bytes, all of them or an error. */
struct out {
	/* Take n bytes; 0, or -1 with e filled. */
	int (*write)(struct out *o, const void *data, size_t n, struct err *e);
};

/* Write n bytes to o. */
static inline int MUST_CHECK
out_write(struct out *o, const void *data, size_t n, struct err *e)
{
	return o->write(o, data, n, e);
}

#endif
