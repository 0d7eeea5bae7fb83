/*
 * csv.c - write rows as RFC 4180 CSV, in the dialect that a reader wants
 *
 * Decides for each field whether it is quoted and writes it once, into a
 * buffer that is handed on in large pieces. Values that are read part by part
 * never stand in memory as a whole; since nobody knows what is still to come,
 * they are quoted. The form of values is value.c's, other character sets are
 * charset.c's.
 */
#include <string.h>

#include "base/utf8.h"
#include "csv/charset.h"
#include "csv/csv.h"
#include "csv/scan.h"
#include "csv/value.h"

enum {
	CSV_CHUNK = 256 * 1024,	     /* handed to the out at once */
	CSV_SLACK = 4 * 1024 * 1024, /* beyond the chunk, kept */
	CSV_ENDS = 16		     /* quotes and what stands between fields */
};

/* A single value may be as large as memory allows; quotes may double it. */
static const size_t csv_buffer_max = SIZE_MAX / 4;

static int
check_null(const struct csv_options *o, struct err *e)
{
	if (o->null == NULL ||
	    (strpbrk(o->null, "\"\r\n") == NULL &&
		strchr(o->null, o->delimiter) == NULL))
		return 0;
	return err_set(e, ERR_SPEC,
	    "'%s' holds a quote, a line break or the delimiter", o->null);
}

static int
check_boolean(const struct csv_options *o, struct err *e)
{
	if (o->boolean == NULL || strchr(o->boolean, ',') != NULL)
		return 0;
	(void)err_set(e, ERR_SPEC, "'%s' is not two words with a comma between",
	    o->boolean);
	return err_hint(e, "As in boolean = \"TRUE,FALSE\".");
}

static int
check_charset(const struct csv_options *o, struct err *e)
{
	struct charset *charset = NULL;

	if (charset_is_utf8(o->charset))
		return 0;
	if (charset_open(&charset, o->charset, e) < 0)
		return -1;
	charset_free(charset);
	return 0;
}

int
csv_check_options(
    const struct csv_options *o, const char **option, struct err *e)
{
	const struct {
		const char *option, *format;
	} formats[] = { { "date", o->date }, { "time", o->time },
		{ "timestamp", o->timestamp } };

	*option = "null";
	if (check_null(o, e) < 0)
		goto wrong;
	*option = "boolean";
	if (check_boolean(o, e) < 0)
		goto wrong;
	*option = "charset";
	if (check_charset(o, e) < 0)
		goto wrong;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		*option = formats[i].option;
		if (formats[i].format != NULL &&
		    value_check_format(formats[i].format, e) < 0)
			goto wrong;
	}
	return 0;
wrong:
	return err_in(e, "file.%s", *option);
}

/* Whether a column's values go as they come, as far as options go. */
static bool
is_plain(const struct csv_options *o)
{
	return o->quote == CSV_QUOTE_MINIMAL && charset_is_utf8(o->charset) &&
	    o->formula == CSV_FORMULA_KEEP && o->date == NULL &&
	    o->time == NULL && o->timestamp == NULL && o->boolean == NULL &&
	    (o->null == NULL || o->null[0] == '\0');
}

static int
put_mark(struct csv *c, struct err *e)
{
	if (buf_puts(&c->buf, "\xef\xbb\xbf", e) < 0)
		return -1;
	if (c->charset != NULL &&
	    charset_convert(c->charset, &c->buf, 0, NULL, e) < 0)
		return err_set(e, ERR_SPEC,
		    "%s has no byte order mark; leave file.bom out",
		    c->options.charset);
	return 0;
}

