/*
 * fetch.c - rows into bound columns, and SQLGetData
 *
 * The common case, a text that fits its buffer, is a bare memcpy, so that the
 * driver costs a benchmark next to nothing; every lie goes through deliver()
 * (convert.c) one cell at a time. Only forwards, only SQL_FETCH_NEXT.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "play.h"

/* A block being filled. */
struct block {
	SQLULEN n;	 /* rows so far */
	SQLULEN limit;	 /* most rows */
	SQLULEN n_wrong; /* rows with a cell that could not be given */
	bool has_info;	 /* a record, or a cut cell that is told */
	SQLRETURN rc;	 /* decided by a step; SQL_SUCCESS if not */
};

/* Some rows of one step, and where they go in the block. */
struct run {
	const struct step *step;
	uint64_t row;  /* number of the first one in its step */
	SQLULEN first; /* its place in the block */
	SQLULEN n;     /* how many */
};

/* Where a bound column's values lie. */
struct lane {
	struct target to;   /* of the first row of the run */
	size_t data_step;   /* bytes from row to row */
	size_t length_step; /* the same for indicators */
	const struct column *column;
	const struct cell *cell;
};

static struct lane
lane_of(struct stmt *st, size_t i, const struct run *run)
{
	const struct binding *b = &st->bindings[i];
	size_t offset = st->bind_offset != NULL ? (size_t)*st->bind_offset : 0;
	struct lane lane = { .column = &st->result->columns[i],
		.cell = &run->step->cells[i] };
	SQLSMALLINT c_type = b->c_type == SQL_C_DEFAULT ?
	    c_type_default(lane.column->type) :
	    b->c_type;
	SQLLEN size = c_type_size(c_type, b->size);

	lane.data_step = st->bind_type != 0 ? st->bind_type : (size_t)size;
	lane.length_step = st->bind_type != 0 ? st->bind_type : sizeof(SQLLEN);
	lane.to = (struct target){ c_type,
		b->data + offset + run->first * lane.data_step, b->size, NULL };
	if (b->indicator != NULL)
		lane.to.indicator = (SQLLEN *)(void *)((char *)b->indicator +
		    offset + run->first * lane.length_step);
	return lane;
}

static void
next_target(struct lane *lane)
{
	lane->to.data += lane->data_step;
	if (lane->to.indicator != NULL)
		lane->to.indicator =
		    (SQLLEN *)(void *)((char *)lane->to.indicator +
			lane->length_step);
}

static bool
is_plain(const struct lane *lane, const struct lies *lies)
{
	return lane->to.c_type == SQL_C_CHAR &&
	    lane->column->type != SQL_BINARY &&
	    lane->column->type != SQL_VARBINARY &&
	    lane->column->type != SQL_LONGVARBINARY &&
	    lies->how[LIE_INDICATOR] == INDICATOR_EXACT &&
	    lies->how[LIE_TRUNCATION] != TRUNCATION_ALWAYS;
}

/* The same text in each row. */
static void
give_text(struct lane *lane, SQLULEN n)
{
	const size_t length = lane->cell->length;

	for (; n > 0; n--) {
		memcpy(lane->to.data, lane->cell->data, length + 1);
		if (lane->to.indicator != NULL)
			*lane->to.indicator = (SQLLEN)length;
		next_target(lane);
	}
}

/* One more, in decimal digits without leading zeros; the new length. */
static size_t
count_on(char digits[32], size_t n)
{
	size_t i = n;

	while (i > 0 && digits[i - 1] == '9')
		digits[--i] = '0';
	if (i > 0) {
		digits[i - 1]++;
		return n;
	}
	memmove(digits + 1, digits, n + 1);
	digits[0] = '1';
	return n + 1;
}

static void
give_counter(struct lane *lane, uint64_t row, SQLULEN n)
{
	struct value v;
	size_t length;

	cell_value(lane->cell, row, &v);
	length = (size_t)v.length;
	for (; n > 0; n--) {
		memcpy(lane->to.data, v.small, 24);
		if (lane->to.indicator != NULL)
			*lane->to.indicator = (SQLLEN)length;
		next_target(lane);
		length = count_on(v.small, length);
	}
}

static void
note_delivery(struct stmt *st, struct block *b, enum delivery how, SQLULEN row)
{
	int told = st->result->lies.how[LIE_TRUNCATION];

	if (how == DELIVERY_FAILED) {
		b->n_wrong++;
		if (st->row_status != NULL)
			st->row_status[row] = SQL_ROW_ERROR;
		return;
	}
	if (told != TRUNCATION_ALWAYS &&
	    !(how == DELIVERY_CUT && told == TRUNCATION_TOLD))
		return;
	b->has_info = true;
	if (st->row_status != NULL)
		st->row_status[row] = SQL_ROW_SUCCESS_WITH_INFO;
}

