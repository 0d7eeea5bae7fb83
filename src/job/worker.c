/*
 * worker.c - connect, run the batch, write the files, tell the supervisor
 *
 * Runs in a process of its own, since a driver may crash, hang or leak. It
 * knows nothing of locks, the ledger or targets. A second thread waits for
 * SIGTERM and asks the driver to end the running statement; if that does not
 * help, the supervisor ends the process. See export.c for the other end.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "job/check.h"
#include "job/gate.h"
#include "job/output.h"
#include "job/question.h"
#include "job/repeat.h"
#include "job/watermark.h"
#include "job/wire.h"
#include "job/worker.h"
#include "odbc/fetch.h"
#include "odbc/session.h"
#include "odbc/statement.h"

enum { WORKER_PROGRESS_MS = 200 }; /* between two reports */

/* A worker at work. */
struct worker {
	const struct worker_order *order;
	struct session *session;
	struct dialect dialect; /* in the server's mode */
	struct plan plan;	/* a copy, for the cut-off that is read here */
	struct asker asker;	/* sends statements with its parameters */
	uint64_t result_sets;	/* of the batch so far */
	struct script on_connect;
	struct script batch;
	struct export_statement current;
	struct output *outputs; /* owned: one for each of the plan's files */
	struct repeat repeat;	/* what was executed so far */
	uint64_t told_ms;	/* of the last progress report */
};

/* Shared with the thread that waits for SIGTERM. */
static pthread_mutex_t cancel_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct session *cancel_session; /* under the mutex */
static atomic_bool cancelled;

static int
tell(const struct worker *w, enum wire_type type, const void *data,
    size_t length, struct err *e)
{
	return wire_send(w->order->fd, type, data, length, e);
}

static void
set_cancel_session(struct session *s)
{
	(void)pthread_mutex_lock(&cancel_mutex);
	cancel_session = s;
	(void)pthread_mutex_unlock(&cancel_mutex);
}

/* Wait for SIGTERM, then cancel again and again: a statement may just begin. */
static void *
cancel_thread(void *arg)
{
	const struct timespec pause = { 0, 300 * 1000 * 1000 };
	sigset_t set;
	bool can = true;
	int number;

	(void)arg;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	if (sigwait(&set, &number) != 0)
		return NULL;
	atomic_store(&cancelled, true);
	for (;;) {
		(void)pthread_mutex_lock(&cancel_mutex);
		if (cancel_session != NULL)
			can = session_cancel(cancel_session);
		(void)pthread_mutex_unlock(&cancel_mutex);
		(void)nanosleep(&pause, NULL);
		if (!can) /* nor will it end by itself in a long call */
			_exit(1);
	}
}

static int
check_cancelled(struct err *e)
{
	if (!atomic_load(&cancelled))
		return 0;
	return err_set(e, ERR_NOT_NOW, "cancelled");
}

static void
warn(void *arg, const char *text)
{
	const struct worker *w = arg;
	struct err e = ERR_INIT;

	if (tell(w, WIRE_WARNING, text, strlen(text), &e) < 0)
		_exit(1);
}

static int
connect_session(struct worker *w, struct err *e)
{
	struct session_options options = w->order->plan->session;
	const struct session_info *info;

	options.warn = warn;
	options.warn_arg = w;
	if (session_open(&w->session, &options, e) < 0)
		return -1;
	set_cancel_session(w->session);
	info = session_info(w->session);
	return tell(w, WIRE_CONNECTED, info, sizeof(*info), e);
}

/* Bytes of data that this process has; 0 when nobody says. */
static uint64_t
data_bytes(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long long kib = 0;
	char line[256];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmData: %llu kB", &kib) == 1)
			break;
	if (f != NULL)
		(void)fclose(f);
	return (uint64_t)kib * 1024;
}

/*
 * A driver that holds a whole result in memory is refused more, and says so,
 * instead of having the system's memory run out. setrlimit(2): RLIMIT_DATA
 * counts all private memory since Linux 4.7.
 */
