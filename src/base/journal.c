/*
 * journal.c - records with fields to systemd's journal
 *
 * What goes into them is log.c's to know.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/journal.h"

enum {
	RECORD_BYTES = 128 * 1024, /* below what a datagram may have */
	SIZE_BYTES = 8,
	WAIT_S = 1 /* a journal that is stuck stops no run for longer */
};

static const char *path = "/run/systemd/journal/socket";

void
journal_set_path(const char *other)
{
	path = other;
}

bool
journal_is_there(void)
{
	return access(path, W_OK) == 0;
}

/* "NAME=value"; a value of lines has its size in front, little endian. */
static int
put_field(struct buf *out, const struct journal_field *f, struct err *e)
{
	size_t n = strlen(f->value);
	unsigned char size[SIZE_BYTES];

	if (strchr(f->value, '\n') == NULL)
		return buf_printf(out, e, "%s=%s\n", f->name, f->value);
	for (size_t i = 0; i < SIZE_BYTES; i++)
		size[i] = (unsigned char)((uint64_t)n >> (8 * i) & 0xff);
	if (buf_printf(out, e, "%s\n", f->name) < 0 ||
	    buf_put(out, size, sizeof(size), e) < 0 ||
	    buf_put(out, f->value, n, e) < 0)
		return -1;
	return buf_put(out, "\n", 1, e);
}

static int
send_record(const struct buf *record, struct err *e)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t n = -1;

	if (fd < 0)
		return err_sys(e, errno, "cannot make a socket");
	if (strlen(path) < sizeof(to.sun_path)) {
		memcpy(to.sun_path, path, strlen(path) + 1);
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
		n = sendto(fd, record->data, record->length, MSG_NOSIGNAL,
		    (const struct sockaddr *)&to, sizeof(to));
	} else
		errno = ENAMETOOLONG;
	if (n < 0)
		(void)err_sys(e, errno, "cannot write to the journal");
	(void)close(fd);
	return n < 0 ? -1 : 0;
}

int
journal_send(const struct journal_field *fields, size_t n, struct err *e)
{
	struct buf record = BUF_INIT(RECORD_BYTES);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (fields[i].value != NULL && *fields[i].value != '\0')
			rc = put_field(&record, &fields[i], e);
	if (rc == 0 && record.length > 0)
		rc = send_record(&record, e);
	buf_release(&record);
	return rc;
}
