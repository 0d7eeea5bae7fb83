/*
 * number.c - floating point numbers as their shortest exact text
 *
 * The Schubfach algorithm: scale the value and the middles to its neighbours
 * by a power of ten, so that the shortest candidates are whole numbers, and
 * compare. The powers (126 bits each) are computed once, exactly, by long
 * multiplication and division; a table of 617 numbers would be shorter to
 * run and longer to trust. Not for: reading numbers, decimals of databases.
 */
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/number.h"

enum {
	POWER_LEAST = -324, /* of ten, for doubles and floats */
	POWER_MOST = 324,
	WORDS = 40,	  /* 32-bit words: 10^325 or 2^BITS */
	BITS = 1216,	  /* 126 more than 10^324 has, in whole words */
	FIXED_LEAST = -4, /* exponents that are written without "e" */
	FIXED_MOST = 14
};

/* 126 bits of a power of ten, rounded up. */
struct power {
	uint64_t high;
	uint64_t low;
};

static struct power powers[POWER_MOST - POWER_LEAST + 1];
static pthread_once_t powers_once = PTHREAD_ONCE_INIT;

/* floor(e * log10(2)), floor(log10(3/4 * 2^e)), floor(e * log2(10)). */
static int
log10_of_power2(int e)
{
	return (int)(((int64_t)e * 1262611) >> 22);
}

static int
log10_of_three_quarters(int e)
{
	return (int)(((int64_t)e * 1262611 - 524031) >> 22);
}

static int
log2_of_power10(int e)
{
	return (int)(((int64_t)e * 1741647) >> 19);
}

