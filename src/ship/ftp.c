/*
 * ftp.c - deliver one file by FTP or FTPS
 *
 * Upload under a temporary name, ask for its size, rename, ask again, all on
 * one connection. A step whose answer was lost is looked at on a fresh
 * connection and never repeated blindly. What failed is told by classify.c;
 * how libcurl is set up, transfer.c.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/str.h"
#include "ship/protocol.h"
#include "ship/transfer.h"

enum { FTP_ACTION = 1200, FTP_CLEANUP_S = 10 };

/* A size that the server cannot or will not tell. */
#define FTP_ABSENT UINT64_MAX

/* A delivery on its way. */
struct delivery {
	struct transfer transfer;
	const struct target *target;
	const struct shipment *shipment;
	struct receipt *receipt;
};

static void
keep_reply(struct delivery *d)
{
	const struct transcript *said = &d->transfer.said;

	if (said->reply[0] != '\0')
		(void)snprintf(d->receipt->reply, sizeof(d->receipt->reply),
		    "%s", said->reply);
	if (said->tls[0] != '\0')
		(void)snprintf(
		    d->receipt->tls, sizeof(d->receipt->tls), "%s", said->tls);
}

/*
 * Log in, change to the directory and send commands there; a command that
 * begins with '*' may be refused.
 */
static int
say(struct delivery *d, const char *const *commands, const char *action,
    struct err *e)
{
	CURL *easy = d->transfer.easy;
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
	(void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_URL, d->target->url);
	(void)curl_easy_setopt(easy, CURLOPT_POSTQUOTE, list);
	rc = transfer_perform(&d->transfer, action, e);
	(void)curl_easy_setopt(easy, CURLOPT_POSTQUOTE, NULL);
	curl_slist_free_all(list);
	keep_reply(d);
	return rc;
}

