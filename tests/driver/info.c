/*
 * info.c - what the driver says it is
 *
 * The script's answers go before the ones here. A driver that answers nothing
 * is one whose script refuses each question.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

/* What SQLGetInfo may be asked, and how it answers by itself. */
static const struct question {
	const char *name;
	SQLUSMALLINT id;
	const char *text; /* NULL: a number */
	SQLUINTEGER number;
	bool is_short;
} questions[] = {
	{ "SQL_DBMS_NAME", SQL_DBMS_NAME, "Play", 0, false },
	{ "SQL_DBMS_VER", SQL_DBMS_VER, "01.00.0000", 0, false },
	{ "SQL_DRIVER_NAME", SQL_DRIVER_NAME, "libodbcplay.so", 0, false },
	{ "SQL_DRIVER_VER", SQL_DRIVER_VER, "01.00.0000", 0, false },
	{ "SQL_DRIVER_ODBC_VER", SQL_DRIVER_ODBC_VER, "03.80", 0, false },
	{ "SQL_DATA_SOURCE_NAME", SQL_DATA_SOURCE_NAME, "", 0, false },
	{ "SQL_SERVER_NAME", SQL_SERVER_NAME, "play", 0, false },
	{ "SQL_DATABASE_NAME", SQL_DATABASE_NAME, "play", 0, false },
	{ "SQL_USER_NAME", SQL_USER_NAME, "play", 0, false },
	{ "SQL_IDENTIFIER_QUOTE_CHAR", SQL_IDENTIFIER_QUOTE_CHAR, "\"", 0,
	    false },
	{ "SQL_SEARCH_PATTERN_ESCAPE", SQL_SEARCH_PATTERN_ESCAPE, "\\", 0,
	    false },
	{ "SQL_DATA_SOURCE_READ_ONLY", SQL_DATA_SOURCE_READ_ONLY, "N", 0,
	    false },
	{ "SQL_MULT_RESULT_SETS", SQL_MULT_RESULT_SETS, "Y", 0, false },
	{ "SQL_DESCRIBE_PARAMETER", SQL_DESCRIBE_PARAMETER, "Y", 0, false },
	{ "SQL_NEED_LONG_DATA_LEN", SQL_NEED_LONG_DATA_LEN, "N", 0, false },
	{ "SQL_GETDATA_EXTENSIONS", SQL_GETDATA_EXTENSIONS, NULL, 0, false },
	{ "SQL_CURSOR_COMMIT_BEHAVIOR", SQL_CURSOR_COMMIT_BEHAVIOR, NULL,
	    SQL_CB_PRESERVE, true },
	{ "SQL_CURSOR_ROLLBACK_BEHAVIOR", SQL_CURSOR_ROLLBACK_BEHAVIOR, NULL,
	    SQL_CB_PRESERVE, true },
	{ "SQL_TXN_CAPABLE", SQL_TXN_CAPABLE, NULL, SQL_TC_ALL, true },
	{ "SQL_TXN_ISOLATION_OPTION", SQL_TXN_ISOLATION_OPTION, NULL, 15,
	    false },
	{ "SQL_DEFAULT_TXN_ISOLATION", SQL_DEFAULT_TXN_ISOLATION, NULL,
	    SQL_TXN_READ_COMMITTED, false },
	{ "SQL_ODBC_INTERFACE_CONFORMANCE", SQL_ODBC_INTERFACE_CONFORMANCE,
	    NULL, SQL_OIC_CORE, false },
	{ "SQL_SCROLL_OPTIONS", SQL_SCROLL_OPTIONS, NULL, SQL_SO_FORWARD_ONLY,
	    false },
	{ "SQL_ASYNC_MODE", SQL_ASYNC_MODE, NULL, SQL_AM_NONE, false },
	{ "SQL_IDENTIFIER_CASE", SQL_IDENTIFIER_CASE, NULL, SQL_IC_MIXED,
	    true },
	{ "SQL_MAX_CONCURRENT_ACTIVITIES", SQL_MAX_CONCURRENT_ACTIVITIES, NULL,
	    0, true },
	{ "SQL_MAX_COLUMN_NAME_LEN", SQL_MAX_COLUMN_NAME_LEN, NULL, 128, true },
};

enum { QUESTIONS = sizeof(questions) / sizeof(questions[0]) };

static struct answer
own_answer(const struct question *q)
{
	return (struct answer){ q->id, false, q->text, q->number, q->is_short };
}

int
info_id(const char *name, struct answer *answer)
{
	long number = strtol(name, NULL, 10);

	for (size_t i = 0; i < QUESTIONS; i++)
		if (strcmp(questions[i].name, name) == 0 ||
		    (number > 0 && questions[i].id == number)) {
			*answer = own_answer(&questions[i]);
			return 0;
		}
	if (number <= 0)
		return -1;
	*answer = (struct answer){ .id = (SQLINTEGER)number };
	return 0;
}

