/*
 * kind.c - what a statement is, by its first words
 *
 * For people and for choosing; what a statement really does is known to the
 * database alone.
 */
#include <ctype.h>

#include "sql/kind.h"

/* The words that begin statements of one kind; NULL ends. */
static const char *const queries[] = { "SELECT", "VALUES", "TABLE", "SHOW",
	"EXPLAIN", "DESCRIBE", "DESC", "PRAGMA", "FETCH", "FROM", NULL };
static const char *const dmls[] = { "INSERT", "UPDATE", "DELETE", "MERGE",
	"REPLACE", "UPSERT", "COPY", "LOAD", NULL };
static const char *const ddls[] = { "CREATE", "ALTER", "DROP", "TRUNCATE",
	"RENAME", "COMMENT", "GRANT", "REVOKE", "RECREATE", "REFRESH", NULL };

static bool
has(const char *const *words, const struct piece *p)
{
	for (; *words != NULL; words++)
		if (piece_is(p, *words))
			return true;
	return false;
}

enum statement_kind
kind_of_word(const struct piece *p)
{
	if (has(queries, p))
		return STATEMENT_QUERY;
	if (has(dmls, p))
		return STATEMENT_DML;
	return has(ddls, p) ? STATEMENT_DDL : STATEMENT_OTHER;
}

bool
kind_is_later(const struct piece *p)
{
	return piece_is(p, "WITH");
}

void
kind_put_word(struct statement_text *t, const struct piece *p)
{
	size_t n = p->length < sizeof(t->word) ? p->length :
						 sizeof(t->word) - 1;

	for (size_t i = 0; i < n; i++)
		t->word[i] = (char)toupper((unsigned char)p->text[i]);
	t->word[n] = '\0';
}

const char *
statement_kind_name(enum statement_kind kind)
{
	switch (kind) {
	case STATEMENT_QUERY:
		return "query";
	case STATEMENT_DML:
		return "dml";
	case STATEMENT_DDL:
		return "ddl";
	case STATEMENT_OTHER:
	default:
		return "other";
	}
}
