/*
 * library.c - what the libcurl that runs here is, and what it trusts
 *
 * What follows from it for a transfer is transfer.c's and ftp.c's.
 */
#include <curl/curl.h>
#include <string.h>

#include "ship/library.h"

/* facts/shipping.md F1 and F2: curl#6149, curl#13556; curl#10666. */
enum {
	SAFE_TLS13 = 0x080900,
	CLEAR_FROM = 0x075700,
	CLEAR_UNTIL = 0x080000,
};

void
ship_describe_library(struct ship_library *l)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	memset(l, 0, sizeof(*l));
	l->version = v->version;
	l->tls = v->ssl_version;
	l->ssh = v->age >= CURLVERSION_FOURTH ? v->libssh_version : NULL;
#if LIBCURL_VERSION_NUM >= 0x074600
	if (v->age >= CURLVERSION_SEVENTH) {
		l->ca_file = v->cainfo;
		l->ca_dir = v->capath;
	}
#endif
	l->loses_with_tls13 = v->version_num < SAFE_TLS13;
	l->clear_if_active = v->version_num >= CLEAR_FROM &&
	    v->version_num < CLEAR_UNTIL;
}
