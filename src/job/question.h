/*
 * question.h - send a statement of the job; ask a query for its one value
 *
 * Used by the worker only. Gates, checks and the watermark ask; the batch's
 * own statements are sent the same way, so that all bind the same values.
 *
 * Errors	as odbc/statement.h; ERR_SPEC for a query with more than one row
 *		or column, or with none
 */
#ifndef JOB_QUESTION_H
#define JOB_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/export.h"
#include "job/plan.h"
#include "odbc/session.h"
#include "odbc/statement.h"
#include "sql/dialect.h"
#include "sql/script.h"
#include "table/column.h"

/* Longest value that is taken for an answer, with its NUL. */
enum { ANSWER_MAX = 4096 };

/* Who asks. */
struct asker {
	struct plan *plan;		 /* borrowed */
	struct session *session;	 /* borrowed */
	const struct dialect *dialect;	 /* in the server's mode; borrowed */
	int fd;				 /* the pipe to the supervisor */
	int (*cancelled)(struct err *e); /* -1 when it is time to end */
};

/* The one value of a query. */
struct answer {
	bool has_row;	       /* false: the query gave none */
	bool is_null;	       /* or no row */
	char text[ANSWER_MAX]; /* the value; empty for NULL */
	enum column_kind kind; /* of the column */
};

/* Execute a statement with the plan's parameters; free *st with its results. */
int question_send(const struct asker *a, const struct statement_text *text,
    struct statement **st, struct err *e) MUST_CHECK;
/* Ask a query for its value. */
int question_ask(const struct asker *a, const char *sql, struct answer *answer,
    struct err *e) MUST_CHECK;
/* The value, or NULL for NULL and no row; borrowed. */
const char *answer_value(const struct answer *a);
/* Write it for people, cut where it is long: "0", "NULL", "no row". */
void answer_put(const struct answer *a, char text[GUARD_TEXT]);

#endif
