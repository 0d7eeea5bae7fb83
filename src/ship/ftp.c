/*
 * ftp.c - the operations of FTP and FTPS
 *
 * Each is one or two commands on the connection that libcurl keeps; in which
 * order they come is steps.c's business. What a failure means is told by
 * classify.c; how libcurl is set up, transfer.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ship/transfer.h"

enum { FTP_ACTION = 2100 };

/*
 * Send commands in the target's directory; a command that begins with '*' may
 * be refused.
 */
static int
say(struct remote *r, const char *const *commands, const char *action,
    struct err *e)
{
	struct transfer *t = r->link;
	struct curl_slist *list = NULL;
	int rc;

	for (; *commands != NULL; commands++) {
		struct curl_slist *longer = curl_slist_append(list, *commands);

		if (longer == NULL) {
			curl_slist_free_all(list);
			return err_set(e, ERR_INTERNAL, "out of memory");
		}
		list = longer;
	}
	(void)curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 0L);
	(void)curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
	(void)curl_easy_setopt(t->easy, CURLOPT_URL, r->target->url);
	(void)curl_easy_setopt(t->easy, CURLOPT_POSTQUOTE, list);
	rc = transfer_perform(t, action, e);
	(void)curl_easy_setopt(t->easy, CURLOPT_POSTQUOTE, NULL);
	curl_slist_free_all(list);
	return rc;
}

static void
ftp_close(struct remote *r)
{
	struct transfer *t = r->link;

	transfer_close(t);
	free(t);
	r->link = NULL;
}

static int
ftp_open(struct remote *r, struct err *e)
{
	static const char *const nothing[] = { NULL };
	struct transfer *t = calloc(1, sizeof(*t));
	char action[FTP_ACTION];

	if (t == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (transfer_open(t, r, e) < 0) {
		free(t);
		return -1;
	}
	r->link = t;
	(void)snprintf(action, sizeof(action), "open '%s'", r->target->url);
	if (say(r, nothing, action, e) == 0)
		return 0;
	ftp_close(r);
	return -1;
}

/* All was sent, and the last word is missing: perhaps it is all there. */
static bool
is_unknown_put(const struct transfer *t, const struct upload *u)
{
	return t->said.has_stored && t->said.code < 200 &&
	    t->sent == u->shipment->bytes;
}

static int
put_file(struct transfer *t, const struct upload *u, struct err *e)
{
	char *url = transfer_url(t, u->name, e);
	char action[FTP_ACTION];
	int rc;

	if (url == NULL)
		return -1;
	(void)curl_easy_setopt(t->easy, CURLOPT_NOBODY, 0L);
	(void)curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(
	    t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)u->shipment->bytes);
	(void)curl_easy_setopt(
	    t->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)u->offset);
	(void)curl_easy_setopt(t->easy, CURLOPT_URL, url);
	(void)snprintf(action, sizeof(action), "upload '%s'", u->name);
	rc = transfer_perform(t, action, e);
	(void)curl_easy_setopt(
	    t->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)0);
	free(url);
	return rc;
}

static int
ftp_put(struct remote *r, const struct upload *u, struct err *e)
{
	struct transfer *t = r->link;
	int rc;

	r->has_begun = false;
	r->fate = FATE_UNDONE;
	if (transfer_take_file(t, u->shipment, e) < 0)
		return -1;
	rc = put_file(t, u, e);
	r->has_begun = t->said.has_stored;
	if (rc < 0 && e->class == ERR_NOT_NOW && is_unknown_put(t, u))
		r->fate = FATE_UNKNOWN;
	transfer_drop_file(t);
	return rc;
}

/* "213 1234": RFC 3659 4. */
static int
parse_size(const char *reply, uint64_t *size)
{
	struct err ignored = ERR_INIT;
	int64_t value;

	if (strlen(reply) < 5 || str_integer(reply + 4, &value, &ignored) < 0 ||
	    value < 0)
		return -1;
	*size = (uint64_t)value;
	return 0;
}

