/*
 * repair.c - a damaged ledger is set aside and begun anew, and that is told
 *
 * What is damaged is kept under a name that says when, for `sqlite3 FILE
 * .recover`. Nothing is read out of it here: half of what was shipped would be
 * as wrong as nothing of it.
 */
#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "state/db.h"
#include "state/dirs.h"
#include "state/ledger_private.h"
#include "state/lock.h"
#include "state/repair.h"

/* A job's name cannot begin with a dot, so no job has this lock. */
#define REPAIR_KEY ".ledger"
enum { REPAIR_WAIT_MS = 60 * 1000, REPAIR_PATH = 4096 };

bool
repair_is_damage(const struct err *e)
{
	int code = e->native & 0xff;

	return e->class == ERR_LOCAL &&
	    (code == SQLITE_CORRUPT || code == SQLITE_NOTADB);
}

/* The largest number of a run in a directory of the spool. */
static int64_t
largest_in(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int64_t largest = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct err ignored = ERR_INIT;
		int64_t run = 0;

		if (entry->d_name[0] != '.' &&
		    str_integer(entry->d_name, &run, &ignored) == 0 &&
		    run > largest)
			largest = run;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return largest;
}

/* The largest number of a run that has files in the spool. */
static int64_t
largest_run(const char *state)
{
	char spool[REPAIR_PATH], path[REPAIR_PATH];
	const struct dirent *entry;
	int64_t largest = 0;
	DIR *dir;

	(void)snprintf(spool, sizeof(spool), "%s/spool", state);
	dir = opendir(spool);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int64_t run = 0;
		int n;

		if (entry->d_name[0] == '.')
			continue;
		n = snprintf(path, sizeof(path), "%s/%s", spool, entry->d_name);
		if (n > 0 && (size_t)n < sizeof(path))
			run = largest_in(path);
		largest = run > largest ? run : largest;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return largest;
}

/* Whether no run was ever recorded: there is no number of the last one. */
static int
is_fresh(struct ledger *l, struct err *e)
{
	struct query q;
	int more;

	query_begin(
	    &q, l->db, "SELECT seq FROM sqlite_sequence WHERE name = 'run'");
	more = query_next(&q, "look for the number of the last run", e);
	query_end(&q);
	return more < 0 ? -1 : more == 0;
}

/* 1 when the numbers begin above run, 0 when another run was faster. */
static int
begin_above(struct ledger *l, int64_t run, struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "INSERT INTO sqlite_sequence (name, seq) SELECT 'run', ?"
	    " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence"
	    " WHERE name = 'run')");
	query_put_integer(&q, run);
	if (query_run(&q, "set the number of the next run", e) < 0)
		return -1;
	return sqlite3_changes(l->db) > 0;
}

static int
put_note(struct ledger *l, const char *text, struct err *e)
{
	struct query q;

	query_begin(&q, l->db, "INSERT INTO note (at_ms, text) VALUES (?, ?)");
	query_put_integer(&q, clock_wall_ms());
	query_put_text(&q, text);
	return query_run(&q, "record a note", e);
}

static int
each(struct query *q,
    int (*put)(void *arg, const struct repair_note *note, struct err *e),
    void *arg, struct err *e)
{
	int more;

	while ((more = query_next(q, "read the ledger", e)) > 0) {
		const struct repair_note note = { query_integer(q, 0),
			query_integer(q, 1), query_text(q, 2) };

		if (put(arg, &note, e) < 0) {
			more = -1;
			break;
		}
	}
	query_end(q);
	return more;
}

int
repair_each_note(struct ledger *l, int64_t since_ms,
    int (*put)(void *arg, const struct repair_note *note, struct err *e),
    void *arg, struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "SELECT id, at_ms, text FROM note WHERE at_ms >= ? ORDER BY id");
	query_put_integer(&q, since_ms);
	return each(&q, put, arg, e);
}

int
repair_each_untold(struct ledger *l,
    int (*put)(void *arg, const struct repair_note *note, struct err *e),
    void *arg, struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "SELECT id, at_ms, text FROM note WHERE is_told = 0 ORDER BY id");
	return each(&q, put, arg, e);
}

