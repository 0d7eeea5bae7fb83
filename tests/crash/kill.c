/*
 * kill.c - end the program at its n-th call that leaves a trace
 *
 * Preloaded by test_crash.py into the program as it is installed. It counts
 * the calls that others can see or that outlive the process, of the program
 * and all that it forks: what is written, flushed, named or removed below the
 * chosen directories, and what is sent to servers. At the chosen call all of
 * them are killed at once, as when the host goes down; or no byte more finds
 * room on the disk.
 *
 * Environment
 *	CRASH_SHARED	a file of CRASH_SIZE zero bytes, for the counter
 *	CRASH_BELOW	directories with ':' between them: only files there
 *	CRASH_LOG	one line for each call: number, process, what, where,
 *			bytes
 *	CRASH_AT	the number of the call; without it nothing is done
 *	CRASH_HOW	"before" or "after" the call, "half" of the write, or
 *			"full": it and all behind it find no room
 *
 * It does not count what stdio writes, what maps of memory carry to a file
 * (the index of SQLite's WAL, which is made anew), nor pipes and AF_UNIX.
 */
#undef _FORTIFY_SOURCE /* its inline functions would have these names */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CRASH_SIZE = 4096, PROCESSES_MAX = 64, WHERE_MAX = 2 * PATH_MAX };

/* What all processes know: the file CRASH_SHARED. */
struct shared {
	atomic_uint calls;     /* counted so far */
	atomic_uint processes; /* in pids, in order of their birth */
	atomic_bool is_dead;   /* nothing may happen any more */
	_Atomic pid_t pids[PROCESSES_MAX]; /* some may have ended */
};

_Static_assert(sizeof(struct shared) <= CRASH_SIZE, "CRASH_SIZE");

enum how { HOW_NOT, HOW_BEFORE, HOW_HALF, HOW_AFTER, HOW_FULL };

/* A call under way. */
struct call {
	bool is_due;	  /* to die in or behind it */
	bool has_no_room; /* to fail */
};

static const char *const how_names[] = { "", "before", "half", "after",
	"full" };

static struct {
	struct shared *shared; /* NULL until all of this is known */
	const char *below;
	const char *log;
	unsigned at;
	enum how how;
	unsigned process; /* which one this is, from 0 */
} crash;

/* Those of the session only: a number may belong to somebody else by now. */
static void
die(void)
{
	struct shared *s = crash.shared;
	unsigned n = atomic_load(&s->processes);

	if (!atomic_exchange(&s->is_dead, true)) {
		for (unsigned i = 0; i < n && i < PROCESSES_MAX; i++) {
			pid_t pid = atomic_load(&s->pids[i]);

			if (pid > 1 && pid != getpid() &&
			    getsid(pid) == getsid(0))
				(void)kill(pid, SIGKILL);
		}
		(void)kill(getpid(), SIGKILL);
	}
	for (;;)
		(void)pause();
}

static void
register_process(void)
{
	crash.process = atomic_fetch_add(&crash.shared->processes, 1);
	if (crash.process < PROCESSES_MAX)
		atomic_store(&crash.shared->pids[crash.process], getpid());
}

