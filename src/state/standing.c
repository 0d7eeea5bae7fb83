/*
 * standing.c - how the runs of each job stand
 *
 * Questions over many runs; single runs are read in ledger_read.c. What is
 * expected of a job is not known here: see job/overview.h.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "state/db.h"
#include "state/ledger_private.h"
#include "state/outbox.h"
#include "state/standing.h"

/* Of runs that count, these are none. */
#define COUNTS " NOT (state = 'skipped' AND status > 0) AND state <> 'kept'"
#define WELL " status = 0 AND" COUNTS
#define OF_JOB " FROM run WHERE job = ?1 AND environment = ?2 AND"

int
standing_each_job(struct ledger *l,
    int (*put)(
	void *arg, const char *job, const char *environment, struct err *e),
    void *arg, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT DISTINCT job, environment FROM run"
	    " ORDER BY job, environment");
	while ((more = query_next(&q, "read the ledger", e)) > 0)
		if (put(arg, query_text(&q, 0), query_text(&q, 1), e) < 0) {
			more = -1;
			break;
		}
	query_end(&q);
	return more;
}

int
standing_is_done(struct ledger *l, const struct run_key *key, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT 1" OF_JOB " date = ?3 AND shard = ?4 AND" WELL " LIMIT 1");
	query_put_text(&q, key->job);
	query_put_text(&q, key->environment != NULL ? key->environment : "");
	query_put_text(&q, key->date);
	query_put_text(&q, key->shard != NULL ? key->shard : "");
	more = query_next(&q, "look for a run of a date", e);
	query_end(&q);
	return more;
}

/* Whose runs are asked about. */
struct asking {
	struct ledger *ledger;
	const struct run_key *key;
};

/* The two columns that a statement over its runs beyond one gives. */
static int
ask(const struct asking *a, const char *sql, int64_t run, int64_t columns[2],
    struct err *e)
{
	const char *environment = a->key->environment;
	struct query q;
	int more;

	query_begin(&q, a->ledger->db, sql);
	query_put_text(&q, a->key->job);
	query_put_text(&q, environment != NULL ? environment : "");
	query_put_integer(&q, run);
	more = query_next(&q, "read the ledger", e);
	columns[0] = more > 0 ? query_integer(&q, 0) : 0;
	columns[1] = more > 0 ? query_integer(&q, 1) : 0;
	query_end(&q);
	return more < 0 ? -1 : 0;
}

/* The first run, the last one, and the last that counts. */
static int
ask_ends(const struct asking *a, struct standing *s, struct err *e)
{
	int64_t all[2], counting[2];

	if (ask(a, "SELECT min(began_ms), max(id)" OF_JOB " id > ?3", 0, all,
		e) < 0 ||
	    ask(a, "SELECT max(id), 0" OF_JOB COUNTS " AND id > ?3", 0,
		counting, e) < 0)
		return -1;
	s->first_ms = all[0];
	s->last = counting[0] > 0 ? counting[0] : all[1];
	return 0;
}

/* The last run that ended well, and what failed since then. */
static int
ask_good(const struct asking *a, struct standing *s, struct err *e)
{
	int64_t good[2], failures[2];

	if (ask(a,
		"SELECT id, ended_ms" OF_JOB WELL
		" AND id > ?3 ORDER BY id DESC LIMIT 1",
		0, good, e) < 0 ||
	    ask(a,
		"SELECT min(began_ms), count(*)" OF_JOB
		" id > ?3 AND status > 0 AND" COUNTS,
		good[0], failures, e) < 0)
		return -1;
	s->good = good[0];
	s->good_ms = good[1];
	s->failing_ms = failures[0];
	s->failures = (unsigned)failures[1];
	return 0;
}

/* What is not where it should be, and what came after the last run. */
static int
ask_rest(const struct asking *a, struct standing *s, struct err *e)
{
	struct outbox_sum owed;
	int64_t skipped[2], held[2];

	if (ask(a,
		"SELECT count(*), 0" OF_JOB
		" id > ?3 AND state = 'skipped' AND status > 0",
		s->last, skipped, e) < 0 ||
	    ask(a,
		"SELECT count(*), coalesce(min(id), 0) FROM run h"
		" WHERE job = ?1 AND environment = ?2 AND id > ?3"
		" AND state = 'held' AND NOT EXISTS (SELECT 1 FROM run"
		" WHERE job = h.job AND environment = h.environment"
		" AND date = h.date AND shard = h.shard AND id > h.id"
		" AND (state = 'held' OR (" WELL ")))"
		" AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.run = h.id"
		" AND d.text LIKE 'gave it up%')",
		0, held, e) < 0 ||
	    outbox_count(a->ledger, a->key, &owed, e) < 0)
		return -1;
	s->skipped = (unsigned)skipped[0];
	s->held = (unsigned)held[0];
	s->first_held = held[1];
	s->missing = owed.deliveries;
	s->unknown = owed.unknown;
	s->first_missing = owed.first;
	return 0;
}

int
standing_get(struct ledger *l, const struct run_key *key, struct standing *s,
    struct err *e)
{
	const struct asking a = { l, key };

