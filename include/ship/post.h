/*
 * post.h - one small message to one address: mail by SMTP, JSON by HTTP
 *
 * For telling people, not for files: what is sent is in memory, what comes
 * back is looked at only for refusals. TLS or nothing unless the caller says
 * otherwise; no redirects, no proxies of the environment. A message goes out
 * though the run is cancelled, in the time that is given to it.
 *
 * Shape	post_check_url (no network) -> post_mail | post_http
 * Units	milliseconds, bytes
 * Errors	ERR_SPEC the address; ERR_TARGET refused for good; ERR_NOT_NOW
 *		worth another try (native: CURLcode or HTTP status)
 * Source	RFC 5321, RFC 3207, RFC 9110; facts/shipping.md 4, F4
 */
#ifndef SHIP_POST_H
#define SHIP_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Which protocols an address may have. */
enum post_kind {
	POST_MAIL, /* smtp://, smtps:// */
	POST_HTTP  /* https://, http:// where TLS is not required */
};

/* Where to, as whom, how protected; all pointers borrowed, no control bytes. */
struct post_address {
	const char *url;      /* smtp://HOST:PORT[/HELO], https://... */
	const char *user;     /* of the SMTP server, or NULL */
	const char *password; /* of the user, or NULL */
	const char *token;    /* HTTP: Authorization: Bearer, or NULL */
	const char *ca_file;  /* or NULL: the system's */
	const char *proxy;    /* HTTP: http://HOST:PORT, or NULL */
	bool without_tls;     /* in clear, since the spec says so */
	uint64_t timeout_ms;  /* for all of it */
};

/* A message, composed. */
struct post_message {
	const char *from;	/* POST_MAIL: address of the sender */
	const char *const *to;	/* POST_MAIL: addresses */
	size_t n_to;		/* how many */
	const char *media_type; /* POST_HTTP: of the body; NULL: none is sent */
	const char *data;	/* mail: header and body with CRLF; or body */
	size_t n;		/* bytes */
};

/* Whether the URL is one of that kind and fits to without_tls, and the proxy
 * one that can be used. */
int post_check_url(enum post_kind kind, const struct post_address *a,
    struct err *e) MUST_CHECK;
/* Whether a text can be the address of a mail (envelope and header). */
int post_check_mailbox(const char *address, struct err *e) MUST_CHECK;
/*
 * Send a mail. Recipients that the server refuses are logged while there is
 * one that it takes.
 */
int post_mail(const struct post_address *a, const struct post_message *m,
    struct err *e) MUST_CHECK;
/* POST a body. */
int post_http(const struct post_address *a, const struct post_message *m,
    struct err *e) MUST_CHECK;

#endif
