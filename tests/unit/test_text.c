/*
 * test_text.c - files of SQL in UTF-16, and others that stay as they are
 */
#include "unit.h"

#include "sql/script.h"
#include "sql/text.h"

#define BYTES(s) (s), sizeof(s) - 1

static int
decode(struct buf *b, const char *bytes, size_t n, struct err *e)
{
	*b = (struct buf)BUF_INIT(1 << 20);
	assert_int_equal(buf_put(b, bytes, n, e), 0);
	return text_decode(b, e);
}

static void
expect(const char *bytes, size_t n, const char *wanted, size_t length)
{
	struct err e = ERR_INIT;
	struct buf b;

	if (decode(&b, bytes, n, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(b.length, length);
	assert_memory_equal(buf_text(&b), wanted, length + 1);
	buf_release(&b);
}

static void
test_utf16(void **state)
{
	(void)state;
	expect(BYTES("\xff\xfe"
		     "a\0\n\0\xe4\0\xac\x20\x3d\xd8\x00\xde"),
	    BYTES("a\n\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
	expect(BYTES("\xfe\xff\0a\0\xe4\x20\xac\xd8\x3d\xde\x00\xff\xfd"),
	    BYTES("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd"));
	/* The ends of the ranges that take 1, 2, 3 and 4 bytes. */
	expect(BYTES("\xfe\xff\0\x7f\0\x80\x07\xff\x08\0\xff\xff\xd8\0\xdc\0"
		     "\xdb\xff\xdf\xff"),
	    BYTES("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80"
		  "\x80\xf4\x8f\xbf\xbf"));
	expect(BYTES("\xff\xfe"), BYTES(""));
}

static void
test_others_stay(void **state)
{
	(void)state;
	expect(BYTES(""), BYTES(""));
	expect(BYTES("\xff"), BYTES("\xff"));
	expect(BYTES("\xef\xbb\xbf"
		     "a"),
	    BYTES("\xef\xbb\xbf"
		  "a"));
	expect(BYTES("SELECT '\xe4'"), BYTES("SELECT '\xe4'"));
	expect(BYTES("a\0b\0"), BYTES("a\0b\0"));
}

static void
test_half_a_character(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *line;
	} cases[] = {
		{ BYTES("\xff\xfe"
			"a\0\n"),
		    "line 1:" },
		{ BYTES("\xff\xfe"
			"a\0\n\0b"),
		    "line 2:" },
		{ BYTES("\xfe\xff\0\n\xd8\x3d"), "line 2:" },
		{ BYTES("\xfe\xff\xd8\x3d\0a"), "line 1:" },
		{ BYTES("\xfe\xff\xde\0\0a"), "line 1:" },
		{ BYTES("\xfe\xff\xd8\x3d\xe0\0"), "line 1:" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		struct buf b;

		assert_int_equal(
		    decode(&b, cases[i].bytes, cases[i].n, &e), -1);
		assert_int_equal(e.class, ERR_SPEC);
		assert_non_null(strstr(e.text, cases[i].line));
		assert_int_equal(b.length, cases[i].n);
		buf_release(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_others_stay),
		cmocka_unit_test(test_half_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
