/*
 * script.c - a script as the statements it is made of
 *
 * What is common to all scripts: their bytes are text, statements have lines,
 * names and kinds. Where one ends is found by splitter.c, each time that a
 * script is read; parameters are params.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "sql/kind.h"
#include "sql/script.h"
#include "sql/splitter.h"

/* Somebody who reads a script. */
struct script_reader {
	const struct script *script; /* borrowed */
	size_t part;		     /* where it is */
	bool is_begun;		     /* the splitter is in that part */
	struct splitter splitter;    /* of the part */
	struct statement_text item;  /* the last statement */
	char *text;		     /* owned: its text */
	size_t capacity;	     /* of text */
};

/* The line of the first byte that is no UTF-8, and of the first NUL. */
static unsigned
line_of_fault(const char *text, size_t length)
{
	unsigned line = 1;

	for (;; line++) {
		const char *end = memchr(text, '\n', length);
		size_t n = end != NULL ? (size_t)(end + 1 - text) : length;

		if (end == NULL || !utf8_is_valid(text, n) ||
		    memchr(text, '\0', n) != NULL)
			return line;
		text += n;
		length -= n;
	}
}

static int
check_text(const char *text, size_t length, struct err *e)
{
	if (length > SCRIPT_MAX)
		return err_set(e, ERR_SPEC, "more than %d MiB of SQL",
		    SCRIPT_MAX / (1024 * 1024));
	if (length > 0 && memchr(text, '\0', length) != NULL) {
		(void)err_set(e, ERR_SPEC, "line %u: the SQL holds a NUL byte",
		    line_of_fault(text, length));
		return err_hint(e,
		    "Is it UTF-16 without a byte order mark? Save it as "
		    "UTF-8.");
	}
	if (!utf8_is_valid(text, length)) {
		(void)err_set(e, ERR_SPEC, "line %u: the SQL is not UTF-8",
		    line_of_fault(text, length));
		return err_hint(e,
		    "Convert the file from what it is, for instance with "
		    "iconv -f LATIN1 -t UTF-8.");
	}
	return 0;
}

