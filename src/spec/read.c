/*
 * read.c - a spec file into the values that it writes
 *
 * libconfig parses; then its tree is walked against the table of settings.
 * Never looked up by path: its look-ups leave the variable alone when the
 * type is another one, which is a silent default (facts/shipping.md 7). Each
 * thing that is wrong is one problem with its line, and reading goes on.
 *
 * Read next: value.c (what each type accepts), overlay.c (what becomes of the
 * values).
 */
#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "layer.h"

enum {
	SPEC_BYTES = 1024 * 1024,
	PATH_BYTES = 160,
	TYPE_BYTES = 64,
	ARGV_MAX = 256
};

/* A file being read. */
struct reader {
	struct sheet *sheet;
	struct layer *layer; /* of the sheet, being filled */
	struct pool *pool;
	struct problems *problems;
	size_t index; /* of the list member being read */
};

static void
read_group(struct reader *r, const config_setting_t *group, const char *prefix);

static void
complain(struct reader *r, const config_setting_t *at, const struct err *e)
{
	problems_add(
	    r->problems, r->sheet->path, config_setting_source_line(at), e);
}

/* An entry for a row, written at a setting. */
static struct entry *
add_entry(
    struct reader *r, const struct setting *row, const config_setting_t *at)
{
	struct err e = ERR_INIT;
	struct entry *entry = layer_add(r->layer, row, &e);

	if (entry == NULL) {
		complain(r, at, &e);
		return NULL;
	}
	entry->index = r->index;
	entry->value.origin.file = r->sheet->path;
	entry->value.origin.line = config_setting_source_line(at);
	return entry;
}

static unsigned
length_of(const config_setting_t *group)
{
	int n = config_setting_length(group);

	return n > 0 ? (unsigned)n : 0;
}

static bool
is_number(const config_setting_t *at)
{
	int type = config_setting_type(at);

	return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64 ||
	    type == CONFIG_TYPE_FLOAT;
}

/* A scalar as it might have been written. */
static void
put_scalar(char text[TYPE_BYTES], const config_setting_t *at)
{
	switch (config_setting_type(at)) {
	case CONFIG_TYPE_INT:
		(void)snprintf(
		    text, TYPE_BYTES, "%d", config_setting_get_int(at));
		break;
	case CONFIG_TYPE_INT64:
		(void)snprintf(
		    text, TYPE_BYTES, "%lld", config_setting_get_int64(at));
		break;
	case CONFIG_TYPE_FLOAT:
		(void)snprintf(
		    text, TYPE_BYTES, "%g", config_setting_get_float(at));
		break;
	case CONFIG_TYPE_BOOL:
		(void)snprintf(text, TYPE_BYTES, "%s",
		    config_setting_get_bool(at) != 0 ? "true" : "false");
		break;
	default:
		(void)snprintf(text, TYPE_BYTES, "...");
	}
}

static const char *
kind_of(const config_setting_t *at)
{
	switch (config_setting_type(at)) {
	case CONFIG_TYPE_GROUP:
		return "a group";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
	case CONFIG_TYPE_FLOAT:
		return "a number";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_STRING:
		return "a text in quotes";
	default:
		return "a list";
	}
}

static const char *
kind_wanted(const struct setting *row)
{
	switch (row->type) {
	case SETTING_BOOL:
		return "true or false";
	case SETTING_INTEGER:
		return "a whole number";
	case SETTING_TEXTS:
		return "a list of texts";
	case SETTING_LIST:
		return "a list of groups";
	case SETTING_SECRET:
		return "a group that says where the secret is";
	case SETTING_PARAMS:
	case SETTING_GROUP:
		return "a group";
	default:
		return "a text in quotes";
	}
}

/* How it is written rightly. */
static void
hint_type(struct err *e, const struct setting *row, const config_setting_t *at)
{
	char scalar[TYPE_BYTES];
	const char *name = strrchr(row->path, '.');

	name = name != NULL ? name + 1 : row->path;
	put_scalar(scalar, at);
	if (row->type == SETTING_DURATION && is_number(at))
		(void)err_hint(
		    e, "Write it with its unit: %s = \"%ss\";", name, scalar);
	else if (row->type == SETTING_SIZE && is_number(at))
		(void)err_hint(
		    e, "Write it with its unit: %s = \"%sB\";", name, scalar);
	else if (row->type == SETTING_BOOL)
		(void)err_hint(e,
		    "Write %s = true; or %s = false; without "
		    "quotes.",
		    name, name);
	else if (row->type == SETTING_TEXTS)
		(void)err_hint(e,
		    "Write %s = ( \"...\", \"...\" ); also for "
		    "only one.",
		    name);
	else if (row->type == SETTING_LIST)
		(void)err_hint(e,
		    "Write %s = ( { ... }, { ... } ); also for "
		    "only one.",
		    name);
	else if (row->type == SETTING_GROUP || row->type == SETTING_PARAMS)
		(void)err_hint(e, "Write %s = { ... };", name);
	else if (row->type == SETTING_SECRET)
		(void)err_hint(e, "Write %s = { file = \"...\"; };", name);
	else if (row->type != SETTING_INTEGER)
		(void)err_hint(e, "Write %s = \"%s\";", name, scalar);
}

