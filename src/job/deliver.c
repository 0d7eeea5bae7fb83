/*
 * deliver.c - finished files to their targets, at the same time
 *
 * A process for each target: a server that is slow, or a library that
 * crashes, holds up no other target. What they do is courier.c's business;
 * here they are started, listened to and ended. What a failed delivery means
 * for a run is run.c's and earlier.c's.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "job/courier.h"
#include "job/deliver.h"
#include "job/wire.h"
#include "state/outbox.h"

enum {
	COURIERS_MAX = 8,	 /* at once */
	DELIVER_TICK_MS = 100,	 /* between two looks at the clock */
	DELIVER_GRACE_MS = 15000 /* to clean up and end */
};

/* One target, and the process that serves it. */
struct way {
	const char *target; /* borrowed */
	pid_t pid;	    /* 0: not begun, or ended */
	bool has_begun;
	int fd;
	struct wire wire;
	bool is_done;  /* it said that it came to its end */
	uint64_t done; /* bytes of its transfer */
	uint64_t total;
	struct err error; /* of the ledger or of the process itself */
};

/* All of them. */
struct dispatch {
	const struct delivery_order *order;
	struct consignment *list;
	size_t n;
	struct way *ways; /* owned */
	size_t n_ways;
	uint64_t kill_ms; /* after a signal; 0: there was none */
};

int
deliver_prepare(const struct plan *plan, struct run_outcome *o, struct err *e)
{
	o->deliveries = calloc(
	    plan->n_targets * o->n_files + 1, sizeof(*o->deliveries));
	if (o->deliveries == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < plan->n_targets; i++)
		for (size_t k = 0; k < o->n_files; k++) {
			struct run_delivery_outcome *d =
			    &o->deliveries[o->n_deliveries];

			if (o->files[k].path == NULL)
				continue;
			d->file = &o->files[k];
			d->target = str_dup(plan->targets[i].target.name);
			if (d->target == NULL)
				return err_set(
				    e, ERR_INTERNAL, "out of memory");
			o->n_deliveries++;
		}
	return 0;
}

static int
add_way(struct dispatch *d, const char *target, struct err *e)
{
	struct way *ways;

	for (size_t i = 0; i < d->n_ways; i++)
		if (strcmp(d->ways[i].target, target) == 0)
			return 0;
	ways = realloc(d->ways, (d->n_ways + 1) * sizeof(*ways));
	if (ways == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	d->ways = ways;
	memset(&ways[d->n_ways], 0, sizeof(*ways));
	ways[d->n_ways].target = target;
	ways[d->n_ways++].fd = -1;
	return 0;
}

/* A way for each target that is to be given something. */
static int
find_ways(struct dispatch *d, struct err *e)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct run_outcome *o = d->list[i].outcome;

		for (size_t k = 0; k < o->n_deliveries; k++)
			if (courier_takes(
				&o->deliveries[k], o->deliveries[k].target) &&
			    add_way(d, o->deliveries[k].target, e) < 0)
				return -1;
	}
	return 0;
}

static void
become_courier(
    const struct dispatch *d, const struct way *w, int fd, pid_t parent)
{
	const struct courier_order order = {
		.order = d->order,
		.list = d->list,
		.n = d->n,
		.target = w->target,
		.fd = fd,
	};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	child_close_others(&fd, 1);
	_exit(courier_run(&order));
}

static int
start(const struct dispatch *d, struct way *w, struct err *e)
{
	pid_t parent = getpid();
	int ends[2];

	w->has_begun = true;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, errno, "cannot make a pair of sockets");
	w->pid = fork();
	if (w->pid == 0)
		become_courier(d, w, ends[1], parent);
	(void)close(ends[1]);
	if (w->pid < 0) {
		w->pid = 0;
		(void)err_sys(e, errno, "cannot start a process that ships");
		(void)close(ends[0]);
		return -1;
	}
	w->fd = ends[0];
	wire_init(&w->wire, w->fd);
	return 0;
}

static void
tell_stage(const struct dispatch *d)
{
	const struct run_watch *watch = d->order->watch;
	char text[256] = "shipping to ";
	const char *between = "";

	for (size_t i = 0; i < d->n_ways; i++) {
		size_t used = strlen(text);

		if (d->ways[i].pid == 0)
			continue;
		(void)snprintf(text + used, sizeof(text) - used, "%s%s",
		    between, d->ways[i].target);
		between = ", ";
	}
	if (watch->stage != NULL && *between != '\0')
		watch->stage(watch->arg, text);
}

