/*
 * doctor.c - what this environment lacks to run jobs: the table of items
 *
 * Here: jobs, secrets, and what ODBC needs. The rest is in doctor_host.c,
 * doctor_net.c and doctor_cron.c. How it is printed: cli/cmd_doctor.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/str.h"
#include "job/doctor_cron.h"
#include "job/doctor_host.h"
#include "job/doctor_net.h"
#include "odbc/setup.h"
#include "spec/secret.h"
#include "state/dirs.h"

enum { LOAD_MS = 30 * 1000, LOAD_MAX = 4096, LIBRARIES_MAX = 64 };

void
doctor_tell(struct doctor *d, enum doctor_verdict verdict, const char *subject,
    const struct err *e)
{
	struct doctor_finding f = {
		.item = d->item,
		.subject = subject,
		.verdict = verdict,
		.about = *e,
	};

	if (f.about.class == ERR_NONE)
		f.about.class = d->class;
	d->put(d->arg, &f);
}

void
doctor_say_words(
    struct doctor *d, const struct doctor_words *words, const char *fmt, ...)
{
	struct err e = ERR_INIT;
	char text[sizeof(e.text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)err_set(&e, d->class, "%s", text);
	if (words->hint[0] != '\0')
		(void)err_hint(&e, "%s", words->hint);
	doctor_tell(d, words->verdict, words->subject, &e);
}

static void
look_main_file(struct doctor *d)
{
	const struct spec_request request = {
		.main_file = d->request->main_file,
	};
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	struct err e = ERR_INIT;

	if (spec_load(&spec, &request, &problems, &e) < 0)
		doctor_tell(d, DOCTOR_FAIL, d->main_file, &e);
	else if (access(d->main_file, F_OK) < 0)
		doctor_say(d, DOCTOR_OK, d->main_file, "",
		    "not there, which is fine: defaults hold");
	else
		doctor_say(d, DOCTOR_OK, d->main_file, "", "read");
	if (spec != NULL) {
		struct err ignored = ERR_INIT;

		d->state = dirs_state(spec_text(spec, "state"), &ignored);
	}
	spec_free(spec);
	problems_release(&problems);
}

static void
look_job(struct doctor *d, struct doctor_job *job)
{
	const struct spec_request request = {
		.main_file = d->request->main_file,
		.environment = d->request->environment,
		.job = job->name,
	};
	const struct plan_options how = { .with_targets = true };
	struct problems problems = PROBLEMS_INIT;
	struct err e = ERR_INIT;
	bool ok = spec_load(&job->spec, &request, &problems, &e) == 0 &&
	    plan_build(&job->plan, job->spec, &how, &problems, &e) == 0;

	for (size_t i = 0; i < problems.n; i++) {
		struct err own = problems.items[i].error;

		problem_put(&problems.items[i], own.text, sizeof(own.text));
		doctor_tell(d,
		    problems.items[i].is_warning ? DOCTOR_WARN : DOCTOR_FAIL,
		    job->name, &own);
	}
	if (!ok && problems.errors == 0)
		doctor_tell(d, DOCTOR_FAIL, job->name, &e);
	if (ok)
		doctor_say(d, DOCTOR_OK, job->name, "", "its spec is right");
	problems_release(&problems);
}

static void
look_jobs(struct doctor *d)
{
	for (size_t i = 0; i < d->n_jobs; i++)
		look_job(d, &d->jobs[i]);
	if (d->n_jobs == 0)
		doctor_say(
		    d, DOCTOR_OK, "", "", "none yet beside %s", d->main_file);
}

/* The doctor and the job whose settings are gone through. */
struct secret_look {
	struct doctor *doctor;
	const struct doctor_job *job;
};

