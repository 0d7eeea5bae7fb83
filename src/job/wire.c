/*
 * wire.c - messages from the worker to the supervisor
 *
 * Framing only: what is said when is worker.c's, what follows from it is
 * export.c's business.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "job/wire.h"

enum {
	WIRE_LENGTH_MAX = 4 * 1024 * 1024,     /* of one message */
	WIRE_BUFFER_MAX = 2 * WIRE_LENGTH_MAX, /* on its way in */
	WIRE_CHUNK = 64 * 1024		       /* of one read */
};

/* What stands before every message. */
struct wire_head {
	uint32_t type;
	uint32_t length;
};

void
wire_init(struct wire *w, int fd)
{
	w->fd = fd;
	w->taken = 0;
	buf_init(&w->in, WIRE_BUFFER_MAX);
}

void
wire_release(struct wire *w)
{
	buf_release(&w->in);
}

int
wire_send(
    int fd, enum wire_type type, const void *data, size_t length, struct err *e)
{
	struct wire_head head = { (uint32_t)type, (uint32_t)length };

	if (length > WIRE_LENGTH_MAX)
		return err_set(e, ERR_INTERNAL,
		    "a message of %zu bytes is too long for the supervisor",
		    length);
	if (file_write_all(fd, &head, sizeof(head), e) < 0 ||
	    (length > 0 && file_write_all(fd, data, length, e) < 0))
		return err_in(e, "cannot tell the supervisor");
	return 0;
}

/* Drop what was handed out, so that the buffer holds only what is left. */
static void
wire_compact(struct wire *w)
{
	if (w->taken == 0)
		return;
	memmove(w->in.data, w->in.data + w->taken, w->in.length - w->taken);
	w->in.length -= w->taken;
	w->taken = 0;
}

int
wire_read(struct wire *w, struct err *e)
{
	ssize_t n;

	wire_compact(w);
	if (buf_reserve(&w->in, WIRE_CHUNK, e) < 0)
		return -1;
	do {
		n = read(w->fd, w->in.data + w->in.length, WIRE_CHUNK);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, errno, "cannot read from the worker");
	w->in.length += (size_t)n;
	return n > 0;
}

int
wire_next(struct wire *w, struct wire_message *m, struct err *e)
{
	struct wire_head head;
	size_t left = w->in.length - w->taken;

	if (left < sizeof(head))
		return 0;
	memcpy(&head, w->in.data + w->taken, sizeof(head));
	if (head.length > WIRE_LENGTH_MAX)
		return err_set(e, ERR_INTERNAL,
		    "the worker's message is broken (length %u)", head.length);
	if (left < sizeof(head) + head.length)
		return 0;
	m->type = (enum wire_type)head.type;
	m->data = w->in.data + w->taken + sizeof(head);
	m->length = head.length;
	w->taken += sizeof(head) + head.length;
	return 1;
}

int
wire_take(const struct wire_message *m, void *to, size_t size, struct err *e)
{
	if (m->length != size)
		return err_set(e, ERR_INTERNAL,
		    "the worker's message %d has %zu bytes instead of %zu",
		    (int)m->type, m->length, size);
	memcpy(to, m->data, size);
	return 0;
}
