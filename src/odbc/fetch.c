/*
 * fetch.c - the rows of the current result, in blocks
 *
 * One row at a time into bound buffers, handed on where they lie: an array of
 * rows gains little and some drivers lose rows in it (drivers.md). How bytes
 * come is lane.c's, what they stand for mark.c's, joined.c's
 * and record.c's; here they
 * become the cells of a row, and what a driver is known to lose is found.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "odbc/batch.h"
#include "odbc/diag.h"
#include "odbc/fetch.h"
#include "odbc/handle.h"
#include "odbc/hex.h"
#include "odbc/joined.h"
#include "odbc/lane.h"
#include "odbc/mark.h"
#include "odbc/record.h"

struct fetch {
	struct statement *st;	   /* borrowed */
	struct lane *lanes;	   /* owned: columns that the driver gives */
	size_t n_lanes;		   /* how many */
	struct lane_reader reader; /* of values that are not bound */
	struct batch batch;	   /* rows that the driver fetches at once */
	struct cell *cells;	   /* owned: columns that the user knows */
	size_t n_cells;		   /* how many */
	struct block block;	   /* the current row */
	struct marked marked;	   /* LAYOUT_MARKED */
	struct joined joined;	   /* likewise */
	struct buf row;		   /* of a row's text that was cut */
	size_t longest;		   /* bytes of those */
	struct record record;	   /* LAYOUT_RECORD */
	bool is_long;		   /* and the last one was read in parts */
	uint64_t rows;
	uint64_t losses;
};

/*
 * FreeTDS prints 1-01-01 for the first day of all. The buffer of a date has
 * room for more.
 */
static void
lengthen_year(const struct fetch *f, size_t i, const char *text, size_t *length)
{
	enum column_kind kind = f->st->shown.columns[i].kind;
	const char *dash = memchr(text, '-', *length);
	size_t zeros = dash != NULL && dash - text < 4 ?
	    4 - (size_t)(dash - text) :
	    0;
	char *data = (char *)(uintptr_t)text;

	if (!f->st->session->quirk->short_years || zeros == 0 || zeros == 4 ||
	    (kind != COLUMN_DATE && kind != COLUMN_TIMESTAMP))
		return;
	memmove(data + zeros, data, *length);
	memset(data, '0', zeros);
	*length += zeros;
}

/* The lane of a column that has one of its own. */
static size_t
lane_of(const struct fetch *f, size_t i)
{
	return f->st->layout == LAYOUT_MARKED ? f->st->shown.types[i].lane : i;
}

/* What a lazy cell's bytes stand for, in a lane of its own. */
static int
read_lane(struct fetch *f, size_t i, struct cell_part *part, struct err *e)
{
	if (lane_read(&f->reader, &f->lanes[i], i, part, e) < 0)
		return -1;
	if (part->data == NULL)
		return 0;
	if (f->st->layout == LAYOUT_PLAIN)
		lengthen_year(f, i, part->data, &part->length);
	if (f->st->layout != LAYOUT_MARKED)
		return 0;
	return mark_read(&f->marked, part, e);
}

/* The same where the one lane has a text of all columns. */
static int
read_record(struct fetch *f, struct cell_part *part, struct err *e)
{
	struct cell_part text;

	if (record_is_hungry(&f->record)) {
		if (lane_read(&f->reader, &f->lanes[0], 0, &text, e) < 0)
			return -1;
		record_feed(&f->record, (char *)(uintptr_t)text.data,
		    text.length, text.more);
	}
	return record_read(&f->record, part, e);
}

static int
read_cell(void *reader, size_t column, struct cell_part *part, struct err *e)
{
	struct fetch *f = reader;

	if (f->st->layout == LAYOUT_RECORD)
		return read_record(f, part, e);
	return read_lane(f, lane_of(f, column), part, e);
}

static size_t
count_lanes(const struct statement *st)
{
	size_t n = 1;

	if (st->layout == LAYOUT_PLAIN)
		return st->shown.n;
	for (size_t i = 0; i < st->shown.n; i++)
		n += st->layout == LAYOUT_MARKED && st->shown.types[i].lane > 0;
	return n;
}