static int
start_some(struct dispatch *d, struct err *e)
{
	size_t running = 0;
	bool any = false;

	for (size_t i = 0; i < d->n_ways; i++)
		running += d->ways[i].pid != 0;
	for (size_t i = 0; i < d->n_ways && running < COURIERS_MAX; i++) {
		if (d->ways[i].has_begun)
			continue;
		/* Who begins nothing has cleaned up already. */
		if (any && cancel_is_due())
			break;
		if (start(d, &d->ways[i], e) < 0)
			return -1;
		running++;
		any = true;
	}
	if (any)
		tell_stage(d);
	return 0;
}

static void
tell_progress(const struct dispatch *d)
{
	const struct run_watch *watch = d->order->watch;
	uint64_t done = 0, total = 0;

	for (size_t i = 0; i < d->n_ways; i++)
		if (d->ways[i].pid != 0) {
			done += d->ways[i].done;
			total += d->ways[i].total;
		}
	if (watch->shipped != NULL && total > 0)
		watch->shipped(watch->arg, done, total);
}

static int
on_shipped(struct dispatch *d, struct way *w, const struct wire_message *m,
    struct err *e)
{
	struct wire_shipped shipped;

	if (wire_take(m, &shipped, sizeof(shipped), e) < 0)
		return -1;
	w->done = shipped.done;
	w->total = shipped.total;
	tell_progress(d);
	return 0;
}

static struct run_delivery
describe(const struct dispatch *d, const struct run_delivery_outcome *o,
    const char *state)
{
	struct run_delivery row = {
		.target = o->target,
		.url = o->receipt.url,
		.name = o->file->name,
		.state = state,
		.stage = ship_stage_name(o->receipt.stage),
		.reply = o->receipt.reply,
		.tls = o->receipt.tls,
		.verified = o->receipt.verified,
		.attempts = o->receipt.attempts,
		.bytes = o->receipt.bytes,
		.elapsed_ms = o->receipt.elapsed_ms,
		.error = o->error.class != ERR_NONE ? &o->error : NULL,
		.by = d->order->by,
	};

	return row;
}

static int
record(const struct dispatch *d, const struct wire_record *r,
    struct run_delivery_outcome *o, struct err *e)
{
	struct run_delivery row = describe(d, o, "sending");

	switch (r->moment) {
	case WIRE_BEGINS:
		row.stage = ship_stage_name(r->stage);
		return outbox_begin(
		    d->order->ledger, o->file->id, &row, &o->row, e);
	case WIRE_STEPS:
		return outbox_step(
		    d->order->ledger, o->row, ship_stage_name(r->stage), e);
	case WIRE_ENDS:
		break;
	}
	row.state = "delivered";
	if (o->error.class != ERR_NONE)
		row.state = o->receipt.is_ambiguous ? "unknown" : "failed";
	return outbox_end(d->order->ledger, o->row, &row, e);
}

/* Which delivery a message is about; NULL if there is none such. */
static struct run_delivery_outcome *
item_of(const struct dispatch *d, const struct wire_record *r)
{
	if (r->run >= d->n || r->index >= d->list[r->run].outcome->n_deliveries)
		return NULL;
	return &d->list[r->run].outcome->deliveries[r->index];
}

/* The process waits for the answer before it goes on. */
static int
on_record(struct dispatch *d, struct way *w, const struct wire_message *m,
    struct err *e)
{
	struct run_delivery_outcome *o;
	struct wire_record r;
	struct err own = ERR_INIT;

	if (wire_take(m, &r, sizeof(r), e) < 0)
		return -1;
	o = item_of(d, &r);
	if (o == NULL)
		return err_set(e, ERR_INTERNAL, "a delivery that is not known");
	o->receipt = r.receipt;
	if (r.moment != WIRE_ENDS)
		o->receipt.stage = r.stage;
	if (r.moment == WIRE_ENDS) {
		o->is_tried = true;
		o->error = r.error;
	}
	if (record(d, &r, o, &own) < 0)
		return wire_send(w->fd, WIRE_ERROR, &own, sizeof(own), e);
	return wire_send(w->fd, WIRE_DONE, "", 0, e);
}

