/*
 * value.c - what each type of setting accepts
 *
 * One value at a time; what must hold between values is check.c's. A value
 * that is refused counts as given, so that it is not also reported missing.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "spec/date.h"
#include "spec/schedule.h"
#include "spec/template.h"
#include "value.h"

enum { BOUND_TEXT = 32, NAME_MAX_BYTES = 64 };

static const char *const places[] = { "file", "credential", "command", "env" };
static const char *const param_types[] = { "text", "integer", "decimal", "date",
	"timestamp" };

void *
pool_allocate(struct pool *p, size_t n, struct err *e)
{
	void *data;

	if (p->n == p->capacity) {
		size_t capacity = p->capacity > 0 ? 2 * p->capacity : 64;
		struct pool_item *items = realloc(
		    p->items, capacity * sizeof(*items));

		if (items == NULL) {
			(void)err_set(e, ERR_INTERNAL, "out of memory");
			return NULL;
		}
		p->items = items;
		p->capacity = capacity;
	}
	data = calloc(1, n);
	if (data == NULL) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	p->items[p->n++] = (struct pool_item){ data, n };
	return data;
}

const char *
pool_keep(struct pool *p, const char *text, struct err *e)
{
	size_t size = strlen(text) + 1;
	char *copy = pool_allocate(p, size, e);

	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

void
pool_release(struct pool *p)
{
	for (size_t i = 0; i < p->n; i++) {
		explicit_bzero(p->items[i].data, p->items[i].size);
		free(p->items[i].data);
	}
	free(p->items);
	*p = (struct pool)POOL_INIT;
}

int
value_check_name(const char *name, struct err *e)
{
	size_t n = strspn(name,
	    "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	if (n > 0 && name[n] == '\0' && n <= NAME_MAX_BYTES && name[0] != '-')
		return 0;
	(void)err_set(e, ERR_SPEC, "'%s' cannot be a name", name);
	return err_hint(e,
	    "A name is made of at most %d letters, digits, '_' "
	    "and '-', and does not begin with '-'.",
	    NAME_MAX_BYTES);
}

/* csv/csv.h: one ASCII byte that is neither a quote nor a line break. */
static int
check_delimiter(const char *text, struct err *e)
{
	unsigned char c = (unsigned char)text[0];

	if (c != '\0' && text[1] == '\0' && !isalnum(c) && c != '"' &&
	    (c == '\t' || (c >= 0x20 && c < 0x7f)))
		return 0;
	(void)err_set(e, ERR_SPEC, "'%s' cannot be a delimiter", text);
	return err_hint(e,
	    "It is one ASCII character that is no letter, no "
	    "digit, no double quote and no line break: \",\", \";\", \"|\" or "
	    "\"\\t\".");
}

/* What notify.on may say. */
static int
check_occasion(const char *text, struct err *e)
{
	static const char *const occasions[] = { "failure", "recovery",
		"success", "late", "skip" };
	size_t n = sizeof(occasions) / sizeof(occasions[0]);
	const char *near;

	for (size_t i = 0; i < n; i++)
		if (strcmp(occasions[i], text) == 0)
			return 0;
	(void)err_set(e, ERR_SPEC,
	    "'%s' is not one of failure, recovery, success, late, skip", text);
	near = str_nearest(text, occasions, n);
	return near != NULL ? err_hint(e, "Did you mean \"%s\"?", near) : -1;
}

