/*
 * plan_batch.c - the SQL of a plan: its statements and their parameters
 *
 * What can be known of them before anything runs. The rest of a plan is made
 * in plan.c; they are sent by question.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "job/plan.h"

int
plan_split(const struct plan *p, const struct dialect *d, struct script *s,
    struct err *e)
{
	const struct value *list = spec_value(p->spec, "source.statements");

	if (d == NULL)
		d = p->dialect != NULL ? p->dialect : dialect_by_name("ansi");
	if (p->sql != NULL) {
		if (script_split(s, p->sql, p->sql_length, d, e) < 0)
			return err_in(e, "%s", p->sql_name);
	} else {
		for (size_t i = 0; i < list->n_texts; i++)
			if (script_add(s, list->texts[i], e) < 0)
				return -1;
	}
	return 0;
}

/*
 * What stands for a value: a type that the database would not guess is said
 * there (drivers.md, parameters).
 */
static const char *
marker_of(const struct plan_param *param, const struct dialect *d)
{
	struct err ignored = ERR_INIT;
	const char *marker = NULL;
	int64_t number;

	if (param->type == PARAM_DECIMAL)
		marker = d->decimal_marker;
	else if (param->type == PARAM_INTEGER && param->value != NULL &&
	    str_integer(param->value, &number, &ignored) == 0 &&
	    (number > INT32_MAX || number < INT32_MIN))
		marker = d->long_marker;
	return marker != NULL ? marker : "?";
}

/* A list in one parameter finds nothing, without an error. */
static int
check_lone(const struct plan *p, const struct params *found, struct err *e)
{
	const struct plan_param *param;

	if (found->lone == 0)
		return 0;
	param = &p->params[found->index[found->lone - 1]];
	if (param->type != PARAM_TEXT || param->value == NULL ||
	    strchr(param->value, ',') == NULL)
		return 0;
	(void)err_set(e, ERR_SPEC,
	    "line %u: IN (:%s) compares with one value, commas and all",
	    found->line, param->name);
	return err_hint(e,
	    "Define one parameter for each value, IN (:a, :b); or let the "
	    "database take the list apart: = ANY (string_to_array(:%s, ',')) "
	    "in PostgreSQL, FIND_IN_SET(x, :%s) in MySQL; if it is one value, "
	    "write = :%s.",
	    param->name, param->name, param->name);
}

