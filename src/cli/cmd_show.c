/*
 * cmd_show.c - odbcship show: what a job's settings come to
 *
 * Every effective value with the file and line it came from; secrets are
 * never read, only where they are is shown. --statements shows the batch as
 * it will be split, --loader how the file is loaded; --settings documents the
 * table.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/redact.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "csv/loader.h"
#include "job/plan.h"
#include "spec/settings.h"

enum { SHOW_MAX = 64 * 1024 * 1024, SHOW_COLUMN = 48 };

static const struct option_row option_rows[] = { OVERLAY_OPTIONS,
	{ "settings", 0, NULL,
	    "document every setting; with an argument only "
	    "those below it" },
	{ "statements", 0, NULL, "the batch as it will be split" },
	{ "loader", 0, "NAME",
	    "the statement with which this loader takes the file: postgresql, "
	    "mysql, sqlite, sqlserver, snowflake, bigquery, redshift, pandas, "
	    "excel" },
	{ "all", 'a', NULL, "defaults too" },
	{ "json", 0, NULL, "as JSON (with --statements)" },
	{ NULL, 0, NULL, NULL } };

/* How values are shown. */
struct showing {
	bool all; /* defaults too */
};

static void
put_texts(const struct value *v, struct buf *out, struct err *e)
{
	int rc = buf_puts(out, "( ", e);

	for (size_t i = 0; rc == 0 && i < v->n_texts; i++)
		rc = buf_printf(
		    out, e, "%s\"%s\"", i > 0 ? ", " : "", v->texts[i]);
	if (rc == 0)
		rc = buf_puts(out, v->n_texts > 0 ? " )" : ")", e);
	(void)rc;
}