static void
read_how(const char *text)
{
	for (unsigned i = HOW_BEFORE; i <= HOW_FULL; i++)
		if (text != NULL && strcmp(text, how_names[i]) == 0)
			crash.how = (enum how)i;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("CRASH_SHARED");
	const char *at = getenv("CRASH_AT");
	void *map;
	int fd;

	crash.below = getenv("CRASH_BELOW");
	crash.log = getenv("CRASH_LOG");
	if (path == NULL || crash.below == NULL)
		return;
	read_how(getenv("CRASH_HOW"));
	if (at != NULL)
		crash.at = (unsigned)strtoul(at, NULL, 10);
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
	map = fd < 0 ?
	    MAP_FAILED :
	    mmap(NULL, CRASH_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		abort(); /* a test that tests nothing */
	(void)syscall(SYS_close, fd);
	crash.shared = map;
	register_process();
	(void)pthread_atfork(NULL, NULL, register_process);
}

static void
put_log(unsigned number, const char *what, const char *where, size_t bytes)
{
	char line[WHERE_MAX + 128];
	int n, fd;

	if (crash.log == NULL)
		return;
	n = snprintf(line, sizeof(line), "%u\t%u\t%s\t%s\t%zu\n", number,
	    crash.process, what, where, bytes);
	fd = (int)syscall(SYS_openat, AT_FDCWD, crash.log,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || n < 0 || syscall(SYS_write, fd, line, (size_t)n) != n)
		abort();
	(void)syscall(SYS_close, fd);
}

/* Whether a path is in one of the chosen directories. */
static bool
is_below(const char *path)
{
	const char *dir = crash.below;

	while (*dir != '\0') {
		size_t n = strcspn(dir, ":");

		if (n > 0 && strncmp(path, dir, n) == 0 &&
		    (path[n] == '/' || path[n] == '\0'))
			return true;
		dir += n + (dir[n] == ':');
	}
	return false;
}

/* What a descriptor is; false when it is not looked at. */
static bool
name_descriptor(int fd, char where[WHERE_MAX])
{
	struct sockaddr_in6 address;
	socklen_t size = sizeof(address);
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, where, WHERE_MAX - 1);
	if (n < 0)
		return false;
	where[n] = '\0';
	if (strncmp(where, "socket:", strlen("socket:")) != 0)
		return is_below(where);
	if (getpeername(fd, (struct sockaddr *)&address, &size) < 0 ||
	    (address.sin6_family != AF_INET && address.sin6_family != AF_INET6))
		return false;
	/* The port is at the same place in both. */
	(void)snprintf(
	    where, WHERE_MAX, "port %u", (unsigned)ntohs(address.sin6_port));
	return true;
}

/* A path in a directory; false when it is not looked at. */
static bool
name_path(int dir, const char *path, char where[WHERE_MAX])
{
	char link[64], base[PATH_MAX];
	ssize_t n;

	if (path == NULL)
		return false;
	if (path[0] == '/') {
		(void)snprintf(where, WHERE_MAX, "%s", path);
		return is_below(where);
	}
	(void)snprintf(link, sizeof(link),
	    dir == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dir);
	n = readlink(link, base, sizeof(base) - 1);
	if (n < 0)
		return false;
	base[n] = '\0';
	(void)snprintf(where, WHERE_MAX, "%s/%s", base, path);
	return is_below(where);
}

/* Count a call; what may be before it happens here. */
static struct call
count(const char *what, const char *where, size_t bytes)
{
	struct call c = { false, false };
	unsigned number;

	if (atomic_load(&crash.shared->is_dead))
		die();
	number = atomic_fetch_add(&crash.shared->calls, 1) + 1;
	put_log(number, what, where, bytes);
	if (crash.at == 0 || number < crash.at)
		return c;
	c.has_no_room = crash.how == HOW_FULL;
	c.is_due = number == crash.at && crash.how != HOW_FULL;
	if (c.is_due && crash.how == HOW_BEFORE)
		die();
	return c;
}

static struct call
at_descriptor(const char *what, int fd, size_t bytes)
{
	struct call c = { false, false };
	int errnum = errno;
	char where[WHERE_MAX];

	if (crash.shared != NULL && name_descriptor(fd, where)) {
		c = count(what, where, bytes);
		if (strncmp(where, "port ", strlen("port ")) == 0)
			c.has_no_room = false;
	}
	errno = errnum;
	return c;
}

static struct call
at_path(const char *what, int dir, const char *path)
{
	struct call c = { false, false };
	int errnum = errno;
	char where[WHERE_MAX];

	if (crash.shared != NULL && name_path(dir, path, where))
		c = count(what, where, 0);
	errno = errnum;
	return c;
}

/* The call was made. */
static long
end(const struct call *c, long rc)
{
	if (c->is_due)
		die();
	return rc;
}

/* How much of it is written. */
static size_t
part(const struct call *c, size_t n)
{
	return c->is_due && crash.how == HOW_HALF ? n / 2 : n;
}

