/*
 * doctor_net.c - the doctor's look at libcurl, what it trusts, and proxies
 *
 * No host is asked anything here: `check --connect` and `probe` do that.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/doctor_item.h"
#include "ship/library.h"

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
	else if (strncmp(l.tls, "OpenSSL", 7) != 0)
		doctor_say(d, DOCTOR_WARN, l.version, "",
		    "its TLS is %s; odbcship is tested with OpenSSL", l.tls);
	else
		doctor_say(d, DOCTOR_OK, l.version, "", "%s%s%s", l.tls,
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
