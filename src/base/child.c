/*
 * child.c - run a program and take its output; close what a child inherits
 *
 * By argument vector, never by a shell. Used for secrets by command.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"

enum { CHILD_CHUNK = 4096, CHILD_CANNOT = 127, CHILD_POLL_MS = 50 };

extern char **environ;

/* Drop what may hold a secret of odbcship; what odbcship(1) names stays. */
static void
clean_environment(void)
{
	static const char *const kept[] = {
		"ODBCSHIP_CONFIG=", "ODBCSHIP_ENV=", "ODBCSHIP_STATE="
	};
	size_t n = 0;

	for (size_t i = 0; environ[i] != NULL; i++) {
		bool keep = strncmp(environ[i], "ODBCSHIP_", 9) != 0;

		for (size_t k = 0; k < sizeof(kept) / sizeof(kept[0]); k++)
			keep = keep ||
			    strncmp(environ[i], kept[k], strlen(kept[k])) == 0;
		if (keep)
			environ[n++] = environ[i];
	}
	environ[n] = NULL;
}

static void
become(const char *const *argv, int out)
{
	int null = open("/dev/null", O_RDONLY);

	(void)setpgid(0, 0);
	cancel_set_action(SIGPIPE, SIG_DFL);
	cancel_set_action(SIGXFSZ, SIG_DFL);
	clean_environment();
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0)
		_exit(CHILD_CANNOT);
	/* execvp takes what it does not change as if it might. */
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(CHILD_CANNOT);
}

static int
check_time(uint64_t until_ms, struct err *e)
{
	if (cancel_check(e) < 0)
		return -1;
	if (clock_monotonic_ms() < until_ms)
		return 0;
	(void)err_set(e, ERR_SPEC, "took too long");
	return err_hint(e, "It must write the secret and end by itself.");
}

/* 1 read something, 0 end of the output, -1 e says why not. */
static int
read_some(int fd, uint64_t until_ms, struct buf *out, struct err *e)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char chunk[CHILD_CHUNK];
	ssize_t n;
	int rc;

	if (check_time(until_ms, e) < 0)
		return -1;
	rc = poll(&p, 1, CHILD_POLL_MS);
	if (rc == 0 || (rc < 0 && errno == EINTR))
		return 1;
	n = rc < 0 ? -1 : read(fd, chunk, sizeof(chunk));
	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0)
		return err_sys(e, errno, "cannot read its output");
	if (n > 0 && buf_put(out, chunk, (size_t)n, e) < 0)
		rc = -1;
	explicit_bzero(chunk, sizeof(chunk));
	return rc < 0 ? -1 : n > 0;
}

