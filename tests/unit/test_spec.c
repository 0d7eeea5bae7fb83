/*
 * test_spec.c - loading job specs, by cases in tests/cases/spec
 *
 * A case file holds cases that begin with "=== title"; README there says
 * what its parts mean. Files are made in a directory of their own, loaded,
 * and every problem and the listed values are compared.
 */
#include <dirent.h>
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

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "spec/spec.h"

enum { CASE_BYTES = 1024 * 1024, CASES_MAX = 512, WORDS_MAX = 32 };

/* One case. */
struct test_case {
	char *title;
	char *text;   /* behind the title */
	char dir[64]; /* its files */
};

/* A load line, taken apart. */
struct command {
	struct spec_request request;
	char *sets[WORDS_MAX];
	char *params[WORDS_MAX];
	char *variables[WORDS_MAX];
	size_t n_variables;
	char main_file[128];
	char job[256];
};

static struct test_case cases[CASES_MAX];
static size_t n_cases;

static const char *
source_dir(void)
{
	const char *dir = getenv("SRCDIR");

	return dir != NULL ? dir : ".";
}

/* The next line of *at, cut off; NULL at the end. */
static char *
next_line(char **at)
{
	char *line = *at;
	char *end;

	if (line == NULL || *line == '\0')
		return NULL;
	end = strchr(line, '\n');
	if (end != NULL)
		*end = '\0';
	*at = end != NULL ? end + 1 : NULL;
	return line;
}

/* The text of a part ("--- name ..."), as a copy, or NULL; *head its line. */
static char *
find_part(const char *text, const char *name, size_t skip, char **head)
{
	char start[64];
	const char *at = text;
	const char *end;

	(void)snprintf(start, sizeof(start), "--- %s", name);
	while ((at = strstr(at, start)) != NULL) {
		if ((at == text || at[-1] == '\n') && skip-- == 0)
			break;
		at++;
	}
	if (at == NULL)
		return NULL;
	end = strchr(at, '\n');
	assert_non_null(end);
	if (head != NULL)
		*head = strndup(
		    at + strlen(start), (size_t)(end - at) - strlen(start));
	at = end + 1;
	if (strncmp(at, "---", 3) == 0)
		return strdup("");
	end = strstr(at, "\n---");
	return end != NULL ? strndup(at, (size_t)(end + 1 - at)) : strdup(at);
}

/* "%00" and its kind stand for bytes that a text file should not hold. */
static size_t
unescape(char *text)
{
	char *to = text;
	unsigned byte;

	for (const char *at = text; *at != '\0';)
		if (sscanf(at, "%%<%2x>", &byte) == 1) {
			*to++ = (char)byte;
			at += 5;
		} else
			*to++ = *at++;
	*to = '\0';
	return (size_t)(to - text);
}

