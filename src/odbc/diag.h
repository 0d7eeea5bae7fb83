/*
 * diag.h - what a driver says, and what kind of failure it is
 *
 * Every diagnostic record is read, in every case: a driver may say "success"
 * and have lost rows (drivers.md).
 *
 * Source	ODBC 3.8 SQLGetDiagRec, appendix A; drivers.md
 */
#ifndef ODBC_DIAG_H
#define ODBC_DIAG_H

#include <stdbool.h>

#include "base/err.h"
#include "odbc/handle.h"

/* The call that failed, on which handle. */
struct diag_place {
	SQLSMALLINT type;     /* SQL_HANDLE_DBC, ... */
	SQLHANDLE handle;     /* the handle */
	const char *function; /* "SQLExecDirect" */
	SQLHDBC connection;   /* SQL_NULL_HDBC while it is being made */
};

/* Fill e from the records of a call that failed. Returns -1. */
int diag_error(const struct diag_place *place, SQLRETURN rc, struct err *e);
/*
 * Look at the records of a call that succeeded with information: a record
 * that is no warning (SQLSTATE not 00, 01 or 02) is an error. Warnings go to
 * the session's listener (NULL: nobody).
 */
int diag_check_info(const struct diag_place *place, const struct session *s,
    struct err *e) MUST_CHECK;
/* Whether a record of that SQLSTATE is among those of the last call. */
bool diag_has_state(const struct diag_place *place, const char *state);
/*
 * The end of the rows came; when the connection is gone then, the driver took
 * its loss for the end: -1.
 */
int diag_check_end(const struct diag_place *place, struct err *e) MUST_CHECK;
/* Whether an SQLSTATE and native code mean that a later try may succeed. */
bool diag_is_transient(
    const char *state, long native, const char *text, bool connecting);
/*
 * Set the hint of a statement's error: what to do about this SQLSTATE and
 * native code. is_transient: a later try may succeed. Returns -1.
 */
int
diag_remedy(const char *state, long native, bool is_transient, struct err *e);

#endif
