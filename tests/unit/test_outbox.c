/*
 * test_outbox.c - which file is owed to which target
 */
#include "unit.h"

#include "base/file.h"
#include "state/ledger.h"
#include "state/outbox.h"

static char dir[64];
static struct ledger *ledger;

static const struct run_key day_one = { "daily", "prod", "2026-11-01", "" };
static const struct run_key day_two = { "daily", "prod", "2026-11-02", "" };
static const struct run_key other = { "daily", "dev", "2026-11-01", "" };

/* A ledger for each test. */
static int
setup(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	make_directory(dir);
	return ledger_open(&ledger, dir, &e);
}

static int
teardown(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	ledger_free(ledger);
	return file_remove_tree(dir, &e);
}

/* A run with two files, and one that is skipped; the number of its first. */
static int64_t
record(const struct run_key *key, int64_t *file)
{
	const struct run_start start = { .key = *key, .dsn = "w", .host = "h" };
	struct run_file f[] = {
		{ .name = "a.csv", .path = "/a", .kind = "data" },
		{ .name = "b.csv", .kind = "data", .skipped = true },
		{ .name = "c.done", .path = "/c", .kind = "done" },
	};
	struct err e = ERR_INIT;
	int64_t run = 0;

	OK(ledger_begin_run(ledger, &start, &run, &e), &e);
	OK(ledger_put_files(ledger, run, f, 3, &e), &e);
	if (file != NULL)
		*file = f[0].id;
	return run;
}

static int64_t
owe(const struct run_key *key, int64_t *file)
{
	static const char *const targets[] = { "north", "south" };
	struct err e = ERR_INIT;
	int64_t run = record(key, file);

	OK(outbox_order(ledger, run, targets, 2, &e), &e);
	return run;
}

/* An attempt, from its beginning to its end; the number of its row. */
static int64_t
try(int64_t file, const char *target, const char *state)
{
	struct run_delivery d = { .target = target,
		.name = "a.csv",
		.state = "sending",
		.stage = "nothing",
		.attempts = 1 };
	struct err e = ERR_INIT;
	int64_t row = 0;

	OK(outbox_begin(ledger, file, &d, &row, &e), &e);
	d.state = state;
	OK(outbox_end(ledger, row, &d, &e), &e);
	return row;
}

static int
put_run(void *arg, const struct outbox_run *run, struct err *e)
{
	char *text = arg;
	size_t used = strlen(text);

	(void)e;
	(void)snprintf(text + used, 256 - used, "%lld %s;", (long long)run->run,
	    run->date);
	return 0;
}

static int
put_delivery(void *arg, const struct run_delivery *d, struct err *e)
{
	char *text = arg;
	size_t used = strlen(text);

	(void)e;
	(void)snprintf(text + used, 256 - used, "%s %s %s %s;", d->name,
	    d->target, d->state, d->stage);
	return 0;
}

static int
put_decision(void *arg, int64_t at_ms, const char *text, struct err *e)
{
	char *all = arg;
	size_t used = strlen(all);

	(void)e;
	assert_true(at_ms > 0);
	(void)snprintf(all + used, 256 - used, "%s;", text);
	return 0;
}

static int
stop(void *arg, const struct outbox_run *run, struct err *e)
{
	unsigned *n = arg;

	(void)run;
	(*n)++;
	return err_set(e, ERR_INTERNAL, "enough");
}

/* The runs that owe are these. */
static void
owing(const struct run_key *key, const char *wanted)
{
	char text[256] = "";
	struct err e = ERR_INIT;

	OK(outbox_each_run(ledger, key, put_run, text, &e), &e);
	assert_string_equal(text, wanted);
}

/* How deliveries of a run stand. */
static void
standing(int64_t run, const char *wanted)
{
	char text[256] = "";
	struct err e = ERR_INIT;

	OK(outbox_each_delivery(ledger, run, put_delivery, text, &e), &e);
	assert_string_equal(text, wanted);
}

static void
counted(unsigned deliveries, unsigned runs, unsigned unknown, int64_t first)
{
	struct outbox_sum sum;
	struct err e = ERR_INIT;

	OK(outbox_count(ledger, &day_two, &sum, &e), &e);
	assert_int_equal(sum.deliveries, deliveries);
	assert_int_equal(sum.runs, runs);
	assert_int_equal(sum.unknown, unknown);
	assert_int_equal(sum.first, first);
}

static void
test_orders(void **state)
{
	struct err e = ERR_INIT;
	unsigned n = 0;
	int64_t first, second;

	(void)state;
	owing(&day_one, "");
	counted(0, 0, 0, 0);
	(void)record(&day_one, NULL); /* held: nothing is ordered */
	first = owe(&day_one, NULL);
	(void)owe(&other, NULL);
	second = owe(&day_two, NULL);
	assert_true(first == 2 && second == 4);
	owing(&day_two, "2 2026-11-01;4 2026-11-02;");
	owing(&other, "3 2026-11-01;");
	standing(first,
	    "a.csv north pending nothing;a.csv south pending nothing;"
	    "c.done north pending nothing;c.done south pending nothing;");
	counted(8, 2, 0, first);
	FAILS(outbox_each_run(ledger, &day_two, stop, &n, &e), &e, ERR_INTERNAL,
	    "enough");
	assert_int_equal(n, 1);
}

