/*
 * earlier.c - finish what earlier runs of a job left
 *
 * Which runs, in which order, and what their failure means for the run that
 * begins. How a run is read back is kept.c's, how it is delivered deliver.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "job/deliver.h"
#include "job/earlier.h"
#include "state/outbox.h"

/* The runs as they are found. */
struct finding {
	struct earlier *earlier;
	const struct earlier_request *request;
	int64_t oldest_ms; /* what began before is given up */
};

static bool
is_of_key(const struct run_key *key, const struct outbox_run *run)
{
	return strcmp(run->date, key->date) == 0 &&
	    strcmp(run->shard, key->shard) == 0;
}

static int
take_run(void *arg, const struct outbox_run *run, struct err *e)
{
	struct finding *f = arg;
	struct earlier_item *items;

	if (f->request->skips_key && is_of_key(&f->request->key, run))
		return 0;
	items = realloc(
	    f->earlier->items, (f->earlier->n + 1) * sizeof(*items));
	if (items == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	f->earlier->items = items;
	memset(&items[f->earlier->n], 0, sizeof(*items));
	items[f->earlier->n].run = run->run;
	(void)snprintf(items[f->earlier->n].date,
	    sizeof(items[f->earlier->n].date), "%s", run->date);
	if (run->began_ms < f->oldest_ms)
		(void)err_set(&items[f->earlier->n].error, ERR_TARGET,
		    "run %lld for %s could not be delivered within "
		    "limits.keep and is given up",
		    (long long)run->run, run->date);
	f->earlier->n++;
	return 0;
}

/* Told once, since it is owed no more. */
static int
give_up(
    const struct earlier_request *r, struct earlier_item *item, struct err *e)
{
	(void)err_hint(&item->error,
	    "Its files are removed. 'odbcship run --date %s' exports and ships "
	    "that date again.",
	    item->date);
	item->is_given_up = true;
	log_error("%s", item->error.text);
	return outbox_close(r->ledger, item->run, NULL, "expired", e) < 0 ? -1 :
									    0;
}

static int
load(const struct earlier_request *r, struct earlier_item *item, struct err *e)
{
	const struct kept_request request = {
		.spec = r->spec,
		.ledger = r->ledger,
		.run = item->run,
		.date = item->date,
	};

	if (item->error.class != ERR_NONE)
		return give_up(r, item, e);
	item->is_loaded = true;
	log_info("run %lld for %s is not delivered everywhere yet: that comes "
		 "first",
	    (long long)item->run, item->date);
	if (kept_load(&item->kept, &request, &item->error) < 0) {
		log_error("run %lld for %s cannot be delivered: %s",
		    (long long)item->run, item->date, item->error.text);
		item->is_loaded = false;
		kept_release(&item->kept);
	}
	return 0;
}

static void
settle(const struct earlier_request *r, struct earlier_item *item)
{
	struct err *error = &item->error;

	int rc = item->is_loaded ? kept_settle(&item->kept, r->ledger, error) :
				   0;

	if (rc > 0) {
		(void)err_set(error, ERR_TARGET,
		    "whether '%s' has it is not known", item->kept.in_doubt);
		(void)err_hint(error,
		    "Look there; then 'odbcship resend %lld %s' sends it "
		    "again, and with --mark-delivered says that it is there.",
		    (long long)item->run, item->kept.in_doubt);
	}
	if (rc == 0)
		return;
	log_error("run %lld for %s: %s", (long long)item->run, item->date,
	    error->text);
}

/* One after the other at each target, the targets at the same time. */
static int
deliver(struct earlier *earlier, const struct earlier_request *r, struct err *e)
{
	struct consignment *list = calloc(earlier->n + 1, sizeof(*list));
	char by[64];
	const struct delivery_order order = {
		.ledger = r->ledger,
		.watch = r->watch,
		.by = by,
		.checks_content = true,
	};
	size_t n = 0;
	int rc;

	(void)snprintf(by, sizeof(by), "the run for %s", r->key.date);
	if (list == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < earlier->n; i++)
		if (earlier->items[i].is_loaded)
			list[n++] = (struct consignment){
				earlier->items[i].kept.plan,
				&earlier->items[i].kept.outcome,
			};
	rc = deliver_all(&order, list, n, e);
	free(list);
	return rc;
}

int
earlier_finish(
    struct earlier *earlier, const struct earlier_request *r, struct err *e)
{
	struct finding f = { earlier, r, 0 };
	int64_t now = clock_wall_ms();

	if (r->plan->keep_ms > 0 && (int64_t)r->plan->keep_ms < now)
		f.oldest_ms = now - (int64_t)r->plan->keep_ms;
	if (outbox_each_run(r->ledger, &r->key, take_run, &f, e) < 0)
		return -1;
	for (size_t i = 0; i < earlier->n; i++)
		if (load(r, &earlier->items[i], e) < 0)
			return -1;
	if (earlier->n == 0)
		return 0;
	if (deliver(earlier, r, e) < 0)
		return -1;
	for (size_t i = 0; i < earlier->n; i++)
		settle(r, &earlier->items[i]);
	return 0;
}

struct earlier_item *
earlier_find(const struct earlier *earlier, const char *date)
{
	for (size_t i = earlier->n; i > 0; i--)
		if (strcmp(earlier->items[i - 1].date, date) == 0)
			return &earlier->items[i - 1];
	return NULL;
}

const struct earlier_item *
earlier_failed(const struct earlier *earlier)
{
	for (size_t i = 0; i < earlier->n; i++)
		if (earlier->items[i].error.class != ERR_NONE)
			return &earlier->items[i];
	return NULL;
}

void
earlier_block(const struct earlier *earlier, struct run_outcome *outcome)
{
	for (size_t i = 0; i < earlier->n; i++)
		if (earlier->items[i].is_loaded)
			deliver_block(&earlier->items[i].kept.outcome, outcome);
}

void
earlier_release(struct earlier *earlier)
{
	for (size_t i = 0; i < earlier->n; i++)
		if (earlier->items[i].is_loaded)
			kept_release(&earlier->items[i].kept);
	free(earlier->items);
	*earlier = (struct earlier)EARLIER_INIT;
}
