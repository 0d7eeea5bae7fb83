/*
 * fault.c - let the n-th call of a kind fail
 *
 * The functions here stand in for those of the C library in one test program;
 * the real work is done by system calls and by the linker's __real_ names.
 */
#undef _FORTIFY_SOURCE /* its inline functions would have these names */
#include "unit.h"

/* Libraries are to call what is here, so its names are to be seen by them. */
#pragma GCC visibility push(default)

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/log.h"
#include "fault.h"
#include "random.h"

enum { LIVE_MAX = 65536, CALLS_MAX = 20000 };

static struct {
	bool active;
	pid_t pid; /* a child's calls are not counted: they do not fail */
	enum fault_kind kind;
	enum fault_length length;
	unsigned n;    /* which call fails */
	unsigned seen; /* calls so far */
} fault;

/* What is counted, and what is live, by several threads. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *live[LIVE_MAX];
static size_t n_live;
static sqlite3_mem_methods sqlite_memory;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *p);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);

void
fault_begin(enum fault_kind kind, unsigned n, enum fault_length length)
{
	fault.kind = kind;
	fault.length = length;
	fault.n = n;
	fault.seen = 0;
	fault.pid = getpid();
	fault.active = true;
}

bool
fault_end(void)
{
	fault.active = false;
	return fault.seen >= fault.n;
}

unsigned
fault_seen(void)
{
	return fault.seen;
}

const char *
fault_name(enum fault_kind kind)
{
	static const char *const names[] = { "malloc", "SQLite's malloc",
		"write", "fsync", "rename", "open", "close", "read", "mkdir",
		"ftruncate", "a library", "short write", "EINTR" };

	return names[kind];
}

bool
fault_is_due(enum fault_kind kind)
{
	bool is_due;

	/* A child's copy of the mutex may be locked for ever. */
	if (!fault.active || kind != fault.kind || fault.pid != getpid())
		return false;
	(void)pthread_mutex_lock(&mutex);
	fault.seen++;
	is_due = fault.seen == fault.n ||
	    (fault.length == FAULT_ALWAYS && fault.seen > fault.n);
	(void)pthread_mutex_unlock(&mutex);
	return is_due;
}

static bool
fails(enum fault_kind kind, int reason)
{
	if (!fault_is_due(kind))
		return false;
	errno = reason;
	return true;
}

/* Memory. */

static void
forget(const void *p)
{
	(void)pthread_mutex_lock(&mutex);
	for (size_t i = n_live; p != NULL && i > 0; i--)
		if (live[i - 1] == p) {
			live[i - 1] = live[--n_live];
			break;
		}
	(void)pthread_mutex_unlock(&mutex);
}

static void *
remember(void *p)
{
	(void)pthread_mutex_lock(&mutex);
	if (p != NULL && n_live < LIVE_MAX)
		live[n_live++] = p;
	(void)pthread_mutex_unlock(&mutex);
	return p;
}

size_t
fault_live(void)
{
	return n_live;
}

void *
__wrap_malloc(size_t size)
{
	if (fails(FAULT_MEMORY, ENOMEM))
		return NULL;
	return remember(__real_malloc(size));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	if (fails(FAULT_MEMORY, ENOMEM))
		return NULL;
	return remember(__real_calloc(n, size));
}

void *
__wrap_realloc(void *old, size_t size)
{
	void *new;

	if (fails(FAULT_MEMORY, ENOMEM))
		return NULL;
	forget(old);
	new = __real_realloc(old, size);
	return remember(new);
}

void
__wrap_free(void *p)
{
	forget(p);
	__real_free(p);
}

char *
__wrap_strndup(const char *text, size_t n)
{
	size_t length = strnlen(text, n);
	char *copy = __wrap_malloc(length + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *
__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, strlen(text));
}

static void *
sqlite_malloc(int size)
{
	return fails(FAULT_SQLITE_MEMORY, ENOMEM) ? NULL :
						    sqlite_memory.xMalloc(size);
}

static void *
sqlite_realloc(void *old, int size)
{
	return fails(FAULT_SQLITE_MEMORY, ENOMEM) ?
	    NULL :
	    sqlite_memory.xRealloc(old, size);
}

void
fault_set_up(void)
{
	sqlite3_mem_methods ours;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory) !=
	    SQLITE_OK)
		abort();
	ours = sqlite_memory;
	ours.xMalloc = sqlite_malloc;
	ours.xRealloc = sqlite_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK)
		abort();
}

/* System calls, under the names that libraries call them by. */

static size_t
taken(size_t n)
{
	return n > 1 && fault_is_due(FAULT_SHORT) ? n / 2 : n;
}

ssize_t
write(int fd, const void *data, size_t n)
{
	if (fails(FAULT_WRITE, ENOSPC) || fails(FAULT_INTERRUPT, EINTR))
		return -1;
	return (ssize_t)syscall(SYS_write, fd, data, taken(n));
}

