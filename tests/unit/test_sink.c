/*
 * test_sink.c - the spool file and the hash on its way
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
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
	(void)snprintf(
	    link, sizeof(link), "%s/.d.csv.%ld.tmp", dir, (long)getpid());
	assert_int_equal(symlink(victim, link), 0);
	OK(spool_open(&s, dir, "d.csv", &e), &e);
	OK(out_write(spool_out(s), "x", 1, &e), &e);
	OK(spool_commit(s, &r, &e), &e);
	spool_free(s);
	text = read_text(victim);
	assert_string_equal(text, "safe");
	free(text);
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
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
