/*
 * overview.c - all jobs: what is expected of each, and what came of it
 *
 * Reads specs and the ledger, and changes nothing. How it is shown is the
 * commands': cli/cmd_status.c, cli/cmd_report.c.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/str.h"
#include "job/due.h"
#include "job/overview.h"
#include "spec/spec.h"
#include "state/dirs.h"

/* A name for another, and where it is found. */
struct pair {
	char *job;	   /* owned */
	char *environment; /* owned */
};

/* An overview in the making. */
struct making {
	struct overview *o;
	const struct overview_request *request;
	struct pair *recorded; /* owned: jobs and environments with runs */
	size_t n_recorded;
	struct job_entry *specs; /* owned: jobs with a spec */
	size_t n_specs;
};

static int
no_memory(struct err *e)
{
	return err_set(e, ERR_INTERNAL, "out of memory");
}

/* A copy into *to; NULL stays NULL. */
static int
copy(char **to, const char *from, struct err *e)
{
	*to = str_dup(from);
	return from != NULL && *to == NULL ? no_memory(e) : 0;
}

char *
overview_state(const char *main_file, struct problems *problems, struct err *e)
{
	const struct spec_request request = { .main_file = main_file };
	struct spec *spec = NULL;
	char *state = NULL;

	if (spec_load(&spec, &request, problems, e) == 0)
		state = dirs_state(spec_text(spec, "state"), e);
	spec_free(spec);
	return state;
}

/* The last run. */

/* The texts of a run, each to be owned. */
enum { RUN_TEXTS = 15 };

static void
run_texts(struct run_row *row, const char **texts[RUN_TEXTS])
{
	const char **all[RUN_TEXTS] = { &row->job, &row->environment,
		&row->date, &row->shard, &row->state, &row->class_name,
		&row->message, &row->hint, &row->dsn, &row->dbms, &row->driver,
		&row->user, &row->host, &row->version, &row->sqlstate };

	memcpy(texts, all, sizeof(all));
}

static void
release_run(struct run_row *row)
{
	const char **texts[RUN_TEXTS];

	run_texts(row, texts);
	for (size_t i = 0; row->id != 0 && i < RUN_TEXTS; i++)
		free((char *)(uintptr_t)*texts[i]);
	memset(row, 0, sizeof(*row));
}

static int
keep_run(void *arg, const struct run_row *row, struct err *e)
{
	struct run_row *kept = arg;
	const char **texts[RUN_TEXTS];
	bool whole = true;

	*kept = *row;
	run_texts(kept, texts);
	for (size_t i = 0; i < RUN_TEXTS; i++) {
		*texts[i] = str_dup(*texts[i]);
		whole = whole && *texts[i] != NULL;
	}
	return whole ? 0 : no_memory(e);
}

static int
read_runs(struct making *m, struct job_view *v, struct err *e)
{
	const struct run_key key = { v->job, v->environment, "", "" };
	struct run_filter filter = { .limit = 1 };

	if (m->o->ledger == NULL)
		return 0;
	if (standing_get(m->o->ledger, &key, &v->standing, e) < 0)
		return -1;
	filter.id = v->standing.last;
	if (filter.id == 0)
		return 0;
	return ledger_each_run(m->o->ledger, &filter, keep_run, &v->last, e);
}

/* What is expected. */

/* Since when a spec is what it is; 0 when it cannot be seen. */
static int64_t
changed_ms(const struct spec *s)
{
	struct stat st;

	if (spec_path(s) == NULL || stat(spec_path(s), &st) < 0)
		return 0;
	return (int64_t)st.st_mtime * 1000;
}

static int
read_due(struct making *m, struct job_view *v, const struct spec *s,
    const struct expectation *x, struct err *e)
{
	const struct due_question q = {
		.ledger = m->o->ledger,
		.key = { v->job, v->environment, "", "" },
		.expected = x,
		.since_ms = changed_ms(s),
		.until_ms = m->o->now_ms - x->grace_ms,
	};
	struct due_list list = DUE_LIST_INIT;
	int rc = due_find(&q, &list, e);

	if (rc == 0 && list.n > 0) {
		v->late_ms = list.items[0].expected_ms;
		memcpy(v->late_date, list.items[0].date, DATE_TEXT);
		v->missed = list.n;
		v->missed_more = list.is_cut;
	}
	due_release(&list);
	return rc;
}

static int
read_expected(
    struct making *m, struct job_view *v, const struct spec *s, struct err *e)
{
	struct expectation x;

	if (expect_from(&x, s, e) < 0)
		return -1;
	if (!x.is_set)
		return 0;
	if (copy(&v->cron, spec_text(s, "schedule.cron"), e) < 0 ||
	    schedule_after(&x.schedule, x.zone, m->o->now_ms, &v->next_ms, e) <
		0)
		return -1;
	return read_due(m, v, s, &x, e);
}

