/*
 * script.c - read a script: what to be, what to answer, how to lie
 *
 * One table for each kind of name; README.md documents them with an example
 * each. Nothing happens here: the calls in connect.c, statement.c and fetch.c
 * follow what was read.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

/* A script being read. */
struct reading {
	struct script *script;
	struct words words; /* of the line */
	struct rule *rule;  /* that the lines belong to, or NULL */
	struct result *result;
	unsigned line;
};

/* A name and its number. */
struct name {
	const char *text;
	int number;
};

static const struct name types[] = {
	{ "CHAR", SQL_CHAR },
	{ "VARCHAR", SQL_VARCHAR },
	{ "LONGVARCHAR", SQL_LONGVARCHAR },
	{ "WCHAR", SQL_WCHAR },
	{ "WVARCHAR", SQL_WVARCHAR },
	{ "WLONGVARCHAR", SQL_WLONGVARCHAR },
	{ "TINYINT", SQL_TINYINT },
	{ "SMALLINT", SQL_SMALLINT },
	{ "INTEGER", SQL_INTEGER },
	{ "BIGINT", SQL_BIGINT },
	{ "DECIMAL", SQL_DECIMAL },
	{ "NUMERIC", SQL_NUMERIC },
	{ "REAL", SQL_REAL },
	{ "FLOAT", SQL_FLOAT },
	{ "DOUBLE", SQL_DOUBLE },
	{ "BIT", SQL_BIT },
	{ "DATE", SQL_TYPE_DATE },
	{ "TIME", SQL_TYPE_TIME },
	{ "TIMESTAMP", SQL_TYPE_TIMESTAMP },
	{ "BINARY", SQL_BINARY },
	{ "VARBINARY", SQL_VARBINARY },
	{ "LONGVARBINARY", SQL_LONGVARBINARY },
	{ "GUID", SQL_GUID },
	{ NULL, 0 },
};

static const struct name nullables[] = {
	{ "null", SQL_NULLABLE },
	{ "notnull", SQL_NO_NULLS },
	{ "unknown", SQL_NULLABLE_UNKNOWN },
	{ NULL, 0 },
};

/* In the order of enum lie; the words in that of their own enum. */
static const struct {
	const char *name;
	const char *words[8];
} lie_table[LIES] = {
	{ "indicator",
	    { "exact", "no_total", "total", "piece", "low32", "zero32",
		"larger" } },
	{ "truncation", { "told", "silent", "record", "always" } },
	{ "cut", { "byte", "char" } },
	{ "nul", { "always", "missing" } },
	{ "block", { "full", "short" } },
	{ "fetched",
	    { "right", "never", "untouched", "garbage", "full", "refused" } },
	{ "status", { "right", "never", "all" } },
	{ "array", { "honoured", "refused", "ignored", "changed" } },
	{ "midblock", { "error", "info", "lose" } },
	{ "getdata", { "enforced", "free" } },
	{ "again", { "no_data", "repeat", "empty" } },
	{ "bound", { "restart", "continue" } },
	{ "binary", { "hex", "raw" } },
	{ "cancel", { "honoured", "ignored", "crash" } },
	{ "dead", { "right", "never", "always" } },
	{ "more", { "honoured", "refused" } },
	{ "timeout", { "ignored", "honoured" } },
};

/* The number of a name; false when there is none. */
static bool
find_name(const struct name *names, const char *text, int *number)
{
	for (; names->text != NULL; names++)
		if (strcmp(names->text, text) == 0) {
			*number = names->number;
			return true;
		}
	return false;
}

static int __attribute__((format(printf, 2, 3)))
wrong(struct reading *r, const char *format, ...)
{
	char *to = r->script->error;
	const size_t size = sizeof(r->script->error);
	int n = snprintf(to, size, "line %u: ", r->line);
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(to + n, size - (size_t)n, format, ap);
	va_end(ap);
	return -1;
}

static const char *
text_at(const struct reading *r, size_t i)
{
	return i < r->words.n ? r->words.all[i].text : "";
}

static int
number_at(struct reading *r, size_t i, long long *number)
{
	if (i >= r->words.n || !word_number(&r->words.all[i], number))
		return wrong(r, "word %zu is no number", i + 1);
	return 0;
}

