/*
 * ledger_read.c - read back what ledger.c recorded
 */
#include <stdio.h>
#include <string.h>

#include "state/db.h"
#include "state/ledger_private.h"

int
ledger_find_shipped(
    struct ledger *l, const struct run_key *key, int64_t *run, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT id FROM run WHERE job = ? AND"
	    " environment = ? AND date = ? AND shard = ? AND"
	    " state = 'shipped' ORDER BY id DESC LIMIT 1");
	query_put_text(&q, key->job);
	query_put_text(&q, key->environment != NULL ? key->environment : "");
	query_put_text(&q, key->date);
	query_put_text(&q, key->shard != NULL ? key->shard : "");
	more = query_next(&q, "look for a shipped run", e);
	if (more > 0)
		*run = query_integer(&q, 0);
	query_end(&q);
	return more;
}

/* Hand each row of a query to a function that knows its columns. */
static int
each(struct query *q,
    int (*put)(const struct query *q, void *with, struct err *e), void *with,
    struct err *e)
{
	int more;

	while ((more = query_next(q, "read the ledger", e)) > 0)
		if (put(q, with, e) < 0) {
			more = -1;
			break;
		}
	query_end(q);
	return more;
}

/* The caller's function and argument, behind each(). */
struct run_reader {
	int (*put)(void *arg, const struct run_row *row, struct err *e);
	void *arg;
};

static int
put_run(const struct query *q, void *with, struct err *e)
{
	const struct run_reader *reader = with;
	const struct run_row row = {
		.id = query_integer(q, 0),
		.job = query_text(q, 1),
		.environment = query_text(q, 2),
		.date = query_text(q, 3),
		.shard = query_text(q, 4),
		.state = query_text(q, 5),
		.status = (int)query_integer(q, 6),
		.began_ms = query_integer(q, 7),
		.ended_ms = query_integer(q, 8),
		.rows = (uint64_t)query_integer(q, 9),
		.bytes = (uint64_t)query_integer(q, 10),
		.class_name = query_text(q, 11),
		.message = query_text(q, 12),
		.hint = query_text(q, 13),
		.dsn = query_text(q, 14),
		.dbms = query_text(q, 15),
		.driver = query_text(q, 16),
		.pid = query_integer(q, 17),
		.user = query_text(q, 18),
		.host = query_text(q, 19),
		.version = query_text(q, 20),
		.forced = query_integer(q, 21) != 0,
		.sqlstate = query_text(q, 22),
		.native = query_integer(q, 23),
	};

	return reader->put(reader->arg, &row, e);
}

int
ledger_each_run(struct ledger *l, const struct run_filter *filter,
    int (*put)(void *arg, const struct run_row *row, struct err *e), void *arg,
    struct err *e)
{
	struct run_reader reader = { put, arg };
	struct query q;

	query_begin(&q, l->db,
	    "SELECT id, job, environment, date, shard,"
	    " state, status, began_ms, ended_ms, rows, bytes, class, message,"
	    " hint, dsn, dbms, driver, pid, user, host, version, forced,"
	    " sqlstate, native FROM run WHERE"
	    " (?1 IS NULL OR job = ?1) AND (?2 IS NULL OR environment = ?2)"
	    " AND (?3 = 0 OR id = ?3) AND (?4 IS NULL OR state = ?4)"
	    " AND began_ms >= ?5 AND (?6 = 0 OR began_ms < ?6)"
	    " ORDER BY id DESC LIMIT ?7");
	query_put_text(&q, filter->job);
	query_put_text(&q, filter->environment);
	query_put_integer(&q, filter->id);
	query_put_text(&q, filter->state);
	query_put_integer(&q, filter->since_ms);
	query_put_integer(&q, filter->until_ms);
	query_put_integer(&q, filter->limit > 0 ? (int64_t)filter->limit : -1);
	return each(&q, put_run, &reader, e);
}

static void
read_error(
    struct err *error, const char *message, const char *state, int64_t native)
{
	(void)snprintf(error->text, sizeof(error->text), "%s", message);
	(void)snprintf(error->state, sizeof(error->state), "%s", state);
	error->native = (int)native;
}

struct statement_reader {
	int (*put)(void *arg, const struct run_statement *s, struct err *e);
	void *arg;
};

