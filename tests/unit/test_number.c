/*
 * test_number.c - the shortest text that reads back to the same bits
 *
 * The C library is the judge: strtod() reads exactly, and the first of
 * printf's %.1g to %.17g that reads back is as short as a text can be. The
 * longer run, over all floats, is tests/soak/floats.c.
 */
#include "unit.h"

#include <float.h>
#include <math.h>

#include "base/number.h"

static void
check_double(double value, enum number_form form, const char *wanted)
{
	char text[NUMBER_TEXT];

	assert_int_equal(number_put_double(text, value, form), strlen(wanted));
	assert_string_equal(text, wanted);
}

/* As PostgreSQL's float8out and SQLite's shell have them. */
static void
test_forms(void **state)
{
	(void)state;
	check_double(0.0, NUMBER_PLAIN, "0");
	check_double(-0.0, NUMBER_PLAIN, "-0");
	check_double(-0.0, NUMBER_POINT, "-0.0");
	check_double(1, NUMBER_PLAIN, "1");
	check_double(1, NUMBER_POINT, "1.0");
	check_double(-1.5, NUMBER_POINT, "-1.5");
	check_double(0.1 + 0.2, NUMBER_PLAIN, "0.30000000000000004");
	check_double(1e14, NUMBER_PLAIN, "100000000000000");
	check_double(1e15, NUMBER_PLAIN, "1e+15");
	check_double(1e15, NUMBER_POINT, "1.0e+15");
	check_double(
	    123456789012345678.0, NUMBER_PLAIN, "1.2345678901234568e+17");
	check_double(0.0001, NUMBER_PLAIN, "0.0001");
	check_double(0.00001, NUMBER_PLAIN, "1e-05");
	check_double(1.5e-7, NUMBER_PLAIN, "1.5e-07");
	check_double(DBL_MAX, NUMBER_PLAIN, "1.7976931348623157e+308");
	check_double(DBL_MIN, NUMBER_PLAIN, "2.2250738585072014e-308");
	check_double(5e-324, NUMBER_PLAIN, "5e-324");
	check_double(9007199254740993.0, NUMBER_PLAIN, "9.007199254740992e+15");
	check_double(2e22, NUMBER_PLAIN, "2e+22");
	check_double((double)INFINITY, NUMBER_PLAIN, "Infinity");
	check_double(-(double)INFINITY, NUMBER_POINT, "-Infinity");
	check_double((double)NAN, NUMBER_PLAIN, "NaN");
}

static void
test_float_forms(void **state)
{
	static const struct {
		float value;
		const char *wanted;
	} cases[] = { { 123456.789F, "123456.79" }, { 16777217.0F, "16777216" },
		{ 0.1F, "0.1" }, { FLT_MAX, "3.4028235e+38" },
		{ FLT_MIN, "1.1754944e-38" }, { 1e-45F, "1e-45" },
		{ -0.0F, "-0" } };
	char text[NUMBER_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)number_put_float(text, cases[i].value, NUMBER_PLAIN);
		assert_string_equal(text, cases[i].wanted);
	}
}

/* Digits of a number's text, without zeros at either end. */
static size_t
count_digits(const char *text)
{
	size_t n = 0, zeros = 0;

	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
			continue;
		n++;
		zeros = *text == '0' ? zeros + 1 : 0;
	}
	return n - zeros;
}

static void
test_random_doubles(void **state)
{
	unsigned seed = (unsigned)getpid();
	char text[NUMBER_TEXT], other[64];
	uint64_t bits;
	double value, back;

	(void)state;
	printf("# seed %u\n", seed);
	srandom(seed);
	for (int round = 0; round < 100000; round++) {
		bits = (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^
		    (uint64_t)random();
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value) || value == 0)
			continue;
		(void)number_put_double(text, value, NUMBER_PLAIN);
		back = strtod(text, NULL);
		assert_memory_equal(&back, &value, sizeof(back));
		for (int digits = 1; digits <= 17; digits++) {
			(void)snprintf(
			    other, sizeof(other), "%.*e", digits - 1, value);
			if (strtod(other, NULL) == value)
				break;
		}
		assert_int_equal(count_digits(text), count_digits(other));
	}
}

