/*
 * cmd_query.c - odbcship query: a batch, and its result as CSV
 *
 * The same plan and the same engine as `run`, without a job: no lock, no
 * ledger, no targets. To standard output, or to a file that appears only
 * when it is complete.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "job/export.h"
#include "job/plan.h"
#include "sql/text.h"

static const struct option_row option_rows[] = {
	{ "dsn", 'd', "DSN", "data source, or a whole connection string" },
	{ "execute", 'e', "SQL", "the batch" },
	{ "file", 'f', "FILE",
	    "read the batch from FILE, - for standard "
	    "input" },
	{ "output", 'o', "FILE",
	    "write to FILE instead of standard output; "
	    "it appears when it is complete" },
	{ "env", 0, "NAME", "environment of the main file" },
	{ "date", 0, "DATE", "logical date for templates in parameters" },
	{ "param", 0, "NAME=VALUE", "value of :NAME in the batch" },
	{ "set", 0, "KEY=VALUE", "any source. or file. setting" },
	{ NULL, 0, NULL, NULL }
};

/* One query on its way. */
struct query {
	struct overlay overlay;
	struct problems problems;
	struct spec *spec;
	struct plan *plan;
	struct buf sql;
	char *connection;	   /* "source.connection=..." for --set */
	struct export_place place; /* of the output */
	char *dir;		   /* of the output file, owned */
	char *resolved;		   /* what a link to it names, owned */
	int fd;			   /* of an output that is a device, or -1 */
};

static int
read_standard_input(struct buf *b, struct err *e)
{
	char chunk[16384];
	ssize_t n = 1;

	while (n != 0) {
		if (cancel_check(e) < 0)
			return -1;
		n = read(STDIN_FILENO, chunk, sizeof(chunk));
		if (n < 0 && errno != EINTR)
			return err_sys(e, errno, "cannot read standard input");
		if (n > 0 && buf_put(b, chunk, (size_t)n, e) < 0)
			return -1;
	}
	return 0;
}

static int
read_sql(struct query *q, const char *file, struct err *e)
{
	if (strcmp(file, "-") == 0)
		return read_standard_input(&q->sql, e);
	if (file_read(&q->sql, file, FILE_ANY, e) == 0)
		return 0;
	if (e->native == ENOENT || e->native == ENOTDIR || e->native == EISDIR)
		e->class = ERR_USAGE;
	return -1;
}

static int
take_sql(struct query *q, const struct invocation *inv, struct err *e)
{
	const char *sql = invocation_value(inv, "execute");
	const char *file = invocation_value(inv, "file");

	if (sql == NULL && file == NULL && inv->n_arguments > 0) {
		(void)err_set(
		    e, ERR_USAGE, "no -e before '%s'", inv->arguments[0]);
		return err_hint(e,
		    "SQL stands behind -e, in quotes: -e 'SELECT ...'; that of "
		    "a file is read by -f FILE.");
	}
	if ((sql == NULL) == (file == NULL)) {
		(void)err_set(
		    e, ERR_USAGE, sql == NULL ? "no SQL" : "both -e and -f");
		return err_hint(e,
		    "Give -e 'SELECT ...', or -f FILE (- for "
		    "standard input).");
	}
	if (inv->n_arguments > 0) {
		(void)err_set(e, ERR_USAGE, "what is '%s'?", inv->arguments[0]);
		return err_hint(e, "Quote the SQL as one argument of -e.");
	}
	if (sql != NULL)
		return buf_puts(&q->sql, sql, e);
	if (read_sql(q, file, e) < 0)
		return -1;
	if (text_decode(&q->sql, e) < 0)
		return err_in(e, "%s", file);
	if (strlen(buf_text(&q->sql)) == q->sql.length)
		return 0;
	(void)err_set(e, ERR_USAGE, "the SQL in '%s' holds a NUL byte", file);
	return err_hint(
	    e, "Is it UTF-16 without a byte order mark? Save it as UTF-8.");
}

/* Somebody must say where the data is: -d, --set or the main file. */
static int
check_source(const struct query *q, struct err *e)
{
	if (spec_text(q->spec, "source.dsn") != NULL ||
	    spec_text(q->spec, "source.connection") != NULL)
		return 0;
	(void)err_set(e, ERR_USAGE, "no data source");
	return err_hint(e,
	    "Give -d DSN, or -d 'Driver=...;Server=...'; `odbcinst -q -s` "
	    "lists every DSN.");
}

