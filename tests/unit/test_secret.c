/*
 * test_secret.c - reading secrets from each of their places
 *
 * A spec with secrets is loaded from a directory of the test, since where a
 * secret is depends on the file that says it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/redact.h"
#include "spec/secret.h"

enum { SECRET_MOST = 64 * 1024 };

static char dir[64];

static void
write_file(const char *name, const void *data, size_t n, unsigned mode)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
write_text(const char *name, const char *text, unsigned mode)
{
	write_file(name, text, strlen(text), mode);
}

/* Load a spec whose password is written so, and read the secret. */
static int
read_secret(const char *password, char **secret, struct err *e)
{
	char path[256], text[1024];
	const struct spec_request request = { .job = path };
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	int rc;

	(void)snprintf(path, sizeof(path), "%s/job.cfg", dir);
	(void)snprintf(text, sizeof(text),
	    "source: { dsn = \"x\"; sql = "
	    "\"x\"; password = %s; };\nfile: { name = \"x\"; };\n",
	    password);
	write_text("job.cfg", text, 0600);
	if (spec_load(&spec, &request, &problems, e) < 0)
		fail_msg("%s", e->text);
	rc = secret_read(spec_value(spec, "source.password"), secret, e);
	spec_free(spec);
	problems_release(&problems);
	return rc;
}

static void
expect_secret(const char *password, const char *want)
{
	char *secret = NULL;
	struct err e = ERR_INIT;

	if (read_secret(password, &secret, &e) < 0)
		fail_msg("%s: %s", password, e.text);
	assert_string_equal(secret, want);
	secret_free(secret);
}

static void
expect_error(const char *password, const char *fragment)
{
	char *secret = NULL;
	struct err e = ERR_INIT;

	if (read_secret(password, &secret, &e) == 0)
		fail_msg("%s is read", password);
	assert_null(secret);
	assert_int_equal(e.class, ERR_SPEC);
	assert_memory_equal(e.text, "source.password: ", 17);
	if (strstr(e.text, fragment) == NULL)
		fail_msg("'%s' is not in: %s", fragment, e.text);
}

static int
set_up(void **state)
{
	(void)state;
	(void)umask(022);
	(void)snprintf(dir, sizeof(dir), "/tmp/test_secret.XXXXXX");
	assert_int_equal(setenv("ODBCSHIP_CONFIG", "", 1), 0);
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	redact_release();
	return file_remove_tree(dir, &e);
}

static void
test_file(void **state)
{
	(void)state;
	write_text("a", "geheim", 0600);
	expect_secret("{ file = \"a\"; }", "geheim");
	write_text("a", "geheim\n", 0400);
	expect_secret("{ file = \"a\"; }", "geheim");
	write_text("a", "geheim\r\n", 0600);
	expect_secret("{ file = \"a\"; }", "geheim");
	write_text("a", "  a b} ; = ' \xc3\xa4 ", 0600);
	expect_secret("{ file = \"./a\"; }", "  a b} ; = ' \xc3\xa4 ");
}

static void
test_file_with_a_wrong_content(void **state)
{
	char *large = calloc(1, SECRET_MOST + 1);

	(void)state;
	assert_non_null(large);
	write_text("a", "", 0600);
	expect_error("{ file = \"a\"; }", "the secret is empty");
	write_text("a", "\n", 0600);
	expect_error("{ file = \"a\"; }", "the secret is empty");
	write_text("a", "geheim\n\n", 0600);
	expect_error("{ file = \"a\"; }", "a line break");
	write_text("a", "user\ngeheim\n", 0600);
	expect_error("{ file = \"a\"; }", "a line break");
	write_text("a", "ge\theim", 0600);
	expect_error("{ file = \"a\"; }", "control byte");
	write_file("a", "ge\0heim", 7, 0600);
	expect_error("{ file = \"a\"; }", "control byte");
	memset(large, 'x', SECRET_MOST + 1);
	write_file("a", large, SECRET_MOST + 1, 0600);
	expect_error("{ file = \"a\"; }", "larger than 65536 bytes");
	large[SECRET_MOST] = '\0';
	write_file("a", large, SECRET_MOST, 0600);
	expect_secret("{ file = \"a\"; }", large);
	free(large);
}