static int
look_secret(void *arg, const struct value *v, struct err *e)
{
	const struct secret_look *look = arg;
	struct err why = ERR_INIT;
	char subject[512];
	char *secret = NULL;

	(void)e;
	if (v->setting->type != SETTING_SECRET || v->secret == NULL)
		return 0;
	(void)snprintf(subject, sizeof(subject), "%s: %s%s%s", look->job->name,
	    v->setting->path, v->member != NULL ? " of " : "",
	    v->member != NULL ? v->member : "");
	if (secret_read(v, &secret, &why) < 0)
		doctor_tell(look->doctor, DOCTOR_FAIL, subject, &why);
	else
		doctor_say(look->doctor, DOCTOR_OK, subject, "",
		    "can be read, and by nobody else (%s)", v->secret);
	secret_free(secret);
	return 0;
}

static void
look_secrets(struct doctor *d)
{
	for (size_t i = 0; i < d->n_jobs; i++) {
		struct secret_look look = { d, &d->jobs[i] };
		struct err ignored = ERR_INIT;

		if (d->jobs[i].plan != NULL &&
		    spec_each(d->jobs[i].spec, look_secret, &look, &ignored) <
			0)
			doctor_tell(
			    d, DOCTOR_UNKNOWN, d->jobs[i].name, &ignored);
	}
}

static void
look_file(struct doctor *d, const char *path, bool is_needed)
{
	struct stat st;

	if (stat(path, &st) == 0 && access(path, R_OK) < 0)
		doctor_say(d, DOCTOR_FAIL, path,
		    "Let the user that runs the jobs read it.",
		    "this user cannot read it");
	else if (stat(path, &st) == 0 && st.st_size > 0)
		doctor_say(d, DOCTOR_OK, path, "", "read");
	else
		doctor_say(d, is_needed ? DOCTOR_WARN : DOCTOR_OK, path,
		    is_needed ? "The drivers' packages write into it; "
				"$ODBCSYSINI says where it is." :
				"",
		    "not there, or empty");
}

static void
look_odbc_files(struct doctor *d)
{
	struct setup_files files;

	setup_find_files(&files);
	look_file(d, files.drivers, true);
	look_file(d, files.system, false);
	look_file(d, files.user, false);
}

static size_t
count(char **names)
{
	size_t n = 0;

	while (names != NULL && names[n] != NULL)
		n++;
	return n;
}