int
csv_open(struct csv *c, const struct csv_options *options, struct out *out,
    const struct columns *columns, struct err *e)
{
	csv_release(c);
	*c = (struct csv)CSV_INIT;
	c->options = *options;
	c->out = out;
	c->columns = columns->items;
	c->n_columns = columns->n;
	c->is_plain = is_plain(options);
	if (c->options.null == NULL)
		c->options.null = "";
	c->null_length = strlen(c->options.null);
	buf_init(&c->buf, csv_buffer_max);
	buf_init(&c->value, csv_buffer_max);
	if (buf_reserve(&c->buf, CSV_CHUNK + CSV_SLACK / 16, e) < 0)
		return -1;
	if (!charset_is_utf8(options->charset) &&
	    charset_open(&c->charset, options->charset, e) < 0)
		return -1;
	return options->bom ? put_mark(c, e) : 0;
}

/* Some bytes. */
struct text {
	const char *data;
	size_t n;
};

/* Hand everything to the out; a buffer that grew for a long value goes. */
static int
flush(struct csv *c, struct err *e)
{
	if (c->buf.length == 0)
		return 0;
	if (out_write(c->out, c->buf.data, c->buf.length, e) < 0)
		return -1;
	c->bytes += c->buf.length;
	if (c->buf.capacity > CSV_SLACK)
		buf_release(&c->buf);
	else
		buf_reset(&c->buf);
	return 0;
}

/* The bytes with each quote doubled; the caller has reserved twice as many. */
static char *
put_doubled(char *to, const char *data, size_t n)
{
	const char *end = data + n;

	while (data < end) {
		const char *quote = memchr(data, '"', (size_t)(end - data));
		size_t run = (size_t)((quote != NULL ? quote + 1 : end) - data);

		memcpy(to, data, run);
		to += run;
		data += run;
		if (quote != NULL)
			*to++ = '"';
	}
	return to;
}

/* What stands behind a field. */
static char *
put_end(const struct csv *c, char *to, bool is_last)
{
	if (!is_last)
		*to++ = c->options.delimiter;
	else {
		if (c->options.crlf)
			*to++ = '\r';
		*to++ = '\n';
	}
	return to;
}

/* A field, well-formed, and what stands behind it. */
static int
put_field(
    struct csv *c, struct text t, bool quoted, bool is_last, struct err *e)
{
	char *to;

	if (t.n > csv_buffer_max / 2 - CSV_ENDS ||
	    buf_reserve(&c->buf, 2 * t.n + CSV_ENDS, e) < 0)
		return -1;
	to = c->buf.data + c->buf.length;
	if (quoted) {
		*to++ = '"';
		to = put_doubled(to, t.data, t.n);
		*to++ = '"';
	} else if (t.n > 0) {
		memcpy(to, t.data, t.n);
		to += t.n;
	}
	to = put_end(c, to, is_last);
	c->buf.length = (size_t)(to - c->buf.data);
	return 0;
}

/*
 * A lone \. ends the data for psql's \copy, even inside quotes when it stands
 * on a line of its own (PostgreSQL before 18), so it is quoted.
 */
static bool
is_lone_end(struct text t)
{
	return t.n == 2 && t.data[0] == '\\' && t.data[1] == '.';
}

static bool
is_null_word(const struct csv *c, struct text t)
{
	return t.n == c->null_length &&
	    memcmp(t.data, c->options.null, t.n) == 0;
}

/* An empty record would be an empty line, which many readers drop. */
static bool
needs_quotes(const struct csv *c, size_t i, struct text t, unsigned found)
{
	switch (c->options.quote) {
	case CSV_QUOTE_ALL:
	case CSV_QUOTE_NONNULL:
		return true;
	case CSV_QUOTE_TEXT:
		if (c->columns[i].kind == COLUMN_TEXT)
			return true;
		break;
	default:
		break;
	}
	return (found & SCAN_QUOTES) != 0 || is_null_word(c, t) ||
	    (t.n == 0 && c->n_columns == 1) || is_lone_end(t);
}

static int
refuse_nul(struct err *e)
{
	(void)err_set(e, ERR_DATA, "the value holds a NUL byte");
	return err_hint(e,
	    "No loader of CSV takes it: remove it in the query, or set "
	    "file.invalid = \"replace\".");
}

