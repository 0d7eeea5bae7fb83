/*
 * steps.c - the steps of a delivery, the same for every protocol
 *
 * Look whether the name is free, upload under a temporary name, verify,
 * publish, verify. Written once, above the operations of protocol.h; how it is
 * verified is verify.c's business, where an attempt goes on past.c's, when it
 * is tried again retry.c's.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ship/past.h"
#include "ship/steps.h"
#include "ship/verify.h"

static bool
is_direct(const struct course *c)
{
	return c->target->publish == TARGET_DIRECT ||
	    c->target->publish == TARGET_MARKER ||
	    protocol_find(c->target->url)->is_whole;
}

int
course_begin(struct course *c, const struct target *t, const struct shipment *s,
    struct receipt *r, struct err *e)
{
	const char *staging = t->publish == TARGET_DIRECTORY ? t->staging : "";
	int n;

	memset(c, 0, sizeof(*c));
	c->remote = (struct remote)REMOTE_INIT(t, r);
	c->target = t;
	c->shipment = s;
	c->receipt = r;
	r->is_direct = is_direct(c);
	r->stage = s->from == SHIP_SKIPPED ? SHIP_NOTHING :
	    s->from == SHIP_VERIFIED	   ? SHIP_PUBLISHED :
					     s->from;
	c->is_unknown = r->stage != SHIP_NOTHING;
	n = snprintf(c->upload_name, sizeof(c->upload_name), "%s%s",
	    r->is_direct ? "" : staging, r->is_direct ? s->name : s->temporary);
	if (n < 0 || (size_t)n >= sizeof(c->upload_name))
		return err_set(e, ERR_SPEC, "the temporary name is too long");
	return 0;
}

/* Whoever records the steps may forbid one, and that is final. */
static int
tell(struct course *c, enum ship_stage stage, struct err *e)
{
	const struct shipment *s = c->shipment;

	if (s->step == NULL || s->step(s->step_arg, stage, e) == 0)
		return 0;
	c->is_final = true;
	return -1;
}

void
steps_remove(struct course *c)
{
	struct err own = ERR_INIT;

	if (c->remote.protocol->remove(&c->remote, c->upload_name, &own) < 0)
		log_info("'%s' may be left at '%s': %s", c->upload_name,
		    c->target->name, own.text);
}

/* An older file of that name, where it may not be replaced. */
static int
mind_existing(struct course *c, struct err *e)
{
	const char *name = c->shipment->name;
	struct look found;

	if (c->target->overwrite == TARGET_REPLACE ||
	    c->receipt->stage > SHIP_UPLOADED)
		return 0;
	if (c->receipt->is_direct && c->receipt->stage != SHIP_NOTHING)
		return 0; /* it is ours */
	if (verify_look(c, name, &found, e) < 0)
		return -1;
	if (found.result == LOOK_UNABLE) {
		(void)err_set(e, ERR_TARGET,
		    "cannot tell whether '%s' is there already: %s", name,
		    found.why);
		return err_hint(e,
		    "Without that only overwrite = \"replace\" is possible.");
	}
	if (found.result == LOOK_ABSENT)
		return 0;
	c->receipt->bytes = found.bytes;
	if (c->target->overwrite == TARGET_SKIP) {
		log_info("'%s' is at '%s' already (%llu bytes) and stays", name,
		    c->target->name, (unsigned long long)found.bytes);
		if (c->receipt->stage != SHIP_NOTHING)
			steps_remove(c);
		c->receipt->stage = SHIP_SKIPPED;
		return 0;
	}
	(void)err_set(e, ERR_TARGET,
	    "'%s' is there already (%llu bytes), and overwrite is \"fail\"",
	    name, (unsigned long long)found.bytes);
	return err_hint(e,
	    "Let the receiver take it away, choose a name with a date in it, "
	    "or set overwrite = \"replace\".");
}

/* The last word is missing: look whether all is there. *e says why. */
static int
look_after_put(struct course *c, struct err *e)
{
	struct err own = ERR_INIT;
	struct look found;

	log_info("the server's answer to the upload was lost: %s", e->text);
	if (remote_open(&c->remote, &own) == 0 &&
	    verify_look(c, c->upload_name, &found, &own) == 1)
		return 0;
	c->is_unknown = true;
	if (own.class == ERR_SIGNAL)
		*e = own;
	return -1;
}

/*
 * Behind how many bytes the upload goes on. Under the final name only what
 * this process put there is a part of this file.
 */
static int
find_offset(struct course *c, uint64_t *offset, struct err *e)
{
	struct look found;

	*offset = 0;
	if (!c->target->resume || c->no_resume ||
	    (c->receipt->is_direct && !c->is_sent))
		return 0;
	if (verify_look(c, c->upload_name, &found, e) < 0)
		return -1;
	if (found.result == LOOK_THERE && found.bytes < c->shipment->bytes)
		*offset = found.bytes;
	if (*offset > 0)
		log_info("the upload of '%s' goes on behind %llu bytes",
		    c->upload_name, (unsigned long long)*offset);
	return 0;
}

static int
upload(struct course *c, struct err *e)
{
	struct upload u = { c->shipment, c->upload_name, 0 };
	struct err first = ERR_INIT;
	int rc;

	c->is_checked = false;
	if (find_offset(c, &u.offset, e) < 0)
		return -1;
	c->is_resumed = u.offset > 0;
	if (tell(c, SHIP_UPLOADING, e) < 0)
		return -1;
	c->is_unknown = false;
	rc = c->remote.protocol->put(&c->remote, &u, &first);
	if (c->remote.has_begun) {
		c->receipt->stage = SHIP_UPLOADING;
		c->is_sent = true;
	}
	if (rc < 0 && c->remote.fate == FATE_UNKNOWN)
		rc = look_after_put(c, &first);
	if (rc < 0)
		*e = first;
	return rc;
}

