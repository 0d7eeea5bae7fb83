/*
 * words.c - memory of a script, and its lines as words
 *
 * Words stand between blanks; "..." is taken as it is, with the escapes \n \r
 * \t \0 \\ \" \xHH; '#' in front of a word ends the line. What the words mean:
 * script.c.
 */
#include <stdlib.h>
#include <string.h>

#include "play.h"

enum { ARENA_ALIGN = 16 };

struct arena_chunk {
	struct arena_chunk *before;
	/* Aligned for anything, since malloc's is. */
	_Alignas(ARENA_ALIGN) char data[];
};

void *
arena_new(struct arena *a, size_t size)
{
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (chunk == NULL)
		abort();
	chunk->before = a->last;
	a->last = chunk;
	return chunk->data;
}

char *
arena_copy(struct arena *a, const char *data, size_t length)
{
	char *copy = arena_new(a, length + 1);

	memcpy(copy, data, length);
	return copy;
}

/* Capacities are powers of two, so that n tells when to grow. */
void *
arena_push(struct arena *a, void *items, size_t n, size_t size)
{
	void *more;

	if (n > 0 && (n & (n - 1)) != 0)
		return items;
	more = arena_new(a, (n == 0 ? 1 : 2 * n) * size);
	if (n > 0)
		memcpy(more, items, n * size);
	return more;
}

void
arena_release(struct arena *a)
{
	struct arena_chunk *before;

	for (; a->last != NULL; a->last = before) {
		before = a->last->before;
		free(a->last);
	}
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte of the escape behind a backslash at s; -1 for none. */
static int
read_escape(const char **s)
{
	static const char names[] = "nrt0\\\"";
	static const char bytes[] = "\n\r\t\0\\\"";
	const char *name = **s != '\0' ? strchr(names, **s) : NULL;
	int high, low;

	if (name != NULL) {
		(*s)++;
		return (unsigned char)bytes[name - names];
	}
	if (**s != 'x' || (high = hex_digit((*s)[1])) < 0 ||
	    (low = hex_digit((*s)[2])) < 0)
		return -1;
	*s += 3;
	return high * 16 + low;
}

/* A quoted part, up to its end; -1 when there is none. */
static int
read_quoted(const char **s, struct word *word)
{
	int byte;

	for ((*s)++; **s != '"';) {
		if (**s == '\0')
			return -1;
		byte = (unsigned char)*(*s)++;
		if (byte == '\\' && (byte = read_escape(s)) < 0)
			return -1;
		word->text[word->length++] = (char)byte;
	}
	(*s)++;
	return 0;
}

static int
read_word(const char **s, struct word *word)
{
	bool plain = true;

	while (**s != '\0' && strchr(" \t\r\n", **s) == NULL) {
		if (**s == '"') {
			plain = false;
			if (read_quoted(s, word) < 0)
				return -1;
			continue;
		}
		word->text[word->length++] = *(*s)++;
		if (plain)
			word->plain = word->length;
	}
	return 0;
}

int
words_split(struct arena *a, const char *line, struct words *words)
{
	struct word *word;

	words->all = NULL;
	words->n = 0;
	for (;;) {
		line += strspn(line, " \t\r\n");
		if (*line == '\0' || *line == '#')
			return 0;
		words->all = arena_push(a, words->all, words->n, sizeof(*word));
		word = &words->all[words->n++];
		word->text = arena_new(a, strlen(line) + 1);
		if (read_word(&line, word) < 0)
			return -1;
	}
}

bool
words_is(const struct words *words, size_t i, const char *text)
{
	return i < words->n && words->all[i].plain == words->all[i].length &&
	    strcmp(words->all[i].text, text) == 0;
}

bool
word_number(const struct word *word, long long *number)
{
	char *end;

	if (word->length == 0 || word->plain != word->length)
		return false;
	*number = strtoll(word->text, &end, 10);
	return *end == '\0';
}
