/*
 * http.h - requests and answers of HTTP, for webdav.c and s3.c
 *
 * Shape	http_open -> http_ask* -> http_close
 * Owns		the connection, in remote->link
 * Errors	of http_ask: no answer came (as classify.h has it); what an
 *		answer means is its caller's business, or http_refuse's
 * Source	RFC 9110, RFC 9112
 */
#ifndef SHIP_HTTP_H
#define SHIP_HTTP_H

#include <stdbool.h>

#include "base/buf.h"
#include "ship/transfer.h"

/* Sizes: of what is done, in messages; of an answer's body that is kept. */
enum { HTTP_ACTION = 2100, HTTP_BODY = 1024 * 1024 };

/* What an answer's header said. */
struct http_header {
	int status;	      /* of the final answer; 0: none came */
	char line[160];	      /* "403 Forbidden", escaped */
	char etag[160];	      /* with its quotes, or "" */
	char sha256[64];      /* x-amz-checksum-sha256, base64, or "" */
	char location[512];   /* of a redirect, escaped, or "" */
	char server_side[32]; /* x-amz-server-side-encryption, or "" */
	uint64_t wait_ms;     /* Retry-After; 0: not said */
	bool is_encoded;      /* Content-Encoding: sizes are not the file's */
};

/* An open connection. */
struct http {
	struct transfer transfer;  /* first: what r->link points to */
	char *base;		   /* URL of the directory, owned */
	struct http_header header; /* of the last answer */
	struct buf body;	   /* of it, as far as it is kept */
	remote_take *take;	   /* who gets content that was asked for */
	void *take_arg;		   /* handed to take */
};

/* A request. */
struct http_request {
	const char *method;		 /* "PUT", "HEAD", "MOVE" */
	const char *name;		 /* relative to the base */
	const char *query;		 /* "?max-keys=0", or NULL */
	const char *action;		 /* what is done, for messages */
	const char *const *headers;	 /* ended by NULL, or NULL */
	const struct shipment *shipment; /* the body, or NULL */
	remote_take *take;		 /* gets the content; NULL: body */
	void *take_arg;			 /* handed to take */
	bool is_once; /* a second time would be answered otherwise */
};

/* Set up a connection; base is taken over, also on failure. */
int http_open(struct remote *r, char *base, struct err *e) MUST_CHECK;
/* Ask; 0 when an answer came, whatever it says. */
int http_ask(
    struct remote *r, const struct http_request *q, struct err *e) MUST_CHECK;
/*
 * Ask with a file as the body, and say in r what became of it; 0 for an
 * answer, as above.
 */
int http_put(
    struct remote *r, const struct http_request *q, struct err *e) MUST_CHECK;
/* Whether the last answer is of the class 2xx. */
bool http_is_done(const struct remote *r);
/* Whether the last answer says that another one may come later. */
bool http_is_passing(const struct remote *r);
/* Fill e with what the last answer means: "cannot ACTION: ..."; -1. */
int http_refuse(struct remote *r, const char *action, struct err *e) MUST_CHECK;
/* Bytes that the last answer announced; -1 if it did not. */
int64_t http_length(const struct remote *r);
/* Close and release. */
void http_close(struct remote *r);

#endif
