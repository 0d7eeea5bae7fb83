/*
 * test_file.c - reading with trust, directories, removal, durability
 *
 * Run by root it also tests files of other owners; by others those cases are
 * what the system makes of them.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "base/file.h"

static char dir[64];

static int
setup(void **state)
{
	(void)state;
	(void)umask(022);
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

static const char *
path_of(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, 256, "%s/%s", dir, name);
	return path;
}

static void
test_read(void **state)
{
	struct buf b = BUF_INIT(10);
	struct err e = ERR_INIT;

	(void)state;
	write_file(path_of("ten"),
	    "0123\0"
	    "56789",
	    10, 0644);
	OK(file_read(&b, path_of("ten"), FILE_ANY, &e), &e);
	assert_int_equal(b.length, 10);
	assert_memory_equal(b.data,
	    "0123\0"
	    "56789",
	    11);
	/* It is appended, and the maximum holds for all of it. */
	FAILS(file_read(&b, path_of("ten"), FILE_ANY, &e), &e, ERR_LOCAL,
	    "is larger than 10 bytes");
	buf_reset(&b);
	write_file(path_of("eleven"), "0123456789a", 11, 0644);
	FAILS(file_read(&b, path_of("eleven"), FILE_ANY, &e), &e, ERR_LOCAL,
	    "eleven' is larger than 10 bytes");
	buf_reset(&b);
	write_file(path_of("empty"), "", 0, 0644);
	OK(file_read(&b, path_of("empty"), FILE_ANY, &e), &e);
	assert_int_equal(b.length, 0);
	FAILS(file_read(&b, path_of("missing"), FILE_ANY, &e), &e, ERR_LOCAL,
	    "No such file or directory");
	assert_int_equal(e.native, ENOENT);
	FAILS(
	    file_read(&b, dir, FILE_ANY, &e), &e, ERR_LOCAL, "Is a directory");
	buf_release(&b);
}

static void
test_read_large(void **state)
{
	enum { N = 300 * 1000 };
	char *data = malloc(N);
	struct buf b = BUF_INIT(N);
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < N; i++)
		data[i] = (char)(i * 7 + i / 251);
	write_file(path_of("large"), data, N, 0600);
	OK(file_read(&b, path_of("large"), FILE_SECRET, &e), &e);
	assert_int_equal(b.length, N);
	assert_memory_equal(b.data, data, N);
	buf_release(&b);
	free(data);
}

/* Modes that each trust refuses, and what it says. */
static void
test_trust(void **state)
{
	static const struct {
		mode_t mode;
		const char *trusted; /* NULL: it is read */
		const char *secret;
	} cases[] = {
		{ 0400, NULL, NULL },
		{ 0600, NULL, NULL },
		{ 0640, NULL, "*" },
		{ 0644, NULL, "can be read by other users (mode 0644)" },
		{ 0604, NULL, "can be read by other users" },
		{ 0660, "can be written by other users",
		    "can be written by other users" },
		{ 0602, "can be written by other users",
		    "can be written by other users" },
		{ 0666, "can be written by other users",
		    "can be written by other users" },
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT(100);
		const char *path = path_of("trust");
		const char *secret = cases[i].secret;

		/* Root's group may read root's secret: see file.h. */
		if (secret != NULL && strcmp(secret, "*") == 0)
			secret = geteuid() == 0 ? NULL : "can be read by";
		write_file(path, "x", 1, cases[i].mode);
		OK(file_read(&b, path, FILE_ANY, &e), &e);
		if (cases[i].trusted == NULL)
			OK(file_read(&b, path, FILE_TRUSTED, &e), &e);
		else
			FAILS(file_read(&b, path, FILE_TRUSTED, &e), &e,
			    ERR_SPEC, cases[i].trusted);
		if (secret == NULL)
			OK(file_read(&b, path, FILE_SECRET, &e), &e);
		else {
			FAILS(file_read(&b, path, FILE_SECRET, &e), &e,
			    ERR_SPEC, secret);
			assert_non_null(strstr(e.hint, "chmod "));
			assert_non_null(strstr(e.hint, path));
		}
		assert_int_equal(unlink(path), 0);
		buf_release(&b);
	}
}

