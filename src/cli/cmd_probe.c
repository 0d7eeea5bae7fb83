/*
 * cmd_probe.c - odbcship probe: what a target allows, and what follows
 *
 * How it is tried: ship/ship.h. What is said of settings is only what the
 * trial showed; a server may treat large files otherwise.
 */
#include <stdio.h>
#include <string.h>

#include "base/cancel.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "job/plan.h"
#include "ship/ship.h"

static const struct option_row option_rows[] = { OVERLAY_OPTIONS,
	{ NULL, 0, NULL, NULL } };

static void
put_answer(const char *what, const char *answer)
{
	printf("  %-12s %s\n", what, answer);
}

static void
put_yes(const char *what, bool yes)
{
	put_answer(what, yes ? "yes" : "no");
}

static void
put_answers(const struct target *t, const struct probe *p)
{
	printf("target %s: %s\n", t->name, t->url);
	if (strncmp(p->receipt.tls, "SSH ", 4) == 0)
		put_answer("SSH", p->receipt.tls + 4);
	else
		put_answer(
		    "TLS", p->receipt.tls[0] != '\0' ? p->receipt.tls : "none");
	if (strncmp(p->receipt.tls, "TLS", 3) == 0)
		put_yes("TLS reuse", p->is_reused);
	put_yes("upload", true);
	put_yes("size", p->tells_size);
	put_answer("hash", p->hash[0] != '\0' ? p->hash : "no");
	put_yes("read back", p->reads_back);
	put_answer("rename",
	    !p->renames	 ? "no" :
		p->keeps ? "yes" :
			   "yes, but the file is gone then");
	if (p->renames && p->keeps)
		put_yes("replace", p->replaces);
	put_yes("resume", p->resumes);
	put_yes("directories", p->makes_directories);
	put_yes("remove", p->removes);
}

/* How a file gets its name, as far as the defaults do not fit. */
static void
put_publishing(const struct probe *p)
{
	if (!p->renames && !p->is_whole)
		printf("  publish = \"marker\";     # renaming is refused; the "
		       "receiver waits for file.done\n");
	if (p->renames && !p->keeps)
		printf("  may_vanish = true;      # files are taken away at "
		       "once\n");
	if (p->renames && p->keeps && !p->replaces)
		printf("  overwrite = \"fail\";     # a rename replaces "
		       "nothing%s\n",
		    p->removes ? "; with \"replace\" the old file is removed "
				 "first" :
				 "");
}

static void
put_verifying(const struct probe *p)
{
	if (p->hash[0] != '\0')
		printf("  verify = \"hash\";        # the server computes %s\n",
		    p->hash);
	else if (p->tells_size)
		printf("  verify = \"size\";        # \"%s\" for important "
		       "files\n",
		    p->reads_back ? "reread" : "size");
	else
		printf("  verify = \"%s\";%s\n",
		    p->reads_back ? "reread" : "none",
		    p->reads_back ? "      # the server tells no size" :
				    "        # nothing can be verified there");
	if (!p->resumes)
		printf("  resume = false;         # an upload cannot go on "
		       "behind a part\n");
	if (!p->makes_directories)
		printf("  mkdirs = false;         # directories cannot be "
		       "made\n");
}

static int
probe_target(const char *job, const struct target *t)
{
	struct err e = ERR_INIT;
	struct probe p;

	if (ship_probe(t, &p, &e) < 0) {
		(void)err_in(&e, "target '%s'", t->name);
		terminal_error(job, &e);
		return err_exit_status(&e);
	}
	put_answers(t, &p);
	printf("settings that follow:\n");
	put_publishing(&p);
	put_verifying(&p);
	if (p.left[0] != '\0')
		printf("'%s' could not be removed there\n", p.left);
	return 0;
}

static int
probe_targets(const char *job, const struct plan *p, const char *only)
{
	bool is_known = only == NULL;
	struct err e = ERR_INIT;
	int first = 0;

	for (size_t i = 0; i < p->n_targets && !cancel_is_due(); i++) {
		const struct target *t = &p->targets[i].target;
		int status;

		if (only != NULL && strcmp(only, t->name) != 0)
			continue;
		is_known = true;
		status = probe_target(job, t);
		if (first == 0)
			first = status;
	}
	if (is_known)
		return first;
	(void)err_set(&e, ERR_USAGE, "the job has no target '%s'", only);
	(void)err_hint(&e, "'odbcship show %s' lists its targets.", job);
	terminal_error(job, &e);
	return err_exit_status(&e);
}

static int
probe_job(const struct invocation *inv, const struct spec_request *request)
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
	    plan_build(&plan, spec, &how, &problems, &e) < 0)
		status = err_exit_status(&e);
	terminal_problems(&problems);
	if (status != 0 && problems.errors == 0)
		terminal_error(request->job, &e);
	if (status == 0)
		status = probe_targets(spec_job(spec), plan,
		    inv->n_arguments > 1 ? inv->arguments[1] : NULL);
	plan_free(plan);
	spec_free(spec);
	problems_release(&problems);
	return status;
}

static int
run(const struct invocation *inv)
{
	struct overlay overlay;
	struct err e = ERR_INIT;
	int status = -1;

	if (inv->n_arguments < 1 || inv->n_arguments > 2) {
		(void)err_set(&e, ERR_USAGE,
		    "probe takes a job and at most "
		    "one target");
		(void)err_hint(
		    &e, "As in: odbcship probe daily-orders partner");
	} else if (overlay_take(&overlay, inv, &e) == 0) {
		overlay.request.job = inv->arguments[0];
		status = probe_job(inv, &overlay.request);
		overlay_release(&overlay);
	}
	if (status < 0) {
		terminal_error(NULL, &e);
		status = err_exit_status(&e);
	}
	return status;
}

const struct command command_probe = {
	.name = "probe",
	.summary = "Find out what a target allows, with tiny files of its own.",
	.usage = "[options] JOB [TARGET]",
	.example = "odbcship probe daily-orders",
	.options = option_rows,
	.run = run,
};
