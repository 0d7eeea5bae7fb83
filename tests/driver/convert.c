/*
 * convert.c - a value into a program's buffer, as one of ODBC's C types
 *
 * Text and bytes go in pieces of any size; all else is read from the cell's
 * text and goes whole or not at all. The lies about length and truncation are
 * told here. What is not converted (SQL_C_WCHAR, SQL_C_NUMERIC, intervals):
 * HYC00.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

enum { CONVERT_TEXT = 128 };

SQLSMALLINT
c_type_default(SQLSMALLINT sql_type)
{
	switch (sql_type) {
	case SQL_TINYINT:
		return SQL_C_STINYINT;
	case SQL_SMALLINT:
		return SQL_C_SSHORT;
	case SQL_INTEGER:
		return SQL_C_SLONG;
	case SQL_BIGINT:
		return SQL_C_SBIGINT;
	case SQL_REAL:
		return SQL_C_FLOAT;
	case SQL_FLOAT:
	case SQL_DOUBLE:
		return SQL_C_DOUBLE;
	case SQL_BIT:
		return SQL_C_BIT;
	case SQL_TYPE_DATE:
		return SQL_C_TYPE_DATE;
	case SQL_TYPE_TIME:
		return SQL_C_TYPE_TIME;
	case SQL_TYPE_TIMESTAMP:
		return SQL_C_TYPE_TIMESTAMP;
	case SQL_BINARY:
	case SQL_VARBINARY:
	case SQL_LONGVARBINARY:
		return SQL_C_BINARY;
	default:
		return SQL_C_CHAR;
	}
}

SQLLEN
c_type_size(SQLSMALLINT c_type, SQLLEN size)
{
	switch (c_type) {
	case SQL_C_BIT:
	case SQL_C_TINYINT:
	case SQL_C_STINYINT:
	case SQL_C_UTINYINT:
		return 1;
	case SQL_C_SHORT:
	case SQL_C_SSHORT:
	case SQL_C_USHORT:
		return 2;
	case SQL_C_LONG:
	case SQL_C_SLONG:
	case SQL_C_ULONG:
	case SQL_C_FLOAT:
		return 4;
	case SQL_C_SBIGINT:
	case SQL_C_UBIGINT:
	case SQL_C_DOUBLE:
		return 8;
	case SQL_C_TYPE_DATE:
	case SQL_C_DATE:
		return (SQLLEN)sizeof(SQL_DATE_STRUCT);
	case SQL_C_TYPE_TIME:
	case SQL_C_TIME:
		return (SQLLEN)sizeof(SQL_TIME_STRUCT);
	case SQL_C_TYPE_TIMESTAMP:
	case SQL_C_TIMESTAMP:
		return (SQLLEN)sizeof(SQL_TIMESTAMP_STRUCT);
	default:
		return size;
	}
}

/* Drivers with a 32-bit SQLLEN write half of the program's. */
static void
put_indicator(const struct parcel *p, const struct target *t, SQLLEN length)
{
	uint32_t low = (uint32_t)length;

	if (t->indicator == NULL)
		return;
	switch (p->lies->how[LIE_INDICATOR]) {
	case INDICATOR_LOW32:
		memcpy(t->indicator, &low, sizeof(low));
		break;
	case INDICATOR_ZERO32:
		*t->indicator = (SQLLEN)low;
		break;
	default:
		*t->indicator = length;
		break;
	}
}

/* What the indicator says of a text or bytes. */
static SQLLEN
said_length(const struct parcel *p, uint64_t total, bool is_cut)
{
	uint64_t left = total - p->from;

	switch (p->lies->how[LIE_INDICATOR]) {
	case INDICATOR_NO_TOTAL:
		return is_cut ? SQL_NO_TOTAL : (SQLLEN)left;
	case INDICATOR_TOTAL:
		return (SQLLEN)total;
	case INDICATOR_PIECE:
		return (SQLLEN)p->given;
	case INDICATOR_LARGER:
		return (SQLLEN)left + (SQLLEN)p->lies->arg[LIE_INDICATOR];
	default:
		return (SQLLEN)left;
	}
}

/* No character is split: fewer bytes, and zeros behind them. */
static void
cut_at_character(const struct target *t, uint64_t *given)
{
	uint64_t n = *given;

	while (n > 0 && ((unsigned char)t->data[n - 1] & 0xc0) == 0x80)
		n--;
	if (n == 0 || (unsigned char)t->data[n - 1] < 0x80)
		return; /* whole up to here, or no UTF-8 at all */
	n--;
	memset(t->data + n, 0, (size_t)(*given - n));
	*given = n;
}

