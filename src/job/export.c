/*
 * export.c - the supervisor's end of an export
 *
 * Forks the worker, listens to it, holds the limits and tells how it ended.
 * One thread, no ODBC call. What the worker does: worker.c; what it says:
 * wire.h; what follows from an export: run.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "job/export.h"
#include "job/wire.h"
#include "job/worker.h"
#include "sink/spool.h"

enum {
	EXPORT_TICK_MS = 100,	      /* between two looks at the clock */
	EXPORT_GRACE_MS = 8000,	      /* for a cancelled statement to end */
	EXPORT_LOGIN_GRACE_MS = 5000, /* beyond the driver's own timeout */
	EXPORT_QUERY_GRACE_MS = 2000, /* the same for a statement's */
	EXPORT_GATE_GRACE_MS = 60000, /* for the last look at a gate */
	EXPORT_RETRY_MS = 1000,	      /* before a batch begins anew; doubled */
	EXPORT_RETRY_MAX_MS = 60000,  /* each time up to this */
	EXPORT_LEAVE_MS = 8000	      /* to disconnect and end */
};

/* A worker under supervision. */
struct supervision {
	const struct plan *plan;
	const struct export_watch *watch;
	const struct export_place *place; /* NULL: only to connect */
	struct export_result *result;
	char *columns; /* of the files that are told next; owned */
	pid_t pid;
	int fd; /* our end of the pipe */
	struct wire wire;
	bool connected;	   /* the database answered */
	bool in_statement; /* between began and ended */
	bool wrote;	   /* what may not be executed again */
	bool repeats;	   /* it was connected before, and lost that */
	struct export_statement current;
	struct wire_gate gate; /* the last one that was told */
	uint64_t gate_ms;      /* when it is given up; 0: none is waited for */
	uint64_t life_ms;      /* last sign of life */
	bool ending;	       /* asked to end */
	uint64_t kill_ms;      /* when it is killed then */
	struct err reason;     /* why it was asked to end */
	uint64_t leave_ms;     /* when it must be gone after its last word */
	bool told_error;       /* it said what went wrong */
	bool done;	       /* it said that all is well */
	struct err error;      /* what it said */
};

/*
 * Standard output carries data only: it is ours, and what a driver prints
 * goes to standard error. Nor may a driver read what was meant for us.
 */
static void
part_standard_fds(struct export_place *place)
{
	int null = open("/dev/null", O_RDONLY);

	if (place->dir == NULL)
		place->fd = fcntl(
		    place->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (null >= 0)
		(void)dup2(null, STDIN_FILENO);
	(void)dup2(STDERR_FILENO, STDOUT_FILENO);
}

static void
become_worker(struct supervision *s, const struct export_place *place, int fd,
    pid_t parent)
{
	struct export_place own = { .fd = -1 };
	struct worker_order order = { s->plan, NULL, fd };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	cancel_uninstall();
	if (place != NULL) {
		own = *place;
		order.place = &own;
	}
	part_standard_fds(&own);
	child_close_others((const int[]){ fd, own.fd }, 2);
	_exit(worker_run(&order));
}

static int
start_worker(
    struct supervision *s, const struct export_place *place, struct err *e)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	s->pid = fork();
	if (s->pid == 0)
		become_worker(s, place, ends[1], parent);
	(void)close(ends[1]);
	if (s->pid < 0) {
		(void)err_sys(e, errno, "cannot start the worker process");
		(void)close(ends[0]);
		return -1;
	}
	s->fd = ends[0];
	s->life_ms = clock_monotonic_ms();
	wire_init(&s->wire, s->fd);
	return 0;
}

static const char *
source_name(const struct plan *p)
{
	if (p->session.dsn != NULL)
		return p->session.dsn;
	return "the connection string";
}

/* "statement 2 (orders.sql:14)" or "connecting to 'warehouse'". */
static void
put_place(const struct supervision *s, char *text, size_t size)
{
	const struct export_statement *c = &s->current;

	if (!s->connected)
		(void)snprintf(
		    text, size, "connecting to '%s'", source_name(s->plan));
	else if (s->gate_ms > 0)
		(void)snprintf(text, size, "gate '%s'", s->gate.result.name);
	else if (s->in_statement)
		(void)snprintf(text, size, "statement %u (%s:%u)", c->index,
		    c->source, c->line);
	else
		(void)snprintf(text, size, "after statement %u", c->index);
}

