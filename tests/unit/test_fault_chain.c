/*
 * test_fault_chain.c - whatever fails on a file's way to the disk: no wrong
 * file, no leak, no thread that waits for ever, no silence
 *
 * Through gzip, zstd and OpenPGP, in their threads. Allocations of zlib, zstd
 * and gpgme are theirs: here their functions fail, as they do without memory.
 * What is done with each scenario: fault.h.
 */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <zlib.h>
#include <zstd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "fault.h"
#include "random.h"
#include "sink/chain.h"

#ifdef HAVE_GPGME
#include <gpgme.h>
#endif

enum {
	CONTENT = 700 * 1000,
	PIECE = 10 * 1000,
	READ_MOST = 2 * CONTENT,
	GPG_MS = 300000
};

static char dir[64];
static char content[CONTENT];
static char decoded[CONTENT + 1];
static const char *const recipients[] = { "partner@example.com" };

/* Of the scenario that runs. */
static struct chain_options options;
static struct chain_receipt content_receipt;
static struct spool_receipt receipt;

static const char *
path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* Functions of libraries that may fail. */

int __real_deflateSetHeader(z_streamp stream, gz_headerp header);
int __wrap_deflateSetHeader(z_streamp stream, gz_headerp header);
int __real_deflate(z_streamp stream, int flush);
int __wrap_deflate(z_streamp stream, int flush);
ZSTD_CCtx *__real_ZSTD_createCCtx(void);
ZSTD_CCtx *__wrap_ZSTD_createCCtx(void);
size_t __real_ZSTD_compressStream2(ZSTD_CCtx *c, ZSTD_outBuffer *out,
    ZSTD_inBuffer *in, ZSTD_EndDirective end);
size_t __wrap_ZSTD_compressStream2(ZSTD_CCtx *c, ZSTD_outBuffer *out,
    ZSTD_inBuffer *in, ZSTD_EndDirective end);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*start)(void *), void *arg);

int
__wrap_deflateSetHeader(z_streamp stream, gz_headerp header)
{
	return fault_is_due(FAULT_LIBRARY) ?
	    Z_STREAM_ERROR :
	    __real_deflateSetHeader(stream, header);
}

int
__wrap_deflate(z_streamp stream, int flush)
{
	return fault_is_due(FAULT_LIBRARY) ? Z_STREAM_ERROR :
					     __real_deflate(stream, flush);
}

ZSTD_CCtx *
__wrap_ZSTD_createCCtx(void)
{
	return fault_is_due(FAULT_LIBRARY) ? NULL : __real_ZSTD_createCCtx();
}

size_t
__wrap_ZSTD_compressStream2(
    ZSTD_CCtx *c, ZSTD_outBuffer *out, ZSTD_inBuffer *in, ZSTD_EndDirective end)
{
	const size_t no_memory = (size_t)-64; /* ZSTD_error_memory_allocation */

	return fault_is_due(FAULT_LIBRARY) ?
	    no_memory :
	    __real_ZSTD_compressStream2(c, out, in, end);
}

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*start)(void *), void *arg)
{
	return fault_is_due(FAULT_LIBRARY) ?
	    EAGAIN :
	    __real_pthread_create(thread, attr, start, arg);
}

/* The chain: the old file, or the whole new one. */

static void
prepare(void)
{
	write_file(path_of("spool/out"), "old", 3, 0600);
}

static int
write_content(struct chain *c, struct err *e)
{
	for (size_t at = 0; at < CONTENT; at += PIECE)
		if (out_write(chain_out(c), content + at, PIECE, e) < 0)
			return -1;
	return chain_finish(c, &content_receipt, e);
}

static int
run(struct err *e)
{
	struct spool *s = NULL;
	struct chain *c = NULL;
	int rc = -1;

	if (spool_open(&s, path_of("spool"), "out", e) < 0)
		return -1;
	if (chain_open(&c, &options, s, e) == 0 && write_content(c, e) == 0)
		rc = spool_commit(s, &receipt, e);
	chain_free(c);
	spool_free(s);
	return rc;
}