static void
post_truncation(const struct parcel *p, bool is_cut, struct diags *d)
{
	int how = p->lies->how[LIE_TRUNCATION];

	if (how == TRUNCATION_SILENT || (!is_cut && how != TRUNCATION_ALWAYS))
		return;
	/* Once for all cells of a call. */
	if (d->n == 0 || memcmp(d->all[d->n - 1].state, "01004", 5) != 0)
		(void)diags_fail(d, "01004", "string data, right truncated");
}

/* Some bytes of the value as they are to arrive: itself, or its hex digits. */
static void
read_bytes(const struct parcel *p, bool is_hex, char *to, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	char byte;

	if (!is_hex) {
		value_read(p->value, p->from, to, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t at = p->from + i;

		value_read(p->value, at / 2, &byte, 1);
		to[i] = digits[((unsigned char)byte >> (at % 2 ? 0 : 4)) & 15];
	}
}

static bool
is_binary(SQLSMALLINT type)
{
	return type == SQL_BINARY || type == SQL_VARBINARY ||
	    type == SQL_LONGVARBINARY;
}

static enum delivery
put_bytes(struct parcel *p, const struct target *t, struct diags *d)
{
	bool is_text = t->c_type == SQL_C_CHAR;
	bool is_hex = is_text && is_binary(p->column->type) &&
	    p->lies->how[LIE_BINARY] == BINARY_HEX;
	uint64_t total = p->value->length * (is_hex ? 2 : 1);
	uint64_t room = t->size > (is_text ? 1 : 0) ?
	    (uint64_t)t->size - (is_text ? 1 : 0) :
	    0;
	uint64_t given = total - p->from;
	bool is_cut;

	if (t->data == NULL)
		room = 0;
	is_cut = given > room;
	if (is_cut)
		given = room;
	if (given > 0)
		read_bytes(p, is_hex, t->data, (size_t)given);
	if (is_cut && is_text && p->lies->how[LIE_CUT] == CUT_CHAR)
		cut_at_character(t, &given);
	p->given = given;
	if (is_text && t->data != NULL && t->size > 0 &&
	    !(is_cut && p->lies->how[LIE_NUL] == NUL_MISSING))
		t->data[given] = '\0';
	put_indicator(p, t, said_length(p, total, is_cut));
	post_truncation(p, is_cut, d);
	return is_cut ? DELIVERY_CUT : DELIVERY_WHOLE;
}

/* A whole number within the bounds of a C type. */
static enum delivery
put_integer(const char *text, const struct target *t, struct diags *d)
{
	SQLLEN size = c_type_size(t->c_type, 0);
	bool is_unsigned = t->c_type == SQL_C_UBIGINT ||
	    t->c_type == SQL_C_ULONG || t->c_type == SQL_C_USHORT ||
	    t->c_type == SQL_C_UTINYINT;
	char *end;
	int64_t number;
	bool fits;

	errno = 0;
	number = is_unsigned ? (int64_t)strtoull(text, &end, 10) :
			       strtoll(text, &end, 10);
	if (end == text || *end != '\0') {
		(void)diags_fail(d, "22018", "'%s' is no number", text);
		return DELIVERY_FAILED;
	}
	fits = errno == 0 && !(is_unsigned && text[0] == '-');
	if (size < 8 && is_unsigned)
		fits = fits && (uint64_t)number >> (8 * size) == 0;
	else if (size < 8)
		fits = fits && number >= -(INT64_C(1) << (8 * size - 1)) &&
		    number < INT64_C(1) << (8 * size - 1);
	if (!fits) {
		(void)diags_fail(d, "22003", "'%s' is out of range", text);
		return DELIVERY_FAILED;
	}
	/* Least significant byte first, as on every machine tested here. */
	memcpy(t->data, &number, (size_t)size);
	return DELIVERY_WHOLE;
}

static enum delivery
put_real(const char *text, const struct target *t, struct diags *d)
{
	char *end;
	double number = strtod(text, &end);
	float single = (float)number;

	if (end == text || *end != '\0') {
		(void)diags_fail(d, "22018", "'%s' is no number", text);
		return DELIVERY_FAILED;
	}
	if (t->c_type == SQL_C_FLOAT)
		memcpy(t->data, &single, sizeof(single));
	else
		memcpy(t->data, &number, sizeof(number));
	return DELIVERY_WHOLE;
}

/* The digits behind the point of a second, as billionths. */
static unsigned
read_fraction(const char *digits)
{
	unsigned fraction = 0;

	for (int i = 0; i < 9; i++) {
		fraction *= 10;
		if (*digits >= '0' && *digits <= '9')
			fraction += (unsigned)(*digits++ - '0');
	}
	return fraction;
}

/* YYYY-MM-DD, HH:MM:SS, or both with a blank and perhaps a fraction. */
static enum delivery
put_moment(const char *text, const struct target *t, struct diags *d)
{
	SQL_TIMESTAMP_STRUCT s = { 0 };
	SQL_DATE_STRUCT date;
	SQL_TIME_STRUCT time;
	const char *point = strchr(text, '.');
	bool is_time = t->c_type == SQL_C_TYPE_TIME || t->c_type == SQL_C_TIME;
	int got = is_time ?
	    3 + sscanf(text, "%hu:%hu:%hu", &s.hour, &s.minute, &s.second) :
	    sscanf(text, "%hd-%hu-%hu %hu:%hu:%hu", &s.year, &s.month, &s.day,
		&s.hour, &s.minute, &s.second);

	if (got != 3 && got != 6) {
		(void)diags_fail(d, "22007", "'%s' is no date or time", text);
		return DELIVERY_FAILED;
	}
	s.fraction = point != NULL ? read_fraction(point + 1) : 0;
	date = (SQL_DATE_STRUCT){ s.year, s.month, s.day };
	time = (SQL_TIME_STRUCT){ s.hour, s.minute, s.second };
	if (is_time)
		memcpy(t->data, &time, sizeof(time));
	else if (t->c_type == SQL_C_TYPE_DATE || t->c_type == SQL_C_DATE)
		memcpy(t->data, &date, sizeof(date));
	else
		memcpy(t->data, &s, sizeof(s));
	return DELIVERY_WHOLE;
}

static enum delivery
put_bit(const char *text, const struct target *t, struct diags *d)
{
	if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0) {
		(void)diags_fail(d, "22018", "'%s' is no bit", text);
		return DELIVERY_FAILED;
	}
	*t->data = (char)(text[0] - '0');
	return DELIVERY_WHOLE;
}

