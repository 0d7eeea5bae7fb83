/*
 * deliver.c - ship the files of a run to every target of the plan
 *
 * Target by target, in the order in which the files follow each other, so
 * that a marker is there only when all the others are. Each delivery has its
 * own record, begun before the first byte is sent, so that a killed run leaves
 * a trace of what it was doing. How a transfer is made is ship/ship.h's
 * business; what a failed one means for the run is run.c's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/str.h"
#include "job/deliver.h"

static void
on_bytes(void *arg, uint64_t done, uint64_t total)
{
	const struct run_watch *watch = arg;

	if (watch->shipped != NULL)
		watch->shipped(watch->arg, done, total);
}

static void
tell_stage(const struct run_watch *watch, const char *target)
{
	char text[256];

	if (watch->stage == NULL)
		return;
	(void)snprintf(text, sizeof(text), "shipping to %s", target);
	watch->stage(watch->arg, text);
}

static struct run_delivery
describe(const struct run_delivery_outcome *d, const char *state)
{
	struct run_delivery row = {
		.target = d->target,
		.url = d->receipt.url,
		.name = d->file->name,
		.state = state,
		.stage = ship_stage_name(d->receipt.stage),
		.reply = d->receipt.reply,
		.tls = d->receipt.tls,
		.verified = d->receipt.verified,
		.attempts = d->receipt.attempts,
		.bytes = d->receipt.bytes,
		.elapsed_ms = d->receipt.elapsed_ms,
		.error = d->error.class != ERR_NONE ? &d->error : NULL,
	};

	return row;
}

static void
log_delivered(const struct run_delivery_outcome *d)
{
	char size[32], elapsed[32];

	str_put_size(size, sizeof(size), d->receipt.bytes);
	str_put_duration(elapsed, sizeof(elapsed), d->receipt.elapsed_ms);
	if (d->receipt.stage == SHIP_SKIPPED)
		return; /* ship told it */
	log_info("'%s' delivered to '%s': %s in %s, %s%s%s", d->file->name,
	    d->target, size, elapsed, d->receipt.url,
	    d->receipt.tls[0] != '\0' ? ", " : "", d->receipt.tls);
}

/* -1 only when the ledger failed; the target's own error is in d. */
static int
deliver_one(const struct delivery_order *o, const struct plan_target *t,
    struct run_delivery_outcome *d, struct err *e)
{
	const struct run_file_outcome *f = d->file;
	struct shipment shipment = {
		.path = f->path,
		.name = f->name,
		.temporary = plan_temporary(o->plan, t, f->name, e),
		.bytes = f->bytes,
		.sha256 = f->sha256,
		.progress = on_bytes,
		.progress_arg = (void *)(uintptr_t)o->watch,
	};
	struct run_delivery row;
	int64_t id;
	int rc;

	(void)snprintf(
	    d->receipt.url, sizeof(d->receipt.url), "%s", t->target.url);
	row = describe(d, "sending");
	if (shipment.temporary == NULL ||
	    ledger_begin_delivery(o->ledger, f->id, &row, &id, e) < 0) {
		d->error = *e; /* nothing is sent that is not recorded */
		free((void *)(uintptr_t)shipment.temporary);
		return -1;
	}
	tell_stage(o->watch, d->target);
	rc = ship_file(&t->target, &shipment, &d->receipt, &d->error);
	free((void *)(uintptr_t)shipment.temporary);
	if (rc < 0) {
		(void)err_in(&d->error, "target '%s'", d->target);
		row = describe(d, "failed");
	} else {
		log_delivered(d);
		row = describe(d, "delivered");
	}
	return ledger_end_delivery(o->ledger, id, &row, e);
}

static int
settle(const struct run_delivery_outcome *d, struct err *e, int rc)
{
	if (d->error.class == ERR_NONE)
		return rc;
	if (rc == 0)
		*e = d->error;
	else
		log_error("%s", d->error.text);
	return -1;
}

/* All files to one target, up to the first that fails. */
static int
deliver_to(const struct delivery_order *o, const struct plan_target *t,
    struct run_outcome *outcome, struct err *e)
{
	for (size_t i = 0; i < outcome->n_files; i++) {
		struct run_delivery_outcome *d =
		    &outcome->deliveries[outcome->n_deliveries];

		if (outcome->files[i].path == NULL)
			continue;
		if (outcome->n_deliveries > 0 && cancel_check(e) < 0)
			return -1;
		d->file = &outcome->files[i];
		d->target = str_dup(t->target.name);
		if (d->target == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
		outcome->n_deliveries++;
		if (deliver_one(o, t, d, e) < 0)
			return err_in(e,
			    "the delivery to '%s' cannot be recorded",
			    d->target);
		if (d->error.class != ERR_NONE)
			return 1;
	}
	return 0;
}

int
deliver_all(
    const struct delivery_order *o, struct run_outcome *outcome, struct err *e)
{
	const struct plan *p = o->plan;
	int rc = 0;

	outcome->deliveries = calloc(
	    p->n_targets * outcome->n_files, sizeof(*outcome->deliveries));
	if (outcome->deliveries == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < p->n_targets; i++) {
		struct err own = ERR_INIT;
		int failed = deliver_to(o, &p->targets[i], outcome, &own);

		if (failed < 0) {
			if (rc == 0)
				*e = own;
			return -1;
		}
		if (failed > 0)
			rc = settle(
			    &outcome->deliveries[outcome->n_deliveries - 1], e,
			    rc);
	}
	return rc;
}
