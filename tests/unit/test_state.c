/*
 * test_state.c - directories, the lock, the ledger
 */
#include "unit.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/redact.h"
#include "state/dirs.h"
#include "state/ledger.h"
#include "state/lock.h"
#include "state/outbox.h"

static char dir[64];

static int
setup(void **state)
{
	(void)state;
	make_directory(dir);
	return 0;
}

static int
teardown(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return file_remove_tree(dir, &e);
}

static const struct run_key day_one = { "daily", "prod", "2026-11-24", "" };

static int64_t
begin(struct ledger *l, const struct run_key *key)
{
	struct run_start start = { .key = *key,
		.dsn = "warehouse",
		.user = "me",
		.host = "here",
		.version = "1" };
	struct err e = ERR_INIT;
	int64_t run = 0;

	OK(ledger_begin_run(l, &start, &run, &e), &e);
	assert_true(run > 0);
	return run;
}

static void
end(struct ledger *l, int64_t run, const char *state, const struct err *error)
{
	struct run_end how = { state, error != NULL ? 69 : 0, 7, 70, error };
	struct err e = ERR_INIT;

	OK(ledger_end_run(l, run, &how, &e), &e);
}

/* What a callback saw. */
struct seen {
	unsigned n;
	char text[4][256];
};

static int
see_run(void *arg, const struct run_row *row, struct err *e)
{
	struct seen *seen = arg;

	(void)e;
	if (seen->n < 4)
		(void)snprintf(seen->text[seen->n], 256, "%s %s %s %s %d %s %s",
		    row->job, row->environment, row->date, row->state,
		    row->status, row->class_name, row->message);
	seen->n++;
	return 0;
}

static void
test_a_shipped_day_is_found(void **state)
{
	struct run_key other = { "daily", "prod", "2026-11-25", "" };
	struct ledger *l;
	struct err e = ERR_INIT;
	int64_t first, second, found = 0;

	(void)state;
	OK(ledger_open(&l, dir, &e), &e);
	assert_int_equal(ledger_find_shipped(l, &day_one, &found, &e), 0);
	first = begin(l, &day_one);
	assert_int_equal(ledger_find_shipped(l, &day_one, &found, &e), 0);
	(void)err_set(&e, ERR_DATABASE, "no such table");
	end(l, first, "failed", &e);
	assert_int_equal(ledger_find_shipped(l, &day_one, &found, &e), 0);
	second = begin(l, &day_one);
	end(l, second, "shipped", NULL);
	assert_int_equal(ledger_find_shipped(l, &day_one, &found, &e), 1);
	assert_int_equal(found, second);
	assert_int_equal(ledger_find_shipped(l, &other, &found, &e), 0);
	ledger_free(l);
}

static void
test_runs_are_read_back(void **state)
{
	struct run_filter filter = { .job = "daily", .limit = 2 };
	struct seen seen = { 0, { "" } };
	struct ledger *l;
	struct err e = ERR_INIT;

	(void)state;
	OK(ledger_open(&l, dir, &e), &e);
	OK(ledger_each_run(l, &filter, see_run, &seen, &e), &e);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.text[0], "daily prod 2026-11-24 shipped 0  ");
	assert_string_equal(seen.text[1],
	    "daily prod 2026-11-24 failed 69 database no such table");
	filter.job = "nightly";
	seen.n = 0;
	OK(ledger_each_run(l, &filter, see_run, &seen, &e), &e);
	assert_int_equal(seen.n, 0);
	ledger_free(l);
}

static void
test_a_lost_run_is_closed(void **state)
{
	struct run_key key = { "weekly", "", "2026-11-24", "" };
	struct run_filter filter = { .job = "weekly" };
	struct seen seen = { 0, { "" } };
	struct ledger *l;
	struct err e = ERR_INIT;

	(void)state;
	OK(ledger_open(&l, dir, &e), &e);
	(void)begin(l, &key);
	assert_int_equal(ledger_close_lost(l, &day_one, &e), 0);
	assert_int_equal(ledger_close_lost(l, &key, &e), 1);
	assert_int_equal(ledger_close_lost(l, &key, &e), 0);
	OK(ledger_each_run(l, &filter, see_run, &seen, &e), &e);
	assert_int_equal(seen.n, 1);
	assert_non_null(strstr(seen.text[0], " lost 70 internal "));
	ledger_free(l);
}

static int
see_statement(void *arg, const struct run_statement *s, struct err *e)
{
	struct seen *seen = arg;

	(void)e;
	(void)snprintf(seen->text[seen->n], 256, "%u %s:%u %s %s %lld %s %.80s",
	    s->index, s->source, s->line, s->word,
	    s->name != NULL ? s->name : "-", (long long)s->rows,
	    s->error != NULL ? s->error->state : "",
	    s->error != NULL ? s->error->text : "");
	seen->n++;
	return 0;
}

