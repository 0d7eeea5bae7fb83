/*
 * classify.h - what a failed transfer means
 *
 * The server's reply first, libcurl's code second.
 *
 * Source	facts/shipping.md 1.6; RFC 959 4.2; libcurl-errors(3)
 */
#ifndef SHIP_CLASSIFY_H
#define SHIP_CLASSIFY_H

#include <curl/curl.h>

#include "base/err.h"
#include "ship/transcript.h"

/* A transfer that failed. */
struct failure {
	CURLcode code;		       /* libcurl's word */
	const char *detail;	       /* libcurl's text, may be empty */
	const struct transcript *said; /* the end of the conversation */
};

/*
 * Fill e with "cannot ACTION: why" and a hint. Returns -1.
 */
int classify(const struct failure *f, const char *action, struct err *e);

#endif
