/*
 * statement.c - execute a statement's rule, with parameters and attributes
 *
 * A rule is a line of steps: SQLExecDirect goes to the first result or count,
 * SQLMoreResults to the next one, and what stands before it happens on the
 * way. The columns are described in describe.c, the rows are fetch.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

struct stmt *
stmt_new(struct dbc *dbc)
{
	struct stmt *st = calloc(1, sizeof(*st));

	if (st == NULL)
		abort();
	st->h.type = SQL_HANDLE_STMT;
	st->h.dbc = dbc;
	st->number = ++dbc->last_statement;
	st->array_size = 1;
	st->row_count = -1;
	return st;
}

void
stmt_free(struct stmt *st)
{
	for (size_t i = 0; i < STMT_PARAMETERS; i++)
		free(st->texts[i]);
	free(st->sql);
	diags_release(&st->h.diags);
	free(st);
}

/* The place among the rows: none. */
static void
forget_rows(struct stmt *st)
{
	st->result = NULL;
	st->row_count = -1;
	st->step = 0;
	st->step_row = 0;
	st->row = 0;
	st->is_over = false;
	st->get_step = NULL;
	st->get_column = 0;
}

void
stmt_close(struct stmt *st)
{
	forget_rows(st);
	st->rule = NULL;
	st->next_step = 0;
}

void
stmt_value(const struct stmt *st, const struct cell *cell, uint64_t row,
    struct value *v)
{
	uint64_t i = cell->number - 1;

	cell_value(cell, row, v);
	if (cell->kind != CELL_PARAM || i >= STMT_PARAMETERS ||
	    st->texts[i] == NULL)
		return;
	v->is_null = false;
	v->pattern = st->texts[i];
	v->period = st->lengths[i];
	v->length = st->lengths[i];
}

/* The next result or count of the rule; SQL_NO_DATA behind the last. */
static SQLRETURN
next_result(struct stmt *st)
{
	SQLRETURN rc = SQL_SUCCESS, last;

	forget_rows(st);
	while (st->rule != NULL && st->next_step < st->rule->steps.n) {
		const struct step *step = &st->rule->steps.all[st->next_step++];

		if (step->kind == STEP_RESULT) {
			st->result = step->result;
			return rc;
		}
		if (step->kind == STEP_COUNT) {
			st->row_count = (SQLLEN)step->count;
			return rc;
		}
		last = call_step(&st->h, step);
		if (last == SQL_ERROR || last == SQL_NO_DATA)
			return last;
		if (last == SQL_SUCCESS_WITH_INFO)
			rc = last;
	}
	return SQL_NO_DATA;
}

/* A parameter's value as text, for the transcript and param: cells. */
static void
take_parameter(struct stmt *st, size_t i)
{
	const struct parameter *p = &st->parameters[i];
	char number[64] = "";
	const char *from = number;
	size_t n;
	int64_t big;
	int32_t small;

	free(st->texts[i]);
	st->texts[i] = NULL;
	st->lengths[i] = 0;
	if (p->data == NULL ||
	    (p->indicator != NULL && *p->indicator == SQL_NULL_DATA))
		return;
	if (p->c_type == SQL_C_SBIGINT) {
		memcpy(&big, p->data, sizeof(big));
		(void)snprintf(number, sizeof(number), "%lld", (long long)big);
	} else if (p->c_type == SQL_C_SLONG || p->c_type == SQL_C_LONG) {
		memcpy(&small, p->data, sizeof(small));
		(void)snprintf(number, sizeof(number), "%d", (int)small);
	} else
		from = p->data;
	n = from == number || p->indicator == NULL || *p->indicator == SQL_NTS ?
	    strlen(from) :
	    (size_t)*p->indicator;
	st->texts[i] = malloc(n + 1);
	if (st->texts[i] == NULL)
		abort();
	memcpy(st->texts[i], from, n);
	st->texts[i][n] = '\0';
	st->lengths[i] = n;
}

static void
take_parameters(struct stmt *st)
{
	char quoted[512];

	for (size_t i = 0; i < STMT_PARAMETERS; i++) {
		if (st->parameters[i].sql_type == 0)
			continue;
		take_parameter(st, i);
		transcript_put(st->h.dbc->transcript,
		    "parameter %zu c=%d sql=%d %s", i + 1,
		    (int)st->parameters[i].c_type,
		    (int)st->parameters[i].sql_type,
		    st->texts[i] == NULL ?
			"NULL" :
			transcript_quote(quoted, st->texts[i], st->lengths[i]));
	}
}