/* STATE NATIVE TEXT [times N] from word i on. */
static int
read_record(struct reading *r, size_t i, struct record *record)
{
	long long native, times = 1;

	if (i >= r->words.n || r->words.all[i].length != 5)
		return wrong(r, "word %zu is no SQLSTATE", i + 1);
	memcpy(record->state, r->words.all[i].text, 6);
	if (number_at(r, i + 1, &native) < 0)
		return -1;
	record->native = (SQLINTEGER)native;
	record->text = text_at(r, i + 2);
	if (words_is(&r->words, i + 3, "times") &&
	    number_at(r, i + 4, &times) < 0)
		return -1;
	record->times = (size_t)times;
	return 0;
}

/* A step that stands alone, its words from rest on. 0: it is none of them. */
static int
read_step(struct reading *r, size_t rest, struct step *step)
{
	static const struct name names[] = { { "note", STEP_NOTE },
		{ "error", STEP_ERROR }, { "fail", STEP_ERROR },
		{ "end", STEP_END }, { "hang", STEP_HANG },
		{ "crash", STEP_CRASH }, { "die", STEP_DIE },
		{ "pause", STEP_PAUSE }, { "short", STEP_SHORT },
		{ "dead", STEP_DEAD }, { NULL, 0 } };
	int kind = 0;

	if (!find_name(names, text_at(r, 0), &kind))
		return 0;
	step->kind = (enum step_kind)kind;
	switch (step->kind) {
	case STEP_END:
		if (rest >= r->words.n)
			return 1;
		return read_record(r, rest, &step->record) < 0 ? -1 : 1;
	case STEP_NOTE:
	case STEP_ERROR:
		return read_record(r, rest, &step->record) < 0 ? -1 : 1;
	case STEP_PAUSE:
	case STEP_DIE:
		return number_at(r, rest, &step->count) < 0 ? -1 : 1;
	default:
		return 1;
	}
}

static struct step *
new_step(struct reading *r, struct steps *steps)
{
	struct step *step;

	steps->all = arena_push(
	    &r->script->arena, steps->all, steps->n, sizeof(*step));
	step = &steps->all[steps->n++];
	memset(step, 0, sizeof(*step));
	return step;
}

static int
read_lie(struct reading *r)
{
	struct lies *lies = r->result != NULL ? &r->result->lies :
						&r->script->lies;

	for (int lie = 0; lie < LIES; lie++) {
		if (!words_is(&r->words, 1, lie_table[lie].name))
			continue;
		for (int how = 0; how < 8; how++) {
			if (lie_table[lie].words[how] == NULL ||
			    !words_is(&r->words, 2, lie_table[lie].words[how]))
				continue;
			lies->how[lie] = how;
			return r->words.n > 3 ?
			    number_at(r, 3, &lies->arg[lie]) :
			    0;
		}
		return wrong(
		    r, "there is no lie '%s %s'", text_at(r, 1), text_at(r, 2));
	}
	return wrong(r, "there is no lie '%s'", text_at(r, 1));
}

/* What is true of a column of which only the size was said. */
static void
complete_column(struct column *c)
{
	bool is_number = c->type != SQL_CHAR && c->type != SQL_VARCHAR &&
	    c->type != SQL_LONGVARCHAR;

	c->display = c->size + (is_number ? 2 : 0);
	c->octets = c->size;
}

/* KEY VALUE pairs behind the five words of a column. */
static int
read_column_options(struct reading *r, struct column *c)
{
	long long number;

	for (size_t i = 6; i < r->words.n; i += 2) {
		const char *key = text_at(r, i);

		if (strcmp(key, "label") == 0)
			c->label = text_at(r, i + 1);
		else if (strcmp(key, "basetable") == 0)
			c->table = text_at(r, i + 1);
		else if (strcmp(key, "typename") == 0)
			c->type_name = text_at(r, i + 1);
		else if (strcmp(key, "display") == 0 &&
		    words_is(&r->words, i + 1, "none"))
			c->no_display = true;
		else if (strcmp(key, "octets") == 0 &&
		    words_is(&r->words, i + 1, "none"))
			c->no_octets = true;
		else if (number_at(r, i + 1, &number) < 0)
			return -1;
		else if (strcmp(key, "display") == 0)
			c->display = (SQLLEN)number;
		else if (strcmp(key, "octets") == 0)
			c->octets = (SQLLEN)number;
		else if (strcmp(key, "cut") == 0)
			c->cut = (size_t)number;
		else
			return wrong(r, "'%s' is nothing of a column", key);
	}
	return 0;
}

