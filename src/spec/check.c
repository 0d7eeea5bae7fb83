/*
 * check.c - what must hold between the effective values
 *
 * Each value by itself was checked when it was read (value.c). What needs
 * secrets, SQL files or templates with their values is job/plan.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "base/str.h"
#include "store.h"

/* Tell of an error at a value, or at the job's file when it has no line. */
static void
complain(const struct spec *s, struct problems *problems,
    const struct origin *origin, const struct err *e)
{
	if (origin != NULL && origin->file != NULL)
		problems_add(problems, origin->file, origin->line, e);
	else
		problems_add(problems, origin == NULL ? s->path : NULL, 0, e);
}

/* "source.dsn, source.connection" */
static void
put_paths(struct buf *out, const struct exclusion *x)
{
	struct err ignored = ERR_INIT;

	for (size_t i = 0; x->paths[i] != NULL; i++)
		if (buf_printf(out, &ignored, "%s%s", i > 0 ? ", " : "",
			x->paths[i]) < 0)
			return;
}

/* At most one of them, and one for a job. */
static void
check_exclusion(const struct spec *s, const struct exclusion *x, bool is_needed,
    struct problems *problems)
{
	const struct value *first = NULL, *second = NULL;
	struct buf paths = BUF_INIT(512);
	struct err e = ERR_INIT;

	put_paths(&paths, x);
	for (size_t i = 0; x->paths[i] != NULL; i++) {
		const struct value *v = spec_value(s, x->paths[i]);

		if (v->is_given && first == NULL)
			first = v;
		else if (v->is_given)
			second = v;
	}
	if (second != NULL) {
		(void)err_set(&e, ERR_SPEC, "%s and %s are both set",
		    first->setting->path, second->setting->path);
		(void)err_hint(&e, "Keep one of %s.", buf_text(&paths));
		complain(s, problems, &second->origin, &e);
	} else if (first == NULL && is_needed) {
		(void)err_set(&e, ERR_SPEC, "nothing says %s", x->what);
		(void)err_hint(&e, "Set one of %s.", buf_text(&paths));
		complain(s, problems, NULL, &e);
	}
	buf_release(&paths);
}

static void
check_required(const struct spec *s, struct problems *problems)
{
	for (size_t i = 0; i < s->n_rows; i++) {
		const struct value *v = &s->values[i];
		struct err e = ERR_INIT;

		if ((v->setting->flags & SETTING_REQUIRED) == 0 ||
		    v->is_given || store_list_of(v->setting) != NULL)
			continue;
		(void)err_set(&e, ERR_SPEC, "%s is not set", v->setting->path);
		(void)err_hint(&e, "A job needs it: %s", v->setting->example);
		complain(s, problems, NULL, &e);
	}
}

/* What one member of a list lacks. */
static void
check_member(const struct spec *s, const struct members *m, size_t index,
    struct problems *problems)
{
	for (size_t i = 0; i < m->width; i++) {
		const struct value *v = &m->cells[index * m->width + i];
		struct err e = ERR_INIT;

		if ((v->setting->flags & SETTING_REQUIRED) == 0 || v->is_given)
			continue;
		(void)err_set(&e, ERR_SPEC, "%s is not set", v->setting->path);
		(void)err_hint(&e, "Each member of the list needs it: %s",
		    v->setting->example);
		complain(s, problems, &m->origins[index], &e);
	}
}

/* No two members have the same name, which is their first setting. */
static void
check_names(const struct spec *s, const struct members *m, size_t index,
    struct problems *problems)
{
	const struct value *name = &m->cells[index * m->width];

	for (size_t i = 0; i < index && name->text != NULL; i++) {
		const struct value *other = &m->cells[i * m->width];
		struct err e = ERR_INIT;

		if (other->text == NULL || strcmp(other->text, name->text) != 0)
			continue;
		(void)err_set(&e, ERR_SPEC, "%s '%s' stands twice in the list",
		    name->setting->path, name->text);
		complain(s, problems, &name->origin, &e);
		return;
	}
}

static void
check_lists(const struct spec *s, struct problems *problems)
{
	for (size_t i = 0; i < s->n_rows; i++) {
		const struct members *m = &s->members[i];

		if (s->values[i].setting->type != SETTING_LIST)
			continue;
		for (size_t j = 0; j < m->n; j++) {
			check_member(s, m, j, problems);
			check_names(s, m, j, problems);
		}
	}
}

/* What a job says of file beside files would be said of nothing. */
static void
check_files(const struct spec *s, struct problems *problems)
{
	for (size_t i = 0; i < s->n_rows && spec_count(s, "files") > 0; i++) {
		const struct value *v = &s->values[i];
		struct err e = ERR_INIT;

		if (strncmp(v->setting->path, "file.", 5) != 0 ||
		    !v->is_given || v->origin.file == NULL || s->path == NULL ||
		    strcmp(v->origin.file, s->path) != 0 ||
		    strcmp(v->setting->path, "file.name") == 0)
			continue;
		(void)err_set(&e, ERR_SPEC, "%s and files are both set",
		    v->setting->path);
		(void)err_hint(&e,
		    "Write it into the members of files that it is for; only "
		    "the main file may say it for all of them.");
		complain(s, problems, &v->origin, &e);
	}
}

static void
check_params(const struct spec *s, struct problems *problems)
{
	for (size_t i = 0; i < spec_count(s, "source.params"); i++) {
		const struct value *v = spec_member(s, "source.params", i);
		struct err e = ERR_INIT;

		if (value_check_param(v, &e) < 0)
			complain(s, problems, &v->origin, &e);
	}
}

/* A connection string with a password in it is a secret in its file. */
static void
check_connection(const struct spec *s, struct problems *problems)
{
	const struct value *v = spec_value(s, "source.connection");
	struct err e = ERR_INIT;
	char *copy;

	if (v->text == NULL || v->origin.file == NULL)
		return;
	copy = str_dup(v->text);
	if (copy == NULL) {
		(void)err_set(&e, ERR_INTERNAL, "out of memory");
		complain(s, problems, &v->origin, &e);
		return;
	}
	/* What redaction would hide is a secret. */
	redact_text(copy, strlen(copy) + 1);
	if (strcmp(copy, v->text) != 0 &&
	    sheet_check_private(v->origin.file, v->setting->path, &e) < 0)
		complain(s, problems, &v->origin, &e);
	free(copy);
}

void
check_spec(const struct spec *s, const struct spec_request *request,
    struct problems *problems)
{
	for (const struct exclusion *x = store_exclusions; x->what != NULL; x++)
		check_exclusion(s, x, request->job != NULL, problems);
	if (request->job != NULL)
		check_required(s, problems);
	check_lists(s, problems);
	check_files(s, problems);
	check_params(s, problems);
	check_connection(s, problems);
}