	memset(s, 0, sizeof(*s));
	if (ask_ends(&a, s, e) < 0 || ask_good(&a, s, e) < 0)
		return -1;
	return ask_rest(&a, s, e);
}

/* Forgetting. */

enum {
	FORGET_RUNS = 500,
	FORGET_TABLES = 16,
	FORGET_NAME = 64,
	FORGET_SQL = 4096
};

/* A column of a table that says which row of another it belongs to. */
struct belonging {
	char table[FORGET_NAME];
	char column[FORGET_NAME];
};

/* What belongs to rows of a table, as the schema itself says it. */
static int
find_belongings(struct ledger *l, const char *table,
    struct belonging found[FORGET_TABLES], size_t *n, struct err *e)
{
	struct query q;
	int more;

	*n = 0;
	query_begin(&q, l->db,
	    "SELECT m.name, k.\"from\" FROM sqlite_master m,"
	    " pragma_foreign_key_list(m.name) k"
	    " WHERE m.type = 'table' AND k.\"table\" = ?");
	query_put_text(&q, table);
	while ((more = query_next(&q, "read the schema", e)) > 0) {
		struct belonging *b = &found[*n];

		if (*n == FORGET_TABLES)
			break;
		(void)snprintf(
		    b->table, sizeof(b->table), "%s", query_text(&q, 0));
		(void)snprintf(
		    b->column, sizeof(b->column), "%s", query_text(&q, 1));
		(*n)++;
	}
	query_end(&q);
	return more < 0 ? -1 : 0;
}

/* Delete the rows of a table that belong to what a query picks. */
static int
delete_where(struct ledger *l, const struct belonging *b, const char *which,
    struct err *e)
{
	struct buf sql = BUF_INIT(FORGET_SQL);
	struct query q;
	int rc = buf_printf(&sql, e, "DELETE FROM \"%s\" WHERE \"%s\" IN (%s)",
	    b->table, b->column, which);

	if (rc == 0) {
		query_begin(&q, l->db, buf_text(&sql));
		rc = query_run(&q, "forget old runs", e);
	}
	buf_release(&sql);
	return rc;
}

/* What belongs to what belongs to the runs goes first. */
static int
delete_belongings(struct ledger *l, const struct belonging *b, struct err *e)
{
	struct belonging below[FORGET_TABLES];
	struct buf which = BUF_INIT(FORGET_SQL);
	size_t n = 0;
	int rc = find_belongings(l, b->table, below, &n, e);

	if (rc == 0 && n > 0)
		rc = buf_printf(&which, e,
		    "SELECT id FROM \"%s\" WHERE \"%s\" IN temp.old", b->table,
		    b->column);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = delete_where(l, &below[i], buf_text(&which), e);
	buf_release(&which);
	return rc == 0 ? delete_where(l, b, "SELECT id FROM temp.old", e) : -1;
}

/* Put the numbers of the runs to forget into a table. */
static int
pick_old(struct ledger *l, const struct run_key *key, int64_t before_ms,
    struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "CREATE TEMP TABLE IF NOT EXISTS old (id INTEGER PRIMARY KEY)");
	if (query_run(&q, "forget old runs", e) < 0)
		return -1;
	query_begin(&q, l->db,
	    "INSERT INTO temp.old SELECT id" OF_JOB
	    " ended_ms > 0 AND ended_ms < ?3 AND id <> (SELECT"
	    " coalesce(max(id), 0)" OF_JOB WELL ") ORDER BY id LIMIT ?4");
	query_put_text(&q, key->job);
	query_put_text(&q, key->environment != NULL ? key->environment : "");
	query_put_integer(&q, before_ms);
	query_put_integer(&q, FORGET_RUNS);
	if (query_run(&q, "forget old runs", e) < 0)
		return -1;
	return sqlite3_changes(l->db);
}

/* All of it in one transaction. */
static int
forget_picked(struct ledger *l, struct err *e)
{
	const struct belonging runs = { "run", "id" };
	struct belonging found[FORGET_TABLES];
	size_t n;

	if (find_belongings(l, "run", found, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (delete_belongings(l, &found[i], e) < 0)
			return -1;
	return delete_where(l, &runs, "SELECT id FROM temp.old", e);
}

static int
run_sql(struct ledger *l, const char *sql, struct err *e)
{
	struct query q;

	query_begin(&q, l->db, sql);
	return query_run(&q, "forget old runs", e);
}

int
standing_forget(struct ledger *l, const struct run_key *key, int64_t before_ms,
    struct err *e)
{
	struct err ignored = ERR_INIT;
	int n;

	if (run_sql(l, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	n = pick_old(l, key, before_ms, e);
	if (n >= 0 && (n == 0 || forget_picked(l, e) == 0) &&
	    run_sql(l, "DELETE FROM temp.old", e) == 0 &&
	    run_sql(l, "COMMIT", e) == 0)
		return n;
	if (run_sql(l, "ROLLBACK", &ignored) < 0)
		return -1;
	return -1;
}
