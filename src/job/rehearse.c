/*
 * rehearse.c - say what a run would do
 *
 * Builds the same plan as run.c and describes it. Reads the ledger only when
 * there is one; makes nothing.
 */
#include <stdlib.h>

#include "base/str.h"
#include "job/plan.h"
#include "job/rehearse.h"
#include "state/dirs.h"
#include "state/ledger.h"
#include "state/outbox.h"

static int
put_owed(void *arg, const struct outbox_run *run, struct err *e)
{
	return buf_printf(arg, e,
	    "would first deliver what run %lld for %s has not delivered\n",
	    (long long)run->run, run->date);
}

static int
put_recorded(const struct plan *p, bool force, struct ledger *ledger,
    struct buf *out, struct err *e)
{
	const struct run_key key = {
		.job = p->job,
		.environment = p->environment,
		.date = p->date_text,
		.shard = "",
	};
	int64_t run = 0;
	int rc;

	if (outbox_each_run(ledger, &key, put_owed, out, e) < 0)
		return -1;
	rc = ledger_find_shipped(ledger, &key, &run, e);
	if (rc <= 0)
		return rc;
	return buf_printf(out, e, "%s was shipped already by run %lld, %s\n",
	    p->date_text, (long long)run,
	    force ? "and --force runs it again" :
		    "so that nothing would be done without --force");
}

/* What the ledger, if there is one, says of it. */
static int
put_past(const struct plan *p, bool force, struct buf *out, struct err *e)
{
	char *state = dirs_state(spec_text(p->spec, "state"), e);
	struct ledger *ledger = NULL;
	int rc = -1;

	if (state != NULL)
		rc = ledger_open_existing(&ledger, state, e);
	if (rc > 0)
		rc = put_recorded(p, force, ledger, out, e);
	ledger_free(ledger);
	free(state);
	return rc < 0 ? -1 : 0;
}

static int
put_batch(const struct plan *p, struct buf *out, struct err *e)
{
	struct script script = SCRIPT_INIT;
	int rc = plan_split(p, NULL, &script, e);

	if (rc == 0)
		rc = buf_printf(out, e,
		    "would execute %zu statements of %s%s\n", script.n,
		    p->sql_name != NULL ? p->sql_name : "source.statements",
		    p->dialect == NULL && p->sql != NULL ?
			" (counted as ANSI SQL; the database's "
			"dialect decides)" :
			"");
	script_release(&script);
	return rc;
}

static int
put_gates(const struct plan *p, struct buf *out, struct err *e)
{
	const struct watermark *w = &p->guards.watermark;

	for (size_t i = 0; i < p->guards.n_gates; i++) {
		const struct gate *g = &p->guards.gates[i];
		char wanted[GUARD_TEXT], most[32];

		condition_put(&g->condition, wanted);
		str_put_duration(most, sizeof(most), g->timeout_ms);
		if (buf_printf(out, e,
			"would wait for gate '%s' to be %s, at most %s\n",
			g->condition.name, wanted, most) < 0)
			return -1;
	}
	if (w->name == NULL)
		return 0;
	return buf_printf(out, e,
	    "would bind :%s_from = where the last shipped run ended, :%s_to = "
	    "what source.watermark.sql says\n",
	    w->name, w->name);
}

static int
put_plan(const struct plan *p, struct buf *out, struct err *e)
{
	if (buf_printf(out, e, "job %s%s%s for %s\nwould connect to %s\n",
		p->job, p->environment[0] != '\0' ? " in environment " : "",
		p->environment, p->date_text,
		p->session.dsn != NULL ?
		    p->session.dsn :
		    "the source of source.connection") < 0 ||
	    put_gates(p, out, e) < 0 || put_batch(p, out, e) < 0)
		return -1;
	for (size_t i = 0; i < p->n_params; i++)
		if (!p->params[i].is_cutoff &&
		    buf_printf(out, e, "would bind :%s = '%s'\n",
			p->params[i].name, p->params[i].value) < 0)
			return -1;
	for (size_t i = 0; i < p->n_files; i++)
		if (buf_printf(out, e, "would write %s\n", p->files[i].name) <
		    0)
			return -1;
	for (size_t i = 0; i < p->n_targets; i++)
		if (buf_printf(out, e, "would ship %s to %s: %s\n",
			p->n_files > 1 ? "them" : "it",
			p->targets[i].target.name,
			p->targets[i].target.url) < 0)
			return -1;
	return 0;
}

int
rehearse_job(const struct run_options *options, struct buf *out,
    struct problems *problems, struct err *e)
{
	const struct plan_options how = {
		.date = options->date,
		.with_secrets = true,
		.with_targets = true,
	};
	struct spec *spec = NULL;
	struct plan *plan = NULL;
	int rc = -1;

	if (spec_load(&spec, &options->spec, problems, e) < 0 ||
	    plan_build(&plan, spec, &how, problems, e) < 0 ||
	    plan_name_run(plan, 0, e) < 0 || put_plan(plan, out, e) < 0 ||
	    put_past(plan, options->force, out, e) < 0)
		goto out;
	rc = 0;
out:
	plan_free(plan);
	spec_free(spec);
	return rc;
}
