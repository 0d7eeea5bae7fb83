/*
 * cmd_resend.c - odbcship resend: ship the files of a recorded run again
 *
 * What may be sent is job/resend.h's business.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/outcome.h"
#include "cli/terminal.h"
#include "job/resend.h"

static const struct option_row option_rows[] = {
	{ "despite", 0, "CHECK",
	    "though this check failed (once for each; recorded with who did "
	    "it)" },
	{ "force", 0, NULL,
	    "though a later run has shipped this date, or these rows" },
	{ "mark-delivered", 0, NULL,
	    "send nothing: the target has the files, as somebody saw there" },
	{ "give-up", 0, NULL,
	    "send nothing, now or later: what is owed or held is given up" },
	{ "job", 0, "PATH", "spec of the job, if it is not beside the others" },
	{ "wait", 0, "[TIME]",
	    "wait for a run of the job to end, at most TIME (default: as long "
	    "as it takes)" },
	{ "json", 0, NULL, "one line of JSON on standard output" },
	{ NULL, 0, NULL, NULL }
};

static int
take_wait(const struct invocation *inv, int64_t *wait_ms, struct err *e)
{
	const char *text = invocation_value(inv, "wait");
	uint64_t ms = INT64_MAX;

	*wait_ms = -1;
	if (!invocation_has(inv, "wait"))
		return 0;
	if (text != NULL && str_duration(text, &ms, e) < 0) {
		e->class = ERR_USAGE;
		return err_in(e, "--wait");
	}
	*wait_ms = (int64_t)ms;
	return 0;
}

static int
take_run(const struct invocation *inv, struct resend_options *o, struct err *e)
{
	if (inv->n_arguments < 1 || inv->n_arguments > 2) {
		(void)err_set(
		    e, ERR_USAGE, "resend takes a run and at most one target");
		return err_hint(e, "As in: odbcship resend 42 partner");
	}
	if (str_integer(inv->arguments[0], &o->run, e) < 0 || o->run <= 0) {
		(void)err_set(e, ERR_USAGE, "'%s' is no number of a run",
		    inv->arguments[0]);
		return err_hint(e, "'odbcship history' lists the runs.");
	}
	o->target = inv->n_arguments > 1 ? inv->arguments[1] : NULL;
	return 0;
}

static int
send_again(const struct invocation *inv, const struct resend_options *options)
{
	bool quiet = invocation_has(inv, "quiet");
	struct run_outcome outcome;
	struct err e = ERR_INIT;

	progress_begin(!quiet);
	if (resend_run(options, progress_watch(), &outcome, &e) == 0)
		e.class = ERR_NONE;
	progress_end();
	if (invocation_has(inv, "json"))
		outcome_put_json(&outcome, &e);
	if (e.class != ERR_NONE)
		outcome_put_failure(&outcome, &e);
	else if (!options->gives_up && !quiet && isatty(STDERR_FILENO) == 1)
		outcome_put_success(&outcome);
	run_outcome_release(&outcome);
	return err_exit_status(&e);
}

static int
run(const struct invocation *inv)
{
	struct resend_options options = {
		.main_file = invocation_value(inv, "config"),
		.spec = invocation_value(inv, "job"),
		.force = invocation_has(inv, "force"),
		.is_there = invocation_has(inv, "mark-delivered"),
		.gives_up = invocation_has(inv, "give-up"),
	};
	struct err e = ERR_INIT;
	const char **despite = NULL;
	int status;

	if (take_run(inv, &options, &e) == 0 &&
	    take_wait(inv, &options.wait_ms, &e) == 0)
		despite = invocation_values(
		    inv, "despite", &options.n_despite, &e);
	options.despite = despite;
	if (e.class == ERR_NONE) {
		status = send_again(inv, &options);
	} else {
		terminal_error(NULL, &e);
		status = err_exit_status(&e);
	}
	free(despite);
	return status;
}

const struct command command_resend = {
	.name = "resend",
	.summary = "Ship the files of a recorded run again, without the "
		   "database: what is missing, or to TARGET, or all.",
	.usage = "[options] RUN [TARGET]",
	.example = "odbcship resend 1",
	.options = option_rows,
	.run = run,
};
