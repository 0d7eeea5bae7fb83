/*
 * cmd_watch.c - odbcship watch: tell of runs that never were
 *
 * One look at all jobs, to be started by cron or a timer every few minutes; no
 * daemon. What is told of a job is job/watch.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "job/overview.h"
#include "job/watch.h"
#include "spec/spec.h"
#include "state/dirs.h"
#include "state/ledger.h"

static const struct option_row option_rows[] = {
	{ "env", 0, "NAME", "only this environment, default: this host's" },
	{ NULL, 0, NULL, NULL }
};

static void
watch_view(const struct invocation *inv, const struct watch_place *place,
    const struct job_view *v)
{
	const struct spec_request request = {
		.main_file = invocation_value(inv, "config"),
		.job = v->job,
		.environment = v->environment[0] != '\0' ? v->environment :
							   NULL,
	};
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	struct err e = ERR_INIT;

	/* A spec with errors may still say who is told. */
	if (v->state != VIEW_GONE &&
	    spec_load(&spec, &request, &problems, &e) < 0)
		log_warning("%s: %s", v->job, e.text);
	if (spec != NULL) {
		log_context(v->job, v->environment, 0);
		watch_job(place, v, spec);
		log_context(NULL, NULL, 0);
	}
	spec_free(spec);
	problems_release(&problems);
}

static int
watch_all(const struct invocation *inv, const struct watch_place *place,
    struct problems *problems, struct err *e)
{
	const struct overview_request request = {
		.main_file = invocation_value(inv, "config"),
		.environment = invocation_value(inv, "env"),
		.jobs = (const char *const *)inv->arguments,
		.n_jobs = inv->n_arguments,
	};
	struct overview o;
	int rc = overview_load(&o, &request, problems, e);

	for (size_t i = 0; rc == 0 && i < o.n; i++) {
		rc = cancel_check(e);
		if (rc == 0)
			watch_view(inv, place, &o.views[i]);
	}
	overview_release(&o);
	return rc;
}

static int
run(const struct invocation *inv)
{
	struct problems problems = PROBLEMS_INIT;
	struct ledger *ledger = NULL;
	struct err e = ERR_INIT;
	char *state = overview_state(
	    invocation_value(inv, "config"), &problems, &e);
	int rc = -1;

	if (state != NULL && dirs_make(state, &e) == 0 &&
	    ledger_open(&ledger, state, &e) == 0) {
		const struct watch_place place = { state, ledger };

		rc = watch_all(inv, &place, &problems, &e);
	}
	terminal_problems(&problems);
	if (rc < 0 && problems.errors == 0)
		terminal_error(NULL, &e);
	ledger_free(ledger);
	free(state);
	problems_release(&problems);
	return rc < 0 ? err_exit_status(&e) : 0;
}

const struct command command_watch = {
	.name = "watch",
	.summary = "Tell of runs that are late or were killed; for cron.",
	.usage = "[options] [JOB...]",
	.example = "odbcship watch",
	.options = option_rows,
	.run = run,
};
