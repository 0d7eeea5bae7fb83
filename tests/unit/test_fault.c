/*
 * test_fault.c - whatever fails, no wrong file, no leak, no silence
 *
 * What is done with each scenario: fault.h. The ledger: test_fault_ledger.c.
 */
#include "unit.h"

#include <fcntl.h>
#include <limits.h>

#include "base/child.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/redact.h"
#include "fault.h"
#include "job/plan.h"
#include "job/wire.h"
#include "sink/spool.h"
#include "spec/spec.h"
#include "sql/script.h"
#include "state/dirs.h"
#include "state/lock.h"

enum { PIECE = 100 * 1000, WIRE_BYTES = 30000 };

static char dir[64];
static char piece[PIECE];

static const char *
path_of(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, 256, "%s/%s", dir, name);
	return path;
}

/* The spool: the old file, none, or the whole new one. */

static struct spool_receipt receipt;

static void
prepare_spool(void)
{
	write_file(path_of("spool/out.csv"), "old", 3, 0600);
}

static int
run_spool(struct err *e)
{
	struct spool *s = NULL;
	int rc = -1;

	if (spool_open(&s, path_of("spool"), "out.csv", e) < 0)
		return -1;
	if (out_write(spool_out(s), piece, PIECE, e) == 0 &&
	    out_write(spool_out(s), "end", 3, e) == 0)
		rc = spool_commit(s, &receipt, e);
	spool_free(s);
	return rc;
}

static void
check_spool(bool worked)
{
	struct buf b = BUF_INIT(1024 * 1024);
	struct err e = ERR_INIT;
	char hash[HASH_TEXT];

	/* No temporary file stays. */
	assert_true(fault_count_entries(path_of("spool")) <= 1);
	if (file_read(&b, path_of("spool/out.csv"), FILE_ANY, &e) < 0) {
		assert_false(worked);
		return;
	}
	if (!worked) {
		assert_string_equal(buf_text(&b), "old");
	} else {
		assert_int_equal(b.length, PIECE + 3);
		assert_memory_equal(b.data, piece, PIECE);
		assert_memory_equal(b.data + PIECE, "end", 3);
		assert_int_equal(receipt.bytes, PIECE + 3);
		OK(hash_file(path_of("spool/out.csv"), hash, &e), &e);
		assert_string_equal(receipt.sha256, hash);
	}
	buf_release(&b);
}

static void
test_spool(void **state)
{
	const struct fault_scenario s = { prepare_spool, run_spool, check_spool,
		FAULT_BIT(FAULT_WRITE) | FAULT_BIT(FAULT_SYNC) |
		    FAULT_BIT(FAULT_RENAME) | FAULT_BIT(FAULT_OPEN),
		0 };

	(void)state;
	assert_int_equal(mkdir(path_of("spool"), 0700), 0);
	fault_run(&s);
}

/* The file first, then its name in the directory. */
static void
test_spool_is_durable(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	prepare_spool();
	fault_begin(FAULT_SYNC, UINT_MAX, FAULT_ONCE);
	OK(run_spool(&e), &e);
	(void)fault_end();
	assert_int_equal(fault_seen(), 2);
	check_spool(true);
}

/* Small files and directories. */

static void
prepare_files(void)
{
	struct err e = ERR_INIT;

	OK(file_remove_tree(path_of("tree"), &e), &e);
	OK(file_make_dirs(path_of("tree/a/b"), 0700, &e), &e);
	write_file(path_of("tree/a/b/f"), piece, PIECE, 0600);
}

static int
run_files(struct err *e)
{
	struct buf b = BUF_INIT(1024 * 1024);
	char hash[HASH_TEXT];
	char *path = NULL, *parent = NULL;
	int rc = -1;

	path = file_join(path_of("tree/a/b"), "f", e);
	if (path == NULL)
		goto out;
	parent = file_dir(path, e);
	if (parent == NULL || file_read(&b, path, FILE_SECRET, e) < 0)
		goto out;
	if (b.length != PIECE || memcmp(b.data, piece, PIECE) != 0)
		fail_msg("%s: read wrongly", path);
	if (hash_file(path, hash, e) < 0 || file_sync_dir(parent, e) < 0 ||
	    file_make_dirs(path_of("tree/c/d/e"), 0700, e) < 0)
		goto out;
	rc = file_remove_tree(path_of("tree"), e);
out:
	free(path);
	free(parent);
	buf_release(&b);
	return rc;
}

