/*
 * distinct.h - whether no key comes twice among any number of rows
 *
 * Exact at constant memory: each key is appended to a file, and its 64-bit
 * hash with its place to one of many others, by the hash. At the end those are
 * sorted one after the other; keys of equal hashes are read back and compared
 * byte for byte. Equal keys have equal hashes, so that none is overlooked, and
 * different ones are told apart whatever their hashes are. The files have no
 * names: they are gone with the process.
 *
 * Shape	distinct_new -> distinct_add* -> distinct_find -> distinct_free
 * Units	24 bytes and the key on disk for each row; about 1.3 MiB of
 *		memory while rows come, and 24 bytes for every 64th row at the
 *		end
 * Errors	ERR_LOCAL; ERR_DATA for a key that is too long
 */
#ifndef JOB_DISTINCT_H
#define JOB_DISTINCT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Longest key, in bytes. */
enum { DISTINCT_KEY_MAX = 1024 * 1024 };

struct distinct;

/* Begin without a key; dir is where the files go, and stays the caller's. */
int
distinct_new(struct distinct **d, const char *dir, struct err *e) MUST_CHECK;
/* Add the key of a row. */
int distinct_add(struct distinct *d, const void *key, size_t length,
    uint64_t row, struct err *e) MUST_CHECK;
/* Two rows with the same key: 1, or 0 when there are none. */
int distinct_find(struct distinct *d, uint64_t *first, uint64_t *second,
    struct err *e) MUST_CHECK;
/* Free; NULL is fine. */
void distinct_free(struct distinct *d);

#endif
