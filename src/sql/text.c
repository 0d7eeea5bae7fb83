/*
 * text.c - the bytes of a file of SQL as UTF-8
 *
 * Half of a pair of surrogates, and an odd byte at the end, are errors: a
 * character would be lost. NUL bytes are script.c's to refuse.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sql/script.h"
#include "sql/text.h"

/* UTF-16 being read. */
struct utf16 {
	const unsigned char *at;  /* the next unit */
	const unsigned char *end; /* behind the last byte */
	bool is_big;		  /* the byte order */
	unsigned line;		  /* that at is in, from 1 */
};

/* The unit at s. */
static uint32_t
unit(const struct utf16 *u, const unsigned char *s)
{
	return u->is_big ? (uint32_t)(s[0] << 8 | s[1]) :
			   (uint32_t)(s[1] << 8 | s[0]);
}

static int
broken(const struct utf16 *u, struct err *e)
{
	(void)err_set(e, ERR_SPEC,
	    "line %u: the SQL is UTF-16 with half a character in it", u->line);
	return err_hint(
	    e, "Was the file cut off? Save it again, best as UTF-8.");
}

/* The next character; there is at least one byte. */
static int
next(struct utf16 *u, uint32_t *c, struct err *e)
{
	uint32_t low;

	if (u->end - u->at < 2)
		return broken(u, e);
	*c = unit(u, u->at);
	u->at += 2;
	if (*c < 0xd800 || *c > 0xdfff)
		return 0;
	if (*c > 0xdbff || u->end - u->at < 2)
		return broken(u, e);
	low = unit(u, u->at);
	if (low < 0xdc00 || low > 0xdfff)
		return broken(u, e);
	u->at += 2;
	*c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
	return 0;
}

static int
put(struct buf *out, uint32_t c, struct err *e)
{
	char s[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		s[i] = (char)(0x80 | (c & 0x3f));
	s[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xf0u) | c);
	return buf_put(out, s, n, e);
}

static int
decode(struct utf16 *u, struct buf *out, struct err *e)
{
	while (u->at < u->end) {
		uint32_t c = 0;

		if (next(u, &c, e) < 0 || put(out, c, e) < 0)
			return -1;
		u->line += c == '\n';
	}
	return 0;
}

int
text_decode(struct buf *b, struct err *e)
{
	const unsigned char *s = (const unsigned char *)buf_text(b);
	struct utf16 u = { s + 2, s + b->length, false, 1 };
	struct buf out = BUF_INIT(SCRIPT_MAX);

	if (b->length < 2 ||
	    (memcmp(s, "\xff\xfe", 2) != 0 && memcmp(s, "\xfe\xff", 2) != 0))
		return 0;
	u.is_big = s[0] == 0xfe;
	if (decode(&u, &out, e) < 0) {
		buf_release(&out);
		return -1;
	}
	buf_release(b);
	*b = out;
	return 0;
}
