/*
 * test_settings.c - the table of settings, its help and its manual page
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "spec/spec.h"
#include "sql/dialect.h"

enum { TEXT_BYTES = 1024 * 1024 };

static char dir[64];

static const char *
source_dir(void)
{
	const char *from = getenv("SRCDIR");

	return from != NULL ? from : ".";
}

static bool
is_structural(const struct setting *row)
{
	return row->type == SETTING_GROUP || row->type == SETTING_LIST;
}

static void
test_rows(void **state)
{
	const struct setting *rows;
	size_t n;

	(void)state;
	rows = settings_all(&n);
	assert_true(n > 30);
	for (size_t i = 0; i < n; i++) {
		const char *dot = strrchr(rows[i].path, '.');
		char parent[128];

		/* The first row of a path is this one: no two are alike. */
		assert_ptr_equal(settings_find(rows[i].path), &rows[i]);
		assert_non_null(rows[i].help);
		assert_int_equal(rows[i].help[strlen(rows[i].help) - 1], '.');
		assert_int_equal(
		    rows[i].example == NULL, is_structural(&rows[i]));
		assert_int_equal(
		    rows[i].choices != NULL, rows[i].type == SETTING_CHOICE);
		assert_true(rows[i].max == 0 || rows[i].max >= rows[i].min);
		if (dot == NULL)
			continue;
		(void)snprintf(parent, sizeof(parent), "%.*s",
		    (int)(dot - rows[i].path), rows[i].path);
		assert_non_null(settings_find(parent));
		assert_true(settings_find(parent) < &rows[i]);
	}
	assert_null(settings_find("source.dns"));
	assert_null(settings_find(""));
	assert_null(settings_find("environments"));
}

static int
count_default(void *arg, const struct value *v, struct err *e)
{
	size_t *n = arg;

	(void)e;
	if (v->is_given)
		return 0;
	assert_null(v->origin.file);
	if (v->setting->fallback == NULL) {
		assert_null(v->text);
		return 0;
	}
	/* A default that its own row refuses would be unset. */
	assert_non_null(v->text);
	assert_string_equal(v->text, v->setting->fallback);
	(*n)++;
	return 0;
}