static void
check_files(bool worked)
{
	assert_int_equal(access(path_of("tree"), F_OK), worked ? -1 : 0);
}

static void
test_files(void **state)
{
	const struct fault_scenario s = { prepare_files, run_files, check_files,
		FAULT_BIT(FAULT_SYNC) | FAULT_BIT(FAULT_OPEN) |
		    FAULT_BIT(FAULT_READ) | FAULT_BIT(FAULT_MKDIR),
		0 };

	(void)state;
	fault_run(&s);
}

/* Directories and the lock. */

static void
prepare_state(void)
{
	struct err e = ERR_INIT;

	OK(file_remove_tree(path_of("state"), &e), &e);
}

static int
run_state(struct err *e)
{
	const char *state = path_of("state");
	char *key = NULL, *locks = NULL, *spool = NULL;
	struct lock *lock = NULL, *other = NULL;
	struct err second = ERR_INIT;
	int rc = -1;

	key = dirs_key("daily", "prod", e);
	if (key == NULL || dirs_make(state, e) < 0)
		goto out;
	locks = dirs_lock(state, e);
	if (locks == NULL || lock_take(&lock, locks, key, 0, e) < 0)
		goto out;
	lock_describe(lock, 7);
	/* Whatever failed before: a lock that is held is held. */
	assert_int_equal(lock_take(&other, locks, key, 0, &second), -1);
	assert_null(other);
	spool = dirs_make_spool(state, key, 7, e);
	rc = spool != NULL ? 0 : -1;
out:
	lock_free(lock);
	free(key);
	free(locks);
	free(spool);
	return rc;
}

