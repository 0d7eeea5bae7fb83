/*
 * guard.c - gates, checks and the watermark of a job, from its settings
 *
 * What they do then: gate.c, check.c and watermark.c. Whether their queries
 * have the right parameters is plan.c's to see, with those of the batch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/guard.h"

enum { PATH_BYTES = 64 };

/* The value of a setting of member i of a list. */
static const struct value *
member(const struct spec *s, const char *list, const char *leaf, size_t i)
{
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%s.%s", list, leaf);
	return spec_member(s, path, i);
}

static void
complain(
    struct problems *problems, const struct origin *origin, const struct err *e)
{
	problems_add(problems, origin->file, origin->line, e);
}

/* What is asked for says what is wanted, or it is of no use. */
static void
check_condition(
    const struct condition *c, const char *list, struct problems *problems)
{
	struct err e = ERR_INIT;

	if (c->name == NULL || c->sql == NULL || c->equals != NULL ||
	    c->at_least != NULL || c->at_most != NULL || c->not_null)
		return;
	(void)err_set(
	    &e, ERR_SPEC, "%s '%s' does not say what must hold", list, c->name);
	(void)err_hint(
	    &e, "Add equals = \"1\", at_least, at_most or not_null = true.");
	complain(problems, &c->origin, &e);
}

static void
take_condition(struct condition *c, const struct spec *s, const char *list,
    size_t i, struct problems *problems)
{
	const struct value *sql = member(s, list, "sql", i);

	c->name = member(s, list, "name", i)->text;
	c->sql = sql->text;
	c->origin = sql->origin;
	c->equals = member(s, list, "equals", i)->text;
	c->at_least = member(s, list, "at_least", i)->text;
	c->at_most = member(s, list, "at_most", i)->text;
	c->not_null = member(s, list, "not_null", i)->number != 0;
	check_condition(c, list, problems);
}

static void *
allocate(size_t n, size_t size, struct problems *problems)
{
	struct err e = ERR_INIT;
	void *items = calloc(n, size);

	if (items == NULL) {
		(void)err_set(&e, ERR_INTERNAL, "out of memory");
		problems_add(problems, NULL, 0, &e);
	}
	return items;
}

static void
take_gates(struct guards *g, const struct spec *s, struct problems *problems)
{
	size_t n = spec_count(s, "gates");

	if (n > 0)
		g->gates = allocate(n, sizeof(*g->gates), problems);
	for (size_t i = 0; g->gates != NULL && i < n; i++) {
		struct gate *gate = &g->gates[i];

		take_condition(&gate->condition, s, "gates", i, problems);
		gate->timeout_ms =
		    (uint64_t)member(s, "gates", "timeout", i)->number;
		gate->every_ms =
		    (uint64_t)member(s, "gates", "every", i)->number;
		g->n_gates++;
	}
}

static void
take_conditions(
    struct checks *c, const struct spec *s, struct problems *problems)
{
	size_t n = spec_count(s, "checks.sql");

	if (n > 0)
		c->conditions = allocate(n, sizeof(*c->conditions), problems);
	for (size_t i = 0; c->conditions != NULL && i < n; i++) {
		take_condition(&c->conditions[i], s, "checks.sql", i, problems);
		c->n_conditions++;
	}
}

static int64_t
number_or(const struct spec *s, const char *path, int64_t otherwise)
{
	const struct value *v = spec_value(s, path);

	return v->text != NULL ? v->number : otherwise;
}

static void
take_texts(const struct spec *s, const char *path, const char *const **texts,
    size_t *n)
{
	const struct value *v = spec_value(s, path);

	*texts = v->texts;
	*n = v->n_texts;
}

static void
take_checks(struct checks *c, const struct spec *s, struct problems *problems)
{
	struct err e = ERR_INIT;

	c->min_rows = number_or(s, "checks.min_rows", -1);
	c->max_rows = number_or(s, "checks.max_rows", -1);
	c->max_change = number_or(s, "checks.max_change", -1);
	c->same_columns = spec_number(s, "checks.same_columns") != 0;
	take_texts(s, "checks.columns", &c->columns, &c->n_columns);
	take_texts(s, "checks.not_null", &c->not_null, &c->n_not_null);
	take_texts(s, "checks.unique", &c->unique, &c->n_unique);
	take_conditions(c, s, problems);
	if (c->max_rows < 0 || c->min_rows <= c->max_rows)
		return;
	(void)err_set(&e, ERR_SPEC,
	    "checks.min_rows is %lld, and checks.max_rows only %lld",
	    (long long)c->min_rows, (long long)c->max_rows);
	complain(problems, &spec_value(s, "checks.max_rows")->origin, &e);
}

/* All of name, sql and initial, or none of the group. */
static void
take_watermark(
    struct watermark *w, const struct spec *s, struct problems *problems)
{
	static const char *const paths[] = { "source.watermark.name",
		"source.watermark.sql", "source.watermark.initial",
		"source.watermark.type" };
	const struct value *missing = NULL, *given = NULL;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const struct value *v = spec_value(s, paths[i]);

		if (v->text != NULL)
			given = v;
		else if (i < 3 && missing == NULL)
			missing = v;
	}
	if (given != NULL && missing != NULL) {
		(void)err_set(
		    &e, ERR_SPEC, "%s is not set", missing->setting->path);
		(void)err_hint(&e, "source.watermark needs it: %s",
		    missing->setting->example);
		complain(problems, &given->origin, &e);
	}
	if (given == NULL || missing != NULL)
		return;
	w->name = spec_text(s, paths[0]);
	w->sql = spec_text(s, paths[1]);
	w->initial = spec_text(s, paths[2]);
	w->type = spec_choice(s, paths[3]);
	w->origin = spec_value(s, paths[0])->origin;
}

void
guard_build(
    struct guards *g, const struct spec *spec, struct problems *problems)
{
	memset(g, 0, sizeof(*g));
	take_gates(g, spec, problems);
	take_checks(&g->checks, spec, problems);
	take_watermark(&g->watermark, spec, problems);
}

size_t
guard_queries(const struct guards *g)
{
	return g->n_gates + (g->watermark.name != NULL) +
	    g->checks.n_conditions;
}

const char *
guard_query(const struct guards *g, size_t i, const char **setting)
{
	*setting = "gates";
	if (i < g->n_gates)
		return g->gates[i].condition.sql;
	i -= g->n_gates;
	*setting = "source.watermark.sql";
	if (g->watermark.name != NULL && i-- == 0)
		return g->watermark.sql;
	*setting = "checks.sql";
	return g->checks.conditions[i].sql;
}

void
guard_release(struct guards *g)
{
	free(g->gates);
	free(g->checks.conditions);
	free(g->watermark.from);
	free(g->watermark.to);
	memset(g, 0, sizeof(*g));
}
