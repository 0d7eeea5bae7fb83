/*
 * record.c - what a run wrote, made durable
 *
 * What checks come to is check.c's; which deliveries follow is outbox.h's.
 */
#include <stdlib.h>

#include "job/check.h"
#include "job/record.h"
#include "job/watermark.h"
#include "state/outbox.h"

static struct run_file
row_of(const struct run_file_outcome *f)
{
	struct run_file row = {
		.name = f->name,
		.path = f->path,
		.kind = f->kind,
		.bytes = f->bytes,
		.sha256 = f->sha256,
		.content_bytes = f->bytes,
		.content_sha256 = f->sha256,
	};

	if (f->data == NULL)
		return row;
	row.rows = f->data->rows;
	row.columns = f->data->columns;
	row.lossy = f->data->changes.lossy;
	row.replaced = f->data->changes.replaced;
	row.prefixed = f->data->changes.prefixed;
	row.skipped = f->data->skipped;
	row.content_bytes = f->data->content_bytes;
	row.content_sha256 = f->data->content_sha256;
	return row;
}

static int
record_files(const struct record_request *r, struct err *e)
{
	struct run_outcome *o = r->outcome;
	struct run_file *rows = calloc(o->n_files, sizeof(*rows));
	int rc;

	if (rows == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < o->n_files; i++)
		rows[i] = row_of(&o->files[i]);
	rc = ledger_put_files(r->ledger, o->run, rows, o->n_files, e);
	for (size_t i = 0; rc == 0 && i < o->n_files; i++)
		o->files[i].id = rows[i].id;
	free(rows);
	return rc;
}

bool
record_is_empty(const struct run_outcome *o)
{
	for (size_t i = 0; i < o->n_files; i++)
		if (o->files[i].path != NULL)
			return false;
	return true;
}

/* To which targets the files are to go; older ones of this date no more. */
static int
order_deliveries(const struct record_request *r, struct err *e)
{
	const struct plan *p = r->plan;
	const char **targets = calloc(p->n_targets + 1, sizeof(*targets));
	int rc = -1;

	if (targets == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < p->n_targets; i++)
		targets[i] = p->targets[i].target.name;
	if (outbox_supersede(r->ledger, r->outcome->run, e) == 0)
		rc = outbox_order(
		    r->ledger, r->outcome->run, targets, p->n_targets, e);
	free(targets);
	return rc;
}

/* A run on its way into the ledger; held says why it is not to be shipped. */
struct recording {
	const struct record_request *request;
	struct err held;
};

/*
 * From here on the run can be finished by another process: its files, what
 * checks came to, and to whom it goes are recorded together.
 */
static int
record_all(void *arg, struct err *e)
{
	struct recording *recording = arg;
	const struct record_request *r = recording->request;
	struct run_outcome *o = r->outcome;

	if (record_files(r, e) < 0 ||
	    watermark_record(r->ledger, o->run, r->plan, &o->result, e) < 0)
		return -1;
	if (record_is_empty(o)) {
		check_record(r->ledger, o->run, &o->result);
		return 0;
	}
	if (check_file(r->plan, r->ledger, o, &recording->held) < 0) {
		if (recording->held.class == ERR_DATA)
			return 0;
		*e = recording->held;
		return -1;
	}
	return r->no_ship ? 0 : order_deliveries(r, e);
}

int
record_run(const struct record_request *r, struct err *e)
{
	struct recording recording = { r, ERR_INIT };
	struct run_outcome *o = r->outcome;

	if (ledger_atomically(r->ledger, record_all, &recording, e) < 0) {
		for (size_t i = 0; i < o->n_files; i++)
			o->files[i].id = 0;
		return -1;
	}
	if (recording.held.class == ERR_NONE)
		return 0;
	o->state = RUN_HELD;
	*e = recording.held;
	return -1;
}
