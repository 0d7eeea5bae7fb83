/*
 * describe.c - the columns of a result, as the script says they are
 *
 * What is described and what is delivered are two things: sizes, names and
 * types may be any lie. The values come from fetch.c.
 */
#include "play.h"

/* After SQLPrepare too, when the first step of the rule is a result. */
static const struct result *
described(const struct stmt *st)
{
	if (st->result != NULL)
		return st->result;
	if (st->rule != NULL && st->next_step == 0 && st->rule->steps.n > 0 &&
	    st->rule->steps.all[0].kind == STEP_RESULT)
		return st->rule->steps.all[0].result;
	return NULL;
}

static const struct column *
find_column(struct stmt *st, SQLUSMALLINT number)
{
	const struct result *r = described(st);

	if (r != NULL && number >= 1 && number <= r->n_columns)
		return &r->columns[number - 1];
	(void)diags_fail(&st->h.diags, "07009", "column %u", (unsigned)number);
	return NULL;
}

SQLRETURN SQL_API
SQLNumResultCols(SQLHSTMT handle, SQLSMALLINT *n)
{
	struct stmt *st = handle;
	const struct result *r = described(st);
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (call_begin(&c, F_NUM_RESULT_COLS, &st->h))
		*n = r != NULL ? (SQLSMALLINT)r->n_columns : 0;
	return call_end(&c, rc, "%d", (int)*n);
}

static SQLRETURN
describe_column(struct stmt *st, const struct column *column, SQLCHAR *name,
    SQLSMALLINT size, SQLSMALLINT *length)
{
	SQLINTEGER n = 0;
	SQLRETURN rc = put_string(column->name, name, size, &n);

	if (name != NULL && column->cut > 0 && n > (SQLINTEGER)column->cut) {
		n = (SQLINTEGER)column->cut;
		if (n < size)
			name[n] = '\0';
	}
	if (length != NULL)
		*length = (SQLSMALLINT)n;
	if (rc == SQL_SUCCESS_WITH_INFO)
		(void)diags_fail(&st->h.diags, "01004", "data truncated");
	return rc;
}

SQLRETURN SQL_API
SQLDescribeCol(SQLHSTMT handle, SQLUSMALLINT number, SQLCHAR *name,
    SQLSMALLINT name_size, SQLSMALLINT *length, SQLSMALLINT *type,
    SQLULEN *size, SQLSMALLINT *scale, SQLSMALLINT *nullable)
{
	const struct column *column = NULL;
	struct stmt *st = handle;
	SQLRETURN rc = SQL_ERROR;
	struct call c;

	if (call_begin(&c, F_DESCRIBE_COL, &st->h))
		column = find_column(st, number);
	if (column != NULL) {
		rc = describe_column(st, column, name, name_size, length);
		if (type != NULL)
			*type = column->type;
		if (size != NULL)
			*size = (SQLULEN)column->size;
		if (scale != NULL)
			*scale = column->scale;
		if (nullable != NULL)
			*nullable = column->nullable;
	}
	return call_end(&c, rc, "%u", (unsigned)number);
}

/* The text of an attribute; NULL when it is a number. */
static const char *
column_text(const struct column *c, SQLUSMALLINT id)
{
	switch (id) {
	case SQL_DESC_NAME:
	case SQL_DESC_BASE_COLUMN_NAME:
	case SQL_COLUMN_NAME:
		return c->name;
	case SQL_DESC_LABEL:
		return c->label;
	case SQL_DESC_BASE_TABLE_NAME:
	case SQL_DESC_TABLE_NAME:
		return c->table;
	case SQL_DESC_TYPE_NAME:
		return c->type_name;
	case SQL_DESC_CATALOG_NAME:
	case SQL_DESC_SCHEMA_NAME:
	case SQL_DESC_LITERAL_PREFIX:
	case SQL_DESC_LITERAL_SUFFIX:
	case SQL_DESC_LOCAL_TYPE_NAME:
		return "";
	default:
		return NULL;
	}
}

static bool
column_number(const struct column *c, SQLUSMALLINT id, SQLLEN *number)
{
	switch (id) {
	case SQL_DESC_TYPE:
	case SQL_DESC_CONCISE_TYPE:
		*number = c->type;
		return true;
	case SQL_DESC_LENGTH:
	case SQL_COLUMN_LENGTH:
	case SQL_DESC_PRECISION:
	case SQL_COLUMN_PRECISION:
		*number = c->size;
		return true;
	case SQL_DESC_SCALE:
	case SQL_COLUMN_SCALE:
		*number = c->scale;
		return true;
	case SQL_DESC_NULLABLE:
	case SQL_COLUMN_NULLABLE:
		*number = c->nullable;
		return true;
	case SQL_DESC_DISPLAY_SIZE:
		*number = c->display;
		return !c->no_display;
	case SQL_DESC_OCTET_LENGTH:
		*number = c->octets;
		return !c->no_octets;
	case SQL_DESC_UNSIGNED:
	case SQL_DESC_AUTO_UNIQUE_VALUE:
	case SQL_DESC_FIXED_PREC_SCALE:
	case SQL_DESC_UPDATABLE:
		*number = 0;
		return true;
	default:
		return false;
	}
}

SQLRETURN SQL_API
SQLColAttribute(SQLHSTMT handle, SQLUSMALLINT number, SQLUSMALLINT id,
    SQLPOINTER to, SQLSMALLINT size, SQLSMALLINT *length, SQLLEN *value)
{
	const struct result *result;
	const struct column *column = NULL;
	struct stmt *st = handle;
	SQLRETURN rc = SQL_ERROR;
	SQLLEN answer = 0;
	SQLINTEGER n = 0;
	struct call c;

	if (call_begin(&c, F_COL_ATTRIBUTE, &st->h)) {
		result = described(st);
		if (id == SQL_DESC_COUNT || id == SQL_COLUMN_COUNT) {
			answer = result != NULL ? (SQLLEN)result->n_columns : 0;
			rc = SQL_SUCCESS;
		} else
			column = find_column(st, number);
	}
	if (column != NULL && column_text(column, id) != NULL)
		rc = put_string(column_text(column, id), to, size, &n);
	else if (column != NULL && column_number(column, id, &answer))
		rc = SQL_SUCCESS;
	else if (column != NULL)
		(void)diags_fail(
		    &st->h.diags, "HYC00", "attribute %u", (unsigned)id);
	if (SQL_SUCCEEDED(rc) && value != NULL)
		*value = answer;
	if (SQL_SUCCEEDED(rc) && length != NULL)
		*length = (SQLSMALLINT)n;
	return call_end(&c, rc, "%u %u", (unsigned)number, (unsigned)id);
}

SQLRETURN SQL_API
SQLRowCount(SQLHSTMT handle, SQLLEN *n)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (call_begin(&c, F_ROW_COUNT, &st->h))
		*n = st->row_count;
	return call_end(&c, rc, "%lld", (long long)*n);
}