/*
 * The server does not rename onto a file: the old one goes first. For a
 * moment there is none; *e says why it was refused.
 */
static int
make_way(struct course *c, const char *const names[2], struct err *e)
{
	const struct protocol *p = c->remote.protocol;
	struct err own = ERR_INIT;
	struct look found;

	if (c->target->overwrite != TARGET_REPLACE ||
	    verify_look(c, names[1], &found, &own) < 0 ||
	    found.result != LOOK_THERE)
		return -1;
	if (p->remove(&c->remote, names[1], &own) < 0) {
		(void)err_hint(e,
		    "The server neither replaces nor removes the file of "
		    "that name (%.300s): ask its operators, or choose names "
		    "that differ from day to day.",
		    own.text);
		return -1;
	}
	c->is_removed = true;
	/* SFTP never does, which is known and no news each day. */
	log_write(p->is_ssh ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
	    "'%s' does not rename onto '%s': the old file was removed first, "
	    "so that for a moment there was none",
	    c->target->name, names[1]);
	*e = (struct err)ERR_INIT;
	return p->rename(&c->remote, names, true, e);
}

/* What a rename that failed leaves to be done. */
static int
settle_rename(struct course *c, const char *const names[2], struct err *e)
{
	if (c->remote.fate == FATE_REFUSED && e->class == ERR_TARGET &&
	    make_way(c, names, e) == 0)
		return 0;
	if (c->remote.fate == FATE_UNKNOWN) {
		c->receipt->stage = SHIP_RENAMING;
		c->is_unknown = true;
		if (e->class != ERR_NOT_NOW)
			return -1;
		log_info(
		    "the server's answer to the rename was lost: %s", e->text);
		return past_settle_rename(c, e);
	}
	if (c->is_removed)
		(void)err_in(e,
		    "the old '%s' was removed to make way, but then", names[1]);
	return -1;
}

static int
publish(struct course *c, struct err *e)
{
	const char *names[2] = { c->upload_name, c->shipment->name };
	struct err first = ERR_INIT;

	c->remote.fate = FATE_UNDONE;
	if (!c->receipt->is_direct && tell(c, SHIP_RENAMING, e) < 0)
		return -1;
	if (!c->receipt->is_direct &&
	    c->remote.protocol->rename(&c->remote, names,
		c->target->overwrite == TARGET_REPLACE, &first) < 0 &&
	    settle_rename(c, names, &first) < 0) {
		*e = first;
		return -1;
	}
	c->receipt->stage = SHIP_PUBLISHED;
	return tell(c, SHIP_PUBLISHED, e);
}

/* What is uploaded to its final name is published, which is told then. */
static int
end_upload(struct course *c, struct err *e)
{
	c->receipt->stage = SHIP_UPLOADED;
	return c->receipt->is_direct ? 0 : tell(c, SHIP_UPLOADED, e);
}

/* What was put together of parts and is not the file is sent whole, once. */
static int
upload_verified(struct course *c, struct err *e)
{
	struct err first = ERR_INIT;

	if (upload(c, e) < 0)
		return -1;
	if (verify_upload(c, &first) == 0)
		return end_upload(c, e);
	if (!c->is_resumed || c->no_resume || first.class != ERR_NOT_NOW) {
		*e = first;
		return -1;
	}
	log_info("what was resumed is not the file, it is sent whole: %s",
	    first.text);
	c->no_resume = true;
	if (remote_open(&c->remote, e) < 0 || upload(c, e) < 0 ||
	    verify_upload(c, e) < 0)
		return -1;
	return end_upload(c, e);
}

/* What is true of the delivery, now that it was found out. */
static int
look_back(struct course *c, struct err *e)
{
	enum ship_stage before = c->receipt->stage;

	if (past_settle(c, e) < 0)
		return -1;
	if (c->receipt->stage == before || c->receipt->stage < SHIP_UPLOADED)
		return 0;
	return tell(c, c->receipt->stage, e);
}

int
steps_attempt(struct course *c, struct err *e)
{
	if (remote_open(&c->remote, e) < 0)
		return -1;
	c->receipt->is_open = true;
	if (look_back(c, e) < 0 || mind_existing(c, e) < 0)
		return -1;
	if (c->receipt->stage == SHIP_SKIPPED)
		return 0;
	if (c->receipt->stage < SHIP_UPLOADED && upload_verified(c, e) < 0)
		return -1;
	if (c->receipt->stage < SHIP_PUBLISHED && publish(c, e) < 0)
		return -1;
	return verify_final(c, e);
}

/* What may be left is removed, unless a later run goes on behind it. */
static bool
is_to_be_removed(const struct course *c)
{
	/* What has the final name, and this process did not put there. */
	if (c->receipt->is_direct && !c->is_sent)
		return false;
	/* What broke off left the older one there, whole. */
	if (protocol_find(c->target->url)->is_whole)
		return false;
	if (c->receipt->stage == SHIP_UPLOADING && c->target->resume &&
	    !c->receipt->is_direct)
		return false;
	return c->receipt->stage == SHIP_UPLOADING ||
	    c->receipt->stage == SHIP_UPLOADED;
}

void
steps_clean_up(struct course *c)
{
	char reply[sizeof(c->receipt->reply)];
	struct err own = ERR_INIT;

	if (is_to_be_removed(c)) {
		/* The receipt keeps what was said to what failed. */
		memcpy(reply, c->receipt->reply, sizeof(reply));
		c->remote.must_finish = true;
		if (remote_open(&c->remote, &own) == 0)
			steps_remove(c);
		memcpy(c->receipt->reply, reply, sizeof(reply));
	}
	remote_close(&c->remote);
}
