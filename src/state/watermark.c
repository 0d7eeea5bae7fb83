/*
 * watermark.c - how far rows were shipped, in the ledger
 *
 * Values are kept byte for byte, unlike all other texts of the ledger: what a
 * secret looks like must not change them. What is done with them is
 * job/watermark.h's.
 */
#include <stdlib.h>

#include "base/str.h"
#include "state/db.h"
#include "state/ledger_private.h"
#include "state/watermark.h"

/* The columns that take_range reads. */
#define RANGE_COLUMNS "r.id, r.date, c.name, c.value_from, c.value_to"

static const char *
text_or(const char *text)
{
	return text != NULL ? text : "";
}

static int
take_range(const struct query *q, struct watermark_range *range, struct err *e)
{
	watermark_range_release(range);
	range->run = query_integer(q, 0);
	range->date = str_dup(query_text(q, 1));
	range->name = str_dup(query_text(q, 2));
	range->from = str_dup(query_text(q, 3));
	range->to = str_dup(query_text(q, 4));
	if (range->date != NULL && range->name != NULL && range->from != NULL &&
	    range->to != NULL)
		return 1;
	watermark_range_release(range);
	return err_set(e, ERR_INTERNAL, "out of memory");
}

/* The first row of a query, if there is one. */
static int
first_range(struct query *q, struct watermark_range *range, struct err *e)
{
	int more = query_next(q, "read the watermark", e);

	if (more > 0)
		more = take_range(q, range, e);
	query_end(q);
	return more;
}

static void
put_key(struct query *q, const struct run_key *key, const char *name)
{
	query_put_text(q, key->job);
	query_put_text(q, text_or(key->environment));
	query_put_text(q, text_or(key->shard));
	query_put_text(q, name);
}

int
watermark_put(
    struct ledger *l, const struct watermark_range *range, struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "INSERT OR REPLACE INTO cutoff (run, name, value_from, value_to)"
	    " VALUES (?, ?, ?, ?)");
	query_put_integer(&q, range->run);
	query_put_text(&q, range->name);
	query_put_exact(&q, range->from);
	query_put_exact(&q, range->to);
	return query_run(&q, "record the watermark", e);
}

int
watermark_of_run(
    struct ledger *l, int64_t run, struct watermark_range *range, struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "SELECT " RANGE_COLUMNS " FROM run r JOIN cutoff c ON c.run = r.id"
	    " WHERE r.id = ?");
	query_put_integer(&q, run);
	return first_range(&q, range, e);
}

int
watermark_value(struct ledger *l, const struct run_key *key, const char *name,
    char **value, struct err *e)
{
	struct query q;
	int more;

	*value = NULL;
	query_begin(&q, l->db,
	    "SELECT value FROM watermark WHERE job = ? AND environment = ?"
	    " AND shard = ? AND name = ?");
	put_key(&q, key, name);
	more = query_next(&q, "read the watermark", e);
	if (more > 0)
		*value = str_dup(query_text(&q, 0));
	if (more > 0 && *value == NULL)
		more = err_set(e, ERR_INTERNAL, "out of memory");
	query_end(&q);
	return more;
}

int
watermark_find_range(struct ledger *l, const struct run_key *key,
    const char *name, struct watermark_range *range, struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "SELECT " RANGE_COLUMNS " FROM run r JOIN cutoff c ON c.run = r.id"
	    " WHERE r.job = ? AND r.environment = ? AND r.shard = ?"
	    " AND c.name = ? AND r.date = ? AND (r.state = 'shipped' OR"
	    "  (EXISTS (SELECT 1 FROM delivery d JOIN file f ON f.id = d.file"
	    "    WHERE f.run = r.id AND d.state <> 'pending')"
	    "   AND NOT EXISTS (SELECT 1 FROM watermark w WHERE w.job = r.job"
	    "    AND w.environment = r.environment AND w.shard = r.shard"
	    "    AND w.name = c.name AND w.value <> c.value_from)))"
	    " ORDER BY r.state = 'shipped' DESC, r.id DESC LIMIT 1");
	put_key(&q, key, name);
	query_put_text(&q, text_or(key->date));
	return first_range(&q, range, e);
}

int
watermark_find_doubtful(struct ledger *l, const struct run_key *key,
    const char *name, struct watermark_range *range, struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "SELECT " RANGE_COLUMNS " FROM run r JOIN cutoff c ON c.run = r.id"
	    " WHERE r.job = ? AND r.environment = ? AND r.shard = ?"
	    " AND c.name = ? AND r.date <> ? AND r.state <> 'shipped'"
	    " AND c.value_from <> c.value_to"
	    " AND EXISTS (SELECT 1 FROM delivery d JOIN file f"
	    "  ON f.id = d.file WHERE f.run = r.id AND d.state IN"
	    "  ('sending', 'broken-off', 'unknown', 'delivered'))"
	    " AND NOT EXISTS (SELECT 1 FROM watermark w WHERE w.job = r.job"
	    "  AND w.environment = r.environment AND w.shard = r.shard"
	    "  AND w.name = c.name AND w.value <> c.value_from)"
	    " ORDER BY r.id DESC LIMIT 1");
	put_key(&q, key, name);
	query_put_text(&q, text_or(key->date));
	return first_range(&q, range, e);
}

void
watermark_range_release(struct watermark_range *range)
{
	free(range->date);
	free(range->name);
	free(range->from);
	free(range->to);
	*range = (struct watermark_range)WATERMARK_RANGE_INIT;
}
