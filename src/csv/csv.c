/*
 * csv.c - write rows as RFC 4180 CSV
 *
 * Decides for each field whether it is quoted and writes it once, into a
 * buffer that is handed on in large pieces. It does not change values: what
 * a value looks like as text is decided by odbc/fetch.c.
 */
#include <string.h>

#include "csv/csv.h"
#include "csv/scan.h"

enum {
	CSV_CHUNK = 256 * 1024,	    /* handed to the out at once */
	CSV_SLACK = 4 * 1024 * 1024 /* beyond the chunk, kept */
};

/* A single value may be as large as memory allows; quotes may double it. */
static const size_t csv_buffer_max = SIZE_MAX / 4;

int
csv_open(struct csv *c, const struct csv_options *options, struct out *out,
    size_t n_columns, struct err *e)
{
	c->options = *options;
	c->out = out;
	c->n_columns = n_columns;
	c->rows = 0;
	c->bytes = 0;
	buf_release(&c->buf);
	buf_init(&c->buf, csv_buffer_max);
	return buf_reserve(&c->buf, CSV_CHUNK + CSV_SLACK / 16, e);
}

/* Hand everything to the out; a buffer that grew for a long value goes. */
static int
flush(struct csv *c, struct err *e)
{
	if (c->buf.length == 0)
		return 0;
	if (out_write(c->out, c->buf.data, c->buf.length, e) < 0)
		return -1;
	if (c->buf.capacity > CSV_SLACK)
		buf_release(&c->buf);
	else
		buf_reset(&c->buf);
	return 0;
}

/* "..." with each quote doubled; the caller has reserved 2n + 2 bytes. */
static char *
put_quoted(char *to, const char *data, size_t n)
{
	const char *end = data + n;

	*to++ = '"';
	while (data < end) {
		const char *quote = memchr(data, '"', (size_t)(end - data));
		size_t run = (size_t)((quote != NULL ? quote + 1 : end) - data);

		memcpy(to, data, run);
		to += run;
		data += run;
		if (quote != NULL)
			*to++ = '"';
	}
	*to++ = '"';
	return to;
}

/*
 * A lone \. ends the data for psql's \copy, even inside quotes when it stands
 * on a line of its own (facts: PostgreSQL before 18), so it is quoted.
 */
static bool
is_quoted(const struct csv *c, const struct cell *cell)
{
	return cell->length == 0 ||
	    scan_needs_quotes(cell->data, cell->length, c->options.delimiter) ||
	    (cell->length == 2 && memcmp(cell->data, "\\.", 2) == 0);
}

/* Write a field and the byte(s) after it. */
static int
put_field(struct csv *c, const struct cell *cell, bool is_last, struct err *e)
{
	char *to;

	if (cell->length > csv_buffer_max / 2 - 8 ||
	    buf_reserve(&c->buf, 2 * cell->length + 8, e) < 0)
		return -1;
	to = c->buf.data + c->buf.length;
	if (cell->data == NULL)
		;
	else if (is_quoted(c, cell))
		to = put_quoted(to, cell->data, cell->length);
	else {
		memcpy(to, cell->data, cell->length);
		to += cell->length;
	}
	if (!is_last)
		*to++ = c->options.delimiter;
	else {
		if (c->options.crlf)
			*to++ = '\r';
		*to++ = '\n';
	}
	c->bytes += (size_t)(to - c->buf.data) - c->buf.length;
	c->buf.length = (size_t)(to - c->buf.data);
	return 0;
}

static int
put_record(struct csv *c, const struct cell *cells, struct err *e)
{
	for (size_t i = 0; i < c->n_columns; i++)
		if (put_field(c, &cells[i], i + 1 == c->n_columns, e) < 0)
			return -1;
	return c->buf.length >= CSV_CHUNK ? flush(c, e) : 0;
}

/* Names have no slack behind them, so they are copied to where they have. */
static int
put_name(struct csv *c, const char *name, bool is_last, struct err *e)
{
	size_t n = strlen(name);
	struct buf copy = BUF_INIT(csv_buffer_max);
	struct cell cell;
	int rc;

	if (buf_reserve(&copy, n + BLOCK_SLACK, e) < 0)
		return -1;
	memset(copy.data, 0, n + BLOCK_SLACK);
	memcpy(copy.data, name, n);
	cell.data = copy.data;
	cell.length = n;
	rc = put_field(c, &cell, is_last, e);
	buf_release(&copy);
	return rc;
}

int
csv_put_header(struct csv *c, const struct column *columns, struct err *e)
{
	if (!c->options.header)
		return 0;
	for (size_t i = 0; i < c->n_columns; i++)
		if (put_name(c, columns[i].name, i + 1 == c->n_columns, e) < 0)
			return -1;
	return 0;
}

int
csv_put_block(struct csv *c, const struct block *block, struct err *e)
{
	for (size_t i = 0; i < block->n_rows; i++)
		if (put_record(c, block->cells + i * block->n_columns, e) < 0)
			return -1;
	c->rows += block->n_rows;
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
	buf_release(&c->buf);
}