static void
test_trust_of_directories(void **state)
{
	struct buf b = BUF_INIT(100);
	struct err e = ERR_INIT;
	const char *above = path_of("above"), *below = path_of("above/f");

	(void)state;
	assert_int_equal(mkdir(above, 0755), 0);
	write_file(below, "x", 1, 0600);
	assert_int_equal(chmod(above, 0777), 0);
	FAILS(file_read(&b, below, FILE_TRUSTED, &e), &e, ERR_SPEC,
	    "above' can be written by other users");
	OK(file_read(&b, below, FILE_ANY, &e), &e);
	/* Sticky, as /tmp is: others may add names, not replace ours. */
	assert_int_equal(chmod(above, 01777), 0);
	OK(file_read(&b, below, FILE_TRUSTED, &e), &e);
	buf_release(&b);
}

/* A link to a trusted file is followed, but not to a secret. */
static void
test_trust_of_links(void **state)
{
	struct buf b = BUF_INIT(100);
	struct err e = ERR_INIT;
	const char *link = path_of("link"), *real = path_of("real");

	(void)state;
	write_file(real, "x", 1, 0600);
	assert_int_equal(symlink(real, link), 0);
	OK(file_read(&b, link, FILE_TRUSTED, &e), &e);
	FAILS(file_read(&b, link, FILE_SECRET, &e), &e, ERR_SPEC,
	    "is a symbolic link");
	buf_release(&b);
}

/* A FIFO without a writer must not hang a run. */
static void
test_trust_of_others(void **state)
{
	struct buf b = BUF_INIT(100);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	FAILS(file_read(&b, path_of("fifo"), FILE_TRUSTED, &e), &e, ERR_SPEC,
	    "is not a regular file");
	FAILS(file_read(&b, path_of("fifo"), FILE_SECRET, &e), &e, ERR_SPEC,
	    "is not a regular file");
	if (geteuid() == 0) {
		write_file(path_of("theirs"), "x", 1, 0600);
		assert_int_equal(chown(path_of("theirs"), 65534, 65534), 0);
		FAILS(file_read(&b, path_of("theirs"), FILE_TRUSTED, &e), &e,
		    ERR_SPEC, "belongs to another user (uid 65534)");
		assert_non_null(strstr(e.hint, "chown 0 "));
	}
	buf_release(&b);
}

