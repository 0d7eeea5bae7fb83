/*
 * repeat.h - whether a batch may be executed a second time
 *
 * A batch that was ended by a deadlock or a lost connection begins anew only
 * while nothing was written that would be written twice. What a statement
 * does is read from its words, as far as they tell; what they do not tell
 * counts as written.
 */
#ifndef JOB_REPEAT_H
#define JOB_REPEAT_H

#include <stdbool.h>
#include <stddef.h>

#include "sql/dialect.h"
#include "sql/script.h"

/* What was seen of a batch. */
struct repeat {
	char **temporary; /* owned: tables that end with the connection */
	size_t n;	  /* how many */
};

#define REPEAT_INIT \
	{ \
		NULL, 0 \
	}

/*
 * Whether a statement may be executed again after those that were asked about
 * before; rows that a transaction changes are rolled back when it fails. Memory
 * that is gone makes it false.
 */
bool repeat_allows(struct repeat *r, const struct statement_text *statement,
    const struct dialect *d, bool in_transaction);
/* Free the names. */
void repeat_release(struct repeat *r);

#endif
