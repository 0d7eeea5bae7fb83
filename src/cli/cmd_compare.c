/*
 * cmd_compare.c - odbcship compare: a job's result in two environments
 *
 * Before a job that was made on the development database runs on the real one:
 * columns, types, NULLs and the forms of values that are not the same. Nothing
 * is shipped, recorded or left (job/profile.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "job/plan.h"
#include "job/profile.h"

enum { COMPARE_ROWS = 1000, SIDES = 2 };

static const struct option_row option_rows[] = { OVERLAY_OPTIONS,
	{ "rows", 'r', "N", "look at most at N rows of each, default 1000" },
	{ "allow-writes", 0, NULL,
	    "though the batch changes tables: they are rolled back where the "
	    "database can" },
	{ NULL, 0, NULL, NULL } };

/* Two environments next to each other. */
struct comparison {
	const char *names[SIDES];
	struct profile sides[SIDES];
	unsigned differences;
};

static void
differ(struct comparison *c, const char *column)
{
	c->differences++;
	if (column != NULL)
		printf("column '%s': ", column);
}

static void
compare_type(struct comparison *c, const struct profile_column *a,
    const struct profile_column *b)
{
	if (strcmp(a->kind, b->kind) == 0 && strcmp(a->type, b->type) == 0)
		return;
	differ(c, a->name);
	printf("%s (%s) in %s, %s (%s) in %s\n", a->type, a->kind, c->names[0],
	    b->type, b->kind, c->names[1]);
}

static void
compare_count(struct comparison *c, const char *column, const char *what,
    const uint64_t counts[SIDES])
{
	int without = counts[0] == 0 ? 0 : 1;
	int with = 1 - without;

	if ((counts[0] == 0) == (counts[1] == 0) || c->sides[without].rows == 0)
		return;
	differ(c, column);
	printf("%s in %llu of %llu rows in %s, never in %s\n", what,
	    (unsigned long long)counts[with],
	    (unsigned long long)c->sides[with].rows, c->names[with],
	    c->names[without]);
}

/* Forms that only one of them has; where there are too many, nothing. */
static void
compare_forms(struct comparison *c, const struct profile_column *const of[2])
{
	for (int side = 0; side < SIDES; side++) {
		const struct profile_column *a = of[side], *b = of[1 - side];

		if (a->has_more || b->has_more || b->n_forms == 0)
			continue;
		for (size_t i = 0; i < a->n_forms; i++) {
			bool found = false;

			for (size_t k = 0; k < b->n_forms; k++)
				found = found ||
				    strcmp(a->forms[i], b->forms[k]) == 0;
			if (found)
				continue;
			differ(c, a->name);
			printf("values like '%s' in %s only\n", a->forms[i],
			    c->names[side]);
		}
	}
}

static void
compare_column(struct comparison *c, const struct profile_column *a,
    const struct profile_column *b)
{
	const struct profile_column *const of[2] = { a, b };

	if (strcmp(a->name, b->name) != 0) {
		differ(c, NULL);
		printf("column '%s' in %s is '%s' in %s\n", a->name,
		    c->names[0], b->name, c->names[1]);
		return;
	}
	compare_type(c, a, b);
	compare_count(
	    c, a->name, "NULL", (const uint64_t[]){ a->nulls, b->nulls });
	compare_count(c, a->name, "an empty string",
	    (const uint64_t[]){ a->empties, b->empties });
	compare_count(c, a->name, "blanks at the end",
	    (const uint64_t[]){ a->has_padding, b->has_padding });
	compare_forms(c, of);
}

