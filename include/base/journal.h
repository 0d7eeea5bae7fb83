/*
 * journal.h - records with fields to systemd's journal
 *
 * One datagram for each, by a socket of its own, so that no descriptor lives
 * on across fork(2). No library: the protocol is documented and stable.
 *
 * Errors	ERR_LOCAL: nobody listens there
 * Source	systemd.io/JOURNAL_NATIVE_PROTOCOL
 */
#ifndef BASE_JOURNAL_H
#define BASE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* One field; borrowed. */
struct journal_field {
	const char *name;  /* capitals, digits and '_' */
	const char *value; /* NULL or "": the field is left out */
};

/* Whether there is a journal on this host. */
bool journal_is_there(void);
/* Send a record. */
int journal_send(
    const struct journal_field *fields, size_t n, struct err *e) MUST_CHECK;
/* Another socket than systemd's, for tests; borrowed. */
void journal_set_path(const char *path);

#endif
