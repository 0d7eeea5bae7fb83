/*
 * overlay.c - lay what files and the command line say over the defaults
 *
 * In which order, spec.c says. Nothing is checked here that concerns more
 * than one value; that is check.c's, when all layers are in place.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store.h"

const struct exclusion store_exclusions[] = {
	{ "where the data is",
	    { "source.dsn", "source.connection", NULL, NULL } },
	{ "what is run",
	    { "source.sql_file", "source.sql", "source.statements", NULL } },
	{ "what the file is called", { "file.name", "files", NULL, NULL } },
	{ NULL, { NULL, NULL, NULL, NULL } },
};

enum { NAMES_MAX = 256 };

size_t
store_row(const struct setting *row)
{
	size_t n;

	return (size_t)(row - settings_all(&n));
}

const struct setting *
store_list_of(const struct setting *row)
{
	const struct setting *rows;
	size_t n;

	rows = settings_all(&n);
	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(rows[i].path);

		if ((rows[i].type == SETTING_LIST ||
			rows[i].type == SETTING_PARAMS) &&
		    strncmp(row->path, rows[i].path, length) == 0 &&
		    (row->path[length] == '.' || row->path[length] == '\0'))
			return &rows[i];
	}
	return NULL;
}

/* How many settings a member of a list has; a parameter is one value. */
static size_t
width_of(const struct setting *list)
{
	const struct setting *rows;
	size_t n, width = 0;

	rows = settings_all(&n);
	if (list->type == SETTING_PARAMS)
		return 1;
	for (size_t i = store_row(list) + 1;
	     i < n && store_list_of(&rows[i]) == list; i++)
		width++;
	return width;
}

int
store_init(struct spec *s, struct err *e)
{
	const struct setting *rows;

	rows = settings_all(&s->n_rows);
	s->job = s->environment = "";
	s->values = calloc(s->n_rows, sizeof(*s->values));
	s->members = calloc(s->n_rows, sizeof(*s->members));
	if (s->values == NULL || s->members == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < s->n_rows; i++) {
		value_init(&s->values[i], &rows[i]);
		if (rows[i].type == SETTING_LIST ||
		    rows[i].type == SETTING_PARAMS)
			s->members[i].width = width_of(&rows[i]);
	}
	return 0;
}

void
store_release(struct spec *s)
{
	for (size_t i = 0; s->members != NULL && i < s->n_rows; i++) {
		free(s->members[i].cells);
		free(s->members[i].origins);
	}
	free(s->members);
	free(s->values);
	s->members = NULL;
	s->values = NULL;
	pool_release(&s->pool);
}

struct members *
store_members(const struct spec *s, const char *path)
{
	const struct setting *row = settings_find(path);
	const struct setting *list = row != NULL ? store_list_of(row) : NULL;

	return list != NULL ? &s->members[store_row(list)] : NULL;
}

struct value *
store_cell(const struct spec *s, const struct setting *row, size_t member)
{
	const struct setting *list = store_list_of(row);
	const struct members *m;
	size_t column;

	if (list == NULL)
		return NULL;
	m = &s->members[store_row(list)];
	column = row == list ? 0 : store_row(row) - store_row(list) - 1;
	if (member >= m->n)
		return NULL;
	return &m->cells[member * m->width + column];
}

/* Add members to a list, all of their settings at the defaults. */
static int
add_members(
    struct members *m, const struct setting *list, size_t n, struct err *e)
{
	const struct setting *first = list->type == SETTING_PARAMS ? list :
								     list + 1;
	size_t total = m->n + n;
	struct value *cells;
	struct origin *origins;

	if (n == 0)
		return 0;
	cells = realloc(m->cells, total * m->width * sizeof(*cells));
	if (cells != NULL)
		m->cells = cells;
	origins = realloc(m->origins, total * sizeof(*origins));
	if (origins != NULL)
		m->origins = origins;
	if (cells == NULL || origins == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (; m->n < total; m->n++) {
		m->origins[m->n] = (struct origin){ NULL, 0 };
		for (size_t i = 0; i < m->width; i++)
			value_init(&cells[m->n * m->width + i], first + i);
	}
	return 0;
}

/* The value of a parameter, made when it is a new one. */
static struct value *
param_cell(
    struct spec *s, const struct setting *row, const char *name, struct err *e)
{
	struct members *m = &s->members[store_row(row)];
	struct value *v;

	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->cells[i].member, name) == 0)
			return &m->cells[i];
	if (add_members(m, row, 1, e) < 0)
		return NULL;
	v = &m->cells[m->n - 1];
	v->member = name;
	return v;
}

/* A parameter's type stays what it was where only its value is said. */
static int
apply_param(struct spec *s, const struct value *from, struct err *e)
{
	struct value *v = param_cell(s, from->setting, from->member, e);
	const char *type;

	if (v == NULL)
		return -1;
	s->members[store_row(from->setting)].origin = from->origin;
	type = from->type != NULL ? from->type : v->type;
	*v = *from;
	v->type = type;
	return 0;
}