static int
refuse_invalid(struct err *e)
{
	(void)err_set(e, ERR_DATA, "the value is not UTF-8");
	return err_hint(e,
	    "The data itself or the driver's character set is wrong, see "
	    "drivers.md on this driver; file.invalid = \"replace\" writes "
	    "U+FFFD for what cannot be read.");
}

/*
 * Make *t well-formed: NUL bytes and what is no UTF-8 are an error, or U+FFFD,
 * which then stands in a buffer with what is right.
 */
static int
repair(struct csv *c, struct buf *into, unsigned found, struct text *t,
    struct err *e)
{
	const char *at = t->data, *end = t->data + t->n;

	if ((found & SCAN_NUL) == 0 && utf8_is_valid(t->data, t->n))
		return 0;
	if (c->options.invalid == CSV_INVALID_FAIL)
		return (found & SCAN_NUL) != 0 ? refuse_nul(e) :
						 refuse_invalid(e);
	buf_reset(into);
	while (at < end) {
		const char *nul = memchr(at, '\0', (size_t)(end - at));
		size_t run = (size_t)((nul != NULL ? nul : end) - at);

		if (utf8_put_repaired(into, at, run, &c->counts.replaced, e) <
		    0)
			return -1;
		at += run;
		if (nul == NULL)
			break;
		if (buf_puts(into, "\xef\xbf\xbd", e) < 0)
			return -1;
		c->counts.replaced++;
		at++;
	}
	if (buf_reserve(into, BLOCK_SLACK, e) < 0)
		return -1;
	t->data = into->data;
	t->n = into->length;
	return 0;
}

/* From `from` on, the buffer's bytes become those of the charset. */
static int
convert(struct csv *c, size_t from, struct err *e)
{
	bool may_replace = c->options.invalid == CSV_INVALID_REPLACE;

	if (c->charset == NULL)
		return 0;
	return charset_convert(c->charset, &c->buf, from,
	    may_replace ? &c->counts.replaced : NULL, e);
}

/* OWASP, CSV injection: what a spreadsheet takes for a formula. */
static bool
is_formula(const struct csv *c, size_t i, struct text t)
{
	return c->options.formula != CSV_FORMULA_KEEP &&
	    c->columns[i].kind == COLUMN_TEXT && t.n > 0 &&
	    strchr("=+-@\t\r", t.data[0]) != NULL && t.data[0] != '\0';
}

static int
refuse_formula(struct err *e)
{
	(void)err_set(e, ERR_DATA,
	    "the text begins as a formula does, and file.formula is \"fail\"");
	return err_hint(e,
	    "Spreadsheets run a text that begins with = + - @; file.formula = "
	    "\"quote\" puts an apostrophe in front.");
}

static int
put_apostrophe(struct csv *c, struct buf *b, struct err *e)
{
	if (c->options.formula == CSV_FORMULA_FAIL)
		return refuse_formula(e);
	c->counts.prefixed++;
	return buf_put(b, "'", 1, e);
}

/* A text with an apostrophe in front, in a buffer of its own. */
static int
prefix(struct csv *c, struct buf *into, struct text *t, struct err *e)
{
	struct buf prefixed = BUF_INIT(csv_buffer_max);

	if (put_apostrophe(c, &prefixed, e) < 0 ||
	    buf_put(&prefixed, t->data, t->n, e) < 0) {
		buf_release(&prefixed);
		return -1;
	}
	buf_release(into);
	*into = prefixed;
	t->data = into->data;
	t->n = into->length;
	return 0;
}

static bool
is_last_column(const struct csv *c, size_t i)
{
	return i + 1 == c->n_columns;
}

/* A text with its options applied. */
static int
put_text(struct csv *c, size_t i, struct text t, struct err *e)
{
	struct buf changed = BUF_INIT(csv_buffer_max);
	size_t from = c->buf.length;
	unsigned found = scan_field(t.data, t.n, c->options.delimiter);
	int rc = -1;

	if ((found & (SCAN_NUL | SCAN_HIGH)) != 0 &&
	    repair(c, &changed, found, &t, e) < 0)
		goto out;
	if (is_formula(c, i, t) && prefix(c, &changed, &t, e) < 0)
		goto out;
	rc = put_field(
	    c, t, needs_quotes(c, i, t, found), is_last_column(c, i), e);
	if (rc == 0)
		rc = convert(c, from, e);
out:
	buf_release(&changed);
	return rc;
}