static int
see_file(void *arg, const struct run_file *f, struct err *e)
{
	struct seen *seen = arg;

	(void)e;
	(void)snprintf(seen->text[seen->n++], 256,
	    "%s %s %llu %llu %s %s %s %d %llu %s", f->name, f->path,
	    (unsigned long long)f->rows, (unsigned long long)f->bytes,
	    f->sha256, f->columns, f->kind, f->skipped,
	    (unsigned long long)f->content_bytes, f->content_sha256);
	return 0;
}

static int
see_delivery(void *arg, const struct run_delivery *d, struct err *e)
{
	struct seen *seen = arg;

	(void)e;
	(void)snprintf(seen->text[seen->n++], 256, "%s %s %s %s %s %llu %.80s",
	    d->target, d->url, d->state, d->stage, d->reply,
	    (unsigned long long)d->bytes,
	    d->error != NULL ? d->error->text : "-");
	return 0;
}

static void
test_details(void **state)
{
	struct run_statement s = { .index = 2,
		.line = 14,
		.source = "a.sql",
		.word = "SELECT",
		.rows = 5,
		.results = 1 };
	struct run_file f[] = { { 0, "a.csv", "/spool/a.csv", 5, 50, "ab12",
				    "[]", 4, 5, 6, "data", false, 70, "cd34" },
		{ .name = "b.csv", .skipped = true } };
	struct run_delivery d = { .target = "partner",
		.url = "ftp://h/",
		.name = "a.csv",
		.state = "sending",
		.stage = "nothing",
		.reply = "",
		.tls = "",
		.verified = "" };
	struct err error = ERR_INIT, e = ERR_INIT;
	struct seen seen = { 0, { "" } };
	struct ledger *l;
	int64_t run, delivery = 0;

	(void)state;
	OK(ledger_open(&l, dir, &e), &e);
	run = begin(l, &day_one);
	(void)err_set(&error, ERR_DATABASE, "no such column");
	(void)snprintf(error.state, sizeof(error.state), "42703");
	OK(ledger_put_statement(l, run, &s, &e), &e);
	s.index = 1;
	s.name = "orders";
	s.error = &error;
	OK(ledger_put_statement(l, run, &s, &e), &e);
	OK(ledger_put_files(l, run, f, 2, &e), &e);
	assert_true(f[0].id > 0 && f[1].id > f[0].id);
	OK(outbox_begin(l, f[0].id, &d, &delivery, &e), &e);
	d.state = "delivered";
	d.stage = "verified";
	d.reply = "213 50";
	d.bytes = 50;
	OK(outbox_end(l, delivery, &d, &e), &e);
	OK(ledger_each_statement(l, run, see_statement, &seen, &e), &e);
	assert_int_equal(seen.n, 2);
	assert_string_equal(
	    seen.text[0], "1 a.sql:14 SELECT orders 5 42703 no such column");
	assert_string_equal(seen.text[1], "2 a.sql:14 SELECT - 5  ");
	seen.n = 0;
	OK(ledger_each_file(l, run, see_file, &seen, &e), &e);
	OK(ledger_each_delivery(l, run, see_delivery, &seen, &e), &e);
	assert_int_equal(seen.n, 3);
	assert_string_equal(
	    seen.text[0], "a.csv /spool/a.csv 5 50 ab12 [] data 0 70 cd34");
	assert_string_equal(seen.text[1], "b.csv  0 0   data 1 0 ");
	assert_string_equal(
	    seen.text[2], "partner ftp://h/ delivered verified 213 50 50 -");
	ledger_free(l);
}

static void
test_secrets_stay_out(void **state)
{
	struct run_key key = { "secret", "", "2026-11-24", "" };
	struct run_filter filter = { .job = "secret" };
	struct seen seen = { 0, { "" } };
	struct err error = ERR_INIT, e = ERR_INIT;
	struct ledger *l;
	int64_t run;

	(void)state;
	OK(redact_add("hunter2hunter2", &e), &e);
	OK(ledger_open(&l, dir, &e), &e);
	run = begin(l, &key);
	(void)err_set(&error, ERR_DATABASE, "login with hunter2hunter2 failed");
	end(l, run, "failed", &error);
	OK(ledger_each_run(l, &filter, see_run, &seen, &e), &e);
	assert_null(strstr(seen.text[0], "hunter2"));
	assert_non_null(strstr(seen.text[0], "login with *** failed"));
	ledger_free(l);
	redact_release();
}

