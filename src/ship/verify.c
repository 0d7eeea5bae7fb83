/*
 * verify.c - whether what is there is what was sent
 *
 * The rungs: the server's word (none), the size, a hash that the server
 * computes, the content read back. A server that offers no hash is read back;
 * the rung that was reached is in the receipt.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "sink/digest.h"
#include "sink/hash.h"
#include "ship/verify.h"

int
verify_look(
    struct course *c, const char *name, struct look *found, struct err *e)
{
	memset(found, 0, sizeof(*found));
	if (c->remote.protocol->look(&c->remote, name, found, e) < 0)
		return -1;
	return found->result == LOOK_THERE &&
	    found->bytes == c->shipment->bytes;
}

static int
fail_unable(const char *name, const struct look *found, struct err *e)
{
	(void)err_set(
	    e, ERR_TARGET, "cannot verify '%s': %s", name, found->why);
	return err_hint(e,
	    "A delivery without a check of its size is not called delivered: "
	    "ask the server's operators for SIZE, or set verify = \"reread\", "
	    "or \"none\" to trust the server's word.");
}

static int
fail_size(const struct course *c, const char *name, const struct look *found,
    struct err *e)
{
	bool is_published = c->receipt->stage >= SHIP_PUBLISHED ||
	    c->receipt->is_direct;

	if (found->result == LOOK_ABSENT)
		(void)err_set(e, ERR_NOT_NOW,
		    "'%s' is not at the server after it was stored (%s)", name,
		    found->why);
	else
		(void)err_set(e, ERR_NOT_NOW,
		    "'%s' has %llu bytes at the server, not %llu", name,
		    (unsigned long long)found->bytes,
		    (unsigned long long)c->shipment->bytes);
	return err_hint(e,
	    "The server lost bytes, or something there takes files away%s",
	    is_published ? "; see may_vanish." :
			   "; nothing has the final name.");
}

/* A file that is read back. */
struct reading {
	struct hash *hash; /* owned */
	uint64_t left;	   /* bytes that are still ours */
	bool is_longer;	   /* more came than those */
};

/* A server that goes on and on is not listened to. */
static int
take_content(void *arg, const char *data, size_t n, struct err *e)
{
	struct reading *r = arg;

	r->is_longer = n > r->left;
	if (r->is_longer) {
		(void)err_set(e, ERR_NOT_NOW,
		    "the server sends more than was sent to it");
		return err_hint(
		    e, "If it happens each time, ask the server's operators.");
	}
	r->left -= n;
	return hash_put(r->hash, data, n, e);
}

/* The upload is there and is not what was sent: it is sent again. */
static int
fail_content(struct course *c, const char *name, const char *how, struct err *e)
{
	c->is_other = true;
	(void)err_set(e, ERR_NOT_NOW,
	    "'%s' at the server is not what was sent: its %s differs", name,
	    how);
	return err_hint(e,
	    "Bytes were changed on the way or there: if it happens each time, "
	    "ask the server's operators.");
}

static int
reread(struct course *c, const char *name, char text[HASH_TEXT], struct err *e)
{
	struct reading r = { NULL, c->shipment->bytes, false };
	int rc = -1;

	if (hash_new(&r.hash, e) < 0)
		return -1;
	if (c->remote.protocol->read_back(
		&c->remote, name, take_content, &r, e) == 0)
		rc = hash_finish(r.hash, text, e);
	c->is_other = c->is_other || r.is_longer;
	hash_free(r.hash);
	return rc;
}

/*
 * Once more on a fresh connection if it breaks: proftpd over TLS 1.3 refuses
 * the second data connection of a connection (facts/shipping.md F8).
 */
static int
verify_content(struct course *c, const char *name, struct err *e)
{
	char text[HASH_TEXT];
	struct err first = ERR_INIT;

	if (c->remote.protocol->read_back == NULL)
		return err_set(e, ERR_TARGET,
		    "cannot verify '%s': this kind of target cannot be read",
		    name);
	if (reread(c, name, text, &first) < 0) {
		*e = first;
		if (first.class != ERR_NOT_NOW || c->is_other ||
		    remote_open(&c->remote, e) < 0 ||
		    reread(c, name, text, e) < 0)
			return err_hint(
			    e, "verify = \"size\" needs no reading back.");
		*e = (struct err)ERR_INIT;
	}
	if (strcmp(text, c->shipment->sha256) != 0)
		return fail_content(c, name, "content", e);
	c->is_checked = true;
	(void)snprintf(
	    c->receipt->verified, sizeof(c->receipt->verified), "reread");
	return 0;
}

/* 1 verified, 0 no hash to be had, -1 error. */
static int
verify_hash(struct course *c, const char *name, struct err *e)
{
	struct digest theirs;
	char ours[DIGEST_TEXT];
	int rc;

	if (c->remote.protocol->hash == NULL)
		return 0;
	rc = c->remote.protocol->hash(&c->remote, name, &theirs, e);
	if (rc <= 0)
		return rc;
	if (strcmp(theirs.algorithm, "SHA256") == 0)
		(void)snprintf(ours, sizeof(ours), "%s", c->shipment->sha256);
	else if (digest_file(c->shipment->path, theirs.algorithm, ours, e) < 0)
		return -1;
	if (strcasecmp(ours, theirs.hex) != 0)
		return fail_content(c, name, theirs.command, e);
	c->is_checked = true;
	(void)snprintf(c->receipt->verified, sizeof(c->receipt->verified),
	    "hash %s", theirs.command);
	return 1;
}

