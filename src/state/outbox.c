/*
 * outbox.c - which file is owed to which target
 *
 * The last row of a file and target counts; rows are never removed, so that
 * history shows every attempt. What is done about what is owed: job/earlier.c.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "base/clock.h"
#include "state/db.h"
#include "state/ledger_private.h"
#include "state/outbox.h"

/* Of delivery d: it is the last one of its file and target. */
#define IS_LAST \
	" NOT EXISTS (SELECT 1 FROM delivery g WHERE g.file = d.file" \
	" AND g.target = d.target AND g.id > d.id)"
#define IS_OPEN \
	" d.state IN ('pending', 'sending', 'failed', 'unknown') AND" IS_LAST
#define OF_FILES " FROM delivery d JOIN file f ON f.id = d.file"
#define OF_RUNS OF_FILES " JOIN run r ON r.id = f.run"
/* The oldest of them. */
#define FIRST " coalesce(min(r.id), 0)"
#define OF_JOB " r.job = ?1 AND r.environment = ?2 AND"

static const char *
text_or(const char *text)
{
	return text != NULL ? text : "";
}

static void
put_job(struct query *q, const struct run_key *key)
{
	query_put_text(q, key->job);
	query_put_text(q, text_or(key->environment));
}

int
outbox_order(struct ledger *l, int64_t run, const char *const *targets,
    size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct query q;

		query_begin(&q, l->db,
		    "INSERT INTO delivery (file, target, url, name, state,"
		    " stage, reply, tls, verified, began_ms, bytes,"
		    " elapsed_ms, class, message, hint, attempts)"
		    " SELECT id, ?1, '', name, 'pending', 'nothing', '', '',"
		    " '', ?2, 0, 0, '', '', '', 0 FROM file"
		    " WHERE run = ?3 AND NOT skipped ORDER BY id");
		query_put_text(&q, targets[i]);
		query_put_integer(&q, clock_wall_ms());
		query_put_integer(&q, run);
		if (query_run(&q, "order the deliveries", e) < 0)
			return -1;
	}
	return 0;
}

int
outbox_each_run(struct ledger *l, const struct run_key *key,
    int (*put)(void *arg, const struct outbox_run *run, struct err *e),
    void *arg, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT DISTINCT r.id, r.date, r.shard, r.began_ms" OF_RUNS
	    " WHERE" OF_JOB " (d.state IN ('pending', 'sending', 'failed')"
	    "  OR (d.state = 'delivered' AND r.state = 'lost')) AND" IS_LAST
	    " ORDER BY r.id");
	put_job(&q, key);
	while ((more = query_next(&q, "read what is owed", e)) > 0) {
		const struct outbox_run run = {
			.run = query_integer(&q, 0),
			.date = query_text(&q, 1),
			.shard = query_text(&q, 2),
			.began_ms = query_integer(&q, 3),
		};

		if (put(arg, &run, e) < 0) {
			more = -1;
			break;
		}
	}
	query_end(&q);
	return more;
}

int
outbox_each_delivery(struct ledger *l, int64_t run,
    int (*put)(void *arg, const struct run_delivery *d, struct err *e),
    void *arg, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT d.file, d.target, d.url, d.name, d.state, d.stage,"
	    " d.bytes, d.attempts" OF_FILES " WHERE f.run = ? AND" IS_LAST
	    " ORDER BY f.id, d.id");
	query_put_integer(&q, run);
	while ((more = query_next(&q, "read what is owed", e)) > 0) {
		const struct run_delivery d = {
			.file = query_integer(&q, 0),
			.target = query_text(&q, 1),
			.url = query_text(&q, 2),
			.name = query_text(&q, 3),
			.state = query_text(&q, 4),
			.stage = query_text(&q, 5),
			.bytes = (uint64_t)query_integer(&q, 6),
			.attempts = (uint64_t)query_integer(&q, 7),
		};

		if (put(arg, &d, e) < 0) {
			more = -1;
			break;
		}
	}
	query_end(&q);
	return more;
}

