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

#include "ship/ftp.h"
#include "ship/library.h"

int
ftp_say(struct remote *r, const char *const *commands, const char *action,
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
	if (transfer_open(t, r, TRANSFER_FTP, e) < 0) {
		free(t);
		return -1;
	}
	r->link = t;
	(void)snprintf(action, sizeof(action), "open '%s'", r->target->url);
	if (ftp_say(r, nothing, action, e) == 0)
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
	char *url = transfer_url(t, t->remote->target->url, u->name, e);
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
	r->is_cut = rc < 0 && t->said.has_stored &&
	    e->native == CURLE_SEND_ERROR && t->said.code < 200;
	transfer_drop_file(t);
	return rc;
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
	if (ftp_say(r, commands, action, e) == 0)
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
	return ftp_say(r, commands, action, e);
}

static int
ftp_read_back(struct remote *r, const char *name, remote_take *take, void *arg,
    struct err *e)
{
	struct transfer *t = r->link;
	char *url = transfer_url(t, r->target->url, name, e);
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
	return ftp_say(r, commands, action, e);
}

/* What the loaded libcurl does wrong is not asked of it. */
static int
ftp_check(const struct target *t, struct err *e)
{
	struct ship_library library;

	ship_describe_library(&library);
	if (t->active && t->tls == TARGET_TLS_REQUIRED &&
	    library.clear_if_active) {
		(void)err_set(e, ERR_SPEC,
		    "active mode over TLS would send the file in clear with "
		    "libcurl %s",
		    library.version);
		return err_hint(
		    e, "Leave active out, or install libcurl 8.0 or newer.");
	}
	if (t->min_tls != NULL && strcmp(t->min_tls, "1.3") == 0 &&
	    library.loses_with_tls13) {
		(void)err_set(e, ERR_SPEC,
		    "FTP uploads over TLS 1.3 break with libcurl %s",
		    library.version);
		return err_hint(
		    e, "Leave min_tls out, or install libcurl 8.9 or newer.");
	}
	return 0;
}

#define FTP_OPERATIONS \
	.has_host = true, .check = ftp_check, .open = ftp_open, \
	.put = ftp_put, .look = ftp_look, .rename = ftp_rename, \
	.remove = ftp_remove, .hash = ftp_hash, .read_back = ftp_read_back, \
	.directory = ftp_directory, .close = ftp_close

const struct protocol protocol_ftp = { .scheme = "ftp://", FTP_OPERATIONS };

const struct protocol protocol_ftps = {
	.scheme = "ftps://", .is_implicit_tls = true, FTP_OPERATIONS
};
