/*
 * test_connect.c - the connection string, and whose driver it leads to
 *
 * With odbc.ini and odbcinst.ini of its own; no driver is loaded.
 */
#include "unit.h"

#include "base/file.h"
#include "odbc/connect.h"

static char dir[64];

static const char drivers[] = "[SQLite3]\n"
			      "Driver = /usr/lib/odbc/libsqlite3odbc.so\n"
			      "[Maria]\n"
			      "Driver = /usr/lib/odbc/libmaodbc.so\n"
			      "[Strange]\n"
			      "Driver = /opt/strange/libstrange.so\n";
static const char sources[] = "[plain]\n"
			      "Driver = SQLite3\n"
			      "[said]\n"
			      "Driver = SQLite3\n"
			      "stepapi = 0\n"
			      "Timeout = 9\n"
			      "[path]\n"
			      "Driver = /usr/lib/odbc/psqlodbcw.so\n"
			      "UseDeclareFetch = 0\n"
			      "fetch = 7\n"
			      "[maria]\n"
			      "Driver = Maria\n"
			      "[strange]\n"
			      "Driver = Strange\n";

static int
setup(void **state)
{
	char path[128];

	(void)state;
	make_directory(dir);
	(void)snprintf(path, sizeof(path), "%s/odbcinst.ini", dir);
	write_file(path, drivers, sizeof(drivers) - 1, 0600);
	(void)snprintf(path, sizeof(path), "%s/odbc.ini", dir);
	write_file(path, sources, sizeof(sources) - 1, 0600);
	assert_int_equal(setenv("ODBCSYSINI", dir, 1), 0);
	assert_int_equal(setenv("ODBCINI", path, 1), 0);
	return 0;
}

static int
teardown(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return file_remove_tree(dir, &e);
}

/* What is asked, what comes out, by which driver's habits. */
struct connect_case {
	struct session_options options;
	const char *wanted;
	const char *driver;
};

static const struct connect_case cases[] = {
	{ { .dsn = "strange" }, "DSN=strange", "" },
	{ { .dsn = "strange", .user = "me", .password = "pw" },
	    "DSN=strange;UID=me;PWD=pw", "" },
	{ { .dsn = "nowhere" }, "DSN=nowhere", "" },
	/* What the DSN's section says is not said again, in any case. */
	{ { .dsn = "plain" }, "DSN=plain;StepAPI=1;NoCreat=1;Timeout=5000",
	    "SQLite ODBC" },
	{ { .dsn = "said" }, "DSN=said;NoCreat=1", "SQLite ODBC" },
	/* The password is the last: SQLite's driver ends a key at its ';'. */
	{ { .dsn = "plain", .user = "u", .password = "a;b" },
	    "DSN=plain;StepAPI=1;NoCreat=1;Timeout=5000;UID=u;PWD={a;b}",
	    "SQLite ODBC" },
	{ { .dsn = "path" }, "DSN=path", "psqlODBC" },
	/* Nor what a connection string says. */
	{ { .connection = "Driver=SQLite3;Database=/x;nocreat=0" },
	    "Driver=SQLite3;Database=/x;nocreat=0;StepAPI=1;Timeout=5000",
	    "SQLite ODBC" },
	{ { .connection = "DSN=plain;Timeout=1;" },
	    "DSN=plain;Timeout=1;StepAPI=1;NoCreat=1", "SQLite ODBC" },
	{ { .connection = "driver={SQLite3} ; Timeout =1 ; StepAPI={0}" },
	    "driver={SQLite3} ; Timeout =1 ; StepAPI={0};NoCreat=1",
	    "SQLite ODBC" },
	/* A key is no part of a value. */
	{ { .connection = "DSN=plain;Database={a;StepAPI=0;}};Timeout=2}" },
	    "DSN=plain;Database={a;StepAPI=0;}};Timeout=2};"
	    "StepAPI=1;NoCreat=1;Timeout=5000",
	    "SQLite ODBC" },
	{ { .connection = "" }, "", "" },
	{ { .connection = ";;" }, ";;", "" },
	{ { .connection = "Driver=/a/libmaodbc.so", .user = "u" },
	    "Driver=/a/libmaodbc.so;charset=utf8mb4;UID=u",
	    "MariaDB Connector/ODBC" },
	/* The login timeout, in whole seconds, where it goes so. */
	{ { .dsn = "maria", .login_timeout_ms = 30000 },
	    "DSN=maria;charset=utf8mb4;CONN_TIMEOUT=30",
	    "MariaDB Connector/ODBC" },
	{ { .dsn = "maria", .login_timeout_ms = 1 },
	    "DSN=maria;charset=utf8mb4;CONN_TIMEOUT=1",
	    "MariaDB Connector/ODBC" },
	{ { .connection = "Driver=Maria;conn_timeout=5",
	      .login_timeout_ms = 30000 },
	    "Driver=Maria;conn_timeout=5;charset=utf8mb4",
	    "MariaDB Connector/ODBC" },
	{ { .dsn = "strange", .login_timeout_ms = 30000 }, "DSN=strange", "" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_INIT(CONNECT_MAX);
		const struct quirk *quirk = NULL;
		struct err e = ERR_INIT;

		OK(connect_build(&out, &cases[i].options, &quirk, &e), &e);
		assert_string_equal(buf_text(&out), cases[i].wanted);
		assert_string_equal(quirk->name, cases[i].driver);
		buf_release(&out);
	}
}