static int
put_null(struct csv *c, size_t i, struct err *e)
{
	const struct text t = { c->options.null, c->null_length };
	size_t from = c->buf.length;

	if (put_field(c, t, c->options.quote == CSV_QUOTE_ALL,
		is_last_column(c, i), e) < 0)
		return -1;
	return convert(c, from, e);
}

/* A cell in another form than it came in. */
static int
put_formed(struct csv *c, size_t i, const struct cell *cell, struct err *e)
{
	const char *format = value_format(&c->options, c->columns[i].kind);
	const struct cell_part whole = { cell->data, cell->length, cell->form,
		false };
	struct value_carry carry = { { 0 }, 0 };
	struct text t = { cell->data, cell->length };
	int rc;

	if (cell->form == CELL_TEXT && format == NULL)
		return put_text(c, i, t, e);
	buf_reset(&c->value);
	if (cell->form == CELL_BYTES)
		rc = value_put_bytes(
		    &c->value, c->options.binary, &whole, &carry, e);
	else
		rc = value_put_formatted(
		    &c->value, format, c->columns[i].kind, cell, e);
	if (rc < 0 || buf_reserve(&c->value, BLOCK_SLACK, e) < 0)
		return -1;
	t.data = c->value.data;
	t.n = c->value.length;
	rc = put_text(c, i, t, e);
	if (c->value.capacity > CSV_SLACK)
		buf_release(&c->value);
	return rc;
}

/* A value on its way through, part by part. */
struct passage {
	struct value_carry bytes; /* of base64 */
	char tail[4];		  /* the beginning of a character */
	size_t n_tail;
};

/* Doubled quotes and the charset; data is well-formed. */
static int
put_run(struct csv *c, const char *data, size_t n, struct err *e)
{
	size_t from = c->buf.length;

	if (buf_reserve(&c->buf, 2 * n + CSV_ENDS, e) < 0)
		return -1;
	c->buf.length = (size_t)(put_doubled(c->buf.data + from, data, n) -
	    c->buf.data);
	if (convert(c, from, e) < 0)
		return -1;
	return c->buf.length >= CSV_CHUNK ? flush(c, e) : 0;
}

static int
put_checked_run(struct csv *c, const char *data, size_t n, struct err *e)
{
	struct text t = { data, n };
	unsigned found = 0;

	if (n > 0 && memchr(data, '\0', n) != NULL)
		found = SCAN_NUL;
	if (n > 0 && repair(c, &c->value, found, &t, e) < 0)
		return -1;
	return put_run(c, t.data, t.n, e);
}

/* The bytes in the tail that cannot go on any more go out. */
static int
put_tail(struct csv *c, struct passage *p, bool is_last, struct err *e)
{
	size_t kept = is_last ? 0 : utf8_unfinished(p->tail, p->n_tail);
	size_t n = p->n_tail - kept;

	if (n > 0 && put_checked_run(c, p->tail, n, e) < 0)
		return -1;
	memmove(p->tail, p->tail + n, kept);
	p->n_tail = kept;
	return 0;
}

/* A part of a text: a character that goes on in the next part waits. */
static int
put_text_part(struct csv *c, struct passage *p, const struct cell_part *part,
    struct err *e)
{
	const char *data = part->data;
	size_t n = part->length, unfinished;

	for (; p->n_tail > 0 && n > 0; n--) {
		p->tail[p->n_tail++] = *data++;
		if (put_tail(c, p, false, e) < 0)
			return -1;
	}
	unfinished = utf8_unfinished(data, n);
	if (put_checked_run(c, data, n - unfinished, e) < 0)
		return -1;
	if (unfinished > 0) {
		memcpy(p->tail, data + n - unfinished, unfinished);
		p->n_tail = unfinished;
	}
	return part->more ? 0 : put_tail(c, p, true, e);
}

