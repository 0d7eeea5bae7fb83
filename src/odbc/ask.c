/*
 * ask.c - small questions to a database or a driver, and their answers
 *
 * For what the program itself wants to know. The user's statements run in
 * statement.c, and their rows are read in fetch.c.
 */
#include "odbc/ask.h"
#include "odbc/diag.h"

/* The first value of what was executed; "" when there is none. */
static void
take_value(SQLHSTMT handle, char *text, size_t size)
{
	SQLSMALLINT n = 0;
	SQLLEN length = SQL_NULL_DATA;

	if (!SQL_SUCCEEDED(SQLNumResultCols(handle, &n)) || n <= 0 ||
	    !SQL_SUCCEEDED(SQLFetch(handle)) ||
	    !SQL_SUCCEEDED(SQLGetData(
		handle, 1, SQL_C_CHAR, text, (SQLLEN)size, &length)) ||
	    length == SQL_NULL_DATA)
		text[0] = '\0';
}

int
ask_value(const struct session *s, const char *sql, char *text, size_t size,
    struct err *e)
{
	struct diag_place place = { SQL_HANDLE_STMT, SQL_NULL_HSTMT,
		"SQLExecDirect", s->connection };
	SQLHSTMT handle = SQL_NULL_HSTMT;
	SQLRETURN rc;
	int result = 0;

	text[0] = '\0';
	if (!SQL_SUCCEEDED(
		SQLAllocHandle(SQL_HANDLE_STMT, s->connection, &handle)))
		return err_set(e, ERR_INTERNAL, "cannot allocate a statement");
	place.handle = handle;
	rc = SQLExecDirect(handle, (SQLCHAR *)(uintptr_t)sql, SQL_NTS);
	if (SQL_SUCCEEDED(rc))
		take_value(handle, text, size);
	else if (rc != SQL_NO_DATA)
		result = diag_error(&place, rc, e);
	(void)SQLFreeStmt(handle, SQL_CLOSE);
	(void)SQLFreeHandle(SQL_HANDLE_STMT, handle);
	return result;
}

void
ask_column(
    SQLHSTMT handle, size_t i, SQLUSMALLINT what, char *text, size_t size)
{
	SQLSMALLINT length = 0;

	if (!SQL_SUCCEEDED(SQLColAttribute(handle, (SQLUSMALLINT)(i + 1), what,
		text, (SQLSMALLINT)(size - 1), &length, NULL)))
		text[0] = '\0';
	text[size - 1] = '\0';
}