static SQLRETURN
find_rule(struct stmt *st, const char *sql, size_t length)
{
	stmt_close(st);
	st->rule = script_find(st->h.dbc->script, sql, length);
	if (st->rule != NULL)
		return SQL_SUCCESS;
	return diags_fail(
	    &st->h.diags, "42000", "the script has no rule for this statement");
}

static SQLRETURN
execute(struct stmt *st)
{
	st->next_step = 0;
	take_parameters(st);
	/* A rule without steps is a statement without a result. */
	if (st->rule->steps.n == 0) {
		forget_rows(st);
		return SQL_SUCCESS;
	}
	return next_result(st);
}

static size_t
sql_length(const SQLCHAR *sql, SQLINTEGER length)
{
	return length == SQL_NTS ? strlen((const char *)sql) : (size_t)length;
}

SQLRETURN SQL_API
SQLExecDirect(SQLHSTMT handle, SQLCHAR *sql, SQLINTEGER length)
{
	size_t n = sql_length(sql, length);
	struct stmt *st = handle;
	SQLRETURN rc = SQL_ERROR;
	char quoted[512];
	struct call c;

	if (call_begin(&c, F_EXEC_DIRECT, &st->h) &&
	    find_rule(st, (const char *)sql, n) == SQL_SUCCESS)
		rc = execute(st);
	return call_end(
	    &c, rc, "%s", transcript_quote(quoted, (const char *)sql, n));
}

SQLRETURN SQL_API
SQLPrepare(SQLHSTMT handle, SQLCHAR *sql, SQLINTEGER length)
{
	size_t n = sql_length(sql, length);
	struct stmt *st = handle;
	SQLRETURN rc = SQL_ERROR;
	char quoted[512];
	struct call c;

	if (call_begin(&c, F_PREPARE, &st->h)) {
		free(st->sql);
		st->sql = strndup((const char *)sql, n);
		if (st->sql == NULL)
			abort();
		rc = find_rule(st, st->sql, n);
	}
	return call_end(
	    &c, rc, "%s", transcript_quote(quoted, (const char *)sql, n));
}

SQLRETURN SQL_API
SQLExecute(SQLHSTMT handle)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (call_begin(&c, F_EXECUTE, &st->h)) {
		if (st->sql == NULL)
			rc = diags_fail(
			    &st->h.diags, "HY010", "nothing is prepared");
		else if (st->rule == NULL)
			rc = find_rule(st, st->sql, strlen(st->sql));
		if (rc == SQL_SUCCESS)
			rc = execute(st);
	}
	return call_end(&c, rc, "%s", "");
}

/* The rule named SQLGetTypeInfo, if there is one. */
SQLRETURN SQL_API
SQLGetTypeInfo(SQLHSTMT handle, SQLSMALLINT type)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_ERROR;
	struct call c;

	if (call_begin(&c, F_GET_TYPE_INFO, &st->h) &&
	    find_rule(st, "SQLGetTypeInfo", strlen("SQLGetTypeInfo")) ==
		SQL_SUCCESS)
		rc = execute(st);
	return call_end(&c, rc, "%d", (int)type);
}

SQLRETURN SQL_API
SQLMoreResults(SQLHSTMT handle)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (call_begin(&c, F_MORE_RESULTS, &st->h)) {
		if (st->h.dbc->script->lies.how[LIE_MORE] == MORE_REFUSED)
			rc = diags_fail(&st->h.diags, "IM001",
			    "driver does not support this function");
		else
			rc = next_result(st);
	}
	return call_end(&c, rc, "%s", "");
}

/* Parameters. */

/* Markers outside of quotes. */
static SQLSMALLINT
count_markers(const char *sql)
{
	SQLSMALLINT n = 0;
	char quote = '\0';

	for (; *sql != '\0'; sql++) {
		if (quote != '\0')
			quote = *sql == quote ? '\0' : quote;
		else if (*sql == '\'' || *sql == '"')
			quote = *sql;
		else if (*sql == '?')
			n++;
	}
	return n;
}