static int
limit_memory(const struct worker *w, struct err *e)
{
	uint64_t limit = w->order->plan->memory_bytes, data = data_bytes();
	struct rlimit r;

	if (limit == 0)
		return 0;
	for (size_t i = 0; i < w->order->plan->n_files; i++)
		data += data > 0 ?
		    chain_memory(&w->order->plan->files[i].chain) :
		    0;
	r.rlim_cur = r.rlim_max = (rlim_t)(data + limit);
	if (data == 0 || setrlimit(RLIMIT_DATA, &r) < 0)
		return err_set(
		    e, ERR_LOCAL, "limits.memory cannot be had on this system");
	return 0;
}

/* Say what to do about a driver whose memory was refused. */
static void
explain_memory(const struct worker *w, struct err *e)
{
	char size[32];

	if (w->order->plan->memory_bytes == 0 ||
	    strcasestr(e->text, "memory") == NULL)
		return;
	str_put_size(size, sizeof(size), w->order->plan->memory_bytes);
	(void)err_hint(e,
	    "limits.memory is %s, and %s: raise the limit, or export the rows "
	    "in slices.",
	    size,
	    w->session != NULL && session_info(w->session)->is_buffered ?
		"this driver holds whole results in memory" :
		"a result did not fit");
}

/* The dialect, as the server is set to read it. */
static void
learn_dialect(struct worker *w)
{
	const struct dialect *d = w->order->plan->dialect;
	char mode[1024];

	if (d == NULL)
		d = dialect_by_dbms(session_info(w->session)->dbms);
	w->dialect = *d;
	if (dialect_mode_query(d) == NULL)
		return;
	session_ask(w->session, dialect_mode_query(d), mode, sizeof(mode));
	dialect_set_mode(&w->dialect, mode);
}

/* Split everything before anything runs. */
static int
read_scripts(struct worker *w, struct err *e)
{
	const struct plan *p = w->order->plan;
	const struct value *first = spec_value(p->spec, "source.on_connect");

	learn_dialect(w);
	w->asker = (struct asker){ &w->plan, w->session, &w->dialect,
		w->order->fd, check_cancelled };
	for (size_t i = 0; i < first->n_texts; i++)
		if (script_add(&w->on_connect, first->texts[i], e) < 0)
			return err_in(e, "source.on_connect");
	if (plan_split(p, &w->dialect, &w->batch, e) < 0)
		return -1;
	return plan_check_batch(p, &w->dialect, &w->batch, e);
}

static int
tell_progress(struct worker *w, bool always, struct err *e)
{
	uint64_t now = clock_coarse_ms();
	struct wire_progress p = { 0, 0 };

	if (!always && now - w->told_ms < WORKER_PROGRESS_MS)
		return 0;
	w->told_ms = now;
	for (size_t i = 0; i < w->order->plan->n_files; i++) {
		uint64_t rows, bytes;

		output_count(&w->outputs[i], &rows, &bytes);
		p.rows += rows;
		p.bytes += bytes;
	}
	return tell(w, WIRE_PROGRESS, &p, sizeof(p), e);
}

/* Whether no more rows are asked for than these. */
static bool
has_enough(const struct worker *w, uint64_t rows)
{
	uint64_t most = w->order->plan->max_rows;

	return most > 0 && rows >= most;
}

static int
copy_rows(
    struct worker *w, struct fetch *fetch, struct output *o, struct err *e)
{
	const struct block *block;
	int more = 0;

	uint64_t rows = 0, bytes;

	while (
	    !has_enough(w, rows) && (more = fetch_next(fetch, &block, e)) > 0) {
		if (output_put(o, block, e) < 0)
			return -1;
		/*
		 * A block is one row. Writing it may end the part before it,
		 * whose losses it has none of; a lazy value's are known now.
		 */
		o->lossy = fetch_losses(fetch);
		if (tell_progress(w, false, e) < 0 || check_cancelled(e) < 0)
			return -1;
		output_count(o, &rows, &bytes);
	}
	return has_enough(w, rows) ? 0 : more;
}

