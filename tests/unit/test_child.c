/*
 * test_child.c - programs are run by their argument vector
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/cancel.h"
#include "base/child.h"
#include "base/clock.h"

enum { LONG_MS = 60000, SHORT_MS = 300 };

static void
run(struct buf *out, uint64_t timeout_ms, const char *const *argv)
{
	struct err e = ERR_INIT;

	OK(child_output(argv, timeout_ms, out, &e), &e);
}

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
test_arguments(void **state)
{
	struct buf out = BUF_INIT(1000);
	struct err e = ERR_INIT;

	(void)state;
	/* No shell looks at them. */
	run(&out, LONG_MS,
	    ARGV("printf", "%s|", "a b", "$HOME", "*", "", "'\"\\", "-n"));
	assert_string_equal(buf_text(&out), "a b|$HOME|*||'\"\\|-n|");
	/* Output is appended, NUL bytes and all. */
	run(&out, LONG_MS, ARGV("printf", "x\\0y"));
	assert_int_equal(out.length, 20 + 3);
	assert_memory_equal(out.data + 20, "x\0y", 3);
	buf_reset(&out);
	run(&out, LONG_MS, ARGV("true"));
	assert_int_equal(out.length, 0);
	/* And what was said before it failed is there, too. */
	FAILS(child_output(
		  ARGV("sh", "-c", "echo so; exit 3"), LONG_MS, &out, &e),
	    &e, ERR_SPEC, "the command 'sh': ended with status 3");
	assert_string_equal(buf_text(&out), "so\n");
	buf_release(&out);
}

static void
test_failures(void **state)
{
	struct buf out = BUF_INIT(1000);
	struct err e = ERR_INIT;

	(void)state;
	FAILS(
	    child_output(ARGV("/nonexistent/program", "x"), LONG_MS, &out, &e),
	    &e, ERR_SPEC,
	    "the command '/nonexistent/program': cannot be started");
	FAILS(child_output(ARGV("false"), LONG_MS, &out, &e), &e, ERR_SPEC,
	    "ended with status 1");
	FAILS(
	    child_output(ARGV("sh", "-c", "kill -SEGV $$"), LONG_MS, &out, &e),
	    &e, ERR_SPEC, "was ended by signal 11");
	assert_int_equal(out.length, 0);
	buf_release(&out);
}

static void
test_output_limit(void **state)
{
	struct buf out = BUF_INIT(10000);
	struct err e = ERR_INIT;

	(void)state;
	run(&out, LONG_MS, ARGV("head", "-c", "10000", "/dev/zero"));
	assert_int_equal(out.length, 10000);
	buf_reset(&out);
	/* One that never ends is not waited for. */
	FAILS(child_output(ARGV("yes"), LONG_MS, &out, &e), &e, ERR_INTERNAL,
	    "more than 10000 bytes");
	assert_true(out.length <= 10000);
	buf_release(&out);
}