SQLRETURN SQL_API
SQLNumParams(SQLHSTMT handle, SQLSMALLINT *n)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (call_begin(&c, F_NUM_PARAMS, &st->h))
		*n = st->sql != NULL ? count_markers(st->sql) : 0;
	return call_end(&c, rc, "%d", (int)*n);
}

SQLRETURN SQL_API
SQLBindParameter(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT direction,
    SQLSMALLINT c_type, SQLSMALLINT sql_type, SQLULEN column_size,
    SQLSMALLINT scale, SQLPOINTER data, SQLLEN size, SQLLEN *indicator)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	(void)direction;
	if (call_begin(&c, F_BIND_PARAMETER, &st->h)) {
		if (number < 1 || number > STMT_PARAMETERS)
			rc = diags_fail(&st->h.diags, "07009", "parameter %u",
			    (unsigned)number);
		else
			st->parameters[number - 1] = (struct parameter){ c_type,
				sql_type, data, size, indicator };
	}
	return call_end(&c, rc, "%u c=%d sql=%d size=%llu scale=%d",
	    (unsigned)number, (int)c_type, (int)sql_type,
	    (unsigned long long)column_size, (int)scale);
}

SQLRETURN SQL_API
SQLDescribeParam(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT *type,
    SQLULEN *size, SQLSMALLINT *scale, SQLSMALLINT *nullable)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (call_begin(&c, F_DESCRIBE_PARAM, &st->h)) {
		if (type != NULL)
			*type = SQL_VARCHAR;
		if (size != NULL)
			*size = 255;
		if (scale != NULL)
			*scale = 0;
		if (nullable != NULL)
			*nullable = SQL_NULLABLE_UNKNOWN;
	}
	return call_end(&c, rc, "%u", (unsigned)number);
}

/* Ends and attributes. */

SQLRETURN SQL_API
SQLCloseCursor(SQLHSTMT handle)
{
	struct stmt *st = handle;
	struct call c;

	if (call_begin(&c, F_CLOSE_CURSOR, &st->h))
		stmt_close(st);
	return call_end(&c, SQL_SUCCESS, "%s", "");
}

SQLRETURN SQL_API
SQLFreeStmt(SQLHSTMT handle, SQLUSMALLINT option)
{
	struct stmt *st = handle;
	struct call c;

	if (call_begin(&c, F_FREE_STMT, &st->h)) {
		if (option == SQL_CLOSE)
			stmt_close(st);
		else if (option == SQL_UNBIND) {
			memset(st->bindings, 0,
			    st->last_bound * sizeof(st->bindings[0]));
			st->last_bound = 0;
		} else if (option == SQL_RESET_PARAMS)
			memset(st->parameters, 0, sizeof(st->parameters));
	}
	return call_end(&c, SQL_SUCCESS, "%s",
	    option == SQL_CLOSE	     ? "close" :
		option == SQL_UNBIND ? "unbind" :
				       "reset");
}

/* Comes from another thread, while a call of the statement is running. */
SQLRETURN SQL_API
SQLCancel(SQLHSTMT handle)
{
	struct stmt *st = handle;
	int how = st->h.dbc->script->lies.how[LIE_CANCEL];
	const struct step crash = { .kind = STEP_CRASH };
	struct call c;

	(void)call_begin(&c, F_CANCEL, &st->h);
	if (atomic_load(&st->in_call) && how == CANCEL_CRASH)
		(void)call_step(&st->h, &crash);
	if (how == CANCEL_HONOURED)
		atomic_store(&st->is_cancelled, true);
	return call_end(&c, SQL_SUCCESS, "%s",
	    atomic_load(&st->in_call) ? "in a call" : "");
}

static SQLRETURN
set_array_size(struct stmt *st, SQLULEN size)
{
	const struct lies *lies = &st->h.dbc->script->lies;

	switch (lies->how[LIE_ARRAY]) {
	case ARRAY_REFUSED:
		return diags_fail(
		    &st->h.diags, "HYC00", "optional feature not implemented");
	case ARRAY_CHANGED:
		st->array_size = (SQLULEN)lies->arg[LIE_ARRAY];
		(void)diags_fail(&st->h.diags, "01S02", "option value changed");
		return SQL_SUCCESS_WITH_INFO;
	case ARRAY_IGNORED:
		st->array_size = 1;
		return SQL_SUCCESS;
	default:
		st->array_size = size;
		return SQL_SUCCESS;
	}
}

