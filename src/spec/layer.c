/*
 * layer.c - keep what one file says
 *
 * Reading the file: read.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "layer.h"

struct entry *
layer_add(struct layer *l, const struct setting *row, struct err *e)
{
	struct entry *entries = realloc(
	    l->entries, (l->n + 1) * sizeof(*entries));
	struct entry *entry;

	if (entries == NULL) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	l->entries = entries;
	entry = &entries[l->n++];
	memset(entry, 0, sizeof(*entry));
	entry->value.setting = row;
	entry->value.is_given = true;
	return entry;
}

struct layer *
sheet_add(struct sheet *s, const char *environment, struct err *e)
{
	struct layer *layers = realloc(
	    s->environments, (s->n + 1) * sizeof(*layers));
	struct layer *layer;

	if (layers == NULL) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	s->environments = layers;
	layer = &layers[s->n++];
	*layer = (struct layer)LAYER_INIT;
	layer->environment = environment;
	return layer;
}

void
sheet_release(struct sheet *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->environments[i].entries);
	free(s->environments);
	free(s->base.entries);
	*s = (struct sheet)SHEET_INIT(s->kind);
}

int
sheet_check_private(const char *file, const char *what, struct err *e)
{
	mode_t forbidden;
	struct stat st;

	if (stat(file, &st) < 0)
		return err_sys(e, errno, "cannot look at '%s'", file);
	forbidden = st.st_uid == 0 ? 037 : 077;
	if ((st.st_mode & forbidden) == 0)
		return 0;
	(void)err_set(e, ERR_SPEC,
	    "%s: a secret in a file that other users "
	    "can read (mode %04o)",
	    what, (unsigned)st.st_mode & 07777);
	return err_hint(e,
	    "Put it into a file of its own that the spec names "
	    "(odbcship.cfg(5), secrets), or chmod 600 '%s'.",
	    file);
}
