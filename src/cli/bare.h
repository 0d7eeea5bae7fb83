/*
 * bare.h - the same command again, as cron would start it
 *
 * In a new process: HOME, LOGNAME, PATH and SHELL and nothing else, the home
 * directory, umask 022, no terminal, nothing to read, its output by pipes.
 *
 * Errors	ERR_INTERNAL, ERR_LOCAL
 * Source	facts/shipping.md 6 (cron 3.0pl1)
 */
#ifndef CLI_BARE_H
#define CLI_BARE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/command.h"

/* How this environment is otherwise than cron's, a line for each item. */
int bare_put_differences(struct buf *out, struct err *e) MUST_CHECK;
/*
 * Run the command of inv without --as-cron in that environment and return its
 * exit status. told goes to it by bare_told; NULL for nothing.
 */
int bare_run(const struct invocation *inv, const char *told, int *status,
    struct err *e) MUST_CHECK;
/* What the process that started this one as cron does has told, or NULL. */
const char *bare_told(void);

#endif