static int
on_line(const struct wire_message *m, struct err *e)
{
	struct wire_log line;

	if (wire_take(m, &line, sizeof(line), e) < 0)
		return -1;
	log_write(line.level, "%s", line.text);
	return 0;
}

static int
on_message(struct dispatch *d, struct way *w, const struct wire_message *m,
    struct err *e)
{
	switch ((int)m->type) {
	case WIRE_LOG:
		return on_line(m, e);
	case WIRE_SHIPPED:
		return on_shipped(d, w, m, e);
	case WIRE_RECORD:
		return on_record(d, w, m, e);
	case WIRE_ERROR:
		return wire_take(m, &w->error, sizeof(w->error), e);
	case WIRE_DONE:
		w->is_done = true;
		return 0;
	default:
		return err_set(
		    e, ERR_INTERNAL, "an unknown message %d", (int)m->type);
	}
}

/* Take what the pipe holds: 1, or 0 at its end. */
static int
listen_once(struct dispatch *d, struct way *w, struct err *e)
{
	struct wire_message m;
	int more = wire_read(&w->wire, e);
	int got = 0;

	while (more > 0 && (got = wire_next(&w->wire, &m, e)) > 0)
		if (on_message(d, w, &m, e) < 0)
			return -1;
	return got < 0 ? -1 : more;
}

/* What it was at when it ended without a word may have been done. */
static void
blame(const struct dispatch *d, const struct way *w, int status)
{
	for (size_t i = 0; i < d->n; i++) {
		struct run_outcome *o = d->list[i].outcome;

		for (size_t k = 0; k < o->n_deliveries; k++) {
			struct run_delivery_outcome *item = &o->deliveries[k];

			if (item->is_tried || !courier_takes(item, w->target))
				continue;
			item->is_tried = true;
			/* It had not begun, or did not end in time. */
			if (WIFSIGNALED(status) &&
			    (WTERMSIG(status) == SIGUSR1 || d->kill_ms > 0) &&
			    cancel_check(&item->error) < 0)
				return;
			(void)err_set(&item->error, ERR_INTERNAL,
			    "target '%s': the process that ships was ended by "
			    "signal %d (%s)",
			    w->target,
			    WIFSIGNALED(status) ? WTERMSIG(status) : 0,
			    WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) :
						  "none");
			(void)err_hint(&item->error,
			    "The next run looks what became of it. If it "
			    "happens again: which libcurl is it ('odbcship "
			    "--version')?");
			return;
		}
	}
}

static void
end_way(struct dispatch *d, struct way *w)
{
	int status = 0;

	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	(void)close(w->fd);
	wire_release(&w->wire);
	w->pid = 0;
	w->fd = -1;
	if (!w->is_done && w->error.class == ERR_NONE)
		blame(d, w, status);
	tell_stage(d);
}

static void
listen_to(struct dispatch *d, struct way *w)
{
	struct err e = ERR_INIT;
	int more = listen_once(d, w, &e);

	if (more > 0)
		return;
	if (more < 0) {
		(void)kill(w->pid, SIGKILL);
		w->error = e;
	}
	end_way(d, w);
}

/* A signal is passed on once; who does not end in time is killed. */
static void
mind_signals(struct dispatch *d)
{
	uint64_t now = clock_monotonic_ms();
	bool is_first = d->kill_ms == 0;

	if (!cancel_is_due() || (!is_first && now < d->kill_ms))
		return;
	if (is_first)
		d->kill_ms = now + DELIVER_GRACE_MS;
	for (size_t i = 0; i < d->n_ways; i++) {
		if (d->ways[i].pid == 0)
			continue;
		if (is_first)
			cancel_pass(d->ways[i].pid);
		else
			(void)kill(d->ways[i].pid, SIGKILL);
	}
}

