/*
 * spool.c - write a file so that readers see all of it or none
 *
 * Temporary name, hash on the way, fsync, rename, fsync of the directory. A
 * failed fsync is final: the kernel may have dropped the pages, so the file is
 * given up and never tried again. What is written is csv/csv.c's business;
 * who reads it later, job/deliver.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "sink/spool.h"

enum { SPOOL_NAME_MAX = 64 };

/* What a name that is not final begins and ends with. */
static const char spool_prefix[] = ".odbcship-";
static const char spool_suffix[] = ".tmp";

struct spool {
	struct out out;	  /* first: the place to write to */
	int fd;		  /* -1 once closed */
	bool is_borrowed; /* a descriptor of somebody else */
	char *dir;	  /* owned; NULL when borrowed */
	char *path;	  /* owned: final path, or what it is called */
	char *temporary;  /* owned; NULL when there is none to remove */
	struct hash *hash;
	uint64_t bytes;
	bool is_finished; /* receipt is filled, the bytes are on disk */
	struct spool_receipt receipt;
};

static int
spool_write(struct out *o, const void *data, size_t n, struct err *e)
{
	struct spool *s = (struct spool *)(void *)o;

	if (file_write_all(s->fd, data, n, e) < 0)
		return err_in(
		    e, "%s", s->temporary != NULL ? s->temporary : s->path);
	s->bytes += n;
	return hash_put(s->hash, data, n, e);
}

static struct spool *
new_spool(struct err *e)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	s->out.write = spool_write;
	s->fd = -1;
	if (hash_new(&s->hash, e) < 0) {
		free(s);
		return NULL;
	}
	return s;
}

/*
 * dir/.odbcship-PID-N.tmp, or NULL. Not made of the final name, so that any
 * name which a file can have can be given; N tells apart what one process
 * writes at the same time.
 */
static char *
temporary_path(const char *dir, struct err *e)
{
	static atomic_uint number;
	char hidden[SPOOL_NAME_MAX];

	(void)snprintf(hidden, sizeof(hidden), "%s%ld-%u%s", spool_prefix,
	    (long)getpid(), atomic_fetch_add(&number, 1), spool_suffix);
	return file_join(dir, hidden, e);
}

/* Made new: what stands there is of a dead process. */
static int
open_temporary(struct spool *s, struct err *e)
{
	s->temporary = temporary_path(s->dir, e);
	if (s->temporary == NULL)
		return -1;
	if (unlink(s->temporary) < 0 && errno != ENOENT)
		return err_sys(e, errno, "cannot remove '%s'", s->temporary);
	s->fd = open(s->temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->fd < 0) {
		(void)err_sys(e, errno, "cannot make '%s'", s->temporary);
		free(s->temporary);
		s->temporary = NULL;
		return -1;
	}
	return 0;
}

int
spool_open(
    struct spool **spool, const char *dir, const char *name, struct err *e)
{
	struct spool *s = new_spool(e);

	*spool = NULL;
	if (s == NULL)
		return -1;
	s->dir = str_dup(dir);
	s->path = s->dir != NULL ? file_join(dir, name, e) : NULL;
	if (s->dir == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	if (s->path == NULL || open_temporary(s, e) < 0) {
		spool_free(s);
		return -1;
	}
	*spool = s;
	return 0;
}

int
spool_open_fd(struct spool **spool, int fd, const char *name, struct err *e)
{
	struct spool *s = new_spool(e);

	*spool = NULL;
	if (s == NULL)
		return -1;
	s->fd = fd;
	s->is_borrowed = true;
	s->path = str_dup(name);
	if (s->path == NULL) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		spool_free(s);
		return -1;
	}
	*spool = s;
	return 0;
}

struct out *
spool_out(struct spool *s)
{
	return &s->out;
}

/* Close early, since close() too may report that bytes were lost (NFS). */
static int
make_durable(struct spool *s, struct err *e)
{
	int fd = s->fd;

	if (fsync(fd) < 0)
		return err_sys(
		    e, errno, "cannot flush '%s' to disk", s->temporary);
	s->fd = -1;
	if (close(fd) < 0)
		return err_sys(e, errno, "cannot close '%s'", s->temporary);
	return 0;
}

static int
publish(struct spool *s, struct err *e)
{
	if (rename(s->temporary, s->path) < 0)
		return err_sys(e, errno, "cannot rename '%s' to '%s'",
		    s->temporary, s->path);
	free(s->temporary);
	s->temporary = NULL;
	if (file_sync_dir(s->dir, e) == 0)
		return 0;
	(void)unlink(s->path); /* a name that may vanish is no name */
	return -1;
}

int
spool_finish(struct spool *s, struct spool_receipt *r, struct err *e)
{
	if (!s->is_finished) {
		s->receipt.bytes = s->bytes;
		if (hash_finish(s->hash, s->receipt.sha256, e) < 0 ||
		    (!s->is_borrowed && make_durable(s, e) < 0))
			return -1;
		s->is_finished = true;
	}
	*r = s->receipt;
	return 0;
}

int
spool_commit(struct spool *s, struct spool_receipt *r, struct err *e)
{
	/* The name comes last: nothing may fail once the file has it. */
	if (spool_finish(s, r, e) < 0)
		return -1;
	return s->is_borrowed ? 0 : publish(s, e);
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0 && !s->is_borrowed)
		(void)close(s->fd);
	if (s->temporary != NULL && unlink(s->temporary) < 0)
		log_warning(
		    "cannot remove '%s': %s", s->temporary, strerror(errno));
	hash_free(s->hash);
	free(s->temporary);
	free(s->path);
	free(s->dir);
	free(s);
}

void
spool_remove_left(const char *dir, pid_t pid)
{
	char prefix[SPOOL_NAME_MAX];
	DIR *entries = opendir(dir);
	const struct dirent *entry;
	size_t n;

	(void)snprintf(
	    prefix, sizeof(prefix), "%s%ld-", spool_prefix, (long)pid);
	n = strlen(prefix);
	while (entries != NULL && (entry = readdir(entries)) != NULL)
		if (strncmp(entry->d_name, prefix, n) == 0 &&
		    unlinkat(dirfd(entries), entry->d_name, 0) < 0 &&
		    errno != ENOENT)
			log_warning("cannot remove '%s/%s': %s", dir,
			    entry->d_name, strerror(errno));
	if (entries != NULL)
		(void)closedir(entries);
}
