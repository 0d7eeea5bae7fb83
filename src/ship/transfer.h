/*
 * transfer.h - one libcurl handle, set up for one target
 *
 * Shape	transfer_open -> transfer_perform* -> transfer_close
 * Errors	see classify.h
 * Source	facts/shipping.md 1.5
 */
#ifndef SHIP_TRANSFER_H
#define SHIP_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ship/ship.h"
#include "ship/transcript.h"

/* A handle and what its callbacks need. */
struct transfer {
	CURL *easy;			 /* owned */
	const struct target *target;	 /* borrowed */
	const struct shipment *shipment; /* being sent, or NULL */
	int fd;				 /* the local file, owned; or -1 */
	struct transcript said;		 /* on the control connection */
	struct err local;		 /* reading the local file failed */
	bool must_finish;   /* cleaning up: do not heed cancellation */
	uint64_t sent;	    /* bytes of the file handed to libcurl */
	const char *option; /* the last one that was set */
	char detail[CURL_ERROR_SIZE]; /* libcurl's words */
};

#define TRANSFER_INIT \
	{ \
		.easy = NULL, .fd = -1 \
	}

/* Set up a handle for a target. */
int transfer_open(
    struct transfer *t, const struct target *target, struct err *e) MUST_CHECK;
/*
 * Perform what the options say; the conversation and the error are in t.
 * Fails with "cannot ACTION: ...".
 */
int transfer_perform(
    struct transfer *t, const char *action, struct err *e) MUST_CHECK;
/* Disconnect and free. */
void transfer_close(struct transfer *t);
/* The target's URL with a name, percent-encoded; the caller frees it. */
char *transfer_url(const struct transfer *t, const char *name, struct err *e);

#endif