/* The list itself (all members anew), or where one of them begins. */
static int
apply_list(struct spec *s, const struct entry *entry, struct err *e)
{
	const struct value *v = &entry->value;
	struct members *m = &s->members[store_row(v->setting)];

	if (v->number < 0) {
		if (entry->index < m->n)
			m->origins[entry->index] = v->origin;
		return 0;
	}
	m->n = 0;
	m->origin = v->origin;
	s->values[store_row(v->setting)].is_given = true;
	s->values[store_row(v->setting)].origin = v->origin;
	return add_members(m, v->setting, (size_t)v->number, e);
}

static int
apply_entry(struct spec *s, const struct entry *entry, struct err *e)
{
	const struct value *v = &entry->value;
	struct value *cell;

	if (v->setting->type == SETTING_PARAMS)
		return apply_param(s, v, e);
	if (v->setting->type == SETTING_LIST)
		return apply_list(s, entry, e);
	cell = store_cell(s, v->setting, entry->index);
	if (cell == NULL && store_list_of(v->setting) == NULL)
		cell = &s->values[store_row(v->setting)];
	if (cell != NULL)
		*cell = *v;
	return 0;
}

/* What a setting drops of earlier layers: itself and what it excludes. */
static void
drop_excluded(struct spec *s, const struct setting *row)
{
	for (const struct exclusion *x = store_exclusions; x->what != NULL;
	     x++) {
		bool is_in = false;

		for (size_t i = 0; x->paths[i] != NULL; i++)
			is_in = is_in || strcmp(x->paths[i], row->path) == 0;
		for (size_t i = 0; is_in && x->paths[i] != NULL; i++) {
			const struct setting *other = settings_find(
			    x->paths[i]);

			value_init(&s->values[store_row(other)], other);
			s->members[store_row(other)].n = 0;
		}
	}
}

int
store_apply(struct spec *s, const struct layer *layer, struct err *e)
{
	for (size_t i = 0; i < layer->n; i++)
		drop_excluded(s, layer->entries[i].value.setting);
	for (size_t i = 0; i < layer->n; i++)
		if (apply_entry(s, &layer->entries[i], e) < 0)
			return -1;
	return 0;
}

/* Split at the first '='; key is a copy in the pool. The value, or NULL. */
static const char *
split(struct spec *s, const char *option, const char *assignment,
    const char **key, struct err *e)
{
	const char *equals = strchr(assignment, '=');
	char *copy;
	size_t n;

	if (equals == NULL || equals == assignment) {
		(void)err_set(
		    e, ERR_USAGE, "%s '%s' has no '='", option, assignment);
		(void)err_hint(e, "Write %s NAME=VALUE.", option);
		return NULL;
	}
	n = (size_t)(equals - assignment);
	copy = pool_allocate(&s->pool, n + 1, e);
	if (copy == NULL)
		return NULL;
	memcpy(copy, assignment, n);
	*key = copy;
	return equals + 1;
}

static int
unknown(const char *what, const char *key, const char *near, struct err *e)
{
	(void)err_set(e, ERR_USAGE, "%s '%s'", what, key);
	return near != NULL ? err_hint(e, "Did you mean '%s'?", near) : -1;
}

/* "targets.partner.url": the member, and the path of the setting. */
static struct value *
find_cell(
    struct spec *s, const struct setting *list, const char *key, struct err *e)
{
	const struct members *m = &s->members[store_row(list)];
	size_t length = strlen(list->path);
	const char *member = key + length + 1;
	const char *rest = strchr(member, '.');
	const char *names[NAMES_MAX];
	struct buf path = BUF_INIT(256);
	const struct setting *row = NULL;
	struct value *cell = NULL;
	char name[128] = "";
	size_t n = 0, i;

	if (rest != NULL && (size_t)(rest - member) < sizeof(name)) {
		memcpy(name, member, (size_t)(rest - member));
		if (buf_printf(&path, e, "%s%s", list->path, rest) < 0)
			goto out;
		row = settings_find(buf_text(&path));
	}
	for (i = 0; i < m->n && n < NAMES_MAX; i++) {
		/* A list's first setting is the name of the member. */
		const char *text = m->cells[i * m->width].text;

		if (text == NULL)
			continue;
		if (strcmp(text, name) == 0)
			break;
		names[n++] = text;
	}
	if (rest == NULL)
		(void)unknown(
		    "--set wants a setting of a member in", key, NULL, e);
	else if (i == m->n || n == NAMES_MAX)
		(void)unknown("--set: nothing is named", name,
		    str_nearest(name, names, n), e);
	else if (row == NULL)
		(void)unknown("--set: unknown setting", buf_text(&path),
		    settings_nearest(buf_text(&path)), e);
	else
		cell = store_cell(s, row, i);
out:
	buf_release(&path);
	return cell;
}

