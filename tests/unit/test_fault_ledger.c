/*
 * test_fault_ledger.c - whatever fails, the ledger holds what it was told
 *
 * What is done with each scenario: fault.h.
 */
#include "unit.h"

#include <limits.h>
#include <sqlite3.h>

#include "base/file.h"
#include "base/log.h"
#include "fault.h"
#include "state/ledger.h"
#include "state/outbox.h"

static char dir[64];

static const char *
path_of(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, 256, "%s/%s", dir, name);
	return path;
}

static const struct run_key old_key = { "daily", "prod", "2026-11-23", "" };
static const struct run_key new_key = { "daily", "prod", "2026-11-24", "" };

enum {
	STEP_OPEN,
	STEP_RUN,
	STEP_STATEMENT,
	STEP_FILE,
	STEP_BEGIN,
	STEP_END,
	STEP_SHIPPED,
	STEPS
};

static unsigned steps; /* how many were told to be done */

static int
record(struct ledger *l, const struct run_key *key, struct err *e)
{
	struct run_start start = { .key = *key, .dsn = "w", .host = "h" };
	struct run_statement st = {
		.index = 1, .source = "a.sql", .word = "SELECT"
	};
	struct run_file f = { .name = "a.csv",
		.path = "/a.csv",
		.rows = 1,
		.bytes = 2,
		.sha256 = "ab",
		.columns = "[]" };
	struct run_delivery d = { .target = "partner", .state = "sending" };
	struct run_end end = { "shipped", 0, 1, 2, NULL };
	int64_t run = 0, delivery = 0;

	steps = STEP_RUN;
	if (ledger_begin_run(l, &start, &run, e) < 0)
		return -1;
	steps++;
	if (ledger_put_statement(l, run, &st, e) < 0)
		return -1;
	steps++;
	if (ledger_put_files(l, run, &f, 1, e) < 0)
		return -1;
	steps++;
	if (outbox_begin(l, f.id, &d, &delivery, e) < 0)
		return -1;
	steps++;
	d.state = "delivered";
	if (outbox_end(l, delivery, &d, e) < 0)
		return -1;
	steps++;
	if (ledger_end_run(l, run, &end, e) < 0)
		return -1;
	steps++;
	return 0;
}

static void
prepare_ledger(void)
{
	struct ledger *l;
	struct err e = ERR_INIT;

	OK(file_remove_tree(path_of("ledger"), &e), &e);
	assert_int_equal(mkdir(path_of("ledger"), 0700), 0);
	OK(ledger_open(&l, path_of("ledger"), &e), &e);
	OK(record(l, &old_key, &e), &e);
	ledger_free(l);
}

static void
prepare_no_ledger(void)
{
	struct err e = ERR_INIT;

	OK(file_remove_tree(path_of("ledger"), &e), &e);
	assert_int_equal(mkdir(path_of("ledger"), 0700), 0);
}

static int
run_ledger(struct err *e)
{
	struct ledger *l = NULL;
	int rc;

	steps = STEP_OPEN;
	if (ledger_open(&l, path_of("ledger"), e) < 0)
		return -1;
	rc = record(l, &new_key, e);
	ledger_free(l);
	return rc;
}

/* The first value that a query gives, as a number. */
static int
ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *q;
	int n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_int(q, 0);
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	return n;
}

