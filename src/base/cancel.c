/*
 * cancel.c - signals and the deadline, turned into one question
 *
 * The handler stores the number and writes one byte; everything else is done
 * by whoever asks. For the supervisor, which has one thread; the worker has
 * its own way (job/worker.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/str.h"

static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

static volatile sig_atomic_t caught;
static uint64_t seen_ms; /* when it was first asked for and there */
static int ends[2] = { -1, -1 };
static uint64_t deadline_ms;
static uint64_t deadline_limit_ms;

static void
on_signal(int number)
{
	int saved = errno;
	ssize_t n;

	if (caught == number)
		_exit(128 + number);
	caught = number;
	n = write(ends[1], "", 1);
	(void)n; /* a full pipe is readable already */
	errno = saved;
}

/* What was ignored before we began stays so: nohup(1), a shell's "&". */
static int
handle(int number, const struct sigaction *action, struct err *e)
{
	struct sigaction before;

	if (sigaction(number, NULL, &before) == 0 &&
	    before.sa_handler == SIG_IGN)
		return 0;
	if (sigaction(number, action, NULL) < 0)
		return err_sys(e, errno, "cannot handle signal %d", number);
	return 0;
}

int
cancel_install(struct err *e)
{
	struct sigaction action;

	if (ends[0] < 0 && pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	(void)sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (handle(numbers[i], &action, e) < 0)
			return -1;
	return 0;
}

void
cancel_set_action(int number, void (*handler)(int))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(number, &action, NULL);
}

int
cancel_fd(void)
{
	return ends[0];
}

void
cancel_set_deadline(uint64_t at_ms, uint64_t limit_ms)
{
	deadline_ms = at_ms;
	deadline_limit_ms = limit_ms;
}

uint64_t
cancel_left_ms(void)
{
	uint64_t now = clock_monotonic_ms();

	if (deadline_ms == 0)
		return UINT64_MAX;
	return now < deadline_ms ? deadline_ms - now : 0;
}

/* The signal that came, or 0. */
static int
see_signal(void)
{
	int number = caught;

	if (number != 0 && seen_ms == 0)
		seen_ms = clock_monotonic_ms();
	return number;
}

bool
cancel_is_due(void)
{
	return see_signal() != 0 || cancel_left_ms() == 0;
}

uint64_t
cancel_grace_ms(void)
{
	uint64_t since;

	if (see_signal() == 0)
		return UINT64_MAX;
	since = clock_monotonic_ms() - seen_ms;
	return since < CANCEL_END_MS ? CANCEL_END_MS - since : 0;
}

int
cancel_check(struct err *e)
{
	int number = see_signal();
	char limit[32];

	if (number != 0) {
		(void)err_set(e, ERR_SIGNAL, "ended by signal %d (%s)", number,
		    strsignal(number));
		e->native = number;
		return err_hint(e, "The same command can be run again.");
	}
	if (cancel_left_ms() > 0)
		return 0;
	str_put_duration(limit, sizeof(limit), deadline_limit_ms);
	(void)err_set(e, ERR_NOT_NOW, "the run took longer than %s", limit);
	return err_hint(e, "limits.runtime sets the limit.");
}

/* What is inherited belongs to the parent. */
static void
forget(void)
{
	if (ends[0] >= 0) {
		(void)close(ends[0]);
		(void)close(ends[1]);
	}
	ends[0] = ends[1] = -1;
	caught = 0;
	seen_ms = 0;
}

/* The number of the signal comes along with the one that carries it. */
static void
on_passed(int carrier, siginfo_t *info, void *context)
{
	int saved = errno;
	ssize_t n;

	(void)carrier;
	(void)context;
	caught = info->si_value.sival_int;
	n = write(ends[1], "", 1);
	(void)n;
	errno = saved;
}

int
cancel_follow(struct err *e)
{
	struct sigaction action;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		cancel_set_action(numbers[i], SIG_IGN);
	forget();
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_passed;
	action.sa_flags = SA_SIGINFO;
	(void)sigfillset(&action.sa_mask);
	if (sigaction(SIGUSR1, &action, NULL) < 0)
		return err_sys(e, errno, "cannot handle signal %d", SIGUSR1);
	return 0;
}

void
cancel_pass(pid_t child)
{
	const union sigval number = {
		.sival_int = caught != 0 ? caught : SIGTERM,
	};

	(void)sigqueue(child, SIGUSR1, number);
}

void
cancel_uninstall(void)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		cancel_set_action(numbers[i], SIG_DFL);
	forget();
	deadline_ms = 0;
}
