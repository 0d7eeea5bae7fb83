/*
 * value.c - values in the form that the file wants
 *
 * Only what an option asks for, and only from values in ISO form: what is not
 * in that form (infinity, a year BC) is an error, never a guess. Quoting is
 * csv.c's; where the values come from is odbc/fetch.h's.
 */
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "csv/value.h"

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int
value_check_format(const char *format, struct err *e)
{
	for (const char *s = format; *s != '\0'; s++) {
		if (*s != '%')
			continue;
		s++;
		if (*s == '\0' || strchr("YmdHMSfz%", *s) == NULL) {
			(void)err_set(e, ERR_SPEC,
			    "'%s' holds %%%c, which is none of %%Y %%m %%d "
			    "%%H %%M %%S %%f %%z and %%%%",
			    format, *s != '\0' ? *s : ' ');
			return err_hint(e,
			    "%%f is the fraction of a second with its point, "
			    "%%z the offset of the time zone, both as the "
			    "database gives them.");
		}
	}
	return 0;
}

const char *
value_format(const struct csv_options *o, enum column_kind kind)
{
	switch (kind) {
	case COLUMN_DATE:
		return o->date;
	case COLUMN_TIME:
		return o->time;
	case COLUMN_TIMESTAMP:
		return o->timestamp;
	case COLUMN_BOOLEAN:
		return o->boolean;
	default:
		return NULL;
	}
}

/* The parts of a moment, as text; what is missing is empty. */
struct moment {
	char year[5], month[3], day[3];
	char hour[3], minute[3], second[3];
	char fraction[24]; /* with its point */
	char zone[16];	   /* with its sign */
};

/* n digits from *s on. */
static bool
take_digits(const char **s, char *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((*s)[i] < '0' || (*s)[i] > '9')
			return false;
	memcpy(to, *s, n);
	to[n] = '\0';
	*s += n;
	return true;
}

static bool
take_char(const char **s, const char *any)
{
	if (**s == '\0' || strchr(any, **s) == NULL)
		return false;
	(*s)++;
	return true;
}

/* What is left must be made of these. */
static void
take_span(const char **s, char *to, size_t size, const char *accept)
{
	size_t n = strspn(*s, accept);

	if (n >= size)
		n = size - 1;
	memcpy(to, *s, n);
	to[n] = '\0';
	*s += n;
}

static bool
take_date(const char **s, struct moment *m)
{
	return take_digits(s, m->year, 4) && take_char(s, "-") &&
	    take_digits(s, m->month, 2) && take_char(s, "-") &&
	    take_digits(s, m->day, 2);
}

static bool
take_time(const char **s, struct moment *m)
{
	if (!take_digits(s, m->hour, 2) || !take_char(s, ":") ||
	    !take_digits(s, m->minute, 2))
		return false;
	memcpy(m->second, "00", 3);
	if (take_char(s, ":") && !take_digits(s, m->second, 2))
		return false;
	if (**s == '.')
		take_span(s, m->fraction, sizeof(m->fraction), ".0123456789");
	if (**s == '+' || **s == '-' || **s == 'Z')
		take_span(s, m->zone, sizeof(m->zone), "+-:Z0123456789");
	return true;
}

static bool
take_moment(const char *s, enum column_kind kind, struct moment *m)
{
	memset(m, 0, sizeof(*m));
	if (kind != COLUMN_TIME && !take_date(&s, m))
		return false;
	if (kind == COLUMN_TIMESTAMP && !take_char(&s, " T"))
		return false;
	/* A date with a time of day (Oracle) is one at midnight, or is none. */
	if (kind == COLUMN_DATE)
		return *s == '\0' || strcmp(s, " 00:00:00") == 0;
	return take_time(&s, m) && *s == '\0';
}

static const char *
part_of(const struct moment *m, char letter)
{
	switch (letter) {
	case 'Y':
		return m->year;
	case 'm':
		return m->month;
	case 'd':
		return m->day;
	case 'H':
		return m->hour[0] != '\0' ? m->hour : "00";
	case 'M':
		return m->minute[0] != '\0' ? m->minute : "00";
	case 'S':
		return m->second[0] != '\0' ? m->second : "00";
	case 'f':
		return m->fraction;
	case 'z':
		return m->zone;
	default:
		return "%";
	}
}