/* The values that a delivery has at its beginning and at its end. */
static void
put_delivery(struct query *q, const struct run_delivery *d)
{
	const struct err none = ERR_INIT;
	const struct err *error = d->error != NULL ? d->error : &none;

	query_put_text(q, d->target);
	query_put_text(q, text_or(d->url));
	query_put_text(q, text_or(d->name));
	query_put_text(q, text_or(d->state));
	query_put_text(q, text_or(d->stage));
	query_put_text(q, text_or(d->reply));
	query_put_text(q, text_or(d->tls));
	query_put_text(q, text_or(d->verified));
	query_put_integer(q, (int64_t)d->attempts);
	query_put_integer(q, (int64_t)d->bytes);
	query_put_integer(q, (int64_t)d->elapsed_ms);
	query_put_text(q, error->class != ERR_NONE ? err_name(error) : "");
	query_put_text(q, error->text);
	query_put_text(q, error->hint);
	query_put_text(q, text_or(d->by));
}

/* A delivery on its way into the ledger. */
struct beginning {
	struct ledger *ledger;
	int64_t file;
	const struct run_delivery *d;
	int64_t *delivery;
};

/* The last row of it that is in a state: 1 and its number, or 0. */
static int
find_last(const struct beginning *b, const char *state, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, b->ledger->db,
	    "SELECT d.id FROM delivery d WHERE d.file = ? AND d.target = ?"
	    " AND d.state = ? AND" IS_LAST);
	query_put_integer(&q, b->file);
	query_put_text(&q, b->d->target);
	query_put_text(&q, state);
	more = query_next(&q, "look for a delivery", e);
	if (more > 0)
		*b->delivery = query_integer(&q, 0);
	query_end(&q);
	return more;
}

/* What was being sent when its process died stays, as what it was. */
static int
break_off(const struct beginning *b, struct err *e)
{
	struct query q;
	int found = find_last(b, "sending", e);

	if (found <= 0)
		return found;
	query_begin(&q, b->ledger->db,
	    "UPDATE delivery SET state = 'broken-off' WHERE id = ?");
	query_put_integer(&q, *b->delivery);
	return query_run(&q, "record what was broken off", e);
}

static int
begin(void *arg, struct err *e)
{
	const struct beginning *b = arg;
	struct query q;
	int found;

	if (break_off(b, e) < 0 || (found = find_last(b, "pending", e)) < 0)
		return -1;
	if (found == 0) {
		query_begin(&q, b->ledger->db,
		    "INSERT INTO delivery (file, target, url, name, state,"
		    " stage, reply, tls, verified, began_ms, bytes,"
		    " elapsed_ms, class, message, hint) VALUES"
		    " (?, ?, '', '', '', '', '', '', '', 0, 0, 0, '', '', '')");
		query_put_integer(&q, b->file);
		query_put_text(&q, b->d->target);
		if (query_run(&q, "record a delivery", e) < 0)
			return -1;
		*b->delivery = sqlite3_last_insert_rowid(b->ledger->db);
	}
	query_begin(
	    &q, b->ledger->db, "UPDATE delivery SET began_ms = ? WHERE id = ?");
	query_put_integer(&q, clock_wall_ms());
	query_put_integer(&q, *b->delivery);
	if (query_run(&q, "record a delivery", e) < 0)
		return -1;
	return outbox_end(b->ledger, *b->delivery, b->d, e);
}

int
outbox_begin(struct ledger *l, int64_t file, const struct run_delivery *d,
    int64_t *delivery, struct err *e)
{
	struct beginning b = { l, file, d, delivery };

	return ledger_atomically(l, begin, &b, e);
}

int
outbox_step(
    struct ledger *l, int64_t delivery, const char *stage, struct err *e)
{
	struct query q;

	query_begin(&q, l->db, "UPDATE delivery SET stage = ? WHERE id = ?");
	query_put_text(&q, stage);
	query_put_integer(&q, delivery);
	return query_run(&q, "record a step of a delivery", e);
}

int
outbox_end(struct ledger *l, int64_t delivery, const struct run_delivery *d,
    struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "UPDATE delivery SET target = ?, url = ?,"
	    " name = ?, state = ?, stage = ?, reply = ?, tls = ?,"
	    " verified = ?, attempts = ?, bytes = ?, elapsed_ms = ?, class = ?,"
	    " message = ?, hint = ?, by = ? WHERE id = ?");
	put_delivery(&q, d);
	query_put_integer(&q, delivery);
	return query_run(&q, "record a delivery", e);
}

