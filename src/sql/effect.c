/*
 * effect.c - what a statement does to the database, as far as its words tell
 *
 * Reads the first words only, and counts those that write. Not for errors: a
 * statement that cannot be read may do anything.
 */
#include <ctype.h>
#include <string.h>

#include "sql/effect.h"
#include "sql/lexer.h"
#include "sql/wrap.h"

enum { WORDS = 24 };

/* A statement as its first pieces. */
struct words {
	struct piece items[WORDS]; /* without blanks and comments */
	size_t n;		   /* that are there */
	size_t total;		   /* in the whole statement */
	unsigned verbs;		   /* INSERT, UPDATE, DELETE, MERGE */
	bool does_more;		   /* a word that begins what writes */
	bool drops_at_commit;	   /* ON COMMIT DROP */
};

static bool
is(const struct words *w, size_t i, const char *word)
{
	return i < w->n && piece_is(&w->items[i], word);
}

/* The index behind word where it stands at i, else i. */
static size_t
skip(const struct words *w, size_t i, const char *word)
{
	return is(w, i, word) ? i + 1 : i;
}

/* Where statements need nothing between them, any word may begin one. */
static bool
is_verb(const struct piece *p)
{
	static const char *const verbs[] = { "EXEC", "EXECUTE", "CREATE",
		"ALTER", "DROP", "TRUNCATE", "GRANT", "REVOKE", "DENY",
		"BACKUP", "RESTORE", "BULK", "DBCC", "KILL", "WRITETEXT",
		"UPDATETEXT", "RECONFIGURE", "SHUTDOWN", "ENABLE", "DISABLE" };

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (piece_is(p, verbs[i]))
			return true;
	return false;
}

static bool
read_words(
    struct words *w, const struct statement_text *t, const struct dialect *d)
{
	struct err ignored = ERR_INIT;
	struct lexer lexer;
	struct piece p = { .type = PIECE_BLANK };
	bool after_commit = false;

	memset(w, 0, sizeof(*w));
	lexer_init(&lexer, t->text, t->length, d);
	lexer_set_delimiter(&lexer, "", 0);
	for (;;) {
		if (lexer_next(&lexer, &p, &ignored) < 0)
			return false;
		if (p.type == PIECE_END)
			return true;
		if (p.type == PIECE_BLANK || p.type == PIECE_COMMENT)
			continue;
		if (w->n < WORDS)
			w->items[w->n++] = p;
		w->total++;
		w->verbs += piece_is(&p, "INSERT") || piece_is(&p, "UPDATE") ||
		    piece_is(&p, "DELETE") || piece_is(&p, "MERGE");
		w->does_more = w->does_more || is_verb(&p);
		if (after_commit && piece_is(&p, "DROP"))
			w->drops_at_commit = true;
		after_commit = piece_is(&p, "COMMIT");
	}
}

static void
add_text(char table[EFFECT_NAME], const struct piece *p)
{
	size_t n = strlen(table);
	const char *from = p->text, *end = p->text + p->length;

	if (p->type == PIECE_QUOTED && p->length >= 2) {
		from++;
		end--;
	}
	for (; from < end && n + 1 < EFFECT_NAME; from++)
		table[n++] = (char)tolower((unsigned char)*from);
	table[n] = '\0';
}

/* The name at i, with what qualifies it; the index behind it, or 0. */
static size_t
take_name(const struct words *w, size_t i, char table[EFFECT_NAME])
{
	table[0] = '\0';
	while (i < w->n && w->items[i].type == PIECE_OTHER &&
	    *w->items[i].text == '#')
		add_text(table, &w->items[i++]);
	for (; i < w->n; i++) {
		if (w->items[i].type != PIECE_WORD &&
		    w->items[i].type != PIECE_QUOTED)
			return 0;
		add_text(table, &w->items[i]);
		if (i + 1 >= w->n || w->items[i + 1].type != PIECE_OTHER ||
		    *w->items[i + 1].text != '.')
			return i + 1;
		add_text(table, &w->items[++i]);
	}
	return 0;
}

static enum effect
effect_on(enum effect effect, const struct words *w, size_t i,
    char table[EFFECT_NAME])
{
	return take_name(w, i, table) > 0 ? effect : EFFECT_OTHER;
}

