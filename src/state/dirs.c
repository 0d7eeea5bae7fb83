/*
 * dirs.c - where state lives
 *
 * STATE/ledger.db, STATE/lock/KEY.lock, STATE/spool/KEY/RUN/NAME. Only paths
 * and directories here; what is in them belongs to ledger.c, lock.c and
 * sink/spool.h.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "state/dirs.h"

enum { DIRS_KEY_MAX = 255 };

static char *
copy(const char *text, struct err *e)
{
	char *new = str_dup(text);

	if (new == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	return new;
}

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

/* systemd may name several directories, separated by colons: the first. */
static char *
systemd_state(const char *list, struct err *e)
{
	char *path = copy(list, e);

	if (path != NULL)
		path[strcspn(path, ":")] = '\0';
	return path;
}

char *
dirs_state(const char *setting, struct err *e)
{
	const char *home = variable("HOME");

	if (variable("ODBCSHIP_STATE") != NULL)
		return copy(variable("ODBCSHIP_STATE"), e);
	if (setting != NULL)
		return copy(setting, e);
	if (variable("STATE_DIRECTORY") != NULL)
		return systemd_state(variable("STATE_DIRECTORY"), e);
	if (geteuid() == 0)
		return copy(LOCALSTATEDIR "/lib/odbcship", e);
	if (variable("XDG_STATE_HOME") != NULL)
		return file_join(variable("XDG_STATE_HOME"), "odbcship", e);
	if (home != NULL)
		return file_join(home, ".local/state/odbcship", e);
	(void)err_set(e, ERR_SPEC,
	    "no place for the state: neither "
	    "ODBCSHIP_STATE nor HOME is set");
	(void)err_hint(e,
	    "Set state = \"/path\" in the main file, or "
	    "ODBCSHIP_STATE in the environment.");
	return NULL;
}

static int
make_below(const char *state, const char *name, struct err *e)
{
	char *path = file_join(state, name, e);
	int rc;

	if (path == NULL)
		return -1;
	rc = file_make_dirs(path, 0700, e);
	free(path);
	return rc;
}

int
dirs_make(const char *state, struct err *e)
{
	if (file_make_dirs(state, 0700, e) == 0 &&
	    make_below(state, "lock", e) == 0 &&
	    make_below(state, "spool", e) == 0)
		return 0;
	return err_hint(e,
	    "Set ODBCSHIP_STATE, or state in the main "
	    "file, to a directory that this user may write.");
}

char *
dirs_lock(const char *state, struct err *e)
{
	return file_join(state, "lock", e);
}

char *
dirs_key(const char *job, const char *environment, struct err *e)
{
	char key[DIRS_KEY_MAX];
	int n = *environment != '\0' ?
	    snprintf(key, sizeof(key), "%s.%s", job, environment) :
	    snprintf(key, sizeof(key), "%s", job);

	if (n < 0 || (size_t)n >= sizeof(key) - sizeof(".lock")) {
		(void)err_set(e, ERR_SPEC,
		    "the names of the job and its "
		    "environment are too long together");
		return NULL;
	}
	if (strchr(key, '/') != NULL || key[0] == '.') {
		(void)err_set(e, ERR_SPEC,
		    "'%s' is no name for a job in an "
		    "environment: it holds a slash or begins with a dot",
		    key);
		return NULL;
	}
	return copy(key, e);
}

/* STATE/spool/KEY; the caller frees it. */
static char *
spool_of(const char *state, const char *key, struct err *e)
{
	char *spool = file_join(state, "spool", e);
	char *path = spool != NULL ? file_join(spool, key, e) : NULL;

	free(spool);
	return path;
}

char *
dirs_make_spool(const char *state, const char *key, int64_t run, struct err *e)
{
	char number[24];
	char *above = spool_of(state, key, e);
	char *path = NULL;

	if (above == NULL)
		return NULL;
	(void)snprintf(number, sizeof(number), "%lld", (long long)run);
	path = file_join(above, number, e);
	if (path != NULL && file_make_dirs(path, 0700, e) < 0) {
		free(path);
		path = NULL;
	}
	free(above);
	return path;
}

static void
prune_one(const char *above, const char *name,
    int (*keep)(void *arg, int64_t run), void *arg)
{
	struct err e = ERR_INIT;
	int64_t run;
	char *path;

	if (str_integer(name, &run, &e) < 0 || keep(arg, run))
		return;
	e = (struct err)ERR_INIT;
	path = file_join(above, name, &e);
	if (path == NULL || file_remove_tree(path, &e) < 0)
		log_warning("cannot prune the spool: %s", e.text);
	free(path);
}

void
dirs_prune_spool(const char *state, const char *key,
    int (*keep)(void *arg, int64_t run), void *arg)
{
	struct err e = ERR_INIT;
	char *above = spool_of(state, key, &e);
	DIR *dir = above != NULL ? opendir(above) : NULL;
	const struct dirent *entry;

	if (dir == NULL) {
		if (errno != ENOENT)
			log_warning("cannot prune the spool of '%s'", key);
		free(above);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			prune_one(above, entry->d_name, keep, arg);
	(void)closedir(dir);
	free(above);
}
