/*
 * ledger_job.c - how the runs of each job stand
 *
 * Questions over many runs; single runs are read in ledger_read.c. What is
 * expected of a job is not known here: see job/overview.h.
 */
#include <string.h>

#include "state/db.h"
#include "state/ledger_private.h"

/* Of runs that count, these are none. */
#define COUNTS " NOT (state = 'skipped' AND status > 0) AND state <> 'kept'"
#define WELL " status = 0 AND" COUNTS
#define OF_JOB " FROM run WHERE job = ?1 AND environment = ?2 AND"

int
ledger_each_job(struct ledger *l,
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
ledger_is_done(struct ledger *l, const struct run_key *key, struct err *e)
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

/* What the last run lacks, and what came after it. */
static int
ask_rest(const struct asking *a, struct standing *s, struct err *e)
{
	int64_t skipped[2], missing[2];

	if (ask(a,
		"SELECT count(*), 0" OF_JOB
		" id > ?3 AND state = 'skipped' AND status > 0",
		s->last, skipped, e) < 0 ||
	    ask(a,
		"SELECT count(DISTINCT f.id || ' ' || d.target), 0"
		" FROM file f JOIN delivery d ON d.file = f.id"
		" WHERE f.run = ?3 AND NOT EXISTS (SELECT 1 FROM delivery g"
		" WHERE g.file = f.id AND g.target = d.target"
		" AND g.state = 'delivered')",
		s->last, missing, e) < 0)
		return -1;
	s->skipped = (unsigned)skipped[0];
	s->missing = (unsigned)missing[0];
	return 0;
}

int
ledger_get_standing(struct ledger *l, const struct run_key *key,
    struct standing *s, struct err *e)
{
	const struct asking a = { l, key };

	memset(s, 0, sizeof(*s));
	if (ask_ends(&a, s, e) < 0 || ask_good(&a, s, e) < 0)
		return -1;
	return ask_rest(&a, s, e);
}