static int
put_bytes_part(struct csv *c, struct passage *p, const struct cell_part *part,
    struct err *e)
{
	buf_reset(&c->value);
	if (value_put_bytes(&c->value, c->options.binary, part, &p->bytes, e) <
	    0)
		return -1;
	return put_run(c, buf_text(&c->value), c->value.length, e);
}

/* A value of several parts; the first one is there. */
static int
put_long(struct csv *c, const struct block *block, size_t i,
    struct cell_part *part, struct err *e)
{
	const struct text begin = { part->data, part->length };
	struct passage p = { .n_tail = 0 };
	size_t from = c->buf.length;

	if (buf_put(&c->buf, "\"", 1, e) < 0)
		return -1;
	if (part->form == CELL_TEXT && is_formula(c, i, begin) &&
	    put_apostrophe(c, &c->buf, e) < 0)
		return -1;
	if (convert(c, from, e) < 0)
		return -1;
	for (;;) {
		if (part->form == CELL_TEXT ?
			put_text_part(c, &p, part, e) < 0 :
			put_bytes_part(c, &p, part, e) < 0)
			return -1;
		if (!part->more)
			break;
		if (block->read(block->reader, i, part, e) < 0)
			return -1;
	}
	from = c->buf.length;
	if (buf_put(&c->buf, "\"", 1, e) < 0 ||
	    buf_reserve(&c->buf, CSV_ENDS, e) < 0)
		return -1;
	c->buf.length = (size_t)(put_end(c, c->buf.data + c->buf.length,
				     is_last_column(c, i)) -
	    c->buf.data);
	return convert(c, from, e);
}

/* A value that must be read first; short ones are as any other then. */
static int
put_lazy(struct csv *c, const struct block *block, size_t i, struct err *e)
{
	struct cell_part part = { NULL, 0, CELL_TEXT, false };
	struct cell cell = { .is_lazy = false };

	if (block->read(block->reader, i, &part, e) < 0)
		return -1;
	if (part.data == NULL)
		return put_null(c, i, e);
	if (part.more)
		return put_long(c, block, i, &part, e);
	cell.data = part.data;
	cell.length = part.length;
	cell.form = part.form;
	return put_formed(c, i, &cell, e);
}

/* The short way of most files: nothing but a look at the bytes. */
static int
put_plain(struct csv *c, size_t i, const struct cell *cell, struct err *e)
{
	const struct text t = { cell->data, cell->length };
	bool quoted;
	unsigned found;

	if (cell->data == NULL)
		return put_field(c, t, false, is_last_column(c, i), e);
	if (cell->form != CELL_TEXT)
		return put_formed(c, i, cell, e);
	found = scan_field(t.data, t.n, c->options.delimiter);
	if ((found & SCAN_NUL) != 0 ||
	    ((found & SCAN_HIGH) != 0 && !utf8_is_valid(t.data, t.n)))
		return put_text(c, i, t, e);
	quoted = (found & SCAN_QUOTES) != 0 || t.n == 0 || is_lone_end(t);
	return put_field(c, t, quoted, is_last_column(c, i), e);
}

static int
put_cell(struct csv *c, const struct block *block, size_t i,
    const struct cell *cell, struct err *e)
{
	if (cell->is_lazy)
		return put_lazy(c, block, i, e);
	if (c->is_plain)
		return put_plain(c, i, cell, e);
	if (cell->data == NULL)
		return put_null(c, i, e);
	return put_formed(c, i, cell, e);
}

static int
put_record(struct csv *c, const struct block *block, const struct cell *cells,
    struct err *e)
{
	for (size_t i = 0; i < c->n_columns; i++)
		if (put_cell(c, block, i, &cells[i], e) < 0)
			return err_in(e, "row %llu, column '%s'",
			    (unsigned long long)c->rows + 1,
			    c->columns[i].name);
	c->rows++;
	return 0;
}

