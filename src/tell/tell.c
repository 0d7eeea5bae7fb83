/*
 * tell.c - who is told what, and when
 *
 * Each way of each entry has a record of its own (state/alert.h), so that one
 * that fails is tried again without the others. What is to be told is
 * recorded before it is sent and struck out afterwards: a process that dies
 * in between tells twice rather than not at all.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "compose.h"
#include "tell/tell.h"
#include "way.h"

enum { WAY_TEXT = 96 };

/* What is being told to whom. */
struct teller {
	struct ledger *ledger;		/* borrowed, or NULL */
	const struct tell_event *event; /* borrowed */
	const struct way *way;
	struct entry entry;
	char name[WAY_TEXT]; /* "team: mail" */
	struct alert alert;
};

/* Checking. */

static void
complain(
    const struct entry *n, const struct err *error, struct problems *problems)
{
	const struct value *v = entry_value(n, "notify.name");
	const struct value *list = spec_value(n->spec, "notify");
	const struct origin *at = v->origin.file != NULL ? &v->origin :
							   &list->origin;
	struct err e = *error;

	(void)err_in(&e, "notify '%s'", n->name);
	problems_add(problems, at->file, at->line, &e);
}

static void
check_way(const struct way *way, const struct entry *n, bool with_secrets,
    struct problems *problems)
{
	int (*check)(const struct entry *,
	    struct err *) = with_secrets ? way->check_secrets : way->check;
	struct err e = ERR_INIT;

	if (way->is_used(n) && check != NULL && check(n, &e) < 0)
		complain(n, &e, problems);
}

static bool
tells_nobody(const struct entry *n)
{
	for (const struct way *way = ways; way->name != NULL; way++)
		if (way->is_used(n))
			return false;
	return !way_ping.is_used(n);
}

static void
check_entries(
    const struct spec *s, bool with_secrets, struct problems *problems)
{
	struct err nobody = ERR_INIT;
	struct entry n;

	(void)err_set(&nobody, ERR_SPEC, "it says nobody how to be told");
	(void)err_hint(&nobody,
	    "Add mail, sendmail, webhook, ping or command to the entry.");
	for (size_t i = 0; i < spec_count(s, "notify"); i++) {
		entry_init(&n, s, i);
		for (const struct way *way = ways; way->name != NULL; way++)
			check_way(way, &n, with_secrets, problems);
		check_way(&way_ping, &n, with_secrets, problems);
		if (!with_secrets && tells_nobody(&n))
			complain(&n, &nobody, problems);
	}
}

void
tell_check(const struct spec *s, struct problems *problems)
{
	check_entries(s, false, problems);
}

void
tell_check_secrets(const struct spec *s, struct problems *problems)
{
	check_entries(s, true, problems);
}

/* Deciding. */

static struct tell_wish
wish_of(const struct entry *n)
{
	const struct value *on = entry_value(n, "notify.on");
	struct tell_wish wish = { .failure = !on->is_given,
		.recovery = !on->is_given,
		.late = !on->is_given };
	const struct {
		const char *word;
		bool *wanted;
	} words[] = {
		{ "failure", &wish.failure },
		{ "recovery", &wish.recovery },
		{ "success", &wish.success },
		{ "late", &wish.late },
		{ "skip", &wish.skip },
	};

	for (size_t i = 0; i < on->n_texts; i++)
		for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
			if (strcmp(words[k].word, on->texts[i]) == 0)
				*words[k].wanted = true;
	wish.remind_ms = (uint64_t)entry_value(n, "notify.remind")->number;
	return wish;
}

static bool
is_reminder_due(
    const struct alert *a, const struct tell_wish *wish, int64_t now_ms)
{
	return wish->failure && wish->remind_ms > 0 &&
	    now_ms - a->told_ms >= (int64_t)wish->remind_ms;
}