/* The state of a view follows from what it holds. */

static bool
is_dead(const struct run_row *row)
{
	return row->pid > 0 && kill((pid_t)row->pid, 0) < 0 && errno == ESRCH;
}

static enum view_state
judge(const struct job_view *v, bool has_spec)
{
	const struct run_row *last = &v->last;

	if (v->problem != NULL)
		return VIEW_BROKEN;
	if (!has_spec)
		return VIEW_GONE;
	if (v->is_gone || last->status > 0)
		return VIEW_FAILED;
	if (v->late_ms > 0)
		return VIEW_LATE;
	if (last->id == 0)
		return VIEW_NEVER;
	if (last->status < 0)
		return VIEW_RUNNING;
	return v->standing.missing + v->standing.unknown + v->standing.held >
		0 ?
	    VIEW_OPEN :
	    VIEW_OK;
}

bool
view_is_bad(const struct job_view *v)
{
	return v->state == VIEW_BROKEN || v->state == VIEW_FAILED ||
	    v->state == VIEW_LATE || v->state == VIEW_OPEN;
}

const char *
view_word(const struct job_view *v)
{
	static const char *const words[] = {
		[VIEW_BROKEN] = "broken",
		[VIEW_FAILED] = "failed",
		[VIEW_LATE] = "late",
		[VIEW_OPEN] = "open",
		[VIEW_RUNNING] = "running",
		[VIEW_OK] = "ok",
		[VIEW_NEVER] = "never run",
		[VIEW_GONE] = "no spec",
	};

	if (v->state == VIEW_FAILED)
		return v->is_gone ? "lost" : v->last.state;
	return words[v->state];
}

/* Adding views. */

static void
release_view(struct job_view *v)
{
	free(v->job);
	free(v->environment);
	free(v->description);
	free(v->owner);
	free(v->runbook);
	free(v->zone);
	free(v->cron);
	free(v->problem);
	release_run(&v->last);
	memset(v, 0, sizeof(*v));
}

/* A new view with its runs; it belongs to the overview, or is NULL. */
static struct job_view *
add_view(
    struct making *m, const char *job, const char *environment, struct err *e)
{
	struct overview *o = m->o;
	struct job_view *views = realloc(o->views, (o->n + 1) * sizeof(*views));
	struct job_view *v;

	if (views == NULL) {
		(void)no_memory(e);
		return NULL;
	}
	o->views = views;
	v = &views[o->n++];
	memset(v, 0, sizeof(*v));
	if (copy(&v->job, job, e) < 0 ||
	    copy(&v->environment, environment, e) < 0 || read_runs(m, v, e) < 0)
		return NULL;
	v->is_gone = v->last.id != 0 && v->last.status < 0 && is_dead(&v->last);
	return v;
}

static int
describe(struct job_view *v, const struct spec *s, struct err *e)
{
	if (copy(&v->description, spec_text(s, "description"), e) < 0 ||
	    copy(&v->owner, spec_text(s, "owner"), e) < 0 ||
	    copy(&v->runbook, spec_text(s, "runbook"), e) < 0 ||
	    copy(&v->zone, spec_text(s, "timezone"), e) < 0)
		return -1;
	return 0;
}

/* A job whose spec is read. */
static int
add_job(struct making *m, const struct spec *s, bool is_expected, struct err *e)
{
	struct job_view *v = add_view(m, spec_job(s), spec_environment(s), e);

	if (v == NULL || describe(v, s, e) < 0 ||
	    (is_expected && read_expected(m, v, s, e) < 0))
		return -1;
	v->state = judge(v, true);
	return 0;
}

/* A job whose spec cannot be used. */
static int
add_broken(
    struct making *m, const char *job, const struct err *why, struct err *e)
{
	const char *environment = m->request->environment;
	struct job_view *v = add_view(
	    m, job, environment != NULL ? environment : "", e);

	if (v == NULL || copy(&v->problem, why->text, e) < 0)
		return -1;
	v->state = judge(v, true);
	return 0;
}

static int
add_gone(struct making *m, const struct pair *p, struct err *e)
{
	struct job_view *v = add_view(m, p->job, p->environment, e);

	if (v == NULL)
		return -1;
	v->state = judge(v, false);
	return 0;
}

/* Load a job in an environment; NULL and why when it cannot be used. */
static struct spec *
load(const struct making *m, const char *path, const char *environment,
    struct err *why)
{
	const struct spec_request request = {
		.main_file = m->request->main_file,
		.job = path,
		.environment = environment,
	};
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;

	if (spec_load(&spec, &request, &problems, why) < 0) {
		spec_free(spec);
		spec = NULL;
	}
	problems_release(&problems);
	return spec;
}

