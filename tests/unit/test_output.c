/*
 * test_output.c - which result set becomes the file
 */
#include "unit.h"

#include <fcntl.h>

#include "base/file.h"
#include "job/output.h"

static char dir[64];
static struct plan plan;
static struct plan_file file;

static int
setup(void **state)
{
	(void)state;
	make_directory(dir);
	assert_int_equal(setenv("TMPDIR", dir, 1), 0);
	memset(&plan, 0, sizeof(plan));
	memset(&file, 0, sizeof(file));
	plan.files = &file;
	plan.n_files = 1;
	file.where = "file";
	file.csv = (struct csv_options)CSV_OPTIONS_DEFAULT;
	file.result = PLAN_RESULT_LAST;
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
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
check_file(const char *name, const char *wanted)
{
	char *text = read_text(path_of(name));

	assert_string_equal(text, wanted);
	free(text);
}

/* A result set of one column and n rows of the same value. */
static int
put_result(
    struct output *o, const char *value, size_t n, bool last, struct err *e)
{
	static char name[] = "x", store[64 + BLOCK_SLACK];
	const struct column column = { .name = name, .kind = COLUMN_TEXT };
	const struct columns columns = { &column, 1 };
	struct cell cell = { .data = store, .length = strlen(value) };
	struct block block = { .cells = &cell, .n_columns = 1, .n_rows = 1 };

	(void)snprintf(store, 64, "%s", value);
	if (output_begin(o, &columns, last, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (output_put(o, &block, e) < 0)
			return -1;
	return output_end(o, e);
}

/* What the worker does when all results were read. */
static int
finish(struct output *o, struct spool_receipt *r, struct err *e)
{
	if (output_check(o, e) < 0 || output_flush(o, e) < 0 ||
	    output_commit(o, e) < 0)
		return -1;
	*r = o->parts[0].receipt;
	return 0;
}

static void
test_last(void **state)
{
	const struct export_place place = { dir, "a.csv", -1 };
	struct spool_receipt r;
	struct err e = ERR_INIT;
	struct output o;

	(void)state;
	output_init(&o, &plan, &file, &place);
	OK(put_result(&o, "first", 3, false, &e), &e);
	OK(put_result(&o, "second", 2, false, &e), &e);
	/* Not even one that could be is there before it is known. */
	assert_int_equal(access(path_of("a.csv"), F_OK), -1);
	OK(put_result(&o, "third", 1, true, &e), &e);
	OK(finish(&o, &r, &e), &e);
	assert_int_equal(o.results, 3);
	assert_int_equal(o.rows, 1);
	output_release(&o);
	check_file("a.csv", "x\r\nthird\r\n");
	assert_int_equal(r.bytes, 10);
	assert_int_equal(count_entries(dir), 1);
}

static void
test_only(void **state)
{
	const struct export_place place = { dir, "a.csv", -1 };
	struct spool_receipt r;
	struct err e = ERR_INIT;
	struct output o;

	(void)state;
	file.result = PLAN_RESULT_ONLY;
	output_init(&o, &plan, &file, &place);
	OK(put_result(&o, "one", 1, false, &e), &e);
	FAILS(put_result(&o, "two", 1, true, &e), &e, ERR_DATA,
	    "more than one result set");
	assert_non_null(strstr(e.hint, "source.result"));
	output_release(&o);
	assert_int_equal(count_entries(dir), 0);
	output_init(&o, &plan, &file, &place);
	e = (struct err)ERR_INIT;
	OK(put_result(&o, "one", 1, false, &e), &e);
	OK(finish(&o, &r, &e), &e);
	output_release(&o);
	check_file("a.csv", "x\r\none\r\n");
}

static void
test_none(void **state)
{
	const struct export_place place = { dir, "a.csv", -1 };
	struct spool_receipt r;
	struct err e = ERR_INIT;
	struct output o;

	(void)state;
	output_init(&o, &plan, &file, &place);
	FAILS(finish(&o, &r, &e), &e, ERR_DATA, "no result set");
	output_release(&o);
	assert_int_equal(count_entries(dir), 0);
	/* Without rows it is a file with a header. */
	output_init(&o, &plan, &file, &place);
	e = (struct err)ERR_INIT;
	OK(put_result(&o, "", 0, true, &e), &e);
	OK(finish(&o, &r, &e), &e);
	output_release(&o);
	check_file("a.csv", "x\r\n");
}

static void
test_released(void **state)
{
	const struct export_place place = { dir, "a.csv", -1 };
	struct err e = ERR_INIT;
	struct output o;

	(void)state;
	write_file(path_of("a.csv"), "old", 3, 0600);
	output_init(&o, &plan, &file, &place);
	OK(put_result(&o, "new", 1, true, &e), &e);
	output_release(&o);
	output_release(&o);
	check_file("a.csv", "old");
	assert_int_equal(count_entries(dir), 1);
}

static void
test_missing_directory(void **state)
{
	const struct export_place place = { "/nonexistent", "a.csv", -1 };
	struct err e = ERR_INIT;
	struct output o;

	(void)state;
	output_init(&o, &plan, &file, &place);
	FAILS(put_result(&o, "x", 1, true, &e), &e, ERR_LOCAL, "/nonexistent");
	output_release(&o);
}

/* Standard output: nothing is seen of what may be taken back. */
static void
test_descriptor(void **state)
{
	int fd = open(path_of("out"), O_RDWR | O_CREAT, 0600);
	struct export_place place = { NULL, "standard output", fd };
	struct spool_receipt r;
	struct err e = ERR_INIT;
	struct output o;

	(void)state;
	assert_true(fd >= 0);
	output_init(&o, &plan, &file, &place);
	OK(put_result(&o, "first", 3, false, &e), &e);
	OK(put_result(&o, "second", 2, false, &e), &e);
	check_file("out", "");
	/* Its temporary file has no name that could stay. */
	assert_int_equal(count_entries(dir), 1);
	OK(finish(&o, &r, &e), &e);
	output_release(&o);
	check_file("out", "x\r\nsecond\r\nsecond\r\n");
	assert_int_equal(r.bytes, 19);
	assert_true(lseek(fd, 0, SEEK_CUR) == 19);
	/* The last statement's goes there at once, and stays the only one. */
	output_init(&o, &plan, &file, &place);
	OK(put_result(&o, "third", 1, true, &e), &e);
	FAILS(put_result(&o, "fourth", 1, true, &e), &e, ERR_DATA,
	    "is already written");
	assert_non_null(strstr(e.hint, "-o FILE"));
	output_release(&o);
	check_file("out", "x\r\nsecond\r\nsecond\r\nx\r\nthird\r\n");
	assert_int_equal(close(fd), 0);
}

static void
test_full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct export_place place = { NULL, "standard output", fd };
	struct spool_receipt r;
	struct err e = ERR_INIT;
	struct output o;

	(void)state;
	output_init(&o, &plan, &file, &place);
	OK(put_result(&o, "x", 1, false, &e), &e);
	FAILS(finish(&o, &r, &e), &e, ERR_LOCAL,
	    "standard output: cannot write: No space left on device");
	output_release(&o);
	output_init(&o, &plan, &file, &place);
	FAILS(put_result(&o, "x", 1, true, &e), &e, ERR_LOCAL,
	    "No space left on device");
	output_release(&o);
	assert_int_equal(close(fd), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_last, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_released, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_missing_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_descriptor, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_full_disk, setup, teardown),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
