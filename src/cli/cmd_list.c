/*
 * cmd_list.c - odbcship list: the jobs found, with description and owner
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "spec/spec.h"

enum { LIST_MAX = 16 * 1024 * 1024, LIST_NAME = 24 };

static const struct option_row option_rows[] = { { "names", 0, NULL,
						     "names only, one a line" },
	{ "json", 0, NULL, "as JSON" }, { NULL, 0, NULL, NULL } };

/* One listing. */
struct listing {
	const struct invocation *inv;
	const char *main_file;
	struct json json;
	bool failed; /* a spec could not be read */
};

/*
 * A job is listed even when its spec is wrong or wants an environment: what
 * is wrong with it is what `check` says.
 */
static void
list_job(struct listing *l, const struct job_entry *job)
{
	const struct spec_request request = {
		.main_file = invocation_value(l->inv, "config"),
		.job = job->path,
	};
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	struct err e = ERR_INIT;
	bool ok = spec_load(&spec, &request, &problems, &e) == 0;
	const char *description = NULL, *owner = NULL;

	if (spec != NULL) {
		description = spec_text(spec, "description");
		owner = spec_text(spec, "owner");
	}
	if (invocation_has(l->inv, "json")) {
		json_begin_object(&l->json, NULL);
		json_string(&l->json, "job", job->name);
		json_string(&l->json, "path", job->path);
		json_string(&l->json, "description", description);
		json_string(&l->json, "owner", owner);
		json_string(&l->json, "problem", ok ? NULL : e.text);
		json_end(&l->json);
	} else if (!ok && description == NULL)
		printf("%-*s (%s)\n", LIST_NAME, job->name, e.text);
	else
		printf("%-*s %s%s%s%s\n", LIST_NAME, job->name,
		    description != NULL ? description : "",
		    owner != NULL ? " (" : "", owner != NULL ? owner : "",
		    owner != NULL ? ")" : "");
	spec_free(spec);
	problems_release(&problems);
}

static int
list_jobs(
    struct listing *l, const struct job_entry *jobs, size_t n, struct err *e)
{
	bool as_json = invocation_has(l->inv, "json");
	struct buf out = BUF_INIT(LIST_MAX);
	int rc = 0;

	json_init(&l->json, &out);
	if (as_json)
		json_begin_array(&l->json, NULL);
	for (size_t i = 0; i < n; i++) {
		if (invocation_has(l->inv, "names"))
			printf("%s\n", jobs[i].name);
		else
			list_job(l, &jobs[i]);
	}
	if (as_json) {
		json_end(&l->json);
		rc = json_finish(&l->json, e);
		if (rc == 0)
			printf("%s\n", buf_text(&out));
	} else if (n == 0)
		(void)fprintf(stderr,
		    "no jobs: none in jobs.d beside %s; 'odbcship init NAME "
		    "--dsn DSN' writes one\n",
		    l->main_file);
	buf_release(&out);
	return rc;
}

static int
run(const struct invocation *inv)
{
	struct err e = ERR_INIT;
	char *main_file = spec_main_file(invocation_value(inv, "config"), &e);
	struct listing l = { .inv = inv, .main_file = main_file };
	struct job_entry *jobs = NULL;
	size_t n = 0;
	int rc = -1;

	if (main_file != NULL && spec_list_jobs(main_file, &jobs, &n, &e) == 0)
		rc = list_jobs(&l, jobs, n, &e);
	if (rc < 0)
		terminal_error(NULL, &e);
	spec_free_jobs(jobs, n);
	free(main_file);
	return rc < 0 ? err_exit_status(&e) : 0;
}

const struct command command_list = {
	.name = "list",
	.summary = "The jobs found, with description and owner.",
	.usage = "[options]",
	.example = "odbcship list",
	.options = option_rows,
	.run = run,
};
