/*
 * bare.c - the same command again, as cron would start it
 *
 * A new program and not only a new environment, since the loader reads
 * LD_LIBRARY_PATH when a program begins.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/child.h"
#include "base/file.h"
#include "base/str.h"
#include "cli/bare.h"
#include "job/environment.h"

/* How it is handed over: in its environment, from which it is taken at once. */
static const char told_name[] = "ODBCSHIP_AS_CRON";

enum { BARE_CHUNK = 4096, BARE_POLL_MS = 100, BARE_CANNOT = 70 };

int
bare_put_differences(struct buf *out, struct err *e)
{
	static const char *const words[2] = { "here", "under cron" };
	const struct environment_request here = { .as_cron = false };
	const struct environment_request cron = { .as_cron = true };
	struct buf ours = BUF_INIT(ENVIRONMENT_MAX);
	struct buf its = BUF_INIT(ENVIRONMENT_MAX);
	int rc = environment_take(&ours, &here, e);

	if (rc == 0)
		rc = environment_take(&its, &cron, e);
	if (rc == 0)
		rc = environment_compare(
		    out, buf_text(&ours), buf_text(&its), words, e);
	buf_release(&ours);
	buf_release(&its);
	return rc < 0 ? -1 : 0;
}

/* The command line without --as-cron; texts borrowed, but those of owned. */
static int
build_argv(const struct invocation *inv, const char **argv, char **owned,
    struct err *e)
{
	size_t n = 0, k = 0;

	argv[n++] = "odbcship";
	argv[n++] = inv->command->name;
	for (size_t i = 0; i < inv->n_given; i++) {
		const struct option_given *g = &inv->given[i];
		struct buf word = BUF_INIT(1024 * 1024);

		if (strcmp(g->row->name, "as-cron") == 0)
			continue;
		if (buf_printf(&word, e, "--%s%s%s", g->row->name,
			g->value != NULL ? "=" : "",
			g->value != NULL ? g->value : "") < 0)
			return -1;
		argv[n++] = owned[k++] = buf_take(&word);
	}
	argv[n++] = "--";
	for (size_t i = 0; i < inv->n_arguments; i++)
		argv[n++] = inv->arguments[i];
	argv[n] = NULL;
	return 0;
}

static _Noreturn void
become(
    const char *const *argv, const char *told, const int *out, const int *err)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int null = open("/dev/null", O_RDONLY);

	if (n <= 0)
		_exit(BARE_CANNOT);
	self[n] = '\0';
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	cancel_uninstall();
	cancel_set_action(SIGPIPE, SIG_DFL);
	environment_become_bare();
	if (setsid() < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out[1], STDOUT_FILENO) < 0 ||
	    dup2(err[1], STDERR_FILENO) < 0 ||
	    (told != NULL && setenv(told_name, told, 1) < 0))
		_exit(BARE_CANNOT);
	child_close_others(NULL, 0);
	/* execv takes what it does not change as if it might. */
	(void)execv(self, (char *const *)(uintptr_t)argv);
	_exit(BARE_CANNOT);
}

/* Take what a pipe holds to where it would have gone: false at its end. */
static bool
pass_on(int from, int to)
{
	struct err ignored = ERR_INIT;
	char chunk[BARE_CHUNK];
	ssize_t n = read(from, chunk, sizeof(chunk));

	if (n < 0)
		return errno == EINTR;
	if (n > 0 && file_write_all(to, chunk, (size_t)n, &ignored) < 0)
		return false;
	return n > 0;
}

/* Pass its output on until it is closed, and our signals to it. */
static void
attend(pid_t pid, int out, int err)
{
	struct pollfd fds[3] = { { out, POLLIN, 0 }, { err, POLLIN, 0 },
		{ cancel_fd(), POLLIN, 0 } };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 3, BARE_POLL_MS) < 0 && errno != EINTR)
			break;
		if (fds[0].fd >= 0 && fds[0].revents != 0 &&
		    !pass_on(out, STDOUT_FILENO))
			fds[0].fd = -1;
		if (fds[1].fd >= 0 && fds[1].revents != 0 &&
		    !pass_on(err, STDERR_FILENO))
			fds[1].fd = -1;
		if (fds[2].fd >= 0 && cancel_is_due()) {
			fds[2].fd = -1;
			(void)kill(pid, SIGTERM);
		}
	}
}

static int
wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

static int
start(const char *const *argv, const char *told, int *status, struct err *e)
{
	int out[2], err[2];
	pid_t pid;

	(void)fflush(stdout);
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	if (pipe2(err, O_CLOEXEC) < 0) {
		(void)err_sys(e, errno, "cannot make a pipe");
		(void)close(out[0]);
		(void)close(out[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0)
		become(argv, told, out, err);
	(void)close(out[1]);
	(void)close(err[1]);
	if (pid > 0) {
		attend(pid, out[0], err[0]);
		*status = wait_for(pid);
	} else
		(void)err_sys(e, errno, "cannot start a process");
	(void)close(out[0]);
	(void)close(err[0]);
	return pid > 0 ? 0 : -1;
}

int
bare_run(
    const struct invocation *inv, const char *told, int *status, struct err *e)
{
	const char **argv = calloc(
	    inv->n_given + inv->n_arguments + 4, sizeof(*argv));
	char **owned = calloc(inv->n_given + 1, sizeof(*owned));
	int rc = -1;

	if (argv == NULL || owned == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	else if (build_argv(inv, argv, owned, e) == 0)
		rc = start(argv, told, status, e);
	for (size_t i = 0; owned != NULL && i < inv->n_given; i++)
		free(owned[i]);
	free(owned);
	free(argv);
	return rc;
}

const char *
bare_told(void)
{
	static char *told;
	const char *value = getenv(told_name);

	if (told == NULL && value != NULL)
		told = str_dup(value);
	(void)unsetenv(told_name);
	return told;
}
