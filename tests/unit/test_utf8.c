/*
 * test_utf8.c - well-formed UTF-8, by RFC 3629 and table 3-7 of Unicode 15
 */
#include "unit.h"

#include "base/utf8.h"

static void
test_valid(void **state)
{
	static const char *const good[] = { "", "a", "\x7f", "\xc2\x80",
		"\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
		"0123456789abcdef\xc3\xa9" };
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80",
		"\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe0\xa0",
		"\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xff", "0123456789abcdefghi\xe2\x82",
		"0123456789abcdef\xa9" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(utf8_is_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(utf8_is_valid(bad[i], strlen(bad[i])));
}

/* All code points, encoded by the book; surrogates are not among them. */
static void
test_all_characters(void **state)
{
	(void)state;
	for (unsigned c = 0x80; c <= 0x10ffff; c++) {
		char s[4];
		size_t n;

		if (c < 0x800) {
			s[0] = (char)(0xc0 | c >> 6);
			n = 2;
		} else if (c < 0x10000) {
			s[0] = (char)(0xe0 | c >> 12);
			n = 3;
		} else {
			s[0] = (char)(0xf0 | c >> 18);
			n = 4;
		}
		for (size_t i = 1; i < n; i++)
			s[i] = (char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3f));
		assert_int_equal(utf8_is_valid(s, n), c < 0xd800 || c > 0xdfff);
		for (size_t cut = 1; cut < n && (c < 0xd800 || c > 0xdfff);
		     cut++) {
			assert_int_equal(utf8_unfinished(s, cut), cut);
			assert_false(utf8_is_valid(s, cut));
		}
		assert_int_equal(utf8_unfinished(s, n), 0);
	}
}

static void
test_unfinished(void **state)
{
	(void)state;
	assert_int_equal(utf8_unfinished("", 0), 0);
	assert_int_equal(utf8_unfinished("abc", 3), 0);
	assert_int_equal(utf8_unfinished("a\xe2\x82", 3), 2);
	assert_int_equal(utf8_unfinished("\x80\x80\x80\x80", 4), 0);
	assert_int_equal(utf8_unfinished("a\xff", 2), 0);
	/* Will never be a character, whatever follows. */
	assert_int_equal(utf8_unfinished("\xe0\x80", 2), 0);
	assert_int_equal(utf8_unfinished("\xed\xa0", 2), 0);
}

/* Every character, and what comes after the last one. */
static void
test_narrow(void **state)
{
	uint32_t text[4] = { 'a', 0xe9, 0x20ac, 0x1f600 };
	struct err e = ERR_INIT;
	char one[4];
	size_t n = sizeof(text);

	(void)state;
	OK(utf8_narrow((char *)text, &n, &e), &e);
	assert_int_equal(n, 10);
	assert_memory_equal(text, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", n);
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		memcpy(one, &c, sizeof(c));
		n = sizeof(one);
		OK(utf8_narrow(one, &n, &e), &e);
		assert_int_equal(n,
		    c < 0x80	    ? 1 :
			c < 0x800   ? 2 :
			c < 0x10000 ? 3 :
				      4);
		assert_int_equal(
		    utf8_is_valid(one, n), c < 0xd800 || c > 0xdfff);
	}
	n = sizeof(text[0]);
	text[0] = 0x110000;
	FAILS(utf8_narrow((char *)text, &n, &e), &e, ERR_DATA, "U+110000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_all_characters),
		cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_narrow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
