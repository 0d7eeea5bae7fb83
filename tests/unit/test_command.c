/*
 * test_command.c - command lines by the table of options
 *
 * With a command of its own, so that what real commands take can change.
 */
#include "unit.h"

#include "cli/command.h"

enum { WORDS_MAX = 16 };

static const struct option_row rows[] = {
	{ "output", 'o', "FILE", "where to" },
	{ "env-file", 0, "FILE", "environment" },
	{ "env", 0, "NAME", "environment" },
	{ "dry-run", 'n', NULL, "do nothing" },
	{ "wait", 0, "[TIME]", "wait" },
	{ "date", 0, "DATE", "day" },
	{ NULL, 0, NULL, NULL },
};

static int
do_nothing(const struct invocation *inv)
{
	(void)inv;
	return 0;
}

static const struct command command = { "try", "try it", "[options]",
	"odbcship try", rows, do_nothing };

static char *words[WORDS_MAX + 1];

/* Split "odbcship ..." at blanks; '_' stands for a blank in a word. */
static int
split(const char *line)
{
	static char text[512];
	char *at = text, *word;
	int n = 0;

	(void)snprintf(
	    text, sizeof(text), "odbcship%s%s", *line != '\0' ? " " : "", line);
	while ((word = strsep(&at, " ")) != NULL) {
		assert_true(n < WORDS_MAX);
		words[n++] = word;
	}
	words[n] = NULL;
	return n;
}

/* The options as "name=value" and the arguments, joined by blanks. */
static void
check(const char *line, const char *wanted)
{
	struct invocation inv;
	struct err e = ERR_INIT;
	char got[512] = "";
	size_t n = 0;
	int argc = split(line);

	OK(invocation_parse(&inv, &command, argc, words, &e), &e);
	assert_ptr_equal(inv.command, &command);
	for (size_t i = 0; i < inv.n_given; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s%s ",
		    inv.given[i].row->name,
		    inv.given[i].value != NULL ? "=" : "",
		    inv.given[i].value != NULL ? inv.given[i].value : "");
	n += (size_t)snprintf(got + n, sizeof(got) - n, "|");
	for (size_t i = 0; i < inv.n_arguments; i++)
		n += (size_t)snprintf(
		    got + n, sizeof(got) - n, " %s", inv.arguments[i]);
	if (strcmp(got, wanted) != 0)
		fail_msg("%s: %s", line, got);
	invocation_release(&inv);
	assert_int_equal(inv.n_given, 0);
}

