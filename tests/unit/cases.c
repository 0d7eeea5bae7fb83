/*
 * cases.c - read cases from text files
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"

static char *
read_all(const char *name)
{
	const char *dir = getenv("SRCDIR");
	char path[4096];
	char *text = NULL;
	size_t n = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/cases/%s",
	    dir != NULL ? dir : ".", name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("cannot open %s", path);
	if (getdelim(&text, &n, '\0', f) < 0)
		fail_msg("%s is empty", path);
	(void)fclose(f);
	return text;
}

static int
hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* %<hh> is a byte. */
static size_t
unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0';)
		if (at[0] == '%' && at[1] == '<' && hex(at[2]) >= 0 &&
		    hex(at[3]) >= 0 && at[4] == '>') {
			*to++ = (char)(hex(at[2]) * 16 + hex(at[3]));
			at += 5;
		} else
			*to++ = *at++;
	*to = '\0';
	return (size_t)(to - text);
}

static void
begin_part(struct test_case *c, char *line)
{
	struct case_part *part = &c->parts[c->n_parts++];
	char *blank = strchr(line, ' ');

	assert_true(c->n_parts <= CASE_PARTS);
	part->head = strdup(blank != NULL ? blank + 1 : "");
	part->name = strndup(
	    line, blank != NULL ? (size_t)(blank - line) : strlen(line));
	part->text = strdup("");
}

static void
append_line(struct case_part *part, const char *line)
{
	size_t n = strlen(part->text), more = strlen(line);

	part->text = realloc(part->text, n + more + 2);
	assert_non_null(part->text);
	memcpy(part->text + n, line, more);
	memcpy(part->text + n + more, "\n", 2);
}

struct test_case *
cases_load(const char *name, size_t *n)
{
	struct test_case *cases = NULL;
	char *text = read_all(name), *at = text, *line;

	*n = 0;
	while ((line = strsep(&at, "\n")) != NULL) {
		if (at == NULL && *line == '\0')
			break;
		if (strncmp(line, "=== ", 4) == 0) {
			cases = realloc(cases, (*n + 1) * sizeof(*cases));
			assert_non_null(cases);
			memset(&cases[*n], 0, sizeof(*cases));
			cases[(*n)++].title = strdup(line + 4);
		} else if (*n > 0 && strncmp(line, "--- ", 4) == 0)
			begin_part(&cases[*n - 1], line + 4);
		else if (*n > 0 && cases[*n - 1].n_parts > 0)
			append_line(
			    &cases[*n - 1].parts[cases[*n - 1].n_parts - 1],
			    line);
	}
	free(text);
	assert_true(*n > 0);
	for (size_t i = 0; i < *n; i++)
		for (size_t k = 0; k < cases[i].n_parts; k++)
			cases[i].parts[k].length = unescape(
			    cases[i].parts[k].text);
	return cases;
}

const struct case_part *
case_part(const struct test_case *c, const char *name)
{
	for (size_t i = 0; i < c->n_parts; i++)
		if (strcmp(c->parts[i].name, name) == 0)
			return &c->parts[i];
	return NULL;
}

const char *
case_head(const struct test_case *c, const char *name, const char *fallback)
{
	const struct case_part *part = case_part(c, name);

	return part != NULL ? part->head : fallback;
}

void
cases_free(struct test_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(cases[i].title);
		for (size_t k = 0; k < cases[i].n_parts; k++) {
			free(cases[i].parts[k].name);
			free(cases[i].parts[k].head);
			free(cases[i].parts[k].text);
		}
	}
	free(cases);
}