static void
wrong_type(
    struct reader *r, const struct setting *row, const config_setting_t *at)
{
	struct err e = ERR_INIT;

	(void)err_set(&e, ERR_SPEC, "%s must be %s, not %s", row->path,
	    kind_wanted(row), kind_of(at));
	hint_type(&e, row, at);
	complain(r, at, &e);
}

static void
unknown_key(struct reader *r, const config_setting_t *at, const char *path)
{
	const char *near = settings_nearest(path);
	const char *candidates[] = { near, "environments" };
	struct err e = ERR_INIT;

	(void)err_set(&e, ERR_SPEC, "unknown setting '%s'", path);
	/* environments is no setting and has no row. */
	if (strchr(path, '.') == NULL && near == NULL)
		near = str_nearest(path, candidates + 1, 1);
	else if (strchr(path, '.') == NULL && strchr(near, '.') == NULL)
		near = str_nearest(path, candidates, 2);
	if (near != NULL)
		(void)err_hint(&e, "Did you mean '%s'?", near);
	else
		(void)err_hint(&e,
		    "'odbcship show --settings' documents all "
		    "settings.");
	complain(r, at, &e);
}

/* A number in quotes: large ones must be, for libconfig 1.5. */
static bool
is_quoted_number(const struct setting *row, const config_setting_t *at)
{
	const char *text = config_setting_get_string(at);

	return row->type == SETTING_INTEGER && text != NULL && *text != '\0' &&
	    text[strspn(text, "0123456789")] == '\0';
}

/* A value that is written as one text. */
static void
read_scalar(
    struct reader *r, const struct setting *row, const config_setting_t *at)
{
	struct entry *entry = add_entry(r, row, at);
	int type = config_setting_type(at);
	struct err e = ERR_INIT;
	char scalar[TYPE_BYTES];
	const char *text = scalar;

	if (entry == NULL)
		return;
	if ((row->type == SETTING_BOOL) != (type == CONFIG_TYPE_BOOL) ||
	    (row->type == SETTING_INTEGER) !=
		(type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64 ||
		    is_quoted_number(row, at)) ||
	    (row->type != SETTING_BOOL && row->type != SETTING_INTEGER &&
		type != CONFIG_TYPE_STRING)) {
		wrong_type(r, row, at);
		return;
	}
	if (type == CONFIG_TYPE_STRING)
		text = config_setting_get_string(at);
	else
		put_scalar(scalar, at);
	if (value_set(r->pool, &entry->value, text, &e) < 0)
		complain(r, at, &e);
}

/* A list of texts into texts, at most ARGV_MAX; -1 when it is none. */
static int
take_texts(struct reader *r, const struct setting *row,
    const config_setting_t *at, const char **texts)
{
	unsigned n = length_of(at);
	struct err e = ERR_INIT;

	if (!config_setting_is_list(at) && !config_setting_is_array(at)) {
		wrong_type(r, row, at);
		return -1;
	}
	if (n > ARGV_MAX) {
		(void)err_set(&e, ERR_SPEC, "%s: %u texts are more than %d",
		    row->path, n, ARGV_MAX);
		complain(r, at, &e);
		return -1;
	}
	for (unsigned i = 0; i < n; i++) {
		const config_setting_t *item = config_setting_get_elem(at, i);

		if (config_setting_type(item) != CONFIG_TYPE_STRING) {
			wrong_type(r, row, item);
			return -1;
		}
		texts[i] = config_setting_get_string(item);
	}
	return (int)n;
}

static void
read_texts(
    struct reader *r, const struct setting *row, const config_setting_t *at)
{
	struct entry *entry = add_entry(r, row, at);
	const char *texts[ARGV_MAX];
	struct err e = ERR_INIT;
	int n;