/* It may have closed its output and go on: its time is limited here too. */
static int
reap(pid_t pid, uint64_t until_ms, int rc, struct err *e)
{
	int status = 0;
	pid_t ended = 0;

	while (rc == 0 && (ended = waitpid(pid, &status, WNOHANG)) == 0) {
		rc = check_time(until_ms, e);
		if (rc == 0)
			clock_sleep_ms(CHILD_POLL_MS / 10);
	}
	if (ended == 0) {
		(void)kill(-pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
	}
	if (rc < 0)
		return -1;
	if (ended < 0)
		return err_sys(e, errno, "cannot learn how it ended");
	if (WIFSIGNALED(status))
		return err_set(
		    e, ERR_SPEC, "was ended by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == CHILD_CANNOT)
		return err_set(e, ERR_SPEC, "cannot be started");
	if (WEXITSTATUS(status) != 0)
		return err_set(
		    e, ERR_SPEC, "ended with status %d", WEXITSTATUS(status));
	return 0;
}

int
child_output(const char *const *argv, uint64_t timeout_ms, struct buf *out,
    struct err *e)
{
	uint64_t now = clock_monotonic_ms();
	uint64_t until_ms = timeout_ms < UINT64_MAX - now ? now + timeout_ms :
							    UINT64_MAX;
	int ends[2];
	pid_t pid;
	int rc;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		become(argv, ends[1]);
	(void)close(ends[1]);
	if (pid < 0) {
		rc = err_sys(e, errno, "cannot start a process");
	} else {
		do {
			rc = read_some(ends[0], until_ms, out, e);
		} while (rc > 0);
		rc = reap(pid, until_ms, rc, e);
	}
	(void)close(ends[0]);
	return rc < 0 ? err_in(e, "the command '%s'", argv[0]) : 0;
}

/* What the copy writes: a byte that says which, then the text or the error. */
static _Noreturn void
answer(int (*put)(void *arg, struct buf *out, struct err *e), void *arg,
    size_t max, int fd)
{
	struct buf text = BUF_INIT(max);
	struct err e = ERR_INIT;
	struct err ignored = ERR_INIT;
	int rc = put(arg, &text, &e);

	if (rc == 0)
		rc = file_write_all(fd, "+", 1, &ignored) < 0 ||
		    file_write_all(fd, buf_text(&text), text.length, &ignored) <
			0;
	else
		rc = file_write_all(fd, "-", 1, &ignored) < 0 ||
		    file_write_all(fd, &e, sizeof(e), &ignored) < 0;
	_exit(rc == 0 ? 0 : CHILD_CANNOT);
}

static _Noreturn void
become_copy(int (*put)(void *arg, struct buf *out, struct err *e), void *arg,
    size_t max, int fd)
{
	int null = open("/dev/null", O_RDWR);

	(void)setpgid(0, 0);
	cancel_uninstall();
	child_close_others((const int[]){ fd, null }, 2);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(CHILD_CANNOT);
	answer(put, arg, max, fd);
}

static int
take_answer(const struct buf *said, struct buf *out, struct err *e)
{
	if (said->length > 0 && said->data[0] == '+')
		return buf_put(out, said->data + 1, said->length - 1, e);
	if (said->length != 1 + sizeof(*e) || said->data[0] != '-')
		return err_set(e, ERR_INTERNAL, "no answer");
	memcpy(e, said->data + 1, sizeof(*e));
	return -1;
}

int
child_call(int (*put)(void *arg, struct buf *out, struct err *e), void *arg,
    uint64_t timeout_ms, struct buf *out, struct err *e)
{
	struct buf said = BUF_INIT(out->max + sizeof(*e) + 1);
	uint64_t until_ms = clock_monotonic_ms() + timeout_ms;
	int ends[2];
	pid_t pid;
	int rc;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		become_copy(put, arg, out->max, ends[1]);
	(void)close(ends[1]);
	if (pid < 0) {
		rc = err_sys(e, errno, "cannot start a process");
	} else {
		do {
			rc = read_some(ends[0], until_ms, &said, e);
		} while (rc > 0);
		rc = reap(pid, until_ms, rc, e);
	}
	(void)close(ends[0]);
	if (rc == 0)
		rc = take_answer(&said, out, e);
	buf_release(&said);
	return rc;
}

static void
close_other(int fd, const int *keep, size_t n)
{
	if (fd <= STDERR_FILENO)
		return;
	for (size_t i = 0; i < n; i++)
		if (keep[i] == fd)
			return;
	(void)close(fd);
}

/* Linux tells which there are; elsewhere all are tried that there may be. */
void
child_close_others(const int *keep, size_t n)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int own = dir != NULL ? dirfd(dir) : -1;
	long most = sysconf(_SC_OPEN_MAX);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct err e = ERR_INIT;
		int64_t fd; /* "." and ".." are no numbers */

		if (str_integer(entry->d_name, &fd, &e) == 0 && fd != own)
			close_other((int)fd, keep, n);
	}
	if (dir != NULL)
		(void)closedir(dir);
	else
		for (int fd = 0; fd < most; fd++)
			close_other(fd, keep, n);
}