static void
test_good_lines(void **state)
{
	static const char *const lines[][2] = {
		{ "", "|" },
		{ "a b", "| a b" },
		{ "-o f a", "output=f | a" },
		{ "-of a", "output=f | a" },
		{ "--output=f a", "output=f | a" },
		{ "--output f a", "output=f | a" },
		{ "--output= a", "output= | a" },
		/* GNU order: options may follow arguments. */
		{ "a -n b --env x c", "dry-run env=x | a b c" },
		{ "-n -- -o b", "dry-run | -o b" },
		{ "-", "| -" },
		/* Letters in one word, the last with its value. */
		{ "-nvof", "dry-run verbose output=f |" },
		{ "-vv", "verbose verbose |" },
		/* An optional value stands in the same word only. */
		{ "--wait 5s", "wait | 5s" },
		{ "--wait=5s", "wait=5s |" },
		/* Unambiguous beginnings, as getopt_long(3) has them. */
		{ "--dry a", "dry-run | a" },
		{ "--out=f", "output=f |" },
		{ "--env-f x", "env-file=x |" },
		/* An exact name wins over names that it begins. */
		{ "--env x", "env=x |" },
		/* A value may look like an option. */
		{ "-o -n", "output=-n |" },
		{ "--env -n", "env=-n |" },
		{ "-h", "help |" },
		{ "--color=never -q -c f", "color=never quiet config=f |" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check(lines[i][0], lines[i][1]);
}

static void
test_bad_lines(void **state)
{
	static const struct {
		const char *line;
		const char *text; /* whole */
		const char *hint; /* whole */
	} bad[] = {
		{ "--frob", "unknown option '--frob'",
		    "See 'odbcship try --help'." },
		{ "--frob=3 x", "unknown option '--frob'",
		    "See 'odbcship try --help'." },
		{ "x --envv y", "unknown option '--envv'",
		    "Did you mean '--env'?" },
		{ "--dryrun", "unknown option '--dryrun'",
		    "Did you mean '--dry-run'?" },
		{ "--ouptut=f", "unknown option '--ouptut'",
		    "Did you mean '--output'?" },
		{ "--vrebose", "unknown option '--vrebose'",
		    "Did you mean '--verbose'?" },
		{ "-x", "unknown option '-x'", "See 'odbcship try --help'." },
		{ "--env x -nxv", "unknown option '-x'",
		    "See 'odbcship try --help'." },
		{ "-o", "option '-o' needs a value",
		    "See 'odbcship try --help'." },
		{ "a -no", "option '-o' needs a value",
		    "See 'odbcship try --help'." },
		{ "a --env", "option '--env' needs a value",
		    "See 'odbcship try --help'." },
		{ "--ou", "option '--output' needs a value",
		    "See 'odbcship try --help'." },
		{ "--dry-run=yes", "option '--dry-run' takes no value",
		    "See 'odbcship try --help'." },
		{ "--d", "option '--d' is ambiguous",
		    "It can be '--dry-run' or '--date', for example." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct invocation inv;
		struct err e = ERR_INIT;
		int argc = split(bad[i].line);

		FAILS(invocation_parse(&inv, &command, argc, words, &e), &e,
		    ERR_USAGE, bad[i].text);
		assert_string_equal(e.text, bad[i].text);
		assert_string_equal(e.hint, bad[i].hint);
		assert_int_equal(err_exit_status(&e), 64);
		invocation_release(&inv);
	}
}

/* The same line twice: nothing of the first is left in getopt. */
static void
test_again(void **state)
{
	struct invocation inv;
	struct err e = ERR_INIT;
	int argc = split("a -nx b");

	(void)state;
	FAILS(invocation_parse(&inv, &command, argc, words, &e), &e, ERR_USAGE,
	    "'-x'");
	invocation_release(&inv);
	check("a -n", "dry-run | a");
}

static void
test_values(void **state)
{
	struct invocation inv;
	struct err e = ERR_INIT;
	const char **values;
	size_t n = 9;
	int argc = split("--env a -vv --env b --wait");

	(void)state;
	OK(invocation_parse(&inv, &command, argc, words, &e), &e);
	assert_string_equal(invocation_value(&inv, "env"), "b");
	assert_null(invocation_value(&inv, "wait"));
	assert_null(invocation_value(&inv, "output"));
	assert_true(invocation_has(&inv, "wait"));
	assert_false(invocation_has(&inv, "output"));
	assert_int_equal(invocation_count(&inv, "verbose"), 2);
	values = invocation_values(&inv, "env", &n, &e);
	assert_non_null(values);
	assert_int_equal(n, 2);
	assert_string_equal(values[0], "a");
	assert_string_equal(values[1], "b");
	free(values);
	values = invocation_values(&inv, "output", &n, &e);
	assert_non_null(values);
	assert_int_equal(n, 0);
	free(values);
	invocation_release(&inv);
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	fail_msg("no command '%s'", name);
	return NULL;
}

static void
test_overlay(void **state)
{
	struct overlay o;
	struct invocation inv;
	struct err e = ERR_INIT;
	int argc = split("--set a=1 --env dev --param x=2 --set b=3 --dsn d "
			 "-c main.cfg job");

	(void)state;
	OK(invocation_parse(&inv, find("run"), argc, words, &e), &e);
	OK(overlay_take(&o, &inv, &e), &e);
	assert_int_equal(o.request.n_sets, 2);
	assert_string_equal(o.request.sets[0], "a=1");
	assert_string_equal(o.request.sets[1], "b=3");
	assert_int_equal(o.request.n_params, 1);
	assert_string_equal(o.request.params[0], "x=2");
	assert_string_equal(o.request.environment, "dev");
	assert_string_equal(o.request.dsn, "d");
	assert_string_equal(o.request.main_file, "main.cfg");
	assert_null(o.request.job);
	overlay_release(&o);
	invocation_release(&inv);
}

/* Each option is told, and each letter is one option's. */
static void
check_rows(const struct command *c, const struct option_row *r, bool *used)
{
	for (; r->name != NULL; r++) {
		unsigned char letter = (unsigned char)r->letter;

		assert_true(strlen(r->help) > 3);
		if (letter != 0 && used[letter])
			fail_msg("%s: -%c is two options", c->name, letter);
		used[letter] = true;
	}
}

/* What holds for the tables of all commands. */
static void
test_tables(void **state)
{
	(void)state;
	for (size_t i = 0; commands[i] != NULL; i++) {
		const struct command *c = commands[i];
		bool used[256] = { false };

		assert_ptr_equal(find(c->name), c);
		assert_non_null(c->run);
		assert_int_equal(strncmp(c->example, "odbcship ", 9), 0);
		assert_non_null(strstr(c->example, c->name));
		check_rows(c, c->options, used);
		check_rows(c, common_options, used);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_lines),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
