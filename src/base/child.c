/*
 * child.c - run a program and take its output; close what a child inherits
 *
 * By argument vector, never by a shell. Used for secrets by command, and for
 * telling people by program.
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
#include "base/log.h"
#include "base/str.h"

enum {
	CHILD_CHUNK = 4096,
	CHILD_CANNOT = 127,
	CHILD_POLL_MS = 50,
	CHILD_LAST_WORDS = 200 /* bytes of what it printed, in an error */
};

/* A program that runs. */
struct child {
	pid_t pid;
	int in;		      /* its standard input, or -1 */
	int out;	      /* its output, or -1 */
	uint64_t until_ms;    /* monotonic */
	bool must_finish;     /* though the run is cancelled */
	bool is_hurried;      /* by a signal: until_ms is near */
	const char *too_long; /* the hint when it takes too long */
};

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

/* Variables that a program which tells people needs, and no others. */
static bool
is_plain_variable(const char *assignment)
{
	static const char *const names[] = { "PATH", "HOME", "USER", "LOGNAME",
		"SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR" };
	size_t n = strcspn(assignment, "=");

	if (strncmp(assignment, "LC_", 3) == 0)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == n &&
		    strncmp(names[i], assignment, n) == 0)
			return true;
	return false;
}

static void
bare_environment(void)
{
	size_t n = 0;

	for (size_t i = 0; environ[i] != NULL; i++)
		if (is_plain_variable(environ[i]))
			environ[n++] = environ[i];
	environ[n] = NULL;
}

/* Become the program: in and out are its own ends; in is -1 for nothing. */
static void
become(const char *const *argv, int in, int out)
{
	bool is_fed = in >= 0;

	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	(void)setpgid(0, 0);
	cancel_set_action(SIGPIPE, SIG_DFL);
	cancel_set_action(SIGXFSZ, SIG_DFL);
	if (is_fed)
		bare_environment();
	else
		clean_environment();
	if (in < 0 || dup2(in, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 ||
	    (is_fed && dup2(out, STDERR_FILENO) < 0))
		_exit(CHILD_CANNOT);
	/* execvp takes what it does not change as if it might. */
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(CHILD_CANNOT);
}

static int
check_time(struct child *c, struct err *e)
{
	uint64_t now = clock_monotonic_ms();

	if (!c->must_finish && cancel_check(e) < 0)
		return -1;
	if (!c->is_hurried && cancel_is_due()) {
		c->is_hurried = true;
		if (c->until_ms > now + CANCEL_STEP_MS)
			c->until_ms = now + CANCEL_STEP_MS;
	}
	if (now < c->until_ms)
		return 0;
	(void)err_set(e, ERR_SPEC, "took too long");
	return err_hint(e, "%s", c->too_long);
}

/* Give it as much of its input as it takes; the end of it closes the pipe. */
static void
write_some(struct child *c, struct child_input *input)
{
	ssize_t n = write(c->in, input->data, input->n);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		input->data = (const char *)input->data + n;
		input->n -= (size_t)n;
	}
	if (n < 0 || input->n == 0) { /* it may not want to read on */
		(void)close(c->in);
		c->in = -1;
	}
}

/* 1 read something, 0 end of the output, -1 e says why not. */
static int
read_some(
    struct child *c, struct child_input *input, struct buf *out, struct err *e)
{
	struct pollfd p[] = { { c->out, POLLIN, 0 }, { c->in, POLLOUT, 0 } };
	char chunk[CHILD_CHUNK];
	ssize_t n;
	int rc;

