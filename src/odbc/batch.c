/*
 * batch.c - how many rows a driver fetches at once from a cursor
 *
 * Where a column may hold anything, the next row may be much longer than all
 * before: then a batch has fewer rows.
 */
#include "odbc/batch.h"

enum {
	BATCH_FIRST = 10,	    /* rows, before any is known (quirk.c) */
	BATCH_MOST = 1000,	    /* beyond that nothing is gained */
	BATCH_MOST_UNBOUNDED = 200, /* 10 % slower, where lengths are open */
	BATCH_BYTES = 2 * 1024 * 1024,
	BATCH_OPEN = 255 /* what psqlODBC says of a text without a length */
};

static void
tell(struct batch *b, uintptr_t rows)
{
	b->rows = rows;
	b->left = rows;
	(void)SQLSetConnectAttr(b->session->connection,
	    b->session->quirk->batch_attribute, (SQLPOINTER)rows, 0);
}

/* Whether a column's values may be of any length, whatever came before. */
static bool
is_open(const struct column *c)
{
	if (c->kind == COLUMN_BINARY)
		return true;
	return c->kind == COLUMN_TEXT &&
	    (c->size == 0 || c->size >= BATCH_OPEN);
}

void
batch_begin(struct batch *b, const struct statement *st)
{
	b->session = st->session;
	b->is_set = st->session->sets_batch;
	b->is_unbounded = false;
	b->largest = 1;
	b->rows = b->left = BATCH_FIRST;
	for (size_t i = 0; i < st->shown.n; i++)
		if (is_open(&st->shown.columns[i]))
			b->is_unbounded = true;
}

void
batch_end(struct batch *b)
{
	if (b->is_set && b->rows != BATCH_FIRST)
		tell(b, BATCH_FIRST);
}

void
batch_count(struct batch *b, size_t bytes)
{
	uintptr_t most = b->is_unbounded ? BATCH_MOST_UNBOUNDED : BATCH_MOST;
	uintptr_t rows;

	if (!b->is_set)
		return;
	if (bytes > b->largest)
		b->largest = bytes;
	if (b->left > 0 && --b->left > 0)
		return;
	rows = BATCH_BYTES / b->largest;
	if (rows < 1)
		rows = 1;
	if (rows > most)
		rows = most;
	if (rows != b->rows)
		tell(b, rows);
	else
		b->left = rows;
}