static int
put_statement(const struct query *q, void *with, struct err *e)
{
	const struct statement_reader *reader = with;
	struct err error = ERR_INIT;
	struct run_statement row = {
		.index = (unsigned)query_integer(q, 0),
		.line = (unsigned)query_integer(q, 1),
		.source = query_text(q, 2),
		.name = query_text(q, 3),
		.word = query_text(q, 4),
		.began_ms = query_integer(q, 5),
		.elapsed_ms = (uint64_t)query_integer(q, 6),
		.rows = query_integer(q, 7),
		.results = (unsigned)query_integer(q, 8),
	};

	if (row.name[0] == '\0')
		row.name = NULL;
	if (query_text(q, 9)[0] != '\0') {
		error.class = ERR_DATABASE;
		read_error(&error, query_text(q, 9), query_text(q, 10),
		    query_integer(q, 11));
		row.error = &error;
	}
	return reader->put(reader->arg, &row, e);
}

int
ledger_each_statement(struct ledger *l, int64_t run,
    int (*put)(void *arg, const struct run_statement *s, struct err *e),
    void *arg, struct err *e)
{
	struct statement_reader reader = { put, arg };
	struct query q;

	query_begin(&q, l->db,
	    "SELECT position, line, source, name, word,"
	    " began_ms, elapsed_ms, rows, results, message, sqlstate, native"
	    " FROM statement WHERE run = ? ORDER BY position");
	query_put_integer(&q, run);
	return each(&q, put_statement, &reader, e);
}

struct file_reader {
	int (*put)(void *arg, const struct run_file *f, struct err *e);
	void *arg;
};

static int
put_file(const struct query *q, void *with, struct err *e)
{
	const struct file_reader *reader = with;
	const struct run_file row = {
		.name = query_text(q, 0),
		.path = query_text(q, 1),
		.rows = (uint64_t)query_integer(q, 2),
		.bytes = (uint64_t)query_integer(q, 3),
		.sha256 = query_text(q, 4),
		.columns = query_text(q, 5),
		.lossy = (uint64_t)query_integer(q, 6),
		.replaced = (uint64_t)query_integer(q, 7),
		.prefixed = (uint64_t)query_integer(q, 8),
		.kind = query_text(q, 9),
		.skipped = query_integer(q, 10) != 0,
		.content_bytes = (uint64_t)query_integer(q, 11),
		.content_sha256 = query_text(q, 12),
		.id = query_integer(q, 13),
	};

	return reader->put(reader->arg, &row, e);
}

int
ledger_each_file(struct ledger *l, int64_t run,
    int (*put)(void *arg, const struct run_file *f, struct err *e), void *arg,
    struct err *e)
{
	struct file_reader reader = { put, arg };
	struct query q;

	query_begin(&q, l->db,
	    "SELECT name, path, rows, bytes, sha256,"
	    " columns, lossy, replaced, prefixed, kind, skipped,"
	    " content_bytes, content_sha256, id FROM file"
	    " WHERE run = ? ORDER BY id");
	query_put_integer(&q, run);
	return each(&q, put_file, &reader, e);
}

struct delivery_reader {
	int (*put)(void *arg, const struct run_delivery *d, struct err *e);
	void *arg;
};

static int
put_delivery(const struct query *q, void *with, struct err *e)
{
	const struct delivery_reader *reader = with;
	struct err error = ERR_INIT;
	struct run_delivery row = {
		.target = query_text(q, 0),
		.url = query_text(q, 1),
		.name = query_text(q, 2),
		.state = query_text(q, 3),
		.stage = query_text(q, 4),
		.reply = query_text(q, 5),
		.tls = query_text(q, 6),
		.verified = query_text(q, 7),
		.bytes = (uint64_t)query_integer(q, 8),
		.elapsed_ms = (uint64_t)query_integer(q, 9),
		.attempts = (uint64_t)query_integer(q, 11),
		.by = query_text(q, 12),
		.began_ms = query_integer(q, 13),
		.file = query_integer(q, 14),
	};

	if (query_text(q, 10)[0] != '\0') {
		error.class = ERR_TARGET;
		read_error(&error, query_text(q, 10), "", 0);
		row.error = &error;
	}
	return reader->put(reader->arg, &row, e);
}

int
ledger_each_delivery(struct ledger *l, int64_t run,
    int (*put)(void *arg, const struct run_delivery *d, struct err *e),
    void *arg, struct err *e)
{
	struct delivery_reader reader = { put, arg };
	struct query q;

	query_begin(&q, l->db,
	    "SELECT d.target, d.url, d.name, d.state,"
	    " d.stage, d.reply, d.tls, d.verified, d.bytes, d.elapsed_ms,"
	    " d.message, d.attempts, d.by, d.began_ms, d.file"
	    " FROM delivery d JOIN file f ON f.id = d.file"
	    " WHERE f.run = ? ORDER BY d.id");
	query_put_integer(&q, run);
	return each(&q, put_delivery, &reader, e);
}
