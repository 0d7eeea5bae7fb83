/*
 * fetch.c - the rows of the current result, in blocks
 *
 * One row at a time into bound buffers, handed on where they lie: an array of
 * rows gains little and some drivers lose rows in it (drivers.md). How each
 * column is fetched is decided once:
 *
 *   - as text; binary as bytes, written as hexadecimal; and the types that a
 *     driver prints badly (odbc/quirk.h) in their native form;
 *   - bound, when the driver can give a bound column again with SQLGetData
 *     (SQL_GD_BOUND): a value that does not fit its buffer is then read again
 *     in pieces. Else only small columns up to the first long one are bound,
 *     and that one and all to its right are read in pieces.
 *
 * Whether a value was cut is told by its indicator alone: return codes and row
 * status differ from driver to driver. Writing the rows is csv/csv.h's.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "odbc/diag.h"
#include "odbc/fetch.h"
#include "odbc/handle.h"

enum {
	FETCH_SMALL = 4096,	   /* most bytes of a bound buffer */
	FETCH_LEAST = 64,	   /* least bytes of one */
	FETCH_PIECE = 1024 * 1024, /* read at once of a long value */
	FETCH_NUMBER = 64	   /* text of a native value */
};

/* The longest value that is held in memory. */
static const size_t fetch_value_max = (size_t)4 * 1024 * 1024 * 1024;

/* How a column is fetched. */
enum form {
	FORM_TEXT,   /* SQL_C_CHAR */
	FORM_BINARY, /* SQL_C_BINARY, to be written as hex */
	FORM_REAL,   /* SQL_C_FLOAT */
	FORM_DOUBLE, /* SQL_C_DOUBLE */
	FORM_BIT     /* SQL_C_BIT */
};

/* A column being fetched. */
struct lane {
	enum form form;
	bool is_bound;	  /* else read with SQLGetData */
	char *buffer;	  /* owned: room + slack */
	size_t room;	  /* bytes that the driver may write */
	SQLLEN indicator; /* of the current row */
	struct buf value; /* a long or converted value */
};

struct fetch {
	struct statement *st; /* borrowed */
	struct lane *lanes;   /* owned, one for each column */
	struct cell *cells;   /* owned, one for each column */
	struct block block;   /* the current row */
	bool can_refetch;     /* SQL_GD_BOUND and any order */
	uint64_t rows;
};

static SQLSMALLINT
c_type_of(enum form form)
{
	switch (form) {
	case FORM_BINARY:
		return SQL_C_BINARY;
	case FORM_REAL:
		return SQL_C_FLOAT;
	case FORM_DOUBLE:
		return SQL_C_DOUBLE;
	case FORM_BIT:
		return SQL_C_BIT;
	case FORM_TEXT:
	default:
		return SQL_C_CHAR;
	}
}

static enum form
form_of(const struct statement *st, size_t i)
{
	const struct quirk *q = st->session->quirk;

	switch (st->types[i].sql_type) {
	case SQL_BINARY:
	case SQL_VARBINARY:
	case SQL_LONGVARBINARY:
		return FORM_BINARY;
	case SQL_REAL:
		return q->native_real ? FORM_REAL : FORM_TEXT;
	case SQL_FLOAT:
	case SQL_DOUBLE:
		return q->native_double ? FORM_DOUBLE : FORM_TEXT;
	case SQL_BIT:
		return q->native_bit ? FORM_BIT : FORM_TEXT;
	default:
		return FORM_TEXT;
	}
}

static size_t
largest(size_t a, size_t b)
{
	return a > b ? a : b;
}

/*
 * Bytes for a bound column: what the driver says is a guess (drivers.md), so
 * take the largest of its guesses, four bytes a character. 0: not small.
 */
static size_t
room_of(const struct statement *st, size_t i)
{
	const struct column_type *t = &st->types[i];
	size_t n = largest((size_t)t->display + 1, (size_t)t->octets + 1);

	if (st->columns[i].size == 0 || st->columns[i].size > FETCH_SMALL)
		return 0;
	n = largest(n, 4 * (size_t)st->columns[i].size + 1);
	n = largest(n, FETCH_LEAST);
	return n <= FETCH_SMALL ? n : 0;
}

/* Whether every lane may be bound: cut values can be had again. */
static bool
can_refetch(const struct statement *st)
{
	const SQLUINTEGER needed = SQL_GD_ANY_COLUMN | SQL_GD_ANY_ORDER |
	    SQL_GD_BOUND;

	return (st->session->getdata & needed) == needed;
}

