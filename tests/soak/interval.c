/*
 * interval.c - whether a text is the shortest and nearest one of a float
 *
 * A float is c * 2^q; four times c is even in the middles to its neighbours,
 * too. A text is m * 10^e. Both are multiplied by what makes them whole:
 *
 *	m * tens  <=>  4c * twos	10^e / 2^(q-2) = tens / twos
 *
 * Shorter texts are multiples of 10^(e+1). If any is between the middles, so
 * is one of the two next to m, as everything in between is.
 */
#include <stddef.h>
#include <string.h>

#include "interval.h"

enum {
	WORDS = 3,
	UNIT_BITS = 155, /* and 36 of what it is multiplied by: below 192 */
	DIGITS_MOST = 9,
	FIXED_LEAST = -4,
	FIXED_MOST = 14,
	EXPONENTS = 128 /* -64 to 63, of ten */
};

/* A whole number, its lowest word first. */
struct wide {
	uint64_t words[WORDS];
};

/* What makes a text and a float whole. */
struct scale {
	struct wide tens;
	struct wide twos;
	int q;	    /* the float's; what it was computed for */
	bool known; /* whether it was */
	bool fits;  /* false: a text that is far from the float */
};

/* A text: digits * 10^exponent. */
struct decimal {
	uint64_t digits;
	int exponent;
	int n; /* digits */
};

static struct wide
multiplied(const struct wide *a, uint64_t by)
{
	struct wide product;
	unsigned __int128 carry = 0;

	for (int i = 0; i < WORDS; i++) {
		carry += (unsigned __int128)a->words[i] * by;
		product.words[i] = (uint64_t)carry;
		carry >>= 64;
	}
	return product;
}

static int
compare(const struct wide *a, const struct wide *b)
{
	for (int i = WORDS - 1; i >= 0; i--)
		if (a->words[i] != b->words[i])
			return a->words[i] < b->words[i] ? -1 : 1;
	return 0;
}

/* 5^power * 2^shift; false when it has more than UNIT_BITS. */
static bool
put_unit(struct wide *unit, int power, int shift)
{
	*unit = (struct wide){ { 1 } };
	for (; power > 0 || shift > 0;) {
		*unit = multiplied(unit, power > 0 ? 5 : 2);
		if (unit->words[WORDS - 1] >> (UNIT_BITS - 128) != 0)
			return false;
		if (power > 0)
			power--;
		else
			shift--;
	}
	return true;
}

/* 10^exponent / 2^(q - 2) as two whole numbers. */
static const struct scale *
scale_of(int exponent, int q)
{
	static struct scale scales[EXPONENTS];
	struct scale *s = &scales[exponent + EXPONENTS / 2];
	int twos = exponent - (q - 2);

	if (s->known && s->q == q)
		return s;
	s->known = true;
	s->q = q;
	s->fits = put_unit(&s->tens, exponent > 0 ? exponent : 0,
		      twos > 0 ? twos : 0) &&
	    put_unit(
		&s->twos, exponent < 0 ? -exponent : 0, twos < 0 ? -twos : 0);
	return s;
}

/* The digits of a text up to its exponent; NULL when they are in bad form. */
static const char *
read_digits(const char *text, struct decimal *d)
{
	const char *start = text;
	int after = 0;
	bool point = false;

	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text == '.' && !point && text > start) {
			point = true;
			continue;
		}
		if (*text < '0' || *text > '9' || d->n > FIXED_MOST + 1)
			return NULL;
		after += point;
		d->digits = d->digits * 10 + (uint64_t)(*text - '0');
		d->n += d->digits > 0;
	}
	d->exponent = -after;
	if (d->n == 0 || (start[0] == '0' && start[1] != '.') ||
	    (point && (text[-1] == '0' || text[-1] == '.')))
		return NULL;
	return text;
}

/* A text without a sign as a decimal that does not end in zero. */
static bool
read_decimal(const char *text, struct decimal *d)
{
	int first, by = 0;
	bool negative;

	*d = (struct decimal){ 0 };
	text = read_digits(text, d);
	if (text == NULL)
		return false;
	first = d->exponent + d->n - 1;
	if (*text == 'e') {
		negative = text[1] == '-';
		if ((!negative && text[1] != '+') || strlen(text) != 4 ||
		    first != 0)
			return false;
		by = (text[2] - '0') * 10 + text[3] - '0';
		by = negative ? -by : by;
		if (by < -46 || by > 38 ||
		    (by >= FIXED_LEAST && by <= FIXED_MOST))
			return false;
	} else if (first < FIXED_LEAST || first > FIXED_MOST)
		return false;
	d->exponent += by;
	for (; d->digits % 10 == 0; d->n--) {
		d->digits /= 10;
		d->exponent++;
	}
	return d->n <= DIGITS_MOST;
}

/* The middles around a float, and whether they are its own. */
struct middles {
	const struct scale *scale;
	struct wide low;
	struct wide high;
	int closed; /* 1: a text at a middle reads back, as c is even */
};

static bool
is_between(const struct middles *m, uint64_t digits)
{
	struct wide at = multiplied(&m->scale->tens, digits);

	return compare(&m->low, &at) < m->closed &&
	    compare(&at, &m->high) < m->closed;
}

/* Whether no text of as many digits is nearer to c * 2^q. */
static bool
is_nearest(const struct middles *m, uint64_t digits, uint64_t c)
{
	struct wide twice = multiplied(&m->scale->twos, c * 8);
	struct wide below = multiplied(&m->scale->tens, digits * 2 - 1);
	struct wide above = multiplied(&m->scale->tens, digits * 2 + 1);

	if (compare(&twice, &below) < 0)
		return !is_between(m, digits - 1);
	if (compare(&twice, &above) > 0)
		return !is_between(m, digits + 1);
	return true;
}

enum interval_fault
interval_judge(uint32_t bits, const char *text)
{
	uint32_t fraction = bits & 0x7fffff, exponent = bits >> 23;
	uint64_t c = exponent == 0 ? fraction : fraction | 0x800000;
	int q = (exponent == 0 ? 1 : (int)exponent) - 150;
	struct decimal d;
	struct middles m;

	if (!read_decimal(text, &d))
		return INTERVAL_FORM;
	m.scale = scale_of(d.exponent, q);
	if (!m.scale->fits)
		return INTERVAL_OTHER;
	/* The lower neighbour of a power of two is half as far. */
	m.low = multiplied(
	    &m.scale->twos, 4 * c - (fraction == 0 && exponent > 1 ? 1 : 2));
	m.high = multiplied(&m.scale->twos, 4 * c + 2);
	m.closed = (c & 1) == 0;
	if (!is_between(&m, d.digits))
		return INTERVAL_OTHER;
	if (d.n > 1 &&
	    (is_between(&m, d.digits / 10 * 10) ||
		is_between(&m, (d.digits / 10 + 1) * 10)))
		return INTERVAL_LONG;
	return is_nearest(&m, d.digits, c) ? INTERVAL_RIGHT :
					     INTERVAL_NOT_NEAREST;
}
