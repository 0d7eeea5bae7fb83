/*
 * chain.c - put the links of a file's chain together
 *
 * The links themselves: hash.c, compress.c, encrypt.c, spool.c; the threads
 * that they run in: stage.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "compress.h"
#include "encrypt.h"
#include "sink/chain.h"

struct chain {
	struct out out; /* first: the place to write to */
	struct spool *spool;
	struct hash *hash; /* of the content; NULL when it is the spool's */
	uint64_t bytes;
	struct out *next; /* where the content goes */
	struct compress *compress;
	struct stage *packing; /* the thread that compresses, or NULL */
	struct encrypt *encrypt;
	struct stage *sealing; /* the thread that encrypts */
};

/* What the words of file.compress mean. */
static const struct {
	const char *word;
	const char *ending;
	int usual, best; /* levels */
} methods[] = {
	[CHAIN_PLAIN] = { "none", "", 0, 0 },
	[CHAIN_GZIP] = { "gzip", ".gz", 6, 9 },
	[CHAIN_ZSTD] = { "zstd", ".zst", 3, 19 },
};

static int
bad_compress(const char *text, struct err *e)
{
	(void)err_set(e, ERR_SPEC,
	    "'%s' is not one of none, gzip, gzip:1 to gzip:9, zstd, zstd:1 to "
	    "zstd:19",
	    text);
	return err_hint(e,
	    "gzip is read everywhere; zstd is smaller and several times "
	    "faster.");
}

int
chain_parse_compress(struct chain_options *o, const char *text, struct err *e)
{
	size_t n = strcspn(text, ":");
	struct err ignored = ERR_INIT;
	int64_t level = 0;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strlen(methods[i].word) != n ||
		    strncmp(methods[i].word, text, n) != 0)
			continue;
		level = methods[i].usual;
		if (text[n] == ':' &&
		    (str_integer(text + n + 1, &level, &ignored) < 0 ||
			level < 1 || level > methods[i].best))
			break;
		o->compress = (enum chain_compress)i;
		o->level = (int)level;
		return 0;
	}
	return bad_compress(text, e);
}

void
chain_put_ending(const struct chain_options *o, char *text, size_t size)
{
	(void)snprintf(text, size, "%s%s", methods[o->compress].ending,
	    o->n_recipients > 0 ? ".gpg" : "");
}

int
chain_check_keys(const struct chain_options *o, struct err *e)
{
	struct encrypt *c = NULL;

	if (o->n_recipients == 0)
		return 0;
	if (encrypt_new(&c, o, NULL, e) < 0)
		return -1;
	encrypt_free(c);
	return 0;
}

uint64_t
chain_memory(const struct chain_options *o)
{
	const uint64_t threads = 2 * 1024 * 1024;

	return compress_memory(o) + (o->n_recipients > 0 ? threads : 0) +
	    (o->compress != CHAIN_PLAIN ? threads : 0);
}

void
chain_put_version(char *text, size_t size)
{
	char compress[96], encrypt[64];

	compress_put_version(compress, sizeof(compress));
	encrypt_put_version(encrypt, sizeof(encrypt));
	(void)snprintf(text, size, "%s, %s", compress, encrypt);
}

static int
chain_write(struct out *o, const void *data, size_t n, struct err *e)
{
	struct chain *c = (struct chain *)(void *)o;

	if (c->hash != NULL && hash_put(c->hash, data, n, e) < 0)
		return -1;
	c->bytes += n;
	return out_write(c->next, data, n, e);
}

/* What the thread does that compresses. */
static int
pack(struct stage *s, void *arg, struct err *e)
{
	struct chain *c = arg;
	const void *data;
	size_t n;

	for (;;) {
		if (stage_take(s, &data, &n, e) < 0)
			return -1;
		if (n == 0)
			return compress_finish(c->compress, e);
		if (compress_put(c->compress, data, n, e) < 0)
			return -1;
	}
}

/* From the end to the beginning: each link needs the one behind it. */
static int
link_up(struct chain *c, const struct chain_options *o, struct err *e)
{
	c->next = spool_out(c->spool);
	if (o->n_recipients > 0) {
		if (encrypt_new(&c->encrypt, o, c->next, e) < 0 ||
		    stage_start(&c->sealing, encrypt_run, c->encrypt, e) < 0)
			return -1;
		c->next = stage_out(c->sealing);
	}
	if (o->compress != CHAIN_PLAIN) {
		if (compress_new(&c->compress, o, c->next, e) < 0 ||
		    stage_start(&c->packing, pack, c, e) < 0)
			return -1;
		c->next = stage_out(c->packing);
	}
	if (c->next == spool_out(c->spool))
		return 0;
	return hash_new(&c->hash, e);
}

int
chain_open(struct chain **chain, const struct chain_options *o, struct spool *s,
    struct err *e)
{
	struct chain *c = calloc(1, sizeof(*c));

	*chain = NULL;
	if (c == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	c->out.write = chain_write;
	c->spool = s;
	if (link_up(c, o, e) < 0) {
		chain_free(c);
		return -1;
	}
	*chain = c;
	return 0;
}

struct out *
chain_out(struct chain *c)
{
	return &c->out;
}

int
chain_finish(struct chain *c, struct chain_receipt *r, struct err *e)
{
	memset(r, 0, sizeof(*r));
	r->bytes = c->bytes;
	if (c->packing != NULL && stage_end(c->packing, e) < 0)
		return -1;
	if (c->sealing != NULL && stage_end(c->sealing, e) < 0)
		return -1;
	return c->hash != NULL ? hash_finish(c->hash, r->sha256, e) : 0;
}

void
chain_free(struct chain *c)
{
	if (c == NULL)
		return;
	/*
	 * The thread that encrypts first: the one that compresses may wait for
	 * it, and goes on when it is gone.
	 */
	stage_stop(c->sealing);
	stage_free(c->packing);
	stage_free(c->sealing);
	compress_free(c->compress);
	encrypt_free(c->encrypt);
	hash_free(c->hash);
	free(c);
}
