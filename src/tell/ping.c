/*
 * ping.c - tell a service that waits for each run
 *
 * As healthchecks has it, and others that take after it: POST to URL/start,
 * to URL when the run succeeded, to URL/STATUS when it did not. The service
 * notices a run that never was. Source: healthchecks.io/docs/http_api.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "ship/post.h"
#include "way.h"

enum {
	URL_BYTES = 8192,
	TRIES = 3,
	FIRST_WAIT_MS = 1000, /* doubled each time */
	PING_MS = 10 * 1000
};

/* "https://host/ping/id/start?x=y": the ending goes before the query. */
static int
put_url(struct buf *out, const char *url, const char *ending, struct err *e)
{
	size_t n = strcspn(url, "?#");

	if (ending == NULL)
		return buf_puts(out, url, e);
	return buf_printf(out, e, "%.*s%s%s%s", (int)n, url,
	    n > 0 && url[n - 1] == '/' ? "" : "/", ending, url + n);
}

static int
try_ping(const struct post_address *address, const char *text, struct err *e)
{
	struct post_message m = { .data = text, .n = strlen(text) };
	uint64_t wait_ms = FIRST_WAIT_MS;

	for (unsigned i = 1;; i++, wait_ms *= 2) {
		if (post_http(address, &m, e) == 0)
			return 0;
		if (i == TRIES || e->class != ERR_NOT_NOW || cancel_is_due())
			return -1;
		clock_sleep_ms(wait_ms);
		*e = (struct err)ERR_INIT;
	}
}

int
ping_send(
    const struct entry *n, const char *ending, const char *text, struct err *e)
{
	uint64_t timeout_ms = entry_timeout_ms(n);
	struct buf url = BUF_INIT(URL_BYTES);
	struct entry_address a;
	int rc = entry_take_address(n, "notify.ping", &a, e);

	if (rc == 0)
		rc = put_url(&url, a.url, ending, e);
	if (rc == 0) {
		struct post_address address = {
			.url = url.data,
			.ca_file = a.ca_file,
			.proxy = entry_value(n, "notify.ping.proxy")->text,
			.without_tls = a.clear,
			.timeout_ms = timeout_ms < PING_MS ? timeout_ms :
							     PING_MS,
		};

		rc = try_ping(&address, text, e);
	}
	if (url.data != NULL)
		explicit_bzero(url.data, url.length);
	buf_release(&url);
	entry_release_address(&a);
	return rc < 0 ? err_in(e, "cannot ping") : 0;
}