static enum tell_kind
decide_failure(struct alert *a, const struct tell_wish *wish,
    const struct tell_event *event)
{
	bool is_new = a->told_ms == 0;
	int64_t now_ms = event->now_ms;

	if (a->broken_ms == 0)
		a->broken_ms = now_ms;
	a->failures++;
	if (!wish->failure)
		return TELL_NOTHING;
	if (event->is_loss)
		return TELL_FAILURE;
	if (is_new)
		return a->failures > 1 ? TELL_REMINDER : TELL_FAILURE;
	return is_reminder_due(a, wish, now_ms) ? TELL_REMINDER : TELL_NOTHING;
}

static enum tell_kind
decide_success(struct alert *a, const struct tell_wish *wish)
{
	bool was_broken = a->broken_ms != 0 || a->late_ms != 0;

	a->broken_ms = a->failures = a->told_ms = a->late_ms = 0;
	if (was_broken && wish->recovery)
		return TELL_RECOVERY;
	return wish->success ? TELL_SUCCESS : TELL_NOTHING;
}

/*
 * Each missed time is told once, and not to who knows that the job fails; but
 * that one may want to be reminded, and no run would do it.
 */
static enum tell_kind
decide_late(struct alert *a, const struct tell_wish *wish,
    const struct tell_event *event)
{
	if (a->broken_ms != 0 && wish->failure)
		return a->told_ms != 0 &&
			is_reminder_due(a, wish, event->now_ms) ?
		    TELL_REMINDER :
		    TELL_NOTHING;
	if (!wish->late || a->late_ms == event->expected_ms)
		return TELL_NOTHING;
	a->late_ms = event->expected_ms;
	return TELL_ABSENCE;
}

enum tell_kind
tell_decide(struct alert *a, const struct tell_wish *wish,
    const struct tell_event *event)
{
	switch (event->outcome) {
	case TELL_FAILED:
		return decide_failure(a, wish, event);
	case TELL_SUCCEEDED:
		return decide_success(a, wish);
	case TELL_SKIPPED:
		return wish->skip ? TELL_SKIP : TELL_NOTHING;
	case TELL_LATE:
		return decide_late(a, wish, event);
	case TELL_NOTED:
		return wish->failure ? TELL_NOTE : TELL_NOTHING;
	case TELL_TRIED:
		break;
	}
	return TELL_TEST;
}

/* Telling. */

static struct alert_key
key_of(const struct teller *t)
{
	struct alert_key key = {
		.job = t->event->job,
		.environment = t->event->environment != NULL ?
		    t->event->environment :
		    "",
		.entry = t->name,
	};

	return key;
}

static void
save(const struct teller *t)
{
	const struct alert_key key = key_of(t);
	struct err e = ERR_INIT;

	if (t->ledger != NULL && alert_save(t->ledger, &key, &t->alert, &e) < 0)
		log_warning("notify '%s': %s", t->name, e.text);
}

/* Send what is pending; it stays when that fails. */
static void
send_pending(struct teller *t)
{
	struct alert *a = &t->alert;
	const struct message m = { t->event->job, a->subject, a->text,
		a->json };
	struct err e = ERR_INIT;

	if (cancel_grace_ms() == 0) {
		save(t);
		log_warning("notify '%s': there is no time left to tell '%s': "
			    "the next run or 'odbcship watch' does",
		    t->name, a->pending);
		return;
	}
	a->attempts++;
	save(t);
	if (t->way->send(&t->entry, &m, &e) < 0) {
		log_warning("notify '%s': '%s' could not be told: %s%s%s",
		    t->name, a->pending, e.text,
		    e.hint[0] != '\0' ? " hint: " : "", e.hint);
		return;
	}
	log_info("notify '%s': told '%s'", t->name, a->pending);
	if (a->broken_ms != 0)
		a->told_ms = t->event->now_ms;
	alert_drop_pending(a);
	save(t);
}