/* column NAME TYPE SIZE DECIMALS NULLABLE [KEY VALUE]... */
static int
read_column(struct reading *r)
{
	struct result *result = r->result;
	long long size, scale, type_number;
	int type = 0, nullable = 0;
	struct column *c;

	if (result->n_columns >= STMT_COLUMNS)
		return wrong(r, "more than %d columns", STMT_COLUMNS);
	if (r->words.n < 6 || number_at(r, 3, &size) < 0 ||
	    number_at(r, 4, &scale) < 0 ||
	    !find_name(nullables, text_at(r, 5), &nullable))
		return wrong(
		    r, "column NAME TYPE SIZE DECIMALS null|notnull|unknown");
	if (word_number(&r->words.all[2], &type_number))
		type = (int)type_number;
	else if (!find_name(types, text_at(r, 2), &type))
		return wrong(r, "there is no type '%s'", text_at(r, 2));
	result->columns = arena_push(
	    &r->script->arena, result->columns, result->n_columns, sizeof(*c));
	c = &result->columns[result->n_columns++];
	c->name = c->label = text_at(r, 1);
	c->table = "";
	c->type_name = text_at(r, 2);
	c->type = (SQLSMALLINT)type;
	c->size = (SQLLEN)size;
	c->scale = (SQLSMALLINT)scale;
	c->nullable = (SQLSMALLINT)nullable;
	complete_column(c);
	return read_column_options(r, c);
}

/* row CELL..., rows COUNT CELL... */
static int
read_rows(struct reading *r, enum step_kind kind)
{
	size_t skip = kind == STEP_ROWS ? 2 : 1;
	struct result *result = r->result;
	struct step *step = new_step(r, &result->steps);

	step->kind = kind;
	step->count = 1;
	if (kind == STEP_ROWS && number_at(r, 1, &step->count) < 0)
		return -1;
	if (step->count < 1)
		return wrong(r, "%lld rows", step->count);
	if (r->words.n - skip != result->n_columns)
		return wrong(r, "%zu cells for %zu columns", r->words.n - skip,
		    result->n_columns);
	step->cells = arena_new(
	    &r->script->arena, result->n_columns * sizeof(*step->cells));
	for (size_t i = 0; i < result->n_columns; i++)
		if (cell_parse(&r->script->arena, &r->words.all[skip + i],
			&step->cells[i]) < 0)
			return wrong(r, "the cell '%s' makes no sense",
			    text_at(r, skip + i));
	return 0;
}

/* A line below "result". */
static int
read_result_line(struct reading *r)
{
	long long ms;
	struct step step = { 0 };
	int is_step;

	if (words_is(&r->words, 0, "done")) {
		r->result = NULL;
		return 0;
	}
	if (words_is(&r->words, 0, "column"))
		return read_column(r);
	if (words_is(&r->words, 0, "row"))
		return read_rows(r, STEP_ROW);
	if (words_is(&r->words, 0, "rows"))
		return read_rows(r, STEP_ROWS);
	if (words_is(&r->words, 0, "lie"))
		return read_lie(r);
	if (words_is(&r->words, 0, "slow")) {
		if (number_at(r, 1, &ms) < 0)
			return -1;
		r->result->lies.slow_ms = (uint64_t)ms;
		return 0;
	}
	is_step = read_step(r, 1, &step);
	if (is_step > 0)
		*new_step(r, &r->result->steps) = step;
	else if (is_step == 0)
		return wrong(r, "'%s' is nothing of a result", text_at(r, 0));
	return is_step < 0 ? -1 : 0;
}

