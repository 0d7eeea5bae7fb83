/*
 * condition.c - whether a value is what is wanted
 *
 * Numbers are compared as the decimal texts that they are, never by way of a
 * double, so that they are right at any length. Who asks for the value:
 * question.c.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "job/guard.h"

/* Longest exponent that is read; what is beyond is no number here. */
enum { EXPONENT_DIGITS = 9 };

/* 0.DIGITS times ten to the exponent; without digits it is zero. */
struct decimal {
	bool negative;
	const char *digits; /* first one that is not zero */
	const char *end;    /* behind the last one that is not zero */
	long exponent;	    /* of ten */
};

static const char *
skip_digits(const char *at)
{
	while (isdigit((unsigned char)*at))
		at++;
	return at;
}

/* "e-12" at the end of the text; none is 0. */
static bool
read_exponent(const char *at, long *exponent)
{
	bool negative;
	const char *digits;

	*exponent = 0;
	if (*at == '\0')
		return true;
	if (*at != 'e' && *at != 'E')
		return false;
	at++;
	negative = *at == '-';
	digits = at + (*at == '-' || *at == '+');
	at = skip_digits(digits);
	if (at == digits || *at != '\0' || at - digits > EXPONENT_DIGITS)
		return false;
	for (; digits < at; digits++)
		*exponent = *exponent * 10 + (*digits - '0');
	if (negative)
		*exponent = -*exponent;
	return true;
}

/* [+-]digits[.digits][e[+-]digits] */
static bool
decimal_read(struct decimal *d, const char *text)
{
	const char *whole, *point, *end;
	long exponent;

	d->negative = *text == '-';
	whole = text + (*text == '-' || *text == '+');
	point = end = skip_digits(whole);
	if (*point == '.')
		end = skip_digits(point + 1);
	if (end - whole - (end > point) <= 0 || !read_exponent(end, &exponent))
		return false;
	d->digits = whole;
	while (d->digits < end && (*d->digits == '0' || *d->digits == '.'))
		d->digits++;
	while (end > d->digits && (end[-1] == '0' || end[-1] == '.'))
		end--;
	d->end = end;
	d->exponent = exponent +
	    (long)(d->digits < point ? point - d->digits :
				       point + 1 - d->digits);
	if (d->digits == d->end) {
		d->negative = false;
		d->exponent = 0;
	}
	return true;
}

/* The next digit, or -1 at the end. */
static int
next_digit(const struct decimal *d, const char **at)
{
	if (*at < d->end && **at == '.')
		(*at)++;
	return *at < d->end ? *(*at)++ - '0' : -1;
}

/* -1, 0 or 1: which of two is nearer to zero. */
static int
compare_sizes(const struct decimal *a, const struct decimal *b)
{
	const char *x = a->digits, *y = b->digits;
	int m, n;

	if (a->digits == a->end || b->digits == b->end)
		return (a->digits < a->end) - (b->digits < b->end);
	if (a->exponent != b->exponent)
		return a->exponent < b->exponent ? -1 : 1;
	do {
		m = next_digit(a, &x);
		n = next_digit(b, &y);
	} while (m == n && m >= 0);
	return (m > n) - (m < n);
}

bool
decimal_compare(const char *a, const char *b, int *order)
{
	struct decimal x, y;

	if (!decimal_read(&x, a) || !decimal_read(&y, b))
		return false;
	if (x.negative != y.negative)
		*order = x.negative ? -1 : 1;
	else
		*order = x.negative ? compare_sizes(&y, &x) :
				      compare_sizes(&x, &y);
	return true;
}

static bool
is_number(const char *text)
{
	struct decimal d;

	return decimal_read(&d, text);
}

/* False where a number would be compared to what is none. */
static bool
compare(const char *a, const char *b, int *order)
{
	if (decimal_compare(a, b, order))
		return true;
	if (is_number(a) || is_number(b))
		return false;
	*order = strcmp(a, b);
	return true;
}

static bool
is_equal(const char *a, const char *b)
{
	int order;

	return decimal_compare(a, b, &order) ? order == 0 : strcmp(a, b) == 0;
}

bool
condition_holds(const struct condition *c, const char *value)
{
	int order;

	if (value == NULL)
		return false;
	if (c->equals != NULL && !is_equal(value, c->equals))
		return false;
	if (c->at_least != NULL &&
	    (!compare(value, c->at_least, &order) || order < 0))
		return false;
	return c->at_most == NULL ||
	    (compare(value, c->at_most, &order) && order <= 0);
}

void
condition_put(const struct condition *c, char text[GUARD_TEXT])
{
	const struct {
		const char *words, *value;
	} parts[] = {
		{ "", c->equals },
		{ "at least ", c->at_least },
		{ "at most ", c->at_most },
	};
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *value = parts[i].value;

		if (value == NULL || used + 1 >= GUARD_TEXT)
			continue;
		used += (size_t)snprintf(text + used, GUARD_TEXT - used,
		    "%s%s%s", used > 0 ? " and " : "", parts[i].words,
		    *value != '\0' ? value : "the empty text");
	}
	if (used == 0)
		(void)snprintf(text, GUARD_TEXT, "a value that is not NULL");
}