static void
write_file(const struct test_case *c, const char *head, char *text)
{
	char name[128], path[256];
	unsigned mode = 0644;
	struct err e = ERR_INIT;
	size_t n;
	char *dir;
	FILE *f;

	assert_true(sscanf(head, " %127s %o", name, &mode) >= 1);
	(void)snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	dir = file_dir(path, &e);
	assert_non_null(dir);
	assert_int_equal(file_make_dirs(dir, 0755, &e), 0);
	free(dir);
	n = unescape(text);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Those of the case, and an empty main file when it has none. */
static void
write_files(const struct test_case *c)
{
	char head_main[] = " odbcship.cfg", empty[] = "";
	char *head = NULL;
	char *text;

	write_file(c, head_main, empty);

	for (size_t i = 0;
	     (text = find_part(c->text, "file", i, &head)) != NULL; i++) {
		write_file(c, head, text);
		free(text);
		free(head);
	}
}

/* "daily --env prod --set a=b $NAME=value": blanks in values as %<20>. */
static void
take_command(const struct test_case *c, char *line, struct command *command)
{
	struct spec_request *r = &command->request;
	char *save = NULL;
	const char *option = NULL;

	memset(command, 0, sizeof(*command));
	(void)snprintf(command->main_file, sizeof(command->main_file),
	    "%s/odbcship.cfg", c->dir);
	r->main_file = command->main_file;
	r->sets = (const char *const *)command->sets;
	r->params = (const char *const *)command->params;
	for (char *word = strtok_r(line, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		(void)unescape(word);
		if (option == NULL && strncmp(word, "--", 2) == 0) {
			option = word;
			continue;
		}
		if (option == NULL && word[0] == '$')
			command->variables[command->n_variables++] = word + 1;
		else if (option == NULL && strncmp(word, "DIR/", 4) == 0) {
			(void)snprintf(command->job, sizeof(command->job),
			    "%s/%s", c->dir, word + 4);
			r->job = command->job;
		} else if (option == NULL)
			r->job = word;
		else if (strcmp(option, "--config") == 0)
			(void)snprintf(command->main_file,
			    sizeof(command->main_file), "%s/%s", c->dir, word);
		else if (strcmp(option, "--env") == 0)
			r->environment = word;
		else if (strcmp(option, "--dsn") == 0)
			r->dsn = word;
		else if (strcmp(option, "--set") == 0)
			command->sets[r->n_sets++] = word;
		else if (strcmp(option, "--param") == 0)
			command->params[r->n_params++] = word;
		else
			fail_msg("what is %s?", option);
		option = NULL;
	}
	for (size_t i = 0; i < command->n_variables; i++)
		assert_int_equal(putenv(command->variables[i]), 0);
}

static void
forget_variables(const struct command *command)
{
	for (size_t i = 0; i < command->n_variables; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "%.*s",
		    (int)strcspn(command->variables[i], "="),
		    command->variables[i]);
		(void)unsetenv(name);
	}
}

/* A problem as the cases write it: without the directory of the test. */
static void
show_problem(
    const struct test_case *c, const struct problem *p, char *text, size_t size)
{
	size_t n = strlen(c->dir);
	char put[4096];

	problem_put(p, put, sizeof(put));
	if (p->file == NULL)
		(void)snprintf(text, size, "-: %s", put);
	else
		(void)snprintf(text, size, "%s",
		    strncmp(put, c->dir, n) == 0 ? put + n + 1 : put);
}

/* "PATH:LINE: fragment": the place exactly, then a part of the text. */
static void
check_problem(const char *want, const char *got)
{
	const char *fragment = strstr(want, ": ");
	size_t n;

	assert_non_null(fragment);
	n = (size_t)(fragment - want) + 2;
	if (strncmp(want, got, n) != 0 || strstr(got, want + n) == NULL)
		fail_msg("\n  want %s\n  got  %s", want, got);
}

static void
check_problems(const struct test_case *c, const struct problems *problems)
{
	char *text = find_part(c->text, "problems", 0, NULL);
	char got[8192] = "";
	char *at = text;
	size_t i = 0;
	char *line;

	while ((line = next_line(&at)) != NULL) {
		if (*line == '\0' || *line == '#')
			continue;
		if (strncmp(line, "  hint: ", 8) == 0) {
			const char *hint = problems->items[i - 1].error.hint;

			if (strstr(hint, line + 8) == NULL)
				fail_msg("\n  want hint %s\n  got  %s",
				    line + 8, hint);
			continue;
		}
		if (i >= problems->n)
			fail_msg("\n  want %s\n  got  nothing", line);
		show_problem(c, &problems->items[i++], got, sizeof(got));
		check_problem(line, got);
	}
	if (i < problems->n) {
		show_problem(c, &problems->items[i], got, sizeof(got));
		fail_msg("\n  want nothing more\n  got  %s", got);
	}
	free(text);
}

static void
show_value(const struct value *v, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	if (v->secret != NULL)
		used = (size_t)snprintf(text, size, "%s:", v->secret);
	if (v->type != NULL)
		used = (size_t)snprintf(text, size, "%s:", v->type);
	if (v->text != NULL)
		(void)snprintf(text + used, size - used, "%s", v->text);
	for (size_t i = 0; i < v->n_texts; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
		    i > 0 ? "|" : "", v->texts[i]);
	if (v->text == NULL && v->n_texts == 0 && v->secret == NULL)
		(void)snprintf(text, size, "(unset)");
}

static void
show_origin(
    const struct test_case *c, const struct value *v, char *text, size_t size)
{
	if (v->origin.file != NULL)
		(void)snprintf(text, size, "%s:%u",
		    v->origin.file + strlen(c->dir) + 1, v->origin.line);
	else
		(void)snprintf(
		    text, size, "%s", v->is_given ? "command line" : "default");
}

/* What a case's "path = value @ origin" lines are looked up in. */
struct lookup {
	const struct test_case *c;
	const char *want; /* the line */
	bool found;
};

static int
compare_value(void *arg, const struct value *v, struct err *e)
{
	struct lookup *l = arg;
	struct buf path = BUF_INIT(256);
	char text[512], origin[256], line[2048];
	size_t n;

	assert_int_equal(spec_put_name(v, &path, e), 0);
	n = path.length;
	if (strncmp(l->want, buf_text(&path), n) != 0 || l->want[n] != ' ') {
		buf_release(&path);
		return 0;
	}
	l->found = true;
	show_value(v, text, sizeof(text));
	show_origin(l->c, v, origin, sizeof(origin));
	(void)snprintf(
	    line, sizeof(line), "%s = %s @ %s", buf_text(&path), text, origin);
	buf_release(&path);
	assert_string_equal(line, l->want);
	return 0;
}

static void
check_number(const struct spec *s, const char *line)
{
	char what[16], path[128];
	long long want;

	assert_int_equal(sscanf(line, "%15s %127s %lld", what, path, &want), 3);
	if (strcmp(what, "count") == 0)
		assert_int_equal(spec_count(s, path), want);
	else
		assert_int_equal(spec_number(s, path), want);
}

static void
check_values(const struct test_case *c, const struct spec *s)
{
	char *text = find_part(c->text, "values", 0, NULL);
	char *at = text;
	char *line;

	while ((line = next_line(&at)) != NULL) {
		struct lookup l = { c, line, false };
		struct err e = ERR_INIT;

		if (*line == '\0' || *line == '#')
			continue;
		if (strncmp(line, "job ", 4) == 0)
			assert_string_equal(spec_job(s), line + 4);
		else if (strncmp(line, "env ", 4) == 0)
			assert_string_equal(spec_environment(s), line + 4);
		else if (strncmp(line, "count ", 6) == 0 ||
		    strncmp(line, "number ", 7) == 0)
			check_number(s, line);
		else {
			assert_int_equal(
			    spec_each(s, compare_value, &l, &e), 0);
			if (!l.found)
				fail_msg("nothing is called %s", line);
		}
	}
	free(text);
}

static void
run_case(void **state)
{
	struct test_case *c = *state;
	struct problems problems = PROBLEMS_INIT;
	struct command command;
	struct spec *spec = NULL;
	struct err e = ERR_INIT;
	char *line = NULL;
	char *rest;
	int rc;

	(void)snprintf(c->dir, sizeof(c->dir), "/tmp/test_spec.XXXXXX");
	assert_non_null(mkdtemp(c->dir));
	write_files(c);
	rest = find_part(c->text, "load", 0, &line);
	assert_non_null(rest);
	free(rest);
	take_command(c, line, &command);
	rc = spec_load(&spec, &command.request, &problems, &e);
	forget_variables(&command);
	check_problems(c, &problems);
	assert_int_equal(rc, problems.errors > 0 ? -1 : 0);
	if (rc < 0)
		assert_string_equal(e.text, problems.items[0].error.text);
	if (spec != NULL)
		check_values(c, spec);
	else
		assert_null(find_part(c->text, "values", 0, NULL));
	spec_free(spec);
	problems_release(&problems);
	free(line);
	assert_int_equal(file_remove_tree(c->dir, &e), 0);
}

/* The cases of one file. */
static void
add_cases(const char *path)
{
	struct buf b = BUF_INIT(CASE_BYTES);
	struct err e = ERR_INIT;
	char *at;

	if (file_read(&b, path, FILE_ANY, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	at = strstr(b.data, "=== ");
	while (at != NULL && n_cases < CASES_MAX) {
		char *title = at + 4;
		char *text = strchr(title, '\n');
		char *next = text != NULL ? strstr(text, "\n=== ") : NULL;

		if (text == NULL)
			break;
		cases[n_cases].title = strndup(title, (size_t)(text - title));
		cases[n_cases].text = next != NULL ?
		    strndup(text + 1, (size_t)(next - text)) :
		    strdup(text + 1);
		n_cases++;
		at = next != NULL ? next + 1 : NULL;
	}
	buf_release(&b);
}

static int
is_case_file(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 6 && strcmp(entry->d_name + n - 6, ".cases") == 0;
}

static void
find_cases(void)
{
	char dir[512], path[1024];
	struct dirent **entries = NULL;
	int n;

	(void)snprintf(dir, sizeof(dir), "%s/tests/cases/spec", source_dir());
	n = scandir(dir, &entries, is_case_file, alphasort);
	for (int i = 0; i < n; i++) {
		(void)snprintf(
		    path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		add_cases(path);
		free(entries[i]);
	}
	free(entries);
}

int
main(void)
{
	struct CMUnitTest *tests;
	int failed;

	(void)umask(022);
	(void)unsetenv("ODBCSHIP_ENV");
	(void)unsetenv("ODBCSHIP_CONFIG");
	find_cases();
	if (n_cases == 0) {
		(void)fprintf(stderr, "no cases below %s\n", source_dir());
		return 1;
	}
	tests = calloc(n_cases, sizeof(*tests));
	if (tests == NULL)
		return 1;
	for (size_t i = 0; i < n_cases; i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].title,
			.test_func = run_case,
			.initial_state = &cases[i] };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = _cmocka_run_group_tests("spec", tests, n_cases, NULL, NULL);
	for (size_t i = 0; i < n_cases; i++) {
		free(cases[i].title);
		free(cases[i].text);
	}
	free(tests);
	return failed;
}
