/*
 * test_diag.c - what an SQLSTATE means: for another try, and for a person
 *
 * The rows come from the manuals of the databases and from what their drivers
 * were seen to say (drivers.md), not from the tables that are tested.
 */
#include "unit.h"

#include "odbc/diag.h"

/* What a driver said. */
struct said {
	const char *state;
	long native;
	const char *text;
	bool connecting;
	bool is_transient;
};

static const struct said sayings[] = {
	/* PostgreSQL */
	{ "08S01", 35, "server closed the connection", false, true },
	{ "57P01", 1, "terminating connection", false, true },
	{ "57014", 1, "due to statement timeout", false, true },
	{ "40001", 1, "could not serialize", false, true },
	{ "40P01", 1, "deadlock detected", false, true },
	{ "55P03", 1, "lock timeout", false, true },
	{ "53300", 1, "too many clients", false, true },
	{ "42P01", 1, "relation \"x\" does not exist", false, false },
	{ "42501", 1, "permission denied", false, false },
	{ "22012", 1, "division by zero", false, false },
	{ "23505", 1, "duplicate key", false, false },
	{ "08001", 101, "connection refused", true, true },
	{ "08001", 101, "password authentication failed for user", true,
	    false },
	{ "08001", 101, "database \"x\" does not exist", true, false },
	{ "08001", 101, "role \"x\" does not exist", true, false },
	{ "08001", 101, "no pg_hba.conf entry for host", true, false },
	/* MariaDB */
	{ "HY000", 2002, "Can't connect to server", true, true },
	{ "28000", 1045, "Access denied for user", true, false },
	{ "42000", 1049, "Unknown database 'x'", true, false },
	{ "08S01", 2013, "Lost connection", false, true },
	{ "HY000", 1205, "Lock wait timeout", false, true },
	{ "40001", 1213, "Deadlock found", false, true },
	{ "HY018", 1969, "max_statement_time exceeded", false, true },
	{ "HY018", 1317, "Query execution was interrupted", false, true },
	{ "42S02", 1146, "Table 'x' doesn't exist", false, false },
	{ "42000", 1064, "You have an error in your SQL syntax", false, false },
	/* FreeTDS */
	{ "08S01", 20009, "server is unavailable or does not exist", true,
	    true },
	{ "42000", 1205, "deadlock victim", false, true },
	/* SQLite: its small codes count only where it says its name */
	{ "HY000", 5, "[SQLite]database is locked (5)", false, true },
	{ "HY000", 1, "[SQLite]no such table: x (1)", false, false },
	{ "HY000", 5, "a fifth fault", false, false },
	/* what no table knows */
	{ "XX000", 1, "cache lookup failed", false, false },
};

static void
test_transient(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++) {
		const struct said *s = &sayings[i];

		if (diag_is_transient(s->state, s->native, s->text,
			s->connecting) != s->is_transient)
			fail_msg("%s %ld '%s' is %s", s->state, s->native,
			    s->text, s->is_transient ? "final" : "transient");
	}
}

/* Everything has a hint, and each kind one of its own. */
static void
test_remedy(void **state)
{
	static const struct {
		const char *state;
		long native;
		bool is_transient;
		const char *part;
	} rows[] = {
		{ "42P01", 1, false, "Correct the statement" },
		{ "42000", 1064, false, "Correct the statement" },
		{ "42501", 1, false, "grant" },
		{ "42000", 1142, false, "grant" },
		{ "22012", 1, false, "value in the data" },
		{ "23505", 1, false, "constraint" },
		{ "40001", 1213, true, "Another session" },
		{ "55P03", 1, true, "Another session" },
		{ "HY000", 1205, true, "Another session" },
		{ "HY000", 5, true, "Another session" },
		{ "57014", 1, true, "query_timeout" },
		{ "HYT00", 0, true, "query_timeout" },
		{ "HY018", 1969, true, "query_timeout" },
		{ "57P01", 1, true, "connection was lost" },
		{ "08S01", 2013, true, "connection was lost" },
		{ "HY000", 2006, true, "connection was lost" },
		{ "53100", 1, true, "disk" },
		{ "XX000", 1, false, "own words" },
		{ "HY000", 1, false, "own words" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(diag_remedy(rows[i].state, rows[i].native,
				     rows[i].is_transient, &e),
		    -1);
		if (strstr(e.hint, rows[i].part) == NULL)
			fail_msg("%s %ld: '%s'", rows[i].state, rows[i].native,
			    e.hint);
		assert_int_equal(e.hint[strlen(e.hint) - 1], '.');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transient),
		cmocka_unit_test(test_remedy),
	};

	return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