static int
add_part(struct script *s, const struct script_part *part, struct err *e)
{
	struct script_part *parts = realloc(
	    s->parts, (s->n_parts + 1) * sizeof(*parts));

	if (parts == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	s->parts = parts;
	parts[s->n_parts++] = *part;
	return 0;
}

/* What DOS puts behind the end of a file is no part of it. */
static int
take_end_mark(struct script_part *p, struct err *e)
{
	size_t length = p->length;

	while (length > 0 && p->text[length - 1] == '\x1a')
		length--;
	if (length == p->length)
		return 0;
	p->owned = malloc(length + 1);
	if (p->owned == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	memcpy(p->owned, p->text, length);
	p->owned[length] = '\0';
	p->text = p->owned;
	p->length = length;
	return 0;
}

/* How many statements it has, when nothing is wrong with it. */
static int
count(const struct script_part *p, size_t *n, struct err *e)
{
	struct splitter s;
	int more;

	splitter_init(&s, p->text, p->length, &p->dialect);
	while ((more = splitter_next(&s, e)) > 0)
		++*n;
	return more;
}

int
script_split(struct script *script, const char *text, size_t length,
    const struct dialect *d, struct err *e)
{
	struct script_part part = { .is_split = true, .dialect = *d };
	size_t n = 0;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		part.skipped = 3;
	part.text = text + part.skipped;
	part.length = length - part.skipped;
	if (take_end_mark(&part, e) == 0 &&
	    check_text(part.text, part.length, e) == 0 &&
	    count(&part, &n, e) == 0 && add_part(script, &part, e) == 0) {
		script->n += n;
		return 0;
	}
	free(part.owned);
	return -1;
}

int
script_add(struct script *script, const char *text, struct err *e)
{
	struct script_part part = { .text = text, .length = strlen(text) };

	if (check_text(text, part.length, e) < 0 ||
	    add_part(script, &part, e) < 0)
		return -1;
	script->n++;
	return 0;
}

void
script_release(struct script *s)
{
	for (size_t i = 0; i < s->n_parts; i++)
		free(s->parts[i].owned);
	free(s->parts);
	*s = (struct script)SCRIPT_INIT;
}

struct script_reader *
script_reader_new(const struct script *s)
{
	struct script_reader *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->script = s;
	return r;
}

void
script_reader_free(struct script_reader *r)
{
	if (r != NULL)
		free(r->text);
	free(r);
}

/* Its first word, for people; what cannot be read has none. */
static void
describe(struct statement_text *t)
{
	struct err ignored = ERR_INIT;
	struct lexer l;
	struct piece p;

	lexer_init(&l, t->text, t->length, dialect_by_name("ansi"));
	do {
		if (lexer_next(&l, &p, &ignored) < 0)
			return;
	} while (p.type != PIECE_WORD && p.type != PIECE_END);
	if (p.type == PIECE_END)
		return;
	kind_put_word(t, &p);
	t->kind = kind_is_later(&p) ? STATEMENT_QUERY : kind_of_word(&p);
	t->line = lexer_line(&l, p.text);
}

/* A part that is one statement. */
static void
take_part(struct statement_text *t, const struct script_part *part)
{
	memset(t, 0, sizeof(*t));
	t->text = part->text;
	t->length = part->length;
	t->line = t->text_line = t->end_line = 1;
	t->repeat = 1;
	for (size_t i = 0; i + 1 < t->length; i++)
		t->end_line += t->text[i] == '\n';
	describe(t);
}

/* A copy that ends with NUL: in the script something else stands there. */
static int
copy_text(struct script_reader *r, const char *text, size_t n, struct err *e)
{
	if (n >= r->capacity) {
		size_t capacity = n + n / 2 + 1;

		free(r->text);
		r->text = malloc(capacity);
		r->capacity = r->text != NULL ? capacity : 0;
		if (r->text == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
	}
	memcpy(r->text, text, n);
	r->text[n] = '\0';
	return 0;
}

static int
take_item(struct script_reader *r, struct err *e)
{
	const struct splitter_item *from = &r->splitter.item;
	struct lexer *l = &r->splitter.lexer;
	struct statement_text *t = &r->item;

	t->length = (size_t)(from->end - from->begin);
	if (copy_text(r, from->begin, t->length, e) < 0)
		return -1;
	t->text = r->text;
	t->offset = (size_t)(from->begin - l->begin) +
	    r->script->parts[r->part].skipped;
	t->text_line = lexer_line(l, from->begin);
	t->line = lexer_line(l, from->first);
	t->end_line = lexer_line(l, from->end - 1);
	t->repeat = from->repeat;
	t->name = from->name[0] != '\0' ? from->name : NULL;
	kind_put_word(t, &from->word);
	t->kind = kind_of_word(&from->main);
	t->continues = from->continues;
	t->knows_mode = true;
	t->backslash_escapes = from->backslash_escapes;
	t->double_strings = from->double_strings;
	t->ampersands = from->ampersands;
	t->has_body = from->has_body;
	return 0;
}

/* The next statement of the part that the reader is in. */
static int
next_of_part(struct script_reader *r, struct err *e)
{
	const struct script_part *part = &r->script->parts[r->part];
	int more = r->is_begun ? 0 : 1;

	if (part->is_split) {
		if (!r->is_begun)
			splitter_init(&r->splitter, part->text, part->length,
			    &part->dialect);
		more = splitter_next(&r->splitter, e);
		if (more > 0 && take_item(r, e) < 0)
			return -1;
	} else if (more > 0)
		take_part(&r->item, part);
	r->is_begun = true;
	return more;
}

int
script_reader_next(struct script_reader *r,
    const struct statement_text **statement, struct err *e)
{
	int more = 0;

	if (r == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	while (
	    r->part < r->script->n_parts && (more = next_of_part(r, e)) == 0) {
		r->part++;
		r->is_begun = false;
	}
	*statement = more > 0 ? &r->item : NULL;
	return more;
}