static bool
is_among(const char *name, char **names)
{
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

static void
look_dsn(struct doctor *d, const char *dsn, char **known)
{
	const struct session_options source = { .dsn = dsn };
	const char *near = str_nearest(
	    dsn, (const char *const *)known, count(known));
	char driver[SETUP_PATH], library[SETUP_PATH], hint[512];

	setup_put_driver(&source, driver, sizeof(driver));
	setup_put_library(driver, library, sizeof(library));
	if (!is_among(dsn, known)) {
		(void)snprintf(hint, sizeof(hint),
		    near != NULL ? "Did you mean '%s'?" :
				   "Add it to odbc.ini%s",
		    near != NULL ? near : ".");
		doctor_say(d, DOCTOR_FAIL, dsn, hint, "it is in no odbc.ini");
	} else if (driver[0] == '\0')
		doctor_say(d, DOCTOR_FAIL, dsn,
		    "Write Driver = NAME into its section of odbc.ini.",
		    "it names no driver");
	else if (library[0] == '\0')
		doctor_say(d, DOCTOR_FAIL, dsn,
		    "Install the driver, or correct the name: `odbcinst -q "
		    "-d` lists those that are known.",
		    "its driver '%s' is in no odbcinst.ini", driver);
	else
		doctor_say(d, DOCTOR_OK, dsn, "", "known, driver '%s'", driver);
}

static void
look_sources(struct doctor *d)
{
	struct err e = ERR_INIT;
	char **known = NULL;

	if (session_list_dsns(&known, &e) < 0) {
		doctor_tell(d, DOCTOR_UNKNOWN, "", &e);
		return;
	}
	for (size_t i = 0; i < d->n_jobs; i++) {
		const struct plan *p = d->jobs[i].plan;

		if (p != NULL && p->session.dsn != NULL)
			look_dsn(d, p->session.dsn, known);
	}
	session_free_list(known);
}

/* In a child process: the library may do anything when it is loaded. */
static int
load_library(void *arg, struct buf *out, struct err *e)
{
	(void)out;
	return setup_load(arg, e);
}

/* Libraries that were loaded already; borrowed names are not kept. */
struct libraries {
	char names[LIBRARIES_MAX][SETUP_PATH];
	size_t n;
};

static void
look_library(struct doctor *d, const char *driver, struct libraries *seen)
{
	struct buf out = BUF_INIT(LOAD_MAX);
	struct err e = ERR_INIT;
	char library[SETUP_PATH];

	setup_put_library(driver, library, sizeof(library));
	for (size_t i = 0; i < seen->n; i++)
		if (strcmp(seen->names[i], library) == 0)
			return;
	if (library[0] == '\0')
		return; /* told of the data source */
	if (seen->n < LIBRARIES_MAX)
		memcpy(seen->names[seen->n++], library, sizeof(library));
	if (child_call(load_library, library, LOAD_MS, &out, &e) == 0)
		doctor_say(d, DOCTOR_OK, driver, "", "%s loads", library);
	else {
		e.class = d->class;
		(void)err_in(&e, "%s", library);
		/* One that no job needs stops nobody. */
		doctor_tell(
		    d, d->n_jobs > 0 ? DOCTOR_FAIL : DOCTOR_WARN, driver, &e);
	}
	buf_release(&out);
}

/* Those of the jobs, or all that are installed where there are no jobs. */
static void
look_drivers(struct doctor *d)
{
	struct libraries *seen = calloc(1, sizeof(*seen));
	struct err e = ERR_INIT;
	char driver[SETUP_PATH];
	char **names = NULL;

	if (seen == NULL || session_list_drivers(&names, &e) < 0) {
		free(seen);
		return;
	}
	for (size_t i = 0; i < d->n_jobs; i++) {
		if (d->jobs[i].plan == NULL)
			continue;
		setup_put_driver(
		    &d->jobs[i].plan->session, driver, sizeof(driver));
		look_library(d, driver, seen);
	}
	for (size_t i = 0; d->n_jobs == 0 && names[i] != NULL; i++)
		look_library(d, names[i], seen);
	if (names[0] == NULL)
		doctor_say(d, DOCTOR_WARN, "",
		    "Install the driver of your database: drivers.md names "
		    "the packages.",
		    "none is installed");
	session_free_list(names);
	free(seen);
}

static void
look_trace(struct doctor *d)
{
	char file[SETUP_PATH];

	if (!setup_is_traced(file, sizeof(file)))
		doctor_say(d, DOCTOR_OK, "", "", "the driver manager's is off");
	else
		doctor_say(d, DOCTOR_WARN, file,
		    "Set Trace = No in the section [ODBC] of odbcinst.ini, and "
		    "remove the file: it holds SQL, data and passwords.",
		    "the driver manager writes every call into it");
}

/* What stands for nothing by itself: always otherwise under cron. */
static bool
is_expected(const char *line)
{
	static const char *const names[] = { "PATH:", "SHELL:", "USER:", "LANG",
		"LC_", "LOGNAME:", "TMPDIR:", "umask:", "XDG_",
		"HOME:", "ODBCSHIP_" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static void
look_cron_environment(struct doctor *d)
{
	const char *at = d->request->cron_differences;
	char line[2048];

	while (at != NULL && *at != '\0') {
		at += strspn(at, " ");
		(void)snprintf(
		    line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (is_expected(line))
			doctor_say(d, DOCTOR_OK, "", "", "%s", line);
		else
			doctor_say(d, DOCTOR_WARN, "",
			    "If the job needs it, say it where cron sees it: "
			    "as NAME=VALUE above the line of the crontab, or "
			    "in the files that the driver manager reads.",
			    "%s", line);
		at += strcspn(at, "\n");
		at += strspn(at, "\n");
	}
}

/* One thing to look at. */
struct item {
	const char *name;		/* as it is told */
	enum err_class class;		/* when it fails */
	void (*look)(struct doctor *d); /* look at it */
};

static const struct item items[] = {
	{ "cron's environment", ERR_SPEC, look_cron_environment },
	{ "main file", ERR_SPEC, look_main_file },
	{ "job", ERR_SPEC, look_jobs },
	{ "secret", ERR_SPEC, look_secrets },
	{ "ODBC file", ERR_DATABASE, look_odbc_files },
	{ "data source", ERR_DATABASE, look_sources },
	{ "driver", ERR_DATABASE, look_drivers },
	{ "trace", ERR_LOCAL, look_trace },
	{ "user", ERR_LOCAL, doctor_user },
	{ "home", ERR_LOCAL, doctor_home },
	{ "state", ERR_LOCAL, doctor_state },
	{ "ledger", ERR_LOCAL, doctor_ledger },
	{ "free space", ERR_LOCAL, doctor_space },
	{ "fsync and rename", ERR_LOCAL, doctor_durability },
	{ "umask", ERR_LOCAL, doctor_umask },
	{ "limits", ERR_LOCAL, doctor_limits },
	{ "locale", ERR_LOCAL, doctor_locale },
	{ "time zone", ERR_LOCAL, doctor_zone },
	{ "clock", ERR_LOCAL, doctor_clock },
	{ "libcurl", ERR_TARGET, doctor_libcurl },
	{ "certificates", ERR_TARGET, doctor_certificates },
	{ "proxies", ERR_TARGET, doctor_proxies },
	{ "network", ERR_TARGET, doctor_network },
	{ "core dumps", ERR_LOCAL, doctor_core },
	{ "security", ERR_LOCAL, doctor_security },
	{ "crontab", ERR_SPEC, doctor_cron },
	{ "mail of cron", ERR_LOCAL, doctor_mail },
	{ "linger", ERR_LOCAL, doctor_linger },
};

static int
add_job(struct doctor *d, const char *name, struct err *e)
{
	d->jobs[d->n_jobs].name = str_dup(name);
	if (d->jobs[d->n_jobs++].name == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	return 0;
}

/* The jobs that are asked for, or all beside the main file. */
static int
find_jobs(struct doctor *d, struct err *e)
{
	const struct doctor_request *r = d->request;
	struct job_entry *found = NULL;
	size_t n = r->n_jobs;
	int rc = 0;

	if (n == 0 && spec_list_jobs(d->main_file, &found, &n, e) < 0)
		return -1;
	d->jobs = calloc(n + 1, sizeof(*d->jobs));
	if (d->jobs == NULL)
		rc = err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_job(d, found != NULL ? found[i].name : r->jobs[i], e);
	spec_free_jobs(found, found != NULL ? n : 0);
	return rc;
}

static void
release(struct doctor *d)
{
	for (size_t i = 0; i < d->n_jobs; i++) {
		plan_free(d->jobs[i].plan);
		spec_free(d->jobs[i].spec);
		free(d->jobs[i].name);
	}
	free(d->jobs);
	free(d->main_file);
	free(d->state);
}

int
doctor_examine(const struct doctor_request *request,
    void (*put)(void *arg, const struct doctor_finding *finding), void *arg,
    struct err *e)
{
	struct doctor d = { .request = request, .put = put, .arg = arg };
	int rc = -1;

	d.main_file = spec_main_file(request->main_file, e);
	if (d.main_file == NULL || find_jobs(&d, e) < 0)
		goto out;
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		d.item = items[i].name;
		d.class = items[i].class;
		items[i].look(&d);
	}
	rc = 0;
out:
	release(&d);
	return rc;
}

const char *
doctor_verdict_name(enum doctor_verdict verdict)
{
	static const char *const names[] = {
		[DOCTOR_OK] = "ok",
		[DOCTOR_WARN] = "warn",
		[DOCTOR_FAIL] = "fail",
		[DOCTOR_UNKNOWN] = "unknown",
	};

	return names[verdict];
}