static void
compare_sides(struct comparison *c)
{
	const struct profile *a = &c->sides[0], *b = &c->sides[1];
	size_t n = a->n_columns < b->n_columns ? a->n_columns : b->n_columns;

	for (int i = 0; i < SIDES; i++)
		printf("%s: %s, %zu columns, %llu%s rows\n", c->names[i],
		    c->sides[i].database, c->sides[i].n_columns,
		    (unsigned long long)c->sides[i].rows,
		    c->sides[i].is_limited ? " or more" : "");
	for (size_t i = 0; i < n; i++)
		compare_column(c, &a->columns[i], &b->columns[i]);
	for (int side = 0; side < SIDES; side++)
		for (size_t i = n; i < c->sides[side].n_columns; i++) {
			differ(c, c->sides[side].columns[i].name);
			printf("in %s only\n", c->names[side]);
		}
	if ((a->rows == 0) != (b->rows == 0)) {
		differ(c, NULL);
		printf("no rows in %s\n", c->names[a->rows == 0 ? 0 : 1]);
	}
	if (c->differences == 0)
		printf("they look the same\n");
}

/* One environment: its own settings, its own database. */
static int
look(const struct invocation *inv, const struct spec_request *request,
    struct profile *profile, uint64_t rows, struct err *e)
{
	const struct plan_options how = {
		.date = invocation_value(inv, "date"),
		.with_secrets = true,
		.with_guards = true,
	};
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	struct plan *plan = NULL;
	int rc = spec_load(&spec, request, &problems, e);

	if (rc == 0)
		rc = plan_build(&plan, spec, &how, &problems, e);
	/* Some drivers read a whole result where there is a transaction. */
	if (rc == 0 && invocation_has(inv, "allow-writes"))
		plan->in_transaction = true;
	else if (rc == 0)
		rc = profile_check(plan, e);
	if (rc == 0)
		rc = profile_take(profile, plan, rows, e);
	if (problems.errors > 0)
		terminal_problems(&problems);
	else if (rc < 0)
		terminal_error(request->environment, e);
	plan_free(plan);
	spec_free(spec);
	problems_release(&problems);
	return rc;
}

static int
take_rows(const struct invocation *inv, int64_t *rows, struct err *e)
{
	const char *text = invocation_value(inv, "rows");

	*rows = COMPARE_ROWS;
	if (text == NULL || (str_integer(text, rows, e) == 0 && *rows > 0))
		return 0;
	(void)err_set(e, ERR_USAGE, "--rows '%s' is no count", text);
	return err_hint(e, "Write a whole number above 0.");
}

static int
check_usage(const struct invocation *inv, size_t n, struct err *e)
{
	if (inv->n_arguments == 1 && n == SIDES)
		return 0;
	if (inv->n_arguments != 1)
		(void)err_set(e, ERR_USAGE, "which job?");
	else
		(void)err_set(
		    e, ERR_USAGE, "which two environments are compared?");
	return err_hint(e, "'%s', for example.", inv->command->example);
}

static int
run(const struct invocation *inv)
{
	struct comparison c = { .differences = 0 };
	struct overlay overlay;
	struct err e = ERR_INIT;
	size_t n = 0;
	const char **names = invocation_values(inv, "env", &n, &e);
	int64_t rows = 0;
	int rc = overlay_take(&overlay, inv, &e);

	if (rc == 0 && names != NULL)
		rc = check_usage(inv, n, &e);
	if (rc == 0)
		rc = take_rows(inv, &rows, &e);
	if (rc < 0)
		terminal_error(NULL, &e);
	overlay.request.job = inv->n_arguments > 0 ? inv->arguments[0] : NULL;
	for (size_t i = 0; rc == 0 && i < SIDES; i++) {
		c.names[i] = overlay.request.environment = names[i];
		rc = look(
		    inv, &overlay.request, &c.sides[i], (uint64_t)rows, &e);
	}
	if (rc == 0)
		compare_sides(&c);
	for (size_t i = 0; i < SIDES; i++)
		profile_release(&c.sides[i]);
	overlay_release(&overlay);
	free(names);
	if (rc < 0)
		return err_exit_status(&e);
	return c.differences > 0 ? err_statuses[ERR_DATA].status : 0;
}

const struct command command_compare = {
	.name = "compare",
	.summary = "What a job's result has otherwise in two environments: "
		   "columns, types, forms of values.",
	.usage = "[options] --env NAME --env NAME JOB",
	.example = "odbcship compare daily-orders --env dev --env prod",
	.options = option_rows,
	.run = run,
};
