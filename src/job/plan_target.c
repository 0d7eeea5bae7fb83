/*
 * plan_target.c - the settings of one target, as ship/target.h wants them
 *
 * What must be expanded or read from elsewhere is plan.c's.
 */
#include <string.h>

#include "job/plan_target.h"

static const char *
text_of(const struct spec *spec, const char *path, size_t i)
{
	return spec_member(spec, path, i)->text;
}

static uint64_t
number_of(const struct spec *spec, const char *path, size_t i)
{
	return (uint64_t)spec_member(spec, path, i)->number;
}

/* Where the text stands among the choices: the table's order. */
static int
choice_of(const struct spec *spec, const char *path, size_t i)
{
	const struct value *v = spec_member(spec, path, i);
	int n = 0;

	while (v->text != NULL && v->setting->choices[n] != NULL &&
	    strcmp(v->setting->choices[n], v->text) != 0)
		n++;
	return n;
}

static void
read_protection(struct target *t, const struct spec *s, size_t i)
{
	t->tls = (enum target_tls)choice_of(s, "targets.tls", i);
	t->endpoint = text_of(s, "targets.endpoint", i);
	t->region = text_of(s, "targets.region", i);
	t->addressing = (enum target_addressing)choice_of(
	    s, "targets.addressing", i);
	t->min_tls = text_of(s, "targets.min_tls", i);
	t->max_tls = text_of(s, "targets.max_tls", i);
	t->pinned_key = text_of(s, "targets.pinned_key", i);
}

static void
read_steps(struct target *t, const struct spec *s, size_t i)
{
	t->temporary = text_of(s, "targets.temporary", i);
	t->publish = (enum target_publish)choice_of(s, "targets.publish", i);
	t->staging = text_of(s, "targets.staging", i);
	t->overwrite = (enum target_overwrite)choice_of(
	    s, "targets.overwrite", i);
	t->verify = (enum target_verify)choice_of(s, "targets.verify", i);
	t->ambiguous = (enum target_ambiguous)choice_of(
	    s, "targets.ambiguous", i);
	t->may_vanish = number_of(s, "targets.may_vanish", i) != 0;
	t->mkdirs = number_of(s, "targets.mkdirs", i) != 0;
	t->resume = number_of(s, "targets.resume", i) != 0;
	/* Bytes that were put together prove nothing by their number. */
	if (t->resume && t->verify < TARGET_VERIFY_HASH)
		t->verify = TARGET_VERIFY_HASH;
}

void
plan_target_read(struct target *t, const struct spec *s, size_t i)
{
	t->name = text_of(s, "targets.name", i);
	t->user = text_of(s, "targets.user", i);
	read_protection(t, s, i);
	read_steps(t, s, i);
	t->active = number_of(s, "targets.active", i) != 0;
	t->epsv = number_of(s, "targets.epsv", i) != 0;
	t->bandwidth = number_of(s, "targets.bandwidth", i);
	t->retries = (unsigned)number_of(s, "targets.retries", i);
	t->retry_wait_ms = number_of(s, "targets.retry_wait", i);
	t->connect_timeout_ms = number_of(s, "targets.connect_timeout", i);
	t->reply_timeout_ms = number_of(s, "targets.reply_timeout", i);
	t->stall_timeout_ms = number_of(s, "targets.stall_timeout", i);
}