static void
test_file_that_others_can_read(void **state)
{
	static const unsigned modes[] = { 0644, 0604, 0601, 0660, 0620, 0666 };

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_text("a", "geheim", modes[i]);
		expect_error("{ file = \"a\"; }", "other users");
	}
}

static void
test_file_that_is_none(void **state)
{
	char from[256];

	(void)state;
	expect_error("{ file = \"nothing\"; }", "No such file");
	expect_error("{ file = \".\"; }", "");
	write_text("a", "geheim", 0600);
	(void)snprintf(from, sizeof(from), "%s/link", dir);
	assert_int_equal(symlink("a", from), 0);
	expect_error("{ file = \"link\"; }", "symbolic link");
}

static void
test_credential(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	expect_error("{ credential = \"partner\"; }",
	    "$CREDENTIALS_DIRECTORY is not set");
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	write_text("partner", "geheim\n", 0400);
	expect_secret("{ credential = \"partner\"; }", "geheim");
	expect_error("{ credential = \"other\"; }", "No such file");
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void
test_command(void **state)
{
	static const char script[] = "#!/bin/sh\necho \"s:$1\"\n";

	(void)state;
	expect_secret("{ command = ( \"echo\", \"geheim\" ); }", "geheim");
	expect_secret("{ command = ( \"printf\", \"geheim\" ); }", "geheim");
	/* No shell: nothing is expanded. */
	expect_secret("{ command = ( \"echo\", \"$HOME *\" ); }", "$HOME *");
	/* pass(1) prints notes behind the first line. */
	expect_secret("{ command = ( \"printf\", \"geheim\\\\nnote\\\\n\" ); "
		      "}",
	    "geheim");
	expect_error("{ command = ( \"false\" ); }", "status 1");
	expect_error("{ command = ( \"true\" ); }", "the secret is empty");
	expect_error(
	    "{ command = ( \"printf\", \"\\\\na\" ); }", "the secret is empty");
	expect_error(
	    "{ command = ( \"no-such-program\" ); }", "cannot be started");
	write_text("get", script, 0755);
	expect_secret("{ command = ( \"./get\", \"x\" ); }", "s:x");
}

static void
test_variable(void **state)
{
	(void)state;
	assert_int_equal(setenv("TEST_SECRET", "geheim", 1), 0);
	expect_secret("{ env = \"TEST_SECRET\"; }", "geheim");
	/* Nobody else finds it, we do: other jobs may want it too. */
	assert_null(getenv("TEST_SECRET"));
	expect_secret("{ env = \"TEST_SECRET\"; }", "geheim");
	assert_int_equal(setenv("TEST_SECRET", "", 1), 0);
	expect_error("{ env = \"TEST_SECRET\"; }", "the secret is empty");
	assert_int_equal(unsetenv("TEST_SECRET"), 0);
	secret_forget();
	expect_error("{ env = \"TEST_SECRET\"; }",
	    "the environment variable 'TEST_SECRET' is not set");
}

static void
test_inline(void **state)
{
	(void)state;
	expect_secret("\"geheim\"", "geheim");
}

static void
test_unset(void **state)
{
	const struct value v = { .setting = settings_find("source.password") };
	char *secret = dir;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(secret_read(&v, &secret, &e), 0);
	assert_null(secret);
	secret_free(NULL);
}

/* What was read is registered before anybody sees it. */
static void
test_redacted(void **state)
{
	char text[] = "login with top;secret failed";

	(void)state;
	write_text("a", "top;secret\n", 0600);
	expect_secret("{ file = \"a\"; }", "top;secret");
	redact_text(text, sizeof(text));
	assert_string_equal(text, "login with *** failed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_with_a_wrong_content),
		cmocka_unit_test(test_file_that_others_can_read),
		cmocka_unit_test(test_file_that_is_none),
		cmocka_unit_test(test_credential),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_variable),
		cmocka_unit_test(test_inline),
		cmocka_unit_test(test_unset),
		cmocka_unit_test(test_redacted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("secret", tests, set_up, tear_down);
}