static void
check_rows(void)
{
	sqlite3 *db;
	int rows;

	assert_int_equal(
	    sqlite3_open(path_of("ledger/ledger.db"), &db), SQLITE_OK);
	assert_int_equal(ask(db,
			     "SELECT integrity_check = 'ok' FROM"
			     " pragma_integrity_check"),
	    1);
	assert_int_equal(ask(db,
			     "SELECT count(*) FROM"
			     " pragma_foreign_key_check"),
	    0);
	/* A step is there when it was told, and may be when it failed. */
	rows = ask(db, "SELECT count(*) FROM run WHERE date = '2026-11-24'");
	assert_true(rows == (steps > STEP_RUN) || steps <= STEP_RUN);
	rows = ask(db,
	    "SELECT count(*) FROM statement WHERE run IN (SELECT"
	    " id FROM run WHERE date = '2026-11-24')");
	assert_true(
	    rows == (steps > STEP_STATEMENT) || steps == STEP_STATEMENT);
	rows = ask(db,
	    "SELECT count(*) FROM file WHERE run IN (SELECT id"
	    " FROM run WHERE date = '2026-11-24')");
	assert_true(rows == (steps > STEP_FILE) || steps == STEP_FILE);
	rows = ask(db,
	    "SELECT count(*) FROM delivery WHERE state ="
	    " 'delivered' AND file IN (SELECT file.id FROM file JOIN run"
	    " ON run.id = file.run WHERE date = '2026-11-24')");
	assert_true(rows == (steps > STEP_END) || steps == STEP_END);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
check_new_ledger(bool worked)
{
	struct ledger *l;
	struct err e = ERR_INIT;
	int64_t run = 0;
	int found;

	OK(ledger_open(&l, path_of("ledger"), &e), &e);
	found = ledger_find_shipped(l, &new_key, &run, &e);
	assert_true(found == worked || steps == STEP_SHIPPED);
	ledger_free(l);
	check_rows();
}

static void
check_ledger(bool worked)
{
	struct ledger *l;
	struct err e = ERR_INIT;
	int64_t run = 0;

	check_new_ledger(worked);
	OK(ledger_open(&l, path_of("ledger"), &e), &e);
	assert_int_equal(ledger_find_shipped(l, &old_key, &run, &e), 1);
	ledger_free(l);
}

static void
test_ledger(void **state)
{
	const struct fault_scenario s = { prepare_ledger, run_ledger,
		check_ledger, 0, 0 };

	(void)state;
	fault_run(&s);
}

static void
test_new_ledger(void **state)
{
	const struct fault_scenario s = { prepare_no_ledger, run_ledger,
		check_new_ledger, 0, 0 };

	(void)state;
	fault_run(&s);
}

static int
see_run(void *arg, const struct run_row *row, struct err *e)
{
	unsigned *n = arg;

	(void)e;
	(*n)++;
	assert_string_equal(row->job, "daily");
	assert_string_equal(row->date, "2026-11-23");
	assert_string_equal(row->state, "shipped");
	return 0;
}

static int
see_statement(void *arg, const struct run_statement *s, struct err *e)
{
	unsigned *n = arg;

	(void)e;
	(*n)++;
	assert_string_equal(s->source, "a.sql");
	assert_string_equal(s->word, "SELECT");
	return 0;
}

static int
see_file(void *arg, const struct run_file *f, struct err *e)
{
	unsigned *n = arg;

	(void)e;
	(*n)++;
	assert_string_equal(f->path, "/a.csv");
	assert_string_equal(f->sha256, "ab");
	return 0;
}

static int
see_delivery(void *arg, const struct run_delivery *d, struct err *e)
{
	unsigned *n = arg;

	(void)e;
	(*n)++;
	assert_string_equal(d->target, "partner");
	assert_string_equal(d->state, "delivered");
	return 0;
}

static int
run_reading(struct err *e)
{
	struct run_filter filter = { .job = "daily" };
	struct ledger *l = NULL;
	unsigned n = 0;
	int64_t run = 0;
	int rc = -1;
	int found;

	if (ledger_open(&l, path_of("ledger"), e) < 0)
		return -1;
	found = ledger_find_shipped(l, &old_key, &run, e);
	if (found < 0)
		goto out;
	/* An answer that is wrong would ship a file twice. */
	assert_int_equal(found, 1);
	if (ledger_each_run(l, &filter, see_run, &n, e) < 0 ||
	    ledger_each_statement(l, run, see_statement, &n, e) < 0 ||
	    ledger_each_file(l, run, see_file, &n, e) < 0 ||
	    ledger_each_delivery(l, run, see_delivery, &n, e) < 0)
		goto out;
	/* A list that ends early says so. */
	assert_int_equal(n, 4);
	found = ledger_close_lost(l, &old_key, e);
	if (found < 0)
		goto out;
	assert_int_equal(found, 0);
	rc = 0;
out:
	ledger_free(l);
	return rc;
}

static void
test_reading_the_ledger(void **state)
{
	const struct fault_scenario s = { NULL, run_reading, NULL, 0, 0 };

	(void)state;
	prepare_ledger();
	fault_run(&s);
}

/* Each step is on the disk before it is told to be done. */
static void
test_durable(void **state)
{
	struct ledger *l;
	struct err e = ERR_INIT;
	unsigned before;

	(void)state;
	prepare_ledger();
	OK(ledger_open(&l, path_of("ledger"), &e), &e);
	fault_begin(FAULT_SYNC, UINT_MAX, FAULT_ONCE);
	OK(record(l, &new_key, &e), &e);
	before = fault_seen();
	(void)fault_end();
	assert_true(before >= STEP_SHIPPED - STEP_OPEN);
	ledger_free(l);
}

static int
setup(void **state)
{
	(void)state;
	fault_make_directory(dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return fault_remove_directory(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ledger),
		cmocka_unit_test(test_new_ledger),
		cmocka_unit_test(test_reading_the_ledger),
		cmocka_unit_test(test_durable),
	};

	fault_set_up();
	return cmocka_run_group_tests_name(
	    "fault_ledger", tests, setup, teardown);
}
