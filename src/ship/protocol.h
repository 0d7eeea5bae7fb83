/*
 * protocol.h - the small operations that every protocol of targets offers
 *
 * The steps of a delivery (temporary name, verify, publish, verify; policies,
 * unknown outcomes) are written once, in steps.c and verify.c, above these
 * operations. A protocol is a table of them: ftp.c, local.c. They work on one
 * open connection, which is kept over all steps; whoever fails says with
 * `fate` what may have become of it.
 *
 * Names are relative to the target's directory; a temporary name may begin
 * with directories ("../staging/orders.csv.part"). URL and names were checked
 * by ship.c: no control bytes.
 *
 * Shape	remote_open -> remote_put, remote_look, ... -> remote_close
 * Errors	ERR_TARGET refused for good, ERR_NOT_NOW worth another try
 *		(on a fresh connection), ERR_LOCAL the local file
 */
#ifndef SHIP_PROTOCOL_H
#define SHIP_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ship/ship.h"

/* What became of an operation that failed. */
enum fate {
	FATE_UNDONE,  /* it was not done, or only in part */
	FATE_REFUSED, /* the target said no to this very operation */
	FATE_UNKNOWN  /* it may have been done: only the answer is missing */
};

/* An open connection to a target; the caller's storage. */
struct remote {
	const struct protocol *protocol; /* its table */
	const struct target *target;	 /* borrowed */
	struct receipt *receipt;	 /* borrowed; reply and tls go there */
	enum fate fate;	  /* of the last operation, if it failed */
	bool has_begun;	  /* put: something may be there under the name */
	bool is_cut;	  /* put: the other side ended the data connection */
	bool must_finish; /* cleaning up: heed no cancellation, be quick */
	bool is_reused;	  /* TLS of a data connection resumed a session */
	uint64_t wait_ms; /* the target asked to wait so long; 0: it did not */
	bool cap_tls12;	  /* set before opening: offer nothing above 1.2 */
	void *link;	  /* the protocol's own; NULL while not open */
};

#define REMOTE_INIT(t, r) \
	{ \
		.protocol = NULL, .target = (t), .receipt = (r) \
	}

/* What is to be put under a name. */
struct upload {
	const struct shipment *shipment; /* the local file */
	const char *name;		 /* where to */
	uint64_t offset; /* bytes that are there already: go on behind them */
};

/* What a look at a name found. */
enum look_result {
	LOOK_THERE,  /* a file, of so many bytes */
	LOOK_ABSENT, /* nothing of that name */
	LOOK_UNABLE  /* the target does not tell */
};

/* A look at a name. */
struct look {
	enum look_result result; /* what it found */
	uint64_t bytes;		 /* if LOOK_THERE */
	char why[320];		 /* the target's words, unless LOOK_THERE */
};

/* Size of the longest hash as text, with its NUL. */
enum { DIGEST_HEX = 129 };

/* A hash that a target computed. */
struct digest {
	char algorithm[16];   /* libcrypto's name ("SHA256"), or "CRC32" */
	char command[24];     /* how it was asked for ("XSHA256") */
	char hex[DIGEST_HEX]; /* in either case */
};

/* Takes content that is read back; -1 ends the reading. */
typedef int remote_take(void *arg, const char *data, size_t n, struct err *e);

/*
 * A protocol. All but open and close expect an open connection. An operation
 * that is NULL is not offered.
 */
struct protocol {
	const char *scheme;   /* with "://" */
	bool has_host;	      /* a host must be named */
	bool is_implicit_tls; /* tls = "none" makes no sense */
	bool is_ssh;	      /* keys and hosts are those of SSH, not TLS */
	bool is_whole;	      /* a put appears whole or not at all: temporary
			       * names are not needed and not used */
	/* What of the target's settings cannot be: no network. May be NULL. */
	int (*check)(const struct target *t, struct err *e);
	/* Connect, log in, go to the directory (make it, with mkdirs). */
	int (*open)(struct remote *r, struct err *e);
	/* Send a file to a name, replacing what is there. */
	int (*put)(struct remote *r, const struct upload *u, struct err *e);
	/*
	 * Look at a name. Refusals that will not pass are LOOK_UNABLE; -1 is
	 * for a connection that broke, or an answer that may be another later.
	 */
	int (*look)(struct remote *r, const char *name, struct look *found,
	    struct err *e);
	/*
	 * Give a file another name, replacing what has it where the protocol
	 * does so; without may_replace it should refuse if it can.
	 * FATE_REFUSED if the new name is what was refused.
	 */
	int (*rename)(struct remote *r, const char *const names[2],
	    bool may_replace, struct err *e);
	/* Remove a file. */
	int (*remove)(struct remote *r, const char *name, struct err *e);
	/*
	 * The target's own hash of a file: 1 if it computed one, 0 if it
	 * offers none.
	 */
	int (*hash)(struct remote *r, const char *name, struct digest *d,
	    struct err *e);
	/* Read a file, whole. */
	int (*read_back)(struct remote *r, const char *name, remote_take *take,
	    void *arg, struct err *e);
	/* Make, or with is_made false remove, an empty directory. */
	int (*directory)(
	    struct remote *r, const char *name, bool is_made, struct err *e);
	/* End the connection; never fails. */
	void (*close)(struct remote *r);
};

/* ftp:// and ftps:// */
extern const struct protocol protocol_ftp, protocol_ftps;
/* sftp:// */
extern const struct protocol protocol_sftp;
/* http:// and https:// */
extern const struct protocol protocol_http, protocol_https;
/* s3:// */
extern const struct protocol protocol_s3;
/* file:// */
extern const struct protocol protocol_local;

/* The protocol of a URL; NULL if there is none. */
const struct protocol *protocol_find(const char *url);
/* All schemes, ended by NULL. */
extern const struct protocol *const protocols[];

/* Open a connection; one that is open is closed before. */
int remote_open(struct remote *r, struct err *e) MUST_CHECK;
/* Close it; also one that is not open. */
void remote_close(struct remote *r);
/*
 * Open the file of a shipment and see that it is as long as it should be: the
 * descriptor, or -1 with ERR_LOCAL.
 */
int shipment_open(const struct shipment *s, struct err *e) MUST_CHECK;

#endif