/* statement GLOB [times N] */
static int
read_statement(struct reading *r)
{
	struct script *s = r->script;

	r->result = NULL;
	if (r->words.n < 2)
		return wrong(r, "statement GLOB");
	s->rules = arena_push(
	    &s->arena, s->rules, s->n_rules, sizeof(*s->rules));
	r->rule = &s->rules[s->n_rules++];
	r->rule->glob = text_at(r, 1);
	if (words_is(&r->words, 2, "times"))
		return number_at(r, 3, &r->rule->times);
	return 0;
}

/* A line below "statement". */
static int
read_statement_line(struct reading *r)
{
	struct step step = { 0 };
	int is_step = 1;

	if (words_is(&r->words, 0, "result")) {
		step.kind = STEP_RESULT;
		step.result = arena_new(
		    &r->script->arena, sizeof(*step.result));
		step.result->lies = r->script->lies;
		r->result = step.result;
	} else if (words_is(&r->words, 0, "rowcount")) {
		step.kind = STEP_COUNT;
		if (number_at(r, 1, &step.count) < 0)
			return -1;
	} else
		is_step = read_step(r, 1, &step);
	if (is_step > 0)
		*new_step(r, &r->rule->steps) = step;
	else if (is_step == 0)
		return wrong(
		    r, "'%s' is nothing of a statement", text_at(r, 0));
	return is_step < 0 ? -1 : 0;
}

static int
find_function(const char *name)
{
	for (int f = 0; f < FUNCTIONS; f++)
		if (strcmp(function_names[f], name) == 0)
			return f;
	return -1;
}

/* fail|note|hang|crash|die|pause|dead FUNCTION N|N+|* ... */
static int
read_accident(struct reading *r)
{
	struct script *s = r->script;
	int f = find_function(text_at(r, 1));
	char *end = NULL;
	struct accident *a;
	int is_step;

	if (f < 0)
		return wrong(
		    r, "there is no function '%s' here", text_at(r, 1));
	s->accidents = arena_push(
	    &s->arena, s->accidents, s->n_accidents, sizeof(*a));
	a = &s->accidents[s->n_accidents];
	a->function = (enum function)f;
	if (words_is(&r->words, 2, "*")) {
		a->first = 1;
		a->last = UINT64_MAX;
	} else {
		a->first = strtoull(text_at(r, 2), &end, 10);
		a->last = *end == '+' ? UINT64_MAX : a->first;
	}
	is_step = read_step(r, 3, &a->step);
	if (is_step == 0 || a->first == 0)
		return wrong(r, "'%s %s %s' is no accident", text_at(r, 0),
		    text_at(r, 1), text_at(r, 2));
	s->n_accidents++;
	return is_step < 0 ? -1 : 0;
}

static int
put_answer(struct reading *r, struct answers *to, struct answer *answer,
    const struct word *value)
{
	long long number;

	if (value->plain == value->length &&
	    strcmp(value->text, "refused") == 0)
		answer->is_refused = true;
	else if (word_number(value, &number) && answer->text == NULL)
		answer->number = (uint64_t)number;
	else
		answer->text = value->text;
	to->all = arena_push(
	    &r->script->arena, to->all, to->n, sizeof(*to->all));
	to->all[to->n++] = *answer;
	return 0;
}

/* info NAME|ID VALUE|refused; attribute ID VALUE|refused */
static int
read_answer(struct reading *r)
{
	bool is_info = words_is(&r->words, 0, "info");
	struct answer answer = { 0 };
	long long id;

	if (r->words.n < 3)
		return wrong(r, "%s NAME VALUE", text_at(r, 0));
	if (is_info) {
		if (info_id(text_at(r, 1), &answer) < 0)
			return wrong(r, "'%s' is unknown", text_at(r, 1));
	} else if (number_at(r, 1, &id) < 0)
		return -1;
	else
		answer.id = (SQLINTEGER)id;
	return put_answer(r,
	    is_info ? &r->script->info : &r->script->attributes, &answer,
	    &r->words.all[2]);
}