/* Every 4099th float: primes meet all exponents and endings. */
static void
test_floats(void **state)
{
	char text[NUMBER_TEXT];
	float value, back;

	(void)state;
	for (uint64_t i = 0; i <= UINT32_MAX; i += 4099) {
		uint32_t bits = (uint32_t)i;

		memcpy(&value, &bits, sizeof(value));
		if (isnan(value))
			continue;
		(void)number_put_float(text, value, NUMBER_PLAIN);
		back = strtof(text, NULL);
		assert_memory_equal(&back, &value, sizeof(back));
		assert_in_range(count_digits(text), 0, 9);
	}
}

static void
check_get(const char *text)
{
	double value = 0, wanted = strtod(text, NULL);

	if (!number_get_double(text, strlen(text), &value) ||
	    memcmp(&value, &wanted, sizeof(value)) != 0)
		fail_msg("%s: %a instead of %a", text, value, wanted);
}

/* A digit behind the middle of two doubles decides, wherever it stands. */
static void
check_middle(double value)
{
	long double middle;
	uint64_t bits;
	double next;
	char text[64];

	memcpy(&bits, &value, sizeof(bits));
	bits++;
	memcpy(&next, &bits, sizeof(next));
	middle = ((long double)value + (long double)next) / 2;
	for (int digits = 17; digits <= 22; digits++) {
		(void)snprintf(text, sizeof(text), "%.*Lf", digits, middle);
		check_get(text);
		(void)snprintf(text, sizeof(text), "%.*Lf1", digits, middle);
		check_get(text);
		(void)snprintf(text, sizeof(text), "%.*Lg", digits, middle);
		check_get(text);
	}
}

static void
check_texts(void)
{
	static const char *const texts[] = { "0", "-0", "-0.0", "1", "5.0",
		"0.1", "123456789012345678901234567890", "1e300", "-5e-324",
		"Inf", "-Inf", "9007199254740993", "9007199254740993.0000001",
		"0.000000000000000000000000000000000000012345",
		"18446744073709551615", "9999999999999999999",
		"99999999999999999999", "1.7976931348623157e308" };
	static const char *const wrong[] = { "", "-", "1x", "1.2.3", "--1",
		"1 2" };
	double unused;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_get(texts[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(
		    number_get_double(wrong[i], strlen(wrong[i]), &unused));
}

static void
check_random(int rounds)
{
	unsigned seed = (unsigned)getpid();
	char text[64];

	printf("# seed %u\n", seed);
	srandom(seed);
	for (int round = 0; round < rounds; round++) {
		double value = (double)random() / (double)(1 + random() % 1000);

		for (long n = random() % 20; n > 0; n--)
			value *= round % 2 == 0 ? 10 : 0.1;

		(void)snprintf(text, sizeof(text), "%.*g",
		    (int)(15 + random() % 8), value);
		check_get(text);
		if (round % 10 == 0)
			check_middle(value);
	}
}

static void
test_get(void **state)
{
	(void)state;
	check_texts();
	check_random(200000);
}

/* The same after a library has set the processor to do with fewer bits. */
#if defined(__x86_64__)
static void
test_get_narrow(void **state)
{
	const unsigned short bits = 0x300, bits_53 = 0x200;
	unsigned short before, narrow;

	(void)state;
	__asm__ volatile("fnstcw %0" : "=m"(before));
	narrow = (unsigned short)((before & ~bits) | bits_53);
	__asm__ volatile("fldcw %0" : : "m"(narrow));
	check_texts();
	check_random(20000);
	__asm__ volatile("fldcw %0" : : "m"(before));
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_float_forms),
		cmocka_unit_test(test_random_doubles),
		cmocka_unit_test(test_floats),
		cmocka_unit_test(test_get),
#if defined(__x86_64__)
		cmocka_unit_test(test_get_narrow),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