static int
export_result(struct worker *w, struct statement *st, struct output *o,
    bool last, struct err *e)
{
	const struct columns columns = { statement_columns(st),
		statement_column_count(st) };
	struct fetch *fetch = NULL;
	int rc = -1;

	if (output_begin(o, &columns, last, e) < 0 ||
	    fetch_new(&fetch, st, e) < 0 || copy_rows(w, fetch, o, e) < 0)
		goto out;
	w->current.rows = (int64_t)fetch_rows(fetch);
	w->current.results++;
	rc = output_end(o, e);
out:
	fetch_free(fetch);
	return rc;
}

/* Whether the result set that has come is a file's, or may be. */
static bool
is_wanted(const struct worker *w, const struct plan_file *f)
{
	if (f->result == PLAN_RESULT_NUMBER)
		return w->result_sets == f->result_number;
	return f->result != PLAN_RESULT_NAME ||
	    strcmp(w->current.name, f->result_name) == 0;
}

/* Rows come once, so that they can become one file only. */
static int
refuse_twice(
    const struct plan_file *a, const struct plan_file *b, struct err *e)
{
	(void)err_set(e, ERR_SPEC,
	    "files.result: '%s' and '%s' are the same result set",
	    a->result_name, b->result_name);
	return err_hint(e,
	    "A result set becomes one file: write its statement twice, or "
	    "deliver the file to two targets.");
}

/* The output of the result set that has come; *o is NULL when it has none. */
static int
find_output(struct worker *w, struct output **o, struct err *e)
{
	const struct plan *p = w->order->plan;

	*o = NULL;
	w->result_sets++;
	for (size_t i = 0; i < p->n_files; i++) {
		if (!is_wanted(w, &p->files[i]))
			continue;
		if (*o != NULL)
			return refuse_twice((*o)->file, &p->files[i], e);
		*o = &w->outputs[i];
	}
	return 0;
}

/* Rows of a result that nobody wants, of a statement before the batch. */
static int
walk_results(struct worker *w, struct statement *st, bool in_batch, bool last,
    struct err *e)
{
	struct output *o = NULL;
	int more;

	do {
		bool has_rows = statement_column_count(st) > 0;

		if (in_batch && has_rows && find_output(w, &o, e) < 0)
			return -1;
		if (in_batch && has_rows && o != NULL) {
			if (export_result(w, st, o, last, e) < 0)
				return -1;
			if (has_enough(w, o->rows)) /* the rest would be read */
				return 0;
		} else if (!has_rows)
			w->current.rows = statement_row_count(st);
		if (check_cancelled(e) < 0)
			return -1;
		more = statement_more(st, e);
	} while (more > 0);
	return more;
}

static int
run_statement(struct worker *w, const struct statement_text *text,
    bool in_batch, bool last, struct err *e)
{
	struct statement *st = NULL;
	int rc = question_send(&w->asker, text, &st, e);

	if (rc == 0)
		rc = walk_results(w, st, in_batch, last, e);
	statement_free(st);
	return rc;
}

/*
 * "-- on error: continue": what the database refused is told and the batch
 * goes on, unless rows were already written or the refusal is no answer.
 */
static int
go_on(struct worker *w, const struct statement_text *text, struct err *e)
{
	char said[sizeof(e->text) + 64];

	if (!text->continues || e->class != ERR_DATABASE ||
	    w->current.results > 0 || check_cancelled(e) < 0)
		return -1;
	(void)snprintf(
	    said, sizeof(said), "refused, and the batch goes on: %s", e->text);
	*e = (struct err)ERR_INIT;
	return tell(w, WIRE_WARNING, said, strlen(said), e);
}

/* As often as GO n says. */
static int
run_repeatedly(struct worker *w, const struct statement_text *text,
    bool in_batch, bool last, struct err *e)
{
	for (unsigned i = 0; i < text->repeat; i++)
		if (run_statement(w, text, in_batch, last, e) < 0 &&
		    go_on(w, text, e) < 0)
			return -1;
	return 0;
}

