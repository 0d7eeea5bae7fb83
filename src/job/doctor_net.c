/*
 * doctor_net.c - the doctor's look at libcurl, what it trusts, and proxies
 *
 * Hosts are connected to only with --connect, and told nothing: `check
 * --connect` and `probe` log in.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "job/doctor_net.h"
#include "ship/library.h"
#include "ship/reach.h"

enum { REACH_MS = 10 * 1000, REACH_HOSTS = 256, REACH_BYTES = 300 };

static bool
wants_sftp(const struct doctor *d)
{
	for (size_t i = 0; i < d->n_jobs; i++) {
		const struct plan *p = d->jobs[i].plan;

		for (size_t k = 0; p != NULL && k < p->n_targets; k++)
			if (strncmp(p->targets[k].target.url, "sftp:", 5) == 0)
				return true;
	}
	return false;
}

void
doctor_libcurl(struct doctor *d)
{
	struct err e = ERR_INIT;
	struct ship_library l;

	if (ship_load_library(&e) < 0) {
		doctor_say(d, DOCTOR_FAIL, "", e.hint, "%s", e.text);
		return;
	}
	ship_describe_library(&l);
	if (l.tls == NULL)
		doctor_say(d, DOCTOR_FAIL, l.version,
		    "Install a libcurl with TLS.", "it knows no TLS");
	else if (l.ssh == NULL && wants_sftp(d))
		doctor_say(d, DOCTOR_FAIL, l.version,
		    "Install a libcurl with libssh2 or libssh.",
		    "it knows no SFTP, and a job ships by it");
	else if (strncmp(l.tls, "OpenSSL", 7) != 0)
		doctor_say(d, DOCTOR_WARN, l.version, "",
		    "its TLS is %s; odbcship is tested with OpenSSL", l.tls);
	else
		doctor_say(d, DOCTOR_OK, l.version, "", "%s, %s%s%s", l.tls,
		    l.ssh != NULL ? l.ssh : "no SFTP",
		    l.loses_with_tls13 ?
			"; FTPS by TLS 1.2 at most, since a libcurl before "
			"8.9.0 loses uploads by TLS 1.3" :
			"",
		    l.clear_if_active ?
			"; no active mode, since it would send in clear" :
			"");
}

static bool
has_entries(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool found = false;

	while (dir != NULL && !found && (entry = readdir(dir)) != NULL)
		found = entry->d_name[0] != '.';
	if (dir != NULL)
		(void)closedir(dir);
	return found;
}

/* Whether a target's server has to show a certificate that we trust. */
static bool
wants_certificates(const struct target *t, bool own)
{
	return t->tls == TARGET_TLS_REQUIRED &&
	    strncmp(t->url, "file:", 5) != 0 && (t->ca_file != NULL) == own;
}

static void
look_ca_files(struct doctor *d, bool *needs_system)
{
	for (size_t i = 0; i < d->n_jobs; i++) {
		const struct plan *p = d->jobs[i].plan;

		for (size_t k = 0; p != NULL && k < p->n_targets; k++) {
			const struct target *t = &p->targets[k].target;

			*needs_system = *needs_system ||
			    wants_certificates(t, false);
			if (!wants_certificates(t, true))
				continue;
			if (access(t->ca_file, R_OK) == 0)
				doctor_say(d, DOCTOR_OK, t->ca_file, "",
				    "readable, for target '%s'", t->name);
			else
				doctor_say(d, DOCTOR_FAIL, t->ca_file,
				    "Correct the path, or let this user read "
				    "it.",
				    "target '%s' needs it, and it cannot be "
				    "read",
				    t->name);
		}
	}
}

void
doctor_certificates(struct doctor *d)
{
	const char *said = getenv("SSL_CERT_FILE");
	struct err e = ERR_INIT;
	struct ship_library l;
	bool needs_system = false;
	const char *file;

	if (ship_load_library(&e) < 0)
		return; /* doctor_libcurl says so */
	ship_describe_library(&l);
	look_ca_files(d, &needs_system);
	file = l.ca_file != NULL ? l.ca_file : said;
	if (file != NULL && access(file, R_OK) == 0)
		doctor_say(d, DOCTOR_OK, file, "", "readable");
	else if (l.ca_dir != NULL && has_entries(l.ca_dir))
		doctor_say(d, DOCTOR_OK, l.ca_dir, "", "readable");
	else if (file == NULL && l.ca_dir == NULL)
		doctor_say(d, DOCTOR_UNKNOWN, "", "",
		    "libcurl does not say which certificates it trusts");
	else
		doctor_say(d, needs_system ? DOCTOR_FAIL : DOCTOR_WARN,
		    file != NULL ? file : l.ca_dir,
		    "Install ca-certificates, or name a file with "
		    "targets.ca_file.",
		    "the certificates that this system trusts are not there");
}

