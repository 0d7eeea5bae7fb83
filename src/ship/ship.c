/*
 * ship.c - bring one file to one target, complete, or say why not
 *
 * The way in: what can be checked without a network is check.c's, the
 * delivery itself retry.c's and steps.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "ship/library.h"
#include "ship/past.h"
#include "ship/protocol.h"
#include "ship/steps.h"

const struct protocol *const protocols[] = { &protocol_ftp, &protocol_ftps,
	&protocol_sftp, &protocol_https, &protocol_http, &protocol_s3,
	&protocol_local, NULL };

const struct protocol *
protocol_find(const char *url)
{
	for (size_t i = 0; protocols[i] != NULL; i++)
		if (strncasecmp(url, protocols[i]->scheme,
			strlen(protocols[i]->scheme)) == 0)
			return protocols[i];
	return NULL;
}

int
shipment_open(const struct shipment *s, struct err *e)
{
	struct stat st;
	int fd = open(s->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", s->path);
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size == s->bytes)
		return fd;
	(void)close(fd);
	return err_set(e, ERR_LOCAL,
	    "'%s' is not as long as it was when it "
	    "was written (%llu bytes)",
	    s->path, (unsigned long long)s->bytes);
}

bool
ship_is_whole(const char *url)
{
	const struct protocol *p = protocol_find(url);

	return p != NULL && p->is_whole;
}

static void
begin_receipt(struct receipt *r, const struct target *t, const char *name)
{
	memset(r, 0, sizeof(*r));
	(void)snprintf(r->url, sizeof(r->url), "%s%s", t->url, name);
}

int
ship_connect(const struct target *t, struct receipt *r, struct err *e)
{
	struct remote remote = REMOTE_INIT(t, r);
	uint64_t began = clock_monotonic_ms();
	int rc;

	begin_receipt(r, t, "");
	if (ship_check_target(t, e) < 0)
		return -1;
	rc = remote_open(&remote, e);
	remote_close(&remote);
	r->elapsed_ms = clock_monotonic_ms() - began;
	return rc;
}

int
ship_file(const struct target *t, const struct shipment *s, struct receipt *r,
    struct err *e)
{
	uint64_t began = clock_monotonic_ms();
	int rc;

	begin_receipt(r, t, s->name);
	if (ship_check_target(t, e) < 0 || ship_check_name(s->name, e) < 0 ||
	    ship_check_name(s->temporary, e) < 0)
		return -1;
	rc = deliver(t, s, r, e);
	r->elapsed_ms = clock_monotonic_ms() - began;
	return rc;
}

int
ship_look(const struct target *t, const struct shipment *s,
    enum ship_sight *final, enum ship_sight *temporary, struct err *e)
{
	struct receipt receipt;
	struct course c;
	int rc = -1;

	begin_receipt(&receipt, t, s->name);
	if (ship_check_target(t, e) < 0 || ship_check_name(s->name, e) < 0 ||
	    ship_check_name(s->temporary, e) < 0 ||
	    course_begin(&c, t, s, &receipt, e) < 0)
		return -1;
	if (remote_open(&c.remote, e) == 0)
		rc = past_look(&c, final, temporary, e);
	remote_close(&c.remote);
	return rc;
}

const char *
ship_stage_name(enum ship_stage stage)
{
	static const char *const names[] = {
		[SHIP_NOTHING] = "nothing",
		[SHIP_SKIPPED] = "skipped",
		[SHIP_UPLOADING] = "uploading",
		[SHIP_UPLOADED] = "uploaded",
		[SHIP_RENAMING] = "renaming",
		[SHIP_PUBLISHED] = "published",
		[SHIP_VERIFIED] = "verified",
	};

	return names[stage];
}

void
ship_put_version(char *text, size_t size)
{
	const char *tls = "no TLS", *version = "cannot be loaded";
	struct err ignored = ERR_INIT;
	struct ship_library l;

	if (ship_load_library(&ignored) == 0) {
		ship_describe_library(&l);
		version = l.version;
		tls = l.tls != NULL ? l.tls : tls;
	}
	(void)snprintf(text, size,
	    "libcurl %s (%s); targets: ftp ftps sftp https s3 file", version,
	    tls);
}