static SQLRETURN
set_attribute(struct stmt *st, SQLINTEGER id, SQLPOINTER value)
{
	const struct script *s = st->h.dbc->script;
	const struct answer *said = answers_find(&s->attributes, id);

	if (said != NULL && said->is_refused)
		return diags_fail(
		    &st->h.diags, "HYC00", "attribute %d", (int)id);
	switch (id) {
	case SQL_ATTR_ROW_ARRAY_SIZE:
		return set_array_size(st, (SQLULEN)(uintptr_t)value);
	case SQL_ATTR_ROW_BIND_TYPE:
		st->bind_type = (SQLULEN)(uintptr_t)value;
		break;
	case SQL_ATTR_ROW_BIND_OFFSET_PTR:
		st->bind_offset = value;
		break;
	case SQL_ATTR_ROW_STATUS_PTR:
		st->row_status = value;
		break;
	case SQL_ATTR_ROWS_FETCHED_PTR:
		if (s->lies.how[LIE_FETCHED] == FETCHED_REFUSED)
			return diags_fail(&st->h.diags, "HYC00",
			    "optional feature not implemented");
		st->rows_fetched = value;
		break;
	default:
		attributes_set(&st->attributes, id, (SQLULEN)(uintptr_t)value);
		break;
	}
	return SQL_SUCCESS;
}

SQLRETURN SQL_API
SQLSetStmtAttr(
    SQLHSTMT handle, SQLINTEGER id, SQLPOINTER value, SQLINTEGER length)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	(void)length;
	if (call_begin(&c, F_SET_STMT_ATTR, &st->h))
		rc = set_attribute(st, id, value);
	/* Pointers would make every transcript another one. */
	if (id == SQL_ATTR_ROW_BIND_OFFSET_PTR ||
	    id == SQL_ATTR_ROW_STATUS_PTR || id == SQL_ATTR_ROWS_FETCHED_PTR)
		return call_end(&c, rc, "%d pointer", (int)id);
	return call_end(
	    &c, rc, "%d %llu", (int)id, (unsigned long long)(uintptr_t)value);
}

static SQLRETURN
get_attribute(struct stmt *st, SQLINTEGER id, SQLPOINTER to)
{
	const struct answer *said = answers_find(
	    &st->h.dbc->script->attributes, id);
	SQLULEN value = 0;

	switch (id) {
	/* The driver manager has descriptors of its own then. */
	case SQL_ATTR_APP_ROW_DESC:
	case SQL_ATTR_APP_PARAM_DESC:
	case SQL_ATTR_IMP_ROW_DESC:
	case SQL_ATTR_IMP_PARAM_DESC:
		return diags_fail(
		    &st->h.diags, "HYC00", "attribute %d", (int)id);
	case SQL_ATTR_ROW_ARRAY_SIZE:
		value = st->array_size;
		break;
	case SQL_ATTR_ROW_BIND_TYPE:
		value = st->bind_type;
		break;
	default:
		if (!attributes_get(&st->attributes, id, &value) &&
		    said != NULL)
			value = said->number;
		break;
	}
	*(SQLULEN *)to = value;
	return SQL_SUCCESS;
}

SQLRETURN SQL_API
SQLGetStmtAttr(SQLHSTMT handle, SQLINTEGER id, SQLPOINTER to, SQLINTEGER size,
    SQLINTEGER *length)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	(void)size;
	if (length != NULL)
		*length = sizeof(SQLULEN);
	if (call_begin(&c, F_GET_STMT_ATTR, &st->h))
		rc = get_attribute(st, id, to);
	return call_end(&c, rc, "%d", (int)id);
}

/* Written down, so that a test can say that it is never called. */
SQLRETURN SQL_API
SQLSetPos(SQLHSTMT handle, SQLSETPOSIROW row, SQLUSMALLINT operation,
    SQLUSMALLINT lock)
{
	struct stmt *st = handle;
	SQLRETURN rc = SQL_ERROR;
	struct call c;

	(void)lock;
	if (call_begin(&c, F_SET_POS, &st->h))
		rc = diags_fail(
		    &st->h.diags, "HYC00", "optional feature not implemented");
	return call_end(
	    &c, rc, "%llu %u", (unsigned long long)row, (unsigned)operation);
}
