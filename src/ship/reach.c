/*
 * reach.c - whether a host answers at all
 *
 * By libcurl, as it is then connected to: the same resolver, IPv6 and IPv4.
 */
#include <curl/curl.h>
#include <stdio.h>

#include "ship/library.h"
#include "ship/reach.h"

enum { HOST_BYTES = 512 };

int
reach_put_host(const char *url, char *text, size_t size)
{
	struct err ignored = ERR_INIT;
	char *host = NULL, *port = NULL;
	CURLU *parts;
	int rc = -1;

	if (ship_load_library(&ignored) < 0)
		return -1;
	parts = curl_url();
	if (parts != NULL &&
	    curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) ==
		CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		CURLUE_OK) {
		(void)snprintf(text, size, "%s:%s", host, port);
		rc = 0;
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
	return rc;
}

static int
fail(CURLcode code, const char *detail, struct err *e)
{
	(void)err_set(e, ERR_NOT_NOW, "%s",
	    detail[0] != '\0' ? detail : curl_easy_strerror(code));
	e->native = (int)code;
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return err_hint(e,
		    "Is the name right? 'getent hosts NAME' asks for it as "
		    "programs here do.");
	return err_hint(e,
	    "Is the port right, and open from here? A firewall that drops "
	    "what it does not let through looks like nobody at all.");
}

/* As HTTP, of which only the connection is made. */
int
reach_try(const char *url, uint64_t timeout_ms, struct err *e)
{
	char detail[CURL_ERROR_SIZE] = "";
	char host[HOST_BYTES], to[HOST_BYTES + 16];
	CURLcode code = CURLE_FAILED_INIT;
	CURL *easy;

	if (ship_load_library(e) < 0)
		return -1;
	if (reach_put_host(url, host, sizeof(host)) < 0)
		return err_set(e, ERR_SPEC, "'%s' names no host", url);
	easy = curl_easy_init();
	(void)snprintf(to, sizeof(to), "http://%s/", host);
	if (easy != NULL &&
	    curl_easy_setopt(easy, CURLOPT_URL, to) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms) ==
		CURLE_OK)
		code = curl_easy_perform(easy);
	curl_easy_cleanup(easy);
	return code == CURLE_OK ? 0 : fail(code, detail, e);
}