static void
multiply(uint32_t words[WORDS], uint32_t by)
{
	uint64_t carry = 0;

	for (int i = 0; i < WORDS; i++) {
		carry += (uint64_t)words[i] * by;
		words[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

static void
divide(uint32_t words[WORDS], uint32_t by)
{
	uint64_t rest = 0;

	for (int i = WORDS - 1; i >= 0; i--) {
		rest = (rest << 32) | words[i];
		words[i] = (uint32_t)(rest / by);
		rest %= by;
	}
}

/* 64 bits from bit `from` on; bits beyond either end are zero. */
static uint64_t
take_bits(const uint32_t words[WORDS], int from)
{
	int first = from / 32, shift = from % 32;
	unsigned __int128 bits = 0;

	if (from < 0)
		return from > -64 ? take_bits(words, 0) << -from : 0;
	for (int i = 2; i >= 0; i--)
		bits = bits << 32 | (first + i < WORDS ? words[first + i] : 0);
	return (uint64_t)(bits >> shift);
}

/* floor(words * 2^-shift) + 1, of which 126 bits are left. */
static struct power
take_power(const uint32_t words[WORDS], int shift)
{
	struct power p;

	p.low = take_bits(words, shift);
	p.high = take_bits(words, shift + 64);
	p.low++;
	if (p.low == 0)
		p.high++;
	/* Halves of 63 bits, as round_to_odd wants them. */
	p.high = (p.high << 1) | (p.low >> 63);
	p.low &= UINT64_C(0x7fffffffffffffff);
	return p;
}

/*
 * floor(10^e * 2^-r) + 1 with 126 bits, for all e, each from the one before.
 * For negative ones 2^BITS is divided by ten again and again: that drops only
 * what the floor drops.
 */
static void
compute_powers(void)
{
	uint32_t words[WORDS] = { 1 };

	for (int e = 0; e <= POWER_MOST; e++) {
		powers[e - POWER_LEAST] = take_power(
		    words, log2_of_power10(e) - 125);
		multiply(words, 10);
	}
	memset(words, 0, sizeof(words));
	words[BITS / 32] = 1;
	for (int e = -1; e >= POWER_LEAST; e--) {
		divide(words, 10);
		powers[e - POWER_LEAST] = take_power(
		    words, BITS + log2_of_power10(e) - 125);
	}
}

static uint64_t
multiply_high(uint64_t a, uint64_t b)
{
	return (uint64_t)(((unsigned __int128)a * b) >> 64);
}

/* Round to odd: the whole part, its last bit set when anything was cut. */
static uint64_t
round_to_odd(const struct power *g, uint64_t c)
{
	uint64_t x1 = multiply_high(g->low, c);
	uint64_t y0 = g->high * c;
	uint64_t y1 = multiply_high(g->high, c);
	uint64_t z = (y0 >> 1) + x1;
	uint64_t w = y1 + (z >> 63);
	const uint64_t mask = UINT64_C(0x7fffffffffffffff);

	return w | (((z & mask) + mask) >> 63);
}

/* A decimal: digits * 10^exponent. */
struct decimal {
	uint64_t digits;
	int exponent;
};

/* A binary number: c * 2^q; is_power: its lower neighbour is nearer. */
struct binary {
	uint64_t c;
	int q;
	bool is_power;
};

static struct decimal
shortest(const struct binary *b)
{
	uint64_t out = b->c & 1;
	uint64_t cb = b->c << 2, cbr = cb + 2;
	uint64_t cbl = b->is_power ? cb - 1 : cb - 2;
	int k = b->is_power ? log10_of_three_quarters(b->q) :
			      log10_of_power2(b->q);
	int h = b->q + log2_of_power10(-k) + 2;
	const struct power *g = &powers[-k - POWER_LEAST];
	uint64_t vb = round_to_odd(g, cb << h);
	uint64_t vbl = round_to_odd(g, cbl << h) + out;
	uint64_t vbr = round_to_odd(g, cbr << h) - out;
	uint64_t s = vb >> 2, t = s + 1, ten = s - s % 10;
	bool low_in, high_in;

	if (s >= 10) {
		low_in = vbl <= ten << 2;
		high_in = (ten + 10) << 2 <= vbr;
		if (low_in != high_in)
			return (struct decimal){ low_in ? ten : ten + 10, k };
	}
	low_in = vbl <= s << 2;
	high_in = t << 2 <= vbr;
	if (low_in != high_in)
		return (struct decimal){ low_in ? s : t, k };
	/* Both or none are in: the nearer one, the even one of two. */
	if (vb < (s + t) << 1 || (vb == (s + t) << 1 && (s & 1) == 0))
		return (struct decimal){ s, k };
	return (struct decimal){ t, k };
}

/* The digits as text without zeros at the end; their number. */
static int
put_digits(char digits[24], struct decimal *d)
{
	char reversed[24];
	int n = 0;

	while (d->digits % 10 == 0) {
		d->digits /= 10;
		d->exponent++;
	}
	for (uint64_t rest = d->digits; rest > 0; rest /= 10)
		reversed[n++] = (char)('0' + rest % 10);
	for (int i = 0; i < n; i++)
		digits[i] = reversed[n - 1 - i];
	return n;
}

static char *
put_repeated(char *to, char c, int n)
{
	for (int i = 0; i < n; i++)
		*to++ = c;
	return to;
}

static char *
put_part(char *to, const char *digits, int n)
{
	memcpy(to, digits, (size_t)n);
	return to + n;
}

/* "123.45", "0.00012", "1200": exponent is that of the first digit. */
static char *
put_fixed(
    char *to, const char *digits, int n, int exponent, enum number_form form)
{
	int whole = exponent + 1;

	if (whole <= 0) {
		to = put_part(to, "0.", 2);
		to = put_repeated(to, '0', -whole);
		return put_part(to, digits, n);
	}
	if (whole < n) {
		to = put_part(to, digits, whole);
		*to++ = '.';
		return put_part(to, digits + whole, n - whole);
	}
	to = put_part(to, digits, n);
	to = put_repeated(to, '0', whole - n);
	return form == NUMBER_POINT ? put_part(to, ".0", 2) : to;
}

/* "1.5e-07", "1e+300". */
static char *
put_scientific(
    char *to, const char *digits, int n, int exponent, enum number_form form)
{
	int e = exponent < 0 ? -exponent : exponent;

	*to++ = digits[0];
	if (n > 1 || form == NUMBER_POINT)
		*to++ = '.';
	if (n > 1)
		to = put_part(to, digits + 1, n - 1);
	else if (form == NUMBER_POINT)
		*to++ = '0';
	*to++ = 'e';
	*to++ = exponent < 0 ? '-' : '+';
	if (e >= 100)
		*to++ = (char)('0' + e / 100);
	*to++ = (char)('0' + e / 10 % 10);
	*to++ = (char)('0' + e % 10);
	return to;
}

/* What is no finite number but zero, or zero. */
static size_t
put_special(char text[NUMBER_TEXT], bool is_zero, bool is_nan, bool negative,
    enum number_form form)
{
	char *to = text;

	if (negative && !is_nan)
		*to++ = '-';
	if (is_nan)
		to = put_part(to, "NaN", 3);
	else if (!is_zero)
		to = put_part(to, "Infinity", 8);
	else
		to = form == NUMBER_POINT ? put_part(to, "0.0", 3) :
					    put_part(to, "0", 1);
	*to = '\0';
	return (size_t)(to - text);
}

static size_t
put_finite(char text[NUMBER_TEXT], const struct binary *b, bool negative,
    enum number_form form)
{
	struct decimal d;
	char digits[24], *to = text;
	int n, exponent;

	(void)pthread_once(&powers_once, compute_powers);
	d = shortest(b);
	n = put_digits(digits, &d);
	exponent = d.exponent + n - 1;
	if (negative)
		*to++ = '-';
	if (exponent >= FIXED_LEAST && exponent <= FIXED_MOST)
		to = put_fixed(to, digits, n, exponent, form);
	else
		to = put_scientific(to, digits, n, exponent, form);
	*to = '\0';
	return (size_t)(to - text);
}

size_t
number_put_double(char text[NUMBER_TEXT], double value, enum number_form form)
{
	const uint64_t hidden = UINT64_C(1) << 52;
	uint64_t bits, fraction;
	struct binary b;
	bool negative;
	int exponent;

	memcpy(&bits, &value, sizeof(bits));
	negative = bits >> 63 != 0;
	exponent = (int)(bits >> 52 & 0x7ff);
	fraction = bits & (hidden - 1);
	if (exponent == 0x7ff || (bits << 1) == 0)
		return put_special(
		    text, exponent == 0, fraction != 0, negative, form);
	b.c = exponent == 0 ? fraction : fraction | hidden;
	b.q = (exponent == 0 ? 1 : exponent) - 1075;
	b.is_power = fraction == 0 && exponent > 1;
	return put_finite(text, &b, negative, form);
}

size_t
number_put_float(char text[NUMBER_TEXT], float value, enum number_form form)
{
	const uint32_t hidden = UINT32_C(1) << 23;
	uint32_t bits, fraction;
	struct binary b;
	bool negative;
	int exponent;

	memcpy(&bits, &value, sizeof(bits));
	negative = bits >> 31 != 0;
	exponent = (int)(bits >> 23 & 0xff);
	fraction = bits & (hidden - 1);
	if (exponent == 0xff || (bits << 1) == 0)
		return put_special(
		    text, exponent == 0, fraction != 0, negative, form);
	b.c = exponent == 0 ? fraction : fraction | hidden;
	b.q = (exponent == 0 ? 1 : exponent) - 150;
	b.is_power = fraction == 0 && exponent > 1;
	return put_finite(text, &b, negative, form);
}