/* dbms NAME [VERSION], driver NAME [VERSION] */
static int
read_identity(struct reading *r, SQLINTEGER name, SQLINTEGER version)
{
	struct answer answer = { .id = name, .text = "" };

	if (r->words.n < 2)
		return wrong(r, "%s NAME [VERSION]", text_at(r, 0));
	if (put_answer(r, &r->script->info, &answer, &r->words.all[1]) < 0)
		return -1;
	if (r->words.n < 3)
		return 0;
	answer = (struct answer){ .id = version, .text = "" };
	return put_answer(r, &r->script->info, &answer, &r->words.all[2]);
}

/* quiet FUNCTION...: not in the transcript while it succeeds. */
static int
read_quiet(struct reading *r)
{
	for (size_t i = 1; i < r->words.n; i++) {
		int f = find_function(text_at(r, i));

		if (f < 0)
			return wrong(
			    r, "there is no function '%s' here", text_at(r, i));
		r->script->quiet[f] = true;
	}
	return 0;
}

static int
read_line(struct reading *r)
{
	if (r->words.n == 0)
		return 0;
	if (words_is(&r->words, 0, "statement"))
		return read_statement(r);
	if (r->result != NULL)
		return read_result_line(r);
	if (r->rule != NULL)
		return read_statement_line(r);
	if (words_is(&r->words, 0, "dbms"))
		return read_identity(r, SQL_DBMS_NAME, SQL_DBMS_VER);
	if (words_is(&r->words, 0, "driver"))
		return read_identity(r, SQL_DRIVER_NAME, SQL_DRIVER_VER);
	if (words_is(&r->words, 0, "info") ||
	    words_is(&r->words, 0, "attribute"))
		return read_answer(r);
	if (words_is(&r->words, 0, "lie"))
		return read_lie(r);
	if (words_is(&r->words, 0, "quiet"))
		return read_quiet(r);
	return read_accident(r);
}

static int
read_lines(struct reading *r, FILE *file)
{
	char *line = NULL;
	size_t size = 0;
	int rc = 0;

	while (rc == 0 && getline(&line, &size, file) >= 0) {
		r->line++;
		rc = words_split(&r->script->arena, line, &r->words);
		if (rc < 0)
			(void)wrong(r, "a quote or an escape is wrong");
		else
			rc = read_line(r);
	}
	free(line);
	return rc;
}

struct script *
script_load(const char *path, char *error, size_t size)
{
	struct script *s = calloc(1, sizeof(*s));
	struct reading r = { .script = s };
	FILE *file = fopen(path, "re");

	if (s == NULL)
		abort();
	if (file == NULL)
		(void)snprintf(
		    s->error, sizeof(s->error), "%s", strerror(errno));
	else {
		(void)read_lines(&r, file);
		(void)fclose(file);
	}
	if (s->error[0] == '\0')
		return s;
	(void)snprintf(error, size, "script %s: %s", path, s->error);
	script_free(s);
	return NULL;
}

void
script_free(struct script *s)
{
	if (s == NULL)
		return;
	arena_release(&s->arena);
	free(s);
}

/* '*' is any text; nothing else is special. */
static bool
is_match(const char *glob, const char *text, size_t n)
{
	const char *star = NULL, *from = NULL;
	const char *end = text + n;

	while (text < end) {
		if (*glob == '*') {
			star = ++glob;
			from = text;
		} else if (*glob == *text) {
			glob++;
			text++;
		} else if (star != NULL) {
			glob = star;
			text = ++from;
		} else
			return false;
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

struct rule *
script_find(struct script *s, const char *sql, size_t length)
{
	while (length > 0 && strchr(" \t\r\n", sql[length - 1]) != NULL)
		length--;
	while (length > 0 && strchr(" \t\r\n", *sql) != NULL) {
		sql++;
		length--;
	}
	for (size_t i = 0; i < s->n_rules; i++) {
		struct rule *rule = &s->rules[i];

		if ((rule->times > 0 && rule->used >= rule->times) ||
		    !is_match(rule->glob, sql, length))
			continue;
		rule->used++;
		return rule;
	}
	return NULL;
}

const struct answer *
answers_find(const struct answers *a, SQLINTEGER id)
{
	for (size_t i = a->n; i-- > 0;)
		if (a->all[i].id == id)
			return &a->all[i];
	return NULL;
}