/* Whether a process of that session or group is left. */
static void
assert_gone(const char *pid_text)
{
	pid_t pid = (pid_t)strtol(pid_text, NULL, 10);
	uint64_t until = clock_monotonic_ms() + LONG_MS;

	assert_true(pid > 1);
	/* Those that lost their parent are reaped by somebody else. */
	while (kill(pid, 0) == 0 && clock_monotonic_ms() < until) {
		char path[64];
		char *text, *state;
		FILE *f;

		(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
		f = fopen(path, "r");
		if (f == NULL)
			return;
		(void)fclose(f);
		text = read_text(path);
		state = strrchr(text, ')');
		assert_non_null(state);
		if (state[2] == 'Z') {
			free(text);
			return;
		}
		free(text);
		clock_sleep_ms(10);
	}
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void
test_time_limit(void **state)
{
	struct buf out = BUF_INIT(1000);
	struct err e = ERR_INIT;

	(void)state;
	/* Silent, and its children with it. */
	FAILS(child_output(ARGV("sh", "-c", "sleep 1000 & echo $!; wait"),
		  SHORT_MS, &out, &e),
	    &e, ERR_SPEC, "the command 'sh': took too long");
	assert_gone(buf_text(&out));
	buf_reset(&out);
	/* It closes its output and lives on. */
	FAILS(
	    child_output(ARGV("sh", "-c", "echo $$; exec >&-; exec sleep 1000"),
		SHORT_MS, &out, &e),
	    &e, ERR_SPEC, "took too long");
	assert_gone(buf_text(&out));
	buf_reset(&out);
	/* It ends, and leaves somebody who holds its output. */
	FAILS(child_output(
		  ARGV("sh", "-c", "sleep 1000 & echo $!"), SHORT_MS, &out, &e),
	    &e, ERR_SPEC, "took too long");
	assert_gone(buf_text(&out));
	/* No limit that is out of reach of an int. */
	buf_reset(&out);
	run(&out, UINT64_MAX, ARGV("echo", "a"));
	run(&out, (uint64_t)INT32_MAX + 1, ARGV("echo", "b"));
	assert_string_equal(buf_text(&out), "a\nb\n");
	buf_release(&out);
}

/* SIGTERM does not wait for a password manager. */
static void
test_cancelled(void **state)
{
	struct buf out = BUF_INIT(1000);
	struct err e = ERR_INIT;
	int status;
	pid_t pid;

	(void)state;
	OK(cancel_install(&e), &e);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		clock_sleep_ms(SHORT_MS);
		_exit(kill(getppid(), SIGTERM) < 0);
	}
	FAILS(child_output(ARGV("sleep", "1000"), UINT64_MAX, &out, &e), &e,
	    ERR_SIGNAL, "the command 'sleep': ended by signal 15");
	assert_int_equal(e.native, SIGTERM);
	cancel_uninstall();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	buf_release(&out);
}

static void
test_environment(void **state)
{
	struct buf out = BUF_INIT(100000);

	(void)state;
	assert_int_equal(setenv("ODBCSHIP_ENV", "dev", 1), 0);
	assert_int_equal(setenv("ODBCSHIP_PARTNER_PASSWORD", "hunter2", 1), 0);
	assert_int_equal(setenv("ODBCSHIP_X", "hunter3", 1), 0);
	assert_int_equal(setenv("VAULT_ADDR", "here", 1), 0);
	run(&out, LONG_MS, ARGV("env"));
	assert_non_null(strstr(buf_text(&out), "PATH="));
	assert_non_null(strstr(buf_text(&out), "VAULT_ADDR=here\n"));
	/* Which environment it is may choose the secret. */
	assert_non_null(strstr(buf_text(&out), "ODBCSHIP_ENV=dev\n"));
	assert_null(strstr(buf_text(&out), "hunter"));
	/* Ours are still there. */
	assert_string_equal(getenv("ODBCSHIP_PARTNER_PASSWORD"), "hunter2");
	assert_int_equal(unsetenv("ODBCSHIP_PARTNER_PASSWORD"), 0);
	assert_int_equal(unsetenv("ODBCSHIP_X"), 0);
	buf_release(&out);
}

/* Standard input is empty, and no descriptor of ours is seen. */
static void
test_descriptors(void **state)
{
	struct buf out = BUF_INIT(1000);
	struct err e = ERR_INIT;

	(void)state;
	OK(cancel_install(&e), &e); /* a pipe, close-on-exec */
	run(&out, LONG_MS, ARGV("sh", "-c", "cat; ls /proc/$$/fd; trap"));
	cancel_uninstall();
	/* 10 and above are the shell's own. */
	assert_int_equal(strncmp(buf_text(&out), "0\n1\n", 4), 0);
	assert_null(strstr(buf_text(&out), "\n3\n"));
	buf_reset(&out);
	/* SIGPIPE ends it as usual, though we ignore it. */
	run(&out, LONG_MS,
	    ARGV("sh", "-c", "(yes; echo $? >&2) 2>/dev/null | head -1"));
	assert_string_equal(buf_text(&out), "y\n");
	buf_release(&out);
}

static int
put_something(void *arg, struct buf *out, struct err *e)
{
	return buf_puts(out, arg, e);
}

static int
put_error(void *arg, struct buf *out, struct err *e)
{
	(void)out;
	(void)err_set(e, ERR_DATA, "%s", (const char *)arg);
	return err_hint(e, "Do it.");
}

static int
put_crash(void *arg, struct buf *out, struct err *e)
{
	(void)arg;
	(void)out;
	(void)e;
	(void)raise(SIGKILL);
	return 0;
}

static int
put_nothing_for_long(void *arg, struct buf *out, struct err *e)
{
	(void)arg;
	(void)e;
	for (;;)
		clock_sleep_ms(LONG_MS);
	return out->length > 0;
}

/* It sees what we have, and what it changes is its own. */
static int
put_changed(void *arg, struct buf *out, struct err *e)
{
	(void)arg;
	if (setenv("ODBCSHIP_TEST", "changed", 1) < 0)
		return err_set(e, ERR_INTERNAL, "no memory");
	return buf_printf(out, e, "%s %d", getenv("ODBCSHIP_TEST"),
	    fcntl(7, F_GETFD) < 0 && isatty(STDOUT_FILENO) == 0);
}

static void
test_copy(void **state)
{
	struct buf out = BUF_INIT(1000);
	struct err e = ERR_INIT;
	char some[] = "some", wrong[] = "wrong";

	(void)state;
	OK(child_call(put_something, some, LONG_MS, &out, &e), &e);
	OK(child_call(put_something, some, LONG_MS, &out, &e), &e);
	assert_string_equal(buf_text(&out), "somesome");
	FAILS(child_call(put_error, wrong, LONG_MS, &out, &e), &e, ERR_DATA,
	    "wrong");
	assert_string_equal(e.hint, "Do it.");
	FAILS(child_call(put_crash, NULL, LONG_MS, &out, &e), &e, ERR_SPEC,
	    "signal 9");
	FAILS(child_call(put_nothing_for_long, NULL, SHORT_MS, &out, &e), &e,
	    ERR_SPEC, "too long");
	assert_string_equal(buf_text(&out), "somesome");
	buf_reset(&out);
	assert_int_equal(dup2(STDOUT_FILENO, 7), 7);
	OK(child_call(put_changed, NULL, LONG_MS, &out, &e), &e);
	(void)close(7);
	assert_string_equal(buf_text(&out), "changed 1");
	assert_null(getenv("ODBCSHIP_TEST"));
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_output_limit),
		cmocka_unit_test(test_time_limit),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_copy),
	};

	/* Those of whoever runs the tests are none of ours. */
	for (int fd = 3; fd < 256; fd++)
		(void)close(fd);
	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