/* A type of a fixed size. */
static enum delivery
put_fixed(struct parcel *p, const struct target *t, struct diags *d)
{
	SQLLEN size = c_type_size(t->c_type, -1);
	char text[CONVERT_TEXT];
	enum delivery how;

	if (size < 0 || t->data == NULL) {
		(void)diags_fail(d, "HYC00", "C type %d", (int)t->c_type);
		return DELIVERY_FAILED;
	}
	if (p->value->length >= CONVERT_TEXT) {
		(void)diags_fail(d, "22018", "a long text is no number");
		return DELIVERY_FAILED;
	}
	value_read(p->value, 0, text, (size_t)p->value->length);
	text[p->value->length] = '\0';
	switch (t->c_type) {
	case SQL_C_FLOAT:
	case SQL_C_DOUBLE:
		how = put_real(text, t, d);
		break;
	case SQL_C_BIT:
		how = put_bit(text, t, d);
		break;
	case SQL_C_TYPE_DATE:
	case SQL_C_TYPE_TIME:
	case SQL_C_TYPE_TIMESTAMP:
	case SQL_C_DATE:
	case SQL_C_TIME:
	case SQL_C_TIMESTAMP:
		how = put_moment(text, t, d);
		break;
	default:
		how = put_integer(text, t, d);
		break;
	}
	p->given = p->value->length;
	if (how == DELIVERY_WHOLE)
		put_indicator(p, t, size);
	return how;
}

enum delivery
deliver(struct parcel *p, const struct target *t, struct diags *d)
{
	struct target to = *t;

	p->given = 0;
	if (to.c_type == SQL_C_DEFAULT)
		to.c_type = c_type_default(p->column->type);
	if (p->value->is_null) {
		if (to.indicator == NULL) {
			(void)diags_fail(d, "22002",
			    "indicator variable required but not supplied");
			return DELIVERY_FAILED;
		}
		put_indicator(p, &to, SQL_NULL_DATA);
		return DELIVERY_WHOLE;
	}
	if (to.c_type == SQL_C_CHAR || to.c_type == SQL_C_BINARY)
		return put_bytes(p, &to, d);
	return put_fixed(p, &to, d);
}
