/*
 * test_sink.c - the spool file and the hash on its way
 */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <zstd.h>

#include "base/file.h"
#include "sink/chain.h"
#include "sink/spool.h"

/* Test vectors of FIPS 180-2, appendix B. */
static const char empty_hash[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char abc_hash[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static char dir[64];

static int
setup(void **state)
{
	(void)state;
	make_directory(dir);
	return 0;
}

static int
teardown(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return file_remove_tree(dir, &e);
}

static void
path_of(char path[128], const char *name)
{
	(void)snprintf(path, 128, "%s/%s", dir, name);
}

static void
test_commit(void **state)
{
	struct spool *s;
	struct spool_receipt r;
	struct err e = ERR_INIT;
	char path[128], hash[HASH_TEXT], *text;
	struct stat st;

	(void)state;
	path_of(path, "a.csv");
	OK(spool_open(&s, dir, "a.csv", &e), &e);
	OK(out_write(spool_out(s), "a", 1, &e), &e);
	OK(out_write(spool_out(s), "bc", 2, &e), &e);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(count_entries(dir), 1);
	OK(spool_commit(s, &r, &e), &e);
	spool_free(s);
	assert_int_equal(r.bytes, 3);
	assert_string_equal(r.sha256, abc_hash);
	assert_int_equal(count_entries(dir), 1);
	text = read_text(path);
	assert_string_equal(text, "abc");
	free(text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	OK(hash_file(path, hash, &e), &e);
	assert_string_equal(hash, abc_hash);
}

static void
test_empty(void **state)
{
	struct spool *s;
	struct spool_receipt r;
	struct err e = ERR_INIT;

	(void)state;
	OK(spool_open(&s, dir, "empty", &e), &e);
	OK(spool_commit(s, &r, &e), &e);
	spool_free(s);
	assert_int_equal(r.bytes, 0);
	assert_string_equal(r.sha256, empty_hash);
}

static void
test_abandon_leaves_nothing(void **state)
{
	struct spool *s;
	struct err e = ERR_INIT;
	unsigned before = count_entries(dir);

	(void)state;
	OK(spool_open(&s, dir, "b.csv", &e), &e);
	OK(out_write(spool_out(s), "abc", 3, &e), &e);
	spool_free(s);
	spool_free(NULL);
	assert_int_equal(count_entries(dir), before);
}

static void
test_replaces(void **state)
{
	struct spool *s;
	struct spool_receipt r;
	struct err e = ERR_INIT;
	char path[128], *text;

	(void)state;
	path_of(path, "c.csv");
	write_file(path, "old and longer", 14, 0644);
	OK(spool_open(&s, dir, "c.csv", &e), &e);
	OK(out_write(spool_out(s), "new", 3, &e), &e);
	text = read_text(path);
	assert_string_equal(text, "old and longer");
	free(text);
	OK(spool_commit(s, &r, &e), &e);
	spool_free(s);
	text = read_text(path);
	assert_string_equal(text, "new");
	free(text);
}

static void
test_full_disk(void **state)
{
	struct spool *s;
	struct err e = ERR_INIT;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	OK(spool_open_fd(&s, fd, "standard output", &e), &e);
	FAILS(out_write(spool_out(s), "abc", 3, &e), &e, ERR_LOCAL,
	    "No space left on device");
	assert_int_equal(e.native, ENOSPC);
	spool_free(s);
	assert_int_equal(close(fd), 0);
}

static void
test_missing_directory(void **state)
{
	struct spool *s;
	struct err e = ERR_INIT;

	(void)state;
	FAILS(spool_open(&s, "/nonexistent/dir", "a", &e), &e, ERR_LOCAL,
	    "/nonexistent/dir");
	assert_null(s);
}

/* Names are given out in order: the one after this one's. */
static unsigned
next_number(void)
{
	struct spool *s;
	struct err e = ERR_INIT;
	struct dirent **found = NULL;
	unsigned number = 0;
	int n;

	OK(spool_open(&s, dir, "probe", &e), &e);
	n = scandir(dir, &found, NULL, NULL);
	for (int i = 0; i < n; i++) {
		const char *dash = strrchr(found[i]->d_name, '-');

		if (strncmp(found[i]->d_name, ".odbcship-", 10) == 0)
			number = (unsigned)strtoul(dash + 1, NULL, 10);
		free(found[i]);
	}
	free(found);
	spool_free(s);
	return number + 1;
}

/* A symbolic link under the temporary name is not followed. */
static void
test_link_is_not_followed(void **state)
{
	struct spool *s;
	struct spool_receipt r;
	struct err e = ERR_INIT;
	char victim[128], link[160], *text;

	(void)state;
	path_of(victim, "victim");
	write_file(victim, "safe", 4, 0600);
	(void)snprintf(link, sizeof(link), "%s/.odbcship-%ld-%u.tmp", dir,
	    (long)getpid(), next_number());
	assert_int_equal(symlink(victim, link), 0);
	OK(spool_open(&s, dir, "d.csv", &e), &e);
	OK(out_write(spool_out(s), "x", 1, &e), &e);
	OK(spool_commit(s, &r, &e), &e);
	spool_free(s);
	text = read_text(victim);
	assert_string_equal(text, "safe");
	free(text);
}

/* What is written through a chain of these options to a new file. */
static void
put_chain(const char *compress, const char *name, size_t n,
    struct chain_receipt *content, struct spool_receipt *r)
{
	struct chain_options o = CHAIN_OPTIONS_DEFAULT;
	struct chain *c;
	struct spool *s;
	struct err e = ERR_INIT;

	OK(chain_parse_compress(&o, compress, &e), &e);
	OK(spool_open(&s, dir, name, &e), &e);
	OK(chain_open(&c, &o, s, &e), &e);
	for (size_t i = 0; i < n; i++)
		OK(out_write(chain_out(c), "abc", 3, &e), &e);
	OK(chain_finish(c, content, &e), &e);
	chain_free(c);
	OK(spool_commit(s, r, &e), &e);
	spool_free(s);
}

static void
test_chain(void **state)
{
	static const char *const compress[] = { "none", "gzip:1", "zstd:1" };
	struct chain_receipt content[2];
	struct spool_receipt r[2];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		put_chain(compress[i], "once", 1, &content[0], &r[0]);
		assert_int_equal(content[0].bytes, 3);
		/* Without a link the content is what the spool has. */
		assert_string_equal(
		    i == 0 ? r[0].sha256 : content[0].sha256, abc_hash);
		put_chain(compress[i], "a", 300000, &content[0], &r[0]);
		put_chain(compress[i], "b", 300000, &content[1], &r[1]);
		assert_int_equal(content[0].bytes, 900000);
		assert_string_equal(r[0].sha256, r[1].sha256);
		assert_true(i == 0 ? r[0].bytes == 900000 : r[0].bytes < 90000);
	}
}

/* Enough of what cannot be compressed to fill any buffer on the way. */
static int
put_noise(struct chain *c, struct err *e)
{
	struct chain_receipt content;
	unsigned seed = 1;

	for (size_t i = 0; i < 4000000; i++) {
		seed = seed * 1103515245 + 12345;
		if (out_write(chain_out(c), &seed, sizeof(seed), e) < 0)
			return -1;
	}
	return chain_finish(c, &content, e);
}

/* The thread's error comes back, and nothing waits for ever. */
static void
test_chain_fails(void **state)
{
	struct chain_options o = { .compress = CHAIN_ZSTD, .level = 1 };
	int fd = open("/dev/full", O_WRONLY);
	struct chain *c;
	struct spool *s;
	struct err e = ERR_INIT;

	(void)state;
	assert_true(fd >= 0);
	OK(spool_open_fd(&s, fd, "standard output", &e), &e);
	OK(chain_open(&c, &o, s, &e), &e);
	FAILS(put_noise(c, &e), &e, ERR_LOCAL, "No space left on device");
	chain_free(c);
	/* Given up in the middle. */
	e = (struct err)ERR_INIT;
	OK(chain_open(&c, &o, s, &e), &e);
	OK(out_write(chain_out(c), "abc", 3, &e), &e);
	chain_free(c);
	chain_free(NULL);
	spool_free(s);
	assert_int_equal(close(fd), 0);
}

static void
test_compress_words(void **state)
{
	static const char *const bad[] = { "", "gz", "gzip:", "gzip:0",
		"gzip:10", "zstd:20", "none:1", "gzip:1x", "GZIP" };
	struct chain_options o = CHAIN_OPTIONS_DEFAULT;
	struct err e = ERR_INIT;
	char ending[32];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		FAILS(chain_parse_compress(&o, bad[i], &e), &e, ERR_SPEC,
		    "is not one of");
	e = (struct err)ERR_INIT;
	OK(chain_parse_compress(&o, "gzip", &e), &e);
	assert_true(o.compress == CHAIN_GZIP && o.level == 6);
	OK(chain_parse_compress(&o, "zstd:19", &e), &e);
	assert_true(o.compress == CHAIN_ZSTD && o.level == 19);
	o.n_recipients = 1;
	chain_put_ending(&o, ending, sizeof(ending));
	assert_string_equal(ending, ".zst.gpg");
	assert_true(chain_memory(&o) > 64 * 1024 * 1024);
}

/* What zstd itself says that it takes, at each level. */
static void
test_memory(void **state)
{
	static char data[64 * 1024], packed[128 * 1024];

	(void)state;
	for (int level = 1; level <= 19; level++) {
		struct chain_options o = { CHAIN_ZSTD, level, NULL, 0 };
		ZSTD_inBuffer in = { data, sizeof(data), 0 };
		ZSTD_outBuffer out = { packed, sizeof(packed), 0 };
		ZSTD_CCtx *c = ZSTD_createCCtx();

		assert_non_null(c);
		assert_false(ZSTD_isError(
		    ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level)));
		assert_false(ZSTD_isError(
		    ZSTD_compressStream2(c, &out, &in, ZSTD_e_continue)));
		/* Threads and their chunks beside it. */
		assert_in_range(ZSTD_sizeof_CCtx(c), 1024 * 1024,
		    chain_memory(&o) - 2 * 1024 * 1024);
		(void)ZSTD_freeCCtx(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_abandon_leaves_nothing),
		cmocka_unit_test(test_replaces),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_missing_directory),
		cmocka_unit_test(test_link_is_not_followed),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_chain_fails),
		cmocka_unit_test(test_compress_words),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
