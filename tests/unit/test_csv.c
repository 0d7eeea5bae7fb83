/*
 * test_csv.c - bytes of CSV, by what RFC 4180 and known readers demand
 */
#include "unit.h"

#include "csv/csv.h"
#include "csv/scan.h"

enum { CELLS = 8, STORE = 256 };

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

/* Rows of one block, and what they become. */
struct trial {
	struct csv_options options;
	struct column columns[CELLS];
	struct cell cells[CELLS];
	char store[CELLS][STORE];
	size_t n;
	struct memory m;
	struct csv csv;
	struct err e;
};

static char *
writable(const char *text)
{
	return (char *)(uintptr_t)text;
}

static void
begin_trial(struct trial *t)
{
	static const struct csv_options fallback = CSV_OPTIONS_DEFAULT;
	static const char *const names[CELLS] = { "a", "b", "c", "d", "e", "f",
		"g", "h" };

	memset(t, 0, sizeof(*t));
	t->options = fallback;
	t->options.header = false;
	t->m.out.write = memory_write;
	buf_init(&t->m.buf, 1 << 26);
	t->csv = (struct csv)CSV_INIT;
	for (size_t i = 0; i < CELLS; i++)
		t->columns[i].name = writable(names[i]);
}

/* A cell of n bytes, with the slack that is promised; NULL is NULL. */
static void
add_bytes(struct trial *t, const char *data, size_t n)
{
	struct cell *cell = &t->cells[t->n];

	assert_in_range(n, 0, STORE - BLOCK_SLACK);
	memset(t->store[t->n], ',', STORE);
	if (data != NULL) {
		memcpy(t->store[t->n], data, n);
		cell->data = t->store[t->n];
	}
	cell->length = n;
	t->n++;
}

static void
add_text(struct trial *t, const char *text)
{
	add_bytes(t, text, text != NULL ? strlen(text) : 0);
}

static int
write_block(struct trial *t, const struct block *block)
{
	const struct columns columns = { t->columns, t->n };

	if (csv_open(&t->csv, &t->options, &t->m.out, &columns, &t->e) < 0 ||
	    csv_put_header(&t->csv, &t->e) < 0 ||
	    csv_put_block(&t->csv, block, &t->e) < 0)
		return -1;
	return csv_finish(&t->csv, &t->e);
}

static int
write_trial(struct trial *t)
{
	const struct block block = {
		.cells = t->cells, .n_columns = t->n, .n_rows = 1
	};

	return write_block(t, &block);
}

static void
end_trial(struct trial *t)
{
	csv_release(&t->csv);
	buf_release(&t->m.buf);
}

static void
expect(struct trial *t, const char *wanted)
{
	OK(write_trial(t), &t->e);
	assert_string_equal(buf_text(&t->m.buf), wanted);
	assert_int_equal(t->csv.rows, 1);
	assert_int_equal(t->csv.bytes, strlen(wanted));
	end_trial(t);
}

static void
expect_error(struct trial *t, enum err_class class, const char *part)
{
	FAILS(write_trial(t), &t->e, class, part);
	end_trial(t);
}

static void
check_options(struct trial *t, const char *part)
{
	const char *option = NULL;

	FAILS(csv_check_options(&t->options, &option, &t->e), &t->e, ERR_SPEC,
	    part);
	assert_non_null(option);
	assert_memory_equal(t->e.text, "file.", 5);
	assert_memory_equal(t->e.text + 5, option, strlen(option));
}

static void
check_record(const char *const *values, size_t n, const char *wanted)
{
	static struct trial t;

	begin_trial(&t);
	for (size_t i = 0; i < n; i++)
		add_text(&t, values[i]);
	expect(&t, wanted);
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
	RECORD("\x01\x1f\x7f,b\r\n", "\x01\x1f\x7f", "b");
}

