/*
 * profile.c - what a job's result looks like in one environment
 *
 * The rows go through a file in a directory of their own, which is gone when
 * they were looked at. What is different between two of them is cli's to say
 * (cmd_compare.c).
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "job/export.h"
#include "job/profile.h"
#include "job/watermark.h"

enum { FIELD_MAX_BYTES = 64 * 1024 * 1024, NAME_BYTES = 128, TEMPORARY = 64 };

/* A file of CSV being read: RFC 4180 as csv/csv.h writes it by default. */
struct reader {
	FILE *file;
	struct buf field;
	bool was_quoted;
	int after; /* what ended the field: ',', '\n', EOF */
};

static int
next_field(struct reader *r, struct err *e)
{
	int c = getc_unlocked(r->file);
	char byte;

	buf_reset(&r->field);
	r->was_quoted = c == '"';
	if (r->was_quoted)
		c = getc_unlocked(r->file);
	for (;; c = getc_unlocked(r->file)) {
		if (r->was_quoted && c == '"') {
			c = getc_unlocked(r->file);
			if (c != '"') {
				r->was_quoted = true;
				break;
			}
		} else if (c == EOF ||
		    ((c == ',' || c == '\r') && !r->was_quoted))
			break;
		byte = (char)c;
		if (buf_put(&r->field, &byte, 1, e) < 0)
			return -1;
	}
	if (c == '\r')
		c = getc_unlocked(r->file);
	r->after = c;
	return 0;
}

/*
 * "9" for a digit, "a" for letters. Runs of digits are one, but where their
 * lengths tell dates and times apart.
 */
static void
put_form(char form[PROFILE_FORM], const char *text, size_t length)
{
	unsigned marks = 0;
	size_t n = 0, run = 0;

	for (size_t i = 0; i < length; i++)
		marks += strchr("-/.:", text[i]) != NULL && text[i] != '\0';
	for (size_t i = 0; i < length && n + 1 < PROFILE_FORM; i++) {
		unsigned char c = (unsigned char)text[i];

		if (isdigit(c)) {
			run++;
			if (run == 1 || (marks >= 2 && run <= 4))
				form[n++] = '9';
			continue;
		}
		run = 0;
		if (isalpha(c) || c >= 0x80) {
			if (n == 0 || form[n - 1] != 'a')
				form[n++] = 'a';
		} else if (n == 0 || c != ' ' || form[n - 1] != ' ')
			form[n++] = c < 0x20 ? '?' : (char)c;
	}
	form[n] = '\0';
}

static void
look_at(struct profile_column *c, const struct reader *r)
{
	const char *text = buf_text(&r->field);
	size_t n = r->field.length;
	char form[PROFILE_FORM];

	if (n == 0) {
		c->nulls += !r->was_quoted;
		c->empties += r->was_quoted;
		return;
	}
	c->has_padding = c->has_padding || text[n - 1] == ' ';
	put_form(form, text, n);
	for (size_t i = 0; i < c->n_forms; i++)
		if (strcmp(c->forms[i], form) == 0)
			return;
	if (c->n_forms == PROFILE_FORMS)
		c->has_more = true;
	else
		memcpy(c->forms[c->n_forms++], form, sizeof(form));
}

/* The value of the next member of that name in the JSON of the columns. */
static const char *
take_member(const char *json, const char *member, char *value, size_t size)
{
	const char *at = json != NULL ? strstr(json, member) : NULL;

	value[0] = '\0';
	if (at == NULL)
		return json;
	at += strlen(member);
	(void)snprintf(value, size, "%.*s", (int)strcspn(at, "\""), at);
	return at;
}