/* Put a message into the place of one that is still there. */
static int
set_pending(struct teller *t, enum tell_kind kind, const struct alert *before,
    struct err *e)
{
	struct alert *a = &t->alert;
	struct message m;

	if (message_build(&m, kind, t->event, before, e) < 0)
		return -1;
	alert_drop_pending(a);
	a->pending = str_dup(message_kind_name(kind));
	a->pending_ms = t->event->now_ms;
	a->subject = m.subject;
	a->text = m.text;
	a->json = m.json;
	return a->pending != NULL ? 0 : err_set(e, ERR_INTERNAL, "no memory");
}

static void
tell_way(struct teller *t)
{
	const struct tell_wish wish = wish_of(&t->entry);
	const struct alert_key key = key_of(t);
	struct alert before;
	struct err e = ERR_INIT;
	enum tell_kind kind;

	t->alert = (struct alert)ALERT_INIT;
	if (t->ledger != NULL && alert_load(t->ledger, &key, &t->alert, &e) < 0)
		log_warning("notify '%s': %s", t->name, e.text);
	before = t->alert; /* its texts are not looked at */
	kind = tell_decide(&t->alert, &wish, t->event);
	e = (struct err)ERR_INIT;
	if (kind != TELL_NOTHING && set_pending(t, kind, &before, &e) < 0)
		log_warning("notify '%s': %s", t->name, e.text);
	if (t->alert.pending != NULL)
		send_pending(t);
	else
		save(t);
	alert_release(&t->alert);
}

static void
name_way(
    struct teller *t, const struct spec *s, size_t i, const struct way *way)
{
	entry_init(&t->entry, s, i);
	t->way = way;
	(void)snprintf(
	    t->name, sizeof(t->name), "%s: %s", t->entry.name, way->name);
}

/*
 * A note has a record of its own, so that it neither takes the place of what
 * is still to be told of the job, nor the other way round.
 */
static void
name_note(struct teller *t)
{
	(void)snprintf(t->name, sizeof(t->name), "%s: %s: note", t->entry.name,
	    t->way->name);
}

/* Send what is kept of a record, if anything is. */
static void
retry_way(struct teller *t)
{
	const struct alert_key key = key_of(t);
	struct err e = ERR_INIT;

	t->alert = (struct alert)ALERT_INIT;
	if (alert_load(t->ledger, &key, &t->alert, &e) < 0)
		log_warning("notify '%s': %s", t->name, e.text);
	else if (t->alert.pending != NULL)
		send_pending(t);
	alert_release(&t->alert);
}

static void
retry_note(struct teller *t)
{
	name_note(t);
	if (t->ledger != NULL)
		retry_way(t);
}

static void
end_pings(const struct spec *s, const struct tell_event *event)
{
	const char *text = event->error != NULL ? event->error->text : "";
	struct err e = ERR_INIT;
	char status[16];
	struct entry n;

	(void)snprintf(status, sizeof(status), "%d", event->status & 0xff);
	for (size_t i = 0; i < spec_count(s, "notify"); i++) {
		entry_init(&n, s, i);
		/* Somebody else's run is told of by that one. */
		if (!way_ping.is_used(&n) ||
		    (event->outcome == TELL_SKIPPED && event->status != 0))
			continue;
		if (ping_send(
			&n, event->status != 0 ? status : NULL, text, &e) < 0)
			log_warning("notify '%s: ping': %s", n.name, e.text);
	}
}

/* The ping of the beginning must not come after that of the end. */
static void
wait_started(struct tell_started *started)
{
	int status;

	if (started == NULL || started->pid <= 0)
		return;
	if (cancel_is_due())
		(void)kill(started->pid, SIGKILL);
	while (waitpid(started->pid, &status, 0) < 0 && cancel_is_due())
		(void)kill(started->pid, SIGKILL);
	started->pid = 0;
}

