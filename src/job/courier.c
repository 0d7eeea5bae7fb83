/*
 * courier.c - one target's deliveries, in a process of their own
 *
 * File by file, in the order in which they follow each other, so that a
 * marker is there only when all the others are. Each delivery is recorded
 * before its first byte is sent, and each step that cannot be taken back
 * before it is taken, so that whoever comes after a killed process knows what
 * it was doing: the supervisor does that, and answers when it is done. How a
 * transfer is made is ship/ship.h's business.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "job/courier.h"
#include "job/wire.h"
#include "sink/hash.h"

enum { SHIPPED_EVERY_MS = 100 };

/* A courier at work. */
struct courier {
	const struct courier_order *order;
	struct wire answers;   /* of the supervisor */
	struct wire_record at; /* the delivery that is being made */
	uint64_t told_ms;      /* when progress was told last */
	size_t n;	       /* deliveries so far */
};

bool
courier_takes(const struct run_delivery_outcome *d, const char *target)
{
	return !d->is_before && !d->is_waiting && d->error.class == ERR_NONE &&
	    strcmp(d->target, target) == 0;
}

bool
courier_stops(const struct run_delivery_outcome *d)
{
	/* What is no more what was written will never be there. */
	bool is_spoilt = d->error.class == ERR_LOCAL &&
	    d->receipt.attempts == 0;
	bool is_refused = d->error.class == ERR_TARGET && d->receipt.is_open;

	return d->error.class != ERR_NONE && !is_spoilt && !is_refused;
}

static void
send_line(void *arg, enum log_level level, const char *text)
{
	const struct courier *c = arg;
	struct wire_log line = { .level = level };
	struct err ignored = ERR_INIT;

	(void)snprintf(line.text, sizeof(line.text), "%s", text);
	if (wire_send(c->order->fd, WIRE_LOG, &line, sizeof(line), &ignored) <
	    0)
		return; /* nobody listens any more: we are killed soon */
}

static void
on_bytes(void *arg, uint64_t done, uint64_t total)
{
	struct courier *c = arg;
	struct wire_shipped shipped = { done, total };
	struct err ignored = ERR_INIT;
	uint64_t now = clock_monotonic_ms();

	if (done < total && now < c->told_ms + SHIPPED_EVERY_MS)
		return;
	c->told_ms = now;
	if (wire_send(c->order->fd, WIRE_SHIPPED, &shipped, sizeof(shipped),
		&ignored) < 0)
		return;
}

/* The supervisor's answer: -1 when it could not record it. */
static int
wait_answer(struct courier *c, struct err *e)
{
	struct wire_message m;
	int more, got;

	while ((got = wire_next(&c->answers, &m, e)) == 0) {
		more = wire_read(&c->answers, e);
		if (more == 0)
			return err_set(
			    e, ERR_INTERNAL, "the supervisor is gone");
		if (more < 0)
			return -1;
	}
	if (got < 0)
		return -1;
	if (m.type == WIRE_DONE)
		return 0;
	if (wire_take(&m, e, sizeof(*e), e) == 0 && e->class == ERR_NONE)
		(void)err_set(e, ERR_INTERNAL, "it is not recorded");
	return -1;
}

/* Have it recorded, and wait until that is durable. */
static int
record(struct courier *c, enum wire_moment moment, struct err *e)
{
	const struct consignment *run = &c->order->list[c->at.run];
	const struct run_delivery_outcome *d =
	    &run->outcome->deliveries[c->at.index];

	c->at.moment = moment;
	c->at.receipt = d->receipt;
	c->at.error = d->error;
	if (wire_send(c->order->fd, WIRE_RECORD, &c->at, sizeof(c->at), e) <
		0 ||
	    wait_answer(c, e) < 0)
		return err_in(
		    e, "the delivery to '%s' cannot be recorded", d->target);
	return 0;
}