/* A text that may be a connection string with a password in it. */
static int
put_text(const char *text, struct buf *out, struct err *e)
{
	char *copy = malloc(2 * strlen(text) + 1); /* stars may be longer */
	int rc;

	if (copy == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	memcpy(copy, text, strlen(text) + 1);
	redact_text(copy, 2 * strlen(text) + 1);
	rc = buf_printf(out, e, "\"%s\"", copy);
	free(copy);
	return rc;
}

/* The value in the syntax of a job spec, without any secret. */
static void
put_value(const struct value *v, struct buf *out, struct err *e)
{
	int rc = 0;

	switch (v->setting->type) {
	case SETTING_BOOL:
	case SETTING_INTEGER:
		rc = buf_puts(out, v->text, e);
		break;
	case SETTING_TEXTS:
		put_texts(v, out, e);
		break;
	case SETTING_SECRET:
		if (v->secret != NULL && strcmp(v->secret, "inline") == 0)
			rc = buf_puts(out, "\"***\"", e);
		else if (v->secret != NULL && v->n_texts > 0) {
			rc = buf_printf(out, e, "{ %s = ", v->secret);
			put_texts(v, out, e);
			if (rc == 0)
				rc = buf_puts(out, "; }", e);
		} else
			rc = buf_printf(out, e, "{ %s = \"%s\"; }",
			    v->secret != NULL ? v->secret : "?", v->text);
		break;
	default:
		rc = put_text(v->text, out, e);
	}
	(void)rc;
}

static int
put_setting(void *arg, const struct value *v, struct err *e)
{
	const struct showing *s = arg;
	struct buf line = BUF_INIT(SHOW_MAX);
	bool unset = v->text == NULL && v->n_texts == 0;

	if (unset ||
	    (v->origin.file == NULL && v->origin.line == 0 && !v->is_given &&
		!s->all)) {
		buf_release(&line);
		return 0;
	}
	if (spec_put_name(v, &line, e) < 0 || buf_puts(&line, " = ", e) < 0)
		return -1;
	put_value(v, &line, e);
	printf("%-*s  ", SHOW_COLUMN, buf_text(&line));
	if (v->origin.file != NULL && v->origin.line > 0)
		printf("# %s:%u\n", v->origin.file, v->origin.line);
	else if (v->origin.file != NULL)
		printf("# %s\n", v->origin.file);
	else
		printf("# %s\n", v->is_given ? "command line" : "default");
	buf_release(&line);
	return e->class != ERR_NONE ? -1 : 0;
}

/* One statement for programs; what is as usual is left out. */
static void
json_statement(struct json *j, size_t index, const struct statement_text *s)
{
	json_begin_object(j, NULL);
	json_integer(j, "index", (int64_t)index);
	json_integer(j, "line", s->line);
	json_integer(j, "end_line", s->end_line);
	json_string(j, "name", s->name);
	json_exact(j, "text", s->text);
	if (s->continues)
		json_string(j, "on_error", "continue");
	if (s->repeat != 1)
		json_integer(j, "repeat", s->repeat);
	json_end(j);
}

/* One statement for people: what it is, and its text. */
static void
put_statement(size_t index, const struct statement_text *s)
{
	printf("-- %zu: lines %u-%u, %s (%s)", index, s->line, s->end_line,
	    s->word[0] != '\0' ? s->word : "-", statement_kind_name(s->kind));
	if (s->name != NULL)
		printf(", name %s", s->name);
	if (s->continues)
		printf(", on error: continue");
	if (s->repeat != 1)
		printf(", %u times", s->repeat);
	printf("\n%s;\n", s->text);
}

/* All statements as one line of JSON; no more than one is held in memory. */
static int
put_statements_json(const struct script *script, struct err *e)
{
	/* A byte can become six. */
	struct buf out = BUF_INIT(6u * SCRIPT_MAX + SHOW_MAX);
	struct script_reader *reader = script_reader_new(script);
	const struct statement_text *s;
	struct json j;
	int more;

	json_init(&j, &out);
	json_begin_array(&j, NULL);
	for (size_t i = 1; (more = script_reader_next(reader, &s, e)) > 0;
	     i++) {
		json_statement(&j, i, s);
		if (j.failed)
			break;
		(void)fputs(buf_text(&out), stdout);
		buf_reset(&out);
	}
	json_end(&j);
	if (more >= 0 && json_finish(&j, e) < 0)
		more = -1;
	if (more == 0)
		printf("%s\n", buf_text(&out));
	script_reader_free(reader);
	buf_release(&out);
	return more;
}

static int
put_statements(const struct script *script, struct err *e)
{
	struct script_reader *reader = script_reader_new(script);
	const struct statement_text *s;
	int more;

	for (size_t i = 1; (more = script_reader_next(reader, &s, e)) > 0; i++)
		put_statement(i, s);
	script_reader_free(reader);
	return more;
}

static int
show_statements(
    const struct invocation *inv, const struct plan *p, struct err *e)
{
	struct script script = SCRIPT_INIT;
	int rc = plan_split(p, NULL, &script, e);

	if (rc == 0 && p->dialect == NULL && p->sql != NULL)
		(void)fputs("odbcship: source.dialect is \"auto\": split as "
			    "ANSI SQL here, and by what the database is in a "
			    "run\n",
		    stderr);
	if (rc == 0 && invocation_has(inv, "json"))
		rc = put_statements_json(&script, e);
	else if (rc == 0)
		rc = put_statements(&script, e);
	script_release(&script);
	return rc;
}

/* A name for the table: what is no letter or digit becomes "_". */
static void
put_table(
    char *table, size_t size, const struct plan *p, const struct plan_file *f)
{
	const char *from = f->result == PLAN_RESULT_NAME ? f->result_name :
							   p->job;
	size_t n = 0;

	if (*from >= '0' && *from <= '9')
		table[n++] = 't';
	for (; *from != '\0' && n + 1 < size; from++)
		table[n++] = isalnum((unsigned char)*from) ? *from : '_';
	table[n] = '\0';
}

static int
show_loader(const char *loader, struct plan *p, struct err *e)
{
	static const char *const methods[] = { NULL, "gzip", "zstd" };
	struct buf out = BUF_INIT(SHOW_MAX);
	char table[128];
	int rc = plan_name_run(p, 0, e);

	for (size_t i = 0; rc == 0 && i < p->n_files; i++) {
		const struct plan_file *f = &p->files[i];
		const struct loader_file file = {
			.table = table,
			.name = f->name,
			.compress = methods[f->chain.compress],
			.is_encrypted = f->chain.n_recipients > 0,
			.csv = &f->csv,
		};

		put_table(table, sizeof(table), p, f);
		rc = loader_put(&out, loader, &file, e);
	}
	if (rc == 0)
		(void)fputs(buf_text(&out), stdout);
	buf_release(&out);
	return rc;
}

static int
show_plan(const struct invocation *inv, const struct spec *spec,
    struct problems *problems, struct err *e)
{
	const struct plan_options how = {
		.date = invocation_value(inv, "date"),
		.with_secrets = false,
		.with_targets = false,
		.only_split = true,
	};
	struct plan *plan = NULL;
	int rc = plan_build(&plan, spec, &how, problems, e);

	if (rc == 0)
		rc = invocation_has(inv, "loader") ?
		    show_loader(invocation_value(inv, "loader"), plan, e) :
		    show_statements(inv, plan, e);
	plan_free(plan);
	return rc;
}

static int
show_job(const struct invocation *inv, struct overlay *overlay,
    struct problems *problems, struct err *e)
{
	struct showing showing = { invocation_has(inv, "all") };
	struct spec *spec = NULL;
	int rc;

	if (inv->n_arguments != 1) {
		(void)err_set(e, ERR_USAGE, "which job?");
		return err_hint(e,
		    "'odbcship list' names the jobs; --settings "
		    "documents the settings.");
	}
	overlay->request.job = inv->arguments[0];
	rc = spec_load(&spec, &overlay->request, problems, e);
	if (rc == 0 &&
	    (invocation_has(inv, "statements") ||
		invocation_has(inv, "loader")))
		rc = show_plan(inv, spec, problems, e);
	else if (rc == 0)
		rc = spec_each(spec, put_setting, &showing, e);
	spec_free(spec);
	return rc;
}

/* The settings of one environment, a line for each. */
struct environment_lines {
	const char *name; /* borrowed */
	struct buf lines; /* path, tab, value, tab, origin */
};

static int
add_line(void *arg, const struct value *v, struct err *e)
{
	struct buf *lines = arg;

	if ((v->text == NULL && v->n_texts == 0) || !v->is_given)
		return 0;
	if (spec_put_name(v, lines, e) < 0 || buf_puts(lines, "\t", e) < 0)
		return -1;
	put_value(v, lines, e);
	if (v->origin.file != NULL)
		return buf_printf(
		    lines, e, "\t%s:%u\n", v->origin.file, v->origin.line);
	return buf_puts(lines, "\tcommand line\n", e);
}

/* What stands behind the path of a line, in an environment; or NULL. */
static const char *
find_line(const struct environment_lines *in, const char *line)
{
	size_t n = strcspn(line, "\t") + 1;
	const char *at = buf_text(&in->lines);

	while (*at != '\0') {
		if (strncmp(at, line, n) == 0)
			return at + n;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return NULL;
}

static bool
is_same_value(const char *a, const char *b)
{
	size_t n = strcspn(a, "\t");

	return b != NULL && strncmp(a, b, n + 1) == 0;
}

/* One setting, when it is not the same in all of them. */
static void
put_difference(const struct environment_lines *all, size_t n, const char *line)
{
	const char *first = find_line(&all[0], line);
	bool same = first != NULL;

	for (size_t i = 1; i < n; i++)
		same = same && is_same_value(first, find_line(&all[i], line));
	if (same)
		return;
	printf("%.*s\n", (int)strcspn(line, "\t"), line);
	for (size_t i = 0; i < n; i++) {
		const char *value = find_line(&all[i], line);
		int length = value != NULL ? (int)strcspn(value, "\t") : 0;

		if (value == NULL)
			printf("  %-8s not set\n", all[i].name);
		else
			printf("  %-8s %.*s  # %.*s\n", all[i].name, length,
			    value, (int)strcspn(value + length + 1, "\n"),
			    value + length + 1);
	}
}

static void
put_differences(const struct environment_lines *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (const char *line = buf_text(&all[i].lines); *line != '\0';
		     line += strcspn(line, "\n"), line += *line == '\n') {
			bool told = false;

			for (size_t k = 0; k < i; k++)
				told = told || find_line(&all[k], line) != NULL;
			if (!told)
				put_difference(all, n, line);
		}
}

/* --env more than once: only what is not the same in these environments. */
static int
show_environments(const struct invocation *inv, struct overlay *overlay,
    struct problems *problems, struct err *e)
{
	size_t n = 0;
	const char **names = invocation_values(inv, "env", &n, e);
	struct environment_lines *all = calloc(n + 1, sizeof(*all));
	int rc = names != NULL && all != NULL && inv->n_arguments == 1 ? 0 : -1;

	if (names != NULL && all != NULL && rc < 0)
		(void)err_set(e, ERR_USAGE, "which job?");
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct spec *spec = NULL;

		all[i].name = names[i];
		buf_init(&all[i].lines, SHOW_MAX);
		overlay->request.job = inv->arguments[0];
		overlay->request.environment = names[i];
		rc = spec_load(&spec, &overlay->request, problems, e);
		if (rc == 0)
			rc = spec_each(spec, add_line, &all[i].lines, e);
		spec_free(spec);
	}
	if (rc == 0)
		put_differences(all, n);
	for (size_t i = 0; all != NULL && i < n; i++)
		buf_release(&all[i].lines);
	free(all);
	free(names);
	return rc;
}

static int
show_settings(const struct invocation *inv, struct err *e)
{
	const char *prefix = inv->n_arguments > 0 ? inv->arguments[0] : NULL;
	struct buf out = BUF_INIT(SHOW_MAX);
	const char *near;
	int rc = settings_put_help(&out, prefix, e);

	if (rc == 0 && out.length == 0) {
		rc = err_set(e, ERR_USAGE, "there is no setting '%s'", prefix);
		near = settings_nearest(prefix);
		if (near != NULL)
			(void)err_hint(e, "Did you mean '%s'?", near);
	}
	if (rc == 0)
		(void)fputs(buf_text(&out), stdout);
	buf_release(&out);
	return rc;
}

static int
run(const struct invocation *inv)
{
	struct problems problems = PROBLEMS_INIT;
	struct overlay overlay;
	struct err e = ERR_INIT;
	int rc = overlay_take(&overlay, inv, &e);

	if (rc == 0 && invocation_has(inv, "settings"))
		rc = show_settings(inv, &e);
	else if (rc == 0 && invocation_count(inv, "env") > 1)
		rc = show_environments(inv, &overlay, &problems, &e);
	else if (rc == 0)
		rc = show_job(inv, &overlay, &problems, &e);
	terminal_problems(&problems);
	if (rc < 0 && problems.errors == 0)
		terminal_error(NULL, &e);
	problems_release(&problems);
	overlay_release(&overlay);
	return rc < 0 ? err_exit_status(&e) : 0;
}

const struct command command_show = {
	.name = "show",
	.summary = "Show a job's effective settings and where each comes "
		   "from.",
	.usage = "[options] JOB | --settings [PREFIX]",
	.example = "odbcship show daily-orders --env prod",
	.options = option_rows,
	.run = run,
};