static SQLRETURN
get_info(struct dbc *dbc, SQLUSMALLINT id, SQLPOINTER to, SQLSMALLINT size,
    SQLSMALLINT *length)
{
	const struct answer *said = answers_find(&dbc->script->info, id);
	char name[16];
	struct answer a;
	SQLINTEGER n = 0;
	SQLRETURN rc = SQL_SUCCESS;

	(void)snprintf(name, sizeof(name), "%u", (unsigned)id);
	(void)info_id(name, &a);
	if (said != NULL)
		a = *said;
	else if (a.text == NULL && a.number == 0 && !a.is_short &&
	    id != SQL_GETDATA_EXTENSIONS && id != SQL_ASYNC_MODE)
		return diags_fail(
		    &dbc->h.diags, "HYC00", "SQLGetInfo %u", (unsigned)id);
	if (a.is_refused)
		return diags_fail(
		    &dbc->h.diags, "HYC00", "SQLGetInfo %u", (unsigned)id);
	if (a.text != NULL) {
		rc = put_string(a.text, to, size, &n);
		if (rc == SQL_SUCCESS_WITH_INFO)
			(void)diags_fail(
			    &dbc->h.diags, "01004", "data truncated");
	} else if (a.is_short) {
		n = sizeof(SQLUSMALLINT);
		if (to != NULL)
			*(SQLUSMALLINT *)to = (SQLUSMALLINT)a.number;
	} else {
		n = sizeof(SQLUINTEGER);
		if (to != NULL)
			*(SQLUINTEGER *)to = (SQLUINTEGER)a.number;
	}
	if (length != NULL)
		*length = (SQLSMALLINT)n;
	return rc;
}

SQLRETURN SQL_API
SQLGetInfo(SQLHDBC handle, SQLUSMALLINT id, SQLPOINTER to, SQLSMALLINT size,
    SQLSMALLINT *length)
{
	struct dbc *dbc = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (call_begin(&c, F_GET_INFO, &dbc->h))
		rc = get_info(dbc, id, to, size, length);
	return call_end(&c, rc, "%u", (unsigned)id);
}

static const SQLUSMALLINT exported[] = { SQL_API_SQLALLOCHANDLE,
	SQL_API_SQLFREEHANDLE, SQL_API_SQLSETENVATTR, SQL_API_SQLGETENVATTR,
	SQL_API_SQLCONNECT, SQL_API_SQLDRIVERCONNECT, SQL_API_SQLDISCONNECT,
	SQL_API_SQLGETINFO, SQL_API_SQLGETFUNCTIONS, SQL_API_SQLGETTYPEINFO,
	SQL_API_SQLSETCONNECTATTR, SQL_API_SQLGETCONNECTATTR,
	SQL_API_SQLSETSTMTATTR, SQL_API_SQLGETSTMTATTR, SQL_API_SQLENDTRAN,
	SQL_API_SQLEXECDIRECT, SQL_API_SQLPREPARE, SQL_API_SQLEXECUTE,
	SQL_API_SQLNUMPARAMS, SQL_API_SQLBINDPARAMETER,
	SQL_API_SQLDESCRIBEPARAM, SQL_API_SQLNUMRESULTCOLS,
	SQL_API_SQLDESCRIBECOL, SQL_API_SQLCOLATTRIBUTE, SQL_API_SQLROWCOUNT,
	SQL_API_SQLBINDCOL, SQL_API_SQLFETCH, SQL_API_SQLFETCHSCROLL,
	SQL_API_SQLGETDATA, SQL_API_SQLMORERESULTS, SQL_API_SQLCLOSECURSOR,
	SQL_API_SQLFREESTMT, SQL_API_SQLCANCEL, SQL_API_SQLSETPOS,
	SQL_API_SQLGETDIAGREC, SQL_API_SQLGETDIAGFIELD };

static bool
is_exported(SQLUSMALLINT id)
{
	for (size_t i = 0; i < sizeof(exported) / sizeof(exported[0]); i++)
		if (exported[i] == id)
			return true;
	return false;
}

SQLRETURN SQL_API
SQLGetFunctions(SQLHDBC handle, SQLUSMALLINT id, SQLUSMALLINT *to)
{
	struct dbc *dbc = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (call_begin(&c, F_GET_FUNCTIONS, &dbc->h)) {
		if (id == SQL_API_ODBC3_ALL_FUNCTIONS) {
			memset(to, 0,
			    SQL_API_ODBC3_ALL_FUNCTIONS_SIZE * sizeof(*to));
			for (size_t i = 0;
			     i < sizeof(exported) / sizeof(exported[0]); i++)
				to[exported[i] >> 4] =
				    (SQLUSMALLINT)(to[exported[i] >> 4] |
					(1U << (exported[i] & 15)));
		} else if (id == SQL_API_ALL_FUNCTIONS) {
			for (SQLUSMALLINT i = 0; i < 100; i++)
				to[i] = is_exported(i);
		} else
			*to = is_exported(id);
	}
	return call_end(&c, rc, "%u", (unsigned)id);
}