int
plan_find_params(const struct plan *p, const struct dialect *d,
    const struct statement_text *statement, struct params *found, struct err *e)
{
	const char **names = calloc(2 * p->n_params + 1, sizeof(*names));
	struct param_names defined = { names, p->n_params, NULL };
	const char **markers;
	int rc;

	if (names == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	defined.markers = markers = names + p->n_params;
	for (size_t i = 0; i < p->n_params; i++) {
		names[i] = p->params[i].name;
		markers[i] = marker_of(&p->params[i], d);
	}
	rc = params_find(found, statement, d, &defined, e);
	if (rc == 0 && check_lone(p, found, e) < 0) {
		params_release(found);
		rc = -1;
	}
	free(names);
	return rc;
}

/* Mark the parameters that a script uses. */
static int
mark_used(const struct plan *p, const struct dialect *d,
    const struct script *script, bool *used, struct err *e)
{
	struct script_reader *reader = script_reader_new(script);
	const struct statement_text *statement;
	struct params found = PARAMS_INIT;
	int more;

	while ((more = script_reader_next(reader, &statement, e)) > 0) {
		if (plan_find_params(p, d, statement, &found, e) < 0) {
			more = -1;
			break;
		}
		for (size_t k = 0; k < found.n; k++)
			used[found.index[k]] = true;
		params_release(&found);
	}
	script_reader_free(reader);
	return more;
}

/* The batch itself must keep to both ends, or rows are lost or come twice. */
static int
check_cutoffs(const struct plan *p, const bool *used, struct err *e)
{
	for (size_t i = 0; i < p->n_params; i++) {
		if (used[i] || !p->params[i].is_cutoff)
			continue;
		(void)err_set(e, ERR_SPEC,
		    "source.watermark: no statement of the batch uses ':%s'",
		    p->params[i].name);
		return err_hint(e,
		    "Select what is new and no more: WHERE %s > :%s_from AND "
		    "%s <= :%s_to.",
		    p->guards.watermark.name, p->guards.watermark.name,
		    p->guards.watermark.name, p->guards.watermark.name);
	}
	return 0;
}

/* The queries of gates, checks and the watermark. */
static int
mark_guards(
    const struct plan *p, const struct dialect *d, bool *used, struct err *e)
{
	for (size_t i = 0; i < guard_queries(&p->guards); i++) {
		const char *setting;
		const char *sql = guard_query(&p->guards, i, &setting);
		struct script script = SCRIPT_INIT;
		int rc = script_add(&script, sql, e);

		if (rc == 0)
			rc = mark_used(p, d, &script, used, e);
		script_release(&script);
		if (rc < 0)
			return err_in(e, "%s", setting);
	}
	return 0;
}

static int
check_used(const struct plan *p, const bool *used, struct err *e)
{
	for (size_t i = 0; i < p->n_params; i++) {
		if (used[i] || !p->params[i].must_be_used)
			continue;
		(void)err_set(e, ERR_SPEC,
		    "source.params.%s: no statement uses ':%s'",
		    p->params[i].name, p->params[i].name);
		return err_hint(e,
		    "Take it out, or write :%s where the value belongs; in "
		    "quotes and comments it is only text.",
		    p->params[i].name);
	}
	return 0;
}

/* Names of statements. */
struct names {
	char **items;	 /* owned, and each of them */
	size_t n;	 /* how many */
	bool has_wanted; /* the one that is asked for is among them */
};

static int
add_name(struct names *names, const char *name, struct err *e)
{
	char **items = realloc(names->items, (names->n + 1) * sizeof(*items));

	if (items != NULL) {
		names->items = items;
		items[names->n] = str_dup(name);
	}
	if (items == NULL || items[names->n] == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	names->n++;
	return 0;
}

/* The names of its statements, up to the wanted one. */
static int
take_names(const struct script *batch, const char *wanted, struct names *names,
    struct err *e)
{
	struct script_reader *reader = script_reader_new(batch);
	const struct statement_text *statement;
	int more = 1;

	while (!names->has_wanted &&
	    (more = script_reader_next(reader, &statement, e)) > 0) {
		if (statement->name == NULL)
			continue;
		if (add_name(names, statement->name, e) < 0) {
			more = -1;
			break;
		}
		names->has_wanted = strcmp(statement->name, wanted) == 0;
	}
	script_reader_free(reader);
	return more < 0 ? -1 : 0;
}

static int
refuse_result(
    const struct plan_file *f, const struct names *names, struct err *e)
{
	const char *near = str_nearest(
	    f->result_name, (const char *const *)names->items, names->n);

	(void)err_set(e, ERR_SPEC, "%s.result: no statement is named '%s'",
	    strcmp(f->where, "file") == 0 ? "source" : f->where,
	    f->result_name);
	if (near != NULL)
		return err_hint(e, "Did you mean '%s'?", near);
	return err_hint(e, "Write the comment -- name: %s above its statement.",
	    f->result_name);
}

static int
check_result_name(
    const struct plan_file *f, const struct script *batch, struct err *e)
{
	struct names names = { NULL, 0, false };
	int rc = take_names(batch, f->result_name, &names, e);

	if (rc == 0 && !names.has_wanted)
		rc = refuse_result(f, &names, e);
	for (size_t i = 0; i < names.n; i++)
		free(names.items[i]);
	free(names.items);
	return rc;
}

int
plan_check_batch(const struct plan *p, const struct dialect *d,
    const struct script *batch, struct err *e)
{
	const struct value *first = spec_value(p->spec, "source.on_connect");
	struct script on_connect = SCRIPT_INIT;
	bool *used = calloc(p->n_params + 1, sizeof(*used));
	int rc = used != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");

	if (rc == 0 && batch->n == 0) {
		(void)err_set(e, ERR_SPEC, "%s holds no statement",
		    p->sql_name != NULL ? p->sql_name : "the batch");
		rc = err_hint(e, "It is empty, or all of it is a comment.");
	}
	for (size_t i = 0; rc == 0 && i < first->n_texts; i++)
		rc = script_add(&on_connect, first->texts[i], e);
	if (rc == 0 && mark_used(p, d, &on_connect, used, e) < 0)
		rc = err_in(e, "source.on_connect");
	if (rc == 0 && mark_used(p, d, batch, used, e) < 0)
		rc = err_in(e, "%s",
		    p->sql_name != NULL ? p->sql_name : "source.statements");
	if (rc == 0)
		rc = check_cutoffs(p, used, e);
	if (rc == 0)
		rc = mark_guards(p, d, used, e);
	if (rc == 0)
		rc = check_used(p, used, e);
	for (size_t i = 0; rc == 0 && i < p->n_files; i++)
		if (p->files[i].result == PLAN_RESULT_NAME)
			rc = check_result_name(&p->files[i], batch, e);
	script_release(&on_connect);
	free(used);
	return rc;
}