/* Bytes that a row takes at most, or 0 when it is not to be taken at once. */
static size_t
row_room(const struct csv *c, const struct cell *cells)
{
	size_t room = 0;

	for (size_t i = 0; i < c->n_columns; i++) {
		const struct cell *cell = &cells[i];

		if (cell->is_lazy)
			return 0;
		if (cell->data == NULL)
			continue;
		if (cell->form != CELL_TEXT || cell->length > CSV_SLACK)
			return 0;
		room += 2 * cell->length;
	}
	return room + 4 * c->n_columns + SCAN_SPILL;
}

/* A text that is quoted, or NULL when it is not to be written as it is. */
static char *
put_quoted(char *to, struct text t, unsigned found)
{
	if ((found & SCAN_NUL) != 0 ||
	    ((found & SCAN_HIGH) != 0 && !utf8_is_valid(t.data, t.n)))
		return NULL;
	if ((found & SCAN_QUOTES) == 0 && t.n > 0 && !is_lone_end(t))
		return to + t.n; /* valid, and copied already */
	*to++ = '"';
	to = scan_double_quotes(to, t.data, t.n);
	*to++ = '"';
	return to;
}

/*
 * A whole row of texts in one go: most of what this program ever writes. 1, or
 * 0 when it is not as simple as that, and nothing is written.
 */
static int
put_plain_row(struct csv *c, const struct cell *cells, struct err *e)
{
	const char delimiter = c->options.delimiter;
	size_t room = row_room(c, cells);
	char *to;

	if (room == 0)
		return 0;
	if (buf_reserve(&c->buf, room, e) < 0)
		return -1;
	to = c->buf.data + c->buf.length;
	for (size_t i = 0; i < c->n_columns; i++) {
		const struct text t = { cells[i].data, cells[i].length };
		unsigned found;

		if (t.data != NULL) {
			found = scan_copy(to, t.data, t.n, delimiter);
			if (found == 0 && t.n > 2)
				to += t.n;
			else if ((to = put_quoted(to, t, found)) == NULL)
				return 0;
		}
		*to++ = delimiter;
	}
	to = put_end(c, to - 1, true);
	c->buf.length = (size_t)(to - c->buf.data);
	c->rows++;
	return 1;
}

/* Names have no slack behind them: they are scanned byte by byte. */
static int
put_name(struct csv *c, size_t i, struct err *e)
{
	const struct text name = { c->columns[i].name,
		strlen(c->columns[i].name) };
	size_t from = c->buf.length;
	unsigned found = scan_field_scalar(
	    name.data, name.n, c->options.delimiter);
	bool quoted = needs_quotes(c, i, name, found) ||
	    c->options.quote == CSV_QUOTE_TEXT;

	if (!utf8_is_valid(name.data, name.n))
		return err_set(
		    e, ERR_DATA, "the name of column %zu is not UTF-8", i + 1);
	if (put_field(c, name, quoted, is_last_column(c, i), e) < 0)
		return -1;
	return convert(c, from, e);
}

int
csv_put_header(struct csv *c, struct err *e)
{
	if (!c->options.header)
		return 0;
	for (size_t i = 0; i < c->n_columns; i++)
		if (put_name(c, i, e) < 0)
			return err_in(e, "in the header");
	return 0;
}

int
csv_put_block(struct csv *c, const struct block *block, struct err *e)
{
	for (size_t i = 0; i < block->n_rows; i++) {
		const struct cell *cells = block->cells + i * block->n_columns;
		int rc = c->is_plain ? put_plain_row(c, cells, e) : 0;

		if (rc == 0)
			rc = put_record(c, block, cells, e);
		if (rc < 0 || (c->buf.length >= CSV_CHUNK && flush(c, e) < 0))
			return -1;
	}
	return 0;
}

int
csv_finish(struct csv *c, struct err *e)
{
	return flush(c, e);
}

void
csv_release(struct csv *c)
{
	charset_free(c->charset);
	c->charset = NULL;
	buf_release(&c->buf);
	buf_release(&c->value);
}