/* Ask the worker to end: the reason becomes the error of the export. */
static void
begin_ending(struct supervision *s, const struct err *reason)
{
	s->ending = true;
	s->reason = *reason;
	s->kill_ms = clock_monotonic_ms() +
	    (s->connected ? EXPORT_GRACE_MS : 0);
	(void)kill(s->pid, s->connected ? SIGTERM : SIGKILL);
}

static int
check_limits(const struct supervision *s, struct err *e)
{
	uint64_t quiet = clock_monotonic_ms() - s->life_ms;
	uint64_t login = s->plan->login_timeout_ms;
	uint64_t query = s->plan->query_timeout_ms;
	char limit[32];

	if (!s->connected && login > 0 &&
	    quiet > login + EXPORT_LOGIN_GRACE_MS) {
		str_put_duration(limit, sizeof(limit), login);
		(void)err_set(e, ERR_NOT_NOW, "no answer within %s", limit);
		return err_hint(e,
		    "Is the server up and reachable from here? "
		    "source.login_timeout sets the limit.");
	}
	if (s->gate_ms > 0 && clock_monotonic_ms() > s->gate_ms) {
		(void)err_set(e, ERR_NOT_NOW,
		    "its query does not end, though the time for waiting is "
		    "over");
		return err_hint(e,
		    "Is something it reads locked? source.query_timeout "
		    "limits a query where the database can.");
	}
	if (s->in_statement && query > 0 &&
	    quiet > query + EXPORT_QUERY_GRACE_MS) {
		str_put_duration(limit, sizeof(limit), query);
		(void)err_set(
		    e, ERR_NOT_NOW, "no row and no end within %s", limit);
		return err_hint(e,
		    "The statement takes long, or nothing comes through the "
		    "network any more. source.query_timeout sets the limit.");
	}
	return 0;
}

static void
enforce_limits(struct supervision *s)
{
	struct err e = ERR_INIT;

	if (s->ending || s->leave_ms > 0) {
		if (clock_monotonic_ms() >=
		    (s->ending ? s->kill_ms : s->leave_ms))
			(void)kill(s->pid, SIGKILL);
		return;
	}
	if (cancel_check(&e) < 0 || check_limits(s, &e) < 0)
		begin_ending(s, &e);
}

static void
on_statement(struct supervision *s, bool began)
{
	const struct export_watch *w = s->watch;

	s->in_statement = began;
	if (began && w->began != NULL)
		w->began(w->arg, &s->current);
	else if (!began && w->ended != NULL)
		w->ended(w->arg, &s->current, NULL);
}

static int
on_connected(struct supervision *s, const struct wire_message *m, struct err *e)
{
	if (wire_take(m, &s->result->info, sizeof(s->result->info), e) < 0)
		return -1;
	s->connected = true;
	if (s->watch->connected != NULL)
		s->watch->connected(s->watch->arg, &s->result->info);
	return 0;
}

static int
on_progress(struct supervision *s, const struct wire_message *m, struct err *e)
{
	struct wire_progress p;

	if (wire_take(m, &p, sizeof(p), e) < 0)
		return -1;
	if (s->watch->progress != NULL)
		s->watch->progress(s->watch->arg, p.rows, p.bytes);
	return 0;
}

/* Gates and checks that are decided stay with the file. */
static int
keep_result(
    struct export_result *result, const struct guard_result *r, struct err *e)
{
	struct guard_result *more = realloc(
	    result->checks, (result->n_checks + 1) * sizeof(*more));

