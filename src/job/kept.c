/*
 * kept.c - a recorded run whose files are in the spool
 *
 * What is read here is what run.c knew when it recorded the files, as far as
 * delivering needs it. Whether it should be delivered is decided by earlier.c
 * and resend.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "job/deliver.h"
#include "job/kept.h"
#include "state/outbox.h"

/* How a delivery of the plan stands. */
enum standing_of {
	STANDS_NOT, /* it was never ordered, or is owed no more */
	STANDS_OWED,
	STANDS_DONE,
	STANDS_UNKNOWN
};

/* A run that is being read. */
struct loading {
	struct kept *kept;
	const struct kept_request *request;
	size_t files;		/* that there are */
	enum standing_of *each; /* of the outcome's deliveries; owned */
	char dropped[256];	/* a target that is no more, or "" */
};

static int
count_file(void *arg, const struct run_file *f, struct err *e)
{
	struct loading *l = arg;

	(void)f;
	(void)e;
	l->files++;
	return 0;
}

static int
copy(char **to, const char *text, struct err *e)
{
	*to = str_dup(text);
	return *to != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
}

static int
take_data(struct run_outcome *o, const struct run_file *f, struct err *e)
{
	struct export_file *data = &o->result.files[o->result.n_files];

	if (copy(&data->name, f->name, e) < 0)
		return -1;
	o->result.n_files++;
	data->skipped = f->skipped;
	data->rows = f->rows;
	data->bytes = f->bytes;
	data->content_bytes = f->content_bytes;
	data->changes.lossy = f->lossy;
	data->changes.replaced = f->replaced;
	data->changes.prefixed = f->prefixed;
	(void)snprintf(data->sha256, sizeof(data->sha256), "%s", f->sha256);
	(void)snprintf(data->content_sha256, sizeof(data->content_sha256), "%s",
	    f->content_sha256);
	o->files[o->n_files].data = data;
	return copy(&data->columns, f->columns, e);
}

/* The kinds are texts of the program, which an outcome borrows. */
static const char *
kind_of(const char *recorded)
{
	static const char *const kinds[] = { "checksum", "manifest", "done" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(recorded, kinds[i]) == 0)
			return kinds[i];
	return "data";
}

static int
take_file(void *arg, const struct run_file *f, struct err *e)
{
	struct loading *l = arg;
	struct run_outcome *o = &l->kept->outcome;
	struct run_file_outcome *to = &o->files[o->n_files];

	if (o->n_files == l->files)
		return 0;
	to->kind = kind_of(f->kind);
	to->id = f->id;
	to->bytes = f->bytes;
	(void)snprintf(to->sha256, sizeof(to->sha256), "%s", f->sha256);
	if ((strcmp(to->kind, "data") == 0 && take_data(o, f, e) < 0) ||
	    copy(&to->name, f->name, e) < 0)
		return -1;
	o->n_files++;
	return f->skipped || *f->path == '\0' ? 0 : copy(&to->path, f->path, e);
}