static void
test_header(void **state)
{
	static struct trial t;

	(void)state;
	begin_trial(&t);
	t.options.header = true;
	t.options.delimiter = '\t';
	t.options.crlf = false;
	t.columns[0].name = writable("n,1");
	t.columns[1].name = writable("");
	add_text(&t, "a,b");
	add_text(&t, "c\td");
	expect(&t, "n,1\t\"\"\na,b\t\"c\td\"\n");
	begin_trial(&t);
	t.options.header = true;
	t.options.bom = true;
	t.columns[0].name = writable("\xff");
	add_text(&t, "x");
	expect_error(&t, ERR_DATA, "name of column 1 is not UTF-8");
}

static void
test_quote_modes(void **state)
{
	static const struct {
		enum csv_quote quote;
		const char *wanted;
	} cases[] = {
		{ CSV_QUOTE_MINIMAL, "1,x,,\"\"\r\n" },
		{ CSV_QUOTE_ALL, "\"1\",\"x\",\"\",\"\"\r\n" },
		{ CSV_QUOTE_TEXT, "1,\"x\",,\"\"\r\n" },
		{ CSV_QUOTE_NONNULL, "\"1\",\"x\",,\"\"\r\n" },
	};
	static struct trial t;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_trial(&t);
		t.options.quote = cases[i].quote;
		t.columns[0].kind = COLUMN_INTEGER;
		add_text(&t, "1");
		add_text(&t, "x");
		add_text(&t, NULL);
		add_text(&t, "");
		expect(&t, cases[i].wanted);
	}
}

static void
test_null_word(void **state)
{
	static struct trial t;

	(void)state;
	begin_trial(&t);
	t.options.null = "\\N";
	add_text(&t, NULL);
	add_text(&t, "\\N");
	add_text(&t, "");
	add_text(&t, "\\n");
	expect(&t, "\\N,\"\\N\",,\\n\r\n");
	begin_trial(&t);
	t.options.null = "NULL";
	add_text(&t, "");
	expect(&t, "\"\"\r\n");
	begin_trial(&t);
	t.options.null = "a,b";
	check_options(&t, "file.null");
	end_trial(&t);
}

static void
test_formats(void **state)
{
	static const struct {
		enum column_kind kind;
		const char *text, *wanted;
	} cases[] = {
		{ COLUMN_DATE, "2026-02-01", "01.02.2026\r\n" },
		{ COLUMN_DATE, "2026-02-01 00:00:00", "01.02.2026\r\n" },
		{ COLUMN_TIME, "23:59:58.25", "23h59 58.25\r\n" },
		{ COLUMN_TIMESTAMP, "2026-02-01 03:04:05.678901+05:30",
		    "20260201T030405.678901+05:30\r\n" },
		{ COLUMN_TIMESTAMP, "2026-02-01T03:04:05",
		    "20260201T030405\r\n" },
		{ COLUMN_BOOLEAN, "1", "yes\r\n" },
		{ COLUMN_BOOLEAN, "f", "no\r\n" },
		{ COLUMN_TEXT, "2026-02-01", "2026-02-01\r\n" },
	};
	static const struct {
		enum column_kind kind;
		const char *text;
	} wrong[] = {
		{ COLUMN_DATE, "infinity" },
		{ COLUMN_DATE, "0044-03-15 BC" },
		{ COLUMN_DATE, "12024-01-01" },
		{ COLUMN_DATE, "2026-02-01 12:00:00" },
		{ COLUMN_TIME, "-838:59:59" },
		{ COLUMN_TIMESTAMP, "2026-02-01" },
		{ COLUMN_TIMESTAMP, "2026-02-01 03:04:05 BC" },
		{ COLUMN_BOOLEAN, "2" },
		{ COLUMN_BOOLEAN, "" },
	};
	static struct trial t;
	const struct csv_options o = { .delimiter = ',',
		.crlf = true,
		.date = "%d.%m.%Y",
		.time = "%Hh%M %S%f",
		.timestamp = "%Y%m%dT%H%M%S%f%z",
		.boolean = "yes,no" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_trial(&t);
		t.options = o;
		t.columns[0].kind = cases[i].kind;
		add_text(&t, cases[i].text);
		expect(&t, cases[i].wanted);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin_trial(&t);
		t.options = o;
		t.columns[0].kind = wrong[i].kind;
		add_text(&t, wrong[i].text);
		expect_error(&t, ERR_DATA, "row 1, column 'a': '");
	}
	begin_trial(&t);
	t.options.date = "%d %B";
	check_options(&t, "%B");
	t.options.date = NULL;
	t.options.boolean = "yes";
	check_options(&t, "boolean");
	end_trial(&t);
}

