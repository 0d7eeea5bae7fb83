/*
 * db.c - SQLite for the ledger: one statement, its values, its errors
 *
 * Knows nothing of runs and files: see ledger.c.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "base/str.h"
#include "state/db.h"

static bool has_damage;

bool
db_has_damage(void)
{
	bool had = has_damage;

	has_damage = false;
	return had;
}

int
db_hint_damage(struct err *e)
{
	return err_hint(e,
	    "The ledger is damaged: the next run sets it aside and begins a "
	    "new one; `sqlite3 FILE .recover` gets back what can be read.");
}

int
db_error(struct sqlite3 *db, const char *what, struct err *e)
{
	int code = sqlite3_extended_errcode(db);
	bool is_busy = (code & 0xff) == SQLITE_BUSY ||
	    (code & 0xff) == SQLITE_LOCKED;

	(void)err_set(e, is_busy ? ERR_NOT_NOW : ERR_LOCAL, "cannot %s: %s",
	    what, sqlite3_errmsg(db));
	e->native = code;
	switch (code & 0xff) {
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		has_damage = true;
		return db_hint_damage(e);
	case SQLITE_FULL:
		return err_hint(e,
		    "Make room on the disk of the state "
		    "directory.");
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return err_hint(e,
		    "Check who owns the state directory; all "
		    "runs of a job should be made by the same user.");
	default:
		return -1;
	}
}

void
query_begin(struct query *q, struct sqlite3 *db, const char *sql)
{
	q->db = db;
	q->handle = NULL;
	q->n = 0;
	q->rc = sqlite3_prepare_v2(db, sql, -1, &q->handle, NULL);
}

void
query_put_text(struct query *q, const char *text)
{
	char *copy;
	int rc;

	q->n++;
	if (q->rc != SQLITE_OK)
		return;
	copy = str_dup(text);
	if (copy == NULL)
		rc = text == NULL ? sqlite3_bind_null(q->handle, q->n) :
				    SQLITE_NOMEM;
	else {
		redact_text(copy, strlen(copy) + 1);
		rc = sqlite3_bind_text(q->handle, q->n, copy, -1, free);
	}
	q->rc = rc;
}

void
query_put_exact(struct query *q, const char *text)
{
	q->n++;
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_text(
		    q->handle, q->n, text, -1, SQLITE_TRANSIENT);
}

void
query_put_integer(struct query *q, int64_t value)
{
	q->n++;
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_int64(q->handle, q->n, value);
}

int
query_next(struct query *q, const char *what, struct err *e)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_step(q->handle);
	if (q->rc == SQLITE_ROW) {
		q->rc = SQLITE_OK;
		return 1;
	}
	if (q->rc == SQLITE_DONE)
		return 0;
	return db_error(q->db, what, e);
}

const char *
query_text(const struct query *q, int column)
{
	const unsigned char *text = sqlite3_column_text(q->handle, column);

	return text != NULL ? (const char *)text : "";
}

int64_t
query_integer(const struct query *q, int column)
{
	return sqlite3_column_int64(q->handle, column);
}

int
query_run(struct query *q, const char *what, struct err *e)
{
	int more;

	while ((more = query_next(q, what, e)) > 0)
		;
	query_end(q);
	return more;
}

void
query_end(struct query *q)
{
	(void)sqlite3_finalize(q->handle);
	q->handle = NULL;
}
