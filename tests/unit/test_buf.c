/*
 * test_buf.c - the growing buffer and its maximum
 */
#include "unit.h"

#include "base/buf.h"
#include "random.h"

static void
test_empty(void **state)
{
	struct buf b = BUF_INIT(10);
	struct err e = ERR_INIT;

	(void)state;
	assert_string_equal(buf_text(&b), "");
	assert_null(b.data);
	buf_reset(&b);
	assert_null(buf_take(&b));
	OK(buf_put(&b, NULL, 0, &e), &e);
	OK(buf_puts(&b, "", &e), &e);
	assert_string_equal(buf_text(&b), "");
	buf_release(&b);
	buf_release(&b);
	assert_int_equal(b.max, 10);
}

static void
test_maximum(void **state)
{
	struct buf b = BUF_INIT(8);
	struct err e = ERR_INIT;

	(void)state;
	OK(buf_puts(&b, "12345678", &e), &e);
	FAILS(buf_put(&b, "9", 1, &e), &e, ERR_INTERNAL, "more than 8 bytes");
	FAILS(buf_printf(&b, &e, "%d", 9), &e, ERR_INTERNAL, "8 bytes");
	FAILS(buf_reserve(&b, SIZE_MAX, &e), &e, ERR_INTERNAL, "8 bytes");
	/* What was there is still there, and nothing of what did not fit. */
	assert_int_equal(b.length, 8);
	assert_string_equal(buf_text(&b), "12345678");
	OK(buf_put(&b, "", 0, &e), &e);
	buf_reset(&b);
	OK(buf_printf(&b, &e, "%08d", 7), &e);
	assert_string_equal(buf_text(&b), "00000007");
	assert_true(b.capacity <= b.max + 1);
	buf_release(&b);
}

static void
test_binary(void **state)
{
	struct buf b = BUF_INIT(100);
	struct err e = ERR_INIT;

	(void)state;
	OK(buf_put(&b, "a\0b", 3, &e), &e);
	OK(buf_put(&b, "\xff\0", 2, &e), &e);
	assert_int_equal(b.length, 5);
	assert_memory_equal(b.data, "a\0b\xff\0\0", 6);
	buf_release(&b);
}

static void
test_printf(void **state)
{
	struct buf b = BUF_INIT(100000);
	struct err e = ERR_INIT;
	char *text;

	(void)state;
	OK(buf_printf(&b, &e, "%s-%d", "a", -1), &e);
	OK(buf_printf(&b, &e, "%5000s|", "x"), &e);
	OK(buf_printf(&b, &e, "%s", ""), &e);
	assert_int_equal(b.length, 4 + 5001);
	assert_string_equal(b.data + b.length - 3, " x|");
	text = buf_take(&b);
	assert_int_equal(strncmp(text, "a--1 ", 5), 0);
	free(text);
	assert_int_equal(b.length, 0);
	assert_string_equal(buf_text(&b), "");
	OK(buf_puts(&b, "again", &e), &e);
	assert_string_equal(buf_text(&b), "again");
	buf_release(&b);
}

/* Whatever is put piece by piece comes out whole, up to the maximum. */
static void
test_random_pieces(void **state)
{
	enum { N = 20000, MAX = 15000 };
	static char all[N];
	struct err e = ERR_INIT;

	(void)state;
	random_seed();
	for (unsigned round = 0; round < 200; round++) {
		size_t max = random_below(MAX), n = 0;
		struct buf b = BUF_INIT(max);

		for (size_t i = 0; i < N; i++)
			all[i] = (char)random_below(256);
		while (n < N) {
			size_t piece = random_below(round % 2 ? 17 : 3000);

			if (piece > N - n)
				piece = N - n;
			if (buf_put(&b, all + n, piece, &e) < 0) {
				assert_true(piece > max - b.length);
				break;
			}
			n += piece;
			assert_int_equal(b.length, n);
			assert_true(n <= max && b.capacity <= max + 1);
		}
		if (n > 0)
			assert_memory_equal(b.data, all, n);
		assert_int_equal(buf_text(&b)[b.length], '\0');
		buf_release(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_maximum),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_random_pieces),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
