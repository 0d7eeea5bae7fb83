/*
 * deliver.c - one delivery of room ship, as a caller of ship_file has it
 *
 * For tests of what no command shows: each step as it is told, and deliveries
 * that go on where another process was killed. Lines of a word, a blank and a
 * value: "step uploading", ..., then the receipt and the error.
 *
 *	deliver URL FILE [KEY=VALUE]...
 *
 * Keys: user password name temporary publish overwrite verify ambiguous
 * may_vanish retries from, and refuse: the step that is not allowed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ship/library.h"
#include "ship/ship.h"
#include "sink/digest.h"

/* The words of a setting, as in ship/target.h. */
static const char *const publishings[] = { "rename", "directory", "marker",
	"direct", NULL };
static const char *const overwrites[] = { "replace", "fail", "skip", NULL };
static const char *const verifications[] = { "none", "size", "hash", "reread",
	NULL };
static const char *const ambiguities[] = { "hold", "resend", NULL };

static int argc_of;
static char **argv_of;

static const char *
value_of(const char *key, const char *otherwise)
{
	size_t n = strlen(key);

	for (int i = 3; i < argc_of; i++)
		if (strncmp(argv_of[i], key, n) == 0 && argv_of[i][n] == '=')
			return argv_of[i] + n + 1;
	return otherwise;
}

static unsigned
choice_of(const char *key, const char *const *words, const char *otherwise)
{
	const char *value = value_of(key, otherwise);

	for (unsigned i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], value) == 0)
			return i;
	(void)fprintf(stderr, "deliver: %s=%s\n", key, value);
	exit(2);
}

static enum ship_stage
stage_of(const char *key)
{
	const char *value = value_of(key, "nothing");

	for (int i = SHIP_NOTHING; i <= SHIP_VERIFIED; i++)
		if (strcmp(ship_stage_name((enum ship_stage)i), value) == 0)
			return (enum ship_stage)i;
	(void)fprintf(stderr, "deliver: %s=%s\n", key, value);
	exit(2);
}

static int
on_step(void *arg, enum ship_stage stage, struct err *e)
{
	const enum ship_stage *refused = arg;

	printf("step %s\n", ship_stage_name(stage));
	if (stage != *refused)
		return 0;
	/* Of a class that would be tried again. */
	return err_set(e, ERR_NOT_NOW, "this step cannot be recorded");
}

static void
show(const struct receipt *r, const struct err *e)
{
	printf("stage %s\nopen %d\nambiguous %d\nverified %s\nbytes %llu\n"
	       "attempts %u\nclass %s\ntext %s\nhint %s\n",
	    ship_stage_name(r->stage), r->is_open, r->is_ambiguous, r->verified,
	    (unsigned long long)r->bytes, r->attempts, err_name(e), e->text,
	    e->hint);
}

int
main(int argc, char *argv[])
{
	struct target t = { .name = "partner",
		.tls = TARGET_TLS_NONE,
		.retry_wait_ms = 10,
		.connect_timeout_ms = 60000,
		.reply_timeout_ms = 60000,
		.stall_timeout_ms = 60000 };
	struct shipment s = { .step = on_step };
	char sha256[DIGEST_TEXT];
	enum ship_stage refused;
	struct err e = ERR_INIT;
	struct receipt r;
	struct stat st;

	argc_of = argc;
	argv_of = argv;
	if (argc < 3 || stat(argv[2], &st) < 0)
		return 2;
	t.url = argv[1];
	t.user = value_of("user", NULL);
	t.password = value_of("password", NULL);
	t.publish = choice_of("publish", publishings, "rename");
	t.overwrite = choice_of("overwrite", overwrites, "replace");
	t.verify = choice_of("verify", verifications, "size");
	t.ambiguous = choice_of("ambiguous", ambiguities, "hold");
	t.may_vanish = value_of("may_vanish", NULL) != NULL;
	t.retries = (unsigned)strtoul(value_of("retries", "3"), NULL, 10);
	refused = stage_of("refuse");
	s.path = argv[2];
	s.name = value_of("name", "out.csv");
	s.temporary = value_of("temporary", "out.csv.part");
	s.bytes = (uint64_t)st.st_size;
	s.sha256 = sha256;
	s.step_arg = &refused;
	s.from = stage_of("from");
	if (digest_file(s.path, "SHA256", sha256, &e) == 0 &&
	    ship_file(&t, &s, &r, &e) == 0)
		e = (struct err)ERR_INIT;
	show(&r, &e);
	ship_release_library();
	return 0;
}