static int
bind_lane(struct fetch *f, size_t i, struct err *e)
{
	struct lane *lane = &f->lanes[i];
	const struct diag_place place = { SQL_HANDLE_STMT, f->st->handle,
		"SQLBindCol", f->st->session->connection };
	SQLRETURN rc;

	lane->buffer = calloc(1, lane->room + BLOCK_SLACK);
	if (lane->buffer == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	rc = SQLBindCol(f->st->handle, (SQLUSMALLINT)(i + 1),
	    c_type_of(lane->form), lane->buffer, (SQLLEN)lane->room,
	    &lane->indicator);
	return SQL_SUCCEEDED(rc) ? 0 : diag_error(&place, rc, e);
}

/* Decide for each column, from left to right. */
static int
plan_lanes(struct fetch *f, struct err *e)
{
	bool bind = true;

	f->can_refetch = can_refetch(f->st);
	for (size_t i = 0; i < f->st->n_columns; i++) {
		struct lane *lane = &f->lanes[i];

		buf_init(&lane->value, fetch_value_max);
		lane->form = form_of(f->st, i);
		lane->room = room_of(f->st, i);
		if (lane->room == 0 && !f->can_refetch)
			bind = false;
		if (lane->room == 0)
			lane->room = FETCH_SMALL;
		lane->is_bound = bind;
		if (bind && bind_lane(f, i, e) < 0)
			return err_in(e, "column '%s'", f->st->columns[i].name);
	}
	return 0;
}

int
fetch_new(struct fetch **fetch, struct statement *st, size_t budget_bytes,
    struct err *e)
{
	struct fetch *f = calloc(1, sizeof(*f));

	*fetch = NULL;
	(void)budget_bytes; /* a block is one row, whatever it takes */
	if (f == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	f->st = st;
	f->lanes = calloc(st->n_columns, sizeof(*f->lanes));
	f->cells = calloc(st->n_columns, sizeof(*f->cells));
	if (f->lanes == NULL || f->cells == NULL) {
		fetch_free(f);
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	f->block.cells = f->cells;
	f->block.n_columns = st->n_columns;
	f->block.n_rows = 1;
	if (plan_lanes(f, e) < 0) {
		fetch_free(f);
		return -1;
	}
	*fetch = f;
	return 0;
}

/* mdbtools writes a 32-bit -1 (drivers.md). */
static bool
is_null(SQLLEN indicator)
{
	return indicator == SQL_NULL_DATA ||
	    (uint64_t)indicator == UINT64_C(0xffffffff);
}

/* Whether the value did not fit: text needs a byte for its NUL. */
static bool
is_cut(const struct lane *lane)
{
	size_t room = lane->form == FORM_TEXT ? lane->room - 1 : lane->room;

	if (lane->form != FORM_TEXT && lane->form != FORM_BINARY)
		return false;
	return lane->indicator == SQL_NO_TOTAL || lane->indicator < 0 ||
	    (size_t)lane->indicator > room;
}

/*
 * Bytes of a piece that was cut: all of the room. A driver that does not
 * split characters leaves zeros at its end, which were put there before.
 */
static size_t
piece_length(const char *piece, size_t room, enum form form)
{
	size_t n = form == FORM_TEXT ? room - 1 : room;

	if (form == FORM_TEXT)
		for (int i = 0; i < 3 && n > 0 && piece[n - 1] == '\0'; i++)
			n--;
	return n;
}

/* One SQLGetData into the end of the value: 1 there is more, 0 that was it. */
static int
get_piece(struct fetch *f, size_t i, SQLLEN *indicator, struct err *e)
{
	struct lane *lane = &f->lanes[i];
	const struct diag_place place = { SQL_HANDLE_STMT, f->st->handle,
		"SQLGetData", f->st->session->connection };
	size_t room = FETCH_PIECE;
	char *to;
	SQLRETURN rc;

	if (lane->value.length == 0 && lane->value.capacity < FETCH_PIECE)
		room = lane->room > FETCH_LEAST ? lane->room : FETCH_LEAST;
	if (buf_reserve(&lane->value, room + BLOCK_SLACK, e) < 0)
		return -1;
	to = lane->value.data + lane->value.length;
	memset(to + room - 4, 0, 4);
	*indicator = 0;
	rc = SQLGetData(f->st->handle, (SQLUSMALLINT)(i + 1),
	    c_type_of(lane->form), to, (SQLLEN)room, indicator);
	if (rc == SQL_NO_DATA)
		return 0;
	if (!SQL_SUCCEEDED(rc))
		return diag_error(&place, rc, e);
	if (is_null(*indicator))
		return 0;
	if (*indicator >= 0 &&
	    (size_t)*indicator <= (lane->form == FORM_TEXT ? room - 1 : room)) {
		lane->value.length += (size_t)*indicator;
		return 0;
	}
	lane->value.length += piece_length(to, room, lane->form);
	return 1;
}

/*
 * Read a value in pieces. Its first indicator is its whole length, where the
 * driver knows it; the pieces must add up to it.
 */
static int
get_value(struct fetch *f, size_t i, struct err *e)
{
	struct lane *lane = &f->lanes[i];
	SQLLEN whole, indicator;
	int more;

	buf_reset(&lane->value);
	more = get_piece(f, i, &whole, e);
	if (more >= 0)
		lane->indicator = whole;
	while (more > 0)
		more = get_piece(f, i, &indicator, e);
	if (more < 0)
		return -1;
	if (!is_null(whole) && whole >= 0 &&
	    (size_t)whole != lane->value.length)
		return err_set(e, ERR_DATA,
		    "the driver announced a value of "
		    "%lld bytes and gave %zu",
		    (long long)whole, lane->value.length);
	return 0;
}

/* A bound value was cut: have it again, whole (drivers.md, truncation). */
static int
get_cut_value(struct fetch *f, size_t i, struct err *e)
{
	struct lane *lane = &f->lanes[i];
	SQLLEN bound = lane->indicator;

	if (!f->can_refetch) {
		(void)err_set(e, ERR_DATA,
		    "a value of %lld bytes does not fit "
		    "the %zu that the driver announced, and this driver cannot "
		    "give it again",
		    (long long)bound, lane->room - 1);
		return err_hint(e,
		    "Select the column last, or cast it to a "
		    "long text type in the query.");
	}
	if (get_value(f, i, e) < 0)
		return -1;
	if (bound >= 0 && lane->indicator != bound)
		return err_set(e, ERR_DATA,
		    "a value of %lld bytes came back "
		    "with %lld when read again",
		    (long long)bound, (long long)lane->indicator);
	return 0;
}

/* The shortest decimal text that reads back to the same bits. */
static void
put_double(char text[FETCH_NUMBER], double value)
{
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, FETCH_NUMBER, "%.*g", digits, value);
		if (strtod(text, NULL) == value || isnan(value))
			return;
	}
}

static void
put_real(char text[FETCH_NUMBER], float value)
{
	for (int digits = 6; digits <= 9; digits++) {
		(void)snprintf(
		    text, FETCH_NUMBER, "%.*g", digits, (double)value);
		if (strtof(text, NULL) == value || isnan(value))
			return;
	}
}

/* A native value as text, behind lane->value. */
static int
convert_native(struct lane *lane, const char *data, struct err *e)
{
	char text[FETCH_NUMBER] = "";
	double d;
	float r;

	switch (lane->form) {
	case FORM_REAL:
		memcpy(&r, data, sizeof(r));
		put_real(text, r);
		break;
	case FORM_DOUBLE:
		memcpy(&d, data, sizeof(d));
		put_double(text, d);
		break;
	default:
		text[0] = *data != 0 ? '1' : '0';
		break;
	}
	buf_reset(&lane->value);
	if (buf_reserve(&lane->value, FETCH_NUMBER + BLOCK_SLACK, e) < 0)
		return -1;
	return buf_puts(&lane->value, text, e);
}

/* Bytes as lower-case hexadecimal, behind lane->value. */
static int
convert_binary(struct lane *lane, const char *data, size_t n, struct err *e)
{
	struct buf hex = BUF_INIT(fetch_value_max);

	if (buf_reserve(&hex, 2 * n + 1 + BLOCK_SLACK, e) < 0)
		return -1;
	str_put_hex(hex.data, (const unsigned char *)data, n);
	hex.length = 2 * n;
	buf_release(&lane->value);
	lane->value = hex;
	return 0;
}

/*
 * psqlODBC prints infinity and years beyond 9999 as zeros (drivers.md A9):
 * better no file than another date.
 */
static int
check_date(
    const struct fetch *f, size_t i, const struct cell *cell, struct err *e)
{
	enum column_kind kind = f->st->columns[i].kind;

	if (!f->st->session->quirk->zero_dates || cell->length < 10 ||
	    (kind != COLUMN_DATE && kind != COLUMN_TIMESTAMP))
		return 0;
	if (memcmp(cell->data, "0000-", 5) != 0 &&
	    memcmp(cell->data + 4, "-00", 3) != 0 &&
	    memcmp(cell->data + cell->length - 2, "BC", 2) != 0)
		return 0;
	(void)err_set(e, ERR_DATA,
	    "the driver cannot print this date and "
	    "gives '%.*s' for it",
	    (int)cell->length, cell->data);
	return err_hint(e,
	    "Cast the column to text in the query: infinity, "
	    "years before 1 and beyond 9999 come out right then.");
}

static int
check_text(
    const struct fetch *f, size_t i, const struct cell *cell, struct err *e)
{
	if (!str_is_utf8(cell->data, cell->length)) {
		(void)err_set(e, ERR_DATA, "the value is not UTF-8");
		return err_hint(e,
		    "The data itself or the driver's character "
		    "set is wrong; see drivers.md on this driver.");
	}
	return check_date(f, i, cell, e);
}

/* The cell of column i of the row that was just fetched. */
static int
finish_cell(struct fetch *f, size_t i, struct err *e)
{
	struct lane *lane = &f->lanes[i];
	struct cell *cell = &f->cells[i];
	const char *data = lane->buffer;

	cell->data = NULL;
	cell->length = 0;
	if (!lane->is_bound && get_value(f, i, e) < 0)
		return -1;
	if (is_null(lane->indicator))
		return 0;
	if (lane->is_bound && is_cut(lane)) {
		if (get_cut_value(f, i, e) < 0)
			return -1;
		data = lane->value.data;
	} else if (!lane->is_bound)
		data = lane->value.data;
	cell->length = (size_t)lane->indicator;
	if (data == lane->value.data && lane->form == FORM_TEXT)
		cell->length = lane->value.length;
	if (lane->form == FORM_TEXT) {
		cell->data = data;
		return check_text(f, i, cell, e);
	}
	if (lane->form == FORM_BINARY ?
		convert_binary(lane, data,
		    data == lane->value.data ? lane->value.length :
					       cell->length,
		    e) < 0 :
		convert_native(lane, data, e) < 0)
		return -1;
	cell->data = lane->value.data;
	cell->length = lane->value.length;
	return 0;
}

static int
finish_row(struct fetch *f, struct err *e)
{
	for (size_t i = 0; i < f->st->n_columns; i++)
		if (finish_cell(f, i, e) < 0)
			return err_in(e, "row %llu, column '%s'",
			    (unsigned long long)f->rows + 1,
			    f->st->columns[i].name);
	f->rows++;
	return 1;
}

int
fetch_next(struct fetch *f, const struct block **block, struct err *e)
{
	const struct diag_place place = { SQL_HANDLE_STMT, f->st->handle,
		"SQLFetch", f->st->session->connection };
	SQLRETURN rc = SQLFetch(f->st->handle);

	if (rc == SQL_NO_DATA)
		return 0;
	if (!SQL_SUCCEEDED(rc)) {
		(void)diag_error(&place, rc, e);
		return err_in(e, "after row %llu", (unsigned long long)f->rows);
	}
	/* Truncation warnings are told by the indicators; others are not. */
	if (rc == SQL_SUCCESS_WITH_INFO) {
		struct session quiet = { .warn = NULL };

		if (diag_check_info(&place, &quiet, e) < 0)
			return err_in(
			    e, "after row %llu", (unsigned long long)f->rows);
	}
	*block = &f->block;
	return finish_row(f, e);
}

uint64_t
fetch_rows(const struct fetch *f)
{
	return f->rows;
}

void
fetch_free(struct fetch *f)
{
	if (f == NULL)
		return;
	/* The buffers go: no later SQLFetch may write into them. */
	(void)SQLFreeStmt(f->st->handle, SQL_UNBIND);
	for (size_t i = 0; f->lanes != NULL && i < f->st->n_columns; i++) {
		free(f->lanes[i].buffer);
		buf_release(&f->lanes[i].value);
	}
	free(f->lanes);
	free(f->cells);
	free(f);
}