/* 1 while some are at work. */
static int
wait_once(struct dispatch *d, struct err *e)
{
	struct pollfd fds[COURIERS_MAX + 1];
	struct way *who[COURIERS_MAX];
	nfds_t n = 0;

	for (size_t i = 0; i < d->n_ways; i++)
		if (d->ways[i].pid != 0) {
			who[n] = &d->ways[i];
			fds[n] = (struct pollfd){ who[n]->fd, POLLIN, 0 };
			n++;
		}
	if (n == 0)
		return 0;
	fds[n] = (struct pollfd){ d->kill_ms > 0 ? -1 : cancel_fd(), POLLIN,
		0 };
	if (poll(fds, n + 1, DELIVER_TICK_MS) < 0 && errno != EINTR)
		return err_sys(e, errno, "cannot wait for the deliveries");
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].revents != 0)
			listen_to(d, who[i]);
	mind_signals(d);
	if (d->order->watch->tick != NULL)
		d->order->watch->tick(d->order->watch->arg);
	return 1;
}

/* Of each target the deliveries up to the first that failed. */
static void
leave_untried(struct run_outcome *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_deliveries; i++) {
		struct run_delivery_outcome *d = &o->deliveries[i];

		if (d->is_before || d->is_tried || d->error.class != ERR_NONE)
			o->deliveries[n++] = *d;
		else
			free(d->target);
	}
	o->n_deliveries = n;
}

/* Who was not tried because of a signal is told so. */
static void
mind_cancelled(struct dispatch *d)
{
	const char *last = NULL;

	for (size_t i = 0; i < d->n; i++)
		for (size_t k = 0; k < d->list[i].outcome->n_deliveries; k++) {
			struct run_delivery_outcome *item =
			    &d->list[i].outcome->deliveries[k];
			bool is_new = last == NULL ||
			    strcmp(last, item->target) != 0;

			last = item->target;
			if (item->is_tried || !courier_takes(item, last) ||
			    (!is_new && item[-1].error.class != ERR_NONE))
				continue;
			if (cancel_check(&item->error) == 0)
				return;
		}
}

/* The delivery for which later runs wait at a target, or NULL. */
static const struct run_delivery_outcome *
find_block(const struct run_outcome *o, const char *target)
{
	for (size_t i = 0; i < o->n_deliveries; i++)
		if (strcmp(o->deliveries[i].target, target) == 0 &&
		    courier_stops(&o->deliveries[i]))
			return &o->deliveries[i];
	return NULL;
}

void
deliver_block(const struct run_outcome *earlier, struct run_outcome *o)
{
	const char *last = NULL;

	for (size_t i = 0; i < o->n_deliveries; i++) {
		struct run_delivery_outcome *d = &o->deliveries[i];
		const struct run_delivery_outcome *block;

		if (d->is_tried || !courier_takes(d, d->target))
			continue;
		if (last != NULL && strcmp(last, d->target) == 0) {
			d->is_waiting = true; /* a marker above all */
			continue;
		}
		block = find_block(earlier, d->target);
		if (block == NULL)
			continue;
		last = d->target;
		(void)err_set(&d->error, block->error.class,
		    "run %lld for %s comes before it and is not delivered: "
		    "%.1500s",
		    (long long)earlier->run, earlier->date, block->error.text);
		(void)err_hint(&d->error, "%s", block->error.hint);
		d->error.native = block->error.native;
	}
}

int
deliver_all(const struct delivery_order *order, struct consignment *list,
    size_t n, struct err *e)
{
	struct dispatch d = { .order = order, .list = list, .n = n };
	int rc = find_ways(&d, e);
	int more = rc;

	if (rc == 0)
		do {
			if (rc == 0)
				rc = start_some(&d, e);
			more = wait_once(
			    &d, rc == 0 ? e : &(struct err)ERR_INIT);
		} while (more > 0);
	for (size_t i = 0; rc == 0 && i < d.n_ways; i++)
		if (d.ways[i].error.class != ERR_NONE) {
			*e = d.ways[i].error;
			rc = -1;
		}
	mind_cancelled(&d);
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < i; k++)
			deliver_block(list[k].outcome, list[i].outcome);
	for (size_t i = 0; i < n; i++)
		leave_untried(list[i].outcome);
	free(d.ways);
	return rc < 0 || more < 0 ? -1 : 0;
}

int
deliver_result(const struct run_outcome *o, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < o->n_deliveries; i++) {
		const struct err *error = &o->deliveries[i].error;

		if (error->class == ERR_NONE)
			continue;
		if (rc == 0)
			*e = *error;
		else
			log_error("%s", error->text);
		rc = -1;
	}
	return rc;
}
