/*
 * deliver.c - ship one file to every target of the plan
 *
 * Each target has its own record, begun before the first byte is sent, so
 * that a killed run leaves a trace of what it was doing. How a transfer is
 * made is ship/ship.h's business; what a failed one means for the run is
 * run.c's.
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
describe(
    const struct run_delivery_outcome *d, const char *name, const char *state)
{
	struct run_delivery row = {
		.target = d->target,
		.url = d->receipt.url,
		.name = name,
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
log_delivered(const struct run_delivery_outcome *d, const char *name)
{
	char size[32], elapsed[32];

	str_put_size(size, sizeof(size), d->receipt.bytes);
	str_put_duration(elapsed, sizeof(elapsed), d->receipt.elapsed_ms);
	if (d->receipt.stage == SHIP_SKIPPED)
		return; /* ship told it */
	log_info("'%s' delivered to '%s': %s in %s, %s%s%s", name, d->target,
	    size, elapsed, d->receipt.url,
	    d->receipt.tls[0] != '\0' ? ", " : "", d->receipt.tls);
}

/* -1 only when the ledger failed; the target's own error is in d. */
static int
deliver_one(const struct delivery_order *o, const struct plan_target *t,
    const struct run_outcome *outcome, struct run_delivery_outcome *d,
    struct err *e)
{
	struct shipment shipment = {
		.path = outcome->path,
		.name = outcome->file_name,
		.temporary = t->temporary,
		.bytes = outcome->file.bytes,
		.sha256 = outcome->file.sha256,
		.progress = on_bytes,
		.progress_arg = (void *)(uintptr_t)o->watch,
	};
	struct run_delivery row;
	int64_t id;

	(void)snprintf(
	    d->receipt.url, sizeof(d->receipt.url), "%s", t->target.url);
	row = describe(d, outcome->file_name, "sending");
	if (ledger_begin_delivery(o->ledger, o->file, &row, &id, e) < 0) {
		d->error = *e; /* nothing is sent that is not recorded */
		return -1;
	}
	tell_stage(o->watch, d->target);
	if (ship_file(&t->target, &shipment, &d->receipt, &d->error) < 0) {
		(void)err_in(&d->error, "target '%s'", d->target);
		row = describe(d, outcome->file_name, "failed");
	} else {
		log_delivered(d, outcome->file_name);
		row = describe(d, outcome->file_name, "delivered");
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

int
deliver_all(
    const struct delivery_order *o, struct run_outcome *outcome, struct err *e)
{
	const struct plan *p = o->plan;
	int rc = 0;

	outcome->deliveries = calloc(
	    p->n_targets, sizeof(*outcome->deliveries));
	if (outcome->deliveries == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < p->n_targets; i++) {
		struct run_delivery_outcome *d = &outcome->deliveries[i];

		if (i > 0 && cancel_is_due())
			return rc == 0 ? cancel_check(e) : rc;
		d->target = str_dup(p->targets[i].target.name);
		if (d->target == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
		outcome->n_deliveries++;
		if (deliver_one(o, &p->targets[i], outcome, d, e) < 0)
			return err_in(e,
			    "the delivery to '%s' cannot be "
			    "recorded",
			    d->target);
		rc = settle(d, e, rc);
	}
	return rc;
}
