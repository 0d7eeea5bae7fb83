/*
 * prune.c - what is kept of runs, and for how long
 *
 * Failures are logged, and change nothing for the run that prunes.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "job/prune.h"
#include "state/dirs.h"
#include "state/standing.h"

static int
take_lost(void *arg, const struct run_row *row, struct err *e)
{
	(void)e;
	*(bool *)arg = strcmp(row->state, "lost") == 0;
	return 0;
}

static int
count_file(void *arg, const struct run_file *file, struct err *e)
{
	(void)e;
	*(unsigned *)arg += !file->skipped;
	return 0;
}

/* A lost run's file is kept when it was finished, else there is but a part. */
static int
keep_finished(void *arg, int64_t run)
{
	const struct prune_request *r = arg;
	const struct run_filter filter = { .id = run, .limit = 1 };
	struct err e = ERR_INIT;
	bool lost = false;
	unsigned files = 0;

	if (ledger_each_run(r->ledger, &filter, take_lost, &lost, &e) < 0 ||
	    ledger_each_file(r->ledger, run, count_file, &files, &e) < 0)
		return 1;
	return !lost || files > 0;
}

void
prune_lost(const struct prune_request *r)
{
	dirs_prune_spool(r->state, r->key, keep_finished, (void *)(uintptr_t)r);
}

static int
take_ended(void *arg, const struct run_row *row, struct err *e)
{
	int64_t *ended_ms = arg;

	(void)e;
	*ended_ms = row->ended_ms;
	return 0;
}

/* When a directory of the spool was changed last; 0 when it cannot be seen. */
static int64_t
changed_ms(const struct prune_request *r, int64_t run)
{
	char path[4096];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/spool/%s/%lld", r->state, r->key,
	    (long long)run);
	return stat(path, &st) == 0 ? (int64_t)st.st_mtime * 1000 : 0;
}

/* Spooled files stay for limits.keep after their run ended. */
static int
keep_spool(void *arg, int64_t run)
{
	const struct prune_request *r = arg;
	const struct run_filter filter = { .id = run, .limit = 1 };
	int64_t oldest = clock_wall_ms() - (int64_t)r->plan->keep_ms;
	int64_t ended_ms = -1;
	struct err e = ERR_INIT;

	if (run == r->run || r->plan->keep_ms == 0 ||
	    ledger_each_run(r->ledger, &filter, take_ended, &ended_ms, &e) < 0)
		return 1;
	if (ended_ms < 0) /* of a ledger that was lost */
		ended_ms = changed_ms(r, run);
	return ended_ms == 0 || ended_ms > oldest;
}

static struct run_key
key_of(const struct prune_request *r)
{
	const struct run_key key = {
		.job = r->plan->job,
		.environment = r->plan->environment,
		.date = r->plan->date_text,
		.shard = "",
	};

	return key;
}

/* Runs are forgotten after limits.history, but not before their files. */
static void
forget_runs(const struct prune_request *r)
{
	const struct run_key key = key_of(r);
	int64_t history_ms = spec_number(r->plan->spec, "limits.history");
	int64_t keep_ms = (int64_t)r->plan->keep_ms;
	struct err e = ERR_INIT;
	int n;

	if (history_ms == 0 || keep_ms == 0)
		return;
	if (history_ms < keep_ms)
		history_ms = keep_ms;
	n = standing_forget(r->ledger, &key, clock_wall_ms() - history_ms, &e);
	if (n < 0)
		log_warning("%s", e.text);
	else if (n > 0)
		log_info("%d runs are forgotten (limits.history)", n);
}

void
prune_old(const struct prune_request *r)
{
	dirs_prune_spool(r->state, r->key, keep_spool, (void *)(uintptr_t)r);
	forget_runs(r);
}
