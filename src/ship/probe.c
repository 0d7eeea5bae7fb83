/*
 * probe.c - find out what a target allows, with tiny files of our own
 *
 * Each thing is tried as a delivery would do it, on names that nobody else
 * has; all that was made is removed again. A refusal is an answer and no
 * error; only a target that cannot be reached or takes no file is one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "ship/protocol.h"
#include "sink/hash.h"

enum { PROBE_BYTES = 64, PROBE_PATH = 4096 };

/* Files here and names there. */
struct trial {
	struct remote remote;
	struct probe *probe;
	char paths[2][PROBE_PATH]; /* the second begins with the first */
	char hashes[2][HASH_TEXT]; /* of the files, SHA-256 */
	struct shipment files[2];
	char temporary[64], final[64], directory[64];
};

static int
write_file(char path[PROBE_PATH], const char *data, size_t n, struct err *e)
{
	const char *dir = getenv("TMPDIR");
	int fd, rc;

	(void)snprintf(path, PROBE_PATH, "%s/odbcship-probe-XXXXXX",
	    dir != NULL && *dir == '/' ? dir : "/tmp");
	fd = mkstemp(path);
	if (fd < 0) {
		path[0] = '\0';
		return err_set(e, ERR_LOCAL, "cannot make a file in '%s'",
		    dir != NULL ? dir : "/tmp");
	}
	rc = file_write_all(fd, data, n, e);
	(void)close(fd);
	return rc;
}

static int
prepare(struct trial *t, struct err *e)
{
	static const char word[] = "This is a probe of odbcship.\r\n";
	char data[PROBE_BYTES];
	unsigned long mark = (unsigned long)clock_wall_ms() ^
	    ((unsigned long)getpid() << 20);

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = word[i % (sizeof(word) - 1)];
	(void)snprintf(t->temporary, sizeof(t->temporary),
	    "odbcship-probe-%lx.part", mark);
	(void)snprintf(
	    t->final, sizeof(t->final), "odbcship-probe-%lx.csv", mark);
	(void)snprintf(
	    t->directory, sizeof(t->directory), "odbcship-probe-%lx.dir", mark);
	for (size_t i = 0; i < 2; i++) {
		size_t n = i == 0 ? PROBE_BYTES / 2 : PROBE_BYTES;

		if (write_file(t->paths[i], data, n, e) < 0)
			return -1;
		if (hash_file(t->paths[i], t->hashes[i], e) < 0)
			return -1;
		t->files[i] = (struct shipment){
			.path = t->paths[i], .bytes = n, .sha256 = t->hashes[i]
		};
	}
	return 0;
}

static int
put(struct trial *t, size_t file, uint64_t offset, struct err *e)
{
	struct upload u = { &t->files[file], t->temporary, offset };

	if (t->remote.link == NULL)
		return err_set(e, ERR_TARGET, "no connection any more");
	return t->remote.protocol->put(&t->remote, &u, e);
}

/* A connection that broke over an answer is made anew for the next one. */
static void
note(struct trial *t, const char *what, const struct err *e)
{
	struct err own = ERR_INIT;

	log_info("%s: %s", what, e->text);
	if (e->class == ERR_NOT_NOW && remote_open(&t->remote, &own) < 0)
		log_info("no connection any more: %s", own.text);
}

static bool
has(struct trial *t, const char *name, uint64_t bytes)
{
	struct err own = ERR_INIT;
	struct look found;

	memset(&found, 0, sizeof(found));
	if (t->remote.protocol->look(&t->remote, name, &found, &own) < 0) {
		note(t, "size", &own);
		return false;
	}
	return found.result == LOOK_THERE && found.bytes == bytes;
}

static int
count_bytes(void *arg, const char *data, size_t n, struct err *e)
{
	(void)data;
	(void)e;
	*(uint64_t *)arg += n;
	return 0;
}

static void
try_size(struct trial *t)
{
	t->probe->tells_size = has(t, t->temporary, t->files[0].bytes);
}

static void
try_hash(struct trial *t)
{
	struct err own = ERR_INIT;
	struct digest digest;

	if (t->remote.protocol->hash == NULL)
		return;
	switch (
	    t->remote.protocol->hash(&t->remote, t->temporary, &digest, &own)) {
	case 1:
		(void)snprintf(t->probe->hash, sizeof(t->probe->hash), "%s",
		    digest.command);
		break;
	case 0:
		break;
	default:
		note(t, "hash", &own);
	}
}

