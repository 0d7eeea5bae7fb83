/*
 * repeat.c - whether a batch may be executed a second time
 *
 * What one statement does: sql/effect.h. When a batch is executed again:
 * export.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "job/repeat.h"
#include "sql/effect.h"

static size_t
find(const struct repeat *r, const char *table)
{
	size_t i = 0;

	while (i < r->n && strcmp(r->temporary[i], table) != 0)
		i++;
	return i;
}

static bool
add(struct repeat *r, const char *table)
{
	char **more = realloc(r->temporary, (r->n + 1) * sizeof(*more));

	if (more == NULL)
		return false;
	r->temporary = more;
	more[r->n] = str_dup(table);
	if (more[r->n] == NULL)
		return false;
	r->n++;
	return true;
}

/* From here on the name is that of a lasting table, if of any. */
static void
drop(struct repeat *r, size_t i)
{
	free(r->temporary[i]);
	r->temporary[i] = r->temporary[--r->n];
}

bool
repeat_allows(struct repeat *r, const struct statement_text *statement,
    const struct dialect *d, bool in_transaction)
{
	char table[EFFECT_NAME];
	enum effect effect = effect_of(statement, d, table);
	size_t i = find(r, table);

	switch (effect) {
	case EFFECT_NONE:
		return true;
	case EFFECT_TEMPORARY:
		return i < r->n || add(r, table);
	case EFFECT_ROWS:
		return in_transaction || i < r->n;
	case EFFECT_TABLE:
		return i < r->n;
	case EFFECT_DROP:
		if (i == r->n)
			return false;
		drop(r, i);
		return true;
	case EFFECT_OTHER:
	default:
		return false;
	}
}

void
repeat_release(struct repeat *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->temporary[i]);
	free(r->temporary);
	*r = (struct repeat)REPEAT_INIT;
}