static void
copy_text(char *to, size_t size, const char *from)
{
	size_t n = from != NULL ? strlen(from) : 0;

	if (n >= size)
		n = size - 1;
	if (n > 0)
		memcpy(to, from, n);
	to[n] = '\0';
}

/* Whether no other result can take the place of this statement's. */
static bool
is_final(const struct worker *w, size_t i)
{
	return i + 1 == w->batch.n ||
	    w->order->plan->files[0].result >= PLAN_RESULT_NUMBER;
}

/* What is recorded of a statement, before it is sent. */
static void
begin_statement(struct worker *w, const struct statement_text *text,
    bool in_batch, size_t i)
{
	struct export_statement *s = &w->current;
	unsigned index = s->index + 1;

	memset(s, 0, sizeof(*s));
	s->index = index;
	s->line = w->order->plan->sql != NULL && in_batch ? text->line :
							    (unsigned)i + 1;
	s->rows = -1;
	s->repeats = w->plan.session.read_only ||
	    repeat_allows(&w->repeat, text, &w->dialect,
		in_batch && w->plan.in_transaction);
	s->began_ms = clock_wall_ms();
	copy_text(s->name, sizeof(s->name), text->name);
	copy_text(s->word, sizeof(s->word), text->word);
}

static int
run_script(struct worker *w, const struct script *script, const char *source,
    struct err *e)
{
	bool in_batch = script == &w->batch;
	struct script_reader *reader = script_reader_new(script);
	const struct statement_text *text;
	int more;

	for (size_t i = 0; (more = script_reader_next(reader, &text, e)) > 0;
	     i++) {
		struct export_statement *s = &w->current;
		uint64_t began = clock_monotonic_ms();

		begin_statement(w, text, in_batch, i);
		copy_text(s->source, sizeof(s->source), source);
		if (tell(w, WIRE_BEGAN, s, sizeof(*s), e) < 0 ||
		    run_repeatedly(w, text, in_batch, is_final(w, i), e) < 0)
			break;
		s->elapsed_ms = clock_monotonic_ms() - began;
		if (tell(w, WIRE_ENDED, s, sizeof(*s), e) < 0)
			break;
	}
	script_reader_free(reader);
	return more == 0 ? 0 : -1;
}

static int
tell_check(void *arg, const struct guard_result *r, struct err *e)
{
	return tell(arg, WIRE_CHECK, r, sizeof(*r), e);
}

/* What only this end can find out of the finished results. */
static int
check_result(struct worker *w, struct err *e)
{
	for (size_t i = 0; i < w->order->plan->n_files; i++)
		if (output_check(&w->outputs[i], e) < 0)
			return -1;
	if (w->outputs[0].inspect != NULL &&
	    inspect_report(w->outputs[0].inspect, tell_check, w, e) < 0)
		return -1;
	return checks_ask(&w->asker, e);
}

/* What can fail, before a transaction or a name is for good. */
static int
flush_files(struct worker *w, struct err *e)
{
	for (size_t i = 0; i < w->order->plan->n_files; i++)
		if (output_flush(&w->outputs[i], e) < 0)
			return -1;
	return 0;
}

static int
tell_files(const struct worker *w, const struct output *o, struct err *e)
{
	struct wire_file file;

	if (tell(w, WIRE_COLUMNS, buf_text(&o->description),
		o->description.length, e) < 0)
		return -1;
	for (size_t i = 0; i < o->n_parts; i++) {
		output_describe(o, i, &file);
		if (tell(w, WIRE_FILE, &file, sizeof(file), e) < 0)
			return -1;
	}
	return 0;
}

static int
name_files(struct worker *w, struct err *e)
{
	for (size_t i = 0; i < w->order->plan->n_files; i++)
		if (check_cancelled(e) < 0 ||
		    output_commit(&w->outputs[i], e) < 0 ||
		    tell_files(w, &w->outputs[i], e) < 0)
			return -1;
	return 0;
}