static void
test_make_dirs(void **state)
{
	struct err e = ERR_INIT;
	struct stat st;

	(void)state;
	OK(file_make_dirs(path_of("a/b//c/"), 0700, &e), &e);
	OK(file_make_dirs(path_of("a/b/c"), 0755, &e), &e);
	assert_int_equal(stat(path_of("a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(path_of("a/b/c"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	OK(file_make_dirs("/", 0755, &e), &e);
	write_file(path_of("file"), "", 0, 0644);
	FAILS(file_make_dirs(path_of("file/x"), 0700, &e), &e, ERR_LOCAL,
	    "cannot make the directory");
	assert_int_equal(e.native, ENOTDIR);
	assert_int_equal(symlink("nowhere", path_of("dangling")), 0);
	FAILS(file_make_dirs(path_of("dangling"), 0700, &e), &e, ERR_LOCAL,
	    "Not a directory");
}

static void
test_remove_tree(void **state)
{
	struct err e = ERR_INIT;
	char *text;

	(void)state;
	OK(file_make_dirs(path_of("tree/one/two"), 0700, &e), &e);
	OK(file_make_dirs(path_of("outside"), 0700, &e), &e);
	write_file(path_of("outside/keep"), "kept", 4, 0600);
	write_file(path_of("tree/one/two/f"), "x", 1, 0400);
	write_file(path_of("tree/.hidden"), "x", 1, 0600);
	assert_int_equal(mkfifo(path_of("tree/fifo"), 0600), 0);
	/* Links to a directory, to a file, and to nothing. */
	assert_int_equal(symlink("../outside", path_of("tree/dir")), 0);
	assert_int_equal(
	    symlink("../outside/keep", path_of("tree/one/file")), 0);
	assert_int_equal(symlink("nowhere", path_of("tree/nowhere")), 0);
	OK(file_remove_tree(path_of("tree"), &e), &e);
	assert_int_equal(access(path_of("tree"), F_OK), -1);
	text = read_text(path_of("outside/keep"));
	assert_string_equal(text, "kept");
	free(text);
	/* A link in place of the tree goes, what it points to stays. */
	assert_int_equal(symlink("outside", path_of("tree")), 0);
	OK(file_remove_tree(path_of("tree"), &e), &e);
	assert_int_equal(access(path_of("outside/keep"), F_OK), 0);
	/* One that is not there is removed already. */
	OK(file_remove_tree(path_of("tree"), &e), &e);
	OK(file_remove_tree(path_of("missing/tree"), &e), &e);
}

static void
test_remove_deep_tree(void **state)
{
	char path[512];
	struct err e = ERR_INIT;
	size_t n;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s", path_of("deep"));
	n = strlen(path);
	for (unsigned i = 0; i < 20; i++)
		n += (size_t)snprintf(path + n, sizeof(path) - n, "/d");
	OK(file_make_dirs(path, 0700, &e), &e);
	/* Deeper than anything of ours: refused, never half way to the root. */
	FAILS(file_remove_tree(path_of("deep"), &e), &e, ERR_LOCAL,
	    "cannot remove");
	path[n - 10] = '\0';
	OK(file_remove_tree(path, &e), &e);
	OK(file_remove_tree(path_of("deep"), &e), &e);
	assert_int_equal(access(path_of("deep"), F_OK), -1);
}

static void
test_write_all(void **state)
{
	enum { N = 1024 * 1024 };
	static char data[N], chunk[4096];
	struct err e = ERR_INIT;
	size_t seen = 0;
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < N; i++)
		data[i] = (char)(i % 253);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(ends[0]);
		_exit(file_write_all(ends[1], data, N, &e) < 0);
	}
	(void)close(ends[1]);
	/* A pipe takes a piece at a time. */
	while ((n = read(ends[0], chunk, sizeof(chunk))) > 0) {
		assert_memory_equal(chunk, data + seen, (size_t)n);
		seen += (size_t)n;
	}
	assert_int_equal(seen, N);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(ends[0]);
	FAILS(file_write_all(-1, "x", 1, &e), &e, ERR_LOCAL, "cannot write");
	assert_int_equal(e.native, EBADF);
	e = (struct err)ERR_INIT;
	OK(file_write_all(-1, "", 0, &e), &e);
}

static void
test_sync_dir(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	OK(file_sync_dir(dir, &e), &e);
	OK(file_sync_dir(".", &e), &e);
	FAILS(file_sync_dir(path_of("missing"), &e), &e, ERR_LOCAL, "missing");
	write_file(path_of("nodir"), "", 0, 0600);
	FAILS(file_sync_dir(path_of("nodir"), &e), &e, ERR_LOCAL,
	    "Not a directory");
}

static void
check_join(const char *a, const char *b, const char *wanted)
{
	struct err e = ERR_INIT;
	char *path = file_join(a, b, &e);

	assert_non_null(path);
	assert_string_equal(path, wanted);
	free(path);
}

static void
check_dir(const char *path, const char *wanted)
{
	struct err e = ERR_INIT;
	char *got = file_dir(path, &e);

	assert_non_null(got);
	assert_string_equal(got, wanted);
	free(got);
}

static void
test_paths(void **state)
{
	static char big[5000];
	struct err e = ERR_INIT;

	(void)state;
	check_join("a", "b", "a/b");
	check_join("a/", "b", "a/b");
	check_join("/", "b", "/b");
	check_join("a", "/b", "/b");
	check_join(NULL, "b", "b");
	check_dir("a/b", "a");
	check_dir("b", ".");
	check_dir("/b", "/");
	check_dir("/a/b/c", "/a/b");
	memset(big, 'x', sizeof(big) - 1);
	assert_null(file_join("a", big, &e));
	assert_int_equal(e.class, ERR_INTERNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_large),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_trust_of_directories),
		cmocka_unit_test(test_trust_of_links),
		cmocka_unit_test(test_trust_of_others),
		cmocka_unit_test(test_make_dirs),
		cmocka_unit_test(test_remove_tree),
		cmocka_unit_test(test_remove_deep_tree),
		cmocka_unit_test(test_write_all),
		cmocka_unit_test(test_sync_dir),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests_name("file", tests, setup, teardown);
}