static int
load_files(struct loading *l, struct err *e)
{
	struct run_outcome *o = &l->kept->outcome;
	struct ledger *ledger = l->request->ledger;

	if (ledger_each_file(ledger, o->run, count_file, l, e) < 0)
		return -1;
	o->files = calloc(l->files + 1, sizeof(*o->files));
	o->result.files = calloc(l->files + 1, sizeof(*o->result.files));
	if (o->files == NULL || o->result.files == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	return ledger_each_file(ledger, o->run, take_file, l, e);
}

static enum ship_stage
stage_of(const char *name)
{
	for (int s = SHIP_NOTHING; s <= SHIP_VERIFIED; s++)
		if (strcmp(ship_stage_name((enum ship_stage)s), name) == 0)
			return (enum ship_stage)s;
	return SHIP_NOTHING;
}

static bool
is_owed(const char *state)
{
	return strcmp(state, "pending") == 0 || strcmp(state, "sending") == 0 ||
	    strcmp(state, "failed") == 0;
}

static void
take_state(struct loading *l, size_t i, const struct run_delivery *row)
{
	struct run_delivery_outcome *d = &l->kept->outcome.deliveries[i];

	if (strcmp(row->state, "delivered") == 0) {
		l->each[i] = STANDS_DONE;
		d->receipt.bytes = row->bytes;
		d->receipt.stage = stage_of(row->stage);
		(void)snprintf(
		    d->receipt.url, sizeof(d->receipt.url), "%s", row->url);
	} else if (strcmp(row->state, "unknown") == 0) {
		l->each[i] = STANDS_UNKNOWN;
		(void)snprintf(l->kept->in_doubt, sizeof(l->kept->in_doubt),
		    "%s", row->target);
	} else if (is_owed(row->state)) {
		l->each[i] = STANDS_OWED;
		d->from = stage_of(row->stage);
		/* What failed cleaned up behind itself, unless in doubt. */
		if (strcmp(row->state, "failed") == 0 &&
		    d->from < SHIP_RENAMING)
			d->from = SHIP_NOTHING;
	}
}

static int
take_delivery(void *arg, const struct run_delivery *row, struct err *e)
{
	struct loading *l = arg;
	const struct run_outcome *o = &l->kept->outcome;

	(void)e;
	for (size_t i = 0; i < o->n_deliveries; i++)
		if (o->deliveries[i].file->id == row->file &&
		    strcmp(o->deliveries[i].target, row->target) == 0) {
			take_state(l, i, row);
			return 0;
		}
	if (is_owed(row->state) || strcmp(row->state, "unknown") == 0)
		(void)snprintf(
		    l->dropped, sizeof(l->dropped), "%s", row->target);
	return 0;
}

/* Targets that the spec has no more. */
static int
drop_targets(struct loading *l, struct err *e)
{
	const struct run_outcome *o = &l->kept->outcome;

	while (l->dropped[0] != '\0') {
		log_warning("run %lld for %s was not delivered to '%s', which "
			    "the job has no more: that is given up",
		    (long long)o->run, o->date, l->dropped);
		if (outbox_close(l->request->ledger, o->run, l->dropped,
			"dropped", e) < 0)
			return -1;
		l->dropped[0] = '\0';
		if (outbox_each_delivery(
			l->request->ledger, o->run, take_delivery, l, e) < 0)
			return -1;
	}
	return 0;
}

/* Whether a delivery belongs to what the outcome tells. */
static bool
is_wanted(const struct loading *l, size_t i)
{
	struct run_delivery_outcome *d = &l->kept->outcome.deliveries[i];
	const char *only = l->request->only;

	if (only != NULL && strcmp(only, d->target) != 0)
		return false;
	if (l->request->is_again)
		return true;
	d->is_before = l->each[i] == STANDS_DONE;
	return l->each[i] == STANDS_DONE || l->each[i] == STANDS_OWED;
}

/* What follows a file that may be there or not, a marker above all, waits. */
static int
load_deliveries(struct loading *l, struct err *e)
{
	struct run_outcome *o = &l->kept->outcome;
	char doubt[256] = "";
	size_t n = 0;

	if (deliver_prepare(l->kept->plan, o, e) < 0)
		return -1;
	l->each = calloc(o->n_deliveries + 1, sizeof(*l->each));
	if (l->each == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (outbox_each_delivery(
		l->request->ledger, o->run, take_delivery, l, e) < 0 ||
	    drop_targets(l, e) < 0)
		return -1;
	for (size_t i = 0; i < o->n_deliveries; i++) {
		struct run_delivery_outcome *d = &o->deliveries[i];

		if (l->each[i] == STANDS_UNKNOWN)
			(void)snprintf(doubt, sizeof(doubt), "%s", d->target);
		if (is_wanted(l, i) &&
		    (l->request->is_again || d->is_before ||
			strcmp(doubt, d->target) != 0))
			o->deliveries[n++] = *d;
		else
			free(d->target);
	}
	o->n_deliveries = n;
	return 0;
}

static int
take_run(void *arg, const struct run_row *row, struct err *e)
{
	struct kept *k = arg;

	(void)e;
	k->was_shipped = strcmp(row->state, "shipped") == 0;
	return 0;
}

int
kept_load(struct kept *k, const struct kept_request *request, struct err *e)
{
	const struct plan_options options = {
		.date = request->date,
		.with_secrets = true,
		.with_targets = true,
	};
	const struct run_filter filter = { .id = request->run, .limit = 1 };
	struct loading l = { .kept = k, .request = request };
	struct run_outcome *o = &k->outcome;
	int rc = -1;

	memset(k, 0, sizeof(*k));
	o->run = request->run;
	(void)snprintf(o->job, sizeof(o->job), "%s", spec_job(request->spec));
	(void)snprintf(o->environment, sizeof(o->environment), "%s",
	    spec_environment(request->spec));
	(void)snprintf(o->date, sizeof(o->date), "%s", request->date);
	if (ledger_each_run(request->ledger, &filter, take_run, k, e) < 0)
		return -1;
	if (plan_build(&k->plan, request->spec, &options, &o->problems, e) ==
		0 &&
	    plan_name_run(k->plan, request->run, e) == 0 &&
	    load_files(&l, e) == 0)
		rc = load_deliveries(&l, e);
	free(l.each);
	return rc;
}

/* In words, behind what went wrong last. */
static int
end(struct kept *k, struct ledger *l, const struct err *error, struct err *e)
{
	const struct run_end end = {
		.state = error == NULL ? "shipped" : "failed",
		.status = error == NULL ? 0 : err_exit_status(error),
		.rows = export_rows(&k->outcome.result),
		.bytes = export_bytes(&k->outcome.result),
		.error = error,
	};

	k->outcome.state = error == NULL ? RUN_SHIPPED : RUN_FAILED;
	return ledger_end_run(l, k->outcome.run, &end, e);
}

int
kept_settle(struct kept *k, struct ledger *l, struct err *e)
{
	struct err own = ERR_INIT;
	int rc = deliver_result(&k->outcome, e);
	int done;

	k->outcome.state = RUN_FAILED;
	if (rc < 0) {
		if (!k->was_shipped && end(k, l, e, &own) < 0)
			log_warning("%s", own.text);
		return -1;
	}
	done = outbox_is_done(l, k->outcome.run, e);
	if (done <= 0)
		return done < 0 ? -1 : 1;
	if (!k->was_shipped && end(k, l, NULL, e) < 0)
		return -1;
	k->outcome.state = RUN_SHIPPED;
	log_info("run %lld for %s is shipped", (long long)k->outcome.run,
	    k->outcome.date);
	return 0;
}

void
kept_release(struct kept *k)
{
	run_outcome_release(&k->outcome);
	plan_free(k->plan);
	k->plan = NULL;
}