static bool
is_recorded(const struct making *m, const char *job, const char *environment)
{
	for (size_t i = 0; i < m->n_recorded; i++)
		if (strcmp(m->recorded[i].job, job) == 0 &&
		    (environment == NULL ||
			strcmp(m->recorded[i].environment, environment) == 0))
			return true;
	return false;
}

/* The environments of a job that have runs, but for the one of this host. */
static int
add_others(struct making *m, const struct job_entry *job, const char *own,
    struct err *e)
{
	const char *wanted = m->request->environment;

	for (size_t i = 0; i < m->n_recorded; i++) {
		const struct pair *p = &m->recorded[i];
		struct err why = ERR_INIT;
		struct spec *spec;
		int rc;

		if (strcmp(p->job, job->name) != 0 ||
		    (own != NULL && strcmp(p->environment, own) == 0) ||
		    (wanted != NULL && strcmp(p->environment, wanted) != 0))
			continue;
		spec = load(m, job->path,
		    p->environment[0] != '\0' ? p->environment : NULL, &why);
		rc = spec != NULL ? add_job(m, spec, own == NULL, e) :
				    add_gone(m, p, e);
		spec_free(spec);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/*
 * A job with a spec: in the environment of this host, and in those that have
 * runs. Where none is chosen and others have runs, it is expected there.
 */
static int
add_spec(struct making *m, const struct job_entry *job, struct err *e)
{
	struct err why = ERR_INIT;
	struct spec *spec = load(m, job->path, m->request->environment, &why);
	const char *own = spec != NULL ? spec_environment(spec) : NULL;
	bool has_runs = is_recorded(m, job->name, m->request->environment);
	int rc = 0;

	if (own != NULL && *own == '\0' && has_runs &&
	    !is_recorded(m, job->name, ""))
		own = NULL;
	if (own != NULL)
		rc = add_job(m, spec, true, e);
	else if (spec == NULL && !has_runs)
		rc = add_broken(m, job->name, &why, e);
	if (rc == 0)
		rc = add_others(m, job, own, e);
	spec_free(spec);
	return rc;
}

/* Who is looked at. */

static bool
is_wanted(const struct making *m, const char *job)
{
	for (size_t i = 0; i < m->request->n_jobs; i++)
		if (strcmp(m->request->jobs[i], job) == 0)
			return true;
	return m->request->n_jobs == 0;
}

static const struct job_entry *
find_spec(const struct making *m, const char *job)
{
	for (size_t i = 0; i < m->n_specs; i++)
		if (strcmp(m->specs[i].name, job) == 0)
			return &m->specs[i];
	return NULL;
}

/* Every name that was asked for is one. */
static int
check_names(const struct making *m, struct err *e)
{
	for (size_t i = 0; i < m->request->n_jobs; i++) {
		const char *name = m->request->jobs[i];

		if (find_spec(m, name) != NULL || is_recorded(m, name, NULL))
			continue;
		(void)err_set(e, ERR_SPEC,
		    "there is no job '%s', and no run of it", name);
		return err_hint(e, "'odbcship list' names the jobs.");
	}
	return 0;
}

static int
add_recorded(void *arg, const char *job, const char *environment, struct err *e)
{
	struct making *m = arg;
	struct pair *pairs = realloc(
	    m->recorded, (m->n_recorded + 1) * sizeof(*pairs));

	if (pairs == NULL)
		return no_memory(e);
	m->recorded = pairs;
	pairs[m->n_recorded] = (struct pair){ str_dup(job),
		str_dup(environment) };
	m->n_recorded++;
	return pairs[m->n_recorded - 1].job != NULL &&
		pairs[m->n_recorded - 1].environment != NULL ?
	    0 :
	    no_memory(e);
}

static int
find_all(struct making *m, struct err *e)
{
	char *main_file = spec_main_file(m->request->main_file, e);
	int rc = -1;

	if (main_file != NULL)
		rc = spec_list_jobs(main_file, &m->specs, &m->n_specs, e);
	free(main_file);
	if (rc == 0 && m->o->ledger != NULL)
		rc = standing_each_job(m->o->ledger, add_recorded, m, e);
	return rc == 0 ? check_names(m, e) : -1;
}

static int
see_class(void *arg, const struct run_row *row, struct err *e)
{
	bool *began = arg;

	(void)e;
	*began = *began ||
	    strcmp(row->class_name, err_statuses[ERR_SPEC].name) != 0;
	return 0;
}

/*
 * Without a spec, and no run of it ever got beyond that: a name that was
 * mistyped when such runs were still recorded. 1 or 0.
 */
static int
is_no_job(const struct making *m, const struct pair *p, struct err *e)
{
	const struct run_filter filter = {
		.job = p->job,
		.environment = p->environment,
	};
	bool began = false;

	if (m->request->n_jobs > 0)
		return 0;
	if (ledger_each_run(m->o->ledger, &filter, see_class, &began, e) < 0)
		return -1;
	return !began;
}

static int
add_all(struct making *m, struct err *e)
{
	const char *wanted = m->request->environment;

	for (size_t i = 0; i < m->n_specs; i++)
		if (is_wanted(m, m->specs[i].name) &&
		    add_spec(m, &m->specs[i], e) < 0)
			return -1;
	for (size_t i = 0; i < m->n_recorded; i++) {
		const struct pair *p = &m->recorded[i];
		int no_job;

		if (!is_wanted(m, p->job) || find_spec(m, p->job) != NULL ||
		    (wanted != NULL && strcmp(wanted, p->environment) != 0))
			continue;
		no_job = is_no_job(m, p, e);
		if (no_job < 0 || (no_job == 0 && add_gone(m, p, e) < 0))
			return -1;
	}
	return 0;
}

static int
compare_views(const void *a, const void *b)
{
	const struct job_view *x = a, *y = b;
	bool bad = view_is_bad(x), other = view_is_bad(y);
	int by_name;

	if (bad != other)
		return bad ? -1 : 1;
	if (bad && x->state != y->state)
		return x->state < y->state ? -1 : 1;
	if ((x->state == VIEW_GONE) != (y->state == VIEW_GONE))
		return x->state == VIEW_GONE ? 1 : -1;
	by_name = strcmp(x->job, y->job);
	return by_name != 0 ? by_name : strcmp(x->environment, y->environment);
}

static int
open_ledger(struct making *m, struct problems *problems, struct err *e)
{
	char *state = overview_state(m->request->main_file, problems, e);
	int rc = -1;

	if (state != NULL)
		rc = ledger_open_existing(&m->o->ledger, state, e);
	free(state);
	return rc < 0 ? -1 : 0;
}

int
overview_load(struct overview *o, const struct overview_request *request,
    struct problems *problems, struct err *e)
{
	struct making m = { .o = o, .request = request };
	int rc = -1;

	memset(o, 0, sizeof(*o));
	o->now_ms = clock_wall_ms();
	if (open_ledger(&m, problems, e) == 0 && find_all(&m, e) == 0)
		rc = add_all(&m, e);
	if (rc == 0 && o->n > 0)
		qsort(o->views, o->n, sizeof(*o->views), compare_views);
	for (size_t i = 0; i < m.n_recorded; i++) {
		free(m.recorded[i].job);
		free(m.recorded[i].environment);
	}
	free(m.recorded);
	spec_free_jobs(m.specs, m.n_specs);
	return rc;
}

void
overview_release(struct overview *o)
{
	for (size_t i = 0; i < o->n; i++)
		release_view(&o->views[i]);
	free(o->views);
	ledger_free(o->ledger);
	memset(o, 0, sizeof(*o));
}

int
view_each_open(const struct job_view *v,
    int (*put)(void *arg, const char *text, const char *hint, struct err *e),
    void *arg, struct err *e)
{
	const struct standing *s = &v->standing;
	char text[256], hint[256];

	(void)snprintf(text, sizeof(text),
	    "%u deliver%s still owed, the oldest of run %lld", s->missing,
	    s->missing == 1 ? "y is" : "ies are", (long long)s->first_missing);
	(void)snprintf(hint, sizeof(hint),
	    "The next run delivers them first; 'odbcship resend %lld' does so "
	    "now.",
	    (long long)s->first_missing);
	if (s->missing > 0 && put(arg, text, hint, e) < 0)
		return -1;
	(void)snprintf(text, sizeof(text),
	    "of %u deliver%s is not known whether the target has it, the "
	    "oldest of run %lld",
	    s->unknown, s->unknown == 1 ? "y" : "ies",
	    (long long)s->first_missing);
	(void)snprintf(hint, sizeof(hint),
	    "'odbcship history %lld' says which; look there, then 'odbcship "
	    "resend %lld TARGET', with --mark-delivered if it is there.",
	    (long long)s->first_missing, (long long)s->first_missing);
	if (s->unknown > 0 && put(arg, text, hint, e) < 0)
		return -1;
	(void)snprintf(text, sizeof(text),
	    "%u run%s held by a check and nothing was shipped for %s, the "
	    "oldest is run %lld",
	    s->held, s->held == 1 ? " is" : "s are",
	    s->held == 1 ? "its date" : "their dates",
	    (long long)s->first_held);
	(void)snprintf(hint, sizeof(hint),
	    "'odbcship resend %lld --despite CHECK' ships it, 'odbcship resend "
	    "%lld --give-up' forgets it.",
	    (long long)s->first_held, (long long)s->first_held);
	return s->held > 0 ? put(arg, text, hint, e) : 0;
}
