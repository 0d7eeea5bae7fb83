/*
 * outcome.c - what came of a run, for who tells it
 *
 * Filled by run.c; told by the command line and announce.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "job/run.h"

void
run_outcome_release(struct run_outcome *o)
{
	for (size_t i = 0; i < o->n_deliveries; i++)
		free(o->deliveries[i].target);
	free(o->deliveries);
	free(o->earlier);
	free(o->difference);
	for (size_t i = 0; i < o->n_files; i++) {
		free(o->files[i].name);
		free(o->files[i].path);
	}
	free(o->files);
	export_result_release(&o->result);
	problems_release(&o->problems);
	memset(o, 0, sizeof(*o));
}

size_t
run_count_files(const struct run_outcome *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_files; i++)
		n += o->files[i].path != NULL;
	return n;
}

size_t
run_count_delivered(const struct run_outcome *o, size_t *i)
{
	const char *target = o->deliveries[*i].target;
	size_t n = 0;

	for (; *i < o->n_deliveries &&
	     strcmp(o->deliveries[*i].target, target) == 0;
	     ++*i)
		n += o->deliveries[*i].error.class == ERR_NONE;
	return n;
}

char *
run_kept_path(const struct run_outcome *o, struct err *e)
{
	const char *path = NULL;
	char *copy;

	for (size_t i = 0; path == NULL && i < o->n_files; i++)
		path = o->files[i].path;
	if (run_count_files(o) > 1)
		return file_dir(path, e);
	copy = str_dup(path != NULL ? path : "");
	if (copy == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	return copy;
}

const char *
run_state_name(enum run_state state)
{
	static const char *const names[] = {
		[RUN_FAILED] = "failed",
		[RUN_SHIPPED] = "shipped",
		[RUN_KEPT] = "kept",
		[RUN_HELD] = "held",
		[RUN_EMPTY] = "empty",
		[RUN_ALREADY] = "already-shipped",
	};

	return names[state];
}