/* RFC 4648, section 10. */
static void
test_bytes(void **state)
{
	static const struct {
		const char *data, *hex, *base64;
	} cases[] = {
		{ "", "\"\"\r\n", "\"\"\r\n" },
		{ "f", "66\r\n", "Zg==\r\n" },
		{ "fo", "666f\r\n", "Zm8=\r\n" },
		{ "foo", "666f6f\r\n", "Zm9v\r\n" },
		{ "foobar", "666f6f626172\r\n", "Zm9vYmFy\r\n" },
	};
	static struct trial t;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int how = 0; how < 2; how++) {
			begin_trial(&t);
			t.options.binary = (enum csv_binary)how;
			add_text(&t, cases[i].data);
			t.cells[0].form = CELL_BYTES;
			expect(&t,
			    how == CSV_BINARY_HEX ? cases[i].hex :
						    cases[i].base64);
		}
	begin_trial(&t);
	add_bytes(&t, "\0\xff\n", 3);
	t.cells[0].form = CELL_BYTES;
	expect(&t, "00ff0a\r\n");
}

static void
test_invalid(void **state)
{
	static struct trial t;

	(void)state;
	begin_trial(&t);
	add_text(&t, "fine");
	add_text(&t, "caf\xe9");
	expect_error(&t, ERR_DATA, "row 1, column 'b': the value is not UTF-8");
	begin_trial(&t);
	add_bytes(&t, "a\0b", 3);
	expect_error(&t, ERR_DATA, "row 1, column 'a': the value holds a NUL");
	/* One U+FFFD for each maximal part; Unicode 15, table 3-8. */
	begin_trial(&t);
	t.options.invalid = CSV_INVALID_REPLACE;
	add_bytes(&t, "\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\0d", 12);
	OK(write_trial(&t), &t.e);
	assert_string_equal(buf_text(&t.m.buf),
	    "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
	    "b\xef\xbf\xbd"
	    "c\xef\xbf\xbd"
	    "d\r\n");
	assert_int_equal(t.csv.counts.replaced, 5);
	end_trial(&t);
}

static void
test_formula(void **state)
{
	static const struct {
		const char *text, *wanted;
	} bad[] = {
		{ "=1+1", "'=1+1,-5\r\n" },
		{ "+1", "'+1,-5\r\n" },
		{ "-1", "'-1,-5\r\n" },
		{ "@a", "'@a,-5\r\n" },
		{ "\t=1", "'\t=1,-5\r\n" },
	};
	static struct trial t;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin_trial(&t);
		t.options.formula = CSV_FORMULA_QUOTE;
		t.columns[1].kind = COLUMN_DECIMAL;
		add_text(&t, bad[i].text);
		add_text(&t, "-5");
		expect(&t, bad[i].wanted);
		begin_trial(&t);
		t.options.formula = CSV_FORMULA_FAIL;
		add_text(&t, bad[i].text);
		expect_error(&t, ERR_DATA, "column 'a': the text begins as");
	}
	begin_trial(&t);
	t.options.formula = CSV_FORMULA_FAIL;
	add_text(&t, "");
	add_text(&t, NULL);
	add_text(&t, "a=1");
	expect(&t, "\"\",,a=1\r\n");
}