int
verify_upload(struct course *c, struct err *e)
{
	struct look found;
	int there, rc = 0;

	if (c->target->verify == TARGET_VERIFY_NONE) {
		c->receipt->bytes = c->shipment->bytes;
		(void)snprintf(
		    c->receipt->verified, sizeof(c->receipt->verified), "none");
		return 0;
	}
	there = verify_look(c, c->upload_name, &found, e);
	if (there < 0)
		return -1;
	c->receipt->bytes = found.bytes;
	if (there == 0 && found.result != LOOK_UNABLE)
		return fail_size(c, c->upload_name, &found, e);
	if (c->target->verify == TARGET_VERIFY_SIZE)
		return there ? 0 : fail_unable(c->upload_name, &found, e);
	if (c->target->verify == TARGET_VERIFY_HASH)
		rc = verify_hash(c, c->upload_name, e);
	if (rc == 0 && c->target->verify == TARGET_VERIFY_HASH)
		log_info("'%s' offers no hash: '%s' is read back",
		    c->target->name, c->upload_name);
	if (rc == 0)
		rc = verify_content(c, c->upload_name, e);
	if (rc >= 0)
		c->receipt->bytes = c->shipment->bytes;
	return rc < 0 ? -1 : 0;
}

/*
 * The file is out: whatever the second look finds or does not find, the
 * message must not let anybody believe otherwise.
 */
static int
fail_final(struct course *c, struct err *e)
{
	char why[sizeof(e->hint)];

	memcpy(why, e->hint, sizeof(why));
	(void)err_in(e,
	    "'%s' has its final name, but could not be verified there",
	    c->shipment->name);
	return err_hint(
	    e, "Look at the target before the next run. %.600s", why);
}

/* What a look that does not show the file means, after publishing. */
static int
judge_final(struct course *c, const struct look *found, struct err *e)
{
	struct receipt *r = c->receipt;

	if (found->result == LOOK_ABSENT && c->target->may_vanish) {
		log_info("'%s' was taken away at '%s' already",
		    c->shipment->name, c->target->name);
		(void)snprintf(r->verified + strlen(r->verified),
		    sizeof(r->verified) - strlen(r->verified), ", then gone");
		return 0;
	}
	/* What was compared byte by byte got its name by the server's word. */
	if (found->result == LOOK_UNABLE && c->is_checked)
		return 0;
	c->is_final = true;
	r->bytes = found->bytes;
	if (found->result == LOOK_UNABLE)
		(void)fail_unable(c->shipment->name, found, e);
	else
		(void)fail_size(c, c->shipment->name, found, e);
	return fail_final(c, e);
}

int
verify_final(struct course *c, struct err *e)
{
	struct receipt *r = c->receipt;
	bool is_none = c->target->verify == TARGET_VERIFY_NONE;
	struct look found;
	int there;

	/* Empty: what an earlier process sent, and verified. */
	if (r->verified[0] == '\0')
		(void)snprintf(r->verified, sizeof(r->verified), "%s",
		    is_none ? "none" : "size");
	if (is_none)
		return 0;
	/* A direct upload was looked at under its final name just now. */
	if (!r->is_direct || !c->is_sent) {
		there = verify_look(c, c->shipment->name, &found, e);
		if (there < 0)
			return fail_final(c, e);
		if (there == 0 && judge_final(c, &found, e) < 0)
			return -1;
	}
	r->stage = SHIP_VERIFIED;
	return 0;
}

int
verify_sight(
    struct course *c, const char *name, enum ship_sight *sight, struct err *e)
{
	struct err own = ERR_INIT;
	struct look found;
	int there = verify_look(c, name, &found, e);
	int rc = 0;

	if (there < 0)
		return -1;
	*sight = there == 1		? SHIP_SAME :
	    found.result == LOOK_ABSENT ? SHIP_ABSENT :
	    found.result == LOOK_UNABLE ? SHIP_UNTOLD :
					  SHIP_OTHER;
	if (*sight == SHIP_ABSENT || *sight == SHIP_OTHER ||
	    (*sight == SHIP_SAME && c->is_checked) ||
	    c->target->verify < TARGET_VERIFY_HASH)
		return 0;
	c->is_other = false;
	if (c->target->verify == TARGET_VERIFY_HASH)
		rc = verify_hash(c, name, &own);
	if (rc == 0)
		rc = verify_content(c, name, &own);
	if (rc >= 0) {
		*sight = SHIP_SAME;
	} else if (c->is_other) {
		*sight = SHIP_OTHER;
	} else if (*sight == SHIP_SAME || own.class != ERR_TARGET) {
		*e = own;
		return -1;
	}
	return 0;
}

/* A file that is compared with ours, as far as it goes. */
struct comparison {
	int fd;	       /* ours; owned */
	bool is_other; /* they differ */
};

static int
compare_content(void *arg, const char *data, size_t n, struct err *e)
{
	struct comparison *c = arg;
	char ours[16384];

	while (n > 0) {
		ssize_t got = read(
		    c->fd, ours, n < sizeof(ours) ? n : sizeof(ours));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, errno, "cannot read our own file");
		c->is_other = got == 0 || memcmp(ours, data, (size_t)got) != 0;
		if (c->is_other)
			return err_set(e, ERR_NOT_NOW, "it is another file");
		data += got;
		n -= (size_t)got;
	}
	return 0;
}

int
verify_part(struct course *c, const char *name, struct err *e)
{
	struct comparison with = { -1, false };
	struct err own = ERR_INIT;
	int rc;

	if (c->remote.protocol->read_back == NULL)
		return err_set(e, ERR_TARGET,
		    "'%s' cannot be read at this kind of target", name);
	with.fd = shipment_open(c->shipment, e);
	if (with.fd < 0)
		return -1;
	rc = c->remote.protocol->read_back(
	    &c->remote, name, compare_content, &with, &own);
	(void)close(with.fd);
	if (rc < 0 && !with.is_other)
		*e = own;
	return with.is_other ? 0 : rc < 0 ? -1 : 1;
}
