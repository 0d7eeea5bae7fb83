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
#include "base/redact.h"

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

/* n less the character at the end of a text that was cut within it. */
static size_t
whole_length(const char *text, size_t n)
{
	size_t behind = 0;
	size_t wanted;
	unsigned char lead;

	while (behind < n && behind < 3 &&
	    ((unsigned char)text[n - 1 - behind] & 0xc0) == 0x80)
		behind++;
	if (behind == n)
		return n;
	lead = (unsigned char)text[n - 1 - behind];
	wanted = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
	return behind < wanted ? n - 1 - behind : n;
}

static void
format(char *text, size_t size, const char *fmt, va_list ap) PRINTF_LIKE(3, 0);

/* Format, and cut what does not fit at a whole character. */
static void
format(char *text, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(text, size, fmt, ap);

	if (n < 0)
		text[0] = '\0';
	else if ((size_t)n >= size)
		text[whole_length(text, size - 1)] = '\0';
}

/* Copy with line breaks folded into one blank and control bytes escaped. */
static void
copy_clean(char *to, size_t size, const char *from)
{
	size_t n = 0;

	for (; *from != '\0' && n + 1 < size; from++) {
		unsigned char c = (unsigned char)*from;

		if (c == '\n' || c == '\r' || c == '\t') {
			if (n > 0 && to[n - 1] != ' ')
				to[n++] = ' ';
		} else if (c >= 0x20 && c != 0x7f)
			to[n++] = (char)c;
		else if (n + 5 < size)
			n += (size_t)snprintf(to + n, size - n, "\\x%02x", c);
	}
	if (*from != '\0')
		n = whole_length(to, n);
	while (n > 0 && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
}

static void
begin(struct err *e, enum err_class class)
{
	memset(e, 0, sizeof(*e));
	e->class = class;
}

int
err_set(struct err *e, enum err_class class, const char *fmt, ...)
{
	char text[2 * sizeof(e->text)];
	va_list ap;

	va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	va_end(ap);
	redact_text(text, sizeof(text)); /* before it is cut within a secret */
	begin(e, class);
	copy_clean(e->text, sizeof(e->text), text);
	return -1;
}

/* A subject that is too long is cut, not the reason behind it. */
int
err_sys(struct err *e, int errnum, const char *fmt, ...)
{
	const char *reason = strerror(errnum);
	size_t room = sizeof(e->text) - strlen(reason) - strlen(": ");
	char text[2 * sizeof(e->text)];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	va_end(ap);
	begin(e, ERR_LOCAL);
	copy_clean(e->text, room, text);
	n = strlen(e->text);
	(void)snprintf(e->text + n, sizeof(e->text) - n, ": %s", reason);
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
	format(context, sizeof(context), fmt, ap);
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
	format(hint, sizeof(hint), fmt, ap);
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
