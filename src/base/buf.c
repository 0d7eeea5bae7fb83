/*
 * buf.c - a growing byte buffer with a maximum
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { BUF_FIRST = 256 };

void
buf_init(struct buf *b, size_t max)
{
	b->data = NULL;
	b->length = b->capacity = 0;
	b->max = max;
}

void
buf_release(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

void
buf_reset(struct buf *b)
{
	b->length = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

int
buf_reserve(struct buf *b, size_t n, struct err *e)
{
	size_t need, capacity;
	char *data;

	if (n > b->max - b->length)
		return err_set(
		    e, ERR_INTERNAL, "a text of more than %zu bytes", b->max);
	need = b->length + n + 1;
	if (need <= b->capacity)
		return 0;
	capacity = b->capacity > 0 ? b->capacity : BUF_FIRST;
	while (capacity < need)
		capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
	if (capacity > b->max + 1)
		capacity = b->max + 1;
	data = realloc(b->data, capacity);
	if (data == NULL)
		return err_set(
		    e, ERR_INTERNAL, "out of memory for %zu bytes", capacity);
	b->data = data;
	b->capacity = capacity;
	return 0;
}

int
buf_put(struct buf *b, const void *data, size_t n, struct err *e)
{
	if (buf_reserve(b, n, e) < 0)
		return -1;
	if (n > 0)
		memcpy(b->data + b->length, data, n);
	b->length += n;
	b->data[b->length] = '\0';
	return 0;
}

int
buf_puts(struct buf *b, const char *text, struct err *e)
{
	return buf_put(b, text, strlen(text), e);
}

int
buf_printf(struct buf *b, struct err *e, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || buf_reserve(b, (size_t)n, e) < 0) {
		va_end(again);
		return n < 0 ?
		    err_set(e, ERR_INTERNAL, "a text cannot be formatted") :
		    -1;
	}
	(void)vsnprintf(b->data + b->length, (size_t)n + 1, fmt, again);
	va_end(again);
	b->length += (size_t)n;
	return 0;
}

const char *
buf_text(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

char *
buf_take(struct buf *b)
{
	char *data = b->data;

	buf_init(b, b->max);
	return data;
}
