/*
 * test_record.c - rows as PostgreSQL prints them, and values with marks
 *
 * What record_out() writes is known from the manual, 8.16.6; a writer of our
 * own makes such texts, cut anywhere.
 */
#include "unit.h"

#include "odbc/mark.h"
#include "odbc/record.h"

enum { COLUMNS = 4, TEXT = 512 };

/* A record of text columns with that many. */
static struct column columns[COLUMNS];
static struct description shown = { columns, NULL, COLUMNS };

static void
reset_kinds(void)
{
	for (size_t i = 0; i < COLUMNS; i++)
		columns[i].kind = COLUMN_TEXT;
}

static int
take(const char *text, struct cell *cells, char store[TEXT], struct err *e)
{
	struct record r = { .shown = &shown };
	size_t n = strlen(text);

	memset(store, 'X', TEXT);
	memcpy(store, text, n);
	if (record_begin(&r, store, n, false, e) < 0)
		return -1;
	return record_take(&r, cells, e);
}

static void
check_cell(const struct cell *cell, const char *wanted)
{
	if (wanted == NULL) {
		assert_null(cell->data);
		return;
	}
	assert_non_null(cell->data);
	assert_int_equal(cell->length, strlen(wanted));
	assert_memory_equal(cell->data, wanted, cell->length);
}

static void
test_records(void **state)
{
	static const struct {
		const char *text;
		const char *wanted[COLUMNS];
	} cases[] = {
		{ "(1,b,c,d)", { "1", "b", "c", "d" } },
		{ "(,\"\",,)", { NULL, "", NULL, NULL } },
		{ "(\"a\"\"b\",\"c\\\\d\",\"(x,y)\",\" e \")",
		    { "a\"b", "c\\d", "(x,y)", " e " } },
		{ "(\"\"\"\"\"\",\"\\\\\\\\\",\"a\nb\",\xc3\xa9)",
		    { "\"\"", "\\\\", "a\nb", "\xc3\xa9" } },
	};
	struct cell cells[COLUMNS];
	struct err e = ERR_INIT;
	char store[TEXT];

	(void)state;
	reset_kinds();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		OK(take(cases[i].text, cells, store, &e), &e);
		for (size_t k = 0; k < COLUMNS; k++)
			check_cell(&cells[k], cases[i].wanted[k]);
	}
}

static void
test_kinds(void **state)
{
	struct cell cells[COLUMNS];
	struct err e = ERR_INIT;
	char store[TEXT];

	(void)state;
	reset_kinds();
	columns[2].name = (char *)(uintptr_t) "c";
	columns[0].kind = COLUMN_BOOLEAN;
	columns[1].kind = COLUMN_BOOLEAN;
	columns[2].kind = COLUMN_BINARY;
	columns[3].kind = COLUMN_BINARY;
	OK(take("(t,f,\"\\\\x00ff5c22\",\"\\\\x\")", cells, store, &e), &e);
	check_cell(&cells[0], "1");
	check_cell(&cells[1], "0");
	assert_int_equal(cells[2].form, CELL_BYTES);
	assert_int_equal(cells[2].length, 4);
	assert_memory_equal(cells[2].data, "\0\xff\\\"", 4);
	assert_int_equal(cells[3].form, CELL_BYTES);
	check_cell(&cells[3], "");
	FAILS(take("(t,f,\"\\\\x0\",)", cells, store, &e), &e, ERR_INTERNAL,
	    "half a byte");
	FAILS(take("(t,f,\"\\\\x0g\",)", cells, store, &e), &e, ERR_INTERNAL,
	    "hexadecimal");
	FAILS(take("(t,f,\"\\\\000\",)", cells, store, &e), &e, ERR_DATA,
	    "otherwise than in hexadecimal");
}

static void
test_broken(void **state)
{
	static const char *const broken[] = { "", "1,2,3,4", "(1,2,3)",
		"(1,2,3,4,5)", "(1,2,3,4", "(1,2,3,4)x", "(1,2,3,\"4)",
		"(1,2,3,\"4\"5)", "(1,2,3,\"4\\5\")", "(" };
	struct cell cells[COLUMNS];
	struct err e = ERR_INIT;
	char store[TEXT];

	(void)state;
	reset_kinds();
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		FAILS(take(broken[i], cells, store, &e), &e, ERR_INTERNAL,
		    "not as it prints rows");
}

/* A value as record_out() prints it. */
static size_t
print_value(char *to, const char *value)
{
	size_t n = 0;

	if (value == NULL)
		return 0;
	to[n++] = '"';
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			to[n++] = *value;
		to[n++] = *value;
	}
	to[n++] = '"';
	return n;
}