static int
no_room(void)
{
	errno = ENOSPC;
	return -1;
}

/* Bytes. */

ssize_t
write(int fd, const void *data, size_t n)
{
	struct call c = at_descriptor("write", fd, n);

	return c.has_no_room ?
	    no_room() :
	    end(&c, syscall(SYS_write, fd, data, part(&c, n)));
}

ssize_t
writev(int fd, const struct iovec *parts, int n)
{
	struct call c = at_descriptor("writev", fd, 0);

	return c.has_no_room ? no_room() :
			       end(&c, syscall(SYS_writev, fd, parts, n));
}

ssize_t
pwrite(int fd, const void *data, size_t n, off_t at)
{
	struct call c = at_descriptor("pwrite", fd, n);

	return c.has_no_room ?
	    no_room() :
	    end(&c, syscall(SYS_pwrite64, fd, data, part(&c, n), at));
}

ssize_t
pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	return pwrite(fd, data, n, at);
}

ssize_t
send(int fd, const void *data, size_t n, int flags)
{
	struct call c = at_descriptor("send", fd, n);

	return end(
	    &c, syscall(SYS_sendto, fd, data, part(&c, n), flags, NULL, 0));
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct call c = at_descriptor("sendmsg", fd, 0);

	return end(&c, syscall(SYS_sendmsg, fd, message, flags));
}

int
fsync(int fd)
{
	struct call c = at_descriptor("fsync", fd, 0);

	return (int)end(&c, syscall(SYS_fsync, fd));
}

int
fdatasync(int fd)
{
	struct call c = at_descriptor("fdatasync", fd, 0);

	return (int)end(&c, syscall(SYS_fdatasync, fd));
}

int
ftruncate(int fd, off_t size)
{
	struct call c = at_descriptor("ftruncate", fd, (size_t)size);

	return (int)end(&c, syscall(SYS_ftruncate, fd, size));
}

int
ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

/* Names. */

int
openat(int dir, const char *path, int flags, ...)
{
	struct call c = { false, false };
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if ((flags & O_CREAT) != 0)
		c = at_path("open", dir, path);
	return c.has_no_room ?
	    no_room() :
	    (int)end(&c, syscall(SYS_openat, dir, path, flags, mode));
}

int
openat64(int dir, const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return openat(dir, path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	struct call c = at_path("rename", to_dir, to);

	return (int)end(&c, syscall(SYS_renameat, from_dir, from, to_dir, to));
}

int
rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
link(const char *from, const char *to)
{
	struct call c = at_path("link", AT_FDCWD, to);

	return c.has_no_room ?
	    no_room() :
	    (int)end(&c, syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int
unlinkat(int dir, const char *path, int flags)
{
	struct call c = at_path("unlink", dir, path);

	return (int)end(&c, syscall(SYS_unlinkat, dir, path, flags));
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int
rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int
mkdir(const char *path, mode_t mode)
{
	struct call c = at_path("mkdir", AT_FDCWD, path);

	return c.has_no_room ?
	    no_room() :
	    (int)end(&c, syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

/* Connections. */

int
connect(int fd, const struct sockaddr *address, socklen_t size)
{
	const struct sockaddr_in *in = (const void *)address;
	struct call c = { false, false };
	char where[64];

	if (crash.shared != NULL &&
	    (in->sin_family == AF_INET || in->sin_family == AF_INET6)) {
		(void)snprintf(where, sizeof(where), "port %u",
		    (unsigned)ntohs(in->sin_port));
		c = count("connect", where, 0);
	}
	return (int)end(&c, syscall(SYS_connect, fd, address, size));
}

int
shutdown(int fd, int how)
{
	struct call c = at_descriptor("shutdown", fd, 0);

	return (int)end(&c, syscall(SYS_shutdown, fd, how));
}

/* Of a socket: what a file's does not show. */
int
close(int fd)
{
	struct call c = { false, false };
	struct stat st;

	if (crash.shared != NULL && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
		c = at_descriptor("close", fd, 0);
	return (int)end(&c, syscall(SYS_close, fd));
}