/* What cannot be taken back is recorded before it is done. */
static int
on_step(void *arg, enum ship_stage stage, struct err *e)
{
	struct courier *c = arg;

	if (stage != SHIP_UPLOADING && stage != SHIP_RENAMING)
		return 0;
	c->at.stage = stage;
	return record(c, WIRE_STEPS, e);
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

/* What was written by an earlier process must be there as it was recorded. */
static int
check_content(const struct run_file_outcome *f, struct err *e)
{
	char sha256[HASH_TEXT];

	if (hash_file(f->path, sha256, e) < 0)
		(void)err_in(e, "the file that was kept");
	else if (strcmp(sha256, f->sha256) == 0)
		return 0;
	else
		(void)err_set(e, ERR_LOCAL,
		    "'%s' is not what was written: its SHA-256 is %s, and was "
		    "%s",
		    f->path, sha256, f->sha256);
	return err_hint(e,
	    "It is not sent. 'odbcship run --force' with that --date exports "
	    "it again, 'odbcship resend' with --give-up forgets it.");
}

static const struct plan_target *
find_target(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_targets; i++)
		if (strcmp(p->targets[i].target.name, name) == 0)
			return &p->targets[i];
	return NULL;
}

static int
ship(struct courier *c, const struct plan *plan, struct run_delivery_outcome *d,
    struct err *e)
{
	const struct plan_target *t = find_target(plan, d->target);
	const struct run_file_outcome *f = d->file;
	struct shipment shipment = {
		.path = f->path,
		.name = f->name,
		.bytes = f->bytes,
		.sha256 = f->sha256,
		.progress = on_bytes,
		.progress_arg = c,
		.step = on_step,
		.step_arg = c,
		.from = d->from,
	};
	char *temporary = plan_temporary(plan, t, f->name, e);
	int rc = -1;

	shipment.temporary = temporary;
	if (temporary != NULL &&
	    (!c->order->order->checks_content || check_content(f, e) == 0))
		rc = ship_file(&t->target, &shipment, &d->receipt, e);
	free(temporary);
	return rc;
}

/* Who looks there must know what to type then. */
static int
hint_resend(const struct courier *c, struct run_delivery_outcome *d)
{
	long long run = (long long)c->order->list[c->at.run].outcome->run;

	return err_hint(&d->error,
	    "Look at the target, or ask the receiver. Then send it again with "
	    "'odbcship resend %lld %s', or if the receiver has it say so with "
	    "'odbcship resend %lld %s --mark-delivered'.",
	    run, d->target, run, d->target);
}

/* -1 only when the ledger failed; the target's own error is in d. */
static int
deliver_one(struct courier *c, const struct plan *plan,
    struct run_delivery_outcome *d, struct err *e)
{
	const struct plan_target *t = find_target(plan, d->target);

	(void)snprintf(d->receipt.url, sizeof(d->receipt.url), "%s%s",
	    t->target.url, d->file->name);
	c->at.stage = d->from;
	if (record(c, WIRE_BEGINS, e) < 0)
		return -1; /* nothing is sent that is not recorded */
	d->is_tried = true;
	if (ship(c, plan, d, &d->error) < 0)
		(void)err_in(&d->error, "target '%s'", d->target);
	else
		log_delivered(d);
	if (d->receipt.is_ambiguous)
		(void)hint_resend(c, d);
	return record(c, WIRE_ENDS, e);
}

/* The files of one run: 1 when later ones wait, 0 when they do not. */
static int
carry_run(struct courier *c, size_t run, struct err *e)
{
	const struct consignment *list = &c->order->list[run];
	struct run_outcome *o = list->outcome;

	for (size_t i = 0; i < o->n_deliveries; i++) {
		struct run_delivery_outcome *d = &o->deliveries[i];

		if (!courier_takes(d, c->order->target))
			continue;
		if (c->n++ > 0 && cancel_check(&d->error) < 0)
			return 1;
		c->at.run = run;
		c->at.index = i;
		if (deliver_one(c, list->plan, d, e) < 0)
			return -1;
		if (d->error.class != ERR_NONE)
			return courier_stops(d);
	}
	return 0;
}

int
courier_run(const struct courier_order *order)
{
	struct courier c = { .order = order };
	struct err e = ERR_INIT;
	int rc = cancel_follow(&e);

	wire_init(&c.answers, order->fd);
	log_forward(send_line, &c);
	for (size_t i = 0; rc == 0 && i < order->n; i++)
		rc = carry_run(&c, i, &e);
	wire_release(&c.answers);
	if (rc >= 0)
		rc = wire_send(order->fd, WIRE_DONE, "", 0, &e);
	else
		rc = wire_send(order->fd, WIRE_ERROR, &e, sizeof(e), &e);
	return rc < 0;
}
