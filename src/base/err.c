/*
 * err.c - fill in the one error value, and the table of exit statuses
 *
 * Printing errors is the command line's business (cli/terminal.h), logging
 * them log.c's.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

/* design.md 2; the man page odbcship(1) is tested against these rows. */
const struct err_status err_statuses[] = {
	{ ERR_NONE, 0, "ok",
	    "done (also: already shipped, or empty and `empty = \"skip\"`)" },
	{ ERR_USAGE, 64, "usage", "wrong use of the command line" },
	{ ERR_DATA, 65, "data",
	    "the data failed a check, or cannot be written exactly" },
	{ ERR_DATABASE, 69, "database",
	    "the database refused: login, SQL error" },
	{ ERR_INTERNAL, 70, "internal", "internal error" },
	{ ERR_TARGET, 73, "target",
	    "a target refused: login, permission, TLS, quota" },
	{ ERR_LOCAL, 74, "local", "local files: permission, disk full, I/O" },
	{ ERR_NOT_NOW, 75, "not-now",
	    "not now: lock held, gate not satisfied in time, server "
	    "unreachable, deadlock, time limit, retries used up on something "
	    "temporary" },
	{ ERR_SPEC, 78, "spec",
	    "the job spec or a secret is wrong or missing" },
	{ ERR_SIGNAL, 128, "signal", "ended by signal n, after cleaning up" },
};

/* What to do about a failed system call, when the caller knows no better. */
static const struct {
	int errnum;
	const char *hint;
} errno_hints[] = {
	{ EACCES, "Let the user that runs odbcship do that there." },
	{ EPERM, "Let the user that runs odbcship do that there." },
	{ ENOENT, "Is the path right? Something of it does not exist." },
	{ ENOTDIR, "A part of the path is a file and no directory." },
	{ EISDIR, "Name a file; that is a directory." },
	{ ENOSPC, "Make room on that disk." },
	{ EDQUOT, "Make room: the user's quota is used up." },
	{ EROFS, "That file system is mounted read-only." },
	{ EFBIG,
	    "The size of files is limited here: raise the limit (ulimit "
	    "-f, or LimitFSIZE= of the service)." },
	{ EMFILE,
	    "The number of open files is limited here: raise the limit "
	    "(ulimit -n, or LimitNOFILE= of the service)." },
	{ ENFILE, "This machine has too many open files: see fs.file-max." },
	{ EAGAIN, "This machine, or this user, has too many processes." },
	{ ENOMEM, "This machine is short of memory." },
	{ EPIPE, "Whoever was to read it ended before all was written." },
	{ EBADF, "Is it open? Somebody may have closed it." },
	{ EIO, "The disk may be failing: see the kernel log." },
};

/* Shorten to whole UTF-8 characters that fit into size with a NUL. */
static size_t
fitting_length(const char *text, size_t size)
{
	size_t n = strlen(text);

	if (n < size)
		return n;
	n = size - 1;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* Copy with line breaks folded into one blank and control bytes escaped. */
static void
copy_clean(char *to, size_t size, const char *from)
{
	size_t length = fitting_length(from, size);
	size_t n = 0;

	for (size_t i = 0; i < length && n + 1 < size; i++) {
		unsigned char c = (unsigned char)from[i];

		if (c == '\n' || c == '\r' || c == '\t') {
			if (n > 0 && to[n - 1] != ' ')
				to[n++] = ' ';
		} else if (c >= 0x20 && c != 0x7f)
			to[n++] = (char)c;
		else if (n + 5 < size)
			n += (size_t)snprintf(to + n, size - n, "\\x%02x", c);
	}
	while (n > 0 && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
}

static void
set_text(struct err *e, enum err_class class, const char *text)
{
	char clean[sizeof(e->text)];

	copy_clean(clean, sizeof(clean), text);
	memset(e, 0, sizeof(*e));
	e->class = class;
	memcpy(e->text, clean, sizeof(e->text));
}

int
err_set(struct err *e, enum err_class class, const char *fmt, ...)
{
	char text[2 * sizeof(e->text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	set_text(e, class, text);
	return -1;
}

int
err_sys(struct err *e, int errnum, const char *fmt, ...)
{
	char text[2 * sizeof(e->text)];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(text);
	(void)snprintf(text + n, sizeof(text) - n, ": %s", strerror(errnum));
	set_text(e, ERR_LOCAL, text);
	e->native = errnum;
	for (size_t i = 0; i < sizeof(errno_hints) / sizeof(errno_hints[0]);
	     i++)
		if (errno_hints[i].errnum == errnum)
			return err_hint(e, "%s", errno_hints[i].hint);
	return -1;
}

int
err_in(struct err *e, const char *fmt, ...)
{
	char context[512];
	char text[sizeof(context) + sizeof(e->text) + 3];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	(void)snprintf(text, sizeof(text), "%s: %s", context, e->text);
	copy_clean(e->text, sizeof(e->text), text);
	return -1;
}

int
err_hint(struct err *e, const char *fmt, ...)
{
	char hint[2 * sizeof(e->hint)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(hint, sizeof(hint), fmt, ap);
	va_end(ap);
	copy_clean(e->hint, sizeof(e->hint), hint);
	return -1;
}

int
err_exit_status(const struct err *e)
{
	if (e->class == ERR_SIGNAL)
		return 128 + e->native;
	return err_statuses[e->class].status;
}

const char *
err_name(const struct err *e)
{
	return err_statuses[e->class].name;
}
