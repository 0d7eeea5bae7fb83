/*
 * chain.h - what happens to a file's bytes between the CSV and the spool
 *
 * In reading order: hash of the content -> compress -> encrypt -> the spool,
 * which hashes what is shipped. Compressing and encrypting run in threads of
 * their own, so that they cost the export little where there is a second
 * core; each waits for the one before it, at constant memory.
 *
 * Compressed bytes depend on nothing but the content, the level and the
 * library's version: no name and no time is in them. Encrypted ones are never
 * the same twice.
 *
 * Shape	chain_open -> out_write(chain_out)* -> chain_finish ->
 *		chain_free
 *		(chain_free before chain_finish gives everything up)
 * Owns		its threads; borrows the spool, which must outlive it
 * Threads	the caller's writes come from one thread at a time
 * Errors	those of the spool, told by a later write or by chain_finish;
 *		ERR_SPEC for keys that cannot be used; ERR_INTERNAL
 * Source	RFC 1952, RFC 8878, RFC 4880
 */
#ifndef SINK_CHAIN_H
#define SINK_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/out.h"
#include "sink/hash.h"
#include "sink/spool.h"

/* How a file is compressed. */
enum chain_compress {
	CHAIN_PLAIN, /* not at all */
	CHAIN_GZIP,  /* RFC 1952 */
	CHAIN_ZSTD   /* RFC 8878 */
};

/* What is done to the bytes; texts are borrowed. */
struct chain_options {
	enum chain_compress compress; /* how it is compressed */
	int level;		      /* 1 to 9, or to 19; 0 with CHAIN_PLAIN */
	const char *const *recipients; /* of OpenPGP keys */
	size_t n_recipients;	       /* 0: not encrypted */
};

#define CHAIN_OPTIONS_DEFAULT \
	{ \
		.compress = CHAIN_PLAIN \
	}

struct chain;

/* What went in. */
struct chain_receipt {
	uint64_t bytes;		/* of the content */
	char sha256[HASH_TEXT]; /* of the content */
};

/* Read "none", "gzip", "gzip:9", "zstd:3" into the options. */
int chain_parse_compress(
    struct chain_options *o, const char *text, struct err *e) MUST_CHECK;
/* The ending that a file of these options has: "", ".gz", ".zst.gpg". */
void chain_put_ending(const struct chain_options *o, char *text, size_t size);
/*
 * Whether each recipient has a key that can be used now; asks the keyring of
 * this user ($GNUPGHOME, else ~/.gnupg). Without recipients there is nothing
 * to ask.
 */
int chain_check_keys(const struct chain_options *o, struct err *e) MUST_CHECK;
/* Memory that the options take, in bytes, as far as it is known before. */
uint64_t chain_memory(const struct chain_options *o);
/* Versions of zlib, zstd and gpgme, for --version. */
void chain_put_version(char *text, size_t size);

/* Begin to write into s. */
int chain_open(struct chain **c, const struct chain_options *o, struct spool *s,
    struct err *e) MUST_CHECK;
/* The place to write to; borrowed. */
struct out *chain_out(struct chain *c);
/* All bytes are there: hand the last ones to the spool. */
int chain_finish(
    struct chain *c, struct chain_receipt *r, struct err *e) MUST_CHECK;
/* Free it; NULL is fine. */
void chain_free(struct chain *c);

#endif