/* The value that a key of --set names, or NULL. */
static struct value *
find_value(struct spec *s, const char *key, struct err *e)
{
	const struct setting *row = settings_find(key);
	const struct setting *rows;
	size_t n;

	if (row != NULL && store_list_of(row) == NULL)
		return &s->values[store_row(row)];
	rows = settings_all(&n);
	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(rows[i].path);

		if (rows[i].type == SETTING_LIST &&
		    strncmp(key, rows[i].path, length) == 0 &&
		    key[length] == '.')
			return find_cell(s, &rows[i], key, e);
	}
	(void)unknown(
	    row != NULL ? "--set cannot set" : "--set: unknown setting", key,
	    row != NULL ? NULL : settings_nearest(key), e);
	return NULL;
}

/*
 * "source.password.file": cut the place off where a secret is named before
 * it, and return its word.
 */
static const char *
take_place(struct spec *s, char *key)
{
	char *dot = strrchr(key, '.');
	const char *place = dot != NULL ? value_secret_place(dot + 1) : NULL;
	struct err ignored = ERR_INIT;
	const struct value *v;

	if (place == NULL)
		return NULL;
	*dot = '\0';
	v = find_value(s, key, &ignored);
	if (v != NULL && v->setting->type == SETTING_SECRET)
		return place;
	*dot = '.';
	return NULL;
}

static int
set_secret(struct spec *s, struct value *v, const char *place, const char *text,
    struct err *e)
{
	if (place != NULL && strcmp(place, "command") != 0)
		return value_set_secret(&s->pool, v, place, text, e);
	(void)err_set(e, ERR_USAGE, "%s cannot be given on the command line",
	    v->setting->path);
	return err_hint(e,
	    "Everybody could see it there: name a file with "
	    "--set KEY.file=PATH, or a variable with --set KEY.env=NAME.");
}

static int
set_value(struct spec *s, char *key, const char *text, struct err *e)
{
	const char *place = take_place(s, key);
	struct value *v = find_value(s, key, e);
	int rc;

	if (v == NULL)
		return -1;
	if (strcmp(key, "environment") == 0) {
		(void)err_set(e, ERR_USAGE, "--set cannot set 'environment'");
		return err_hint(e, "Use --env.");
	}
	drop_excluded(s, v->setting);
	if (v->setting->type == SETTING_SECRET)
		rc = set_secret(s, v, place, text, e);
	else {
		rc = value_set(&s->pool, v, text, e);
		if (rc < 0 && e->class == ERR_SPEC) {
			e->class = ERR_USAGE;
			(void)err_in(e, "--set");
		}
	}
	v->origin = (struct origin){ NULL, 0 };
	return rc;
}

int
store_set(struct spec *s, const char *assignment, struct err *e)
{
	const char *key, *text;
	char *copy;
	int rc;

	text = split(s, "--set", assignment, &key, e);
	if (text == NULL)
		return -1;
	if (strncmp(key, "source.params.", 14) == 0)
		return store_set_param(s, assignment + 14, e);
	copy = str_dup(key);
	if (copy == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	rc = set_value(s, copy, text, e);
	free(copy);
	return rc;
}

/*
 * A job that declares parameters declares all of them; what is not declared
 * is then a misspelling. Without any, --param makes them.
 */
static int
check_declared(const struct members *m, const char *name, struct err *e)
{
	const char *names[NAMES_MAX];
	size_t n = 0;

	if (m->origin.file == NULL)
		return 0;
	for (size_t i = 0; i < m->n && n < NAMES_MAX; i++) {
		if (strcmp(m->cells[i].member, name) == 0)
			return 0;
		names[n++] = m->cells[i].member;
	}
	return unknown("--param: the job has no parameter", name,
	    str_nearest(name, names, n), e);
}

int
store_set_param(struct spec *s, const char *assignment, struct err *e)
{
	const struct setting *row = settings_find("source.params");
	struct members *m = &s->members[store_row(row)];
	const char *name, *text;
	struct value *v;

	text = split(s, "--param", assignment, &name, e);
	if (text == NULL)
		return -1;
	if (name[strspn(name,
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] != '\0')
		return err_set(e, ERR_USAGE,
		    "--param: '%s' cannot be the name "
		    "of a parameter",
		    name);
	if (check_declared(m, name, e) < 0)
		return -1;
	v = param_cell(s, row, name, e);
	if (v == NULL)
		return -1;
	v->origin = (struct origin){ NULL, 0 };
	if (value_set(&s->pool, v, text, e) == 0)
		return 0;
	e->class = ERR_USAGE;
	return err_in(e, "--param %s", name);
}

void
store_finish(struct spec *s)
{
	for (size_t i = 0; i < s->n_rows; i++) {
		struct members *m = &s->members[i];

		if (s->values[i].setting->type != SETTING_LIST)
			continue;
		for (size_t j = 0; j < m->n * m->width; j++) {
			const char *name =
			    m->cells[j / m->width * m->width].text;

			m->cells[j].member = name != NULL ? name : "?";
		}
	}
}
