/*
 * inspect.c - look at the values of a file while they are written
 *
 * Whether a key came before is distinct.c's to find out; what the results are
 * worth, check.c's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "job/check.h"
#include "job/distinct.h"
#include "job/inspect.h"

enum { NO_COLUMN = -1, KEY_MAX = 2 * DISTINCT_KEY_MAX };

/* A value that is heard part by part. */
struct heard {
	bool is_key;  /* its bytes are wanted */
	bool is_null; /* of the current row */
	struct buf value;
};

struct inspect {
	const struct checks *checks; /* borrowed */
	const char *dir;	     /* borrowed */
	long *not_null;		     /* column of each name, or NO_COLUMN */
	long *unique;		     /* likewise */
	uint64_t *nulls;	     /* of each name of not_null */
	uint64_t *first_null;	     /* its row */
	struct heard *heard;	     /* of each column */
	size_t n_columns;
	struct distinct *distinct; /* NULL when there is no whole key */
	struct buf key;
	uint64_t rows;
	const struct block *from; /* what block is made of */
	struct block block;	  /* with our reader */
};

int
inspect_new(struct inspect **inspect, const struct checks *c, const char *dir,
    struct err *e)
{
	struct inspect *i;

	*inspect = NULL;
	if (c->n_not_null == 0 && c->n_unique == 0)
		return 0;
	i = calloc(1, sizeof(*i));
	if (i == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	i->checks = c;
	i->dir = dir;
	buf_init(&i->key, KEY_MAX);
	i->not_null = calloc(c->n_not_null + 1, sizeof(*i->not_null));
	i->nulls = calloc(c->n_not_null + 1, sizeof(*i->nulls));
	i->first_null = calloc(c->n_not_null + 1, sizeof(*i->first_null));
	i->unique = calloc(c->n_unique + 1, sizeof(*i->unique));
	if (i->not_null == NULL || i->nulls == NULL || i->first_null == NULL ||
	    i->unique == NULL) {
		inspect_free(i);
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	*inspect = i;
	return 0;
}

static void
release_heard(struct inspect *i)
{
	for (size_t k = 0; k < i->n_columns; k++)
		buf_release(&i->heard[k].value);
	free(i->heard);
	i->heard = NULL;
	i->n_columns = 0;
}

static long
find_column(const struct columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->n; i++)
		if (strcmp(columns->items[i].name, name) == 0)
			return (long)i;
	return NO_COLUMN;
}

static int
begin_key(struct inspect *i, const struct columns *columns, struct err *e)
{
	bool is_whole = i->checks->n_unique > 0;

	for (size_t k = 0; k < i->checks->n_unique; k++) {
		i->unique[k] = find_column(columns, i->checks->unique[k]);
		if (i->unique[k] == NO_COLUMN)
			is_whole = false;
		else
			i->heard[i->unique[k]].is_key = true;
	}
	return is_whole ? distinct_new(&i->distinct, i->dir, e) : 0;
}

int
inspect_begin(struct inspect *i, const struct columns *columns, struct err *e)
{
	release_heard(i);
	distinct_free(i->distinct);
	i->distinct = NULL;
	i->rows = 0;
	i->heard = calloc(columns->n + 1, sizeof(*i->heard));
	if (i->heard == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	i->n_columns = columns->n;
	for (size_t k = 0; k < columns->n; k++)
		buf_init(&i->heard[k].value, KEY_MAX);
	for (size_t k = 0; k < i->checks->n_not_null; k++) {
		i->not_null[k] = find_column(columns, i->checks->not_null[k]);
		i->nulls[k] = 0;
	}
	return begin_key(i, columns, e);
}

/* Read the next part of a value for the file, and keep what we want of it. */
static int
hear(void *reader, size_t column, struct cell_part *part, struct err *e)
{
	struct inspect *i = reader;
	struct heard *h = &i->heard[column];

	if (i->from->read(i->from->reader, column, part, e) < 0)
		return -1;
	if (part->data == NULL) {
		h->is_null = true;
		return 0;
	}
	if (!h->is_key)
		return 0;
	if (part->length > DISTINCT_KEY_MAX - h->value.length)
		return err_set(e, ERR_DATA,
		    "checks.unique: a value of more than %d bytes cannot be "
		    "compared",
		    DISTINCT_KEY_MAX);
	return buf_put(&h->value, part->data, part->length, e);
}

const struct block *
inspect_listen(struct inspect *i, const struct block *block)
{
	if (block->n_rows != 1)
		return block; /* all of them are there */
	for (size_t k = 0; k < i->n_columns; k++) {
		i->heard[k].is_null = false;
		buf_reset(&i->heard[k].value);
	}
	i->from = block;
	i->block = *block;
	i->block.read = hear;
	i->block.reader = i;
	return &i->block;
}

static bool
is_null(const struct inspect *i, const struct cell *cells, long column)
{
	return cells[column].is_lazy ? i->heard[column].is_null :
				       cells[column].data == NULL;
}

/* The values of the key, each behind its length; 0 when one is NULL. */
static int
build_key(struct inspect *i, const struct cell *cells, struct err *e)
{
	buf_reset(&i->key);
	for (size_t k = 0; k < i->checks->n_unique; k++) {
		long column = i->unique[k];
		const struct cell *cell = &cells[column];
		const struct heard *h = &i->heard[column];
		const char *data = cell->is_lazy ? buf_text(&h->value) :
						   cell->data;
		size_t n = cell->is_lazy ? h->value.length : cell->length;

		if (is_null(i, cells, column))
			return 0;
		if (n > DISTINCT_KEY_MAX ||
		    buf_put(&i->key, &n, sizeof(n), e) < 0 ||
		    buf_put(&i->key, data, n, e) < 0)
			return err_set(e, ERR_DATA,
			    "checks.unique: the value of row %" PRIu64
			    " is too long to be compared",
			    i->rows);
	}
	return 1;
}

static int
inspect_row(struct inspect *i, const struct cell *cells, struct err *e)
{
	int whole;

	i->rows++;
	for (size_t k = 0; k < i->checks->n_not_null; k++)
		if (i->not_null[k] != NO_COLUMN &&
		    is_null(i, cells, i->not_null[k]) && i->nulls[k]++ == 0)
			i->first_null[k] = i->rows;
	if (i->distinct == NULL)
		return 0;
	whole = build_key(i, cells, e);
	if (whole <= 0)
		return whole;
	return distinct_add(
	    i->distinct, i->key.data, i->key.length, i->rows, e);
}

int
inspect_block(struct inspect *i, const struct block *block, struct err *e)
{
	for (size_t k = 0; k < block->n_rows; k++)
		if (inspect_row(i, block->cells + k * block->n_columns, e) < 0)
			return -1;
	return 0;
}

static void
report_null(const struct inspect *i, size_t k, struct guard_result *r)
{
	const char *name = i->checks->not_null[k];

	check_begin(r, "not_null");
	(void)snprintf(
	    r->expected, sizeof(r->expected), "no NULL in \"%s\"", name);
	r->passed = i->not_null[k] != NO_COLUMN && i->nulls[k] == 0;
	if (i->not_null[k] == NO_COLUMN)
		(void)snprintf(r->seen, sizeof(r->seen), "no such column");
	else if (r->passed)
		(void)snprintf(r->seen, sizeof(r->seen), "none");
	else
		(void)snprintf(r->seen, sizeof(r->seen),
		    "%" PRIu64 ", the first in row %" PRIu64, i->nulls[k],
		    i->first_null[k]);
}

static void
put_key_names(const struct inspect *i, char *text, size_t size)
{
	size_t used = 0;

	for (size_t k = 0; k < i->checks->n_unique && used < size; k++)
		used += (size_t)snprintf(text + used, size - used, "%s\"%s\"",
		    k > 0 ? ", " : "no two rows with the same ",
		    i->checks->unique[k]);
}

static int
report_unique(struct inspect *i, struct guard_result *r, struct err *e)
{
	uint64_t first = 0, second = 0;
	int found;

	check_begin(r, "unique");
	put_key_names(i, r->expected, sizeof(r->expected));
	if (i->distinct == NULL) {
		for (size_t k = 0; k < i->checks->n_unique; k++)
			if (i->unique[k] == NO_COLUMN)
				(void)snprintf(r->seen, sizeof(r->seen),
				    "no column \"%s\"", i->checks->unique[k]);
		return 0;
	}
	found = distinct_find(i->distinct, &first, &second, e);
	r->passed = found == 0;
	if (found == 0)
		(void)snprintf(r->seen, sizeof(r->seen), "none");
	else
		(void)snprintf(r->seen, sizeof(r->seen),
		    "rows %" PRIu64 " and %" PRIu64, first, second);
	return found < 0 ? -1 : 0;
}

int
inspect_report(struct inspect *i,
    int (*tell)(void *arg, const struct guard_result *r, struct err *e),
    void *arg, struct err *e)
{
	struct guard_result r;

	for (size_t k = 0; k < i->checks->n_not_null; k++) {
		report_null(i, k, &r);
		if (tell(arg, &r, e) < 0)
			return -1;
	}
	if (i->checks->n_unique == 0)
		return 0;
	if (report_unique(i, &r, e) < 0)
		return -1;
	return tell(arg, &r, e);
}

void
inspect_free(struct inspect *i)
{
	if (i == NULL)
		return;
	release_heard(i);
	distinct_free(i->distinct);
	buf_release(&i->key);
	free(i->not_null);
	free(i->nulls);
	free(i->first_null);
	free(i->unique);
	free(i);
}
