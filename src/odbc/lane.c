/*
 * lane.c - one column of what the driver gives, row by row
 *
 * Whether a value was cut is told by its indicator alone: return codes and
 * row status differ from driver to driver (drivers.md). What the bytes mean is
 * fetch.c's business.
 */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "odbc/diag.h"
#include "odbc/lane.h"

enum {
	LANE_SMALL = 4096,	 /* most bytes of a bound buffer */
	LANE_LEAST = 64,	 /* least bytes of one */
	LANE_RECORD = 32 * 1024, /* of a whole row in one text */
	LANE_ROW = 512, /* likewise, for a driver that fills the buffer */
	LANE_PIECE = 512 * 1024, /* read at once of a long value */
	LANE_SPLIT = 3		 /* bytes of a character that was not split */
};

static SQLSMALLINT
c_type_of(enum lane_form form)
{
	switch (form) {
	case LANE_BYTES:
		return SQL_C_BINARY;
	case LANE_FLOAT:
		return SQL_C_FLOAT;
	case LANE_DOUBLE:
		return SQL_C_DOUBLE;
	case LANE_BIT:
		return SQL_C_BIT;
	case LANE_UCS4:
		return SQL_C_WCHAR;
	case LANE_TEXT:
	default:
		return SQL_C_CHAR;
	}
}

static enum lane_form
form_of(const struct quirk *q, SQLSMALLINT sql_type)
{
	switch (sql_type) {
	case SQL_BINARY:
	case SQL_VARBINARY:
	case SQL_LONGVARBINARY:
		return LANE_BYTES;
	case SQL_REAL:
		return q->native_real ? LANE_FLOAT : LANE_TEXT;
	case SQL_FLOAT:
	case SQL_DOUBLE:
		return q->native_double ? LANE_DOUBLE : LANE_TEXT;
	case SQL_BIT:
		return q->native_bit ? LANE_BIT : LANE_TEXT;
	case SQL_WCHAR:
	case SQL_WVARCHAR:
	case SQL_WLONGVARCHAR:
		return q->ucs4_text ? LANE_UCS4 : LANE_TEXT;
	default:
		return LANE_TEXT;
	}
}

/* Bytes of the NUL that the driver puts behind a value. */
static size_t
nul_of(enum lane_form form)
{
	return form == LANE_TEXT ? 1 : form == LANE_UCS4 ? 4 : 0;
}

static bool
is_native(enum lane_form form)
{
	return form == LANE_FLOAT || form == LANE_DOUBLE || form == LANE_BIT;
}

static size_t
largest(size_t a, size_t b)
{
	return a > b ? a : b;
}

/*
 * Bytes for a bound column: what the driver says is a guess, so take the
 * largest of its guesses, four bytes a character. 0: not small.
 */
static size_t
room_of(const struct column *c, const struct column_type *t)
{
	size_t n = largest((size_t)t->display + 1, (size_t)t->octets + 1);

	if (c->size == 0 || c->size > LANE_SMALL)
		return 0;
	n = largest(n, 4 * (size_t)c->size + 4);
	n = largest(n, LANE_LEAST);
	return n <= LANE_SMALL ? n : 0;
}

int
lane_reader_init(struct lane_reader *r, struct statement *st, struct err *e)
{
	const SQLUINTEGER needed = SQL_GD_ANY_COLUMN | SQL_GD_ANY_ORDER |
	    SQL_GD_BOUND;

	memset(r, 0, sizeof(*r));
	r->st = st;
	r->can_refetch = (st->session->getdata & needed) == needed;
	r->room = LANE_PIECE;
	r->piece = malloc(LANE_PIECE + BLOCK_SLACK);
	return r->piece != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
}

void
lane_reader_release(struct lane_reader *r)
{
	free(r->piece);
	r->piece = NULL;
}

int
lane_set_bound(struct lane_reader *r, struct lane *lane, size_t i, bool bound,
    struct err *e)
{
	const struct diag_place place = { SQL_HANDLE_STMT, r->st->handle,
		"SQLBindCol", r->st->session->connection };
	SQLRETURN rc;

	rc = SQLBindCol(r->st->handle, (SQLUSMALLINT)(i + 1),
	    c_type_of(lane->form), bound ? lane->buffer : NULL,
	    bound ? (SQLLEN)lane->room : 0, bound ? &lane->indicator : NULL);
	if (!SQL_SUCCEEDED(rc))
		return diag_error(&place, rc, e);
	lane->is_bound = bound;
	return 0;
}