ssize_t
pwrite(int fd, const void *data, size_t n, off_t at)
{
	if (fails(FAULT_WRITE, ENOSPC) || fails(FAULT_INTERRUPT, EINTR))
		return -1;
	return (ssize_t)syscall(SYS_pwrite64, fd, data, taken(n), at);
}

ssize_t
pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	return pwrite(fd, data, n, at);
}

ssize_t
read(int fd, void *data, size_t n)
{
	if (fails(FAULT_READ, EIO) || fails(FAULT_INTERRUPT, EINTR))
		return -1;
	return (ssize_t)syscall(SYS_read, fd, data, n);
}

ssize_t
pread(int fd, void *data, size_t n, off_t at)
{
	if (fails(FAULT_READ, EIO) || fails(FAULT_INTERRUPT, EINTR))
		return -1;
	return (ssize_t)syscall(SYS_pread64, fd, data, n, at);
}

ssize_t
pread64(int fd, void *data, size_t n, off64_t at)
{
	return pread(fd, data, n, at);
}

/* Nothing is waited for: no test here takes the power away. */
int
fsync(int fd)
{
	(void)fd;
	return fails(FAULT_SYNC, EIO) ? -1 : 0;
}

int
fdatasync(int fd)
{
	return fsync(fd);
}

int
rename(const char *from, const char *to)
{
	return fails(FAULT_RENAME, EIO) ?
	    -1 :
	    (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int
openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (fails(FAULT_OPEN, EMFILE))
		return -1;
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}

int
close(int fd)
{
	int rc = (int)syscall(SYS_close, fd);

	return fails(FAULT_CLOSE, EIO) ? -1 : rc;
}

int
mkdir(const char *path, mode_t mode)
{
	return fails(FAULT_MKDIR, ENOSPC) ?
	    -1 :
	    (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int
ftruncate(int fd, off_t size)
{
	return fails(FAULT_TRUNCATE, EIO) ?
	    -1 :
	    (int)syscall(SYS_ftruncate, fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

/* Scenarios. */

unsigned
fault_count_entries(const char *path)
{
	return access(path, F_OK) == 0 ? count_entries(path) : 0;
}

static unsigned
count_descriptors(void)
{
	return count_entries("/proc/self/fd");
}

/* One run; whether the n-th call was there to fail. */
static bool
run_once(const struct fault_scenario *s, enum fault_kind kind, unsigned n,
    enum fault_length length)
{
	struct err e = ERR_INIT;
	size_t before;
	unsigned descriptors;
	bool reached;
	int rc;

	if (s->prepare != NULL)
		s->prepare();
	before = fault_live();
	descriptors = count_descriptors();
	fault_begin(kind, n, length);
	rc = s->run(&e);
	reached = fault_end();
	if (rc < 0 && (e.class == ERR_NONE || e.text[0] == '\0'))
		fail_msg("%s %u: fails without a word", fault_name(kind), n);
	if (rc < 0 && (!reached || kind >= FAULT_SHORT))
		fail_msg("%s %u: %s", fault_name(kind), n, e.text);
	if (rc == 0 && reached && (s->fatal & FAULT_BIT(kind)) != 0)
		fail_msg("%s %u: is not told", fault_name(kind), n);
	if (fault_live() != before)
		fail_msg("%s %u: %zd allocations are left (%s)",
		    fault_name(kind), n, (ssize_t)(fault_live() - before),
		    e.text);
	if (count_descriptors() != descriptors)
		fail_msg("%s %u: a descriptor is left (%s)", fault_name(kind),
		    n, e.text);
	if (s->check != NULL)
		s->check(rc == 0);
	return reached;
}

/* SQLite's own tests fail each of its allocations: a sample is enough. */
static unsigned
stride(enum fault_kind kind)
{
	return kind == FAULT_SQLITE_MEMORY ? 1 + (unsigned)random_below(39) : 1;
}

void
fault_run(const struct fault_scenario *s)
{
	unsigned runs = 0;

	random_seed();
	for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
		for (unsigned length = FAULT_ONCE; length <= FAULT_ALWAYS;
		     length++) {
			unsigned n = 1;

			if ((s->skipped & FAULT_BIT(kind)) != 0 ||
			    (length == FAULT_ALWAYS && kind >= FAULT_SHORT))
				continue; /* would never end */
			while (run_once(s, kind, n, length)) {
				n += stride(kind);
				runs++;
				assert_true(n < CALLS_MAX);
			}
		}
	/* At least one fault was there to be survived. */
	assert_true(runs > 0);
	printf("# %u faults\n", runs);
}

void
fault_make_directory(char path[64])
{
	(void)umask(022);
	/* What is only logged is not looked at here. */
	log_open(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	/* Thousands of files are made in it. */
	(void)snprintf(path, 64, "/dev/shm/odbcship-test-XXXXXX");
	if (mkdtemp(path) == NULL)
		make_directory(path);
}

int
fault_remove_directory(const char *path)
{
	struct err e = ERR_INIT;

	log_close();
	return file_remove_tree(path, &e);
}