static int
do_order(struct worker *w, struct err *e)
{
	const struct plan *p = w->order->plan;

	if (connect_session(w, e) < 0 || limit_memory(w, e) < 0)
		return -1;
	if (w->order->place == NULL)
		return 0;
	if (read_scripts(w, e) < 0 ||
	    run_script(w, &w->on_connect, "source.on_connect", e) < 0 ||
	    gates_wait(&w->asker, e) < 0 || watermark_tell(&w->asker, e) < 0 ||
	    session_isolate(w->session, p->isolation, e) < 0 ||
	    (p->in_transaction && session_begin(w->session, e) < 0) ||
	    run_script(w, &w->batch,
		p->sql_name != NULL ? p->sql_name : "source.statements", e) < 0)
		return -1;
	if (check_result(w, e) < 0)
		return -1;
	/* A file gets its name only when what it came from is durable. */
	if (check_cancelled(e) < 0 || flush_files(w, e) < 0 ||
	    (p->in_transaction && !p->rolls_back &&
		(tell(w, WIRE_FINAL, "", 0, e) < 0 ||
		    session_commit(w->session, e) < 0)))
		return -1;
	return name_files(w, e);
}

/*
 * Signals: the terminal's SIGINT and SIGHUP are the supervisor's business;
 * SIGTERM is taken by the thread. The process dies with its supervisor.
 */
static int
settle_process(struct err *e)
{
	pthread_t thread;
	sigset_t set;

	cancel_set_action(SIGINT, SIG_IGN);
	cancel_set_action(SIGHUP, SIG_IGN);
	cancel_set_action(SIGPIPE, SIG_IGN);
	cancel_set_action(SIGTERM, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0 ||
	    pthread_create(&thread, NULL, cancel_thread, NULL) != 0 ||
	    pthread_detach(thread) != 0)
		return err_set(
		    e, ERR_INTERNAL, "cannot start the worker's second thread");
	return 0;
}

/* The plan is the supervisor's; the cut-off and what it binds are our own. */
static int
copy_plan(struct worker *w, struct err *e)
{
	const struct plan *p = w->order->plan;
	const char *to = p->guards.watermark.to;
	size_t size = p->n_params * sizeof(*p->params);

	w->plan = *p;
	w->plan.params = NULL;
	w->plan.guards.watermark.to = to != NULL ? str_dup(to) : NULL;
	if (to != NULL && w->plan.guards.watermark.to == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (size == 0)
		return 0;
	w->plan.params = malloc(size);
	if (w->plan.params == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	memcpy(w->plan.params, p->params, size);
	return 0;
}

static int
make_outputs(struct worker *w, struct err *e)
{
	const struct plan *p = w->order->plan;

	w->outputs = calloc(p->n_files, sizeof(*w->outputs));
	if (w->outputs == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < p->n_files; i++)
		output_init(&w->outputs[i], p, &p->files[i], w->order->place);
	return 0;
}

static void
release_outputs(struct worker *w)
{
	for (size_t i = 0; w->outputs != NULL && i < w->order->plan->n_files;
	     i++)
		output_release(&w->outputs[i]);
	free(w->outputs);
}

int
worker_run(const struct worker_order *order)
{
	struct worker w;
	struct err e = ERR_INIT;
	int rc;

	memset(&w, 0, sizeof(w));
	w.order = order;
	w.on_connect = (struct script)SCRIPT_INIT;
	w.batch = (struct script)SCRIPT_INIT;
	rc = settle_process(&e);
	if (rc == 0)
		rc = copy_plan(&w, &e);
	if (rc == 0)
		rc = make_outputs(&w, &e);
	if (rc == 0)
		rc = do_order(&w, &e);
	release_outputs(&w);
	if (rc < 0)
		explain_memory(&w, &e);
	if (rc < 0)
		rc = tell(&w, WIRE_ERROR, &e, sizeof(e), &e) < 0 ? -1 : 0;
	else
		rc = tell(&w, WIRE_DONE, "", 0, &e);
	set_cancel_session(NULL);
	session_free(w.session);
	script_release(&w.on_connect);
	script_release(&w.batch);
	repeat_release(&w.repeat);
	free(w.plan.guards.watermark.to);
	free(w.plan.params);
	return rc < 0 ? 1 : 0;
}