static int
bind(struct lane_reader *r, struct lane *lane, size_t i, struct err *e)
{
	lane->buffer = calloc(1, lane->room + BLOCK_SLACK);
	if (lane->buffer == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	return lane_set_bound(r, lane, i, true, e);
}

int
lane_grow(struct lane_reader *r, struct lane *lane, size_t i, size_t bytes,
    struct err *e)
{
	if (bytes < lane->room || lane->room >= LANE_RECORD)
		return 0;
	while (lane->room <= bytes && lane->room < LANE_RECORD)
		lane->room *= 2;
	free(lane->buffer);
	return bind(r, lane, i, e);
}

static int
refuse_type(
    const struct lane_reader *r, const struct column_type *t, struct err *e)
{
	const struct quirk *q = r->st->session->quirk;

	if (!q->no_long_binary || t->sql_type != SQL_LONGVARBINARY)
		return 0;
	(void)err_set(e, ERR_DATA,
	    "this driver ends the result at a column of this type");
	return err_hint(e,
	    "Leave the column out of the query; see drivers.md#%s.",
	    q->section);
}

/* The column that lane i has; all of them when it has a row's text. */
static size_t
column_of(const struct lane_reader *r, size_t i)
{
	const struct description *d = &r->st->shown;
	size_t column = 0;

	if (r->st->layout == LAYOUT_PLAIN)
		return i;
	if (i == 0 || r->st->layout == LAYOUT_RECORD)
		return d->n;
	while (column < d->n && d->types[column].lane != i)
		column++;
	return column;
}

/* The form and the room of a lane; 0 bytes when it is not small. */
static int
plan_one(
    const struct lane_reader *r, struct lane *lane, size_t i, struct err *e)
{
	const struct description *d = &r->st->shown;

	lane->form = LANE_TEXT;
	if (i >= d->n)
		lane->room = r->st->layout == LAYOUT_MARKED ? LANE_ROW :
							      LANE_RECORD;
	else if (r->st->layout == LAYOUT_MARKED)
		lane->room = room_of(&d->columns[i], &d->types[i]);
	else {
		lane->form = form_of(
		    r->st->session->quirk, d->types[i].sql_type);
		lane->room = room_of(&d->columns[i], &d->types[i]);
		if (is_native(lane->form)) {
			lane->room = LANE_LEAST;
			lane->text = calloc(1, NUMBER_TEXT + BLOCK_SLACK);
			if (lane->text == NULL)
				return err_set(
				    e, ERR_INTERNAL, "out of memory");
		}
		return refuse_type(r, &d->types[i], e);
	}
	return 0;
}

/*
 * All are bound where the driver can give a bound value again; else the small
 * ones up to the first that is not, since what stands right of an unbound
 * column must not be bound (ODBC 3.8 SQLGetData).
 */
int
lane_plan(struct lane_reader *r, struct lane *lanes, size_t n, struct err *e)
{
	bool bound = true;

	for (size_t i = 0; i < n; i++) {
		struct lane *lane = &lanes[i];
		size_t column = column_of(r, i);
		const char *name = column < r->st->shown.n ?
		    r->st->shown.columns[column].name :
		    "";

		if (plan_one(r, lane, column, e) < 0)
			return err_in(e, "column '%s'", name);
		if ((lane->room == 0 || lane->form == LANE_UCS4) &&
		    !r->can_refetch)
			bound = false;
		if (lane->room == 0)
			lane->room = LANE_SMALL;
		lane->is_bound = bound && lane->form != LANE_UCS4;
		if (lane->is_bound && bind(r, lane, i, e) < 0)
			return err_in(e, "column '%s'", name);
	}
	return 0;
}

/* mdbtools writes a 32-bit -1. */
static bool
is_null(SQLLEN indicator)
{
	return indicator == SQL_NULL_DATA ||
	    (uint64_t)indicator == UINT64_C(0xffffffff);
}

bool
lane_is_null(const struct lane *lane)
{
	return is_null(lane->indicator);
}

bool
lane_is_cut(const struct lane *lane)
{
	return !is_native(lane->form) &&
	    (lane->indicator < 0 ||
		(size_t)lane->indicator > lane->room - nul_of(lane->form));
}

bool
lane_is_full(const struct lane *lane)
{
	return !is_native(lane->form) &&
	    (size_t)lane->indicator + LANE_SPLIT >=
	    lane->room - nul_of(lane->form);
}

/*
 * Bytes of a piece that was cut: all of the room. A driver that does not
 * split characters leaves the zeros that were put at its end before.
 */
static size_t
cut_length(const char *piece, size_t room, enum lane_form form)
{
	size_t n = room - nul_of(form);

	if (form == LANE_TEXT)
		for (int i = 0; i < LANE_SPLIT && n > 0 && piece[n - 1] == '\0';
		     i++)
			n--;
	return form == LANE_UCS4 ? n - n % 4 : n;
}

/* One SQLGetData into the piece: 1, or 0 when there was nothing left. */
static int
get_piece(struct lane_reader *r, const struct lane *lane, SQLLEN *indicator,
    struct err *e)
{
	const struct diag_place place = { SQL_HANDLE_STMT, r->st->handle,
		"SQLGetData", r->st->session->connection };
	SQLRETURN rc;

	memset(r->piece + r->room - LANE_SPLIT - 1, 0, LANE_SPLIT + 1);
	*indicator = 0;
	rc = SQLGetData(r->st->handle, (SQLUSMALLINT)(r->column + 1),
	    c_type_of(lane->form), r->piece, (SQLLEN)r->room, indicator);
	if (rc == SQL_NO_DATA)
		return 0;
	if (!SQL_SUCCEEDED(rc))
		return diag_error(&place, rc, e);
	r->has_info = rc == SQL_SUCCESS_WITH_INFO;
	r->says_cut = r->has_info && diag_has_state(&place, "01004");
	if (r->has_info && diag_check_info(&place, NULL, e) < 0)
		return -1;
	return 1;
}

static int
refuse_uncounted(struct err *e)
{
	return err_set(e, ERR_DATA,
	    "the driver says neither how long the value is nor where it ends");
}

static int
refuse_lengths(struct err *e, SQLLEN announced, uint64_t given)
{
	return err_set(e, ERR_DATA,
	    "the driver announced a value of %lld bytes and gave %llu",
	    (long long)announced, (unsigned long long)given);
}

static int
refuse_cut(const struct lane *lane, struct err *e)
{
	(void)err_set(e, ERR_DATA,
	    "a value of %lld bytes does not fit the %zu that the driver "
	    "announced, and this driver does not give it again",
	    (long long)lane->indicator, lane->room - nul_of(lane->form));
	return err_hint(e,
	    "Select the column last, or cast it to a long text type in the "
	    "query.");
}

/*
 * Bytes of the piece that was just read. Where the driver does not count
 * (SQL_NO_TOTAL), a text ends at its NUL, and nothing may follow then; bytes
 * end nowhere, unless the driver says that it cut them.
 */
static int
measure_piece(struct lane_reader *r, const struct lane *lane, SQLLEN indicator,
    struct cell_part *part, struct err *e)
{
	size_t most = r->room - nul_of(lane->form);

	/* A driver that counts the piece alone says at least that it cut. */
	part->more = r->says_cut && !is_native(lane->form);
	part->length = (size_t)indicator;
	if (is_native(lane->form) ||
	    (indicator >= 0 && (size_t)indicator <= most)) {
		if (part->more)
			r->whole = SQL_NO_TOTAL;
		return 0;
	}
	part->more = true;
	part->length = cut_length(r->piece, r->room, lane->form);
	if (indicator >= 0)
		return 0;
	if (lane->form == LANE_TEXT) {
		part->length = strnlen(r->piece, most);
		r->is_final = part->length + LANE_SPLIT < most;
	} else if (!r->has_info)
		return refuse_uncounted(e);
	return 0;
}

/*
 * The first piece of a value that its bound buffer cut: does it begin again,
 * or behind what the buffer has? 1 behind, 0 again (drivers.md, truncation).
 */
static int
find_start(const struct lane_reader *r, const struct lane *lane,
    SQLLEN indicator, struct err *e)
{
	size_t copied = cut_length(lane->buffer, lane->room, lane->form);

	if (lane->indicator >= 0 && indicator >= 0) {
		if (indicator == lane->indicator)
			return 0;
		if ((size_t)indicator == (size_t)lane->indicator - copied)
			return 1;
		return refuse_lengths(e, lane->indicator, (uint64_t)indicator);
	}
	/* Nobody counts: only a driver that promises it may begin again. */
	if (r->can_refetch && copied <= r->room &&
	    memcmp(lane->buffer, r->piece, copied) == 0)
		return 0;
	return refuse_cut(lane, e);
}

/* The bytes of the bound buffer go first; the piece waits. */
static int
begin_behind(struct lane_reader *r, struct lane *lane, SQLLEN indicator,
    struct cell_part *part, struct err *e)
{
	if (measure_piece(r, lane, indicator, part, e) < 0)
		return -1;
	r->is_pending = true;
	r->pending = *part;
	r->whole = lane->indicator;
	part->data = lane->buffer;
	part->length = cut_length(lane->buffer, lane->room, lane->form);
	part->more = true;
	r->given = part->length;
	return 0;
}

static int
begin_value(struct lane_reader *r, struct lane *lane, struct cell_part *part,
    struct err *e)
{
	SQLLEN indicator;
	int rc = get_piece(r, lane, &indicator, e);

	r->is_pending = false;
	r->is_final = false;
	if (rc < 0)
		return lane->is_bound && strcmp(e->state, "07009") == 0 ?
		    refuse_cut(lane, e) :
		    -1;
	if (rc == 0)
		return err_set(e, ERR_DATA,
		    "the driver has a value and gives nothing of it");
	part->data = NULL;
	part->length = 0;
	part->more = false;
	if (!lane->is_bound)
		lane->indicator = indicator;
	if (is_null(indicator))
		return lane->is_bound ? refuse_lengths(e, lane->indicator, 0) :
					0;
	rc = lane->is_bound ? find_start(r, lane, indicator, e) : 0;
	if (rc < 0)
		return -1;
	if (rc > 0)
		return begin_behind(r, lane, indicator, part, e);
	r->whole = lane->is_bound && lane->indicator >= 0 ? lane->indicator :
							    indicator;
	part->data = r->piece;
	if (measure_piece(r, lane, indicator, part, e) < 0)
		return -1;
	r->given = part->length;
	return 0;
}

static int
continue_value(struct lane_reader *r, const struct lane *lane,
    struct cell_part *part, struct err *e)
{
	SQLLEN indicator;
	int rc;

	if (r->is_pending) {
		*part = r->pending;
		part->data = r->piece;
		r->is_pending = false;
		r->given += part->length;
		return 0;
	}
	part->data = r->piece;
	part->length = 0;
	part->more = false;
	rc = get_piece(r, lane, &indicator, e);
	if (rc <= 0)
		return rc;
	if (r->is_final || is_null(indicator))
		return refuse_uncounted(e);
	if (measure_piece(r, lane, indicator, part, e) < 0)
		return -1;
	r->given += part->length;
	return 0;
}

static size_t
put_native(char *text, enum lane_form form, const char *data)
{
	double d;
	float f;

	switch (form) {
	case LANE_FLOAT:
		memcpy(&f, data, sizeof(f));
		return number_put_float(text, f, NUMBER_PLAIN);
	case LANE_DOUBLE:
		memcpy(&d, data, sizeof(d));
		return number_put_double(text, d, NUMBER_PLAIN);
	default:
		text[0] = *data != 0 ? '1' : '0';
		return 1;
	}
}

int
lane_read(struct lane_reader *r, struct lane *lane, size_t i,
    struct cell_part *part, struct err *e)
{
	int rc;

	r->column = i;
	rc = r->is_reading ? continue_value(r, lane, part, e) :
			     begin_value(r, lane, part, e);
	r->is_reading = rc == 0 && part->more;
	if (rc < 0)
		return -1;
	part->form = lane->form == LANE_BYTES ? CELL_BYTES : CELL_TEXT;
	if (part->data == NULL)
		return 0;
	if (is_native(lane->form)) {
		part->length = put_native(lane->text, lane->form, part->data);
		part->data = lane->text;
		return 0;
	}
	if (!part->more && r->whole >= 0 && r->given != (uint64_t)r->whole)
		return refuse_lengths(e, r->whole, r->given);
	return lane->form == LANE_UCS4 ?
	    utf8_narrow(r->piece, &part->length, e) :
	    0;
}

void
lane_take(struct lane *lane, struct cell *cell)
{
	cell->form = lane->form == LANE_BYTES ? CELL_BYTES : CELL_TEXT;
	cell->data = lane->buffer;
	cell->length = (size_t)lane->indicator;
	if (!is_native(lane->form))
		return;
	cell->length = put_native(lane->text, lane->form, lane->buffer);
	cell->data = lane->text;
}

void
lane_release(struct lane *lane)
{
	free(lane->buffer);
	free(lane->text);
}