/* What some settings want beyond their type. */
static int
check_special(const struct setting *row, const char *text, struct err *e)
{
	static const struct {
		const char *path;
		int (*check)(const char *text, struct err *e);
	} checks[] = {
		{ "timezone", date_check_zone },
		{ "schedule.cron", schedule_check },
		{ "environment", value_check_name },
		{ "file.delimiter", check_delimiter },
		{ "targets.name", value_check_name },
		{ "notify.name", value_check_name },
		{ "notify.on", check_occasion },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (strcmp(checks[i].path, row->path) == 0)
			return checks[i].check(text, e);
	return 0;
}

/* A text may be empty where the table says nothing else. */
static int
check_text(const struct setting *row, const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (!utf8_is_valid(text, n))
		return err_set(e, ERR_SPEC, "the text is not UTF-8");
	if (n == 0 && row->min > 0)
		return err_set(e, ERR_SPEC, "must not be empty");
	if (check_special(row, text, e) < 0)
		return -1;
	if (row->max > 0 && n > (size_t)row->max)
		return err_set(e, ERR_SPEC,
		    "has %zu bytes and may have %" PRId64, n, row->max);
	if ((row->flags & SETTING_CONTROL) == 0 && str_has_control(text)) {
		(void)err_set(e, ERR_SPEC,
		    "'%s' holds a line break or "
		    "another control byte",
		    text);
		return err_hint(e, "Keep it on one line.");
	}
	if ((row->flags & SETTING_TEMPLATE) != 0)
		return template_check(text, e);
	return 0;
}

/* A number of the row as it would be written. */
static void
put_bound(char text[BOUND_TEXT], const struct setting *row, int64_t n)
{
	const char *unit = "";

	if (row->type == SETTING_DURATION && n % 86400000 == 0 && n != 0) {
		n /= 86400000;
		unit = "d";
	} else if (row->type == SETTING_DURATION) {
		unit = n % 1000 == 0 ? "s" : "ms";
		n = n % 1000 == 0 ? n / 1000 : n;
	} else if (row->type == SETTING_SIZE)
		unit = "B";
	(void)snprintf(text, BOUND_TEXT, "%" PRId64 "%s", n, unit);
}

static int
check_range(const struct setting *row, int64_t n, struct err *e)
{
	char bound[BOUND_TEXT];

	if (n < row->min) {
		put_bound(bound, row, row->min);
		return err_set(e, ERR_SPEC, "must be at least %s", bound);
	}
	if (row->max > 0 && n > row->max) {
		put_bound(bound, row, row->max);
		return err_set(e, ERR_SPEC, "must be at most %s", bound);
	}
	return 0;
}

static int
check_bool(const char *text, int64_t *number, struct err *e)
{
	*number = strcmp(text, "true") == 0;
	if (*number != 0 || strcmp(text, "false") == 0)
		return 0;
	(void)err_set(e, ERR_SPEC, "'%s' is neither true nor false", text);
	return err_hint(e, "Write true or false.");
}

static int
check_choice(const struct setting *row, const char *text, struct err *e)
{
	char list[256] = "";
	const char *near;
	size_t n = 0, used = 0;

	for (; row->choices[n] != NULL; n++) {
		if (strcmp(row->choices[n], text) == 0)
			return 0;
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		    "%s%s", n > 0 ? ", " : "", row->choices[n]);
		if (used >= sizeof(list))
			used = sizeof(list) - 1;
	}
	(void)err_set(e, ERR_SPEC, "'%s' is not one of %s", text, list);
	near = str_nearest(text, row->choices, n);
	return near != NULL ? err_hint(e, "Did you mean \"%s\"?", near) : -1;
}

/* Whether the row takes this text, and the number that it stands for. */
static int
check(
    const struct setting *row, const char *text, int64_t *number, struct err *e)
{
	uint64_t n = 0;

	*number = 0;
	switch (row->type) {
	case SETTING_TEXT:
	case SETTING_PARAMS:
	case SETTING_SECRET:
	case SETTING_TEXTS:
		return check_text(row, text, e);
	case SETTING_BOOL:
		return check_bool(text, number, e);
	case SETTING_INTEGER:
		if (str_integer(text, number, e) < 0)
			return -1;
		return check_range(row, *number, e);
	case SETTING_DURATION:
		if (str_duration(text, &n, e) < 0)
			return -1;
		break;
	case SETTING_SIZE:
		if (str_size(text, &n, e) < 0)
			return -1;
		break;
	case SETTING_CHOICE:
		return check_choice(row, text, e);
	case SETTING_GROUP:
	case SETTING_LIST:
		return err_set(e, ERR_SPEC, "is a group and has no value");
	}
	*number = (int64_t)n; /* str.h: never more than INT64_MAX */
	return check_range(row, *number, e);
}

void
value_init(struct value *v, const struct setting *row)
{
	struct err e = ERR_INIT;

	memset(v, 0, sizeof(*v));
	v->setting = row;
	v->text = row->fallback;
	/*
	 * A unit test sees to it that every default is right; memory that is
	 * gone for the check of a template does not make it wrong.
	 */
	if (v->text != NULL && check(row, v->text, &v->number, &e) < 0 &&
	    e.class != ERR_INTERNAL)
		v->text = NULL;
}

/* Forget what was said before; the row, the member and its type stay. */
static void
clear(struct value *v)
{
	v->text = v->secret = NULL;
	v->texts = NULL;
	v->n_texts = 0;
	v->number = 0;
	v->is_given = true;
}

