/*
 * cmd_doctor.c - odbcship doctor: what this environment lacks
 *
 * What is looked at: job/doctor.c. Here it is printed, a line for each
 * finding, or as JSON; the exit status is that of the first one that fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/redact.h"
#include "cli/bare.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "job/doctor.h"
#include "job/environment.h"

enum { DOCTOR_JSON_MAX = 16 * 1024 * 1024, VERDICTS = DOCTOR_UNKNOWN + 1 };

static const struct option_row option_rows[] = {
	{ "env", 0, "NAME", "environment of the jobs" },
	{ "as-cron", 0, NULL,
	    "in the bare environment that cron gives, and what "
	    "differs from this one" },
	{ "connect", 0, NULL,
	    "try whether the hosts of targets, mail and webhooks answer" },
	{ "all", 'a', NULL, "also what is as it should be" },
	{ "json", 0, NULL, "as JSON, an array of findings" },
	{ NULL, 0, NULL, NULL }
};

/* One printing. */
struct printing {
	bool all;
	bool as_json;
	struct json json;
	unsigned n[VERDICTS]; /* how many of each */
	int status;	      /* of the first that fails */
};

static void
put_line(const struct printing *p, const struct doctor_finding *f)
{
	static const struct {
		const char *word;
		enum tone tone;
	} shown[VERDICTS] = {
		[DOCTOR_OK] = { "ok  ", TONE_GOOD },
		[DOCTOR_WARN] = { "warn", TONE_WARN },
		[DOCTOR_FAIL] = { "FAIL", TONE_BAD },
		[DOCTOR_UNKNOWN] = { "?   ", TONE_FAINT },
	};
	char text[sizeof(f->about.text)];

	if (f->verdict == DOCTOR_OK && !p->all)
		return;
	(void)snprintf(text, sizeof(text), "%s", f->about.text);
	redact_text(text, sizeof(text));
	terminal_put(stdout, shown[f->verdict].tone, shown[f->verdict].word);
	printf("  %s%s%s%s: %s\n", f->item, f->subject[0] != '\0' ? " '" : "",
	    f->subject, f->subject[0] != '\0' ? "'" : "", text);
	if (f->about.hint[0] != '\0' && f->verdict != DOCTOR_OK)
		printf("      hint: %s\n", f->about.hint);
}

static void
put_object(struct json *j, const struct doctor_finding *f)
{
	bool is_fail = f->verdict == DOCTOR_FAIL;

	json_begin_object(j, NULL);
	json_string(j, "item", f->item);
	json_string(j, "subject", f->subject[0] != '\0' ? f->subject : NULL);
	json_string(j, "result", doctor_verdict_name(f->verdict));
	json_string(j, "message", f->about.text);
	json_string(j, "hint", f->about.hint[0] != '\0' ? f->about.hint : NULL);
	json_string(j, "class", is_fail ? err_name(&f->about) : NULL);
	json_end(j);
}

static void
on_finding(void *arg, const struct doctor_finding *f)
{
	struct printing *p = arg;

	p->n[f->verdict]++;
	if (f->verdict == DOCTOR_FAIL && p->status == 0)
		p->status = err_exit_status(&f->about);
	if (p->as_json)
		put_object(&p->json, f);
	else
		put_line(p, f);
}

static void
put_summary(const struct printing *p)
{
	printf("%u ok, %u to look at, %u failed, %u cannot be told%s\n",
	    p->n[DOCTOR_OK], p->n[DOCTOR_WARN], p->n[DOCTOR_FAIL],
	    p->n[DOCTOR_UNKNOWN], p->all ? "" : " (--all shows all)");
}

static int
examine(const struct invocation *inv, struct printing *p, struct err *e)
{
	const struct doctor_request request = {
		.main_file = invocation_value(inv, "config"),
		.environment = invocation_value(inv, "env"),
		.jobs = (const char *const *)inv->arguments,
		.n_jobs = inv->n_arguments,
		.connects = invocation_has(inv, "connect"),
		.cron_differences = bare_told(),
	};
	struct buf out = BUF_INIT(DOCTOR_JSON_MAX);
	int rc;

	json_init(&p->json, &out);
	json_begin_array(&p->json, NULL);
	rc = doctor_examine(&request, on_finding, p, e);
	json_end(&p->json);
	if (rc == 0 && p->as_json) {
		rc = json_finish(&p->json, e);
		if (rc == 0)
			printf("%s\n", buf_text(&out));
	} else if (rc == 0)
		put_summary(p);
	buf_release(&out);
	return rc;
}

static int
as_cron(const struct invocation *inv, int *status, struct err *e)
{
	struct buf told = BUF_INIT(4 * ENVIRONMENT_MAX);
	int rc = bare_put_differences(&told, e);

	if (rc == 0)
		rc = bare_run(inv, buf_text(&told), status, e);
	buf_release(&told);
	return rc;
}

static int
run(const struct invocation *inv)
{
	struct printing p = {
		.all = invocation_has(inv, "all"),
		.as_json = invocation_has(inv, "json"),
	};
	struct err e = ERR_INIT;
	int rc = invocation_has(inv, "as-cron") ? as_cron(inv, &p.status, &e) :
						  examine(inv, &p, &e);

	if (rc < 0)
		terminal_error(NULL, &e);
	return rc < 0 ? err_exit_status(&e) : p.status;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "What this environment lacks: drivers, data sources, "
		   "secrets, directories, trust.",
	.usage = "[options] [JOB...]",
	.example = "odbcship doctor daily-orders",
	.options = option_rows,
	.run = run,
};
