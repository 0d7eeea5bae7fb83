/*
 * test_json.c - JSON as RFC 8259 has it
 */
#include "unit.h"

#include "base/json.h"
#include "base/redact.h"
#include "base/str.h"
#include "base/utf8.h"
#include "random.h"

static void
check_string(const char *value, const char *wanted)
{
	struct buf b = BUF_INIT(1000);
	struct err e = ERR_INIT;
	struct json j;

	json_init(&j, &b);
	json_string(&j, NULL, value);
	OK(json_finish(&j, &e), &e);
	assert_string_equal(buf_text(&b), wanted);
	buf_release(&b);
}

static void
test_strings(void **state)
{
	(void)state;
	check_string("", "\"\"");
	check_string(NULL, "null");
	check_string("a/b 'c' \x7f", "\"a/b 'c' \x7f\"");
	check_string("\"\\", "\"\\\"\\\\\"");
	check_string("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
	check_string("\x01\x1b\x1f", "\"\\u0001\\u001b\\u001f\"");
	check_string(
	    "\xc3\xa4\xf0\x9f\x98\x80", "\"\xc3\xa4\xf0\x9f\x98\x80\"");
	/* What is no UTF-8 becomes U+FFFD, a byte each. */
	check_string("a\xff\xc3", "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
	check_string("\xe2\x82z", "\"\xef\xbf\xbd\xef\xbf\xbdz\"");
	check_string(
	    "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void
test_members(void **state)
{
	struct buf b = BUF_INIT(1000);
	struct err e = ERR_INIT;
	struct json j;

	(void)state;
	json_init(&j, &b);
	json_begin_object(&j, NULL);
	json_integer(&j, "min", INT64_MIN);
	json_integer(&j, "max", INT64_MAX);
	json_bool(&j, "yes", true);
	json_bool(&j, "no", false);
	json_null(&j, "none");
	json_begin_array(&j, "list");
	json_string(&j, NULL, "a");
	json_begin_array(&j, NULL);
	json_end(&j);
	json_begin_object(&j, NULL);
	json_end(&j);
	json_integer(&j, NULL, 0);
	json_end(&j);
	json_string(&j, "k\"\n", "v");
	json_end(&j);
	OK(json_finish(&j, &e), &e);
	assert_string_equal(buf_text(&b),
	    "{\"min\":-9223372036854775808,\"max\":9223372036854775807,"
	    "\"yes\":true,\"no\":false,\"none\":null,"
	    "\"list\":[\"a\",[],{},0],\"k\\\"\\n\":\"v\"}");
	buf_release(&b);
}

static void
test_nesting(void **state)
{
	struct buf b = BUF_INIT(1000);
	struct err e = ERR_INIT;
	struct json j;

	(void)state;
	json_init(&j, &b);
	for (unsigned i = 0; i < JSON_DEPTH; i++)
		json_begin_array(&j, NULL);
	for (unsigned i = 0; i < JSON_DEPTH; i++)
		json_end(&j);
	OK(json_finish(&j, &e), &e);
	assert_int_equal(b.length, (size_t)2 * JSON_DEPTH);
	buf_reset(&b);
	json_init(&j, &b);
	for (unsigned i = 0; i <= JSON_DEPTH; i++)
		json_begin_object(&j, i > 0 ? "k" : NULL);
	FAILS(json_finish(&j, &e), &e, ERR_INTERNAL, "too deep");
	json_init(&j, &b);
	json_begin_object(&j, NULL);
	FAILS(json_finish(&j, &e), &e, ERR_INTERNAL, "not closed");
	json_end(&j);
	OK(json_finish(&j, &e), &e);
	json_end(&j);
	FAILS(json_finish(&j, &e), &e, ERR_INTERNAL, "not open");
	buf_release(&b);
}

/* The first error is kept, and nothing is written behind it. */
static void
test_full_buffer(void **state)
{
	struct buf b = BUF_INIT(12);
	struct err e = ERR_INIT;
	struct json j;
	size_t length;

	(void)state;
	json_init(&j, &b);
	json_begin_array(&j, NULL);
	json_string(&j, NULL, "much too long for it");
	length = b.length;
	json_integer(&j, NULL, 1);
	json_end(&j);
	assert_int_equal(b.length, length);
	FAILS(json_finish(&j, &e), &e, ERR_INTERNAL, "more than 12 bytes");
	buf_release(&b);
}

static void
test_secrets(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	OK(redact_add("top\"secret", &e), &e);
	check_string("it is top\"secret", "\"it is ***\"");
	check_string("PWD=a", "\"PWD=***\"");
	redact_release();
}

/* The value of a JSON string as this writer makes it; bytes written to to. */
static size_t
decode(char *to, const char *text)
{
	static const char letters[] = "\"\\bfnrt";
	static const char plain[] = "\"\\\b\f\n\r\t";
	size_t n = 0;

	assert_int_equal(*text++, '"');
	while (*text != '"') {
		unsigned value;

		assert_true((unsigned char)*text >= 0x20);
		if (*text != '\\') {
			to[n++] = *text++;
		} else if (text[1] == 'u') {
			assert_int_equal(sscanf(text + 2, "%4x", &value), 1);
			to[n++] = (char)value;
			text += 6;
		} else {
			const char *at = strchr(letters, text[1]);

			assert_true(at != NULL && *at != '\0');
			to[n++] = plain[at - letters];
			text += 2;
		}
	}
	assert_string_equal(text, "\"");
	return n;
}

/* Any UTF-8 comes back as it was; any bytes give UTF-8. */
static void
test_round_trip(void **state)
{
	struct buf b = BUF_INIT(4096);
	struct err e = ERR_INIT;

	(void)state;
	random_seed();
	for (unsigned round = 0; round < 20000; round++) {
		char value[40], back[256];
		size_t n = random_below(sizeof(value));
		struct json j;

		for (size_t i = 0; i < n; i++)
			value[i] = (char)(1 +
			    random_below(random_below(2) ? 255 : 0x7f));
		value[n] = '\0';
		buf_reset(&b);
		json_init(&j, &b);
		json_string(&j, NULL, value);
		OK(json_finish(&j, &e), &e);
		assert_true(utf8_is_valid(b.data, b.length));
		if (!utf8_is_valid(value, n))
			continue;
		back[decode(back, buf_text(&b))] = '\0';
		assert_string_equal(back, value);
	}
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_full_buffer),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