static void
test_a_newer_ledger_is_refused(void **state)
{
	char newer[96], path[128];
	struct ledger *l;
	struct err e = ERR_INIT;
	sqlite3 *db;

	(void)state;
	(void)snprintf(newer, sizeof(newer), "%s/newer", dir);
	assert_int_equal(mkdir(newer, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/ledger.db", newer);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "PRAGMA user_version = 999", NULL, NULL, NULL),
	    SQLITE_OK);
	(void)sqlite3_close(db);
	FAILS(ledger_open(&l, newer, &e), &e, ERR_LOCAL, "newer odbcship");
	assert_true(e.hint[0] != '\0');
}

static void
test_a_damaged_ledger_is_named(void **state)
{
	char path[96], file[128];
	struct ledger *l;
	struct err e = ERR_INIT;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/damaged", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(file, sizeof(file), "%s/ledger.db", path);
	write_file(file, "this is no database, but long enough to be one...",
	    49, 0600);
	FAILS(ledger_open(&l, path, &e), &e, ERR_LOCAL, "not a database");
	assert_non_null(strstr(e.text, file));
	assert_non_null(strstr(e.hint, "damaged"));
}

static void
test_lock(void **state)
{
	struct lock *first, *second;
	struct err e = ERR_INIT;
	char wanted[64];

	(void)state;
	OK(lock_take(&first, dir, "daily.prod", 0, &e), &e);
	lock_describe(first, 42);
	FAILS(lock_take(&second, dir, "daily.prod", 0, &e), &e, ERR_NOT_NOW,
	    "is running already");
	(void)snprintf(
	    wanted, sizeof(wanted), "process %ld (run 42", (long)getpid());
	assert_non_null(strstr(e.text, wanted));
	OK(lock_take(&second, dir, "daily.dev", 0, &e), &e);
	lock_free(second);
	lock_free(first);
	OK(lock_take(&second, dir, "daily.prod", 0, &e), &e);
	lock_free(second);
	lock_free(NULL);
}

/* The lock of a process that is killed is free at once. */
static void
test_lock_of_the_dead(void **state)
{
	struct lock *l;
	struct err e = ERR_INIT;
	int ends[2], status;
	char c;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (lock_take(&l, dir, "dead", 0, &e) < 0)
			_exit(1);
		(void)!write(ends[1], "x", 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_int_equal(lock_take(&l, dir, "dead", 0, &e), -1);
	assert_int_equal(kill(pid, 9), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	e = (struct err)ERR_INIT;
	OK(lock_take(&l, dir, "dead", 0, &e), &e);
	lock_free(l);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
test_lock_waits(void **state)
{
	struct lock *l, *mine;
	struct err e = ERR_INIT;
	uint64_t began;
	int status;
	pid_t pid;

	(void)state;
	OK(lock_take(&mine, dir, "wait", 0, &e), &e);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		clock_sleep_ms(500);
		lock_free(mine);
		_exit(0);
	}
	/* The child holds the same open file: let go of ours. */
	lock_free(mine);
	began = clock_monotonic_ms();
	OK(lock_take(&l, dir, "wait", 10000, &e), &e);
	assert_true(clock_monotonic_ms() - began >= 300);
	lock_free(l);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static int
keep_even(void *arg, int64_t run)
{
	(void)arg;
	return run % 2 == 0;
}

static void
test_dirs(void **state)
{
	char state_dir[96], *path, *odd;
	struct err e = ERR_INIT;
	struct stat st;

	(void)state;
	(void)snprintf(state_dir, sizeof(state_dir), "%s/deep/state", dir);
	OK(dirs_make(state_dir, &e), &e);
	assert_int_equal(stat(state_dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	path = dirs_make_spool(state_dir, "daily.prod", 12, &e);
	odd = dirs_make_spool(state_dir, "daily.prod", 13, &e);
	assert_non_null(path);
	assert_non_null(odd);
	assert_non_null(strstr(path, "/spool/daily.prod/12"));
	dirs_prune_spool(state_dir, "daily.prod", keep_even, NULL);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(odd, &st), -1);
	free(path);
	free(odd);
	assert_null(dirs_key("../x", "", &e));
	assert_int_equal(e.class, ERR_SPEC);
}

static void
test_where_state_is(void **state)
{
	struct err e = ERR_INIT;
	char *path;

	(void)state;
	assert_int_equal(setenv("ODBCSHIP_STATE", "/a", 1), 0);
	path = dirs_state("/b", &e);
	assert_string_equal(path, "/a");
	free(path);
	assert_int_equal(unsetenv("ODBCSHIP_STATE"), 0);
	assert_int_equal(setenv("STATE_DIRECTORY", "/c:/d", 1), 0);
	path = dirs_state("/b", &e);
	assert_string_equal(path, "/b");
	free(path);
	path = dirs_state(NULL, &e);
	assert_string_equal(path, "/c");
	free(path);
	assert_int_equal(unsetenv("STATE_DIRECTORY"), 0);
}

/* The library does not lock connections that stay within one thread. */
static void
test_no_locks(void **state)
{
	struct sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_null(sqlite3_db_mutex(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_shipped_day_is_found),
		cmocka_unit_test(test_runs_are_read_back),
		cmocka_unit_test(test_a_lost_run_is_closed),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_secrets_stay_out),
		cmocka_unit_test(test_a_newer_ledger_is_refused),
		cmocka_unit_test(test_a_damaged_ledger_is_named),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_lock_of_the_dead),
		cmocka_unit_test(test_lock_waits),
		cmocka_unit_test(test_dirs),
		cmocka_unit_test(test_where_state_is),
		cmocka_unit_test(test_no_locks),
	};

	ledger_global_init();
	return cmocka_run_group_tests(tests, setup, teardown);
}
