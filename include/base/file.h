/*
 * file.h - reading small files, making directories, making things durable
 *
 * Errors	ERR_LOCAL for I/O, ERR_SPEC for permissions that are too wide
 * Source	POSIX; facts: ssh, msmtp and pgBackRest's rules for secret files
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* What the owner and mode of a file must be before it is read. */
enum file_trust {
	FILE_ANY,     /* anything readable */
	FILE_TRUSTED, /* owner root or us; not writable by group or others;
			 * nor any directory above it, unless sticky */
	FILE_SECRET   /* FILE_TRUSTED, and not readable by others; by the
			 * group only when root owns it. No symbolic link. */
};

/*
 * Append a whole file to b. The check is made on the open descriptor. Fails
 * with ERR_SPEC and a chmod or chown as the hint when trust is not given,
 * with ERR_LOCAL (native: errno) when it cannot be read or is larger than
 * b's maximum.
 */
int file_read(struct buf *b, const char *path, enum file_trust trust,
    struct err *e) MUST_CHECK;
/* Make a directory and those above it that are missing, with mode. */
int file_make_dirs(const char *path, mode_t mode, struct err *e) MUST_CHECK;
/* Write all n bytes to fd, going on after EINTR and short writes. */
int
file_write_all(int fd, const void *data, size_t n, struct err *e) MUST_CHECK;
/* fsync a directory so that the names in it are durable. */
int file_sync_dir(const char *path, struct err *e) MUST_CHECK;
/*
 * Join dir and name with one slash; name alone when it is absolute or dir is
 * NULL. The caller frees it; NULL and ERR_INTERNAL when memory is gone.
 */
char *file_join(const char *dir, const char *name, struct err *e) MUST_CHECK;
/* The directory part of path, "." when it has none; the caller frees it. */
char *file_dir(const char *path, struct err *e) MUST_CHECK;
/* Remove a directory and everything in it; symbolic links are not followed. */
int file_remove_tree(const char *path, struct err *e) MUST_CHECK;

#endif