/* -d with a '=' in it is a connection string. */
static int
take_source(struct query *q, const struct invocation *inv, struct err *e)
{
	struct spec_request *r = &q->overlay.request;
	const char *dsn = r->dsn;
	size_t size;

	if (dsn == NULL || strchr(dsn, '=') == NULL)
		return 0;
	size = strlen(dsn) + sizeof("source.connection=");
	q->connection = malloc(size);
	if (q->connection == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	(void)snprintf(q->connection, size, "source.connection=%s", dsn);
	q->overlay.sets = realloc(
	    q->overlay.sets, (inv->n_given + 2) * sizeof(*q->overlay.sets));
	if (q->overlay.sets == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	r->sets = q->overlay.sets;
	q->overlay.sets[r->n_sets++] = q->connection;
	r->dsn = NULL;
	return 0;
}

static int
make_plan(struct query *q, const struct invocation *inv, struct err *e)
{
	const char *file = invocation_value(inv, "file");
	struct plan_options how = {
		.date = invocation_value(inv, "date"),
		.with_secrets = true,
	};

	if (overlay_take(&q->overlay, inv, e) < 0 ||
	    take_source(q, inv, e) < 0 || take_sql(q, inv, e) < 0)
		return -1;
	how.sql = buf_text(&q->sql);
	how.sql_name = file == NULL ? "-e" :
	    strcmp(file, "-") == 0  ? "standard input" :
				      file;
	if (spec_load(&q->spec, &q->overlay.request, &q->problems, e) < 0 ||
	    check_source(q, e) < 0)
		return -1;
	return plan_build(&q->plan, q->spec, &how, &q->problems, e);
}

/*
 * A file that may be replaced: its directory and name, behind a symbolic link
 * as well, since the link is to stay.
 */
static int
place_file(struct query *q, const char *output, struct err *e)
{
	struct stat st;
	const char *slash;

	if (lstat(output, &st) == 0 && S_ISLNK(st.st_mode)) {
		q->resolved = realpath(output, NULL);
		if (q->resolved == NULL)
			return err_sys(e, errno, "cannot follow '%s'", output);
		output = q->resolved;
	}
	q->place.dir = q->dir = file_dir(output, e);
	if (q->dir == NULL)
		return -1;
	slash = strrchr(output, '/');
	q->place.name = slash != NULL ? slash + 1 : output;
	q->place.fd = -1;
	return 0;
}

/* Where the result goes. A device or FIFO is written to, never replaced. */
static int
take_output(struct query *q, const char *output, struct err *e)
{
	struct stat st;

	q->place.fd = STDOUT_FILENO;
	q->place.name = "standard output";
	if (output == NULL || strcmp(output, "-") == 0)
		return 0;
	if (*output == '\0' || output[strlen(output) - 1] == '/' ||
	    (stat(output, &st) == 0 && S_ISDIR(st.st_mode))) {
		(void)err_set(e, ERR_USAGE, "-o '%s' names no file", output);
		return err_hint(e, "Give the path of the file to write.");
	}
	if (stat(output, &st) < 0 || S_ISREG(st.st_mode))
		return place_file(q, output, e);
	q->fd = open(output, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (q->fd < 0)
		return err_sys(e, errno, "cannot open '%s'", output);
	q->place.fd = q->fd;
	q->place.name = output;
	return 0;
}

static int
run_query(struct query *q, struct export_result *result, struct err *e)
{
	const struct export_watch watch = {
		.progress = progress_rows,
		.tick = q->place.dir != NULL ? progress_tick : NULL,
	};

	return export_run(q->plan, &q->place, &watch, result, e);
}

static void
query_release(struct query *q)
{
	plan_free(q->plan);
	spec_free(q->spec);
	problems_release(&q->problems);
	buf_release(&q->sql);
	overlay_release(&q->overlay);
	free(q->connection);
	free(q->resolved);
	free(q->dir);
	if (q->fd >= 0)
		(void)close(q->fd);
}

static int
run(const struct invocation *inv)
{
	struct export_result result = EXPORT_RESULT_INIT;
	struct err e = ERR_INIT;
	struct query q;

	memset(&q, 0, sizeof(q));
	q.fd = -1;
	buf_init(&q.sql, SCRIPT_MAX);
	if (make_plan(&q, inv, &e) == 0 &&
	    take_output(&q, invocation_value(inv, "output"), &e) == 0) {
		/* Rows on the terminal are progress enough. */
		progress_begin(!invocation_has(inv, "quiet") &&
		    (q.place.dir != NULL || isatty(q.place.fd) == 0));
		if (run_query(&q, &result, &e) == 0 && result.n_files > 0)
			log_info("%llu rows, %llu bytes, SHA-256 %s",
			    (unsigned long long)result.files[0].rows,
			    (unsigned long long)result.files[0].bytes,
			    result.files[0].sha256);
		progress_end();
		if (e.class == ERR_NONE && result.n_files > 0)
			export_tell_changes(
			    q.place.name, &result.files[0].changes);
	}
	if (q.problems.n > 0)
		terminal_problems(&q.problems);
	if (e.class != ERR_NONE && q.problems.errors == 0)
		terminal_error("query", &e);
	export_result_release(&result);
	query_release(&q);
	return err_exit_status(&e);
}

const struct command command_query = {
	.name = "query",
	.summary = "Run a batch of SQL and write its last result as CSV; no "
		   "job needed.",
	.usage = "-d DSN (-e SQL | -f FILE) [options]",
	.example = "odbcship query -d warehouse -f orders.sql -o orders.csv",
	.options = option_rows,
	.run = run,
};