static void
check_state(bool worked)
{
	struct stat st;

	if (!worked)
		return;
	assert_int_equal(stat(path_of("state/spool/daily.prod/7"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void
test_state(void **state)
{
	const struct fault_scenario s = { prepare_state, run_state, check_state,
		FAULT_BIT(FAULT_MKDIR), 0 };

	(void)state;
	fault_run(&s);
}

/* Texts: buffers, JSON, redaction. */

static int
put_json(struct buf *b, struct err *e)
{
	struct json j;

	json_init(&j, b);
	json_begin_object(&j, NULL);
	json_string(&j, "text", "the secret is hunter2hunter2, PWD=a");
	json_begin_array(&j, "list");
	for (int64_t i = 0; i < 200; i++)
		json_integer(&j, NULL, i);
	json_end(&j);
	json_end(&j);
	return json_finish(&j, e);
}

static int
run_texts(struct err *e)
{
	struct buf b = BUF_INIT(100000);
	int rc = -1;

	if (redact_add("hunter2hunter2", e) < 0 || redact_add("p@ss", e) < 0)
		goto out;
	if (put_json(&b, e) < 0)
		goto out;
	assert_int_equal(strncmp(buf_text(&b),
			     "{\"text\":\"the secret is ***, PWD=***\","
			     "\"list\":[0,1,2,",
			     48),
	    0);
	assert_string_equal(b.data + b.length - 10, ",198,199]}");
	rc = 0;
out:
	buf_release(&b);
	redact_release();
	return rc;
}

static void
test_texts(void **state)
{
	const struct fault_scenario s = { NULL, run_texts, NULL,
		FAULT_BIT(FAULT_MEMORY), 0 };

	(void)state;
	fault_run(&s);
}

/* A program that is run; its output whole or not at all. */
static int
run_child(struct err *e)
{
	static const char *const argv[] = { "printf", "hunter2", NULL };
	struct buf out = BUF_INIT(10000);
	int rc = child_output(argv, 60000, &out, e);

	if (rc == 0)
		assert_string_equal(buf_text(&out), "hunter2");
	buf_release(&out);
	return rc;
}

static void
test_child(void **state)
{
	const struct fault_scenario s = { NULL, run_child, NULL,
		FAULT_BIT(FAULT_READ), 0 };

	(void)state;
	fault_run(&s);
}

/* The pipe from the worker. */
static int
run_wire(struct err *e)
{
	struct wire wire;
	struct wire_message m;
	int ends[2];
	int rc = -1, got = 0;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	wire_init(&wire, ends[0]);
	if (wire_send(ends[1], WIRE_COLUMNS, piece, WIRE_BYTES, e) < 0 ||
	    wire_send(ends[1], WIRE_DONE, NULL, 0, e) < 0)
		goto out;
	while (got == 0) {
		if (wire_read(&wire, e) < 0)
			goto out;
		got = wire_next(&wire, &m, e);
	}
	assert_int_equal(got, 1);
	assert_int_equal(m.type, WIRE_COLUMNS);
	assert_int_equal(m.length, WIRE_BYTES);
	assert_memory_equal(m.data, piece, WIRE_BYTES);
	rc = 0;
out:
	wire_release(&wire);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return rc;
}

static void
test_wire(void **state)
{
	const struct fault_scenario s = { NULL, run_wire, NULL,
		FAULT_BIT(FAULT_READ) | FAULT_BIT(FAULT_WRITE), 0 };

	(void)state;
	fault_run(&s);
}

/* A job spec, read and planned; the batch split. */

static void
prepare_job(void)
{
	static const char spec[] =
	    "description = \"d\";\n"
	    "source: { dsn = \"w\"; password = { file = \"secret\"; };\n"
	    "  sql_file = \"a.sql\"; dialect = \"postgresql\";\n"
	    "  params = { day = \"{date:%Y-%m-%d}\"; n = \"2\"; }; };\n"
	    "file: { name = \"a-{date:%Y%m%d}.csv\"; };\n"
	    "targets = ( { name = \"here\"; url = \"file:///out/\"; },\n"
	    "  { name = \"there\"; url = \"ftp://h/{job}/\"; user = \"u\";\n"
	    "    password = { file = \"secret\"; }; ca_file = \"ca\"; } );\n";
	static const char sql[] = "CREATE TEMP TABLE t AS SELECT 1 AS a;\n"
				  "-- name: x\nSELECT :n, :day, 'a;b' FROM t\n";

	write_file(path_of("job.cfg"), spec, sizeof(spec) - 1, 0600);
	write_file(path_of("a.sql"), sql, sizeof(sql) - 1, 0600);
	write_file(path_of("secret"), "hunter2hunter2\n", 15, 0600);
}

static void
check_plan(struct plan *p, struct script *s)
{
	assert_string_equal(p->files[0].name, "a-20261124.csv");
	assert_int_equal(p->n_targets, 2);
	assert_string_equal(p->targets[1].target.url, "ftp://h/job/");
	assert_string_equal(p->targets[1].temporary, "a-20261124.csv.part");
	assert_string_equal(p->targets[1].target.password, "hunter2hunter2");
	assert_string_equal(p->password, "hunter2hunter2");
	assert_int_equal(p->n_params, 2);
	assert_string_equal(p->params[0].value, "2026-11-24");
	assert_string_equal(p->params[1].name, "n");
	assert_int_equal(s->n, 2);
}

static int
run_job(struct err *e)
{
	const struct spec_request request = { .job = path_of("job.cfg") };
	const struct plan_options options = {
		.date = "2026-11-24", .with_secrets = true, .with_targets = true
	};
	struct problems problems = PROBLEMS_INIT;
	struct script script = SCRIPT_INIT;
	struct spec *spec = NULL;
	struct plan *plan = NULL;
	int rc = -1;

	if (spec_load(&spec, &request, &problems, e) < 0 ||
	    plan_build(&plan, spec, &options, &problems, e) < 0)
		goto out;
	if (plan_name_run(plan, 7, e) < 0 ||
	    plan_split(plan, NULL, &script, e) < 0)
		goto out;
	check_plan(plan, &script);
	rc = 0;
out:
	script_release(&script);
	plan_free(plan);
	spec_free(spec);
	problems_release(&problems);
	redact_release();
	return rc;
}

static void
test_job(void **state)
{
	const struct fault_scenario s = { prepare_job, run_job, NULL,
		FAULT_BIT(FAULT_READ) | FAULT_BIT(FAULT_OPEN), 0 };

	(void)state;
	fault_run(&s);
}

static int
setup(void **state)
{
	(void)state;
	fault_make_directory(dir);
	for (size_t i = 0; i < PIECE; i++)
		piece[i] = (char)(' ' + i % 90);
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
		cmocka_unit_test(test_spool),
		cmocka_unit_test(test_spool_is_durable),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_job),
	};

	fault_set_up();
	return cmocka_run_group_tests_name("fault", tests, setup, teardown);
}