	if (entry == NULL)
		return;
	n = take_texts(r, row, at, texts);
	if (n >= 0 &&
	    value_set_texts(r->pool, &entry->value, texts, (size_t)n, &e) < 0)
		complain(r, at, &e);
}

static void
read_secret_command(
    struct reader *r, struct entry *entry, const config_setting_t *at)
{
	const char *texts[ARGV_MAX];
	struct value *v = &entry->value;
	struct err e = ERR_INIT;
	int n = take_texts(r, v->setting, at, texts);

	if (n == 0) {
		(void)err_set(
		    &e, ERR_SPEC, "%s: the command is empty", v->setting->path);
		complain(r, at, &e);
	} else if (n > 0 &&
	    value_set_texts(r->pool, v, texts, (size_t)n, &e) < 0)
		complain(r, at, &e);
	v->secret = "command";
}

/* { file = "x"; } and its kind: exactly one place. */
static void
read_secret_group(
    struct reader *r, struct entry *entry, const config_setting_t *group)
{
	const struct setting *row = entry->value.setting;
	const config_setting_t *at = config_setting_get_elem(group, 0);
	struct err e = ERR_INIT;
	const char *place;

	if (length_of(group) != 1) {
		(void)err_set(&e, ERR_SPEC, "%s must say one place, not %u",
		    row->path, length_of(group));
		(void)err_hint(&e,
		    "Write one of file, credential, command "
		    "and env.");
		complain(r, group, &e);
		return;
	}
	place = value_secret_place(config_setting_name(at));
	if (place == NULL) {
		(void)value_unknown_place(config_setting_name(at), &e);
		(void)err_in(&e, "%s", row->path);
		complain(r, at, &e);
	} else if (strcmp(place, "command") == 0)
		read_secret_command(r, entry, at);
	else if (config_setting_type(at) != CONFIG_TYPE_STRING) {
		(void)err_set(&e, ERR_SPEC,
		    "%s.%s must be a text in quotes, "
		    "not %s",
		    row->path, place, kind_of(at));
		complain(r, at, &e);
	} else if (value_set_secret(r->pool, &entry->value, place,
		       config_setting_get_string(at), &e) < 0)
		complain(r, at, &e);
}

static void
read_secret(
    struct reader *r, const struct setting *row, const config_setting_t *at)
{
	struct entry *entry = add_entry(r, row, at);
	struct err e = ERR_INIT;

	if (entry == NULL)
		return;
	if (config_setting_is_group(at))
		read_secret_group(r, entry, at);
	else if (config_setting_type(at) != CONFIG_TYPE_STRING)
		wrong_type(r, row, at);
	else if (sheet_check_private(r->sheet->path, row->path, &e) < 0 ||
	    value_set_secret(r->pool, &entry->value, "inline",
		config_setting_get_string(at), &e) < 0)
		complain(r, at, &e);
}

/* Value and type of one parameter written as a group. */
static void
read_param_group(
    struct reader *r, struct entry *entry, const config_setting_t *group)
{
	struct value *v = &entry->value;
	struct err e = ERR_INIT;

	for (unsigned i = 0; i < length_of(group); i++) {
		const config_setting_t *at = config_setting_get_elem(group, i);
		const char *key = config_setting_name(at);
		bool is_value = strcmp(key, "value") == 0;
		int rc;

		if (!is_value && strcmp(key, "type") != 0) {
			(void)err_set(&e, ERR_SPEC,
			    "unknown setting "
			    "'%s.%s.%s'",
			    v->setting->path, v->member, key);
			(void)err_hint(&e,
			    "A parameter has a value and a "
			    "type.");
			rc = -1;
		} else if (config_setting_type(at) != CONFIG_TYPE_STRING)
			rc = err_set(&e, ERR_SPEC,
			    "%s.%s.%s must be a text "
			    "in quotes, not %s",
			    v->setting->path, v->member, key, kind_of(at));
		else if (is_value)
			rc = value_set(
			    r->pool, v, config_setting_get_string(at), &e);
		else
			rc = value_set_type(
			    v, config_setting_get_string(at), &e);
		if (rc < 0)
			complain(r, at, &e);
	}
	if (config_setting_get_member(group, "value") == NULL) {
		(void)err_set(&e, ERR_SPEC, "%s.%s has no value",
		    v->setting->path, v->member);
		complain(r, group, &e);
	}
}

static void
read_param(
    struct reader *r, const struct setting *row, const config_setting_t *at)
{
	const char *name = config_setting_name(at);
	struct entry *entry = add_entry(r, row, at);
	struct err e = ERR_INIT;
	char scalar[TYPE_BYTES];

