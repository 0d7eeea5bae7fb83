/*
 * output.c - write result sets, keep the one that is wanted
 *
 * Which rows come is worker.c's business; how they look is csv/csv.h's; how a
 * file gets its name is sink/spool.h's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "job/output.h"

void
output_init(
    struct output *o, const struct plan *plan, const struct export_place *place)
{
	memset(o, 0, sizeof(*o));
	o->plan = plan;
	o->place = place;
	o->temporary_fd = -1;
	o->csv = (struct csv)CSV_INIT;
}

/* A file without a name, for what may have to be taken back. */
static int
open_temporary(struct output *o, struct err *e)
{
	const char *dir = getenv("TMPDIR");
	char *path = file_join(
	    dir != NULL && *dir != '\0' ? dir : "/tmp", "odbcship-XXXXXX", e);

	if (path == NULL)
		return -1;
	o->temporary_fd = mkstemp(path);
	if (o->temporary_fd < 0)
		(void)err_sys(
		    e, errno, "cannot make the temporary file '%s'", path);
	else
		(void)unlink(path);
	free(path);
	return o->temporary_fd < 0 ? -1 : 0;
}

static int
open_spool(struct output *o, bool last, struct err *e)
{
	const struct export_place *p = o->place;

	if (p->dir != NULL)
		return spool_open(&o->spool, p->dir, p->name, e);
	if (last) {
		o->direct = true;
		return spool_open_fd(&o->spool, p->fd, p->name, e);
	}
	if (open_temporary(o, e) < 0)
		return -1;
	return spool_open_fd(&o->spool, o->temporary_fd, p->name, e);
}

/* The result before this one was not the last: forget it. */
static void
drop_candidate(struct output *o)
{
	csv_release(&o->csv);
	spool_free(o->spool);
	o->spool = NULL;
	if (o->temporary_fd >= 0)
		(void)close(o->temporary_fd);
	o->temporary_fd = -1;
}

static int
refuse_second(const struct output *o, struct err *e)
{
	if (o->plan->result == PLAN_RESULT_ONLY) {
		(void)err_set(e, ERR_DATA,
		    "the batch gave more than one "
		    "result set, and source.result is \"only\"");
		return err_hint(e,
		    "Set source.result = \"last\", or let only "
		    "one statement return rows.");
	}
	if (o->plan->result == PLAN_RESULT_NAME) {
		(void)err_set(e, ERR_DATA,
		    "the statement named '%s' gave more than one result set",
		    o->plan->result_name);
		return err_hint(e, "Ask for it by its number.");
	}
	if (o->direct) {
		(void)err_set(e, ERR_DATA,
		    "the last statement gave more than "
		    "one result set, and the first is already written");
		return err_hint(e,
		    "Write to a file with -o FILE: there the "
		    "last result set takes the place of the ones before.");
	}
	return 0;
}

/* Whoever looks at values forgets those of the result before. */
static int
begin_inspect(struct output *o, const struct columns *columns, struct err *e)
{
	if (o->inspect == NULL &&
	    inspect_new(
		&o->inspect, &o->plan->guards.checks, o->place->dir, e) < 0)
		return -1;
	return o->inspect != NULL ? inspect_begin(o->inspect, columns, e) : 0;
}

int
output_begin(
    struct output *o, const struct columns *columns, bool last, struct err *e)
{
	struct out *out;

	if (o->results > 0 && refuse_second(o, e) < 0)
		return -1;
	drop_candidate(o);
	o->results++;
	if (open_spool(o, last, e) < 0 || begin_inspect(o, columns, e) < 0)
		return -1;
	out = spool_out(o->spool);
	if (csv_open(&o->csv, &o->plan->csv, out, columns, e) < 0)
		return -1;
	return csv_put_header(&o->csv, e);
}

int
output_put(struct output *o, const struct block *block, struct err *e)
{
	const struct block *heard = block;

	if (o->inspect != NULL)
		heard = inspect_listen(o->inspect, block);
	if (csv_put_block(&o->csv, heard, e) < 0)
		return -1;
	return o->inspect != NULL ? inspect_block(o->inspect, block, e) : 0;
}

int
output_end(struct output *o, struct err *e)
{
	o->rows = o->csv.rows;
	return csv_finish(&o->csv, e);
}

static int
copy_temporary(struct output *o, struct err *e)
{
	enum { CHUNK = 64 * 1024 };
	static char chunk[CHUNK];
	ssize_t n;

	if (lseek(o->temporary_fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read the temporary file");
	for (;;) {
		n = read(o->temporary_fd, chunk, sizeof(chunk));
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(
			    e, errno, "cannot read the temporary file");
		if (file_write_all(o->place->fd, chunk, (size_t)n, e) < 0)
			return err_in(e, "%s", o->place->name);
	}
}

int
output_commit(struct output *o, struct spool_receipt *receipt, struct err *e)
{
	if (o->results == 0) {
		if (o->plan->result >= PLAN_RESULT_NUMBER) {
			(void)err_set(e, ERR_DATA,
			    "the batch gave no result set '%s', which "
			    "source.result asks for",
			    o->plan->result_name);
			return err_hint(e,
			    "`odbcship show JOB --statements` lists the "
			    "statements with their names.");
		}
		(void)err_set(e, ERR_DATA, "the batch gave no result set");
		return err_hint(e,
		    "One of its statements must return rows: "
		    "end the batch with a SELECT.");
	}
	if (spool_commit(o->spool, receipt, e) < 0)
		return -1;
	return o->temporary_fd >= 0 ? copy_temporary(o, e) : 0;
}

void
output_release(struct output *o)
{
	drop_candidate(o);
	inspect_free(o->inspect);
	o->inspect = NULL;
}