int
outbox_close(struct ledger *l, int64_t run, const char *target,
    const char *state, struct err *e)
{
	struct query q;
	int n;

	query_begin(&q, l->db,
	    "UPDATE delivery SET state = ?1 WHERE id IN (SELECT d.id" OF_FILES
	    " WHERE f.run = ?2 AND (?3 IS NULL OR d.target = ?3) AND" IS_OPEN
	    ")");
	query_put_text(&q, state);
	query_put_integer(&q, run);
	query_put_text(&q, target);
	if (query_run(&q, "close deliveries", e) < 0)
		return -1;
	n = sqlite3_changes(l->db);
	query_begin(&q, l->db,
	    "UPDATE run SET state = 'failed' WHERE id = ? AND state = 'lost'");
	query_put_integer(&q, run);
	return query_run(&q, "close deliveries", e) < 0 ? -1 : n;
}

/* Runs of a key, newest first; those that were superseded need no more. */
static int
find_rival(struct ledger *l, int64_t run, int64_t *rival, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT r.id" OF_RUNS " JOIN run me ON me.id = ?"
	    " AND me.job = r.job AND me.environment = r.environment"
	    " AND me.date = r.date AND me.shard = r.shard AND me.id <> r.id"
	    " WHERE" IS_OPEN " LIMIT 1");
	query_put_integer(&q, run);
	more = query_next(&q, "look for other runs of the date", e);
	if (more > 0)
		*rival = query_integer(&q, 0);
	query_end(&q);
	return more;
}

int
outbox_supersede(struct ledger *l, int64_t run, struct err *e)
{
	int64_t rival = 0;
	int more;

	while ((more = find_rival(l, run, &rival, e)) > 0)
		if (outbox_close(l, rival, NULL, "superseded", e) < 0)
			return -1;
	return more;
}

int
outbox_is_done(struct ledger *l, int64_t run, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT 1" OF_FILES " WHERE f.run = ? AND" IS_OPEN " LIMIT 1");
	query_put_integer(&q, run);
	more = query_next(&q, "read what is owed", e);
	query_end(&q);
	return more < 0 ? -1 : more == 0;
}

int
outbox_find_unknown(struct ledger *l, const struct run_key *key, int64_t *run,
    char target[256], struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT r.id, d.target" OF_RUNS " WHERE" OF_JOB
	    " r.date = ?3 AND r.shard = ?4 AND d.state = 'unknown' AND" IS_LAST
	    " ORDER BY r.id DESC LIMIT 1");
	put_job(&q, key);
	query_put_text(&q, text_or(key->date));
	query_put_text(&q, text_or(key->shard));
	more = query_next(&q, "read what is unknown", e);
	if (more > 0) {
		*run = query_integer(&q, 0);
		(void)snprintf(target, 256, "%s", query_text(&q, 1));
	}
	query_end(&q);
	return more;
}

int
outbox_count(struct ledger *l, const struct run_key *key,
    struct outbox_sum *sum, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT coalesce(sum(d.state <> 'unknown'), 0),"
	    " count(DISTINCT CASE WHEN d.state <> 'unknown' THEN r.id END),"
	    " coalesce(sum(d.state = 'unknown'), 0)," FIRST OF_RUNS
	    " WHERE" OF_JOB IS_OPEN);
	put_job(&q, key);
	more = query_next(&q, "read what is owed", e);
	sum->deliveries = more > 0 ? (unsigned)query_integer(&q, 0) : 0;
	sum->runs = more > 0 ? (unsigned)query_integer(&q, 1) : 0;
	sum->unknown = more > 0 ? (unsigned)query_integer(&q, 2) : 0;
	sum->first = more > 0 ? query_integer(&q, 3) : 0;
	query_end(&q);
	return more < 0 ? -1 : 0;
}

int
outbox_decide(struct ledger *l, int64_t run, const char *who, const char *text,
    struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "INSERT INTO decision (run, at_ms, who, text)"
	    " VALUES (?, ?, ?, ?)");
	query_put_integer(&q, run);
	query_put_integer(&q, clock_wall_ms());
	query_put_text(&q, who);
	query_put_text(&q, text);
	return query_run(&q, "record a decision", e);
}

int
outbox_each_decision(struct ledger *l, int64_t run,
    int (*put)(void *arg, int64_t at_ms, const char *text, struct err *e),
    void *arg, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT at_ms, who || ': ' || text"
	    " FROM decision WHERE run = ? ORDER BY id");
	query_put_integer(&q, run);
	while ((more = query_next(&q, "read the decisions", e)) > 0)
		if (put(arg, query_integer(&q, 0), query_text(&q, 1), e) < 0) {
			more = -1;
			break;
		}
	query_end(&q);
	return more;
}