int
ftp_connect(const struct target *t, struct receipt *r, struct err *e)
{
	static const char *const nothing[] = { NULL };
	struct delivery d = { .target = t, .receipt = r };
	int rc;

	if (transfer_open(&d.transfer, t, e) < 0)
		return -1;
	rc = say(&d, nothing, "log in", e);
	transfer_close(&d.transfer);
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

/*
 * The size of a file in the directory; FTP_ABSENT when there is none. In
 * image type, since some servers refuse SIZE in ASCII.
 */
static int
ask_size(struct delivery *d, const char *name, uint64_t *size, struct err *e)
{
	char command[FTP_ACTION], action[FTP_ACTION];
	const char *const commands[] = { "TYPE I", command, NULL };
	const struct transcript *said = &d->transfer.said;

	(void)snprintf(command, sizeof(command), "*SIZE %s", name);
	(void)snprintf(
	    action, sizeof(action), "ask for the size of '%s'", name);
	if (say(d, commands, action, e) < 0)
		return -1;
	if (said->code == 213 && parse_size(said->reply, size) == 0)
		return 0;
	if (said->code == 550) {
		*size = FTP_ABSENT;
		return 0;
	}
	/* 4xx passes; a size that is no number will not get better. */
	(void)err_set(e,
	    said->code >= 400 && said->code < 500 ? ERR_NOT_NOW : ERR_TARGET,
	    "cannot verify '%s': the server says '%s' to SIZE", name,
	    said->reply);
	return err_hint(e,
	    "A delivery without a check of its size is not "
	    "called delivered; ask the server's operators for SIZE.");
}

/* The size must be exactly ours. */
static int
verify(struct delivery *d, const char *name, struct err *e)
{
	uint64_t size = 0;

	if (ask_size(d, name, &size, e) < 0)
		return -1;
	d->receipt->bytes = size == FTP_ABSENT ? 0 : size;
	if (size == d->shipment->bytes)
		return 0;
	if (size == FTP_ABSENT)
		(void)err_set(e, ERR_NOT_NOW,
		    "'%s' is not at the server after "
		    "it was stored (%s)",
		    name, d->transfer.said.reply);
	else
		(void)err_set(e, ERR_NOT_NOW,
		    "'%s' has %llu bytes at the "
		    "server, not %llu",
		    name, (unsigned long long)size,
		    (unsigned long long)d->shipment->bytes);
	return err_hint(e,
	    "The server lost bytes, or something there takes files away%s",
	    d->receipt->stage < SHIP_RENAMING ?
		"; nothing has the final name." :
		".");
}

/*
 * After the rename the file is out: whatever the second look finds or does
 * not find, the message must not let anybody believe otherwise.
 */
static int
verify_final(struct delivery *d, struct err *e)
{
	char why[sizeof(e->hint)];

	if (verify(d, d->shipment->name, e) == 0)
		return 0;
	memcpy(why, e->hint, sizeof(why));
	(void)err_in(e,
	    "'%s' has its final name, but could not be verified there",
	    d->shipment->name);
	return err_hint(
	    e, "Look at the target before the next run. %.600s", why);
}

/* A fresh connection, since the old one may be half dead. */
static int
reconnect(struct delivery *d, struct err *e)
{
	struct transfer *t = &d->transfer;

	transfer_close(t);
	return transfer_open(t, d->target, e);
}

static int
store(struct delivery *d, struct err *e)
{
	struct transfer *t = &d->transfer;
	CURL *easy = t->easy;
	char action[FTP_ACTION];
	char *url = transfer_url(t, d->shipment->temporary, e);
	int rc;

	if (url == NULL)
		return -1;
	t->fd = shipment_open(d->shipment, e);
	t->shipment = d->shipment;
	t->sent = 0;
	if (t->fd < 0) {
		free(url);
		return -1;
	}
	(void)curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(
	    easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)d->shipment->bytes);
	(void)curl_easy_setopt(easy, CURLOPT_URL, url);
	(void)snprintf(
	    action, sizeof(action), "upload '%s'", d->shipment->temporary);
	rc = transfer_perform(t, action, e);
	t->shipment = NULL;
	keep_reply(d);
	if (t->said.has_stored)
		d->receipt->stage = SHIP_UPLOADING;
	free(url);
	return rc;
}

/* All was sent and the last word is missing: perhaps it is all there. */
static bool
is_unknown_store(const struct delivery *d)
{
	const struct transfer *t = &d->transfer;

	return t->said.has_stored && t->sent == d->shipment->bytes &&
	    t->said.code < 200;
}

static int
upload(struct delivery *d, struct err *e)
{
	struct err first = ERR_INIT, own = ERR_INIT;

	if (store(d, &first) < 0) {
		bool look = is_unknown_store(d) && first.class == ERR_NOT_NOW;

		*e = first;
		if (!look || reconnect(d, &own) < 0)
			return -1;
		log_info("the server's answer to the upload was lost: %s",
		    first.text);
		if (verify(d, d->shipment->temporary, &own) < 0)
			return -1;
		d->receipt->stage = SHIP_UPLOADED;
		*e = (struct err)ERR_INIT;
		return 0;
	}
	if (verify(d, d->shipment->temporary, e) < 0)
		return -1;
	d->receipt->stage = SHIP_UPLOADED;
	return 0;
}

/* Neither done nor undone, as far as can be seen from here. */
static int
fail_unknown(const struct delivery *d, const char *what,
    const struct err *first, struct err *e)
{
	*e = *first;
	e->class = ERR_NOT_NOW;
	(void)err_in(
	    e, "'%s' may be there under its final name", d->shipment->name);
	return err_hint(e, "%s: look at the target before the next run.", what);
}