static enum effect
effect_of_create(const struct words *w, char table[EFFECT_NAME])
{
	bool is_temporary;
	size_t i = 1;

	if (is(w, i, "OR") && is(w, i + 1, "REPLACE"))
		i += 2;
	if (is(w, skip(w, i, "UNIQUE"), "INDEX")) {
		for (i = 2; i < w->n && !is(w, i, "ON");)
			i++;
		return effect_on(EFFECT_TABLE, w, i + 1, table);
	}
	i = skip(w, i, "LOCAL");
	is_temporary = is(w, i, "TEMP") || is(w, i, "TEMPORARY");
	i += is_temporary;
	if (!is(w, i, "TABLE") || w->drops_at_commit)
		return EFFECT_OTHER;
	i++;
	if (is(w, i, "IF") && is(w, i + 1, "NOT") && is(w, i + 2, "EXISTS"))
		i += 3;
	if (take_name(w, i, table) == 0)
		return EFFECT_OTHER;
	/* SQL Server's belong to the session by their names. */
	return is_temporary || table[0] == '#' ? EFFECT_TEMPORARY :
						 EFFECT_OTHER;
}

/* One table and no other statement within: else it may be any. */
static enum effect
effect_of_change(const struct words *w, char table[EFFECT_NAME])
{
	size_t end;

	if (w->verbs != 1)
		return EFFECT_OTHER;
	if (is(w, 0, "INSERT") && is(w, 1, "INTO"))
		return effect_on(EFFECT_ROWS, w, 2, table);
	if (is(w, 0, "DELETE") && is(w, 1, "FROM"))
		return effect_on(EFFECT_ROWS, w, 2, table);
	if (!is(w, 0, "UPDATE"))
		return EFFECT_OTHER;
	end = take_name(w, 1, table);
	return end > 0 && is(w, end, "SET") ? EFFECT_ROWS : EFFECT_OTHER;
}

static enum effect
effect_of_table(const struct words *w, char table[EFFECT_NAME])
{
	size_t i = skip(w, 1, "TEMPORARY");

	if (is(w, 0, "ANALYZE"))
		return effect_on(EFFECT_TABLE, w, 1, table);
	if (is(w, 0, "TRUNCATE"))
		return effect_on(EFFECT_TABLE, w, skip(w, 1, "TABLE"), table);
	if (!is(w, i, "TABLE"))
		return EFFECT_OTHER;
	i++;
	if (is(w, i, "IF") && is(w, i + 1, "EXISTS"))
		i += 2;
	i = take_name(w, i, table);
	if (is(w, 0, "ALTER") && i > 0)
		return EFFECT_TABLE;
	/* One that is dropped with others: their names are not read. */
	return is(w, 0, "DROP") && i > 0 && i == w->total ? EFFECT_DROP :
							    EFFECT_OTHER;
}

/* SET of the session, SHOW, and where a transaction begins and ends. */
static bool
is_of_session(const struct words *w)
{
	static const char *const global[] = { "GLOBAL", "PERSIST", "PASSWORD",
		"PERSIST_ONLY", "DEFAULT", "STATISTICS", "GENERATOR" };

	for (size_t i = 0; i < sizeof(global) / sizeof(global[0]); i++)
		for (size_t k = 1; k < 5; k++)
			if (is(w, k, global[i]))
				return false;
	if (is(w, 0, "SET"))
		return true;
	if (is(w, 0, "SHOW") || is(w, 0, "USE") || is(w, 0, "DESCRIBE"))
		return true;
	return w->total <= 2 &&
	    (is(w, 0, "BEGIN") || is(w, 0, "START") || is(w, 0, "COMMIT") ||
		is(w, 0, "ROLLBACK"));
}

enum effect
effect_of(const struct statement_text *t, const struct dialect *d,
    char table[EFFECT_NAME])
{
	struct words w;
	bool is_query;

	table[0] = '\0';
	if (t->has_body || !read_words(&w, t, d) || w.n == 0)
		return EFFECT_OTHER;
	is_query = wrap_kind_of(t->text, t->length, d) != WRAP_NOT;
	if (!d->semicolon_splits) /* T-SQL */
		return is_query && w.verbs == 0 && !w.does_more ? EFFECT_NONE :
								  EFFECT_OTHER;
	if (is_query || (w.n > 1 && is_of_session(&w)) ||
	    (w.total == 1 &&
		(is(&w, 0, "BEGIN") || is(&w, 0, "COMMIT") ||
		    is(&w, 0, "ROLLBACK"))))
		return EFFECT_NONE;
	if (is(&w, 0, "CREATE"))
		return effect_of_create(&w, table);
	if (is(&w, 0, "INSERT") || is(&w, 0, "UPDATE") || is(&w, 0, "DELETE"))
		return effect_of_change(&w, table);
	return effect_of_table(&w, table);
}