static int
add_column(struct profile *p, const char *name, struct err *e)
{
	struct profile_column *grown = realloc(
	    p->columns, (p->n_columns + 1) * sizeof(*grown));

	if (grown == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	p->columns = grown;
	memset(&grown[p->n_columns], 0, sizeof(*grown));
	grown[p->n_columns].name = str_dup(name);
	if (grown[p->n_columns++].name == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	return 0;
}

static int
read_header(
    struct profile *p, struct reader *r, const char *json, struct err *e)
{
	do {
		struct profile_column *c;

		if (next_field(r, e) < 0 ||
		    add_column(p, buf_text(&r->field), e) < 0)
			return -1;
		c = &p->columns[p->n_columns - 1];
		json = take_member(
		    json, "\"kind\":\"", c->kind, sizeof(c->kind));
		json = take_member(
		    json, "\"type\":\"", c->type, sizeof(c->type));
	} while (r->after == ',');
	return 0;
}

static int
read_rows(struct profile *p, struct reader *r, uint64_t max_rows, struct err *e)
{
	int c;

	while (p->rows < max_rows && (c = getc_unlocked(r->file)) != EOF) {
		size_t i = 0;

		(void)ungetc(c, r->file);
		do {
			if (next_field(r, e) < 0)
				return -1;
			if (i < p->n_columns)
				look_at(&p->columns[i++], r);
		} while (r->after == ',');
		p->rows++;
	}
	p->is_limited = p->rows == max_rows;
	return 0;
}

static int
read_file(struct profile *p, const char *path, const char *json,
    uint64_t max_rows, struct err *e)
{
	struct reader r = { .file = fopen(path, "re"),
		.field = BUF_INIT(FIELD_MAX_BYTES) };
	int rc;

	if (r.file == NULL)
		return err_sys(e, errno, "cannot open '%s'", path);
	rc = read_header(p, &r, json, e);
	if (rc == 0)
		rc = read_rows(p, &r, max_rows, e);
	(void)fclose(r.file);
	buf_release(&r.field);
	return rc;
}

static int
make_directory(char *path, size_t size, struct err *e)
{
	const char *dir = getenv("TMPDIR");

	(void)snprintf(path, size, "%s/odbcship-compare-XXXXXX",
	    dir != NULL && *dir != '\0' ? dir : "/tmp");
	if (mkdtemp(path) == NULL)
		return err_sys(
		    e, errno, "cannot make the directory '%s'", path);
	return 0;
}

/* The first file alone, as the reader below wants it. */
static void
make_plain(struct plan *plan)
{
	struct plan_file *f = plan->files;

	plan->n_files = 1;
	f->csv = (struct csv_options)CSV_OPTIONS_DEFAULT;
	f->chain = (struct chain_options)CHAIN_OPTIONS_DEFAULT;
	f->split_rows = 0;
	f->empty = PLAN_EMPTY_SHIP;
}

int
profile_take(
    struct profile *p, struct plan *plan, uint64_t max_rows, struct err *e)
{
	static const struct export_watch nobody;
	struct export_result result = EXPORT_RESULT_INIT;
	const size_t n_files = plan->n_files;
	struct export_place place = { .name = "rows.csv", .fd = -1 };
	struct guards guards;
	struct err own = ERR_INIT;
	char dir[4096], path[4200];
	int rc;

	memset(p, 0, sizeof(*p));
	if (watermark_begin_anew(plan, e) < 0 ||
	    make_directory(dir, sizeof(dir), e) < 0)
		return -1;
	place.dir = dir;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, place.name);
	make_plain(plan);
	plan->max_rows = max_rows;
	plan->rolls_back = true;
	/* Nothing is shipped: what guards that is neither waited for nor
	 * asked; the plan has it back for plan_free. */
	guards = plan->guards;
	memset(&plan->guards, 0, sizeof(plan->guards));
	plan->guards.watermark = guards.watermark;
	rc = export_run(plan, &place, &nobody, &result, e);
	plan->guards = guards;
	plan->n_files = n_files;
	if (rc == 0)
		rc = read_file(p, path, result.files[0].columns, max_rows, e);
	(void)snprintf(p->database, sizeof(p->database), "%s %s",
	    result.info.dbms, result.info.dbms_version);
	if (file_remove_tree(dir, &own) < 0 && rc == 0) {
		*e = own;
		rc = -1;
	}
	export_result_release(&result);
	return rc;
}

void
profile_release(struct profile *p)
{
	for (size_t i = 0; i < p->n_columns; i++)
		free(p->columns[i].name);
	free(p->columns);
	memset(p, 0, sizeof(*p));
}

/* The words of a statement, comments passed over: a name keeps its dots. */
static const char *
next_word(const char *at, char word[NAME_BYTES])
{
	size_t n = 0;

	for (;;) {
		at += strspn(at, " \t\r\n();,");
		if (strncmp(at, "--", 2) == 0)
			at += strcspn(at, "\n");
		else if (strncmp(at, "/*", 2) == 0 && strstr(at, "*/") != NULL)
			at = strstr(at, "*/") + 2;
		else
			break;
	}
	while (at[n] != '\0' && strchr(" \t\r\n();,", at[n]) == NULL)
		n++;
	(void)snprintf(word, NAME_BYTES, "%.*s", (int)n, at);
	return at + n;
}

/* Names of temporary tables that the batch makes. */
struct temporaries {
	char names[TEMPORARY][NAME_BYTES];
	size_t n;
};

static bool
is_word(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(word, *words) == 0)
			return true;
	return false;
}