/* The rename's answer was lost: look what is there now. */
static int
look_after_rename(struct delivery *d, const struct err *first, struct err *e)
{
	uint64_t final = FTP_ABSENT, temporary = FTP_ABSENT;
	struct err own = ERR_INIT;

	log_info("the server's answer to the rename was lost: %s", first->text);
	if (reconnect(d, &own) < 0 ||
	    ask_size(d, d->shipment->temporary, &temporary, &own) < 0 ||
	    ask_size(d, d->shipment->name, &final, &own) < 0)
		return fail_unknown(d,
		    "The server's answer to the rename was lost, and asking "
		    "again failed",
		    first, e);
	if (temporary == FTP_ABSENT && final == d->shipment->bytes)
		return 0;
	if (temporary == FTP_ABSENT)
		return fail_unknown(d,
		    "The temporary name is gone, and what has the final name "
		    "is not this file",
		    first, e);
	d->receipt->stage = SHIP_UPLOADED;
	*e = *first;
	return -1;
}

static int
publish(struct delivery *d, struct err *e)
{
	char from[FTP_ACTION], to[FTP_ACTION], action[FTP_ACTION];
	const char *const commands[] = { from, to, NULL };
	const struct transcript *said = &d->transfer.said;
	struct err first = ERR_INIT;

	(void)snprintf(from, sizeof(from), "RNFR %s", d->shipment->temporary);
	(void)snprintf(to, sizeof(to), "RNTO %s", d->shipment->name);
	(void)snprintf(action, sizeof(action), "rename '%s' to '%s'",
	    d->shipment->temporary, d->shipment->name);
	if (say(d, commands, action, &first) == 0) {
		d->receipt->stage = SHIP_PUBLISHED;
		return 0;
	}
	if (said->has_renamed && said->code < 200) {
		d->receipt->stage = SHIP_RENAMING;
		if (look_after_rename(d, &first, e) < 0)
			return -1;
		d->receipt->stage = SHIP_PUBLISHED;
		return 0;
	}
	*e = first;
	if (said->has_renamed && said->code >= 500)
		(void)err_hint(e,
		    "The server refuses the rename: is there a "
		    "file of that name already that may not be replaced?");
	return -1;
}

/* What is half there goes, if the server lets it; the first error counts. */
static void
remove_temporary(struct delivery *d)
{
	char command[FTP_ACTION];
	const char *const commands[] = { command, NULL };
	struct err own = ERR_INIT;

	if (d->receipt->stage != SHIP_UPLOADING &&
	    d->receipt->stage != SHIP_UPLOADED)
		return;
	if (reconnect(d, &own) < 0)
		return;
	d->transfer.must_finish = true;
	(void)curl_easy_setopt(
	    d->transfer.easy, CURLOPT_CONNECTTIMEOUT, (long)FTP_CLEANUP_S);
	(void)curl_easy_setopt(
	    d->transfer.easy, CURLOPT_TIMEOUT, (long)FTP_CLEANUP_S);
	(void)snprintf(
	    command, sizeof(command), "DELE %s", d->shipment->temporary);
	if (say(d, commands, "remove the temporary file", &own) < 0)
		log_info("'%s' may be left at '%s': %s", d->shipment->temporary,
		    d->target->name, own.text);
}

int
ftp_deliver(const struct target *t, const struct shipment *s, struct receipt *r,
    struct err *e)
{
	struct delivery d = { .target = t, .shipment = s, .receipt = r };
	char reply[sizeof(r->reply)];
	int rc = -1;

	if (transfer_open(&d.transfer, t, e) < 0)
		return -1;
	if (upload(&d, e) < 0 || publish(&d, e) < 0)
		goto out;
	if (verify_final(&d, e) < 0)
		goto out;
	r->stage = SHIP_VERIFIED;
	(void)snprintf(r->verified, sizeof(r->verified), "size");
	rc = 0;
out:
	if (rc < 0) {
		memcpy(reply, r->reply, sizeof(reply));
		remove_temporary(&d);
		memcpy(r->reply, reply, sizeof(reply));
	}
	transfer_close(&d.transfer);
	return rc;
}
