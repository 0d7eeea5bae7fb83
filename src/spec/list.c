/*
 * list.c - where the main file is, and which jobs stand beside it
 *
 * Nothing is read here but directories; design.md 3 says the order.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "spec/spec.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

static const char suffix[] = ".cfg";

static const char *
environment_variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static char *
copy(const char *text, struct err *e)
{
	char *copied = str_dup(text);

	if (copied == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	return copied;
}

/* The user's own main file; NULL and no error when there is no home. */
static char *
user_file(struct err *e)
{
	const char *dir = environment_variable("XDG_CONFIG_HOME");
	const char *home = environment_variable("HOME");

	if (dir != NULL)
		return file_join(dir, "odbcship/odbcship.cfg", e);
	if (home != NULL)
		return file_join(home, ".config/odbcship/odbcship.cfg", e);
	return NULL;
}

static const char system_file[] = SYSCONFDIR "/odbcship/odbcship.cfg";

/* Whether there is a main file, or at least its directory. */
static bool
is_there(const char *path)
{
	struct err ignored = ERR_INIT;
	char *dir = file_dir(path, &ignored);
	bool there = dir != NULL && access(dir, F_OK) == 0;

	free(dir);
	return there;
}

char *
spec_main_file(const char *option, struct err *e)
{
	const char *variable = environment_variable("ODBCSHIP_CONFIG");
	struct err none = ERR_INIT;
	char *path;

	if (option != NULL)
		return copy(option, e);
	if (variable != NULL)
		return copy(variable, e);
	if (geteuid() != 0) {
		path = user_file(&none);
		if (path != NULL && (is_there(path) || !is_there(system_file)))
			return path;
		free(path);
	}
	return copy(system_file, e);
}

static int
by_name(const void *a, const void *b)
{
	const struct job_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The length of a job's name in the name of its file; 0 for other files. */
static size_t
name_length(const char *file)
{
	size_t n = strlen(file);
	size_t end = sizeof(suffix) - 1;

	if (file[0] == '.' || n <= end || strcmp(file + n - end, suffix) != 0)
		return 0;
	return n - end;
}

static int
add_job(struct job_entry **jobs, size_t *n, const char *dir, const char *file,
    struct err *e)
{
	struct job_entry *more = realloc(*jobs, (*n + 1) * sizeof(*more));
	struct job_entry *job;

	if (more == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	*jobs = more;
	job = &more[*n];
	job->path = file_join(dir, file, e);
	if (job->path == NULL)
		return -1;
	job->name = strndup(file, name_length(file));
	if (job->name == NULL) {
		free(job->path);
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	(*n)++;
	return 0;
}

static int
list_dir(const char *dir, struct job_entry **jobs, size_t *n, struct err *e)
{
	DIR *entries = opendir(dir);
	const struct dirent *entry;
	int rc = 0;

	if (entries == NULL && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (entries == NULL)
		return err_sys(e, errno, "cannot read the directory '%s'", dir);
	while (rc == 0 && (entry = readdir(entries)) != NULL)
		if (name_length(entry->d_name) > 0)
			rc = add_job(jobs, n, dir, entry->d_name, e);
	(void)closedir(entries);
	return rc;
}

int
spec_list_jobs(
    const char *main_file, struct job_entry **jobs, size_t *n, struct err *e)
{
	char *beside = file_dir(main_file, e);
	char *dir = NULL;
	int rc = -1;

	*jobs = NULL;
	*n = 0;
	if (beside == NULL)
		return -1;
	dir = file_join(beside, "jobs.d", e);
	if (dir != NULL)
		rc = list_dir(dir, jobs, n, e);
	if (rc == 0 && *n > 0)
		qsort(*jobs, *n, sizeof(**jobs), by_name);
	if (rc < 0) {
		spec_free_jobs(*jobs, *n);
		*jobs = NULL;
		*n = 0;
	}
	free(dir);
	free(beside);
	return rc;
}

void
spec_free_jobs(struct job_entry *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(jobs[i].name);
		free(jobs[i].path);
	}
	free(jobs);
}
