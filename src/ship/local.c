/*
 * local.c - deliver one file into a directory of this machine
 *
 * The same steps as over FTP: temporary name, size, rename. For a mounted
 * share as for a plain directory; what a share does behind close() is its own.
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/str.h"
#include "ship/protocol.h"

enum { LOCAL_CHUNK = 256 * 1024, LOCAL_PATH = 4096 };

/* A delivery on its way. */
struct copy {
	const struct shipment *shipment;
	char *dir;	 /* owned */
	char *temporary; /* owned path */
	char *final;	 /* owned path */
	int from;	 /* the file; owned */
	int to;		 /* the temporary file; owned */
	bool is_made;	 /* the temporary file is ours */
};

/* What a refused system call at a target means. */
static int
target_error(int errnum, const char *what, const char *path, struct err *e)
{
	enum err_class class = errnum == EIO || errnum == ESTALE ||
		errnum == ETIMEDOUT ?
	    ERR_NOT_NOW :
	    ERR_TARGET;

	(void)err_sys(e, errnum, "cannot %s '%s'", what, path);
	e->class = class;
	switch (errnum) {
	case ENOENT:
		return err_hint(e, "Make the directory, or set mkdirs = true.");
	case EACCES:
	case EPERM:
		return err_hint(e,
		    "Let the user that runs odbcship write into "
		    "the directory.");
	case EISDIR:
		return err_hint(e, "A directory has the name of the file.");
	case ENOSPC:
	case EDQUOT:
		return err_hint(e, "Make room at the target.");
	default:
		return -1;
	}
}

/* The directory of file:///dir/ or file://localhost/dir/, decoded. */
static int
directory_of(const struct target *t, char dir[LOCAL_PATH], struct err *e)
{
	const char *path = strchr(t->url + strlen("file://"), '/');
	char *decoded;
	int n = 0;

	decoded = path != NULL ? curl_easy_unescape(NULL, path, 0, &n) : NULL;
	if (decoded == NULL || n <= 0 || n >= LOCAL_PATH ||
	    strlen(decoded) != (size_t)n) {
		curl_free(decoded);
		return err_set(e, ERR_SPEC, "'%s' names no directory", t->url);
	}
	memcpy(dir, decoded, (size_t)n + 1);
	curl_free(decoded);
	return 0;
}

static int
reach_directory(const struct target *t, char dir[LOCAL_PATH], struct err *e)
{
	struct stat st;

	if (directory_of(t, dir, e) < 0)
		return -1;
	if (t->mkdirs) {
		if (file_make_dirs(dir, 0755, e) < 0) {
			e->class = ERR_TARGET;
			return -1;
		}
	}
	if (stat(dir, &st) < 0)
		return target_error(errno, "reach", dir, e);
	if (!S_ISDIR(st.st_mode))
		return target_error(ENOTDIR, "write into", dir, e);
	return 0;
}

int
local_connect(const struct target *t, struct receipt *r, struct err *e)
{
	char dir[LOCAL_PATH];

	if (reach_directory(t, dir, e) < 0)
		return -1;
	if (access(dir, W_OK | X_OK) < 0)
		return target_error(errno, "write into", dir, e);
	(void)snprintf(r->reply, sizeof(r->reply),
	    "a directory of this "
	    "machine");
	return 0;
}

static int
make_temporary(struct copy *c, struct err *e)
{
	/* Of a run that was killed: its name is ours alone. */
	if (unlink(c->temporary) < 0 && errno != ENOENT)
		return target_error(errno, "replace", c->temporary, e);
	c->to = open(c->temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (c->to < 0)
		return target_error(errno, "make", c->temporary, e);
	c->is_made = true;
	return 0;
}

static int
write_chunk(struct copy *c, const char *data, size_t n, struct err *e)
{
	if (file_write_all(c->to, data, n, e) < 0) {
		int errnum = e->native;

		*e = (struct err)ERR_INIT;
		return target_error(errnum, "write", c->temporary, e);
	}
	return 0;
}

static int
copy_bytes(struct copy *c, struct receipt *r, struct err *e)
{
	char *chunk = malloc(LOCAL_CHUNK);
	ssize_t n = -1;

	if (chunk == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (;;) {
		n = read(c->from, chunk, LOCAL_CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			(void)err_sys(
			    e, errno, "cannot read '%s'", c->shipment->path);
		if (n <= 0)
			break;
		if (cancel_check(e) < 0 ||
		    write_chunk(c, chunk, (size_t)n, e) < 0) {
			n = -1;
			break;
		}
		r->bytes += (uint64_t)n;
		if (c->shipment->progress != NULL)
			c->shipment->progress(c->shipment->progress_arg,
			    r->bytes, c->shipment->bytes);
	}
	free(chunk);
	return n == 0 ? 0 : -1;
}

static int
make_durable(struct copy *c, struct err *e)
{
	int fd = c->to;

	if (fsync(fd) < 0)
		return target_error(errno, "flush", c->temporary, e);
	c->to = -1;
	if (close(fd) < 0)
		return target_error(errno, "close", c->temporary, e);
	return 0;
}

/* The size that the file system gives, not the one that was written. */
static int
verify(const struct copy *c, const char *path, struct receipt *r, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return target_error(errno, "look at", path, e);
	r->bytes = (uint64_t)st.st_size;
	if (r->bytes != c->shipment->bytes)
		return err_set(e, ERR_NOT_NOW, "'%s' has %llu bytes, not %llu",
		    path, (unsigned long long)r->bytes,
		    (unsigned long long)c->shipment->bytes);
	return 0;
}

static int
deliver(struct copy *c, struct receipt *r, struct err *e)
{
	c->from = shipment_open(c->shipment, e);
	if (c->from < 0 || make_temporary(c, e) < 0)
		return -1;
	r->stage = SHIP_UPLOADING;
	if (copy_bytes(c, r, e) < 0 || make_durable(c, e) < 0 ||
	    verify(c, c->temporary, r, e) < 0)
		return -1;
	r->stage = SHIP_UPLOADED;
	if (rename(c->temporary, c->final) < 0)
		return target_error(errno, "give its name to", c->final, e);
	c->is_made = false;
	r->stage = SHIP_PUBLISHED;
	if (file_sync_dir(c->dir, e) < 0 || verify(c, c->final, r, e) < 0)
		return -1;
	r->stage = SHIP_VERIFIED;
	(void)snprintf(r->verified, sizeof(r->verified), "size");
	return 0;
}

int
local_deliver(const struct target *t, const struct shipment *s,
    struct receipt *r, struct err *e)
{
	struct copy c = { .shipment = s, .from = -1, .to = -1 };
	char dir[LOCAL_PATH];
	int rc = -1;

	if (reach_directory(t, dir, e) < 0)
		return -1;
	c.dir = dir;
	c.temporary = file_join(dir, s->temporary, e);
	c.final = c.temporary != NULL ? file_join(dir, s->name, e) : NULL;
	if (c.final != NULL)
		rc = deliver(&c, r, e);
	if (c.to >= 0)
		(void)close(c.to);
	if (c.from >= 0)
		(void)close(c.from);
	if (c.is_made)
		(void)unlink(c.temporary);
	free(c.temporary);
	free(c.final);
	return rc;
}
