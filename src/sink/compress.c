/*
 * compress.c - zlib and zstd
 *
 * The only place that knows either. Nothing but the content and the level
 * goes into the bytes: the gzip header has no time, no name and no system
 * (RFC 1952 2.3), and zstd runs in one thread, whose result does not depend
 * on how many there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "compress.h"

enum {
	COMPRESS_CHUNK = 64 * 1024,
	GZIP_WINDOW = 15 + 16, /* zlib.h: 16 more writes a gzip header */
	GZIP_MEMORY = 8,
	GZIP_UNKNOWN_SYSTEM = 255
};

struct compress {
	struct out *out;
	z_stream gzip;
	gz_header header;
	bool is_gzip;	 /* gzip is to be ended */
	ZSTD_CCtx *zstd; /* owned; NULL for gzip */
	char *chunk;	 /* owned, COMPRESS_CHUNK bytes */
};

static int
begin_gzip(struct compress *c, int level, struct err *e)
{
	int rc = deflateInit2(&c->gzip, level, Z_DEFLATED, GZIP_WINDOW,
	    GZIP_MEMORY, Z_DEFAULT_STRATEGY);

	if (rc != Z_OK)
		return err_set(e, ERR_INTERNAL, "cannot begin gzip: %s",
		    rc == Z_MEM_ERROR ? "out of memory" : zError(rc));
	c->is_gzip = true;
	c->header.os = GZIP_UNKNOWN_SYSTEM;
	if (deflateSetHeader(&c->gzip, &c->header) != Z_OK)
		return err_set(e, ERR_INTERNAL, "cannot begin gzip");
	return 0;
}

static int
zstd_error(size_t code, struct err *e)
{
	return err_set(
	    e, ERR_INTERNAL, "cannot compress: %s", ZSTD_getErrorName(code));
}

static int
begin_zstd(struct compress *c, int level, struct err *e)
{
	size_t rc;

	c->zstd = ZSTD_createCCtx();
	if (c->zstd == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	rc = ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, level);
	if (!ZSTD_isError(rc))
		rc = ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_checksumFlag, 1);
	return ZSTD_isError(rc) ? zstd_error(rc, e) : 0;
}

int
compress_new(struct compress **compress, const struct chain_options *o,
    struct out *out, struct err *e)
{
	struct compress *c = calloc(1, sizeof(*c));
	int rc = -1;

	*compress = NULL;
	if (c == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	c->out = out;
	c->chunk = malloc(COMPRESS_CHUNK);
	if (c->chunk == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	else
		rc = o->compress == CHAIN_GZIP ? begin_gzip(c, o->level, e) :
						 begin_zstd(c, o->level, e);
	if (rc < 0) {
		compress_free(c);
		return -1;
	}
	*compress = c;
	return 0;
}

/* Until zlib has taken all and, at the end, written all. */
static int
run_gzip(struct compress *c, int flush, struct err *e)
{
	int rc;

	do {
		c->gzip.next_out = (Bytef *)(void *)c->chunk;
		c->gzip.avail_out = COMPRESS_CHUNK;
		rc = deflate(&c->gzip, flush);
		if (rc == Z_STREAM_ERROR)
			return err_set(
			    e, ERR_INTERNAL, "cannot compress: %s", zError(rc));
		if (out_write(c->out, c->chunk,
			COMPRESS_CHUNK - c->gzip.avail_out, e) < 0)
			return -1;
	} while (c->gzip.avail_out == 0);
	if (flush == Z_FINISH && rc != Z_STREAM_END)
		return err_set(e, ERR_INTERNAL, "gzip does not end");
	return 0;
}

static int
run_zstd(
    struct compress *c, ZSTD_inBuffer *in, ZSTD_EndDirective end, struct err *e)
{
	size_t left;

	do {
		ZSTD_outBuffer out = { c->chunk, COMPRESS_CHUNK, 0 };

		left = ZSTD_compressStream2(c->zstd, &out, in, end);
		if (ZSTD_isError(left))
			return zstd_error(left, e);
		if (out.pos > 0 && out_write(c->out, c->chunk, out.pos, e) < 0)
			return -1;
	} while (end == ZSTD_e_end ? left > 0 : in->pos < in->size);
	return 0;
}

int
compress_put(struct compress *c, const void *data, size_t n, struct err *e)
{
	ZSTD_inBuffer in = { data, n, 0 };

	if (!c->is_gzip)
		return run_zstd(c, &in, ZSTD_e_continue, e);
	/* zlib's pointer is not const without ZLIB_CONST. */
	c->gzip.next_in = (Bytef *)(uintptr_t)data;
	c->gzip.avail_in = (uInt)n;
	return run_gzip(c, Z_NO_FLUSH, e);
}

int
compress_finish(struct compress *c, struct err *e)
{
	ZSTD_inBuffer in = { NULL, 0, 0 };

	if (!c->is_gzip)
		return run_zstd(c, &in, ZSTD_e_end, e);
	c->gzip.next_in = NULL;
	c->gzip.avail_in = 0;
	return run_gzip(c, Z_FINISH, e);
}

void
compress_free(struct compress *c)
{
	if (c == NULL)
		return;
	if (c->is_gzip)
		(void)deflateEnd(&c->gzip);
	(void)ZSTD_freeCCtx(c->zstd);
	free(c->chunk);
	free(c);
}

/*
 * The largest of the levels up to each, by ZSTD_sizeof_CCtx of zstd 1.5.4,
 * rounded up (a test asks again); zlib.h for gzip. What a process takes with
 * them: doc/performance.md.
 */
uint64_t
compress_memory(const struct chain_options *o)
{
	static const struct {
		int level;
		uint64_t mib;
	} zstd[] = { { 3, 4 }, { 9, 32 }, { 15, 72 }, { 19, 128 } };

	if (o->compress == CHAIN_GZIP)
		return 1024 * 1024;
	for (size_t i = 0; i < sizeof(zstd) / sizeof(zstd[0]); i++)
		if (o->compress == CHAIN_ZSTD && o->level <= zstd[i].level)
			return zstd[i].mib * 1024 * 1024;
	return 0;
}

void
compress_put_version(char *text, size_t size)
{
	(void)snprintf(text, size, "zlib %s, zstd %s", zlibVersion(),
	    ZSTD_versionString());
}