void
tell_end(const struct spec *s, struct ledger *ledger,
    const struct tell_event *event, struct tell_started *started)
{
	struct teller t = { .ledger = ledger, .event = event };

	wait_started(started);
	if (event->outcome != TELL_LATE)
		end_pings(s, event);
	for (size_t i = 0; i < spec_count(s, "notify"); i++)
		for (const struct way *way = ways; way->name != NULL; way++) {
			name_way(&t, s, i, way);
			if (!way->is_used(&t.entry))
				continue;
			tell_way(&t);
			retry_note(&t);
		}
}

bool
tell_note(
    const struct spec *s, struct ledger *ledger, const struct tell_event *event)
{
	struct teller t = { .ledger = ledger, .event = event };
	bool any = false;

	for (size_t i = 0; i < spec_count(s, "notify"); i++)
		for (const struct way *way = ways; way->name != NULL; way++) {
			name_way(&t, s, i, way);
			if (!way->is_used(&t.entry) ||
			    !wish_of(&t.entry).failure)
				continue;
			any = true;
			name_note(&t);
			tell_way(&t);
		}
	return any;
}

/* In a process of its own: what waits for the service is not the job. */
static void
start_pings(const struct spec *s)
{
	struct entry n;

	for (size_t i = 0; i < spec_count(s, "notify"); i++) {
		struct err e = ERR_INIT;

		entry_init(&n, s, i);
		if (way_ping.is_used(&n) && ping_send(&n, "start", "", &e) < 0)
			log_warning("notify '%s: ping': %s", n.name, e.text);
	}
}

void
tell_start(const struct spec *s, struct tell_started *started)
{
	bool any = false;
	struct entry n;

	started->pid = 0;
	for (size_t i = 0; i < spec_count(s, "notify"); i++) {
		entry_init(&n, s, i);
		any = any || way_ping.is_used(&n);
	}
	if (!any)
		return;
	started->pid = fork();
	if (started->pid < 0)
		log_warning("cannot start a process for the ping");
	if (started->pid != 0)
		return;
	cancel_uninstall();
	child_close_others(NULL, 0);
	start_pings(s);
	_exit(0);
}

/* One way of an entry; 1 when the entry uses it. */
static size_t
test_way(struct teller *t, const struct message *m,
    void (*put)(void *arg, const char *way, const struct err *error), void *arg)
{
	struct err e = ERR_INIT;

	if (!t->way->is_used(&t->entry))
		return 0;
	if (t->way->send(&t->entry, m, &e) < 0)
		put(arg, t->name, &e);
	else
		put(arg, t->name, NULL);
	return 1;
}

size_t
tell_test(const struct spec *s, const struct tell_event *event,
    void (*put)(void *arg, const char *way, const struct err *error), void *arg)
{
	struct teller t = { .event = event };
	const struct alert none = ALERT_INIT;
	struct message m;
	struct err e = ERR_INIT;
	size_t n = 0;

	if (message_build(&m, TELL_TEST, event, &none, &e) < 0) {
		put(arg, "test", &e);
		return 1;
	}
	for (size_t i = 0; i < spec_count(s, "notify"); i++) {
		for (const struct way *way = ways; way->name != NULL; way++) {
			name_way(&t, s, i, way);
			n += test_way(&t, &m, put, arg);
		}
		name_way(&t, s, i, &way_ping);
		n += test_way(&t, &m, put, arg);
	}
	message_release(&m);
	return n;
}

void
tell_pending(const struct spec *s, struct ledger *ledger)
{
	const struct tell_event event = {
		.outcome = TELL_SKIPPED,
		.job = spec_job(s),
		.environment = spec_environment(s),
		.now_ms = clock_wall_ms(),
	};
	struct teller t = { .ledger = ledger, .event = &event };

	for (size_t i = 0; i < spec_count(s, "notify"); i++)
		for (const struct way *way = ways; way->name != NULL; way++) {
			name_way(&t, s, i, way);
			if (!way->is_used(&t.entry))
				continue;
			retry_way(&t);
			retry_note(&t);
		}
}