static size_t
decode_gzip(const struct buf *b)
{
	z_stream z = { .next_in = (Bytef *)(void *)b->data,
		.avail_in = (uInt)b->length,
		.next_out = (Bytef *)(void *)decoded,
		.avail_out = sizeof(decoded) };

	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	(void)inflateEnd(&z);
	return z.total_out;
}

static void
check_content(const struct buf *b)
{
	size_t n = 0;

	if (options.compress == CHAIN_GZIP)
		n = decode_gzip(b);
	else
		n = ZSTD_decompress(
		    decoded, sizeof(decoded), b->data, b->length);
	assert_int_equal(n, CONTENT);
	assert_memory_equal(decoded, content, CONTENT);
}

static void
check_receipts(const struct buf *b)
{
	struct err e = ERR_INIT;
	char hash[HASH_TEXT];

	assert_int_equal(receipt.bytes, b->length);
	OK(hash_file(path_of("spool/out"), hash, &e), &e);
	assert_string_equal(receipt.sha256, hash);
	assert_int_equal(content_receipt.bytes, CONTENT);
	write_file(path_of("content"), content, CONTENT, 0600);
	OK(hash_file(path_of("content"), hash, &e), &e);
	assert_string_equal(content_receipt.sha256, hash);
}

/* Read the file; false when it is the old one. */
static bool
read_file(struct buf *b, bool worked)
{
	struct err e = ERR_INIT;

	/* No temporary file stays. */
	assert_true(fault_count_entries(path_of("spool")) <= 1);
	if (file_read(b, path_of("spool/out"), FILE_ANY, &e) < 0) {
		assert_false(worked);
		return false;
	}
	if (!worked)
		assert_string_equal(buf_text(b), "old");
	return worked;
}

static void
check(bool worked)
{
	struct buf b = BUF_INIT(READ_MOST);

	if (read_file(&b, worked)) {
		check_receipts(&b);
		check_content(&b);
	}
	buf_release(&b);
}

/* What a link of the chain must not survive. */
enum {
	FATAL = FAULT_BIT(FAULT_MEMORY) | FAULT_BIT(FAULT_LIBRARY) |
	    FAULT_BIT(FAULT_WRITE) | FAULT_BIT(FAULT_SYNC) |
	    FAULT_BIT(FAULT_RENAME) | FAULT_BIT(FAULT_OPEN)
};

static void
test_gzip(void **state)
{
	const struct fault_scenario s = { prepare, run, check, FATAL, 0 };

	(void)state;
	options = (struct chain_options){ CHAIN_GZIP, 1, NULL, 0 };
	fault_run(&s);
}

static void
test_zstd(void **state)
{
	const struct fault_scenario s = { prepare, run, check, FATAL, 0 };

	(void)state;
	options = (struct chain_options){ CHAIN_ZSTD, 1, NULL, 0 };
	fault_run(&s);
}

#ifdef HAVE_GPGME

gpgme_error_t __real_gpgme_new(gpgme_ctx_t *c);
gpgme_error_t __wrap_gpgme_new(gpgme_ctx_t *c);
gpgme_error_t __real_gpgme_data_new_from_cbs(
    gpgme_data_t *data, gpgme_data_cbs_t cbs, void *arg);
gpgme_error_t __wrap_gpgme_data_new_from_cbs(
    gpgme_data_t *data, gpgme_data_cbs_t cbs, void *arg);
gpgme_error_t __real_gpgme_op_keylist_next(gpgme_ctx_t c, gpgme_key_t *key);
gpgme_error_t __wrap_gpgme_op_keylist_next(gpgme_ctx_t c, gpgme_key_t *key);
gpgme_error_t __real_gpgme_op_encrypt(gpgme_ctx_t c, gpgme_key_t keys[],
    gpgme_encrypt_flags_t flags, gpgme_data_t plain, gpgme_data_t cipher);
gpgme_error_t __wrap_gpgme_op_encrypt(gpgme_ctx_t c, gpgme_key_t keys[],
    gpgme_encrypt_flags_t flags, gpgme_data_t plain, gpgme_data_t cipher);

gpgme_error_t
__wrap_gpgme_new(gpgme_ctx_t *c)
{
	return fault_is_due(FAULT_LIBRARY) ? gpgme_error(GPG_ERR_ENOMEM) :
					     __real_gpgme_new(c);
}

