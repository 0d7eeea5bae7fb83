/*
 * number_get.c - the double next to a decimal number
 *
 * A number that a double holds, multiplied or divided by a power of ten that a
 * double holds, is rounded once, and so the one that is looked for.
 *
 * Else the first 19 digits are a whole number, and the same is done in 64 bits
 * of precision. Both are exact, so the result is off by half a unit of these 64
 * bits, and by what the digits behind the 19 make, 19 units at most: unless it
 * is that near to the middle between two doubles, they do not matter. In 1 of
 * 30 cases, and wherever long double has not 64 bits, strtod() decides.
 *
 * A processor may be set to do with less than 64 bits (a library does it, and
 * valgrind has no more than 53): the last bits are zero then, and strtod()
 * decides as well. Printing numbers is number.c's.
 */
#include <float.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

enum {
	GET_DIGITS = 19,      /* of a whole number of 64 bits */
	GET_POWER = 27,	      /* 10^27 is exact in 64 bits, being 5^27 * 2^27 */
	GET_SHORT_POWER = 22, /* and 10^22 in 53, being 5^22 * 2^22 */
	GET_DOUBT = 32,	      /* units that the result may be off, and more */
	GET_TEXT = 64
};

/* A decimal: digits * 10^exponent, and whether that is all. */
struct decimal {
	uint64_t digits;
	int exponent;
	bool negative;
};

static const char *
take_digits(const char *s, const char *end, struct decimal *d, int *n)
{
	for (; s < end && *s >= '0' && *s <= '9'; s++) {
		if (*n >= GET_DIGITS) {
			d->exponent++;
			continue;
		}
		d->digits = d->digits * 10 + (uint64_t)(*s - '0');
		*n += d->digits > 0;
	}
	return s;
}

/* "-12.34" and nothing else. */
static bool
take_decimal(const char *s, const char *end, struct decimal *d)
{
	const char *point;
	int n = 0;

	*d = (struct decimal){ 0, 0, s < end && *s == '-' };
	s += d->negative;
	if (s == end || *s < '0' || *s > '9')
		return false;
	s = take_digits(s, end, d, &n);
	if (s < end && *s == '.') {
		point = ++s;
		s = take_digits(s, end, d, &n);
		d->exponent -= (int)(s - point);
	}
	return s == end;
}

#if LDBL_MANT_DIG == 64 && FLT_EVAL_METHOD == 0
static bool
scale_short(const struct decimal *d, double *value)
{
	static const double exact[GET_SHORT_POWER + 1] = { 1e0, 1e1, 1e2, 1e3,
		1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
		1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	double digits = d->negative ? -(double)d->digits : (double)d->digits;

	if (d->digits > UINT64_C(1) << DBL_MANT_DIG ||
	    d->exponent < -GET_SHORT_POWER || d->exponent > GET_SHORT_POWER)
		return false;
	if (d->exponent < 0)
		*value = digits / exact[-d->exponent];
	else
		*value = digits * exact[d->exponent];
	return true;
}

static const long double powers[GET_POWER + 1] = { 1e0L, 1e1L, 1e2L, 1e3L, 1e4L,
	1e5L, 1e6L, 1e7L, 1e8L, 1e9L, 1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L,
	1e16L, 1e17L, 1e18L, 1e19L, 1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L,
	1e26L, 1e27L };

static bool
scale(const struct decimal *d, double *value)
{
	long double exact = (long double)d->digits;
	uint64_t mantissa, rest;

	if (scale_short(d, value))
		return true;
	if (d->exponent < -GET_POWER || d->exponent > GET_POWER)
		return false;
	if (d->exponent < 0)
		exact /= powers[-d->exponent];
	else
		exact *= powers[d->exponent];
	memcpy(&mantissa, &exact, sizeof(mantissa));
	/* The 11 bits that a double has not: near their middle is in doubt. */
	rest = mantissa & 0x7ff;
	if (rest == 0 || (rest + GET_DOUBT > 0x400 && rest < 0x400 + GET_DOUBT))
		return false;
	*value = (double)(d->negative ? -exact : exact);
	return true;
}
#else
static bool
scale(const struct decimal *d, double *value)
{
	(void)d;
	(void)value;
	return false;
}
#endif

bool
number_get_double(const char *text, size_t n, double *value)
{
	char copy[GET_TEXT], *end;
	struct decimal d;

	if (take_decimal(text, text + n, &d) && scale(&d, value))
		return true;
	if (n == 0 || n >= sizeof(copy))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	*value = strtod(copy, &end);
	return *end == '\0';
}
