/*
 * metrics.c - figures of the last run as a Prometheus textfile
 *
 * HELP and TYPE are the same in every file, or node_exporter refuses all of
 * them; no timestamps, which it refuses too. The temporary name does not end
 * in .prom, so that the collector does not read half a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "tell/metrics.h"

enum { METRICS_BYTES = 64 * 1024, NAME_BYTES = 512 };

/* One figure of a run. */
struct figure {
	const char *name; /* behind "odbcship_" */
	const char *help; /* one sentence */
	int64_t ms;	  /* thousandths */
};

/* Label values: backslash, quote and line break are escaped. */
static int
put_label(struct buf *out, const char *name, const char *value, struct err *e)
{
	int rc = buf_printf(out, e, "%s=\"", name);

	for (; rc == 0 && *value != '\0'; value++) {
		if (*value == '\n')
			rc = buf_puts(out, "\\n", e);
		else if (*value == '\\' || *value == '"')
			rc = buf_printf(out, e, "\\%c", *value);
		else
			rc = buf_put(out, value, 1, e);
	}
	return rc < 0 ? -1 : buf_puts(out, "\"", e);
}

/* Whose figures. */
struct owner {
	const char *job;
	const char *environment; /* "" for none */
};

static int
put_figure(struct buf *out, const struct figure *f, const struct owner *owner,
    struct err *e)
{
	if (buf_printf(out, e,
		"# HELP odbcship_%s %s\n# TYPE odbcship_%s gauge\n"
		"odbcship_%s{",
		f->name, f->help, f->name, f->name) < 0 ||
	    put_label(out, "job", owner->job, e) < 0 ||
	    buf_puts(out, ",", e) < 0 ||
	    put_label(out, "environment", owner->environment, e) < 0)
		return -1;
	if (f->ms % 1000 == 0)
		return buf_printf(out, e, "} %" PRId64 "\n", f->ms / 1000);
	return buf_printf(out, e, "} %" PRId64 ".%03" PRId64 "\n", f->ms / 1000,
	    f->ms % 1000);
}

static struct owner
owner_of(const struct tell_event *event)
{
	struct owner owner = { event->job,
		event->environment != NULL ? event->environment : "" };

	return owner;
}

static int
put_figures(struct buf *out, const struct tell_event *event,
    const struct metrics_past *past, struct err *e)
{
	const struct figure figures[] = {
		{ "last_run_timestamp_seconds",
		    "When the last run ended, in seconds since 1970.",
		    event->now_ms },
		{ "last_success_timestamp_seconds",
		    "When the last successful run ended, in seconds since "
		    "1970; 0 for never.",
		    past->success_ms },
		{ "last_run_duration_seconds", "How long the last run took.",
		    (int64_t)event->elapsed_ms },
		{ "last_run_exit_code",
		    "Exit status of the last run; 0 is success.",
		    (int64_t)event->status * 1000 },
		{ "rows", "Rows of the file of the last run.",
		    (int64_t)event->rows * 1000 },
		{ "bytes", "Bytes of the file of the last run.",
		    (int64_t)event->bytes * 1000 },
		{ "failures_since_success",
		    "Runs that failed since the last success.",
		    (int64_t)past->failures * 1000 },
		{ "outbox_files",
		    "Deliveries of files that are owed to targets, or unknown.",
		    (int64_t)past->outbox * 1000 },
		{ "outbox_oldest_timestamp_seconds",
		    "When the oldest run that owes them began, in seconds "
		    "since 1970; 0 for none.",
		    past->outbox_ms },
	};
	const struct owner owner = owner_of(event);

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		if (put_figure(out, &figures[i], &owner, e) < 0)
			return -1;
	return 0;
}

static int
put_absence(
    struct buf *out, const struct metrics_absence *absence, struct err *e)
{
	const struct figure figures[] = {
		{ "late_since_timestamp_seconds",
		    "When the oldest run that is missing was due, in seconds "
		    "since 1970; 0 for none.",
		    absence->late_ms },
		{ "missing_dates",
		    "Logical dates without a run that ended well.",
		    (int64_t)absence->missing * 1000 },
		{ "last_watch_timestamp_seconds",
		    "When odbcship watch looked last, in seconds since 1970.",
		    absence->now_ms },
	};
	const struct owner owner = { absence->job, absence->environment };

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		if (put_figure(out, &figures[i], &owner, e) < 0)
			return -1;
	return 0;
}

static int
write_file(const char *temporary, const char *path, const struct buf *text,
    struct err *e)
{
	int fd = open(temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int rc;

	if (fd < 0)
		return err_sys(e, errno, "cannot make '%s'", temporary);
	rc = file_write_all(fd, text->data, text->length, e);
	if (rc == 0 && fchmod(fd, 0644) < 0) /* whatever the umask */
		rc = err_sys(e, errno, "cannot open '%s' to all", temporary);
	if (close(fd) < 0 && rc == 0)
		rc = err_sys(e, errno, "cannot write '%s'", temporary);
	if (rc == 0 && rename(temporary, path) < 0)
		rc = err_sys(
		    e, errno, "cannot rename '%s' to '%s'", temporary, path);
	if (rc < 0)
		(void)unlink(temporary);
	return rc;
}

/* Replace the file of figures of a kind ("odbcship", "odbcship-late"). */
static int
replace(const char *directory, const char *kind, const struct owner *owner,
    const struct buf *text, struct err *e)
{
	char name[NAME_BYTES], hidden[NAME_BYTES + 32];
	char *path, *temporary;
	int rc = -1;

	(void)snprintf(name, sizeof(name), "%s_%s%s%s.prom", kind, owner->job,
	    *owner->environment != '\0' ? "." : "", owner->environment);
	(void)snprintf(hidden, sizeof(hidden), ".%s.%ld", name, (long)getpid());
	path = file_join(directory, name, e);
	temporary = path != NULL ? file_join(directory, hidden, e) : NULL;
	if (temporary != NULL) {
		(void)unlink(temporary); /* of a process that was killed */
		rc = write_file(temporary, path, text, e);
	}
	free(temporary);
	free(path);
	return rc;
}

int
metrics_write(const char *directory, const struct tell_event *event,
    const struct metrics_past *past, struct err *e)
{
	const struct owner owner = owner_of(event);
	struct buf text = BUF_INIT(METRICS_BYTES);
	int rc = put_figures(&text, event, past, e);

	if (rc == 0)
		rc = replace(directory, "odbcship", &owner, &text, e);
	buf_release(&text);
	return rc < 0 ? err_in(e, "metrics") : 0;
}

int
metrics_write_absence(
    const char *directory, const struct metrics_absence *absence, struct err *e)
{
	const struct owner owner = { absence->job, absence->environment };
	struct buf text = BUF_INIT(METRICS_BYTES);
	int rc = put_absence(&text, absence, e);

	if (rc == 0)
		rc = replace(directory, "odbcship-late", &owner, &text, e);
	buf_release(&text);
	return rc < 0 ? err_in(e, "metrics") : 0;
}