static void
give_any(
    struct stmt *st, struct block *b, struct lane *lane, const struct run *run)
{
	struct value v;
	struct parcel p = {
		.value = &v, .column = lane->column, .lies = &st->result->lies
	};

	for (SQLULEN i = 0; i < run->n; i++) {
		stmt_value(st, lane->cell, run->row + i, &v);
		note_delivery(st, b, deliver(&p, &lane->to, &st->h.diags),
		    run->first + i);
		next_target(lane);
	}
}

static void
give_column(struct stmt *st, struct block *b, size_t i, const struct run *run)
{
	struct lane lane = lane_of(st, i, run);
	bool plain = is_plain(&lane, &st->result->lies);

	if (plain && lane.cell->kind == CELL_TEXT &&
	    (SQLLEN)lane.cell->length < lane.to.size)
		give_text(&lane, run->n);
	else if (plain && lane.cell->kind == CELL_COUNTER && lane.to.size >= 24)
		give_counter(&lane, run->row, run->n);
	else
		give_any(st, b, &lane, run);
}

/* Milliseconds a row, unless the statement is cancelled meanwhile. */
static SQLRETURN
wait_for_rows(struct stmt *st, uint64_t ms)
{
	struct timespec tick = { 0, 1000000 };

	for (; ms > 0; ms--) {
		if (atomic_load(&st->is_cancelled))
			return diags_fail(
			    &st->h.diags, "HY008", "operation canceled");
		(void)nanosleep(&tick, NULL);
	}
	return SQL_SUCCESS;
}

static void
give_rows(struct stmt *st, struct block *b, const struct step *step)
{
	uint64_t left = (uint64_t)step->count - st->step_row;
	struct run run = { step, st->step_row, b->n, b->limit - b->n };

	if (run.n > left)
		run.n = (SQLULEN)left;
	b->rc = wait_for_rows(st, st->result->lies.slow_ms * run.n);
	if (b->rc != SQL_SUCCESS)
		return;
	if (b->n == 0) {
		st->get_step = step;
		st->get_row = run.row;
	}
	for (SQLULEN i = 0; st->row_status != NULL && i < run.n; i++)
		st->row_status[run.first + i] = SQL_ROW_SUCCESS;
	for (size_t i = 0; i < st->last_bound && i < st->result->n_columns; i++)
		if (st->bindings[i].data != NULL)
			give_column(st, b, i, &run);
	b->n += run.n;
	st->row += run.n;
	st->step_row += run.n;
	if (run.n == left) {
		st->step++;
		st->step_row = 0;
	}
}

/* An error, with rows of the same block in front of it or not. */
static bool
take_error(struct stmt *st, struct block *b, const struct step *step)
{
	int how = st->result->lies.how[LIE_MIDBLOCK];

	if (b->n > 0 && how == MIDBLOCK_ERROR)
		return false; /* the next call tells */
	st->step++;
	b->rc = call_step(&st->h, step);
	if (b->n > 0 && how == MIDBLOCK_INFO) {
		b->rc = SQL_SUCCESS;
		b->has_info = true;
		st->is_over = true;
	}
	return false;
}

/* The next step of the result; false when the block ends here. */
static bool
take_step(struct stmt *st, struct block *b)
{
	const struct step *step = &st->result->steps.all[st->step];
	SQLRETURN rc;

	if (st->step == st->result->steps.n) {
		st->is_over = true;
		return false;
	}
	switch (step->kind) {
	case STEP_ROW:
	case STEP_ROWS:
		give_rows(st, b, step);
		return b->rc == SQL_SUCCESS;
	case STEP_SHORT:
		st->step++;
		return b->n == 0;
	case STEP_ERROR:
		return take_error(st, b, step);
	case STEP_END:
		if (b->n > 0)
			return false;
		st->is_over = true;
		b->rc = call_step(&st->h, step);
		return false;
	default:
		st->step++;
		rc = call_step(&st->h, step);
		if (rc == SQL_SUCCESS_WITH_INFO)
			b->has_info = true;
		else
			b->rc = rc;
		return b->rc == SQL_SUCCESS;
	}
}

/* A note belongs to the rows in front of it. */
static void
take_notes(struct stmt *st, struct block *b)
{
	const struct steps *steps = &st->result->steps;

	while (b->n == b->limit && st->step < steps->n &&
	    steps->all[st->step].kind == STEP_NOTE) {
		(void)call_step(&st->h, &steps->all[st->step++]);
		b->has_info = true;
	}
}