/* The name that a statement is about: behind the words before it. */
static void
find_subject(const char *text, char name[NAME_BYTES], bool *is_temporary)
{
	static const char *const before[] = { "create", "or", "replace",
		"insert", "into", "update", "delete", "from", "drop", "alter",
		"truncate", "table", "view", "index", "if", "not", "exists",
		"global", "local", "ignore", "merge", "overwrite", "unique",
		"on", NULL };
	static const char *const temporary[] = { "temp", "temporary", NULL };

	*is_temporary = false;
	do {
		text = next_word(text, name);
		if (is_word(name, temporary)) {
			*is_temporary = true;
			continue;
		}
		if (!is_word(name, before))
			break;
	} while (name[0] != '\0');
}

/* Whether a statement leaves the database as it was. */
static bool
is_harmless(const struct statement_text *s, struct temporaries *t)
{
	static const char *const calls[] = { "CALL", "EXEC", "EXECUTE", "DO",
		NULL };
	char name[NAME_BYTES];
	bool is_temporary;

	if (s->kind == STATEMENT_QUERY)
		return true;
	if (s->kind == STATEMENT_OTHER)
		return !is_word(s->word, calls);
	find_subject(s->text, name, &is_temporary);
	if (is_temporary && t->n < TEMPORARY)
		memcpy(t->names[t->n++], name, sizeof(name));
	for (size_t i = 0; i < t->n; i++)
		if (strcasecmp(t->names[i], name) == 0)
			return true;
	return is_temporary || name[0] == '#';
}

static int
check_harmless(
    const struct script *script, struct temporaries *t, struct err *e)
{
	struct script_reader *reader = script_reader_new(script);
	const struct statement_text *s;
	int more;

	for (size_t n = 1; (more = script_reader_next(reader, &s, e)) > 0;
	     n++) {
		if (is_harmless(s, t))
			continue;
		(void)err_set(e, ERR_SPEC,
		    "statement %zu (line %u, %s) may change the database", n,
		    s->line, s->word);
		more = err_hint(e,
		    "Only batches that read and make temporary tables are "
		    "compared. With --allow-writes it is run in a transaction "
		    "that is rolled back, as far as the database can.");
		break;
	}
	script_reader_free(reader);
	return more;
}

int
profile_check(const struct plan *plan, struct err *e)
{
	struct script script = SCRIPT_INIT;
	struct temporaries *t = calloc(1, sizeof(*t));
	int rc = t != NULL ? plan_split(plan, NULL, &script, e) :
			     err_set(e, ERR_INTERNAL, "out of memory");

	if (rc == 0)
		rc = check_harmless(&script, t, e);
	script_release(&script);
	free(t);
	return rc;
}
