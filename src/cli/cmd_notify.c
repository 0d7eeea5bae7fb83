/*
 * cmd_notify.c - odbcship notify --test: does telling work?
 *
 * Sends a test through each way of each entry of the job's notify, and says
 * what came of each. What is told of real runs is decided by tell/tell.h.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "tell/tell.h"

static const struct option_row option_rows[] = { OVERLAY_OPTIONS,
	{ "test", 0, NULL, "send a test to everybody who is told of the job" },
	{ NULL, 0, NULL, NULL } };

/* What came of a job's test. */
struct trial {
	const char *job; /* borrowed */
	int status;	 /* of the first failure */
};

static void
put_way(void *arg, const char *way, const struct err *error)
{
	struct trial *t = arg;
	struct err e;

	if (error == NULL) {
		printf("%s: %s: sent\n", t->job, way);
		(void)fflush(stdout);
		return;
	}
	e = *error;
	(void)err_in(&e, "%s", way);
	terminal_error(t->job, &e);
	if (t->status == 0)
		t->status = err_exit_status(&e);
}

/* A test of nothing did not succeed: nobody would hear of a failure. */
static void
complain(const struct spec *s, struct problems *problems, struct trial *t)
{
	struct err nobody = ERR_INIT;

	(void)err_set(&nobody, ERR_SPEC,
	    "nobody is told of '%s': neither the job nor the main file has "
	    "notify",
	    t->job);
	(void)err_hint(&nobody,
	    "Write notify = ( { mail = { to = ( \"team@example.com\" ); url = "
	    "\"smtp://...\"; }; } ); into the main file, for all jobs; "
	    "'odbcship help notify.mail.url' and 'show --settings notify' say "
	    "more.");
	problems_add(problems, spec_path(s), 0, &nobody);
	t->status = err_exit_status(&nobody);
}

static int
test_spec(const struct spec *s, struct problems *problems)
{
	char host[256] = "";
	struct trial trial = { spec_job(s), 0 };
	struct tell_event event = {
		.outcome = TELL_TRIED,
		.job = spec_job(s),
		.environment = spec_environment(s),
		.description = spec_text(s, "description"),
		.owner = spec_text(s, "owner"),
		.runbook = spec_text(s, "runbook"),
		.host = host,
		.state = "test",
		.now_ms = clock_wall_ms(),
	};

	tell_check(s, problems);
	if (problems->errors > 0)
		return err_statuses[ERR_SPEC].status;
	(void)gethostname(host, sizeof(host) - 1);
	if (tell_test(s, &event, put_way, &trial) == 0)
		complain(s, problems, &trial);
	return trial.status;
}

static int
test_job(const struct spec_request *request)
{
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	struct err e = ERR_INIT;
	int status = spec_load(&spec, request, &problems, &e) < 0 ?
	    err_exit_status(&e) :
	    test_spec(spec, &problems);

	terminal_problems(&problems);
	if (spec == NULL && problems.errors == 0)
		terminal_error(request->job, &e);
	spec_free(spec);
	problems_release(&problems);
	return status;
}

static int
run(const struct invocation *inv)
{
	struct overlay overlay;
	struct err e = ERR_INIT;
	int first = 0;

	if (overlay_take(&overlay, inv, &e) == 0 &&
	    (!invocation_has(inv, "test") || inv->n_arguments == 0)) {
		(void)err_set(&e, ERR_USAGE, "%s",
		    inv->n_arguments == 0 ? "which job?" :
					    "notify does nothing by itself");
		(void)err_hint(&e,
		    "'odbcship notify --test JOB' sends a test to everybody "
		    "who is told of the job; runs tell by themselves.");
	}
	for (size_t i = 0; e.class == ERR_NONE && i < inv->n_arguments; i++) {
		int status;

		if (cancel_check(&e) < 0)
			break;
		overlay.request.job = inv->arguments[i];
		status = test_job(&overlay.request);
		if (first == 0)
			first = status;
	}
	if (e.class != ERR_NONE) {
		terminal_error(NULL, &e);
		first = err_exit_status(&e);
	}
	overlay_release(&overlay);
	return first;
}

const struct command command_notify = {
	.name = "notify",
	.summary = "Try whether those who are told of a job can be told.",
	.usage = "--test [options] JOB...",
	.example = "odbcship notify --test daily-orders --env prod",
	.options = option_rows,
	.run = run,
};