static SQLRETURN
block_code(const struct block *b, SQLULEN array_size)
{
	if (b->rc != SQL_SUCCESS)
		return b->rc;
	if (b->n == 0)
		return SQL_NO_DATA;
	if (b->n_wrong > 0 && (array_size == 1 || b->n_wrong >= b->n))
		return SQL_ERROR;
	return b->has_info || b->n_wrong > 0 ? SQL_SUCCESS_WITH_INFO :
					       SQL_SUCCESS;
}

static void
tell_fetched(struct stmt *st, SQLRETURN rc, const struct block *b)
{
	const struct lies *lies = &st->result->lies;
	bool is_good = SQL_SUCCEEDED(rc);

	if (st->rows_fetched == NULL)
		return;
	switch (lies->how[LIE_FETCHED]) {
	case FETCHED_NEVER:
	case FETCHED_REFUSED:
		break;
	case FETCHED_UNTOUCHED:
		if (is_good)
			*st->rows_fetched = b->n;
		break;
	case FETCHED_GARBAGE:
		*st->rows_fetched = is_good ? b->n :
					      (SQLULEN)lies->arg[LIE_FETCHED];
		break;
	case FETCHED_FULL:
		*st->rows_fetched = is_good ? st->array_size : 0;
		break;
	default:
		*st->rows_fetched = is_good ? b->n : 0;
		break;
	}
}

static void
tell_status(struct stmt *st, const struct block *b)
{
	const struct lies *lies = &st->result->lies;

	if (lies->how[LIE_STATUS] == STATUS_RIGHT)
		for (SQLULEN i = b->n; i < st->array_size; i++)
			st->row_status[i] = SQL_ROW_NOROW;
	else if (lies->how[LIE_STATUS] == STATUS_ALL)
		for (SQLULEN i = 0; i < st->array_size; i++)
			st->row_status[i] = (SQLUSMALLINT)lies->arg[LIE_STATUS];
}

static SQLRETURN
fetch_block(struct stmt *st)
{
	struct block b = { .limit = st->array_size };
	SQLUSMALLINT *status = st->row_status;
	SQLRETURN rc;

	if (st->result == NULL)
		return diags_fail(
		    &st->h.diags, "24000", "invalid cursor state");
	if (st->result->lies.how[LIE_BLOCK] == BLOCK_SHORT &&
	    b.limit > (SQLULEN)st->result->lies.arg[LIE_BLOCK])
		b.limit = (SQLULEN)st->result->lies.arg[LIE_BLOCK];
	if (st->result->lies.how[LIE_STATUS] != STATUS_RIGHT)
		st->row_status = NULL; /* give_rows() leaves it alone */
	st->get_step = NULL;
	st->get_column = 0;
	while (!st->is_over && b.n < b.limit && take_step(st, &b))
		continue;
	take_notes(st, &b);
	rc = block_code(&b, st->array_size);
	st->in_block = SQL_SUCCEEDED(rc) ? b.n : 0;
	tell_fetched(st, rc, &b);
	st->row_status = status;
	if (status != NULL)
		tell_status(st, &b);
	return rc;
}

SQLRETURN SQL_API
SQLFetch(SQLHSTMT handle)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	st->in_block = 0;
	if (call_begin(&c, F_FETCH, &st->h))
		rc = fetch_block(st);
	return call_end(&c, rc, "rows=%llu", (unsigned long long)st->in_block);
}

SQLRETURN SQL_API
SQLFetchScroll(SQLHSTMT handle, SQLSMALLINT orientation, SQLLEN offset)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	(void)offset;
	st->in_block = 0;
	if (call_begin(&c, F_FETCH_SCROLL, &st->h)) {
		if (orientation == SQL_FETCH_NEXT)
			rc = fetch_block(st);
		else
			rc = diags_fail(
			    &st->h.diags, "HY106", "fetch type out of range");
	}
	return call_end(&c, rc, "%d rows=%llu", (int)orientation,
	    (unsigned long long)st->in_block);
}

SQLRETURN SQL_API
SQLBindCol(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT c_type,
    SQLPOINTER data, SQLLEN size, SQLLEN *indicator)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (call_begin(&c, F_BIND_COL, &st->h)) {
		if (number < 1 || number > STMT_COLUMNS)
			rc = diags_fail(&st->h.diags, "07009", "column %u",
			    (unsigned)number);
		else
			st->bindings[number - 1] = (struct binding){ c_type,
				data, size, indicator };
		if (rc == SQL_SUCCESS && data != NULL &&
		    number > st->last_bound)
			st->last_bound = number;
		while (st->last_bound > 0 &&
		    st->bindings[st->last_bound - 1].data == NULL)
			st->last_bound--;
	}
	return call_end(&c, rc, "%u c=%d size=%lld", (unsigned)number,
	    (int)c_type, (long long)size);
}