static int
put_moment(
    struct buf *out, const char *format, const struct moment *m, struct err *e)
{
	for (const char *s = format; *s != '\0'; s++)
		if (*s != '%') {
			if (buf_put(out, s, 1, e) < 0)
				return -1;
		} else if (buf_puts(out, part_of(m, *++s), e) < 0)
			return -1;
	return 0;
}

static int
put_boolean(struct buf *out, const char *words, const char *text, struct err *e)
{
	static const char *const yes[] = { "1", "t", "true", "True", "TRUE" };
	static const char *const no[] = { "0", "f", "false", "False", "FALSE" };
	size_t n = strcspn(words, ",");

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcmp(text, yes[i]) == 0)
			return buf_put(out, words, n, e);
		if (strcmp(text, no[i]) == 0)
			return buf_puts(out, words + n + 1, e);
	}
	return err_set(e, ERR_DATA, "'%s' is no boolean", text);
}

int
value_put_formatted(struct buf *out, const char *format, enum column_kind kind,
    const struct cell *cell, struct err *e)
{
	char text[64];
	struct moment m;

	if (cell->length >= sizeof(text) ||
	    memchr(cell->data, '\0', cell->length) != NULL)
		return err_set(e, ERR_DATA, "a value of %zu bytes is no %s",
		    cell->length, column_kind_name(kind));
	memcpy(text, cell->data, cell->length);
	text[cell->length] = '\0';
	if (kind == COLUMN_BOOLEAN)
		return put_boolean(out, format, text, e);
	if (!take_moment(text, kind, &m)) {
		(void)err_set(e, ERR_DATA, "'%s' cannot be written as '%s'",
		    text, format);
		return err_hint(e,
		    "Only four-digit years and times of day have such a form; "
		    "without file.%s the value is written as it is.",
		    column_kind_name(kind));
	}
	return put_moment(out, format, &m, e);
}

static int
put_hex(struct buf *out, const char *data, size_t n, struct err *e)
{
	if (buf_reserve(out, 2 * n + 1, e) < 0)
		return -1;
	str_put_hex(out->data + out->length, (const unsigned char *)data, n);
	out->length += 2 * n;
	return 0;
}

/* Four digits for 1 to 3 bytes. */
static void
put_group(char to[4], const unsigned char *s, size_t n)
{
	uint32_t bits = (uint32_t)s[0] << 16 |
	    (n > 1 ? (uint32_t)s[1] << 8 : 0) | (n > 2 ? s[2] : 0);

	to[0] = base64_digits[bits >> 18];
	to[1] = base64_digits[bits >> 12 & 63];
	to[2] = n > 1 ? base64_digits[bits >> 6 & 63] : '=';
	to[3] = n > 2 ? base64_digits[bits & 63] : '=';
}

static int
put_base64(struct buf *out, const struct cell_part *part,
    struct value_carry *carry, struct err *e)
{
	const unsigned char *s = (const unsigned char *)part->data;
	size_t n = part->length;
	char *to;

	if (buf_reserve(out, (n + carry->n) / 3 * 4 + 4, e) < 0)
		return -1;
	to = out->data + out->length;
	while (carry->n > 0 && carry->n < 3 && n > 0) {
		carry->bytes[carry->n++] = *s++;
		n--;
	}
	if (carry->n == 3) {
		put_group(to, carry->bytes, 3);
		to += 4;
		carry->n = 0;
	}
	for (; carry->n == 0 && n >= 3; s += 3, n -= 3, to += 4)
		put_group(to, s, 3);
	while (n > 0) {
		carry->bytes[carry->n++] = *s++;
		n--;
	}
	if (!part->more && carry->n > 0) {
		put_group(to, carry->bytes, carry->n);
		to += 4;
		carry->n = 0;
	}
	out->length = (size_t)(to - out->data);
	return 0;
}

int
value_put_bytes(struct buf *out, enum csv_binary how,
    const struct cell_part *part, struct value_carry *carry, struct err *e)
{
	if (how == CSV_BINARY_BASE64)
		return put_base64(out, part, carry, e);
	return put_hex(out, part->data, part->length, e);
}
