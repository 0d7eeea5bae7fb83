/*
 * problem.c - collect all that is wrong with a job spec
 *
 * Collecting must not fail: when memory is gone, what was found so far stays
 * and the count of errors still says that there was one more. Printing them
 * is the command line's business (cli/terminal.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "base/str.h"
#include "spec/problem.h"

static void
add(struct problems *p, const char *file, unsigned line, bool is_warning,
    const struct err *error)
{
	struct problem *items = realloc(p->items, (p->n + 1) * sizeof(*items));
	struct problem *item;

	if (!is_warning)
		p->errors++;
	if (items == NULL)
		return;
	p->items = items;
	item = &items[p->n++];
	item->file = str_dup(file);
	item->line = line;
	item->is_warning = is_warning;
	item->error = *error;
	if (item->error.class == ERR_NONE)
		item->error.class = ERR_SPEC;
}

void
problems_add(struct problems *p, const char *file, unsigned line,
    const struct err *error)
{
	add(p, file, line, false, error);
}

void
problems_warn(
    struct problems *p, const char *file, unsigned line, const char *fmt, ...)
{
	struct err e = ERR_INIT;
	char text[sizeof(e.text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)err_set(&e, ERR_SPEC, "%s", text);
	add(p, file, line, true, &e);
}

void
problem_put(const struct problem *p, char *text, size_t size)
{
	if (size == 0)
		return;
	if (p->file == NULL)
		(void)snprintf(text, size, "%s", p->error.text);
	else if (p->line == 0)
		(void)snprintf(text, size, "%s: %s", p->file, p->error.text);
	else
		(void)snprintf(
		    text, size, "%s:%u: %s", p->file, p->line, p->error.text);
	redact_text(text, size);
}

void
problems_release(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->items[i].file);
	free(p->items);
	*p = (struct problems)PROBLEMS_INIT;
}