int
value_set(struct pool *p, struct value *v, const char *text, struct err *e)
{
	clear(v);
	if (v->setting->type == SETTING_TEXTS)
		return value_set_texts(p, v, &text, 1, e);
	if (check(v->setting, text, &v->number, e) < 0)
		return err_in(e, "%s", v->setting->path);
	v->text = pool_keep(p, text, e);
	return v->text != NULL ? 0 : -1;
}

int
value_set_texts(struct pool *p, struct value *v, const char *const *texts,
    size_t n, struct err *e)
{
	const char **list = pool_allocate(p, (n + 1) * sizeof(*list), e);
	int64_t ignored;

	clear(v);
	if (list == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (check(v->setting, texts[i], &ignored, e) < 0)
			return err_in(e, "%s", v->setting->path);
		list[i] = pool_keep(p, texts[i], e);
		if (list[i] == NULL)
			return -1;
	}
	v->texts = list;
	v->n_texts = n;
	return 0;
}

int
value_set_secret(struct pool *p, struct value *v, const char *place,
    const char *text, struct err *e)
{
	clear(v);
	v->secret = place;
	/* Not in the text of an error: it may be the secret itself. */
	if (*text == '\0')
		return err_set(
		    e, ERR_SPEC, "%s: must not be empty", v->setting->path);
	if (str_has_control(text))
		return err_set(
		    e, ERR_SPEC, "%s: holds a control byte", v->setting->path);
	if (strcmp(place, "credential") == 0 && strchr(text, '/') != NULL) {
		(void)err_set(e, ERR_SPEC, "%s: the credential '%s' is a path",
		    v->setting->path, text);
		return err_hint(e,
		    "Write the name that LoadCredential= gives "
		    "it, or file = \"...\" for a path.");
	}
	v->text = pool_keep(p, text, e);
	return v->text != NULL ? 0 : -1;
}

const char *
value_secret_place(const char *word)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i], word) == 0)
			return places[i];
	return NULL;
}

int
value_unknown_place(const char *word, struct err *e)
{
	const char *near = str_nearest(
	    word, places, sizeof(places) / sizeof(places[0]));

	(void)err_set(e, ERR_SPEC, "'%s' is no place for a secret", word);
	if (near != NULL)
		return err_hint(e, "Did you mean '%s'?", near);
	return err_hint(e,
	    "Write one of { file = \"...\"; }, "
	    "{ credential = \"...\"; }, { command = ( \"...\" ); } and "
	    "{ env = \"...\"; }.");
}

int
value_set_type(struct value *v, const char *type, struct err *e)
{
	size_t n = sizeof(param_types) / sizeof(param_types[0]);
	const char *near;

	for (size_t i = 0; i < n; i++)
		if (strcmp(param_types[i], type) == 0) {
			v->type = param_types[i];
			return 0;
		}
	(void)err_set(e, ERR_SPEC,
	    "%s.%s: '%s' is not one of text, integer, "
	    "decimal, date, timestamp",
	    v->setting->path, v->member, type);
	near = str_nearest(type, param_types, n);
	return near != NULL ? err_hint(e, "Did you mean \"%s\"?", near) : -1;
}

/* [+-]digits[.digits] */
static bool
is_decimal(const char *text)
{
	size_t whole, part = 0;

	text += *text == '+' || *text == '-';
	whole = strspn(text, "0123456789");
	text += whole;
	if (*text == '.') {
		part = strspn(text + 1, "0123456789");
		text += part + 1;
	}
	return *text == '\0' && whole + part > 0;
}

int
value_check_param(const struct value *v, struct err *e)
{
	struct err ignored = ERR_INIT;
	struct date date;
	int64_t n;
	bool right = true;

	/* A template is known only when the run has its date. */
	if (v->text == NULL || v->type == NULL || strchr(v->text, '{') != NULL)
		return 0;
	if (strcmp(v->type, "integer") == 0)
		right = str_integer(v->text, &n, &ignored) == 0;
	else if (strcmp(v->type, "decimal") == 0)
		right = is_decimal(v->text);
	else if (strcmp(v->type, "date") == 0)
		right = strlen(v->text) == 10 &&
		    date_parse(&date, v->text, &ignored) == 0;
	if (right)
		return 0;
	return err_set(e, ERR_SPEC, "%s.%s: '%s' is not of the type %s",
	    v->setting->path, v->member, v->text, v->type);
}
