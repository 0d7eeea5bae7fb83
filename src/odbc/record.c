/*
 * record.c - a row that PostgreSQL printed as one text
 *
 * Works in place: a value is never longer than its quoted form. Booleans
 * become 1 and 0 and bytea its bytes, so that they look as from any other
 * database. A text that is not as record_out() writes it is an error: nothing
 * is guessed.
 */
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "odbc/hex.h"
#include "odbc/record.h"

static int
refuse(const struct record *r, struct err *e)
{
	(void)err_set(e, ERR_INTERNAL,
	    "the row of PostgreSQL is not as it prints rows, at value %zu of "
	    "%zu",
	    r->column + 1, r->shown->n);
	return err_hint(
	    e, "source.wrap = false fetches the columns one by one.");
}

int
record_begin(struct record *r, char *text, size_t n, bool more, struct err *e)
{
	r->at = text;
	r->end = text + n;
	r->more = more;
	r->in_field = false;
	r->column = 0;
	if (n == 0 || *r->at != '(')
		return refuse(r, e);
	r->at++;
	return 0;
}

void
record_feed(struct record *r, char *text, size_t n, bool more)
{
	r->at = text;
	r->end = text + n;
	r->more = more;
}

bool
record_is_hungry(const struct record *r)
{
	return r->at == r->end && r->more;
}

/* The field is at its end: what stands there must be right. */
static int
end_field(struct record *r, struct err *e)
{
	bool is_last = r->column + 1 == r->shown->n;

	if (r->at == r->end || *r->at != (is_last ? ')' : ','))
		return refuse(r, e);
	r->at++;
	if (is_last && (r->at != r->end || r->more))
		return refuse(r, e);
	r->column++;
	r->in_field = false;
	return 0;
}

/*
 * Take what is there of a field without quotes; 1 at its end. Inside there
 * are no quotes, parentheses, commas or backslashes.
 */
static int
take_bare(struct record *r)
{
	while (r->at < r->end && *r->at != ',' && *r->at != ')')
		r->at++;
	return r->at < r->end;
}

/* How many bytes from r->at on are usual in a field in quotes, at least. */
static size_t
count_usual(const struct record *r)
{
	const char *at = r->at;

#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');

	for (; r->end - at >= 16; at += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
		unsigned special = (unsigned)_mm_movemask_epi8(_mm_or_si128(
		    _mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)));

		if (special != 0)
			return (size_t)(at - r->at) +
			    (size_t)__builtin_ctz(special);
	}
#endif
	return (size_t)(at - r->at);
}

/* Copy them to *to, which is not behind them. */
static void
copy_usual(struct record *r, char **to)
{
	size_t n = count_usual(r);

	if (*to != r->at)
		memmove(*to, r->at, n);
	*to += n;
	r->at += n;
}

/* Copy what is there of a field in quotes to *to; 1 at its end. */
static int
take_quoted(struct record *r, char **to)
{
	char c;

	for (; r->at < r->end; r->at++) {
		if (r->seen == '\0')
			copy_usual(r, to);
		if (r->at == r->end)
			break;
		c = *r->at;
		if (r->seen == '\0') {
			if (c == '"' || c == '\\')
				r->seen = c;
			else
				*(*to)++ = c;
		} else if (c == r->seen) {
			*(*to)++ = c;
			r->seen = '\0';
		} else
			return r->seen == '"' ? 1 : -1;
	}
	return 0;
}

static int
refuse_bytes(const struct record *r, struct err *e)
{
	(void)err_set(e, ERR_DATA,
	    "the batch has PostgreSQL print bytea otherwise than in "
	    "hexadecimal, as in column '%s'",
	    r->shown->columns[r->column].name);
	return err_hint(e, "Take SET bytea_output out of the batch.");
}

/* The values of these kinds look as from any other database. */
static int
convert(struct record *r, struct cell_part *part, struct err *e)
{
	enum column_kind kind = r->shown->columns[r->column].kind;
	char *data = (char *)(uintptr_t)part->data;

	if (kind == COLUMN_BOOLEAN && part->length == 1) {
		*data = *data == 't' ? '1' : *data == 'f' ? '0' : *data;
		return 0;
	}
	if (kind != COLUMN_BINARY)
		return 0;
	part->form = CELL_BYTES;
	for (; r->digits_after > 0 && part->length > 0; r->digits_after--) {
		if (*data != (r->digits_after == 2 ? '\\' : 'x'))
			return refuse_bytes(r, e);
		data++;
		part->length--;
	}
	part->data = data;
	return hex_decode(data, &part->length, &r->nibble, !part->more, e);
}

static void
begin_field(struct record *r)
{
	r->in_field = true;
	r->in_quotes = *r->at == '"';
	r->seen = '\0';
	r->nibble = '\0';
	r->digits_after = 2;
	if (r->in_quotes)
		r->at++;
}

int
record_read(struct record *r, struct cell_part *part, struct err *e)
{
	char *to;
	int end;

	if (r->column >= r->shown->n || r->at == r->end)
		return refuse(r, e);
	part->form = CELL_TEXT;
	part->more = false;
	part->length = 0;
	if (!r->in_field) {
		if (*r->at == ',' || *r->at == ')') {
			part->data = NULL;
			return end_field(r, e);
		}
		begin_field(r);
	}
	part->data = to = r->at;
	if (r->in_quotes)
		end = take_quoted(r, &to);
	else {
		end = take_bare(r);
		to = r->at;
	}
	if (end < 0 || (end == 0 && !r->more))
		return refuse(r, e);
	part->length = (size_t)(to - part->data);
	part->more = end == 0;
	if (convert(r, part, e) < 0)
		return -1;
	return end > 0 ? end_field(r, e) : 0;
}

int
record_take(struct record *r, struct cell *cells, struct err *e)
{
	struct cell_part part;

	for (size_t i = 0; i < r->shown->n; i++) {
		if (record_read(r, &part, e) < 0)
			return -1;
		cells[i].data = part.data;
		cells[i].length = part.length;
		cells[i].form = part.form;
		cells[i].is_lazy = false;
	}
	return 0;
}
