/*
 * retry.c - when a delivery is tried again
 *
 * What passes is tried again on a fresh connection, after waits that double
 * and differ a little, so that many clients do not come back together. What is
 * refused is not hammered. What a single attempt does is steps.c's business.
 *
 * Source	facts/shipping.md 1.6
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "ship/steps.h"

/*
 * The longest wait; how much longer a full disk takes than other troubles;
 * how often a server may cut an upload off; the longest wait that a target may
 * ask for.
 */
enum {
	WAIT_MAX_MS = 300 * 1000,
	ASKED_MAX_MS = 3600 * 1000,
	FULL_FACTOR = 4,
	CUTS_MAX = 3
};

int
remote_open(struct remote *r, struct err *e)
{
	remote_close(r);
	r->protocol = protocol_find(r->target->url);
	if (r->protocol == NULL)
		return err_set(
		    e, ERR_SPEC, "'%s' is of no known kind", r->target->url);
	return r->protocol->open(r, e);
}

void
remote_close(struct remote *r)
{
	if (r->link != NULL)
		r->protocol->close(r);
}

/* 80 to 120 of a hundred. */
static uint64_t
jitter(uint64_t ms)
{
	uint64_t seed = clock_monotonic_ms() * UINT64_C(6364136223846793005) +
	    (uint64_t)getpid() * UINT64_C(1442695040888963407);

	return ms * (80 + (seed >> 33) % 41) / 100;
}

static uint64_t
wait_before(const struct course *c, unsigned attempt)
{
	uint64_t ms = c->target->retry_wait_ms;
	uint64_t longest = ms > WAIT_MAX_MS ? ms : WAIT_MAX_MS;

	for (unsigned i = 1; i < attempt && ms < longest; i++)
		ms *= 2;
	if (strncmp(c->receipt->reply, "452", 3) == 0)
		ms *= FULL_FACTOR;
	ms = jitter(ms < longest ? ms : longest);
	return ms < c->remote.wait_ms ? c->remote.wait_ms : ms;
}

/* -1 when a signal or the deadline came meanwhile. */
static int
wait_for(uint64_t ms, struct err *e)
{
	uint64_t until = clock_monotonic_ms() + ms;
	uint64_t now;

	while ((now = clock_monotonic_ms()) < until) {
		struct pollfd pfd = { cancel_fd(), POLLIN, 0 };
		uint64_t left = until - now;

		if (cancel_check(e) < 0)
			return -1;
		if (left > cancel_left_ms())
			left = cancel_left_ms();
		(void)poll(&pfd, 1, left > 60000 ? 60000 : (int)left + 1);
	}
	return cancel_check(e);
}

/*
 * A server that ends each upload in the middle, though the network is up, has
 * a reason that it could not tell: its reply is never read by libcurl.
 */
static void
count_cuts(struct course *c, struct err *e)
{
	c->cuts = c->remote.is_cut ? c->cuts + 1 : 0;
	c->remote.is_cut = false;
	if (c->cuts < CUTS_MAX)
		return;
	e->class = ERR_TARGET;
	(void)err_hint(e,
	    "The server ended %d uploads in the middle: ask its operators for "
	    "quotas and for limits of size and time.",
	    CUTS_MAX);
}

/* TLS 1.3 and a 426: some pairs of client and server need 1.2. */
static void
learn(struct course *c)
{
	if (strncmp(c->receipt->reply, "426", 3) == 0 &&
	    strncmp(c->receipt->tls, "TLSv1.3", 7) == 0 &&
	    !c->remote.cap_tls12) {
		log_info("'%s' broke off over TLS 1.3: TLS 1.2 is tried",
		    c->target->name);
		c->remote.cap_tls12 = true;
	}
}

/* What became of all attempts, behind what became of the last. */
static void
tell_attempts(const struct course *c, const struct err *first, uint64_t began,
    struct err *e)
{
	size_t used = strlen(e->text);
	char elapsed[32];

	if (c->receipt->attempts < 2)
		return;
	str_put_duration(
	    elapsed, sizeof(elapsed), clock_monotonic_ms() - began);
	(void)snprintf(e->text + used, sizeof(e->text) - used,
	    " (attempt %u, %s after the first%s%.700s)", c->receipt->attempts,
	    elapsed,
	    strncmp(first->text, e->text, used) == 0 ? ", which failed alike" :
						       ", which failed: ",
	    strncmp(first->text, e->text, used) == 0 ? "" : first->text);
}

/* Whether to try again, after waiting; *e may become what ended the wait. */
static bool
is_tried_again(struct course *c, struct err *e)
{
	unsigned attempt = c->receipt->attempts;
	struct err own = ERR_INIT;
	char text[32];
	uint64_t ms;

	count_cuts(c, e);
	if (e->class != ERR_NOT_NOW || c->is_final ||
	    attempt > c->target->retries || cancel_is_due())
		return false;
	ms = wait_before(c, attempt);
	if (c->remote.wait_ms > ASKED_MAX_MS) {
		log_info("'%s' asks to come back later than in an hour",
		    c->target->name);
		return false;
	}
	if (ms >= cancel_left_ms()) {
		log_info("limits.runtime leaves no time for another attempt");
		return false;
	}
	learn(c);
	str_put_duration(text, sizeof(text), ms);
	log_info("attempt %u of %u at '%s' failed, the next comes in %s: %s",
	    attempt, c->target->retries + 1, c->target->name, text, e->text);
	remote_close(&c->remote);
	if (wait_for(ms, &own) == 0)
		return true;
	(void)err_in(&own, "while waiting to try again (%.1200s)", e->text);
	*e = own;
	return false;
}

int
deliver(const struct target *t, const struct shipment *s, struct receipt *r,
    struct err *e)
{
	uint64_t began = clock_monotonic_ms();
	struct err first = ERR_INIT, last = ERR_INIT;
	struct course c;
	int rc;

	if (course_begin(&c, t, s, r, e) < 0)
		return -1;
	do {
		last = (struct err)ERR_INIT;
		r->attempts++;
		rc = steps_attempt(&c, &last);
		if (rc < 0 && r->attempts == 1)
			first = last;
	} while (rc < 0 && is_tried_again(&c, &last));
	if (rc < 0) {
		steps_clean_up(&c);
		*e = last;
		tell_attempts(&c, &first, began, e);
	} else if (r->attempts > 1) {
		log_info("'%s' took %u attempts", t->name, r->attempts);
	}
	remote_close(&c.remote);
	return rc;
}
