/*
 * cmd_report.c - odbcship report: one page of all jobs and runs
 *
 * Reads what status reads (job/overview.h) and writes the page of report.h
 * whole or not at all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "sink/spool.h"

enum { PAGE_MAX = 256 * 1024 * 1024 };

static const struct option_row option_rows[] = {
	{ "output", 'o', "FILE", "where the page goes; - is standard output" },
	{ "env", 0, "NAME", "only this environment, default: this host's" },
	{ NULL, 0, NULL, NULL }
};

/* A page is for others to read, as far as the umask lets them. */
static int
open_to_readers(const char *path, struct err *e)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	if (chmod(path, 0644 & ~mask) == 0)
		return 0;
	return err_sys(e, errno, "cannot set the mode of '%s'", path);
}

static int
write_file(const char *path, const struct buf *page, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct spool_receipt receipt;
	struct spool *spool = NULL;
	char *dir = file_dir(path, e);
	int rc = -1;

	if (dir != NULL &&
	    spool_open(&spool, dir, slash != NULL ? slash + 1 : path, e) == 0 &&
	    out_write(spool_out(spool), page->data, page->length, e) == 0)
		rc = spool_commit(spool, &receipt, e);
	spool_free(spool);
	free(dir);
	return rc == 0 ? open_to_readers(path, e) : -1;
}

static int
write_page(const char *path, const struct overview *o, struct err *e)
{
	struct buf page = BUF_INIT(PAGE_MAX);
	int rc = report_put(&page, o, e);

	if (rc == 0 && strcmp(path, "-") == 0)
		(void)fwrite(page.data, 1, page.length, stdout);
	else if (rc == 0)
		rc = write_file(path, &page, e);
	buf_release(&page);
	return rc;
}

static int
run(const struct invocation *inv)
{
	const struct overview_request request = {
		.main_file = invocation_value(inv, "config"),
		.environment = invocation_value(inv, "env"),
		.jobs = (const char *const *)inv->arguments,
		.n_jobs = inv->n_arguments,
	};
	const char *path = invocation_value(inv, "output");
	struct problems problems = PROBLEMS_INIT;
	struct overview o = { .n = 0 };
	struct err e = ERR_INIT;
	int rc = -1;

	if (path == NULL || *path == '\0') {
		(void)err_set(&e, ERR_USAGE, "where does the page go?");
		(void)err_hint(&e, "-o FILE, or -o - for standard output.");
	} else if (overview_load(&o, &request, &problems, &e) == 0)
		rc = write_page(path, &o, &e);
	terminal_problems(&problems);
	if (rc < 0 && problems.errors == 0)
		terminal_error(NULL, &e);
	overview_release(&o);
	problems_release(&problems);
	return rc < 0 ? err_exit_status(&e) : 0;
}

const struct command command_report = {
	.name = "report",
	.summary = "One page (HTML) of all jobs and runs, for a browser or "
		   "mail.",
	.usage = "[options] -o FILE [JOB...]",
	.example = "odbcship report -o report.html",
	.options = option_rows,
	.run = run,
};
