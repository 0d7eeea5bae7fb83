/*
 * ship.h - bring one file to one target, complete, or say why not
 *
 * Upload under a temporary name, look at the size there, rename, look again.
 * The exact size is known beforehand. Protocols: ftp:// (explicit TLS unless
 * the target says none), ftps:// (implicit), sftp://, https:// (WebDAV, or PUT
 * alone), s3://, file:// (this machine).
 *
 * Shape	(ship_check_target | ship_probe | ship_file)*; libcurl is loaded
 *		by the first of them (ship/library.h)
 * Units	bytes; milliseconds
 * Threads	one at a time
 * Errors	ERR_TARGET refused for good, ERR_NOT_NOW worth another try,
 *		ERR_LOCAL the local file, ERR_SPEC the URL; native: CURLcode
 * Source	RFC 959, 3659, 4217; facts/shipping.md 0 and 1
 */
#ifndef SHIP_SHIP_H
#define SHIP_SHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ship/target.h"

/* How far a delivery came; ordered. */
enum ship_stage {
	SHIP_NOTHING, /* nothing was sent */
	SHIP_SKIPPED, /* nothing was sent: the name is taken, which is right */
	SHIP_UPLOADING, /* perhaps a part under the temporary name */
	SHIP_UPLOADED,	/* whole and verified under the temporary name */
	SHIP_RENAMING,	/* the rename was asked for, its answer unknown */
	SHIP_PUBLISHED, /* under the final name */
	SHIP_VERIFIED	/* and what is there is right */
};

/*
 * Told each step of a delivery. Before it is taken: SHIP_UPLOADING before a
 * byte is sent, SHIP_RENAMING before the final name is asked for (never where
 * the upload has the final name itself). When it is true: SHIP_UPLOADED (the
 * same exception), SHIP_PUBLISHED. Retries tell again. -1 ends the delivery
 * with that error: a step that was told beforehand is not taken.
 */
typedef int ship_step(void *arg, enum ship_stage stage, struct err *e);

/* What is to be delivered. */
struct shipment {
	const char *path;      /* the local file */
	const char *name;      /* its name at the target */
	const char *temporary; /* its name there until it is complete */
	uint64_t bytes;	       /* its exact size */
	const char *sha256;    /* of its content */
	/* Told while bytes move; may be NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *progress_arg;   /* handed to progress */
	ship_step *step;      /* told each step; or NULL */
	void *step_arg;	      /* handed to step */
	enum ship_stage from; /* the last step that an earlier process, which
			       * was killed, told; SHIP_NOTHING: a fresh one */
};

/* Evidence of a delivery, filled as far as it came also on failure. */
struct receipt {
	enum ship_stage stage; /* how far it came */
	uint64_t bytes;	       /* size seen at the target */
	char url[1024];	       /* final place, without credentials */
	char reply[256];       /* the server's last reply, escaped */
	char tls[64];	       /* "TLSv1.2 ECDHE-...", or empty */
	unsigned attempts;     /* how many were made */
	bool is_direct;	       /* the temporary name is the final one */
	bool is_open;	       /* the directory there was reached once */
	bool is_ambiguous;     /* failed: whether it is there is not known, and
				* a person must look (target.h ambiguous) */
	char verified[48];     /* "size", "hash XSHA256", "reread", "none" */
	uint64_t elapsed_ms;   /* from connecting to the end */
};

/* Whether a file appears whole or not at all at such a URL. */
bool ship_is_whole(const char *url);
/* Whether a target's URL and options can be used at all (no network). */
int ship_check_target(const struct target *t, struct err *e) MUST_CHECK;
/* Whether a name can be given to a file at any target. */
int ship_check_name(const char *name, struct err *e) MUST_CHECK;
/*
 * Log in and change to the directory, send nothing. The reply in r says what
 * the server said.
 */
int ship_connect(
    const struct target *t, struct receipt *r, struct err *e) MUST_CHECK;
/* What is found under a name, compared with a shipment. */
enum ship_sight {
	SHIP_ABSENT, /* nothing */
	SHIP_SAME,   /* a file of its size; of its content, if so asked */
	SHIP_OTHER,  /* another file */
	SHIP_UNTOLD  /* the target does not tell */
};

/*
 * Look what has the final and the temporary name of a shipment: for a later
 * run that must know what became of an earlier one. The content is compared
 * too, where the target's `verify` is hash or reread.
 */
int ship_look(const struct target *t, const struct shipment *s,
    enum ship_sight *final, enum ship_sight *temporary,
    struct err *e) MUST_CHECK;

/* What a target allows, as it was found. */
struct probe {
	struct receipt receipt; /* tls and the last reply */
	bool is_reused;		/* data connections resume the TLS session */
	bool is_whole;		/* a file appears whole or not at all */
	bool tells_size;	/* in one way or another */
	char hash[24];		/* the server's own ("HASH SHA-256"), or "" */
	bool reads_back;	/* what was sent can be read */
	bool renames;		/* a temporary name becomes another */
	bool keeps;		/* and what got a name is still there then */
	bool replaces;		/* renaming onto a file replaces it */
	bool resumes;		/* an upload can go on behind a part */
	bool makes_directories; /* for mkdirs */
	bool removes;		/* files of ours */
	char left[64];		/* what could not be removed, or "" */
};

/* Try all that with tiny files of our own, and remove them. */
int
ship_probe(const struct target *t, struct probe *p, struct err *e) MUST_CHECK;
/*
 * Deliver one file; a delivery that an earlier process began (from) is gone on
 * with, as a retry does: what is there is looked at, and nothing is sent again
 * that is there.
 */
int ship_file(const struct target *t, const struct shipment *s,
    struct receipt *r, struct err *e) MUST_CHECK;
/* One word for a stage: "verified", "renaming", ... */
const char *ship_stage_name(enum ship_stage stage);
/* Versions of libcurl and its parts, and its protocols, for --version. */
void ship_put_version(char *text, size_t size);

#endif