/* In image type, since some servers refuse SIZE in ASCII. */
static int
ftp_look(struct remote *r, const char *name, struct look *found, struct err *e)
{
	const struct transcript *said = &((struct transfer *)r->link)->said;
	char command[FTP_ACTION], action[FTP_ACTION];
	const char *const commands[] = { "TYPE I", command, NULL };

	(void)snprintf(command, sizeof(command), "*SIZE %s", name);
	(void)snprintf(
	    action, sizeof(action), "ask for the size of '%s'", name);
	if (say(r, commands, action, e) < 0)
		return -1;
	found->why[0] = '\0';
	if (said->code == 213 && parse_size(said->reply, &found->bytes) == 0) {
		found->result = LOOK_THERE;
		return 0;
	}
	(void)snprintf(found->why, sizeof(found->why),
	    "the server says '%s' to SIZE", said->reply);
	if (said->code >= 400 && said->code < 500)
		return err_set(
		    e, ERR_NOT_NOW, "cannot %s: %s", action, found->why);
	found->result = said->code == 550 ? LOOK_ABSENT : LOOK_UNABLE;
	return 0;
}

static int
ftp_rename(struct remote *r, const char *const names[2], bool may_replace,
    struct err *e)
{
	const struct transcript *said = &((struct transfer *)r->link)->said;
	char from[FTP_ACTION], to[FTP_ACTION], action[FTP_ACTION];
	const char *const commands[] = { from, to, NULL };

	(void)may_replace; /* whether RNTO replaces is the server's choice */
	(void)snprintf(from, sizeof(from), "RNFR %s", names[0]);
	(void)snprintf(to, sizeof(to), "RNTO %s", names[1]);
	(void)snprintf(action, sizeof(action), "rename '%.1000s' to '%.1000s'",
	    names[0], names[1]);
	if (say(r, commands, action, e) == 0)
		return 0;
	r->fate = FATE_UNDONE;
	if (said->has_renamed && said->code < 200)
		r->fate = FATE_UNKNOWN;
	if (!said->has_renamed || said->code < 500)
		return -1;
	r->fate = FATE_REFUSED;
	return err_hint(e,
	    "The server refuses the rename: is there a file of that name "
	    "that may not be replaced? See overwrite and publish.");
}

static int
ftp_remove(struct remote *r, const char *name, struct err *e)
{
	char command[FTP_ACTION], action[FTP_ACTION];
	const char *const commands[] = { command, NULL };

	(void)snprintf(command, sizeof(command), "DELE %s", name);
	(void)snprintf(action, sizeof(action), "remove '%s'", name);
	return say(r, commands, action, e);
}

static int
ftp_read_back(struct remote *r, const char *name, remote_take *take, void *arg,
    struct err *e)
{
	struct transfer *t = r->link;
	char *url = transfer_url(t, name, e);
	char action[FTP_ACTION];
	int rc;

	if (url == NULL)
		return -1;
	(void)curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 0L);
	(void)curl_easy_setopt(t->easy, CURLOPT_NOBODY, 0L);
	(void)curl_easy_setopt(t->easy, CURLOPT_URL, url);
	(void)snprintf(action, sizeof(action), "read '%s' back", name);
	t->take = take;
	t->take_arg = arg;
	rc = transfer_perform(t, action, e);
	t->take = NULL;
	free(url);
	return rc;
}

static int
ftp_directory(struct remote *r, const char *name, bool is_made, struct err *e)
{
	char command[FTP_ACTION], action[FTP_ACTION];
	const char *const commands[] = { command, NULL };

	(void)snprintf(
	    command, sizeof(command), "%s %s", is_made ? "MKD" : "RMD", name);
	(void)snprintf(action, sizeof(action), "%s the directory '%s'",
	    is_made ? "make" : "remove", name);
	return say(r, commands, action, e);
}

#define FTP_OPERATIONS \
	.has_host = true, .open = ftp_open, .put = ftp_put, .look = ftp_look, \
	.rename = ftp_rename, .remove = ftp_remove, \
	.read_back = ftp_read_back, .directory = ftp_directory, \
	.close = ftp_close

const struct protocol protocol_ftp = { .scheme = "ftp://", FTP_OPERATIONS };

const struct protocol protocol_ftps = {
	.scheme = "ftps://", .is_implicit_tls = true, FTP_OPERATIONS
};