static void
test_last_row_counts(void **state)
{
	int64_t file = 0, run = owe(&day_one, &file), ordered, again;

	(void)state;
	ordered = try(file, "north", "failed");
	standing(run,
	    "a.csv north failed nothing;a.csv south pending nothing;"
	    "c.done north pending nothing;c.done south pending nothing;");
	again = try(file, "north", "delivered");
	assert_true(again > ordered); /* an attempt is a row of its own */
	counted(3, 1, 0, run);
	(void)try(file, "south", "unknown");
	counted(2, 1, 1, run);
	(void)try(file, "north", "failed"); /* sent again by hand */
	counted(3, 1, 1, run);
}

static void
test_first_attempt_takes_the_order(void **state)
{
	struct run_delivery d = {
		.target = "north", .name = "a.csv", .state = "sending"
	};
	struct err e = ERR_INIT;
	int64_t file = 0, run = owe(&day_one, &file), row = 0, after = 0;

	(void)state;
	OK(outbox_begin(ledger, file, &d, &row, &e), &e);
	assert_true(row > 0 && row <= 4); /* one of those ordered */
	OK(outbox_step(ledger, row, "renaming", &e), &e);
	standing(run,
	    "a.csv north sending renaming;a.csv south pending nothing;"
	    "c.done north pending nothing;c.done south pending nothing;");
	counted(4, 1, 0, run);
	/* Its process was killed: the next attempt is another row. */
	OK(outbox_begin(ledger, file, &d, &after, &e), &e);
	assert_true(after > 4);
	counted(4, 1, 0, run);
}

static void
test_close(void **state)
{
	struct err e = ERR_INIT;
	int64_t file = 0, run = owe(&day_one, &file);

	(void)state;
	assert_int_equal(outbox_is_done(ledger, run, &e), 0);
	(void)try(file, "north", "delivered");
	(void)try(file, "south", "unknown");
	assert_int_equal(outbox_close(ledger, run, "south", "dropped", &e), 2);
	standing(run,
	    "a.csv north delivered nothing;a.csv south dropped nothing;"
	    "c.done north pending nothing;c.done south dropped nothing;");
	assert_int_equal(outbox_is_done(ledger, run, &e), 0);
	assert_int_equal(outbox_close(ledger, run, NULL, "expired", &e), 1);
	assert_int_equal(outbox_close(ledger, run, NULL, "dropped", &e), 0);
	standing(run,
	    "a.csv north delivered nothing;a.csv south dropped nothing;"
	    "c.done north expired nothing;c.done south dropped nothing;");
	assert_int_equal(outbox_is_done(ledger, run, &e), 1);
	owing(&day_one, "");
}

static void
test_supersede(void **state)
{
	struct err e = ERR_INIT;
	int64_t old = owe(&day_one, NULL), next, new;

	(void)state;
	next = owe(&day_two, NULL);
	(void)owe(&other, NULL);
	new = owe(&day_one, NULL);
	OK(outbox_supersede(ledger, new, &e), &e);
	owing(&day_one, "2 2026-11-02;4 2026-11-01;"); /* not itself */
	owing(&other, "3 2026-11-01;");
	assert_int_equal(outbox_is_done(ledger, old, &e), 1);
	assert_int_equal(outbox_is_done(ledger, next, &e), 0);
	standing(old,
	    "a.csv north superseded nothing;a.csv south superseded nothing;"
	    "c.done north superseded nothing;c.done south superseded nothing;");
}

static void
test_unknown(void **state)
{
	struct err e = ERR_INIT;
	char target[256] = "";
	int64_t file = 0, run = owe(&day_one, &file), found = 0;

	(void)state;
	assert_int_equal(
	    outbox_find_unknown(ledger, &day_one, &found, target, &e), 0);
	(void)try(file, "south", "unknown");
	assert_int_equal(
	    outbox_find_unknown(ledger, &day_two, &found, target, &e), 0);
	assert_int_equal(
	    outbox_find_unknown(ledger, &day_one, &found, target, &e), 1);
	assert_int_equal(found, run);
	assert_string_equal(target, "south");
	assert_int_equal(outbox_is_done(ledger, run, &e), 0);
	(void)try(file, "south", "delivered");
	assert_int_equal(
	    outbox_find_unknown(ledger, &day_one, &found, target, &e), 0);
}

static void
test_decisions(void **state)
{
	struct err e = ERR_INIT;
	char text[256] = "";
	int64_t run = owe(&day_one, NULL);

	(void)state;
	OK(outbox_decide(ledger, run, "ann on db1", "sent it", &e), &e);
	OK(outbox_decide(ledger, run, "bob on db1", "gave it up", &e), &e);
	OK(outbox_each_decision(ledger, run, put_decision, text, &e), &e);
	assert_string_equal(
	    text, "ann on db1: sent it;bob on db1: gave it up;");
	text[0] = '\0';
	OK(outbox_each_decision(ledger, run + 1, put_decision, text, &e), &e);
	assert_string_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_orders, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_last_row_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_first_attempt_takes_the_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_supersede, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_decisions, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