	if (check_time(c, e) < 0)
		return -1;
	rc = poll(p, 2, CHILD_POLL_MS);
	if (rc == 0 || (rc < 0 && errno == EINTR))
		return 1;
	if (rc > 0 && p[1].revents != 0)
		write_some(c, input);
	if (rc > 0 && p[0].revents == 0)
		return 1;
	n = rc < 0 ? -1 : read(c->out, chunk, sizeof(chunk));
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
reap(struct child *c, int rc, struct err *e)
{
	int status = 0;
	pid_t ended = 0;

	while (rc == 0 && (ended = waitpid(c->pid, &status, WNOHANG)) == 0) {
		rc = check_time(c, e);
		if (rc == 0)
			clock_sleep_ms(CHILD_POLL_MS / 10);
	}
	if (ended == 0) {
		(void)kill(-c->pid, SIGKILL);
		while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
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

static void
limit(struct child *c, uint64_t timeout_ms)
{
	uint64_t now = clock_monotonic_ms();

	c->until_ms = timeout_ms < UINT64_MAX - now ? now + timeout_ms :
						      UINT64_MAX;
}

/* Start it; c->in is wanted when it is not -1. */
static int
start(struct child *c, const char *const *argv, bool is_fed, struct err *e)
{
	int in[2] = { -1, -1 }, out[2];

	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	if (is_fed &&
	    (pipe2(in, O_CLOEXEC) < 0 ||
		fcntl(in[1], F_SETFL, O_NONBLOCK) < 0)) {
		(void)err_sys(e, errno, "cannot make a pipe");
		(void)close(out[0]);
		(void)close(out[1]);
		if (in[0] >= 0) {
			(void)close(in[0]);
			(void)close(in[1]);
		}
		return -1;
	}
	c->in = in[1];
	c->out = out[0];
	c->pid = fork();
	if (c->pid == 0)
		become(argv, in[0], out[1]);
	(void)close(out[1]);
	if (in[0] >= 0)
		(void)close(in[0]);
	return c->pid < 0 ? err_sys(e, errno, "cannot start a process") : 0;
}

static void
close_ends(struct child *c)
{
	if (c->in >= 0)
		(void)close(c->in);
	if (c->out >= 0)
		(void)close(c->out);
}

int
child_output(const char *const *argv, uint64_t timeout_ms, struct buf *out,
    struct err *e)
{
	/* Who asks after a signal has somebody to tell of it. */
	struct child c = { .in = -1,
		.out = -1,
		.must_finish = cancel_is_due(),
		.too_long = "It must write the secret and end by itself." };
	struct child_input nothing = { NULL, 0 };
	int rc;

	limit(&c, timeout_ms);
	rc = start(&c, argv, false, e);
	if (rc == 0) {
		do {
			rc = read_some(&c, &nothing, out, e);
		} while (rc > 0);
		rc = reap(&c, rc, e);
	}
	close_ends(&c);
	return rc < 0 ? err_in(e, "the command '%s'", argv[0]) : 0;
}

/* The end of what it printed says more than its status. */
static void
quote_last_words(const struct buf *said, struct err *e)
{
	size_t n = said->length;
	size_t from = n > CHILD_LAST_WORDS ? n - CHILD_LAST_WORDS : 0;
	struct err own = *e;

	while (n > from &&
	    (said->data[n - 1] == '\n' || said->data[n - 1] == '\0'))
		n--;
	if (n == from)
		return;
	(void)err_set(e, own.class, "%s: it said '%.*s'", own.text,
	    (int)(n - from), said->data + from);
	(void)err_hint(e, "%s", own.hint);
}

int
child_feed(const char *const *argv, const struct child_input *input,
    uint64_t timeout_ms, struct err *e)
{
	struct child c = { .in = -1,
		.out = -1,
		.must_finish = true,
		.too_long = "It must read its input and end by itself." };
	struct child_input rest = *input;
	struct buf said = BUF_INIT(2 * CHILD_CHUNK);
	int rc;

	limit(&c, timeout_ms);
	rc = start(&c, argv, true, e);
	if (rc == 0) {
		do {
			if (said.length > CHILD_CHUNK)
				buf_reset(&said);
			rc = read_some(&c, &rest, &said, e);
		} while (rc > 0);
		rc = reap(&c, rc, e);
	}
	close_ends(&c);
	if (rc < 0)
		quote_last_words(&said, e);
	buf_release(&said);
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
	struct child c = { .in = -1,
		.too_long = "It hangs in what it was asked." };
	struct child_input nothing = { NULL, 0 };
	int ends[2];
	int rc;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	limit(&c, timeout_ms);
	c.out = ends[0];
	c.pid = fork();
	if (c.pid == 0)
		become_copy(put, arg, out->max, ends[1]);
	(void)close(ends[1]);
	if (c.pid < 0) {
		rc = err_sys(e, errno, "cannot start a process");
	} else {
		do {
			rc = read_some(&c, &nothing, &said, e);
		} while (rc > 0);
		rc = reap(&c, rc, e);
	}
	close_ends(&c);
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
	DIR *dir;
	const struct dirent *entry;
	int own;
	long most = sysconf(_SC_OPEN_MAX);

	log_leave();
	dir = opendir("/proc/self/fd");
	own = dir != NULL ? dirfd(dir) : -1;

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