/* What SQL_GETDATA_EXTENSIONS allows (ODBC 3.8, SQLGetData). */
static SQLRETURN
check_extensions(struct stmt *st, size_t number)
{
	const struct answer *said = answers_find(
	    &st->h.dbc->script->info, SQL_GETDATA_EXTENSIONS);
	uint64_t allowed = said != NULL ? said->number : 0;
	struct diags *d = &st->h.diags;

	if (st->result->lies.how[LIE_GETDATA] == GETDATA_FREE)
		return SQL_SUCCESS;
	if (st->array_size > 1 && (allowed & SQL_GD_BLOCK) == 0)
		return diags_fail(d, "HY109",
		    "SQLGetData with an array of %llu rows",
		    (unsigned long long)st->array_size);
	if (st->bindings[number - 1].data != NULL &&
	    (allowed & SQL_GD_BOUND) == 0)
		return diags_fail(d, "07009", "column %zu is bound", number);
	if (number < st->last_bound && (allowed & SQL_GD_ANY_COLUMN) == 0)
		return diags_fail(
		    d, "07009", "column %zu stands before a bound one", number);
	if (number < st->get_column && (allowed & SQL_GD_ANY_ORDER) == 0)
		return diags_fail(
		    d, "07009", "column %zu was passed already", number);
	return SQL_SUCCESS;
}

/* A column that was not the last one asked for: from its beginning. */
static void
begin_column(struct stmt *st, size_t number, uint64_t length)
{
	const struct binding *b = &st->bindings[number - 1];

	if (st->get_column == number)
		return;
	st->get_column = number;
	st->get_from = 0;
	st->get_done = false;
	/* FreeTDS goes on behind what was bound (facts: drivers.md 5). */
	if (st->result->lies.how[LIE_BOUND] == BOUND_CONTINUE &&
	    b->data != NULL && b->c_type == SQL_C_CHAR) {
		st->get_from = b->size > 0 ? (uint64_t)b->size - 1 : 0;
		if (st->get_from >= length) {
			st->get_from = length;
			st->get_done = true;
		}
	}
}

/* Behind the end of a value. */
static SQLRETURN
get_again(struct stmt *st, const struct target *t)
{
	if (st->result->lies.how[LIE_AGAIN] == AGAIN_NO_DATA)
		return SQL_NO_DATA;
	if (t->indicator != NULL)
		*t->indicator = 0;
	if (t->c_type == SQL_C_CHAR && t->data != NULL && t->size > 0)
		t->data[0] = '\0';
	return SQL_SUCCESS;
}

static SQLRETURN
get_piece(struct stmt *st, const struct target *t, const struct value *v)
{
	int told = st->result->lies.how[LIE_TRUNCATION];
	struct parcel p = { v, &st->result->columns[st->get_column - 1],
		&st->result->lies, st->get_from, 0 };
	enum delivery how = deliver(&p, t, &st->h.diags);

	if (how == DELIVERY_FAILED)
		return SQL_ERROR;
	if (how == DELIVERY_CUT) {
		st->get_from += p.given;
		return told == TRUNCATION_TOLD || told == TRUNCATION_ALWAYS ?
		    SQL_SUCCESS_WITH_INFO :
		    SQL_SUCCESS;
	}
	/* Some give the last piece for ever. */
	st->get_done = st->result->lies.how[LIE_AGAIN] != AGAIN_REPEAT;
	return told == TRUNCATION_ALWAYS ? SQL_SUCCESS_WITH_INFO : SQL_SUCCESS;
}

static SQLRETURN
get_data(struct stmt *st, size_t number, const struct target *t)
{
	struct value v;

	if (st->result == NULL || st->get_step == NULL)
		return diags_fail(
		    &st->h.diags, "24000", "invalid cursor state");
	if (number < 1 || number > st->result->n_columns)
		return diags_fail(&st->h.diags, "07009", "column %zu", number);
	if (check_extensions(st, number) != SQL_SUCCESS)
		return SQL_ERROR;
	stmt_value(st, &st->get_step->cells[number - 1], st->get_row, &v);
	begin_column(st, number, v.is_null ? 0 : v.length);
	if (st->get_done)
		return get_again(st, t);
	return get_piece(st, t, &v);
}

SQLRETURN SQL_API
SQLGetData(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT c_type,
    SQLPOINTER data, SQLLEN size, SQLLEN *indicator)
{
	const struct target to = { c_type, data, size, indicator };
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (call_begin(&c, F_GET_DATA, &st->h))
		rc = get_data(st, number, &to);
	return call_end(&c, rc, "%u c=%d size=%lld ind=%lld", (unsigned)number,
	    (int)c_type, (long long)size,
	    indicator != NULL && SQL_SUCCEEDED(rc) ? (long long)*indicator :
						     0LL);
}