static void
write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static struct spec *
load(const char *path, const char *text)
{
	const struct spec_request request = { .job = path,
		.environment = NULL };
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	struct err e = ERR_INIT;

	write_text(path, text);
	if (spec_load(&spec, &request, &problems, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	problems_release(&problems);
	return spec;
}

static void
test_defaults(void **state)
{
	const struct setting *rows;
	struct err e = ERR_INIT;
	size_t n, wanted = 0, seen = 0;
	struct spec *spec;
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/a.cfg", dir);
	spec = load(path,
	    "source: { dsn = \"x\"; sql = \"x\"; };\n"
	    "file: { name = \"x\"; };\n"
	    "targets = ( { name = \"t\"; url = \"file:///x/\"; } );\n"
	    "gates = ( { name = \"g\"; sql = \"x\"; } );\n"
	    "checks: { sql = ( { name = \"c\"; sql = \"x\"; } ); };\n"
	    "notify = ( { command = ( \"true\" ); } );\n");
	rows = settings_all(&n);
	for (size_t i = 0; i < n; i++)
		wanted += rows[i].fallback != NULL &&
		    (rows[i].flags & SETTING_COPY) == 0;
	/* One member of each list, so each row stands for one value. */
	assert_int_equal(spec_each(spec, count_default, &seen, &e), 0);
	assert_int_equal(seen, wanted);
	assert_string_equal(spec_text(spec, "source.login_timeout"), "30s");
	assert_null(spec_text(spec, "owner"));
	assert_null(spec_text(spec, "no.such.setting"));
	assert_int_equal(spec_number(spec, "no.such.setting"), 0);
	assert_int_equal(spec_count(spec, "no.such.setting"), 0);
	assert_null(spec_value(spec, "no.such.setting"));
	assert_non_null(spec_member(spec, "targets.url", 0));
	assert_null(spec_member(spec, "targets.url", 1));
	assert_null(spec_member(spec, "source.params", 0));
	spec_free(spec);
}

static bool
is_below(const struct setting *row, const char *group)
{
	size_t n = strlen(group);

	return strncmp(row->path, group, n) == 0 && row->path[n] == '.';
}

/* What surrounds an example that is not in source, file or targets itself. */
static void
put_group(char *text, size_t size, const struct setting *row)
{
	const char *leaf = strrchr(row->path, '.');
	bool is_gate = is_below(row, "gates");
	const char *name = "name = \"g\";", *sql = "sql = \"x\";";

	if (leaf != NULL && strcmp(leaf, ".name") == 0)
		name = "";
	if (leaf != NULL && strcmp(leaf, ".sql") == 0)
		sql = "";
	text[0] = '\0';
	if (is_gate || is_below(row, "checks.sql"))
		(void)snprintf(text, size, "%s = ( { %s %s %s } )%s;\n",
		    is_gate ? "gates" : "checks: { sql", name, sql,
		    row->example, is_gate ? "" : "; }");
	else if (is_below(row, "checks"))
		(void)snprintf(text, size, "checks: { %s };\n", row->example);
}

/* "a.b.c" as a = { b = { example }; }; with ( ) around members of lists. */
static void
put_nested(char *text, size_t size, const struct setting *row)
{
	char path[128], head[256] = "", tail[64] = "";
	const char *at = row->path;

	for (const char *dot; (dot = strchr(at, '.')) != NULL; at = dot + 1) {
		char before[sizeof(tail)];
		bool is_list;

		(void)snprintf(path, sizeof(path), "%.*s",
		    (int)(dot - row->path), row->path);
		is_list = settings_find(path)->type == SETTING_LIST;
		(void)snprintf(head + strlen(head), sizeof(head) - strlen(head),
		    "%.*s = %s", (int)(dot - at), at, is_list ? "( { " : "{ ");
		(void)snprintf(before, sizeof(before), "%s", tail);
		(void)snprintf(tail, sizeof(tail), "%s%.40s",
		    is_list ? "} );" : "};", before);
	}
	(void)snprintf(text, size, "%s%s%s", head, row->example, tail);
}

/* A spec that holds the example of one row, where it belongs. */
static void
put_example(char *text, size_t size, const struct setting *row)
{
	const char *source = "dsn = \"x\"; sql = \"x\";";
	const char *file = "name = \"x\";";
	const char *target = "name = \"t\"; url = \"file:///x/\";";
	char own[512] = "", top[512] = "";
	bool is_target = strncmp(row->path, "targets.", 8) == 0;
	bool is_files = strncmp(row->path, "files.", 6) == 0;

	if (is_below(row, "gates") || is_below(row, "checks"))
		put_group(top, sizeof(top), row);
	else if (is_below(row, "notify") || is_below(row, "metrics") ||
	    is_below(row, "schedule"))
		put_nested(top, sizeof(top), row);
	else
		(void)snprintf(strchr(row->path, '.') != NULL ? own : top,
		    sizeof(own),
		    is_below(row, "source.watermark") ? "watermark = { %s };" :
							"%s",
		    row->example);
	if (strcmp(row->path, "source.dsn") == 0 ||
	    strcmp(row->path, "source.connection") == 0)
		source = "sql = \"x\";";
	else if (strcmp(row->path, "source.sql_file") == 0 ||
	    strcmp(row->path, "source.sql") == 0 ||
	    strcmp(row->path, "source.statements") == 0)
		source = "dsn = \"x\";";
	else if (strcmp(row->path, "file.name") == 0)
		file = "";
	else if (strcmp(row->path, "targets.name") == 0)
		target = "url = \"file:///x/\";";
	else if (strcmp(row->path, "targets.url") == 0)
		target = "name = \"t\";";
	(void)snprintf(text, size,
	    "%s\nsource: { %s %s };\n%s { %s %s }%s;\n"
	    "targets = ( { %s %s } );\nlimits: { %s };\n",
	    top, source, strncmp(row->path, "source.", 7) == 0 ? own : "",
	    is_files ? "files = (" : "file:", file,
	    is_files || strncmp(row->path, "file.", 5) == 0 ? own : "",
	    is_files ? ")" : "", target, is_target ? own : "",
	    strncmp(row->path, "limits.", 7) == 0 ? own : "");
}

/* Every example is a line that can be written, and sets what it shows. */
static void
test_examples(void **state)
{
	const struct setting *rows;
	size_t n;

	(void)state;
	rows = settings_all(&n);
	for (size_t i = 0; i < n; i++) {
		char path[128], text[4096];
		const struct value *v;
		struct spec *spec;

		if (is_structural(&rows[i]) ||
		    (rows[i].flags & (SETTING_MAIN | SETTING_COPY)) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/b.cfg", dir);
		put_example(text, sizeof(text), &rows[i]);
		spec = load(path, text);
		v = spec_member(spec, rows[i].path, 0);
		if (v == NULL)
			v = spec_value(spec, rows[i].path);
		if (v == NULL || !v->is_given)
			fail_msg("%s is not set by its example", rows[i].path);
		/* An example of a default shows nothing. */
		assert_true(rows[i].fallback == NULL || v->text == NULL ||
		    strcmp(rows[i].fallback, v->text) != 0);
		spec_free(spec);
	}
}

static void
test_nearest(void **state)
{
	static const struct {
		const char *wrong;
		const char *right; /* NULL: nothing is near */
	} cases[] = {
		{ "source.dns", "source.dsn" },
		{ "source.DSN", "source.dsn" },
		{ "sorce.dsn", "source.dsn" },
		{ "target.url", "targets.url" },
		{ "targets.passwort", "targets.password" },
		{ "dsn", "source.dsn" },
		{ "stall_timeout", "targets.stall_timeout" },
		{ "discription", "description" },
		{ "limit", "limits" },
		{ "source.xyzzy", NULL },
		{ "xyzzy", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *near = settings_nearest(cases[i].wrong);

		if (cases[i].right == NULL && near != NULL)
			fail_msg("'%s' is near '%s'", near, cases[i].wrong);
		if (cases[i].right != NULL) {
			assert_non_null(near);
			assert_string_equal(near, cases[i].right);
		}
	}
}

/* Lines that are not indented: one for each setting. */
static size_t
count_heads(const char *text)
{
	size_t n = 0;

	while (text != NULL && *text != '\0') {
		n += *text != ' ' && *text != '\n';
		text = strchr(text, '\n');
		text = text != NULL ? text + 1 : NULL;
	}
	return n;
}

static void
test_help(void **state)
{
	struct buf all = BUF_INIT(TEXT_BYTES);
	struct buf some = BUF_INIT(TEXT_BYTES);
	const struct setting *rows;
	struct err e = ERR_INIT;
	size_t n, copies = 0;

	(void)state;
	rows = settings_all(&n);
	assert_int_equal(settings_put_help(&all, NULL, &e), 0);
	for (size_t i = 0; i < n; i++) {
		char head[128];

		copies += (rows[i].flags & SETTING_COPY) != 0;
		if ((rows[i].flags & SETTING_COPY) != 0)
			continue;
		(void)snprintf(head, sizeof(head), "%s: ", rows[i].path);
		assert_non_null(strstr(buf_text(&all), head));
		if (rows[i].example != NULL)
			assert_non_null(
			    strstr(buf_text(&all), rows[i].example));
	}
	assert_true(copies > 20);
	assert_int_equal(count_heads(buf_text(&all)), n - copies);
	/* Who asks for a member of files is told of it. */
	assert_int_equal(settings_put_help(&some, "files.header", &e), 0);
	assert_int_equal(count_heads(buf_text(&some)), 1);
	buf_reset(&some);
	assert_int_equal(settings_put_help(&some, "file.newline", &e), 0);
	assert_string_equal(buf_text(&some),
	    "file.newline: one of crlf, lf; default crlf\n"
	    "    What ends a record: crlf, as RFC 4180 has it, or lf.\n"
	    "        newline = \"lf\";\n");
	buf_reset(&some);
	assert_int_equal(settings_put_help(&some, "limits", &e), 0);
	assert_int_equal(count_heads(buf_text(&some)), 6);
	buf_reset(&some);
	assert_int_equal(settings_put_help(&some, "limit", &e), 0);
	assert_int_equal(some.length, 0);
	buf_release(&some);
	buf_release(&all);
}

static void
test_help_fits_a_terminal(void **state)
{
	struct buf all = BUF_INIT(TEXT_BYTES);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(settings_put_help(&all, NULL, &e), 0);
	/* Texts have an indent of 4; examples, of 8, stay as they are. */
	for (const char *at = buf_text(&all);
	     (at = strstr(at, "\n    ")) != NULL; at++)
		if (at[5] != ' ')
			assert_true(strcspn(at + 1, "\n") <= 79);
	buf_release(&all);
}

/* odbcship.cfg(5) has an item for each setting, with its default. */
static void
test_manual(void **state)
{
	struct buf page = BUF_INIT(TEXT_BYTES);
	struct err e = ERR_INIT;
	const struct setting *rows;
	char path[512];
	size_t n;

	(void)state;
	(void)snprintf(
	    path, sizeof(path), "%s/doc/odbcship.cfg.5", source_dir());
	if (file_read(&page, path, FILE_ANY, &e) < 0)
		fail_msg("%s", e.text);
	rows = settings_all(&n);
	for (size_t i = 0; i < n; i++) {
		char item[256], fallback[256];
		const char *at, *end;

		if (is_structural(&rows[i]) ||
		    (rows[i].flags & SETTING_COPY) != 0)
			continue;
		(void)snprintf(item, sizeof(item), "\n.It Ic %s", rows[i].path);
		at = strstr(buf_text(&page), item);
		while (at != NULL && at[strlen(item)] != '\n' &&
		    at[strlen(item)] != ' ')
			at = strstr(at + 1, item);
		if (at == NULL)
			fail_msg("%s is not in %s", rows[i].path, path);
		end = strstr(at + 1, "\n.It ");
		(void)snprintf(fallback, sizeof(fallback),
		    "The default is\n.Li %s",
		    rows[i].fallback != NULL ? rows[i].fallback : "");
		/* A comma would be taken for punctuation. */
		if (strcmp(fallback, "The default is\n.Li ,") == 0)
			(void)snprintf(fallback, sizeof(fallback),
			    "The default is\n.Li \\&,");
		at = strstr(at, "The default is");
		if (rows[i].fallback == NULL) {
			assert_true(at == NULL || end == NULL || at > end);
			continue;
		}
		if (at == NULL || (end != NULL && at > end) ||
		    strncmp(at, fallback, strlen(fallback)) != 0)
			fail_msg("the default of %s is not in %s", rows[i].path,
			    path);
	}
	buf_release(&page);
}

static void
copy_sample(const char *from, const char *to)
{
	struct buf b = BUF_INIT(TEXT_BYTES);
	struct err e = ERR_INIT;
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/etc/%s", source_dir(), from);
	if (file_read(&b, path, FILE_ANY, &e) < 0)
		fail_msg("%s", e.text);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, to);
	write_text(path, buf_text(&b));
	buf_release(&b);
}

/* The files in etc can be used as they are, in each of their environments. */
static void
test_samples(void **state)
{
	static const char *const environments[] = { "dev", "prod" };
	char main_file[128], jobs[128];

	(void)state;
	(void)snprintf(main_file, sizeof(main_file), "%s/odbcship.cfg", dir);
	(void)snprintf(jobs, sizeof(jobs), "%s/jobs.d", dir);
	assert_int_equal(mkdir(jobs, 0755), 0);
	copy_sample("odbcship.cfg", "odbcship.cfg");
	copy_sample("jobs.d/example.cfg.sample", "jobs.d/example.cfg");
	for (size_t i = 0; i < 2; i++) {
		const struct spec_request request = { .main_file = main_file,
			.job = "example",
			.environment = environments[i] };
		struct problems problems = PROBLEMS_INIT;
		struct spec *spec = NULL;
		struct err e = ERR_INIT;

		if (spec_load(&spec, &request, &problems, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(problems.n, 0);
		assert_true(spec_count(spec, "targets") > 0);
		spec_free(spec);
		problems_release(&problems);
	}
}

/* The example of the manual page is a whole job. */
static void
test_manual_example(void **state)
{
	struct buf page = BUF_INIT(TEXT_BYTES);
	struct err e = ERR_INIT;
	char path[512];
	char *at, *end;

	(void)state;
	(void)snprintf(
	    path, sizeof(path), "%s/doc/odbcship.cfg.5", source_dir());
	if (file_read(&page, path, FILE_ANY, &e) < 0)
		fail_msg("%s", e.text);
	at = strstr(page.data, "\n.Sh EXAMPLES");
	assert_non_null(at);
	at = strstr(at, "\n.Bd ");
	assert_non_null(at);
	at = strchr(at + 1, '\n');
	end = strstr(at, "\n.Ed");
	assert_non_null(end);
	*end = '\0';
	(void)snprintf(path, sizeof(path), "%s/manual.cfg", dir);
	spec_free(load(path, at));
	buf_release(&page);
}

static void
test_dialects(void **state)
{
	const struct setting *row = settings_find("source.dialect");
	const char *const *names;
	size_t n;

	(void)state;
	names = dialect_names(&n);
	assert_string_equal(row->choices[0], "auto");
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t j = 1; row->choices[j] != NULL; j++)
			found = found || strcmp(row->choices[j], names[i]) == 0;
		if (!found)
			fail_msg("no choice '%s'", names[i]);
	}
	for (size_t j = 1; row->choices[j] != NULL; j++)
		assert_non_null(dialect_by_name(row->choices[j]));
}

static int
set_up(void **state)
{
	(void)state;
	(void)umask(022);
	(void)unsetenv("ODBCSHIP_ENV");
	(void)unsetenv("ODBCSHIP_CONFIG");
	(void)snprintf(dir, sizeof(dir), "/tmp/test_settings.XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return file_remove_tree(dir, &e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_help_fits_a_terminal),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_manual_example),
		cmocka_unit_test(test_dialects),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(
	    "settings", tests, set_up, tear_down);
}
