/*
 * test_redact.c - secrets are kept out of every text
 */
#include "unit.h"

#include "base/redact.h"
#include "random.h"

enum { ROOM = 256 };

static void
check(const char *text, const char *wanted)
{
	char got[ROOM];

	(void)snprintf(got, sizeof(got), "%s", text);
	redact_text(got, sizeof(got));
	if (strcmp(got, wanted) != 0)
		fail_msg("'%s' becomes '%s', not '%s'", text, got, wanted);
	/* What was redacted twice says the same. */
	redact_text(got, sizeof(got));
	assert_string_equal(got, wanted);
}

static void
add(const char *secret)
{
	struct err e = ERR_INIT;

	OK(redact_add(secret, &e), &e);
}

static int
forget(void **state)
{
	(void)state;
	redact_release();
	return 0;
}

static void
test_values(void **state)
{
	(void)state;
	check("hunter2 and s3cr3t", "hunter2 and s3cr3t");
	add("hunter2");
	add("hunter2");
	check("", "");
	check("hunter2", "***");
	check("hunter2hunter2", "******");
	check("login as acme with 'hunter2' failed",
	    "login as acme with '***' failed");
	check("Hunter2", "Hunter2");
	redact_release();
	check("hunter2", "hunter2");
}

static void
test_percent_encoded(void **state)
{
	(void)state;
	add("p\xc3\xa4ss/w@rd");
	check("ftp://acme:p%C3%A4ss%2Fw%40rd@host/", "ftp://acme:***@host/");
	check("p\xc3\xa4ss/w@rd", "***");
}

/* A secret of up to three bytes would turn every text into stars. */
static void
test_short(void **state)
{
	(void)state;
	add("abc");
	add("");
	check("abc abcd", "abc abcd");
	add("abcd");
	check("abc abcd", "abc ***");
}

static void
test_overlapping(void **state)
{
	(void)state;
	add("secret");
	add("secret-and-longer");
	add("tail-of");
	check("secret-and-longer", "***");
	check("secret-and", "***-and");
	add("longer-tail");
	/* Two that share a part: nothing of either is left. */
	check("secret-and-longer-tail-of!", "***!");
	add("xxxx");
	check("xxxxxxx", "***");
	check("xxxxxxxx", "***");
}

static void
test_stars_in_secrets(void **state)
{
	(void)state;
	add("a***b");
	check("a***b", "***");
	check("***", "***");
	check("PWD=***real;DSN=x", "PWD=***;DSN=x");
	check("PWD=***;DSN=x", "PWD=***;DSN=x");
}

static void
test_connection_strings(void **state)
{
	(void)state;
	check("DSN=w;UID=me;PWD=pw;Port=1", "DSN=w;UID=me;PWD=***;Port=1");
	check("pwd = pw ;x", "pwd = ***;x");
	check("Password=pw", "Password=***");
	check("PWD={a;b}}c};DSN=w", "PWD=***;DSN=w");
	check("PWD={unclosed;DSN=w", "PWD=***");
	check("PWD=;DSN=w", "PWD=;DSN=w");
	check("sslpassword=x;AccessToken=abc",
	    "sslpassword=***;"
	    "AccessToken=***");
	check("ClientSecret=x;Secret=y;Token=z",
	    "ClientSecret=***;Secret=***;Token=***");
	check("PWD=a;PWD=b", "PWD=***;PWD=***");
	/* No keys of this kind. */
	check("MYPWD=x", "MYPWD=x");
	check("PWDX=x", "PWDX=x");
	check("the PWD is missing", "the PWD is missing");
	check("tokens=3", "tokens=3");
}

/* A text that grows beyond its room is cut, never overrun. */
static void
test_room(void **state)
{
	char text[16];

	(void)state;
	(void)snprintf(text, sizeof(text), "PWD=a;PWD=b;end");
	redact_text(text, 16);
	assert_int_equal(strncmp(text, "PWD=***;PWD=***", 15), 0);
	(void)snprintf(text, sizeof(text), "PWD=a");
	redact_text(text, 6);
	assert_string_equal(text, "PWD=*");
}

static void
make_text(char *text, size_t n)
{
	static const char *const parts[] = { "abcd", "bcda", "cdab", "a", "b",
		"PWD=", "PWD={", "}", ";", " ", "***" };
	size_t at = 0;

	text[0] = '\0';
	for (;;) {
		const char *part = parts[random_below(11)];

		if (at + strlen(part) >= n)
			return;
		memcpy(text + at, part, strlen(part) + 1);
		at += strlen(part);
	}
}

/* No registered secret is left in any text of any room. */
static void
test_random_texts(void **state)
{
	static const char *const secrets[] = { "abcd", "abcdbcda", "cdab",
		"dabcd", "cd;a" };

	(void)state;
	random_seed();
	for (size_t i = 0; i < 5; i++)
		add(secrets[i]);
	for (unsigned round = 0; round < 20000; round++) {
		size_t size = 1 + random_below(80);
		char *text = malloc(size); /* exact: overruns are seen */

		assert_non_null(text);
		make_text(text, size);
		redact_text(text, size);
		assert_non_null(memchr(text, '\0', size));
		for (size_t i = 0; i < 5; i++)
			if (strstr(text, secrets[i]) != NULL)
				fail_msg("%s is in %s", secrets[i], text);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_values, forget),
		cmocka_unit_test_teardown(test_percent_encoded, forget),
		cmocka_unit_test_teardown(test_short, forget),
		cmocka_unit_test_teardown(test_overlapping, forget),
		cmocka_unit_test_teardown(test_stars_in_secrets, forget),
		cmocka_unit_test_teardown(test_connection_strings, forget),
		cmocka_unit_test_teardown(test_room, forget),
		cmocka_unit_test_teardown(test_random_texts, forget),
	};

	return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