int
repair_set_told(struct ledger *l, int64_t id, struct err *e)
{
	struct query q;

	query_begin(&q, l->db, "UPDATE note SET is_told = 1 WHERE id <= ?");
	query_put_integer(&q, id);
	return query_run(&q, "record what was told", e);
}

#define WHAT_FOLLOWS \
	"what was shipped before is not known any more, so a logical date " \
	"that was shipped would be shipped again: look at the targets before " \
	"you run an earlier date"

/* Tell, and note for those who look later. */
static int
tell(struct ledger *l, const char *text, struct err *e)
{
	log_error("%s", text);
	return put_note(l, text, e);
}

/*
 * A new ledger beside files of runs: it was lost, however that came. A run
 * that begins meanwhile has its number before it has files, so what is still
 * without one after all files were seen is new indeed.
 */
static int
welcome(struct ledger *l, const char *state, const char *why, struct err *e)
{
	struct err text = ERR_INIT; /* it is of one line and escaped */
	int64_t largest = 0;
	int fresh = is_fresh(l, e);

	if (fresh > 0)
		largest = largest_run(state);
	if (fresh > 0 && largest > 0)
		fresh = begin_above(l, largest, e);
	if (fresh <= 0 || (why == NULL && largest == 0))
		return fresh < 0 ? -1 : 0;
	if (why != NULL)
		(void)err_set(&text, ERR_LOCAL, "%s; " WHAT_FOLLOWS, why);
	else
		(void)err_set(&text, ERR_LOCAL,
		    "the ledger was missing or empty, though the spool has "
		    "files of runs up to %lld: a new one is begun; "
		    "" WHAT_FOLLOWS,
		    (long long)largest);
	return tell(l, text.text, e);
}

/* The names under which the parts of the ledger are set aside. */
static int
set_aside(const char *state, char *name, size_t size, struct err *e)
{
	static const char *const parts[] = { "", "-wal", "-shm" };
	char from[REPAIR_PATH], to[REPAIR_PATH], when[32] = "";
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	(void)snprintf(name, size, "ledger.db.damaged-%s", when);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		(void)snprintf(
		    from, sizeof(from), "%s/ledger.db%s", state, parts[i]);
		(void)snprintf(
		    to, sizeof(to), "%s/%s%s", state, name, parts[i]);
		if (rename(from, to) < 0 && errno != ENOENT)
			return err_sys(e, errno, "cannot set '%s' aside", from);
	}
	(void)snprintf(from, sizeof(from), "%s/ledger.db.suspect", state);
	(void)unlink(from);
	return file_sync_dir(state, e);
}

/* With the lock: another run may have done it meanwhile. */
static int
begin_anew(struct ledger **l, const char *state, struct err *e)
{
	struct err damage = ERR_INIT;
	struct err why = ERR_INIT;
	char name[64];

	if (ledger_open(l, state, &damage) == 0)
		return 0;
	if (!repair_is_damage(&damage)) {
		*e = damage;
		return -1;
	}
	if (set_aside(state, name, sizeof(name), e) < 0 ||
	    ledger_open(l, state, e) < 0)
		return -1;
	(void)err_set(&why, ERR_LOCAL,
	    "the ledger was damaged (%s); it is kept as '%s', and a new one is "
	    "begun",
	    damage.text, name);
	return welcome(*l, state, why.text, e);
}

static int
repair(struct ledger **l, const char *state, struct err *e)
{
	struct lock *lock = NULL;
	char *dir = dirs_lock(state, e);
	int rc = -1;

	if (dir != NULL &&
	    lock_take(&lock, dir, REPAIR_KEY, REPAIR_WAIT_MS, e) == 0)
		rc = begin_anew(l, state, e);
	lock_free(lock);
	free(dir);
	return rc;
}

int
repair_open(struct ledger **l, const char *state, struct err *e)
{
	struct err damage = ERR_INIT;
	int rc;

	if (ledger_open(l, state, &damage) == 0)
		rc = welcome(*l, state, NULL, e);
	else if (repair_is_damage(&damage))
		rc = repair(l, state, e);
	else {
		*e = damage;
		rc = -1;
	}
	if (rc < 0) {
		ledger_free(*l);
		*l = NULL;
	}
	return rc;
}
