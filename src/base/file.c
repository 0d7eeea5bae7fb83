/*
 * file.c - small files, directories, durability, and who may write them
 *
 * Not for: the exported file (sink/spool.h).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

enum { FILE_CHUNK = 64 * 1024, FILE_TREE_DEPTH = 16 };

static bool
is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static int
check_owner(const char *path, const struct stat *st, struct err *e)
{
	if (!is_ours(st)) {
		(void)err_set(e, ERR_SPEC,
		    "'%s' belongs to another user "
		    "(uid %u)",
		    path, (unsigned)st->st_uid);
		return err_hint(e,
		    "It must belong to root or to the user who "
		    "runs this: chown %u '%s'",
		    (unsigned)geteuid(), path);
	}
	/* A sticky directory lets others add names, not replace ours. */
	if ((st->st_mode & 022) != 0 &&
	    !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0)) {
		(void)err_set(e, ERR_SPEC,
		    "'%s' can be written by other "
		    "users",
		    path);
		return err_hint(e,
		    "Whoever can write it decides what is run: "
		    "chmod go-w '%s'",
		    path);
	}
	return 0;
}

/* Every directory up to the root, as OpenSSH's safe_path does. */
static int
check_parents(const char *path, struct err *e)
{
	char *real = realpath(path, NULL);
	struct stat st;
	char *slash;
	int rc = 0;

	if (real == NULL)
		return err_sys(e, errno, "cannot resolve '%s'", path);
	while (rc == 0 && (slash = strrchr(real, '/')) != NULL) {
		slash[slash == real ? 1 : 0] = '\0';
		if (stat(real, &st) < 0)
			rc = err_sys(e, errno, "cannot look at '%s'", real);
		else
			rc = check_owner(real, &st, e);
		if (strcmp(real, "/") == 0)
			break;
	}
	free(real);
	return rc;
}

static int
check_trust(const char *path, const struct stat *st, enum file_trust trust,
    struct err *e)
{
	mode_t forbidden = st->st_uid == 0 ? 037 : 077;

	if (trust == FILE_ANY)
		return 0;
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_SPEC, "'%s' is not a regular file", path);
	if (check_owner(path, st, e) < 0)
		return -1;
	if (trust == FILE_SECRET && (st->st_mode & forbidden) != 0) {
		(void)err_set(e, ERR_SPEC,
		    "the secret in '%s' can be read by "
		    "other users (mode %04o)",
		    path, (unsigned)st->st_mode & 07777);
		return err_hint(
		    e, "Let its owner alone read it: chmod 600 '%s'.", path);
	}
	return check_parents(path, e);
}

static int
read_all(struct buf *b, int fd, const char *path, struct err *e)
{
	ssize_t n;

	for (;;) {
		size_t room = b->max - b->length;
		char extra;

		if (room > FILE_CHUNK)
			room = FILE_CHUNK;
		if (room > 0 && buf_reserve(b, room, e) < 0)
			return -1;
		n = room > 0 ? read(fd, b->data + b->length, room) :
			       read(fd, &extra, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "cannot read '%s'", path);
		if (n == 0)
			return 0;
		if (room == 0)
			return err_set(e, ERR_LOCAL,
			    "'%s' is larger than %zu bytes", path, b->max);
		b->length += (size_t)n;
		b->data[b->length] = '\0';
	}
}

int
file_read(struct buf *b, const char *path, enum file_trust trust, struct err *e)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;
	struct stat st;
	int fd, rc;

	if (trust == FILE_SECRET)
		flags |= O_NOFOLLOW;
	if (trust != FILE_ANY)
		flags |= O_NONBLOCK; /* never wait for a FIFO's writer */
	fd = open(path, flags);
	if (fd < 0 && errno == ELOOP)
		return err_set(e, ERR_SPEC,
		    "'%s' is a symbolic link, and a "
		    "secret must be a file of its own",
		    path);
	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0)
		rc = err_sys(e, errno, "cannot look at '%s'", path);
	else if (S_ISDIR(st.st_mode))
		rc = err_sys(e, EISDIR, "cannot read '%s'", path);
	else
		rc = check_trust(path, &st, trust, e);
	if (rc == 0)
		rc = read_all(b, fd, path, e);
	(void)close(fd);
	return rc;
}

static int
make_one(const char *path, mode_t mode, struct err *e)
{
	struct stat st;
	int reason;

	if (mkdir(path, mode) == 0)
		return 0;
	reason = errno;
	if (reason == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return err_sys(e, reason == EEXIST ? ENOTDIR : reason,
	    "cannot make the directory '%s'", path);
}

int
file_make_dirs(const char *path, mode_t mode, struct err *e)
{
	char *copy = str_dup(path);
	int rc = 0;

	if (copy == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (char *at = copy + 1; *copy != '\0' && rc == 0; at++) {
		char c = *at;

		if (c != '/' && c != '\0')
			continue;
		*at = '\0';
		rc = make_one(copy, mode, e);
		*at = c;
		if (c == '\0')
			break;
	}
	free(copy);
	return rc;
}

int
file_write_all(int fd, const void *data, size_t n, struct err *e)
{
	const char *at = data;

	while (n > 0) {
		ssize_t done = write(fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(e, errno, "cannot write");
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

int
file_sync_dir(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return err_sys(
		    e, errno, "cannot open the directory '%s'", path);
	/* Some file systems cannot: EINVAL is theirs, and not a failure. */
	if (fsync(fd) < 0 && errno != EINVAL)
		rc = err_sys(e, errno, "cannot sync the directory '%s'", path);
	(void)close(fd);
	return rc;
}

char *
file_join(const char *dir, const char *name, struct err *e)
{
	struct buf b = BUF_INIT(PATH_MAX);
	size_t n = dir != NULL ? strlen(dir) : 0;
	int rc;

	if (dir == NULL || name[0] == '/')
		rc = buf_puts(&b, name, e);
	else
		rc = buf_printf(&b, e, "%s%s%s", dir,
		    n > 0 && dir[n - 1] == '/' ? "" : "/", name);
	if (rc < 0) {
		buf_release(&b);
		return NULL;
	}
	return buf_take(&b);
}

char *
file_dir(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *dir;

	if (slash == NULL)
		dir = str_dup(".");
	else
		dir = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (dir == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	return dir;
}

static int remove_entries(int fd, int depth);

/* Remove one name in a directory, whatever it is. */
static int
remove_at(int dir, const char *name, int depth)
{
	int fd;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (depth >= FILE_TREE_DEPTH) {
		errno = ELOOP;
		return -1;
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || remove_entries(fd, depth + 1) < 0)
		return -1;
	return unlinkat(dir, name, AT_REMOVEDIR);
}

/* Takes over the descriptor. */
static int
remove_entries(int fd, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int rc = 0;

	if (dir == NULL) {
		(void)close(fd);
		return -1;
	}
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			rc = remove_at(dirfd(dir), entry->d_name, depth);
	(void)closedir(dir);
	return rc;
}

int
file_remove_tree(const char *path, struct err *e)
{
	if (remove_at(AT_FDCWD, path, 0) < 0)
		return err_sys(e, errno, "cannot remove '%s'", path);
	return 0;
}