static void
test_charsets(void **state)
{
	static struct trial t;

	(void)state;
	begin_trial(&t);
	t.options.charset = "ISO-8859-1";
	add_text(&t, "caf\xc3\xa9");
	add_text(&t, NULL);
	expect(&t, "caf\xe9,\r\n");
	begin_trial(&t);
	t.options.charset = "ISO-8859-1";
	add_text(&t, "\xe2\x82\xac");
	expect_error(&t, ERR_DATA, "does not exist in ISO-8859-1");
	begin_trial(&t);
	t.options.charset = "ISO-8859-1";
	t.options.invalid = CSV_INVALID_REPLACE;
	add_text(&t, "1 \xe2\x82\xac");
	OK(write_trial(&t), &t.e);
	assert_string_equal(buf_text(&t.m.buf), "1 ?\r\n");
	assert_int_equal(t.csv.counts.replaced, 1);
	end_trial(&t);
	begin_trial(&t);
	t.options.charset = "UTF-16LE";
	t.options.bom = true;
	add_text(&t, "\xc3\xa9");
	add_text(&t, "");
	OK(write_trial(&t), &t.e);
	assert_int_equal(t.m.buf.length, 2 + 2 + 2 + 4 + 4);
	assert_memory_equal(
	    t.m.buf.data, "\xff\xfe\xe9\0,\0\"\0\"\0\r\0\n\0", t.m.buf.length);
	end_trial(&t);
	begin_trial(&t);
	t.options.charset = "UTF-16";
	check_options(&t, "order open");
	t.options.charset = "ASCII//TRANSLIT";
	check_options(&t, "besides");
	t.options.charset = "klingon";
	check_options(&t, "not known");
	end_trial(&t);
}

/* A value that comes in parts of random lengths. */
struct stream {
	const char *data; /* NULL for NULL */
	size_t n, taken;
	size_t most; /* bytes of a part */
	enum cell_form form;
	char part[STORE];
};

static int
read_stream(void *reader, size_t column, struct cell_part *part, struct err *e)
{
	struct stream *s = reader;
	size_t n = (size_t)random() % (s->most + 1);

	(void)e;
	assert_int_equal(column, 0);
	if (n > s->n - s->taken)
		n = s->n - s->taken;
	memset(s->part, '"', sizeof(s->part));
	if (s->data != NULL && n > 0)
		memcpy(s->part, s->data + s->taken, n);
	part->data = s->data != NULL ? s->part : NULL;
	part->length = n;
	part->form = s->form;
	s->taken += n;
	part->more = s->taken < s->n;
	return 0;
}

static void
write_stream(struct trial *t, struct stream *s)
{
	const struct block block = { t->cells, 1, 1, read_stream, s };

	t->n = 1;
	t->cells[0].is_lazy = true;
	OK(write_block(t, &block), &t->e);
}

