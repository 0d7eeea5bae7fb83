/*
 * past.c - what an earlier attempt left decides where this one goes on
 *
 * All of it is here: an attempt that failed in this process, an answer that
 * was lost, a process that was killed. A step that may have been done is never
 * repeated blindly: what is there is looked at. What can still not be known is
 * the target's `ambiguous` to decide. The steps themselves are steps.c's.
 *
 *	rename was	final	temporary	goes on
 *	asked for	same	absent		published
 *			same *	untold		published (* its content)
 *			any	same		renames
 *			any	another		uploads
 *			any	absent, untold	cannot be known
 *	answered	same	any		published
 *			else as above; but untold, or absent where files
 *			may vanish: published
 *
 * Source	facts/shipping.md 1.6, 5 K3 to K5
 */
#include "base/log.h"
#include "ship/past.h"
#include "ship/verify.h"

/* What is under the names of a shipment. */
struct sights {
	enum ship_sight final;	   /* the final name */
	enum ship_sight temporary; /* where it is uploaded to; the final name
				    * again, if there is no other */
};

int
past_look(struct course *c, enum ship_sight *final, enum ship_sight *temporary,
    struct err *e)
{
	bool was_checked = c->is_checked, is_checked;

	if (verify_sight(c, c->shipment->name, final, e) < 0)
		return -1;
	if (c->receipt->is_direct) {
		*temporary = *final;
		return 0;
	}
	is_checked = c->is_checked;
	c->is_checked = was_checked; /* of the one, and not of the other */
	if (verify_sight(c, c->upload_name, temporary, e) < 0)
		return -1;
	c->is_checked = c->is_checked || is_checked;
	return 0;
}

/* The table above. */
static enum ship_stage
judge_rename(const struct course *c, const struct sights *s)
{
	bool is_answered = c->receipt->stage == SHIP_PUBLISHED;
	/* By link(2) and unlink(2) it has both names for a moment. */
	bool is_new = c->target->overwrite != TARGET_REPLACE;
	/* Byte by byte: whoever put it there, it is this file. */
	bool is_right = s->temporary == SHIP_UNTOLD && c->is_checked;

	if (s->final == SHIP_SAME &&
	    (s->temporary == SHIP_ABSENT || is_answered || is_new || is_right))
		return SHIP_PUBLISHED;
	if (s->temporary == SHIP_SAME)
		return SHIP_UPLOADED;
	if (s->temporary == SHIP_OTHER)
		return SHIP_UPLOADING;
	if (is_answered &&
	    (s->final == SHIP_UNTOLD ||
		(s->final == SHIP_ABSENT && c->target->may_vanish)))
		return SHIP_PUBLISHED;
	return SHIP_RENAMING;
}

/* The receipt's stage; whatever it is, it is known now. */
static int
settle_as(struct course *c, enum ship_stage stage)
{
	c->is_unknown = false;
	c->receipt->stage = stage;
	if (stage >= SHIP_UPLOADED)
		c->receipt->bytes = c->shipment->bytes;
	return 0;
}

static int
fail_ambiguous(struct course *c, const struct sights *s, struct err *e)
{
	const char *name = c->shipment->name;
	bool is_direct = c->receipt->is_direct;

	c->receipt->is_ambiguous = true;
	if (s->final == SHIP_OTHER)
		(void)err_set(e, ERR_TARGET,
		    "it cannot be known whether '%s' was delivered: what has "
		    "that name now is another file",
		    name);
	else if (s->final == SHIP_ABSENT && s->temporary == SHIP_ABSENT)
		(void)err_set(e, ERR_TARGET,
		    "it cannot be known whether '%s' was delivered: its %s was "
		    "begun, and now there is neither '%s'%s%s%s",
		    name, is_direct ? "upload" : "rename", name,
		    is_direct ? " nor a part of it" : " nor '",
		    is_direct ? "" : c->upload_name, is_direct ? "" : "'");
	else
		(void)err_set(e, ERR_TARGET,
		    "it cannot be known whether '%s' was delivered: its %s was "
		    "begun, and the target does not tell what is there",
		    name, is_direct ? "upload" : "rename");
	return err_hint(e,
	    "Look at the target, or ask the receiver. Then send it again with "
	    "'odbcship resend RUN TARGET', or if the receiver has it say so "
	    "with 'odbcship resend RUN TARGET --mark-delivered'.");
}

/* A file of another content may be a newer one: it is never replaced here. */
static bool
is_to_be_sent_again(const struct course *c, const struct sights *s)
{
	return c->target->ambiguous == TARGET_RESEND && s->final != SHIP_OTHER;
}

