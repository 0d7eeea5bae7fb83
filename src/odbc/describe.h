/*
 * describe.h - the columns of a result, from an executed or prepared handle
 *
 * Source	ODBC 3.8 SQLDescribeCol, SQLColAttribute; drivers.md
 */
#ifndef ODBC_DESCRIBE_H
#define ODBC_DESCRIBE_H

#include "base/err.h"
#include "odbc/handle.h"

/* Room for the name of a column. */
enum { DESCRIBE_NAME = 4096 };

/* Describe the current result of a handle; no columns are no error. */
int describe(struct description *d, const struct session *s, SQLHSTMT handle,
    struct err *e) MUST_CHECK;
/* Free everything and be empty. */
void description_release(struct description *d);

#endif
