/*
 * local.c - the operations of a directory of this machine
 *
 * For a mounted share as for a plain directory; what a share does behind
 * close() is its own. In which order they come is steps.c's business.
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

/* A file on its way into the directory. */
struct copy {
	const struct shipment *shipment;
	const char *path; /* where it goes */
	uint64_t done;	  /* bytes that are there */
	int from;	  /* the file; owned */
	int to;		  /* what has the path; owned */
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

static int
local_open(struct remote *r, struct err *e)
{
	char dir[LOCAL_PATH];

	if (reach_directory(r->target, dir, e) < 0)
		return -1;
	if (access(dir, W_OK | X_OK) < 0)
		return target_error(errno, "write into", dir, e);
	r->link = str_dup(dir);
	if (r->link == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	(void)snprintf(r->receipt->reply, sizeof(r->receipt->reply),
	    "a directory of this machine");
	return 0;
}

static void
local_close(struct remote *r)
{
	free(r->link);
	r->link = NULL;
}

/*
 * A new file, so that nobody who has an older one open sees it change; to go
 * on, the one that is there.
 */
static int
open_copy(struct copy *c, struct err *e)
{
	int flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC;

	if (c->done == 0) {
		if (unlink(c->path) < 0 && errno != ENOENT)
			return target_error(errno, "replace", c->path, e);
		flags |= O_CREAT | O_EXCL;
	}
	c->to = open(c->path, flags, 0666);
	if (c->to < 0)
		return target_error(errno, "make", c->path, e);
	if (lseek(c->from, (off_t)c->done, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read '%s'", c->shipment->path);
	if (lseek(c->to, (off_t)c->done, SEEK_SET) < 0)
		return target_error(errno, "write", c->path, e);
	return 0;
}

static int
write_chunk(struct copy *c, const char *data, size_t n, struct err *e)
{
	if (file_write_all(c->to, data, n, e) < 0) {
		int errnum = e->native;

		*e = (struct err)ERR_INIT;
		return target_error(errnum, "write", c->path, e);
	}
	c->done += (uint64_t)n;
	if (c->shipment->progress != NULL)
		c->shipment->progress(
		    c->shipment->progress_arg, c->done, c->shipment->bytes);
	return 0;
}

static int
copy_bytes(struct copy *c, struct err *e)
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
	}
	free(chunk);
	return n == 0 ? 0 : -1;
}

static int
make_durable(struct copy *c, struct err *e)
{
	int fd = c->to;

	if (fsync(fd) < 0)
		return target_error(errno, "flush", c->path, e);
	c->to = -1;
	if (close(fd) < 0)
		return target_error(errno, "close", c->path, e);
	return 0;
}

static int
local_put(struct remote *r, const struct upload *u, struct err *e)
{
	struct copy c = { .shipment = u->shipment, .from = -1, .to = -1 };
	char *path = file_join(r->link, u->name, e);
	int rc = -1;

	r->fate = FATE_UNDONE;
	r->has_begun = false;
	c.path = path;
	c.done = u->offset;
	if (path != NULL)
		c.from = shipment_open(u->shipment, e);
	if (c.from >= 0 && open_copy(&c, e) == 0) {
		r->has_begun = true;
		if (copy_bytes(&c, e) == 0)
			rc = make_durable(&c, e);
	}
	if (c.to >= 0)
		(void)close(c.to);
	if (c.from >= 0)
		(void)close(c.from);
	free(path);
	return rc;
}

/* The size that the file system gives, not the one that was written. */
static int
local_look(
    struct remote *r, const char *name, struct look *found, struct err *e)
{
	char *path = file_join(r->link, name, e);
	struct stat st;
	int rc = 0;

	if (path == NULL)
		return -1;
	found->why[0] = '\0';
	if (stat(path, &st) == 0) {
		found->result = LOOK_THERE;
		found->bytes = (uint64_t)st.st_size;
	} else if (errno == ENOENT) {
		found->result = LOOK_ABSENT;
		(void)snprintf(found->why, sizeof(found->why), "no such file");
	} else {
		rc = target_error(errno, "look at", path, e);
	}
	free(path);
	return rc;
}

/* link(2) does not replace; file systems without links are looked at. */
static int
rename_to_new(const char *from, const char *to)
{
	struct stat st;

	if (link(from, to) == 0)
		return unlink(from);
	if (errno == EEXIST)
		return -1;
	if (lstat(to, &st) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

static int
local_rename(struct remote *r, const char *const names[2], bool may_replace,
    struct err *e)
{
	char *from = file_join(r->link, names[0], e);
	char *to = from != NULL ? file_join(r->link, names[1], e) : NULL;
	int rc = -1;

	r->fate = FATE_REFUSED;
	if (to != NULL)
		rc = may_replace ? rename(from, to) : rename_to_new(from, to);
	if (to != NULL && rc < 0)
		rc = target_error(errno, "give its name to", to, e);
	if (rc == 0) {
		r->fate = FATE_UNKNOWN;
		rc = file_sync_dir(r->link, e);
	}
	free(from);
	free(to);
	return rc;
}

static int
local_remove(struct remote *r, const char *name, struct err *e)
{
	char *path = file_join(r->link, name, e);
	int rc = 0;

	if (path == NULL)
		return -1;
	if (unlink(path) < 0)
		rc = target_error(errno, "remove", path, e);
	free(path);
	return rc;
}

static int
read_path(const char *path, remote_take *take, void *arg, struct err *e)
{
	char *chunk = malloc(LOCAL_CHUNK);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (chunk == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	else if (fd < 0)
		(void)target_error(errno, "read", path, e);
	while (chunk != NULL && fd >= 0) {
		n = read(fd, chunk, LOCAL_CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			(void)target_error(errno, "read", path, e);
		if (n <= 0)
			break;
		if (cancel_check(e) < 0 || take(arg, chunk, (size_t)n, e) < 0) {
			n = -1;
			break;
		}
	}
	if (fd >= 0)
		(void)close(fd);
	free(chunk);
	return n == 0 ? 0 : -1;
}

static int
local_read_back(struct remote *r, const char *name, remote_take *take,
    void *arg, struct err *e)
{
	char *path = file_join(r->link, name, e);
	int rc = path != NULL ? read_path(path, take, arg, e) : -1;

	free(path);
	return rc;
}

static int
local_directory(struct remote *r, const char *name, bool is_made, struct err *e)
{
	char *path = file_join(r->link, name, e);
	int rc = -1;

	if (path == NULL)
		return -1;
	rc = is_made ? mkdir(path, 0755) : rmdir(path);
	if (rc < 0)
		rc = target_error(errno, is_made ? "make" : "remove", path, e);
	free(path);
	return rc;
}

const struct protocol protocol_local = {
	.scheme = "file://",
	.open = local_open,
	.put = local_put,
	.look = local_look,
	.rename = local_rename,
	.remove = local_remove,
	.read_back = local_read_back,
	.directory = local_directory,
	.close = local_close,
};
