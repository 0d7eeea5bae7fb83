/*
 * test_clock.c - the clocks, and what ends a run early
 */
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cancel.h"
#include "base/clock.h"

static void
check_utc(int64_t ms, const char *wanted)
{
	char text[CLOCK_TEXT];

	clock_put_utc(text, ms);
	assert_string_equal(text, wanted);
}

static void
test_utc(void **state)
{
	(void)state;
	check_utc(0, "1970-01-01T00:00:00Z");
	check_utc(999, "1970-01-01T00:00:00Z");
	check_utc(1000, "1970-01-01T00:00:01Z");
	check_utc(-1, "1969-12-31T23:59:59Z");
	check_utc(-1000, "1969-12-31T23:59:59Z");
	/* 2000 was a leap year; the 32-bit end of time. */
	check_utc(INT64_C(951782400000), "2000-02-29T00:00:00Z");
	check_utc(INT64_C(2147483648000), "2038-01-19T03:14:08Z");
	check_utc(INT64_C(253402300799999), "9999-12-31T23:59:59Z");
	check_utc(INT64_MAX, "292278994-08-17T07:12:55Z");
}

static void
test_monotonic(void **state)
{
	uint64_t last = clock_monotonic_ms();
	int64_t wall = clock_wall_ms();
	uint64_t now;

	(void)state;
	assert_true(wall / 1000 - (int64_t)time(NULL) <= 0);
	assert_true(wall > INT64_C(1600000000000));
	for (unsigned i = 0; i < 100000; i++) {
		now = clock_monotonic_ms();
		assert_true(now >= last);
		last = now;
	}
	clock_sleep_ms(50);
	assert_true(clock_monotonic_ms() - last >= 49);
	clock_sleep_ms(0);
	/* The coarse one goes on as well, and not far behind. */
	last = clock_coarse_ms();
	clock_sleep_ms(50);
	now = clock_coarse_ms();
	assert_true(now - last >= 30 && now <= clock_monotonic_ms());
}

static bool
is_readable(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, 0) == 1;
}

static void
test_deadline(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_true(cancel_left_ms() == UINT64_MAX);
	assert_false(cancel_is_due());
	OK(cancel_check(&e), &e);
	cancel_set_deadline(clock_monotonic_ms() + 60000, 60000);
	assert_true(cancel_left_ms() <= 60000 && cancel_left_ms() > 0);
	OK(cancel_check(&e), &e);
	cancel_set_deadline(clock_monotonic_ms() - 1, 5400000);
	assert_int_equal(cancel_left_ms(), 0);
	assert_true(cancel_is_due());
	FAILS(cancel_check(&e), &e, ERR_NOT_NOW,
	    "the run took longer than 1 h 30 min");
	assert_non_null(strstr(e.hint, "limits.runtime"));
	cancel_set_deadline(0, 0);
	assert_false(cancel_is_due());
}

static void
check_signal(int number, int status)
{
	struct err e = ERR_INIT;

	/* What a shell's "&" ignores would stay ignored. */
	cancel_set_action(number, SIG_DFL);
	OK(cancel_install(&e), &e);
	OK(cancel_install(&e), &e);
	assert_true(cancel_fd() >= 0);
	assert_false(is_readable(cancel_fd()));
	assert_int_equal(raise(number), 0);
	assert_true(is_readable(cancel_fd()));
	assert_true(cancel_is_due());
	/* A passed deadline does not hide that somebody asked. */
	cancel_set_deadline(clock_monotonic_ms() - 1, 1);
	FAILS(cancel_check(&e), &e, ERR_SIGNAL, "ended by signal");
	assert_int_equal(e.native, number);
	assert_int_equal(err_exit_status(&e), status);
	cancel_uninstall();
	assert_int_equal(cancel_fd(), -1);
	assert_false(cancel_is_due());
}

static void
test_signals(void **state)
{
	(void)state;
	check_signal(SIGINT, 130);
	check_signal(SIGTERM, 143);
	check_signal(SIGHUP, 129);
}

/* How a child ends that gets two signals. */
static int
status_after(int first, int second, bool uninstall)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct err e = ERR_INIT;

		cancel_set_action(first, SIG_DFL);
		cancel_set_action(second, SIG_DFL);
		if (cancel_install(&e) < 0)
			_exit(1);
		if (uninstall)
			cancel_uninstall();
		(void)raise(first);
		(void)raise(second);
		_exit(cancel_is_due() ? 2 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
test_second_signal(void **state)
{
	int status = status_after(SIGINT, SIGINT, false);

	(void)state;
	/* An impatient operator: at once, but with the status of the signal. */
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 130);
	status = status_after(SIGINT, SIGTERM, false);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 2);
	/* In the worker the default holds again. */
	status = status_after(SIGTERM, SIGTERM, true);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utc),
		cmocka_unit_test(test_monotonic),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_second_signal),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
