/*
 * gate.c - wait until what the batch needs is there
 *
 * Each look is a statement of its own, committed by itself, so that it sees
 * what others have done meanwhile; between two looks nothing is sent. After a
 * wait all gates are asked once more: what held first may not hold any more.
 * The cut-off is read before each look, so that gates see the one that the
 * batch will have. What a query must say: condition.c; how it is asked:
 * question.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "job/gate.h"
#include "job/watermark.h"
#include "job/wire.h"

enum { GATE_SLICE_MS = 100 }; /* between two looks at a cancellation */

/* The gates while they are waited for. */
struct waiting {
	const struct asker *asker;
	uint64_t began_ms; /* all of them wait since then */
	unsigned asked;	   /* looks at the current gate */
	int64_t seen_ms;   /* wall time of the last one */
	struct guard_result result;
};

static uint64_t
waited(const struct waiting *w)
{
	return clock_monotonic_ms() - w->began_ms;
}

static uint64_t
left(const struct waiting *w, const struct gate *g)
{
	uint64_t so_far = waited(w);

	return so_far < g->timeout_ms ? g->timeout_ms - so_far : 0;
}

static int
tell(struct waiting *w, const struct gate *g, struct err *e)
{
	struct wire_gate message;

	memset(&message, 0, sizeof(message));
	w->result.elapsed_ms = waited(w);
	message.result = w->result;
	message.left_ms = left(w, g);
	return wire_send(w->asker->fd, WIRE_GATE, &message, sizeof(message), e);
}

/* Lost while nobody asked: not every driver says why, but the wait does. */
static void
hint_idle(const struct waiting *w, const struct gate *g, struct err *e)
{
	char idle[32];

	if (w->asked == 0 || strncmp(e->state, "08", 2) != 0)
		return;
	str_put_duration(idle, sizeof(idle), g->every_ms);
	(void)err_hint(e,
	    "The connection was idle for %s between two looks: servers and "
	    "firewalls end what is idle for long. Let the gate ask more often "
	    "(every), or raise the server's limit. The same command can be "
	    "run again.",
	    idle);
}

/* 1 when it holds, 0 when it does not. */
static int
look(struct waiting *w, const struct gate *g, struct err *e)
{
	struct answer answer;

	if (tell(w, g, e) < 0 ||
	    question_ask(w->asker, g->condition.sql, &answer, e) < 0) {
		hint_idle(w, g, e);
		return err_in(e, "gate '%s'", g->condition.name);
	}
	w->asked++;
	w->seen_ms = clock_wall_ms();
	answer_put(&answer, w->result.seen);
	w->result.passed = condition_holds(
	    &g->condition, answer_value(&answer));
	if (tell(w, g, e) < 0)
		return -1;
	return w->result.passed;
}

static int
pause_until_next(const struct waiting *w, const struct gate *g, struct err *e)
{
	uint64_t most = left(w, g);
	uint64_t until = clock_monotonic_ms() +
	    (g->every_ms < most ? g->every_ms : most);

	for (;;) {
		uint64_t now = clock_monotonic_ms();
		uint64_t rest = until > now ? until - now : 0;

		if (w->asker->cancelled(e) < 0)
			return -1;
		if (rest == 0)
			return 0;
		clock_sleep_ms(rest < GATE_SLICE_MS ? rest : GATE_SLICE_MS);
	}
}

static int
give_up(const struct waiting *w, const struct gate *g, struct err *e)
{
	char waited_for[64], when[CLOCK_TEXT];

	str_put_duration(waited_for, sizeof(waited_for), waited(w));
	clock_put_utc(when, w->seen_ms);
	(void)err_set(e, ERR_NOT_NOW,
	    "gate '%s' did not hold within %s: it wants %s, and the last value "
	    "was %s (at %s, asked %u time%s)",
	    g->condition.name, waited_for, w->result.expected, w->result.seen,
	    when, w->asked, w->asked == 1 ? "" : "s");
	return err_hint(e,
	    "What it waits for is late or failed: look there first. The same "
	    "command can be run again later; gates.timeout says how long to "
	    "wait.");
}

/* Until it holds: 1 when that took a wait, else 0. */
static int
wait_for(struct waiting *w, const struct gate *g, struct err *e)
{
	int held, had_to_wait = 0;

	memset(&w->result, 0, sizeof(w->result));
	(void)snprintf(w->result.kind, sizeof(w->result.kind), "gate");
	(void)snprintf(
	    w->result.name, sizeof(w->result.name), "%s", g->condition.name);
	condition_put(&g->condition, w->result.expected);
	w->asked = 0;
	while ((held = look(w, g, e)) == 0) {
		if (left(w, g) == 0)
			return give_up(w, g, e);
		if (pause_until_next(w, g, e) < 0 ||
		    watermark_read(w->asker, e) < 0)
			return -1;
		had_to_wait = 1;
	}
	return held < 0 ? -1 : had_to_wait;
}

int
gates_wait(const struct asker *a, struct err *e)
{
	const struct guards *g = &a->plan->guards;
	struct waiting w = {
		.asker = a,
		.began_ms = clock_monotonic_ms(),
	};
	bool again;

	do {
		again = false;
		if (watermark_read(a, e) < 0)
			return -1;
		for (size_t i = 0; i < g->n_gates; i++) {
			int rc = wait_for(&w, &g->gates[i], e);

			if (rc < 0)
				return -1;
			again = again || (rc > 0 && g->n_gates > 1);
		}
	} while (again);
	return 0;
}
