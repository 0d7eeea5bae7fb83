/*
 * charset.c - text of a file in another character set than UTF-8
 *
 * One field at a time, so that an error can name its row and column. Nothing
 * is ever transliterated: an "e" for an "é" is a wrong value. UTF-8 itself
 * does not come here (base/utf8.h).
 */
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "csv/charset.h"

struct charset {
	iconv_t to;	  /* from UTF-8 */
	struct buf text;  /* the field as it was */
	const char *name; /* borrowed */
};

static const size_t charset_text_max = SIZE_MAX / 8;

bool
charset_is_utf8(const char *name)
{
	return name == NULL || strcasecmp(name, "UTF-8") == 0 ||
	    strcasecmp(name, "UTF8") == 0;
}

/*
 * A set that writes a mark of its byte order would write one for each field.
 */
static int
check_marks(struct charset *c, struct err *e)
{
	char letter[] = "a", text[32], *in = letter, *to = text;
	size_t left = 1, room = sizeof(text);
	const unsigned char *s = (const unsigned char *)text;

	if (iconv(c->to, &in, &left, &to, &room) == (size_t)-1 ||
	    iconv(c->to, NULL, NULL, &to, &room) == (size_t)-1)
		return err_set(e, ERR_SPEC, "'%s' has no letters", c->name);
	if (room > sizeof(text) - 4 ||
	    ((s[0] != 0xff || s[1] != 0xfe) && (s[0] != 0xfe || s[1] != 0xff)))
		return 0;
	(void)err_set(e, ERR_SPEC, "'%s' leaves the byte order open", c->name);
	return err_hint(e, "Write '%sLE' or '%sBE'.", c->name, c->name);
}

int
charset_open(struct charset **charset, const char *name, struct err *e)
{
	struct charset *c;

	*charset = NULL;
	if (strchr(name, '/') != NULL)
		return err_set(e, ERR_SPEC,
		    "'%s' asks for something besides a character set", name);
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	buf_init(&c->text, charset_text_max);
	c->name = name;
	c->to = iconv_open(name, "UTF-8");
	if (c->to == (iconv_t)-1) {
		free(c);
		(void)err_set(e, ERR_SPEC,
		    "the character set '%s' is not known here", name);
		return err_hint(e, "`iconv -l` lists the names.");
	}
	if (check_marks(c, e) < 0) {
		charset_free(c);
		return -1;
	}
	*charset = c;
	return 0;
}

/* The character at s as "U+20AC" and as it is. */
static int
refuse(const struct charset *c, const char *s, size_t n, struct err *e)
{
	size_t length = utf8_character((const unsigned char *)s, n);

	(void)err_set(e, ERR_DATA, "'%.*s' does not exist in %s", (int)length,
	    s, c->name);
	return err_hint(e,
	    "Set file.invalid = \"replace\" to have a question mark in its "
	    "place, or choose another file.charset.");
}

/* What is still to be converted. */
struct rest {
	char *at;
	size_t left;
};

/* Replace the character that comes next by a question mark. */
static int
replace(struct charset *c, struct rest *rest, struct buf *b, struct err *e)
{
	size_t length = utf8_character(
	    (const unsigned char *)rest->at, rest->left);
	char mark[] = "?", *from = mark;
	size_t one = 1, room = 16, before;
	char *to;

	if (buf_reserve(b, room, e) < 0)
		return -1;
	to = b->data + b->length;
	before = room;
	if (iconv(c->to, &from, &one, &to, &room) == (size_t)-1)
		return err_set(e, ERR_DATA,
		    "not even a question mark exists in %s", c->name);
	b->length += before - room;
	rest->at += length > 0 ? length : 1;
	rest->left -= length > 0 ? length : 1;
	return 0;
}

int
charset_convert(struct charset *c, struct buf *b, size_t from,
    uint64_t *replaced, struct err *e)
{
	struct rest rest;
	char *to;
	size_t room, before;

	buf_reset(&c->text);
	if (buf_put(&c->text, b->data + from, b->length - from, e) < 0)
		return -1;
	rest.at = c->text.data;
	rest.left = c->text.length;
	b->length = from;
	while (rest.left > 0) {
		before = room = 4 * rest.left + 16;
		if (buf_reserve(b, room, e) < 0)
			return -1;
		to = b->data + b->length;
		if (iconv(c->to, &rest.at, &rest.left, &to, &room) !=
		    (size_t)-1) {
			b->length += before - room;
			continue;
		}
		b->length += before - room;
		if (errno == E2BIG)
			continue;
		if (replaced == NULL)
			return refuse(c, rest.at, rest.left, e);
		if (replace(c, &rest, b, e) < 0)
			return -1;
		(*replaced)++;
	}
	/* Back to the initial state, where a set has states. */
	before = room = 16;
	if (buf_reserve(b, room, e) < 0)
		return -1;
	to = b->data + b->length;
	if (iconv(c->to, NULL, NULL, &to, &room) == (size_t)-1)
		return err_set(e, ERR_INTERNAL, "iconv cannot end a text");
	b->length += before - room;
	return 0;
}

void
charset_free(struct charset *c)
{
	if (c == NULL)
		return;
	(void)iconv_close(c->to);
	buf_release(&c->text);
	free(c);
}
