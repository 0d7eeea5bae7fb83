/*
 * spool.h - write a file so that readers see all of it or none
 *
 * A spool writes to a temporary name in the final directory and hashes on the
 * way; commit makes it durable and gives it its name in one step. Not for:
 * choosing names (spec/template.h).
 *
 * Shape	spool_open -> out_write(spool_out)* [-> spool_finish] ->
 *		spool_commit -> spool_free
 *		(spool_free before commit removes the temporary file)
 * Units	sizes in bytes; the mode is 0600
 * Owns		the descriptor and the temporary file
 * Threads	one at a time
 * Errors	ERR_LOCAL (native: errno)
 * Source	POSIX rename(2), fsync(2); a failed fsync is final
 */
#ifndef SINK_SPOOL_H
#define SINK_SPOOL_H

#include <stdint.h>

#include <sys/types.h>

#include "base/err.h"
#include "base/out.h"
#include "sink/hash.h"

struct spool;

/* What was written. */
struct spool_receipt {
	uint64_t bytes;		/* size of the file */
	char sha256[HASH_TEXT]; /* of its content */
};

/*
 * Begin the file dir/name by its temporary name (dir/.odbcship-PID-N.tmp,
 * O_EXCL). The directory must exist.
 */
int spool_open(struct spool **s, const char *dir, const char *name,
    struct err *e) MUST_CHECK;
/* Begin on a descriptor that is already open (standard output); no rename. */
int spool_open_fd(
    struct spool **s, int fd, const char *name, struct err *e) MUST_CHECK;
/* The place to write to; borrowed. */
struct out *spool_out(struct spool *s);
/*
 * No more bytes: fsync and close; the name stays temporary. On a descriptor:
 * nothing but the receipt.
 */
int spool_finish(
    struct spool *s, struct spool_receipt *r, struct err *e) MUST_CHECK;
/*
 * Finish, when that was not done; rename and fsync of the directory; an
 * existing file of that name is replaced. On a descriptor: nothing but the
 * receipt.
 */
int spool_commit(
    struct spool *s, struct spool_receipt *r, struct err *e) MUST_CHECK;
/* Free it, removing what was not committed; NULL is fine. */
void spool_free(struct spool *s);

/* Remove what process pid left in dir when it died while it wrote. */
void spool_remove_left(const char *dir, pid_t pid);

#endif