	if (entry == NULL)
		return;
	entry->value.member = pool_keep(r->pool, name, &e);
	if (entry->value.member == NULL) {
		r->layer->n--;
		complain(r, at, &e);
	} else if (name[strspn(name,
		       "abcdefghijklmnopqrstuvwxyz"
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] != '\0') {
		(void)err_set(&e, ERR_SPEC,
		    "'%s' cannot be the name of a "
		    "parameter",
		    name);
		(void)err_hint(&e,
		    "It is made of letters, digits and '_', "
		    "as in :day.");
		complain(r, at, &e);
	} else if (config_setting_is_group(at)) {
		read_param_group(r, entry, at);
	} else if (config_setting_type(at) != CONFIG_TYPE_STRING) {
		put_scalar(scalar, at);
		(void)err_set(&e, ERR_SPEC,
		    "%s.%s must be a text in quotes "
		    "or a group, not %s",
		    row->path, name, kind_of(at));
		if (config_setting_is_scalar(at))
			(void)err_hint(&e,
			    "Write %s = { value = \"%s\"; type "
			    "= \"%s\"; };",
			    name, scalar,
			    config_setting_type(at) == CONFIG_TYPE_FLOAT ?
				"decimal" :
				"integer");
		complain(r, at, &e);
	} else if (value_set(r->pool, &entry->value,
		       config_setting_get_string(at), &e) < 0)
		complain(r, at, &e);
}

static void
read_params(
    struct reader *r, const struct setting *row, const config_setting_t *at)
{
	if (!config_setting_is_group(at)) {
		wrong_type(r, row, at);
		return;
	}
	for (unsigned i = 0; i < length_of(at); i++)
		read_param(r, row, config_setting_get_elem(at, i));
}

static void
read_list(
    struct reader *r, const struct setting *row, const config_setting_t *at)
{
	struct entry *entry = add_entry(r, row, at);
	unsigned n = length_of(at);

	if (entry == NULL)
		return;
	if (!config_setting_is_list(at)) {
		wrong_type(r, row, at);
		return;
	}
	entry->value.number = n;
	for (unsigned i = 0; i < n; i++) {
		const config_setting_t *member = config_setting_get_elem(at, i);
		struct entry *begin;

		r->index = i;
		/* Where the member begins, for what it lacks. */
		begin = add_entry(r, row, member);
		if (begin != NULL)
			begin->value.number = -1;
		if (config_setting_is_group(member))
			read_group(r, member, row->path);
		else
			wrong_type(r, row, member);
	}
	r->index = 0;
}

/* Whether a setting may stand in this file. */
static int
check_place(const struct reader *r, const struct setting *row, struct err *e)
{
	if ((row->flags & SETTING_MAIN) != 0 && r->sheet->kind != SHEET_MAIN)
		return err_set(e, ERR_SPEC,
		    "%s can only be set in the main "
		    "file",
		    row->path);
	if ((row->flags & SETTING_JOB) != 0 && r->sheet->kind != SHEET_JOB)
		return err_set(
		    e, ERR_SPEC, "%s can only be set in a job spec", row->path);
	if (r->layer->environment != NULL &&
	    strcmp(row->path, "environment") == 0)
		return err_set(e, ERR_SPEC,
		    "%s cannot be set within an "
		    "environment",
		    row->path);
	return 0;
}

static void
read_setting(
    struct reader *r, const struct setting *row, const config_setting_t *at)
{
	struct err e = ERR_INIT;