gpgme_error_t
__wrap_gpgme_data_new_from_cbs(
    gpgme_data_t *data, gpgme_data_cbs_t cbs, void *arg)
{
	return fault_is_due(FAULT_LIBRARY) ?
	    gpgme_error(GPG_ERR_ENOMEM) :
	    __real_gpgme_data_new_from_cbs(data, cbs, arg);
}

gpgme_error_t
__wrap_gpgme_op_keylist_next(gpgme_ctx_t c, gpgme_key_t *key)
{
	return fault_is_due(FAULT_LIBRARY) ?
	    gpgme_error(GPG_ERR_ENOMEM) :
	    __real_gpgme_op_keylist_next(c, key);
}

gpgme_error_t
__wrap_gpgme_op_encrypt(gpgme_ctx_t c, gpgme_key_t keys[],
    gpgme_encrypt_flags_t flags, gpgme_data_t plain, gpgme_data_t cipher)
{
	return fault_is_due(FAULT_LIBRARY) ?
	    gpgme_error(GPG_ERR_ENOMEM) :
	    __real_gpgme_op_encrypt(c, keys, flags, plain, cipher);
}

/* Run a program of gpg's; what it prints goes to out. */
static void
run_gpg(const char *const *argv, struct buf *out)
{
	struct err e = ERR_INIT;

	OK(child_output(argv, GPG_MS, out, &e), &e);
}

static void
check_encrypted(bool worked)
{
	struct buf b = BUF_INIT(READ_MOST), plain = BUF_INIT(READ_MOST);
	char path[256];
	const char *const argv[] = { "gpg", "--batch", "--quiet",
		"--logger-file", "/dev/null", "--decrypt", path, NULL };

	(void)snprintf(path, sizeof(path), "%s", path_of("spool/out"));
	if (read_file(&b, worked)) {
		check_receipts(&b);
		run_gpg(argv, &plain);
		check_content(&plain);
	}
	buf_release(&plain);
	buf_release(&b);
}

/* zstd, then OpenPGP: two threads in a row, and gpg behind them. */
static void
test_encrypted(void **state)
{
	const struct fault_scenario s = { prepare, run, check_encrypted,
		FAULT_BIT(FAULT_MEMORY) | FAULT_BIT(FAULT_LIBRARY) |
		    FAULT_BIT(FAULT_SYNC) | FAULT_BIT(FAULT_RENAME),
		/* Of the pipes to gpg, whose number is not ours. */
		FAULT_BIT(FAULT_CLOSE) | FAULT_BIT(FAULT_READ) |
		    FAULT_BIT(FAULT_OPEN) | FAULT_BIT(FAULT_INTERRUPT) |
		    FAULT_BIT(FAULT_SHORT) };

	const char *const make_key[] = { "gpg", "--batch", "--quiet",
		"--logger-file", "/dev/null", "--passphrase", "",
		"--quick-generate-key", "Partner <partner@example.com>",
		"future-default", "default", "never", NULL };
	const char *const end[] = { "gpgconf", "--kill", "all", NULL };
	struct buf said = BUF_INIT(READ_MOST);

	(void)state;
	run_gpg(make_key, &said);
	options = (struct chain_options){ CHAIN_ZSTD, 1, recipients, 1 };
	fault_run(&s);
	run_gpg(end, &said);
	buf_release(&said);
}

#endif

/* Half of it can be compressed. */
static void
fill_content(void)
{
	random_seed();
	for (size_t i = 0; i < CONTENT; i++)
		content[i] = (char)(i % 64 < 32 ? 'a' : random_below(256));
}

static int
setup(void **state)
{
	(void)state;
	fault_make_directory(dir);
	assert_int_equal(mkdir(path_of("spool"), 0700), 0);
	assert_int_equal(mkdir(path_of("keys"), 0700), 0);
	assert_int_equal(setenv("GNUPGHOME", path_of("keys"), 1), 0);
	fill_content();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return fault_remove_directory(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_zstd),
#ifdef HAVE_GPGME
		cmocka_unit_test(test_encrypted),
#endif
	};

	fault_set_up();
	return cmocka_run_group_tests_name(
	    "fault_chain", tests, setup, teardown);
}
