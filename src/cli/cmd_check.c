/*
 * cmd_check.c - odbcship check: validate job specs without touching anything
 *
 * All that is wrong is shown, of all jobs, in one run: fit for the CI of a
 * repository of jobs. --connect logs in to the database and every target too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "job/export.h"
#include "job/plan.h"
#include "ship/ship.h"
#include "tell/tell.h"

static const struct option_row option_rows[] = { OVERLAY_OPTIONS,
	{ "connect", 0, NULL, "also log in to the database and every target" },
	{ NULL, 0, NULL, NULL } };

static int
check_source(const char *job, const struct plan *p)
{
	struct session_info info;
	struct err e = ERR_INIT;

	if (export_check(p, &info, &e) < 0) {
		terminal_error(job, &e);
		return err_exit_status(&e);
	}
	printf("%s: source: %s %s with %s %s\n", job, info.dbms,
	    info.dbms_version, info.driver, info.driver_version);
	if (info.time_zone[0] != '\0')
		printf("%s: source: time zone of the session: %s\n", job,
		    info.time_zone);
	if (info.is_buffered)
		printf("%s: source: this driver holds a whole result in memory "
		       "(about its size and a fifth); limits.memory refuses "
		       "too much\n",
		    job);
	return 0;
}

static int
check_target(const char *job, const struct target *t)
{
	struct receipt receipt;
	struct err e = ERR_INIT;

	memset(&receipt, 0, sizeof(receipt));
	if (ship_connect(t, &receipt, &e) < 0) {
		(void)err_in(&e, "target '%s'", t->name);
		terminal_error(job, &e);
		return err_exit_status(&e);
	}
	printf("%s: target %s: %s%s%s\n", job, t->name, t->url,
	    receipt.tls[0] != '\0' ? ", " : "", receipt.tls);
	return 0;
}

static int
check_connections(const char *job, const struct plan *p)
{
	int first = check_source(job, p);

	for (size_t i = 0; i < p->n_targets && !cancel_is_due(); i++) {
		int status = check_target(job, &p->targets[i].target);

		if (first == 0)
			first = status;
	}
	return first;
}

static int
check_job(const struct invocation *inv, const struct spec_request *request)
{
	const struct plan_options how = {
		.date = invocation_value(inv, "date"),
		.with_secrets = true,
		.with_targets = true,
	};
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	struct plan *plan = NULL;
	struct err e = ERR_INIT;
	int status = 0;

	if (spec_load(&spec, request, &problems, &e) < 0 ||
	    plan_build(&plan, spec, &how, &problems, &e) < 0 ||
	    plan_name_run(plan, 0, &e) < 0)
		status = err_exit_status(&e);
	if (spec != NULL)
		tell_check_secrets(spec, &problems);
	if (status == 0 && problems.errors > 0)
		status = err_statuses[ERR_SPEC].status;
	terminal_problems(&problems);
	if (status != 0 && problems.errors == 0)
		terminal_error(request->job, &e);
	if (status == 0 && invocation_has(inv, "connect"))
		status = check_connections(spec_job(spec), plan);
	if (status == 0)
		printf("%s: ok\n", spec_job(spec));
	plan_free(plan);
	spec_free(spec);
	problems_release(&problems);
	return status;
}

/* Every job beside the main file. */
static int
check_all(
    const struct invocation *inv, struct spec_request *request, struct err *e)
{
	char *main_file = spec_main_file(request->main_file, e);
	struct job_entry *jobs = NULL;
	size_t n = 0;
	int first = 0;

	if (main_file == NULL || spec_list_jobs(main_file, &jobs, &n, e) < 0) {
		free(main_file);
		return -1;
	}
	if (n == 0)
		printf("no jobs beside %s\n", main_file);
	for (size_t i = 0; i < n; i++) {
		int status;

		if (cancel_check(e) < 0) {
			first = -1;
			break;
		}
		request->job = jobs[i].path;
		status = check_job(inv, request);
		if (first == 0)
			first = status;
	}
	spec_free_jobs(jobs, n);
	free(main_file);
	return first;
}

static int
run(const struct invocation *inv)
{
	struct overlay overlay;
	struct err e = ERR_INIT;
	int first = 0;

	if (overlay_take(&overlay, inv, &e) < 0)
		first = -1;
	else if (inv->n_arguments == 0)
		first = check_all(inv, &overlay.request, &e);
	for (size_t i = 0; first >= 0 && i < inv->n_arguments; i++) {
		int status;

		if (cancel_check(&e) < 0) {
			first = -1;
			break;
		}
		overlay.request.job = inv->arguments[i];
		status = check_job(inv, &overlay.request);
		if (first == 0)
			first = status;
	}
	if (first < 0) {
		terminal_error(NULL, &e);
		first = err_exit_status(&e);
	}
	overlay_release(&overlay);
	return first;
}

const struct command command_check = {
	.name = "check",
	.summary = "Validate job specs (all of them without arguments); touch "
		   "nothing.",
	.usage = "[options] [JOB...]",
	.example = "odbcship check --connect daily-orders",
	.options = option_rows,
	.run = run,
};