	if (check_place(r, row, &e) < 0) {
		complain(r, at, &e);
		return;
	}
	switch (row->type) {
	case SETTING_GROUP:
		if (config_setting_is_group(at))
			read_group(r, at, row->path);
		else
			wrong_type(r, row, at);
		break;
	case SETTING_LIST:
		read_list(r, row, at);
		break;
	case SETTING_PARAMS:
		read_params(r, row, at);
		break;
	case SETTING_TEXTS:
		read_texts(r, row, at);
		break;
	case SETTING_SECRET:
		read_secret(r, row, at);
		break;
	default:
		read_scalar(r, row, at);
	}
}

/* One environment: all settings again, laid over those outside. */
static void
read_environment(struct reader *r, const config_setting_t *at)
{
	struct err e = ERR_INIT;
	const char *name = pool_keep(r->pool, config_setting_name(at), &e);
	struct layer *layer = NULL;

	if (name != NULL && value_check_name(name, &e) == 0)
		layer = sheet_add(r->sheet, name, &e);
	if (layer == NULL) {
		complain(r, at, &e);
		return;
	}
	layer->origin.file = r->sheet->path;
	layer->origin.line = config_setting_source_line(at);
	if (!config_setting_is_group(at)) {
		(void)err_set(&e, ERR_SPEC,
		    "environments.%s must be a group, "
		    "not %s",
		    name, kind_of(at));
		complain(r, at, &e);
		return;
	}
	r->layer = layer;
	read_group(r, at, "");
	r->layer = &r->sheet->base;
}

static void
read_environments(struct reader *r, const config_setting_t *at)
{
	struct err e = ERR_INIT;

	if (!config_setting_is_group(at)) {
		(void)err_set(&e, ERR_SPEC,
		    "environments must be a group, "
		    "not %s",
		    kind_of(at));
		(void)err_hint(&e,
		    "Write environments = { dev = { ... }; "
		    "prod = { ... }; };");
		complain(r, at, &e);
		return;
	}
	for (unsigned i = 0; i < length_of(at); i++)
		read_environment(r, config_setting_get_elem(at, i));
}

/*
 * Recursion ends with the table: what has no row there is not entered. The
 * prefix is the path of the group, empty for the file or environment itself.
 */
static void
read_group(struct reader *r, const config_setting_t *group, const char *prefix)
{
	for (unsigned i = 0; i < length_of(group); i++) {
		const config_setting_t *at = config_setting_get_elem(group, i);
		const char *name = config_setting_name(at);
		const struct setting *row;
		char path[PATH_BYTES];

		(void)snprintf(path, sizeof(path), "%s%s%s", prefix,
		    *prefix != '\0' ? "." : "", name);
		row = settings_find(path);
		if (*prefix == '\0' && r->layer->environment == NULL &&
		    strcmp(name, "environments") == 0)
			read_environments(r, at);
		else if (row == NULL)
			unknown_key(r, at, path);
		else
			read_setting(r, row, at);
	}
}

/* libconfig's word for a mistake, and what to do about it. */
static void
syntax_error(struct reader *r, const config_t *config, struct err *e)
{
	const char *text = config_error_text(config);
	int line = config_error_line(config);

	if (text == NULL)
		text = "cannot be parsed";
	if (strcmp(text, "duplicate setting name") == 0)
		(void)err_set(e, ERR_SPEC,
		    "this setting stands twice in the "
		    "same group");
	else
		(void)err_set(e, ERR_SPEC, "%s", text);
	if (strcmp(text, "syntax error") == 0)
		(void)err_hint(e,
		    "A setting is written name = value; with "
		    "texts in double quotes, groups in { } and lists in ( ) "
		    "without a comma behind the last one; the mistake may be "
		    "on the line before.");
	problems_add(
	    r->problems, r->sheet->path, line > 0 ? (unsigned)line : 0, e);
}

static int
parse(struct reader *r, const char *text, struct err *e)
{
	config_t config;
	int rc = 0;

	config_init(&config);
	if (config_read_string(&config, text) == CONFIG_TRUE)
		read_group(r, config_root_setting(&config), "");
	else {
		syntax_error(r, &config, e);
		rc = -1;
	}
	config_destroy(&config);
	return rc;
}

int
sheet_read(struct sheet *s, struct pool *pool, const char *path,
    struct problems *problems, struct err *e)
{
	struct reader r = { s, &s->base, pool, problems, 0 };
	struct buf text = BUF_INIT(SPEC_BYTES);
	const char *content;
	int rc = -1;

	s->path = pool_keep(pool, path, e);
	if (s->path == NULL || file_read(&text, path, FILE_TRUSTED, e) < 0) {
		if (e->native == ENOENT || e->native == ENOTDIR)
			e->class = ERR_SPEC;
		/* The text names the file already. */
		problems_add(problems, NULL, 0, e);
		goto out;
	}
	content = text.length > 0 ? text.data : "";
	if (scan_text(s->path, content, text.length, problems, e) == 0)
		rc = parse(&r, content, e);
out:
	/* It may hold a secret. */
	if (text.data != NULL)
		explicit_bzero(text.data, text.capacity);
	buf_release(&text);
	return rc;
}

void
spec_put_version(char *text, size_t size)
{
	(void)snprintf(text, size, "libconfig %d.%d.%d", LIBCONFIG_VER_MAJOR,
	    LIBCONFIG_VER_MINOR, LIBCONFIG_VER_REVISION);
}
