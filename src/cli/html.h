/*
 * html.h - write HTML, nothing else
 *
 * What is markup is a text of ours, what is not is escaped: bytes that are
 * special, control bytes and what is no UTF-8 cannot come out as they are.
 *
 * Shape	html_init -> html_put, html_text, html_format -> html_finish
 * Errors	latched: check html_finish once at the end
 * Source	HTML Living Standard 13.1.2, 13.1.4
 */
#ifndef CLI_HTML_H
#define CLI_HTML_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* A page being written. */
struct html {
	struct buf *out; /* borrowed */
	bool failed;	 /* an append failed; e holds why */
	struct err e;	 /* the first error */
};

/* Begin writing to out, which is borrowed. */
void html_init(struct html *h, struct buf *out);
/* Put markup as it is. */
void html_put(struct html *h, const char *markup);
/* Put markup with numbers in it; texts go through html_text. */
void html_format(struct html *h, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Put a text of anybody's, for content and for quoted attributes. */
void html_text(struct html *h, const char *text);
/* Put a text in an element without attributes: html_in(h, "td", text). */
void html_in(struct html *h, const char *element, const char *text);
/* 0 when everything was written; else -1 with the first error. */
int html_finish(struct html *h, struct err *e) MUST_CHECK;

#endif
