/*
 * utf8.c - whether bytes are well-formed UTF-8, and making them so
 *
 * Sixteen bytes at a time while they are ASCII, which most data is; the rest
 * character by character. Not for: other character sets (csv/charset.c).
 */
#include <string.h>

#include "base/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Which second bytes may follow a first one; RFC 3629, section 4. */
static bool
is_second(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf; /* not overlong */
	case 0xed:
		return second >= 0x80 && second <= 0x9f; /* no surrogate */
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f; /* <= U+10FFFF */
	default:
		return second >= 0x80 && second <= 0xbf;
	}
}

/* Bytes that a first byte announces; 0 when it cannot be one. */
static size_t
announced(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* How many of the announced bytes are there and right (at least 1). */
static size_t
right_bytes(const unsigned char *s, size_t n, size_t wanted)
{
	size_t i = 1;

	if (i < n && i < wanted && !is_second(s[0], s[1]))
		return 1;
	while (i < n && i < wanted && s[i] >= 0x80 && s[i] <= 0xbf)
		i++;
	return i;
}

size_t
utf8_character(const unsigned char *s, size_t n)
{
	size_t wanted = announced(s[0]);

	return wanted > 0 && right_bytes(s, n, wanted) == wanted ? wanted : 0;
}

/* Where the first byte that is no ASCII stands at the earliest. */
static size_t
skip_ascii(const char *data, size_t n)
{
	size_t i = 0;

#ifdef __SSE2__
	for (; n - i >= 16; i += 16)
		if (_mm_movemask_epi8(_mm_loadu_si128(
			(const __m128i *)(const void *)(data + i))) != 0)
			break;
#endif
	while (i < n && (unsigned char)data[i] < 0x80)
		i++;
	return i;
}

static bool
is_next(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* The usual characters at once; 0 for the others, right or wrong. */
static size_t
usual_character(const unsigned char *s, size_t n)
{
	if (s[0] < 0xe0)
		return s[0] >= 0xc2 && n >= 2 && is_next(s[1]) ? 2 : 0;
	if (s[0] < 0xf0 && n >= 3 && is_next(s[1]) && is_next(s[2]))
		return s[0] != 0xe0 && s[0] != 0xed ? 3 : 0;
	return 0;
}

bool
utf8_is_valid(const char *data, size_t n)
{
	const unsigned char *s = (const unsigned char *)data;
	size_t i = 0;

	while ((i += skip_ascii(data + i, n - i)) < n) {
		/* Text that is no ASCII seldom has one such byte only. */
		do {
			size_t length = usual_character(s + i, n - i);

			if (length == 0)
				length = utf8_character(s + i, n - i);
			if (length == 0)
				return false;
			i += length;
		} while (i < n && s[i] >= 0x80);
	}
	return true;
}

size_t
utf8_unfinished(const char *data, size_t n)
{
	const unsigned char *s = (const unsigned char *)data;

	for (size_t back = 1; back <= 3 && back <= n; back++) {
		const unsigned char *first = s + n - back;

		if (*first < 0x80)
			return 0;
		if (*first >= 0xc0)
			return announced(*first) > back &&
				right_bytes(first, back, announced(*first)) ==
				    back ?
			    back :
			    0;
	}
	return 0;
}

int
utf8_put_repaired(
    struct buf *out, const char *data, size_t n, uint64_t *count, struct err *e)
{
	const unsigned char *s = (const unsigned char *)data;
	size_t i = 0;

	while (i < n) {
		size_t wanted = announced(s[i]);
		size_t there = wanted > 0 ? right_bytes(s + i, n - i, wanted) :
					    1;

		if (wanted > 0 && there == wanted) {
			if (buf_put(out, data + i, there, e) < 0)
				return -1;
		} else {
			if (buf_put(out, "\xef\xbf\xbd", 3, e) < 0)
				return -1;
			(*count)++;
		}
		i += there;
	}
	return 0;
}

/* The bytes of a character. */
static size_t
put_character(unsigned char *to, uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n - 1; i > 0; i--) {
		to[i] = (unsigned char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	to[0] = (unsigned char)(leads[n] | c);
	return n;
}

int
utf8_narrow(char *data, size_t *n, struct err *e)
{
	unsigned char *to = (unsigned char *)data;
	uint32_t c;

	for (size_t at = 0; at + sizeof(c) <= *n; at += sizeof(c)) {
		memcpy(&c, data + at, sizeof(c));
		if (c > 0x10ffff)
			return err_set(e, ERR_DATA,
			    "the driver gives U+%lX, which is no character",
			    (unsigned long)c);
		to += put_character(to, c);
	}
	*n = (size_t)(to - (unsigned char *)data);
	return 0;
}
