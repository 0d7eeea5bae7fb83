/*
 * ledger_environment.c - in which environment each run ran
 *
 * Most runs of a host have the same one: its text is kept once. What is in it
 * is job/environment.h's.
 */
#include <sqlite3.h>

#include "state/db.h"
#include "state/ledger_environment.h"
#include "state/ledger_private.h"

int
ledger_put_environment(
    struct ledger *l, int64_t run, const char *text, struct err *e)
{
	struct query q;

	query_begin(
	    &q, l->db, "INSERT OR IGNORE INTO environment (text) VALUES (?)");
	query_put_text(&q, text);
	if (query_run(&q, "record the environment", e) < 0)
		return -1;
	query_begin(&q, l->db,
	    "INSERT OR REPLACE INTO run_environment (run, environment)"
	    " SELECT ?, id FROM environment WHERE text = ?");
	query_put_integer(&q, run);
	query_put_text(&q, text);
	return query_run(&q, "record the environment of the run", e);
}

int
ledger_get_environment(
    struct ledger *l, int64_t run, struct buf *text, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT e.text FROM run_environment r JOIN environment e"
	    " ON e.id = r.environment WHERE r.run = ?");
	query_put_integer(&q, run);
	more = query_next(&q, "read the environment of a run", e);
	if (more > 0 && buf_puts(text, query_text(&q, 0), e) < 0)
		more = -1;
	query_end(&q);
	return more < 0 ? -1 : 0;
}

int
ledger_find_success(
    struct ledger *l, int64_t run, int64_t *success, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT max(s.id) FROM run r JOIN run s ON s.job = r.job"
	    " AND s.environment = r.environment AND s.id < r.id"
	    " WHERE r.id = ? AND s.status = 0");
	query_put_integer(&q, run);
	more = query_next(&q, "look for the last success", e);
	if (more > 0)
		*success = query_integer(&q, 0);
	query_end(&q);
	return more < 0 ? -1 : *success > 0;
}
