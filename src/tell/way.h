/*
 * way.h - the ways in which an entry of notify tells, as one table
 *
 * An entry tells in each way whose first setting it has. Secrets are read
 * when a way is gone, and wiped at once.
 *
 * Errors	of the way; ERR_SPEC what is wrong with its settings
 */
#ifndef TELL_WAY_H
#define TELL_WAY_H

#include <stdbool.h>

#include "base/err.h"
#include "compose.h"
#include "spec/problem.h"
#include "spec/spec.h"

/* An entry of notify. */
struct entry {
	const struct spec *spec; /* borrowed */
	size_t index;		 /* in the list */
	char name[72];		 /* as in the spec, or its number */
};

/* A way. */
struct way {
	const char *name; /* as in the spec: "mail" */
	/* Whether the entry tells in this way. */
	bool (*is_used)(const struct entry *n);
	/* Whether its settings fit together; NULL for nothing to check. */
	int (*check)(const struct entry *n, struct err *e);
	/* Whether this host has its secrets and its program; or NULL. */
	int (*check_secrets)(const struct entry *n, struct err *e);
	/* Tell. */
	int (*send)(
	    const struct entry *n, const struct message *m, struct err *e);
};

/* All ways but the ping; a NULL name ends. */
extern const struct way ways[];
/* The ping, which is for each run: its send() takes what ping_send takes. */
extern const struct way way_ping;

/* The entry with an index; its name. */
void entry_init(struct entry *n, const struct spec *s, size_t index);
/* A setting of the entry: entry_value(n, "notify.mail.url"). */
const struct value *entry_value(const struct entry *n, const char *path);
/* How long it may take: less when the run is being ended. */
uint64_t entry_timeout_ms(const struct entry *n);

/* Where something is posted to, with what was read for it. */
struct entry_address {
	char *url;	/* owned, may be a secret */
	char *password; /* owned secret, or NULL */
	char *token;	/* owned secret, or NULL */
	char *ca_file;	/* owned, or NULL */
	bool clear;	/* tls = "none" */
};

/*
 * Read the address of a group ("notify.ping"): url or secret_url, token,
 * ca_file, tls.
 */
int entry_take_address(const struct entry *n, const char *group,
    struct entry_address *a, struct err *e) MUST_CHECK;
/* Wipe and free. */
void entry_release_address(struct entry_address *a);

/*
 * Ping: ending is "start", NULL for success, or "69"; text goes along. As
 * often as it takes, for a few seconds.
 */
int ping_send(const struct entry *n, const char *ending, const char *text,
    struct err *e) MUST_CHECK;

#endif