static void
check_password(const char *password, const char *wanted)
{
	struct session_options o = { .dsn = "strange", .password = password };
	struct buf out = BUF_INIT(CONNECT_MAX);
	const struct quirk *quirk;
	struct err e = ERR_INIT;
	char whole[256];

	OK(connect_build(&out, &o, &quirk, &e), &e);
	(void)snprintf(whole, sizeof(whole), "DSN=strange;PWD=%s", wanted);
	assert_string_equal(buf_text(&out), whole);
	buf_release(&out);
}

/* ODBC 3.8, SQLDriverConnect: these characters stand in braces. */
static void
test_braces(void **state)
{
	static const char special[] = "[]{(),;?*=!@";

	(void)state;
	check_password("plain-1.2_3#$%&'\"", "plain-1.2_3#$%&'\"");
	check_password("", "");
	check_password("a;b", "{a;b}");
	check_password("a}b", "{a}}b}");
	check_password("}}", "{}}}}}");
	check_password(" a", "{ a}");
	check_password("a ", "{a }");
	check_password("a b", "a b");
	for (const char *c = special; *c != '\0'; c++) {
		char password[4] = { 'x', *c, 'y', '\0' };
		char wanted[8];

		(void)snprintf(wanted, sizeof(wanted), "{x%cy}", *c);
		check_password(password, wanted);
	}
}

static void
test_too_long(void **state)
{
	static char big[CONNECT_MAX + 10];
	struct session_options o = { .connection = big };
	struct buf out = BUF_INIT(CONNECT_MAX);
	const struct quirk *quirk;
	struct err e = ERR_INIT;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	FAILS(
	    connect_build(&out, &o, &quirk, &e), &e, ERR_INTERNAL, "more than");
	/* A key and a value of any length are read past, not over. */
	(void)memcpy(big, "DSN=plain;k=", 12);
	big[40000] = ';';
	(void)memcpy(big + 40001, "Timeout=3", 10);
	OK(connect_build(&out, &o, &quirk, &e), &e);
	assert_string_equal(quirk->name, "SQLite ODBC");
	assert_string_equal(
	    buf_text(&out) + 40001, "Timeout=3;StepAPI=1;NoCreat=1");
	buf_release(&out);
}

static void
test_quirks(void **state)
{
	static const char *const rows[][2] = {
		{ "psqlodbcw.so", "psqlODBC" },
		{ "/usr/lib/x86_64-linux-gnu/odbc/psqlodbca.so", "psqlODBC" },
		{ "/usr/lib/odbc/libmaodbc.so", "MariaDB Connector/ODBC" },
		{ "LIBSQLITE3ODBC.SO", "SQLite ODBC" },
		{ "/opt/virtodbcu_r.so", "Virtuoso" },
		{ "libtdsodbc.so.0", "FreeTDS" },
		{ "libsqlite.so", "" },
		/* The file tells, not the directory. */
		{ "/opt/psqlodbc/libmaodbc.so", "MariaDB Connector/ODBC" },
		{ "/opt/psqlodbc/libother.so", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct quirk *q = quirk_find(rows[i][0]);

		assert_non_null(q);
		assert_string_equal(q->name, rows[i][1]);
		/* Lists may be walked without asking. */
		assert_non_null(q->add);
		assert_non_null(q->environment);
		assert_ptr_equal(quirk_find(rows[i][0]), q);
		for (size_t k = 0; q->add[k] != NULL; k++)
			assert_non_null(strchr(q->add[k], '='));
		for (size_t k = 0; q->environment[k] != NULL; k++)
			assert_non_null(strchr(q->environment[k], '='));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_braces),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_quirks),
	};

	return cmocka_run_group_tests_name("connect", tests, setup, teardown);
}
