/*
 * compress.h - gzip and zstd, from one out to another
 *
 * Shape	compress_new -> compress_put* -> compress_finish ->
 *		compress_free
 * Owns		the library's state; borrows the out
 * Threads	one at a time
 * Errors	those of the out; ERR_INTERNAL from the library
 * Source	zlib.h, zstd.h
 */
#ifndef SINK_COMPRESS_H
#define SINK_COMPRESS_H

#include "base/err.h"
#include "base/out.h"
#include "sink/chain.h"

struct compress;

/* Begin to compress into out, as the options say. */
int compress_new(struct compress **c, const struct chain_options *o,
    struct out *out, struct err *e) MUST_CHECK;
/* Take n more bytes. */
int compress_put(
    struct compress *c, const void *data, size_t n, struct err *e) MUST_CHECK;
/* Write the last bytes. */
int compress_finish(struct compress *c, struct err *e) MUST_CHECK;
/* Free it; NULL is fine. */
void compress_free(struct compress *c);
/* Memory that a level takes, in bytes. */
uint64_t compress_memory(const struct chain_options *o);
/* Versions of the libraries. */
void compress_put_version(char *text, size_t size);

#endif