/* In parts or whole: the same bytes, but that long values are quoted. */
static void
test_parts(void **state)
{
	static const char *const pieces[] = { "a", "\"", "\n", "\xc3\xa9",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xff", "\xe2\x82", "," };
	static struct trial t, whole;
	unsigned seed = (unsigned)getpid();

	(void)state;
	printf("# seed %u\n", seed);
	srandom(seed);
	for (int round = 0; round < 20000; round++) {
		char text[STORE - BLOCK_SLACK] = "";
		struct stream s = { text, 0, 0, 1 + (size_t)random() % 9,
			random() % 4 == 0 ? CELL_BYTES : CELL_TEXT, "" };

		for (int i = (int)(random() % 30); i > 0; i--)
			s.n += (size_t)snprintf(text + s.n, sizeof(text) - s.n,
			    "%s", pieces[random() % 9]);
		begin_trial(&t);
		begin_trial(&whole);
		t.options.invalid = CSV_INVALID_REPLACE;
		t.options.binary = (enum csv_binary)(random() % 2);
		if (random() % 3 == 0)
			t.options.charset = "UTF-16BE";
		whole.options = t.options;
		add_text(&whole, text);
		whole.cells[0].form = s.form;
		OK(write_trial(&whole), &whole.e);
		write_stream(&t, &s);
		if (t.m.buf.length != whole.m.buf.length) {
			/* Quoted, though it would not have to be. */
			whole.options.quote = CSV_QUOTE_ALL;
			buf_reset(&whole.m.buf);
			OK(write_trial(&whole), &whole.e);
		}
		assert_int_equal(t.m.buf.length, whole.m.buf.length);
		assert_memory_equal(
		    t.m.buf.data, whole.m.buf.data, t.m.buf.length);
		end_trial(&t);
		end_trial(&whole);
	}
}

static void
test_parts_short(void **state)
{
	static struct trial t;
	struct stream null = { NULL, 0, 0, 1, CELL_TEXT, "" };
	struct stream bad = { "\xe2\x82", 2, 0, 1, CELL_TEXT, "" };
	const struct block block = { t.cells, 1, 1, read_stream, &bad };

	(void)state;
	begin_trial(&t);
	write_stream(&t, &null);
	assert_string_equal(buf_text(&t.m.buf), "\r\n");
	end_trial(&t);
	/* A character that never ends. */
	begin_trial(&t);
	t.n = 1;
	t.cells[0].is_lazy = true;
	FAILS(write_block(&t, &block), &t.e, ERR_DATA, "is not UTF-8");
	end_trial(&t);
}

/* A long value passes whole and does not stay in memory. */
static void
test_long_value(void **state)
{
	enum { N = 20 * 1024 * 1024 };
	static struct trial t;
	char *data = malloc(N + BLOCK_SLACK);

	(void)state;
	assert_non_null(data);
	memset(data, '"', N + BLOCK_SLACK);
	begin_trial(&t);
	t.n = 1;
	t.cells[0] = (struct cell){ data, N, CELL_TEXT, false };
	OK(write_trial(&t), &t.e);
	assert_int_equal(t.m.buf.length, 2 * (size_t)N + 4);
	assert_in_range(t.csv.buf.capacity, 0, 8 * 1024 * 1024);
	end_trial(&t);
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
	static struct trial t;

	(void)state;
	begin_trial(&t);
	t.m.out.write = broken_write;
	add_text(&t, "x");
	FAILS(write_trial(&t), &t.e, ERR_LOCAL, "disk full");
	end_trial(&t);
}

/* The copies, plain and with quotes doubled; no byte beyond the spill. */
static void
check_copies(const char *data, size_t n)
{
	char to[256], twin[256];
	size_t length = 0;

	memset(to, '#', sizeof(to));
	assert_int_equal(
	    scan_copy(to, data, n, ','), scan_field_scalar(data, n, ','));
	assert_memory_equal(to, data, n);
	assert_int_equal(to[n + SCAN_SPILL], '#');
	for (size_t i = 0; i < n; i++) {
		twin[length++] = data[i];
		if (data[i] == '"')
			twin[length++] = '"';
	}
	memset(to, '#', sizeof(to));
	assert_ptr_equal(scan_double_quotes(to, data, n), to + length);
	assert_memory_equal(to, twin, length);
	assert_int_equal(to[length + SCAN_SPILL], '#');
}

/* The vector scan and its scalar twin agree on random bytes. */
static void
test_scan_agrees(void **state)
{
	static const char letters[] = "abcdefgh,\"\r\n;\x80\xff\x1f\0 ";
	unsigned seed = (unsigned)getpid();
	char data[128];

	(void)state;
	printf("# seed %u\n", seed);
	srandom(seed);
	for (int round = 0; round < 200000; round++) {
		size_t n = (size_t)random() % 80;

		for (size_t i = 0; i < sizeof(data); i++)
			data[i] =
			    letters[random() % 30 == 0 ? 8 + random() % 10 :
							 random() % 8];
		assert_int_equal(
		    scan_field(data, n, ','), scan_field_scalar(data, n, ','));
		check_copies(data, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_quote_modes),
		cmocka_unit_test(test_null_word),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_formula),
		cmocka_unit_test(test_charsets),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_parts_short),
		cmocka_unit_test(test_long_value),
		cmocka_unit_test(test_write_error_is_told),
		cmocka_unit_test(test_scan_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
