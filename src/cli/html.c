/*
 * html.c - write HTML, nothing else
 *
 * What a page says is report.c's.
 */
#include <stdio.h>
#include <string.h>

#include "base/redact.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/html.h"

enum { FORMAT_MAX = 1024 };

void
html_init(struct html *h, struct buf *out)
{
	memset(h, 0, sizeof(*h));
	h->out = out;
}

static void
put(struct html *h, const char *data, size_t n)
{
	if (!h->failed && buf_put(h->out, data, n, &h->e) < 0)
		h->failed = true;
}

void
html_put(struct html *h, const char *markup)
{
	put(h, markup, strlen(markup));
}

void
html_format(struct html *h, const char *fmt, ...)
{
	char text[FORMAT_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n >= 0 && n < FORMAT_MAX)
		html_put(h, text);
	else if (!h->failed) {
		(void)err_set(
		    &h->e, ERR_INTERNAL, "a piece of the page is too long");
		h->failed = true;
	}
}

/* What stands for a byte that may not stand there itself, or NULL. */
static const char *
entity(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\t':
	case '\n':
	case '\r':
		return " ";
	default:
		return c < 0x20 || c == 0x7f ? "\xef\xbf\xbd" : NULL;
	}
}

/* Well-formed UTF-8 without secrets. */
static void
escape(struct html *h, const char *text)
{
	const char *begin = text;

	for (; *text != '\0'; text++) {
		const char *other = entity((unsigned char)*text);

		if (other == NULL)
			continue;
		put(h, begin, (size_t)(text - begin));
		html_put(h, other);
		begin = text + 1;
	}
	put(h, begin, (size_t)(text - begin));
}

void
html_text(struct html *h, const char *text)
{
	struct buf clean = BUF_INIT(h->out->max);
	uint64_t repaired = 0;

	if (text == NULL || h->failed)
		return;
	if (utf8_put_repaired(&clean, text, strlen(text), &repaired, &h->e) <
	    0) {
		h->failed = true;
	} else if (clean.length > 0) {
		redact_text(clean.data, clean.length + 1);
		escape(h, clean.data);
	}
	buf_release(&clean);
}

void
html_in(struct html *h, const char *element, const char *text)
{
	html_format(h, "<%s>", element);
	html_text(h, text);
	html_format(h, "</%s>", element);
}

int
html_finish(struct html *h, struct err *e)
{
	if (!h->failed)
		return 0;
	*e = h->e;
	return -1;
}