void
doctor_proxies(struct doctor *d)
{
	static const char *const names[] = { "all_proxy", "ALL_PROXY",
		"ftp_proxy", "FTP_PROXY", "http_proxy", "https_proxy",
		"HTTPS_PROXY" };
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value == NULL || *value == '\0')
			continue;
		n++;
		doctor_say(d, DOCTOR_WARN, names[i],
		    "Targets are connected to directly; unset it if a driver "
		    "must not go by it either.",
		    "set, and odbcship does not go by it");
	}
	if (n == 0)
		doctor_say(d, DOCTOR_OK, "", "", "none are set");
}

/* Hosts that were tried already: many jobs ship to one. */
struct reached {
	struct doctor *doctor;
	char (*hosts)[REACH_BYTES]; /* owned, REACH_HOSTS of them */
	size_t n;
};

static bool
is_new_host(struct reached *r, const char *host)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->hosts[i], host) == 0)
			return false;
	if (r->n == REACH_HOSTS)
		return false;
	(void)snprintf(r->hosts[r->n++], REACH_BYTES, "%s", host);
	return true;
}

/* Without a target no file arrives; without those who are told it does. */
static void
try_host(struct reached *r, const char *url, enum doctor_verdict verdict,
    const char *what)
{
	struct doctor *d = r->doctor;
	struct err e = ERR_INIT;
	char host[REACH_BYTES];

	if (cancel_is_due() || reach_put_host(url, host, sizeof(host)) < 0 ||
	    !is_new_host(r, host))
		return;
	if (reach_try(url, REACH_MS, &e) == 0) {
		doctor_say(d, DOCTOR_OK, host, "", "answers, for %s", what);
		return;
	}
	e.class = d->class;
	(void)err_in(&e, "%s", what);
	doctor_tell(d, verdict, host, &e);
}

static void
try_target(struct reached *r, const struct target *t)
{
	const char *url = t->url;
	char what[REACH_BYTES];

	if (strncmp(url, "file:", 5) == 0)
		return;
	if (strncmp(url, "s3:", 3) == 0)
		url = t->endpoint != NULL ? t->endpoint :
					    "https://s3.amazonaws.com/";
	(void)snprintf(what, sizeof(what), "target '%s'", t->name);
	try_host(r, url, DOCTOR_FAIL, what);
}

/* A URL that is a secret stays one. */
static void
try_told(struct reached *r, const struct spec *s, size_t i)
{
	static const char *const ways[][3] = {
		{ "notify.mail.url", NULL, "notify.mail" },
		{ "notify.webhook.url", "notify.webhook.proxy",
		    "notify.webhook" },
		{ "notify.ping.url", "notify.ping.proxy", "notify.ping" },
	};

	for (size_t k = 0; k < sizeof(ways) / sizeof(ways[0]); k++) {
		const char *url = spec_member(s, ways[k][0], i)->text;

		if (ways[k][1] != NULL &&
		    spec_member(s, ways[k][1], i)->text != NULL)
			url = spec_member(s, ways[k][1], i)->text;
		if (url != NULL)
			try_host(r, url, DOCTOR_WARN, ways[k][2]);
	}
}

void
doctor_network(struct doctor *d)
{
	struct reached r = { d, NULL, 0 };

	if (!d->request->connects)
		return;
	r.hosts = calloc(REACH_HOSTS, sizeof(*r.hosts));
	for (size_t i = 0; r.hosts != NULL && i < d->n_jobs; i++) {
		const struct plan *p = d->jobs[i].plan;

		for (size_t k = 0; p != NULL && k < p->n_targets; k++)
			try_target(&r, &p->targets[k].target);
		for (size_t k = 0;
		     p != NULL && k < spec_count(d->jobs[i].spec, "notify");
		     k++)
			try_told(&r, d->jobs[i].spec, k);
	}
	free(r.hosts);
	if (r.n == 0)
		doctor_say(d, DOCTOR_OK, "", "", "no host is connected to");
}