static int
settle_ambiguous(struct course *c, const struct sights *s, struct err *e)
{
	if (!is_to_be_sent_again(c, s))
		return fail_ambiguous(c, s, e);
	log_warning("it cannot be known whether '%s' was delivered to '%s': it "
		    "is sent again, as ambiguous = \"resend\" says",
	    c->shipment->name, c->target->name);
	return settle_as(c, SHIP_UPLOADING);
}

static int
settle_rename(struct course *c, struct err *e)
{
	struct sights s;
	enum ship_stage stage;

	if (past_look(c, &s.final, &s.temporary, e) < 0)
		return err_in(e,
		    "'%s' may be there under its final name, which could not "
		    "be looked at",
		    c->shipment->name);
	stage = judge_rename(c, &s);
	if (stage == SHIP_RENAMING)
		return settle_ambiguous(c, &s, e);
	if (stage == SHIP_PUBLISHED && s.temporary == SHIP_SAME &&
	    !c->receipt->is_direct)
		steps_remove(c);
	return settle_as(c, stage);
}

/* What is verified under the temporary name, and is not renamed. */
static int
settle_upload(struct course *c, struct err *e)
{
	bool is_trusted = c->is_sent || c->target->verify == TARGET_VERIFY_NONE;
	enum ship_sight sight;

	if (c->is_sent && c->target->verify == TARGET_VERIFY_NONE)
		return 0;
	if (verify_sight(c, c->upload_name, &sight, e) < 0)
		return -1;
	if (sight == SHIP_SAME || (sight == SHIP_UNTOLD && is_trusted))
		return settle_as(c, SHIP_UPLOADED);
	return settle_as(c, SHIP_UPLOADING);
}

/*
 * Something of an earlier process may be under the final name. Where nothing
 * may be replaced a part of this file is ours, and anything else is not.
 */
static int
settle_part(struct course *c, const struct sights *s, struct err *e)
{
	int rc;

	if (s->final == SHIP_ABSENT)
		return settle_as(c, SHIP_NOTHING);
	if (c->is_sent || c->target->overwrite == TARGET_REPLACE)
		return settle_as(c, SHIP_UPLOADING);
	if (s->final == SHIP_UNTOLD)
		return settle_as(c, SHIP_NOTHING);
	rc = verify_part(c, c->shipment->name, e);
	if (rc < 0 && e->class == ERR_TARGET)
		return fail_ambiguous(c, s, e);
	if (rc < 0)
		return -1;
	return settle_as(c, rc == 1 ? SHIP_UPLOADING : SHIP_NOTHING);
}

/* The upload itself has the final name. */
static int
settle_direct(struct course *c, struct err *e)
{
	enum ship_stage stage = c->receipt->stage;
	struct sights s;

	if (past_look(c, &s.final, &s.temporary, e) < 0)
		return err_in(e,
		    "'%s' may be there, which could not be looked at",
		    c->shipment->name);
	if (s.final == SHIP_SAME)
		return settle_as(c, SHIP_PUBLISHED);
	if (stage == SHIP_UPLOADING &&
	    (s.final == SHIP_OTHER || !c->target->may_vanish))
		return settle_part(c, &s, e);
	if (stage >= SHIP_UPLOADED &&
	    (s.final == SHIP_UNTOLD ||
		(s.final == SHIP_ABSENT && c->target->may_vanish)))
		return settle_as(c, SHIP_PUBLISHED);
	return settle_ambiguous(c, &s, e);
}

int
past_settle(struct course *c, struct err *e)
{
	enum ship_stage stage = c->receipt->stage;

	if (stage == SHIP_NOTHING)
		return 0;
	if (c->receipt->is_direct)
		return c->is_unknown ? settle_direct(c, e) : 0;
	if (stage >= SHIP_RENAMING)
		return c->is_unknown ? settle_rename(c, e) : 0;
	return stage == SHIP_UPLOADED ? settle_upload(c, e) : 0;
}

int
past_settle_rename(struct course *c, struct err *e)
{
	struct err own = ERR_INIT;
	struct sights s;
	enum ship_stage stage;

	if (remote_open(&c->remote, &own) < 0 ||
	    past_look(c, &s.final, &s.temporary, &own) < 0) {
		c->is_final = own.class == ERR_SIGNAL;
		(void)err_in(e, "'%s' may be there under its final name",
		    c->shipment->name);
		return err_hint(e,
		    "The server's answer to the rename was lost, and asking "
		    "again failed: look at the target before the next run.");
	}
	stage = judge_rename(c, &s);
	if (stage != SHIP_RENAMING) {
		(void)settle_as(c, stage);
		return stage == SHIP_PUBLISHED ? 0 : -1;
	}
	return is_to_be_sent_again(c, &s) ? -1 : fail_ambiguous(c, &s, e);
}
