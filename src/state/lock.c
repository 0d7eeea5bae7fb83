/*
 * lock.c - one run of a job and environment at a time on this machine
 *
 * flock(2) on a file that is never unlinked: to remove it would let two
 * processes hold two files of one name. The text in it is for people; a
 * holder that died leaves its text, never its lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "state/lock.h"

enum { LOCK_POLL_MS = 200, LOCK_TEXT = 256 };

struct lock {
	int fd;
	char *path; /* owned */
};

/* Who holds it, as the holder wrote: "process 12, run 3, since ...". */
static void
read_holder(const struct lock *l, char text[LOCK_TEXT])
{
	ssize_t n = pread(l->fd, text, LOCK_TEXT - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (text[0] == '\0')
		(void)snprintf(text, LOCK_TEXT, "another process");
}

static int
held_error(
    const struct lock *l, const char *key, uint64_t wait_ms, struct err *e)
{
	char holder[LOCK_TEXT], waited[64];

	read_holder(l, holder);
	str_put_duration(waited, sizeof(waited), wait_ms);
	(void)err_set(e, ERR_NOT_NOW,
	    "'%s' is running already: %s holds the "
	    "lock%s%s",
	    key, holder, wait_ms > 0 ? ", waited " : "",
	    wait_ms > 0 ? waited : "");
	return err_hint(e,
	    "Wait for it to end, or use --wait=TIME; "
	    "`odbcship history` shows what it does.");
}

static int
wait_for(struct lock *l, const char *key, uint64_t wait_ms, struct err *e)
{
	uint64_t until = clock_monotonic_ms() + wait_ms;

	for (;;) {
		if (flock(l->fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, errno, "cannot lock '%s'", l->path);
		if (cancel_check(e) < 0)
			return -1;
		if (clock_monotonic_ms() >= until)
			return held_error(l, key, wait_ms, e);
		clock_sleep_ms(LOCK_POLL_MS);
	}
}

static int
open_lock(struct lock *l, const char *dir, const char *key, struct err *e)
{
	char name[300];

	(void)snprintf(name, sizeof(name), "%s.lock", key);
	l->path = file_join(dir, name, e);
	if (l->path == NULL)
		return -1;
	l->fd = open(l->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (l->fd < 0)
		return err_sys(e, errno, "cannot open the lock '%s'", l->path);
	return 0;
}

int
lock_take(struct lock **lock, const char *dir, const char *key,
    uint64_t wait_ms, struct err *e)
{
	struct lock *l = calloc(1, sizeof(*l));

	*lock = NULL;
	if (l == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	l->fd = -1;
	if (open_lock(l, dir, key, e) < 0 || wait_for(l, key, wait_ms, e) < 0) {
		lock_free(l);
		return -1;
	}
	lock_describe(l, 0);
	*lock = l;
	return 0;
}

void
lock_describe(struct lock *l, int64_t run)
{
	char text[LOCK_TEXT], since[CLOCK_TEXT];
	int n;

	clock_put_utc(since, clock_wall_ms());
	n = run > 0 ?
	    snprintf(text, sizeof(text), "process %ld (run %lld, since %s)\n",
		(long)getpid(), (long long)run, since) :
	    snprintf(text, sizeof(text), "process %ld (since %s)\n",
		(long)getpid(), since);
	if (n < 0 || ftruncate(l->fd, 0) < 0 ||
	    pwrite(l->fd, text, (size_t)n, 0) != n)
		log_debug("cannot write into '%s'", l->path);
}

int
lock_fd(const struct lock *l)
{
	return l->fd;
}

void
lock_free(struct lock *l)
{
	if (l == NULL)
		return;
	if (l->fd >= 0)
		(void)close(l->fd);
	free(l->path);
	free(l);
}
