/*
 * ask.h - small questions to a database or a driver, and their answers
 *
 * Source	ODBC 3.8 SQLExecDirect, SQLColAttribute
 */
#ifndef ODBC_ASK_H
#define ODBC_ASK_H

#include <stddef.h>

#include "base/err.h"
#include "odbc/handle.h"

/*
 * The first value that a statement gives, as text that is cut at size; "" for
 * no row, no columns and NULL.
 */
int ask_value(const struct session *s, const char *sql, char *text, size_t size,
    struct err *e) MUST_CHECK;
/* What a handle says of column i, as text; "" where it says nothing. */
void ask_column(
    SQLHSTMT handle, size_t i, SQLUSMALLINT what, char *text, size_t size);

#endif