	if (more == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	result->checks = more;
	more[result->n_checks++] = *r;
	return 0;
}

static int
on_gate(struct supervision *s, const struct wire_message *m, struct err *e)
{
	const struct guard_result *r = &s->gate.result;

	if (wire_take(m, &s->gate, sizeof(s->gate), e) < 0)
		return -1;
	s->gate_ms = r->passed ?
	    0 :
	    clock_monotonic_ms() + s->gate.left_ms + EXPORT_GATE_GRACE_MS;
	if (s->watch->gate != NULL)
		s->watch->gate(s->watch->arg, r);
	return r->passed ? keep_result(s->result, r, e) : 0;
}

static int
on_check(struct supervision *s, const struct wire_message *m, struct err *e)
{
	struct guard_result r;

	if (wire_take(m, &r, sizeof(r), e) < 0)
		return -1;
	return keep_result(s->result, &r, e);
}

static int
on_cutoff(struct supervision *s, const struct wire_message *m, struct err *e)
{
	struct wire_cutoff c;

	if (wire_take(m, &c, sizeof(c), e) < 0)
		return -1;
	free(s->result->from);
	free(s->result->to);
	s->result->from = str_dup(c.from);
	s->result->to = str_dup(c.to);
	return s->result->from != NULL && s->result->to != NULL ?
	    0 :
	    err_set(e, ERR_INTERNAL, "out of memory");
}

static int
on_columns(struct supervision *s, const struct wire_message *m, struct err *e)
{
	free(s->columns);
	s->columns = strndup(m->data, m->length);
	return s->columns != NULL ? 0 :
				    err_set(e, ERR_INTERNAL, "out of memory");
}

/* The name that the worker gave it too. */
static char *
name_of(const struct supervision *s, const struct wire_file *f, struct err *e)
{
	char *name;

	if (f->index >= s->plan->n_files) {
		(void)err_set(e, ERR_INTERNAL,
		    "the worker tells of a file %u that is not planned",
		    f->index);
		return NULL;
	}
	if (s->place == NULL || s->place->name == NULL)
		return plan_part_name(
		    s->plan, &s->plan->files[f->index], f->part, e);
	name = str_dup(s->place->name);
	if (name == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	return name;
}

static int
on_file(struct supervision *s, const struct wire_message *m, struct err *e)
{
	struct export_result *r = s->result;
	struct export_file *files, *file;
	struct wire_file f;

	if (wire_take(m, &f, sizeof(f), e) < 0)
		return -1;
	files = realloc(r->files, (r->n_files + 1) * sizeof(*files));
	if (files == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	r->files = files;
	file = &files[r->n_files];
	memset(file, 0, sizeof(*file));
	file->name = name_of(s, &f, e);
	if (file->name == NULL)
		return -1;
	r->n_files++;
	file->columns = str_dup(s->columns != NULL ? s->columns : "[]");
	if (file->columns == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	file->index = f.index;
	file->part = f.part;
	file->skipped = f.skipped;
	file->rows = f.rows;
	file->bytes = f.bytes;
	file->content_bytes = f.content_bytes;
	file->changes = f.changes;
	memcpy(file->sha256, f.sha256, sizeof(file->sha256));
	memcpy(file->content_sha256, f.content_sha256,
	    sizeof(file->content_sha256));
	return 0;
}

/* A driver may have written over what the worker says of it. */
static int
on_error(struct supervision *s, const struct wire_message *m, struct err *e)
{
	struct err *said = &s->error;

	if (wire_take(m, said, sizeof(*said), e) < 0)
		return -1;
	said->text[sizeof(said->text) - 1] = '\0';
	said->hint[sizeof(said->hint) - 1] = '\0';
	said->state[sizeof(said->state) - 1] = '\0';
	if (said->class <= ERR_NONE || said->class >= ERR_CLASSES)
		said->class = ERR_INTERNAL;
	return 0;
}

/* What the driver says besides, with the statement that it belongs to. */
static void
on_warning(const struct supervision *s, const struct wire_message *m)
{
	if (s->in_statement)
		log_info("statement %u (%s:%u): %.*s", s->current.index,
		    s->current.source, s->current.line, (int)m->length,
		    m->data);
	else
		log_info("the driver says: %.*s", (int)m->length, m->data);
}

static int
on_message(struct supervision *s, const struct wire_message *m, struct err *e)
{
	s->life_ms = clock_monotonic_ms();
	switch (m->type) {
	case WIRE_CONNECTED:
		return on_connected(s, m, e);
	case WIRE_BEGAN:
	case WIRE_ENDED:
		if (wire_take(m, &s->current, sizeof(s->current), e) < 0)
			return -1;
		s->wrote = s->wrote || !s->current.repeats;
		on_statement(s, m->type == WIRE_BEGAN);
		return 0;
	case WIRE_PROGRESS:
		return on_progress(s, m, e);
	case WIRE_WARNING:
		on_warning(s, m);
		return 0;
	case WIRE_COLUMNS:
		return on_columns(s, m, e);
	case WIRE_FILE:
		return on_file(s, m, e);
	case WIRE_GATE:
		return on_gate(s, m, e);
	case WIRE_CHECK:
		return on_check(s, m, e);
	case WIRE_CUTOFF:
		return on_cutoff(s, m, e);
	case WIRE_FINAL:
		s->wrote = true;
		return 0;
	case WIRE_ERROR:
		s->told_error = true;
		s->leave_ms = s->life_ms + EXPORT_LEAVE_MS;
		return on_error(s, m, e);
	case WIRE_DONE:
		s->done = true;
		s->leave_ms = s->life_ms + EXPORT_LEAVE_MS;
		return 0;
	case WIRE_LOG:
	case WIRE_SHIPPED:
	case WIRE_RECORD:
		break;
	}
	return err_set(e, ERR_INTERNAL, "the worker's message %d is unknown",
	    (int)m->type);
}

/* Take what the pipe holds: 1, or 0 at its end. */
static int
listen_once(struct supervision *s, struct err *e)
{
	struct wire_message m;
	int more = wire_read(&s->wire, e);
	int got;

	if (more <= 0)
		return more;
	while ((got = wire_next(&s->wire, &m, e)) > 0)
		if (on_message(s, &m, e) < 0)
			return -1;
	return got < 0 ? -1 : 1;
}

/* Until the worker closes the pipe, which it does at the latest by dying. */
static int
supervise(struct supervision *s, struct err *e)
{
	struct pollfd fds[2];
	int more = 1;
	int n;

	while (more > 0) {
		fds[0] = (struct pollfd){ s->fd, POLLIN, 0 };
		/* Readable until the end once it is: not asked again then. */
		fds[1] = (struct pollfd){
			s->ending || s->leave_ms > 0 ? -1 : cancel_fd(), POLLIN,
			0
		};
		n = poll(fds, 2, EXPORT_TICK_MS);
		if (n < 0 && errno != EINTR)
			return err_sys(e, errno, "cannot wait for the worker");
		if (n > 0 && fds[0].revents != 0)
			more = listen_once(s, e);
		if (s->watch->tick != NULL)
			s->watch->tick(s->watch->arg);
		enforce_limits(s);
	}
	return more;
}

static int
reap(const struct supervision *s)
{
	int status = 0;

	while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

/* A worker that ended without a word. */
static int
explain_death(int status, struct err *e)
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (number == 0)
		(void)err_set(e, ERR_INTERNAL,
		    "the worker process ended with "
		    "status %d and without a word",
		    WEXITSTATUS(status));
	else
		(void)err_set(e, ERR_INTERNAL,
		    "the worker process was ended "
		    "by signal %d (%s)",
		    number, strsignal(number));
	e->native = number;
	if (number == SIGKILL)
		return err_hint(e,
		    "Somebody or the kernel (out of memory: "
		    "see the kernel log) killed it. The same command can be "
		    "run again.");
	return err_hint(e,
	    "A crash is most often the ODBC driver's: see "
	    "drivers.md, and whether a newer driver is at hand. The same "
	    "command can be run again.");
}

static int
conclude(struct supervision *s, int status, struct err *e)
{
	struct err own = ERR_INIT;
	char place[256];

	if (s->done && !s->ending)
		return 0;
	/* A login that fails at first is for a person or for later. */
	s->result->may_repeat = s->told_error && !s->ending && !s->wrote &&
	    (s->connected || s->repeats) && session_error_repeats(&s->error);
	if (s->ending)
		*e = s->reason;
	else if (s->told_error)
		*e = s->error;
	else
		(void)explain_death(status, e);
	if (s->in_statement && s->watch->ended != NULL) {
		s->current.in_doubt = true;
		s->watch->ended(s->watch->arg, &s->current, e);
	}
	if (s->in_statement && e->class == ERR_DATABASE && e->hint[0] == '\0')
		(void)err_hint(e,
		    "The statement begins in line %u of '%s': correct it, or "
		    "what it needs in the database.",
		    s->current.line, s->current.source);
	/* The gate that did not hold in the end. */
	if (s->gate_ms > 0 && !s->gate.result.passed &&
	    keep_result(s->result, &s->gate.result, &own) < 0)
		log_warning("%s", own.text);
	if (s->in_statement || !s->told_error || s->ending) {
		put_place(s, place, sizeof(place));
		return err_in(e, "%s", place);
	}
	return -1;
}

static int
run_worker(const struct plan *plan, const struct export_place *place,
    const struct export_watch *watch, struct export_result *result,
    struct err *e)
{
	struct supervision s = {
		.plan = plan,
		.place = place,
		.watch = watch,
		.result = result,
		.pid = -1,
		.fd = -1,
		.repeats = result->may_repeat,
		.reason = ERR_INIT,
		.error = ERR_INIT,
	};
	struct err own = ERR_INIT;
	int status;
	int rc;

	result->may_repeat = false;
	if (start_worker(&s, place, e) < 0)
		return -1;
	rc = supervise(&s, &own);
	if (rc < 0)
		(void)kill(s.pid, SIGKILL);
	(void)close(s.fd);
	status = reap(&s);
	wire_release(&s.wire);
	free(s.columns);
	if (rc < 0)
		*e = own;
	else
		rc = conclude(&s, status, e);
	if (rc < 0 && place != NULL && place->dir != NULL)
		spool_remove_left(place->dir, s.pid);
	return rc;
}

/* Longer each time; not all the same, so that two jobs get apart. */
static int
pause_before(unsigned attempt, struct err *e)
{
	uint64_t most = EXPORT_RETRY_MS, until;

	while (--attempt > 0 && most < EXPORT_RETRY_MAX_MS)
		most *= 2;
	until = clock_monotonic_ms() + most / 2 +
	    (uint64_t)getpid() * 7919 % (most / 2);
	while (clock_monotonic_ms() < until) {
		if (cancel_check(e) < 0)
			return -1;
		clock_sleep_ms(EXPORT_TICK_MS);
	}
	return cancel_check(e);
}

/* What went wrong first, and how often it was tried. */
static int
tell_attempts(unsigned attempts, const struct err *first, struct err *e)
{
	struct err last = *e;
	char text[sizeof(last.text)];

	if (attempts == 1)
		return -1;
	(void)snprintf(text, sizeof(text),
	    "%.900s (attempt %u; the first "
	    "ended with: %.900s)",
	    last.text, attempts, first->text);
	(void)snprintf(e->text, sizeof(e->text), "%s", text);
	return -1;
}

int
export_run(const struct plan *plan, const struct export_place *place,
    const struct export_watch *watch, struct export_result *result,
    struct err *e)
{
	struct err first = ERR_INIT;
	unsigned attempt = 1;

	for (;; attempt++) {
		if (run_worker(plan, place, watch, result, e) == 0)
			return 0;
		if (attempt == 1)
			first = *e;
		/* What is written to a descriptor stays there. */
		if (!result->may_repeat || place->dir == NULL ||
		    attempt > plan->retries)
			return tell_attempts(attempt, &first, e);
		log_warning("%s: nothing was written that would be written "
			    "twice, so that the batch begins anew (attempt %u "
			    "of %u)",
		    e->text, attempt + 1, plan->retries + 1);
		if (pause_before(attempt, e) < 0)
			return tell_attempts(attempt, &first, e);
		export_result_release(result);
		*e = (struct err)ERR_INIT;
	}
}

int
export_check(const struct plan *plan, struct session_info *info, struct err *e)
{
	static const struct export_watch nobody;
	struct export_result result = EXPORT_RESULT_INIT;
	int rc = run_worker(plan, NULL, &nobody, &result, e);

	*info = result.info;
	export_result_release(&result);
	return rc;
}

static void
tell_change(const char *name, uint64_t n, const char *what)
{
	if (n > 0)
		log_warning("'%s': %llu %s", name, (unsigned long long)n, what);
}

void
export_tell_changes(const char *name, const struct export_changes *c)
{
	tell_change(name, c->lossy,
	    "values that the driver does not give exactly "
	    "(source.lossy = \"warn\")");
	tell_change(name, c->replaced,
	    "characters that the file's charset does not have were replaced "
	    "(file.invalid = \"replace\")");
	tell_change(name, c->prefixed,
	    "texts that look like formulas have an apostrophe in front "
	    "(file.formula)");
}

uint64_t
export_rows(const struct export_result *result)
{
	uint64_t rows = 0;

	for (size_t i = 0; i < result->n_files; i++)
		rows += result->files[i].rows;
	return rows;
}

uint64_t
export_bytes(const struct export_result *result)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < result->n_files; i++)
		bytes += result->files[i].bytes;
	return bytes;
}

void
export_result_release(struct export_result *result)
{
	for (size_t i = 0; i < result->n_files; i++) {
		free(result->files[i].name);
		free(result->files[i].columns);
	}
	free(result->files);
	result->files = NULL;
	result->n_files = 0;
	free(result->checks);
	free(result->from);
	free(result->to);
	result->from = result->to = NULL;
	result->checks = NULL;
	result->n_checks = 0;
}