/* The text of a record comes in pieces of any size. */
static void
read_in_pieces(const char *text, size_t n, const char values[COLUMNS][64])
{
	struct record r = { .shown = &shown };
	struct err e = ERR_INIT;
	char piece[TEXT], got[128];
	size_t taken = 1 + (size_t)random() % n;

	memcpy(piece, text, taken);
	OK(record_begin(&r, piece, taken, taken < n, &e), &e);
	for (size_t i = 0; i < COLUMNS; i++) {
		struct cell_part part = { .more = true };
		size_t length = 0;

		while (part.more) {
			if (record_is_hungry(&r)) {
				size_t m = 1 + (size_t)random() % (n - taken);

				memcpy(piece, text + taken, m);
				taken += m;
				record_feed(&r, piece, m, taken < n);
			}
			OK(record_read(&r, &part, &e), &e);
			if (part.data == NULL)
				break;
			memcpy(got + length, part.data, part.length);
			length += part.length;
		}
		assert_int_equal(part.data == NULL, values[i][0] == '0');
		if (part.data == NULL)
			continue;
		assert_int_equal(length, strlen(values[i] + 1));
		assert_memory_equal(got, values[i] + 1, length);
	}
}

static void
test_pieces(void **state)
{
	unsigned seed = (unsigned)getpid();

	(void)state;
	printf("# seed %u\n", seed);
	srandom(seed);
	reset_kinds();
	for (int round = 0; round < 50000; round++) {
		/* The first letter says whether there is a value. */
		char values[COLUMNS][64], text[TEXT];
		size_t n = 0;

		for (size_t i = 0; i < COLUMNS; i++) {
			size_t length = (size_t)random() % 60;
			bool is_hard = random() % 2 == 0;

			values[i][0] = random() % 4 == 0 ? '0' : '1';
			for (size_t k = 1; k <= length; k++)
				values[i][k] = is_hard || random() % 16 == 0 ?
				    "a\"\\,()\n "[random() % 8] :
				    (char)('a' + random() % 26);
			values[i][length + 1] = '\0';
			text[n++] = i == 0 ? '(' : ',';
			n += print_value(text + n,
			    values[i][0] == '0' ? NULL : values[i] + 1);
		}
		text[n++] = ')';
		read_in_pieces(text, n, values);
	}
}

static void
check_mark(const char *text, enum cell_form form, const char *wanted, size_t n)
{
	struct marked m = { .mark = "abcdefgh" };
	struct err e = ERR_INIT;
	char store[128];
	struct cell cell = { store, strlen(text), CELL_TEXT, false };

	(void)snprintf(store, sizeof(store), "%s", text);
	OK(mark_take(&m, &cell, &e), &e);
	assert_int_equal(cell.form, form);
	assert_int_equal(cell.length, n);
	assert_memory_equal(cell.data, wanted, n);
}

static void
test_marks(void **state)
{
	struct marked m = { .mark = "abcdefgh" };
	struct err e = ERR_INIT;
	char wrong[] = "abcdefghrx";
	struct cell cell = { wrong, 10, CELL_TEXT, false };

	(void)state;
	check_mark("plain", CELL_TEXT, "plain", 5);
	check_mark("abcdefgh", CELL_TEXT, "abcdefgh", 8);
	check_mark("", CELL_TEXT, "", 0);
	check_mark("abcdefghr0.10000000000000000555", CELL_TEXT, "0.1", 3);
	check_mark(
	    "abcdefghr-9.9998886718268300563e-321", CELL_TEXT, "-1.0e-320", 9);
	check_mark("abcdefghr3.0", CELL_TEXT, "3.0", 3);
	check_mark("abcdefghr-Inf", CELL_TEXT, "-Infinity", 9);
	check_mark("abcdefghx00FF", CELL_BYTES, "\0\xff", 2);
	check_mark("abcdefghx", CELL_BYTES, "", 0);
	check_mark("abcdefghn610062", CELL_TEXT, "a\0b", 3);
	FAILS(
	    mark_take(&m, &cell, &e), &e, ERR_INTERNAL, "instead of a number");
}

/* Bytes that come in two parts, cut within a byte. */
static void
test_marked_parts(void **state)
{
	struct marked m = { .mark = "abcdefgh" };
	struct err e = ERR_INIT;
	char first[] = "abcdefghx00F", second[] = "F01";
	struct cell_part part = { first, 12, CELL_TEXT, true };

	(void)state;
	OK(mark_read(&m, &part, &e), &e);
	assert_int_equal(part.length, 1);
	assert_int_equal(part.form, CELL_BYTES);
	part = (struct cell_part){ second, 3, CELL_TEXT, false };
	OK(mark_read(&m, &part, &e), &e);
	assert_int_equal(part.form, CELL_BYTES);
	assert_int_equal(part.length, 2);
	assert_memory_equal(part.data, "\xff\x01", 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_marked_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
