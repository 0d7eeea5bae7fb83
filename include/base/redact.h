/*
 * redact.h - keep secrets out of everything that is printed or recorded
 *
 * Every secret is registered when it is read. Log, error output, ledger and
 * JSON pass their texts through redact_text(), which replaces each registered
 * value (and its percent-encoded form) and the values of PWD, PASSWORD and
 * their kind in connection strings by "***".
 *
 * Threads	register before the second thread starts
 */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Register a secret (copied, wiped by redact_release). Values shorter than 4
 * bytes are not replaced, since they would mangle every text.
 */
int redact_add(const char *secret, struct err *e) MUST_CHECK;
/* Replace secrets in the NUL-terminated text of size bytes, in place. */
void redact_text(char *text, size_t size);
/* Wipe and forget all registered secrets. */
void redact_release(void);

#endif
