/*
 * library.h - what the libcurl that runs here is, and what it trusts
 *
 * The version at run time counts, not that of the headers: faults that lose
 * data or send it in clear were mended at known versions (facts/shipping.md 0).
 *
 * Source	curl_version_info(3)
 */
#ifndef SHIP_LIBRARY_H
#define SHIP_LIBRARY_H

#include <stdbool.h>

#include "base/err.h"

/* What is known of it; texts are borrowed from libcurl. */
struct ship_library {
	const char *version; /* "7.88.1" */
	const char *tls;     /* "OpenSSL/3.0.19", or NULL without TLS */
	const char *ca_file; /* the certificates that it trusts, or NULL */
	const char *ca_dir;  /* a directory of them, or NULL */
	bool
	    loses_with_tls13; /* FTPS uploads: so TLS 1.2 is the most offered */
	bool clear_if_active; /* active mode sends in clear in spite of TLS */
};

/*
 * Load libcurl and initialise it, unless that was done: it brings thirty
 * libraries along, which takes longer than many a query (src/ship/lazy.c).
 * Whoever comes into the room begins here, since only here a library that is
 * missing is an error that can be told: ERR_LOCAL.
 */
int ship_load_library(struct err *e) MUST_CHECK;
/* Release what it has, if it was loaded. */
void ship_release_library(void);
/* Ask it; it is loaded. */
void ship_describe_library(struct ship_library *l);

#endif
