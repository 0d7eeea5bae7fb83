/*
 * check.c - what gates and checks came to, in the ledger
 *
 * And what earlier runs were like, which some checks compare with. What is
 * checked is job/check.c's business.
 */
#include "state/check.h"
#include "state/db.h"
#include "state/ledger_private.h"

int
ledger_put_check(struct ledger *l, int64_t run, unsigned position,
    const struct run_check *c, struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "INSERT OR REPLACE INTO checks (run, position, kind, name,"
	    " expected, seen, passed, elapsed_ms)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
	query_put_integer(&q, run);
	query_put_integer(&q, position);
	query_put_text(&q, c->kind);
	query_put_text(&q, c->name);
	query_put_text(&q, c->expected);
	query_put_text(&q, c->seen);
	query_put_integer(&q, c->passed);
	query_put_integer(&q, (int64_t)c->elapsed_ms);
	return query_run(&q, "record a check", e);
}

int
ledger_each_check(struct ledger *l, int64_t run,
    int (*put)(void *arg, const struct run_check *c, struct err *e), void *arg,
    struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT kind, name, expected, seen, passed, elapsed_ms"
	    " FROM checks WHERE run = ? ORDER BY position");
	query_put_integer(&q, run);
	while ((more = query_next(&q, "read the checks", e)) > 0) {
		const struct run_check c = {
			.kind = query_text(&q, 0),
			.name = query_text(&q, 1),
			.expected = query_text(&q, 2),
			.seen = query_text(&q, 3),
			.passed = query_integer(&q, 4) != 0,
			.elapsed_ms = (uint64_t)query_integer(&q, 5),
		};

		if (put(arg, &c, e) < 0) {
			more = -1;
			break;
		}
	}
	query_end(&q);
	return more;
}

int
ledger_last_rows(struct ledger *l, int64_t run, uint64_t rows[CHECK_RUNS],
    size_t *n, struct err *e)
{
	struct query q;
	int more;

	*n = 0;
	query_begin(&q, l->db,
	    "SELECT old.rows FROM run me JOIN run old ON old.job = me.job"
	    " AND old.environment = me.environment AND old.shard = me.shard"
	    " AND old.state = 'shipped' AND old.id < me.id WHERE me.id = ?"
	    " ORDER BY old.id DESC LIMIT ?");
	query_put_integer(&q, run);
	query_put_integer(&q, CHECK_RUNS);
	while ((more = query_next(&q, "read earlier runs", e)) > 0)
		rows[(*n)++] = (uint64_t)query_integer(&q, 0);
	query_end(&q);
	return more;
}

int
ledger_last_shipped(struct ledger *l, int64_t run, int64_t *last, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT old.id FROM run me JOIN run old ON old.job = me.job"
	    " AND old.environment = me.environment AND old.shard = me.shard"
	    " AND old.state = 'shipped' AND old.id < me.id WHERE me.id = ?"
	    " ORDER BY old.id DESC LIMIT 1");
	query_put_integer(&q, run);
	more = query_next(&q, "read earlier runs", e);
	if (more > 0)
		*last = query_integer(&q, 0);
	query_end(&q);
	return more;
}

int
ledger_each_column(struct ledger *l, int64_t run,
    int (*put)(void *arg, const char *name, struct err *e), void *arg,
    struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT json_extract(c.value, '$.name') FROM json_each((SELECT"
	    " columns FROM file WHERE run = ? ORDER BY id LIMIT 1)) c"
	    " ORDER BY c.key");
	query_put_integer(&q, run);
	while ((more = query_next(&q, "read the columns", e)) > 0)
		if (put(arg, query_text(&q, 0), e) < 0) {
			more = -1;
			break;
		}
	query_end(&q);
	return more;
}