static void
try_reading(struct trial *t)
{
	struct err own = ERR_INIT;
	uint64_t n = 0;

	if (t->remote.protocol->read_back == NULL)
		return;
	if (t->remote.protocol->read_back(
		&t->remote, t->temporary, count_bytes, &n, &own) < 0)
		note(t, "reading back", &own);
	else
		t->probe->reads_back = n == t->files[0].bytes;
	t->probe->is_reused = t->remote.is_reused;
}

static void
try_renaming(struct trial *t)
{
	const struct protocol *p = t->remote.protocol;
	const char *names[2] = { t->temporary, t->final };
	struct err own = ERR_INIT;

	if (p->rename == NULL)
		return;
	if (p->rename(&t->remote, names, true, &own) < 0) {
		note(t, "renaming", &own);
		return;
	}
	t->probe->renames = true;
	t->probe->keeps = !t->probe->tells_size ||
	    has(t, t->final, t->files[0].bytes);
	if (!t->probe->keeps)
		return; /* there is nothing to be replaced */
	if (put(t, 1, 0, &own) < 0 ||
	    p->rename(&t->remote, names, true, &own) < 0)
		note(t, "replacing", &own);
	else
		t->probe->replaces = true;
}

static void
try_resuming(struct trial *t)
{
	struct err own = ERR_INIT;

	if (t->remote.protocol->is_whole)
		return; /* a part is never there */
	if (put(t, 0, 0, &own) < 0 || put(t, 1, t->files[0].bytes, &own) < 0)
		note(t, "resuming", &own);
	else
		t->probe->resumes = has(t, t->temporary, t->files[1].bytes);
}

static void
try_directory(struct trial *t)
{
	const struct protocol *p = t->remote.protocol;
	struct err own = ERR_INIT;

	if (p->directory == NULL)
		return;
	if (p->directory(&t->remote, t->directory, true, &own) < 0) {
		note(t, "making a directory", &own);
		return;
	}
	t->probe->makes_directories = true;
	if (p->directory(&t->remote, t->directory, false, &own) < 0)
		(void)snprintf(
		    t->probe->left, sizeof(t->probe->left), "%s", t->directory);
}

static void
clean_up(struct trial *t)
{
	const char *names[2] = { t->temporary, t->final };
	struct look found;

	t->probe->removes = true;
	t->remote.must_finish = true;
	for (size_t i = 0; i < 2; i++) {
		struct err own = ERR_INIT;

		memset(&found, 0, sizeof(found));
		if (t->remote.link == NULL && remote_open(&t->remote, &own) < 0)
			return;
		if (t->remote.protocol->look(
			&t->remote, names[i], &found, &own) == 0 &&
		    found.result == LOOK_ABSENT)
			continue;
		if (t->remote.protocol->remove(&t->remote, names[i], &own) == 0)
			continue;
		note(t, "removing", &own);
		t->probe->removes = false;
		(void)snprintf(
		    t->probe->left, sizeof(t->probe->left), "%s", names[i]);
	}
}

typedef void trial_part(struct trial *t);

/* In this order: each builds upon what is there. */
static trial_part *const trials[] = { try_size, try_hash, try_reading,
	try_renaming, try_resuming, try_directory };

static int
try_all(struct trial *t, struct err *e)
{
	int rc;

	if (remote_open(&t->remote, e) < 0)
		return -1;
	t->probe->is_whole = t->remote.protocol->is_whole;
	rc = put(t, 0, 0, e);
	for (size_t i = 0; rc == 0 && t->remote.link != NULL &&
	     i < sizeof(trials) / sizeof(trials[0]);
	     i++)
		trials[i](t);
	if (rc == 0 || t->remote.has_begun)
		clean_up(t);
	return rc;
}

int
ship_probe(const struct target *target, struct probe *p, struct err *e)
{
	struct trial t = { .probe = p };
	int rc = -1;

	memset(p, 0, sizeof(*p));
	t.remote = (struct remote)REMOTE_INIT(target, &p->receipt);
	if (ship_check_target(target, e) == 0 && prepare(&t, e) == 0)
		rc = try_all(&t, e);
	remote_close(&t.remote);
	for (size_t i = 0; i < 2; i++)
		if (t.paths[i][0] != '\0')
			(void)unlink(t.paths[i]);
	return rc;
}
