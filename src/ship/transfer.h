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
#include "ship/protocol.h"
#include "ship/transcript.h"

/* What a handle speaks, and nothing else. */
enum transfer_kind { TRANSFER_FTP, TRANSFER_SFTP, TRANSFER_HTTP };

/* A handle and what its callbacks need. */
struct transfer {
	CURL *easy;			 /* owned */
	enum transfer_kind kind;	 /* what it speaks */
	struct remote *remote;		 /* the connection it makes; borrowed */
	const struct shipment *shipment; /* being sent, or NULL */
	int fd;				 /* the local file, owned; or -1 */
	remote_take *take;	/* gets what the server sends, or NULL */
	void *take_arg;		/* handed to take */
	struct transcript said; /* on the control connection */
	struct err local;	/* a callback of ours failed */
	uint64_t sent;	    /* position in the file after what libcurl has */
	uint64_t moved;	    /* bytes in either direction, as last seen */
	uint64_t moved_ms;  /* when that changed */
	bool is_aborted;    /* by us, in the middle of it */
	const char *option; /* the last one that was set */
	char *features;	    /* lines of FEAT, owned; NULL: not asked */
	char detail[CURL_ERROR_SIZE]; /* libcurl's words */
};

/* Set up a handle for a connection's target. */
int transfer_open(struct transfer *t, struct remote *r, enum transfer_kind kind,
    struct err *e) MUST_CHECK;
/*
 * Perform what the options say, and leave it to the caller what libcurl's code
 * means: -1 only for a callback of ours that failed, or a cancelled run.
 */
int transfer_try(struct transfer *t, const char *action, CURLcode *code,
    struct err *e) MUST_CHECK;
/*
 * Perform what the options say; the conversation and the error are in t, the
 * last reply in the receipt. Fails with "cannot ACTION: ...".
 */
int transfer_perform(
    struct transfer *t, const char *action, struct err *e) MUST_CHECK;
/* Open a shipment's file, to be read by the next upload. */
int transfer_take_file(
    struct transfer *t, const struct shipment *s, struct err *e) MUST_CHECK;
/* Close it. */
void transfer_drop_file(struct transfer *t);
/* Disconnect and release. */
void transfer_close(struct transfer *t);
/*
 * A directory's URL (as a rule the target's) with a name, percent-encoded; the
 * caller frees it. Leading "../" go up, a leading '/' stands for the server's
 * root.
 */
char *transfer_url(const struct transfer *t, const char *base, const char *name,
    struct err *e);

#endif