static int
fill(struct fetch *f, struct statement *st, struct err *e)
{
	f->st = st;
	f->n_cells = st->shown.n;
	f->n_lanes = count_lanes(st);
	f->lanes = calloc(f->n_lanes, sizeof(*f->lanes));
	f->cells = calloc(f->n_cells, sizeof(*f->cells));
	if (f->lanes == NULL || f->cells == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	f->block.cells = f->cells;
	f->block.n_columns = f->n_cells;
	f->block.n_rows = 1;
	f->block.read = read_cell;
	f->block.reader = f;
	f->record.shown = &st->shown;
	joined_begin(&f->joined, st);
	buf_init(&f->row, SIZE_MAX / 4);
	batch_begin(&f->batch, st);
	memcpy(f->marked.mark, st->mark, sizeof(f->marked.mark));
	if (lane_reader_init(&f->reader, st, e) < 0)
		return -1;
	return lane_plan(&f->reader, f->lanes, f->n_lanes, e);
}

int
fetch_new(struct fetch **fetch, struct statement *st, struct err *e)
{
	struct fetch *f = calloc(1, sizeof(*f));

	*fetch = NULL;
	if (f == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (fill(f, st, e) < 0) {
		fetch_free(f);
		return -1;
	}
	*fetch = f;
	return 0;
}

/* Something is lost: an error, unless the session allows it. */
static int
lose(struct fetch *f, struct err *e)
{
	if (!f->st->session->allows_loss) {
		(void)err_set(e, ERR_DATA,
		    "the value cannot be had exactly from this driver");
		return -1;
	}
	f->losses++;
	return 0;
}

/*
 * psqlODBC prints infinity and years beyond 9999 as zeros (drivers.md):
 * better no file than another date.
 */
static int
check_date(struct fetch *f, const struct cell *cell, struct err *e)
{
	if (cell->length < 10 ||
	    (memcmp(cell->data, "0000-", 5) != 0 &&
		memcmp(cell->data + 4, "-00", 3) != 0 &&
		memcmp(cell->data + cell->length - 2, "BC", 2) != 0))
		return 0;
	if (lose(f, e) == 0)
		return 0;
	(void)err_set(e, ERR_DATA,
	    "the driver cannot print this date and gives '%.*s' for it",
	    (int)cell->length, cell->data);
	return err_hint(e,
	    "Cast the column to text in the query: infinity, years before 1 "
	    "and beyond 9999 come out right then.");
}

/*
 * A point or an exponent, and at most 15 digits that count, which are not all
 * zero: what the driver makes of a REAL, and may be another one.
 */
static bool
is_rounded(const char *s, size_t n)
{
	bool has_mark = false, in_exponent = false;
	size_t digits = 0;

	for (size_t i = 0; i < n; i++) {
		if (isdigit((unsigned char)s[i])) {
			if (!in_exponent && (digits > 0 || s[i] != '0'))
				digits++;
		} else if (i > 0 && !in_exponent &&
		    ((s[i] == '.' && !has_mark) || s[i] == 'e' ||
			s[i] == 'E')) {
			has_mark = true;
			in_exponent = s[i] != '.';
		} else if (s[i] != '-' && s[i] != '+')
			return false;
	}
	return has_mark && digits > 0 && digits <= 15;
}

/*
 * Whether a column holds no REAL: one of a table that is declared as text.
 * SQLite's driver says "varchar" for what has no type at all.
 */
static bool
is_text(const struct fetch *f, size_t i)
{
	const char *name = f->st->shown.columns[i].type_name;

	return f->st->shown.types[i].is_plain && strcmp(name, "varchar") != 0 &&
	    (strcasestr(name, "char") != NULL ||
		strcasestr(name, "text") != NULL ||
		strcasestr(name, "clob") != NULL);
}

static int
check_real(struct fetch *f, const struct cell *cell, struct err *e)
{
	if (!is_rounded(cell->data, cell->length) || lose(f, e) == 0)
		return 0;
	(void)err_set(e, ERR_DATA,
	    "the driver rounds reals to 15 digits and gives '%.*s' for this "
	    "one",
	    (int)cell->length, cell->data);
	return err_hint(e,
	    "Let odbcship wrap the query (source.wrap = true and a SELECT), "
	    "select printf('%%#!.17g', column), or allow the loss with "
	    "source.lossy = \"warn\".");
}

/* What a driver is known to get wrong, in columns that stand one for one. */
static int
check_plain(struct fetch *f, size_t i, struct cell *cell, struct err *e)
{
	const struct quirk *q = f->st->session->quirk;
	enum column_kind kind = f->st->shown.columns[i].kind;
	char *data = (char *)(uintptr_t)cell->data;

	if (q->zero_dates && (kind == COLUMN_DATE || kind == COLUMN_TIMESTAMP))
		return check_date(f, cell, e);
	lengthen_year(f, i, cell->data, &cell->length);
	if (q->rounds_reals && cell->form == CELL_TEXT && !is_text(f, i))
		return check_real(f, cell, e);
	if (q->upper_uuid && kind == COLUMN_UUID)
		for (size_t at = 0; at < cell->length; at++)
			data[at] = (char)tolower((unsigned char)data[at]);
	return 0;
}

/* A cell whose lane is bound and that is there as a whole. */
static int
take_cell(struct fetch *f, size_t i, struct err *e)
{
	struct cell *cell = &f->cells[i];

	lane_take(&f->lanes[lane_of(f, i)], cell);
	if (f->st->layout == LAYOUT_MARKED)
		return mark_take(&f->marked, cell, e);
	return check_plain(f, i, cell, e);
}

static int
finish_cell(struct fetch *f, size_t i, struct err *e)
{
	const struct lane *lane = &f->lanes[lane_of(f, i)];
	struct cell *cell = &f->cells[i];

	cell->data = NULL;
	cell->length = 0;
	cell->form = CELL_TEXT;
	cell->is_lazy = !lane->is_bound;
	if (cell->is_lazy || lane_is_null(lane))
		return 0;
	cell->is_lazy = lane_is_cut(lane);
	return cell->is_lazy ? 0 : take_cell(f, i, e);
}

/* X'00ff', as SQLite's driver prints bytes in a column of texts. */
static bool
is_printed_bytes(const struct lane *lane)
{
	size_t n = (size_t)lane->indicator;

	return !lane_is_cut(lane) && n >= 3 && n % 2 == 1 &&
	    lane->buffer[0] == 'X' && lane->buffer[1] == '\'' &&
	    lane->buffer[n - 1] == '\'' &&
	    strspn(lane->buffer + 2, "0123456789ABCDEF") == n - 3;
}

/* Whether a column is counted and stands alone. */
static bool
is_counted_alone(const struct fetch *f, size_t i)
{
	const struct column_type *t = &f->st->shown.types[i];

	return t->is_counted && t->lane > 0 &&
	    !lane_is_null(&f->lanes[t->lane]);
}

/* Whether the bytes of the texts beside the row's are what the sum leaves. */
static bool
sum_agrees(const struct fetch *f, int64_t wanted, bool with_bytes)
{
	int64_t sum = 0;

	for (size_t i = 0; i < f->n_cells; i++) {
		const struct lane *lane = &f->lanes[f->st->shown.types[i].lane];

		if (is_counted_alone(f, i))
			sum += with_bytes && is_printed_bytes(lane) ?
			    (lane->indicator - 3) / 2 :
			    lane->indicator;
	}
	return sum == wanted;
}

/* Bytes in a column of texts become what they are. */
static int
take_printed_bytes(struct fetch *f, struct err *e)
{
	for (size_t i = 0; i < f->n_cells; i++) {
		const struct lane *lane = &f->lanes[f->st->shown.types[i].lane];
		struct cell *cell = &f->cells[i];
		char nibble = '\0', *data = lane->buffer + 2;

		if (!is_counted_alone(f, i) || !is_printed_bytes(lane))
			continue;
		cell->length -= 3;
		if (hex_decode(data, &cell->length, &nibble, true, e) < 0)
			return -1;
		cell->data = data;
		cell->form = CELL_BYTES;
	}
	return 0;
}

/* The sum says that a text was cut, not which: name those that it may be. */
static int
refuse_nul(const struct fetch *f, struct err *e)
{
	char names[160] = "";
	size_t n = 0, length = 0;

	for (size_t i = 0; i < f->n_cells; i++) {
		const struct column_type *t = &f->st->shown.types[i];

		/* Alone, or in the row's text, whose cells are taken by now. */
		if (!is_counted_alone(f, i) &&
		    (!t->is_counted || t->lane > 0 || f->cells[i].data == NULL))
			continue;
		n++;
		if (length < sizeof(names))
			length += (size_t)snprintf(names + length,
			    sizeof(names) - length, "%s'%s'",
			    n > 1 ? " or " : "", f->st->shown.columns[i].name);
	}
	if (length >= sizeof(names))
		memcpy(names + sizeof(names) - 4, "...", 4);
	return joined_refuse_nul(names, e);
}

/*
 * SQLite's driver ends a text at a NUL and prints bytes as digits: the sum of
 * bytes that the query counted tells.
 */
static int
check_sum(struct fetch *f, int64_t left, struct err *e)
{
	if (sum_agrees(f, left, false))
		return 0;
	if (sum_agrees(f, left, true))
		return take_printed_bytes(f, e);
	return lose(f, e) == 0 ? 0 : refuse_nul(f, e);
}

/* A text that its lane cut, as a whole: it is one of many values. */
static int
read_row(struct fetch *f, struct cell_part *text, struct err *e)
{
	struct cell_part part = { .more = true };

	buf_reset(&f->row);
	while (part.more)
		if (lane_read(&f->reader, &f->lanes[0], 0, &part, e) < 0 ||
		    buf_put(&f->row, part.data, part.length, e) < 0)
			return -1;
	if (buf_reserve(&f->row, BLOCK_SLACK, e) < 0)
		return -1;
	text->data = f->row.data;
	text->length = f->row.length;
	if (text->length > f->longest)
		f->longest = text->length;
	return 0;
}

/* The text of short values, then the long ones beside it. */
static int
finish_marked(struct fetch *f, struct err *e)
{
	const struct lane *lane = &f->lanes[0];
	struct cell_part text = { .data = lane->buffer };
	int64_t left;

	if (lane_is_null(lane))
		return err_set(e, ERR_INTERNAL, "SQLite gives NULL for a row");
	text.length = (size_t)lane->indicator;
	if (lane_is_cut(lane) && read_row(f, &text, e) < 0)
		return -1;
	if (joined_take(&f->joined, &text, f->cells, &left, e) < 0)
		return -1;
	for (size_t i = 0; i < f->n_cells; i++)
		if (f->st->shown.types[i].lane > 0 && finish_cell(f, i, e) < 0)
			return err_in(
			    e, "column '%s'", f->st->shown.columns[i].name);
	return check_sum(f, left, e);
}

static int
refuse_null(struct err *e)
{
	return err_set(e, ERR_INTERNAL, "PostgreSQL gives NULL for a row");
}

/*
 * A row that is read in parts. psqlODBC looks at each byte of a value whenever
 * it begins to give it, so after a long row the next one is not bound.
 */
static int
begin_record(struct fetch *f, struct err *e)
{
	struct cell_part text;

	for (size_t i = 0; i < f->n_cells; i++)
		f->cells[i].is_lazy = true;
	if (lane_read(&f->reader, &f->lanes[0], 0, &text, e) < 0)
		return -1;
	if (text.data == NULL)
		return refuse_null(e);
	f->is_long = text.more || text.length >= f->lanes[0].room;
	return record_begin(&f->record, (char *)(uintptr_t)text.data,
	    text.length, text.more, e);
}

/* The row as one text: there as a whole, or to be read in parts. */
static int
finish_record(struct fetch *f, struct err *e)
{
	struct lane *lane = &f->lanes[0];
	struct cell whole;

	if (!lane->is_bound)
		return begin_record(f, e);
	if (lane_is_null(lane))
		return refuse_null(e);
	if (lane_is_cut(lane))
		return begin_record(f, e);
	lane_take(lane, &whole);
	if (record_begin(&f->record, lane->buffer, whole.length, false, e) < 0)
		return -1;
	return record_take(&f->record, f->cells, e);
}

static int
finish_row(struct fetch *f, struct err *e)
{
	if (f->st->layout == LAYOUT_RECORD)
		return finish_record(f, e);
	if (f->st->layout == LAYOUT_MARKED)
		return finish_marked(f, e);
	for (size_t i = 0; i < f->n_cells; i++)
		if (finish_cell(f, i, e) < 0)
			return err_in(
			    e, "column '%s'", f->st->shown.columns[i].name);
	return 0;
}

/* Bytes of the row as the driver gave it, as far as they are known. */
static size_t
row_bytes(const struct fetch *f)
{
	size_t n = 0;

	for (size_t i = 0; f->batch.is_set && i < f->n_lanes; i++)
		if (f->lanes[i].indicator > 0)
			n += (size_t)f->lanes[i].indicator;
	return n;
}

/*
 * A driver that says it cut something (01004) and counts the bytes it gave
 * instead of those there are: then a buffer is full that does not look cut.
 */
static int
check_cuts(const struct fetch *f, const struct diag_place *place, struct err *e)
{
	bool is_full = false;

	if (diag_check_info(place, NULL, e) < 0)
		return -1;
	if (!diag_has_state(place, "01004"))
		return 0;
	for (size_t i = 0; i < f->n_lanes; i++) {
		const struct lane *lane = &f->lanes[i];

		if (!lane->is_bound || lane_is_null(lane))
			continue;
		if (lane_is_cut(lane))
			return 0;
		is_full = is_full || lane_is_full(lane);
	}
	if (!is_full)
		return 0;
	return err_set(e, ERR_DATA,
	    "the driver says that it cut a value (01004), and none looks cut");
}

/* How the next row is fetched follows from those before. */
static int
settle_row(struct fetch *f, struct err *e)
{
	struct lane *lane = &f->lanes[0];

	/* sqliteodbc fills all of a buffer: begin with a small one. */
	if (f->st->layout != LAYOUT_RECORD)
		return lane_grow(&f->reader, lane, 0, f->longest, e);
	if (lane->is_bound != f->is_long)
		return 0;
	return lane_set_bound(&f->reader, lane, 0, !f->is_long, e);
}

int
fetch_next(struct fetch *f, const struct block **block, struct err *e)
{
	const struct diag_place place = { SQL_HANDLE_STMT, f->st->handle,
		"SQLFetch", f->st->session->connection };
	SQLRETURN rc;
	int result = 0;

	f->reader.is_reading = false;
	f->marked.has_begun = false;
	if (settle_row(f, e) < 0)
		return -1;
	rc = SQLFetch(f->st->handle);
	if (rc == SQL_NO_DATA) {
		if (diag_check_end(&place, e) < 0)
			return err_in(
			    e, "after row %llu", (unsigned long long)f->rows);
		return 0;
	}
	/* Truncation is told by the indicators; other records are read. */
	if (!SQL_SUCCEEDED(rc))
		result = diag_error(&place, rc, e);
	else if (rc == SQL_SUCCESS_WITH_INFO)
		result = check_cuts(f, &place, e);
	if (result < 0)
		return err_in(e, "after row %llu", (unsigned long long)f->rows);
	*block = &f->block;
	if (finish_row(f, e) < 0)
		return err_in(e, "row %llu", (unsigned long long)f->rows + 1);
	f->rows++;
	batch_count(&f->batch, row_bytes(f));
	return 1;
}

uint64_t
fetch_rows(const struct fetch *f)
{
	return f->rows;
}

uint64_t
fetch_losses(const struct fetch *f)
{
	return f->losses;
}

void
fetch_free(struct fetch *f)
{
	if (f == NULL)
		return;
	/* The buffers go: no later SQLFetch may write into them. */
	(void)SQLFreeStmt(f->st->handle, SQL_UNBIND);
	for (size_t i = 0; f->lanes != NULL && i < f->n_lanes; i++)
		lane_release(&f->lanes[i]);
	lane_reader_release(&f->reader);
	batch_end(&f->batch);
	buf_release(&f->row);
	free(f->lanes);
	free(f->cells);
	free(f);
}
