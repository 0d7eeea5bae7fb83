/*
 * test_csv.c - bytes of CSV, by what RFC 4180 and known readers demand
 */
#include "unit.h"

#include "csv/csv.h"
#include "csv/scan.h"

enum { CELLS = 8 };

/* Collects what is written. */
struct memory {
	struct out out;
	struct buf buf;
	unsigned writes;
};

static int
memory_write(struct out *o, const void *data, size_t n, struct err *e)
{
	struct memory *m = (struct memory *)(void *)o;

	m->writes++;
	return buf_put(&m->buf, data, n, e);
}

/* One record of cells; NULL is NULL. Cells have the slack that is promised. */
static void
check_record(const char *const *values, size_t n, const char *wanted)
{
	static char store[CELLS][256];
	struct memory m = { { memory_write }, BUF_INIT(1 << 20), 0 };
	struct csv c = CSV_INIT;
	struct csv_options o = CSV_OPTIONS_DEFAULT;
	struct cell cells[CELLS];
	struct block block = { cells, n, 1 };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < n; i++) {
		memset(store[i], ',', sizeof(store[i]));
		cells[i].length = values[i] != NULL ? strlen(values[i]) : 0;
		cells[i].data = NULL;
		if (values[i] != NULL) {
			memcpy(store[i], values[i], cells[i].length);
			cells[i].data = store[i];
		}
	}
	OK(csv_open(&c, &o, &m.out, n, &e), &e);
	OK(csv_put_block(&c, &block, &e), &e);
	OK(csv_finish(&c, &e), &e);
	assert_string_equal(buf_text(&m.buf), wanted);
	assert_int_equal(c.rows, 1);
	assert_int_equal(c.bytes, strlen(wanted));
	csv_release(&c);
	buf_release(&m.buf);
}

#define RECORD(wanted, ...) \
	do { \
		const char *const v[] = { __VA_ARGS__ }; \
		check_record(v, sizeof(v) / sizeof(v[0]), wanted); \
	} while (0)

static void
test_records(void **state)
{
	(void)state;
	RECORD("1,two,3.5\r\n", "1", "two", "3.5");
	RECORD("\"a,b\",\"c\"\"d\",\"\"\"\"\r\n", "a,b", "c\"d", "\"");
	RECORD("\"a\rb\",\"c\nd\",\"\r\n\"\r\n", "a\rb", "c\nd", "\r\n");
	RECORD(",\"\",x\r\n", NULL, "", "x");
	RECORD(",\r\n", NULL, NULL);
	RECORD("\"\"\r\n", ""); /* one column: not an empty line */
	RECORD("\r\n", NULL);	/* one column of NULL */
	RECORD("\"\\.\",\\.x\r\n", "\\.", "\\.x");
	RECORD(" a , b\r\n", " a ", " b");
	RECORD("\xf0\x9f\x98\x80,a'b;c\td\r\n", "\xf0\x9f\x98\x80", "a'b;c\td");
	RECORD("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\"\r\n",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,");
}

static void
test_options(void **state)
{
	static char data[64] = "a,b";
	static char tab[64] = "c\td";
	struct memory m = { { memory_write }, BUF_INIT(1 << 20), 0 };
	struct csv c = CSV_INIT;
	struct csv_options o = { true, '\t', false };
	struct column columns[2] = { { .name = (char *)(uintptr_t) "n,1" },
		{ .name = (char *)(uintptr_t) "" } };
	struct cell cells[2] = { { data, 3 }, { tab, 3 } };
	struct block block = { cells, 2, 1 };
	struct err e = ERR_INIT;

	(void)state;
	OK(csv_open(&c, &o, &m.out, 2, &e), &e);
	OK(csv_put_header(&c, columns, &e), &e);
	OK(csv_put_block(&c, &block, &e), &e);
	OK(csv_finish(&c, &e), &e);
	assert_string_equal(buf_text(&m.buf), "n,1\t\"\"\na,b\t\"c\td\"\n");
	csv_release(&c);
	buf_release(&m.buf);
}

/* A long value passes whole and does not stay in memory. */
static void
test_long_value(void **state)
{
	enum { N = 20 * 1024 * 1024 };
	char *data = malloc(N + BLOCK_SLACK);
	struct memory m = { { memory_write }, BUF_INIT((size_t)8 * N), 0 };
	struct csv c = CSV_INIT;
	struct csv_options o = CSV_OPTIONS_DEFAULT;
	struct cell cell = { data, N };
	struct block block = { &cell, 1, 1 };
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(data);
	memset(data, '"', N + BLOCK_SLACK);
	OK(csv_open(&c, &o, &m.out, 1, &e), &e);
	OK(csv_put_block(&c, &block, &e), &e);
	OK(csv_put_block(&c, &block, &e), &e);
	OK(csv_finish(&c, &e), &e);
	assert_int_equal(m.buf.length, 2 * (2 * (size_t)N + 4));
	assert_int_equal(m.buf.data[2 * (size_t)N + 1], '"');
	assert_int_equal(m.buf.data[2 * (size_t)N + 2], '\r');
	assert_true(c.buf.capacity < 8 * 1024 * 1024);
	csv_release(&c);
	buf_release(&m.buf);
	free(data);
}

static int
broken_write(struct out *o, const void *data, size_t n, struct err *e)
{
	(void)o;
	(void)data;
	(void)n;
	return err_set(e, ERR_LOCAL, "disk full");
}

static void
test_write_error_is_told(void **state)
{
	static char data[64] = "x";
	struct out out = { broken_write };
	struct csv c = CSV_INIT;
	struct csv_options o = CSV_OPTIONS_DEFAULT;
	struct cell cell = { data, 1 };
	struct block block = { &cell, 1, 1 };
	struct err e = ERR_INIT;

	(void)state;
	OK(csv_open(&c, &o, &out, 1, &e), &e);
	OK(csv_put_block(&c, &block, &e), &e);
	FAILS(csv_finish(&c, &e), &e, ERR_LOCAL, "disk full");
	csv_release(&c);
}

/* The vector scan and its scalar twin agree on random bytes. */
static void
test_scan_agrees(void **state)
{
	static const char letters[] = "abcdefgh,\"\r\n;\x80\xff ";
	unsigned seed = (unsigned)getpid();
	char data[128];

	(void)state;
	printf("# seed %u\n", seed);
	srandom(seed);
	for (int round = 0; round < 200000; round++) {
		size_t n = (size_t)random() % 80;

		for (size_t i = 0; i < sizeof(data); i++)
			data[i] =
			    letters[random() % 30 == 0 ? 8 + random() % 8 :
							 random() % 8];
		assert_int_equal(scan_needs_quotes(data, n, ','),
		    scan_needs_quotes_scalar(data, n, ','));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_long_value),
		cmocka_unit_test(test_write_error_is_told),
		cmocka_unit_test(test_scan_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
