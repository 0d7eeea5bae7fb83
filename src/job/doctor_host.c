/*
 * doctor_host.c - the doctor's look at user, files, limits, locale and clock
 *
 * Of each: what a run needs, and what a crontab or a service sets otherwise
 * than a login does.
 */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "job/doctor_host.h"
#include "job/overview.h"
#include "spec/date.h"
#include "state/repair.h"

#define MIB ((uint64_t)1024 * 1024)

enum { SPACE_FAIL_MIB = 16, SPACE_WARN_MIB = 1024, INODES_WARN = 1000 };

void
doctor_user(struct doctor *d)
{
	const struct passwd *p = getpwuid(geteuid());
	char name[256];

	if (p == NULL) {
		doctor_say(d, DOCTOR_WARN, "",
		    "Some drivers need the user's name and home.",
		    "user id %lld has no name here", (long long)geteuid());
		return;
	}
	(void)snprintf(name, sizeof(name), "%s", p->pw_name);
	if (geteuid() == 0)
		doctor_say(d, DOCTOR_WARN, name,
		    "Run jobs as a user of their own, and the doctor as that "
		    "user: a driver is foreign code, and root may read what "
		    "the job's user may not.",
		    "jobs should not run as root");
	else
		doctor_say(d, DOCTOR_OK, name, "", "not root");
}

void
doctor_home(struct doctor *d)
{
	const struct passwd *p = getpwuid(geteuid());
	const char *home = getenv("HOME");
	char place[4096];

	if (home == NULL || access(home, F_OK) < 0)
		doctor_say(d, DOCTOR_WARN, home != NULL ? home : "",
		    "Some drivers read or write files there.",
		    "there is no home directory");
	else if (p != NULL && strcmp(p->pw_dir, home) != 0)
		doctor_say(d, DOCTOR_WARN, home,
		    "cron sets HOME by the password database.",
		    "HOME is not the home of this user, %s", p->pw_dir);
	else
		doctor_say(d, DOCTOR_OK, home, "", "there");
	if (getcwd(place, sizeof(place)) == NULL)
		doctor_say(d, DOCTOR_WARN, "",
		    "Change to a directory that this user can read.",
		    "the current directory cannot be read");
}

/* The directory itself, or the nearest one above it that is there. */
static void
find_existing(const char *path, char *found, size_t size)
{
	(void)snprintf(found, size, "%s", path);
	while (access(found, F_OK) < 0 && strchr(found + 1, '/') != NULL)
		*strrchr(found, '/') = '\0';
	if (access(found, F_OK) < 0)
		(void)snprintf(found, size, "/");
}

static void
look_type(struct doctor *d, const char *path)
{
	/* statfs(2), linux/magic.h */
	static const struct {
		unsigned long type;
		const char *name;
		const char *hint;
	} odd[] = {
		{ 0x6969, "NFS",
		    "Locks and SQLite do not hold everywhere over a network: "
		    "keep the state on a disk of this machine." },
		{ 0xff534d42, "CIFS",
		    "Locks and SQLite do not hold everywhere over a network: "
		    "keep the state on a disk of this machine." },
		{ 0xfe534d42, "SMB",
		    "Locks and SQLite do not hold everywhere over a network: "
		    "keep the state on a disk of this machine." },
		{ 0x01021994, "tmpfs",
		    "It is in memory: what was shipped is forgotten at the "
		    "next boot, and would be shipped again." },
		{ 0x858458f6, "ramfs",
		    "It is in memory: what was shipped is forgotten at the "
		    "next boot, and would be shipped again." },
	};
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (((unsigned long)fs.f_type & 0xffffffffUL) == odd[i].type)
			doctor_say(d, DOCTOR_WARN, path, odd[i].hint,
			    "the file system is %s", odd[i].name);
}

void
doctor_state(struct doctor *d)
{
	char found[4096];
	struct stat st;

	if (d->state == NULL) {
		doctor_say(d, DOCTOR_FAIL, "",
		    "Set state in the main file, or ODBCSHIP_STATE.",
		    "there is no place for the state");
		return;
	}
	find_existing(d->state, found, sizeof(found));
	if (access(found, W_OK | X_OK) < 0)
		doctor_say(d, DOCTOR_FAIL, found,
		    "Give it to this user, or name another one with state in "
		    "the main file.",
		    "this user may not write there");
	else if (strcmp(found, d->state) != 0)
		doctor_say(d, DOCTOR_OK, d->state, "",
		    "not there yet; the first run makes it");
	else if (stat(found, &st) < 0 || st.st_uid != geteuid())
		doctor_say(d, DOCTOR_WARN, found,
		    "Run jobs and the doctor as the same user.",
		    "it belongs to another user");
	else if ((st.st_mode & 077) != 0)
		doctor_say(d, DOCTOR_WARN, found,
		    "chmod 700: spooled data is in it.",
		    "others may look into it (mode %04o)",
		    (unsigned)(st.st_mode & 07777));
	else
		doctor_say(d, DOCTOR_OK, found, "", "ours, mode 0700");
	look_type(d, found);
}

static int
say_note(void *arg, const struct repair_note *note, struct err *e)
{
	char at[DATE_MOMENT];

	(void)e;
	date_put_moment(at, NULL, note->at_ms);
	doctor_say(arg, DOCTOR_WARN, at,
	    "Look at the targets before you run an earlier date again; it is "
	    "shown for two weeks.",
	    "%s", note->text);
	return 0;
}

void
doctor_ledger(struct doctor *d)
{
	int64_t since_ms = clock_wall_ms() - OVERVIEW_NOTES_MS;
	struct ledger *l = NULL;
	struct err e = ERR_INIT;
	char *path;
	int rc;

	if (d->state == NULL)
		return;
	path = file_join(d->state, "ledger.db", &e);
	rc = path == NULL ? -1 : ledger_open_existing(&l, d->state, &e);
	if (rc > 0)
		rc = repair_each_note(l, since_ms, say_note, d, &e) < 0 ? -1 :
									  1;
	if (rc < 0)
		doctor_tell(d, DOCTOR_FAIL, path != NULL ? path : d->state, &e);
	else
		doctor_say(d, DOCTOR_OK, path, "", "%s",
		    rc > 0 ? "can be read" :
			     "none yet; the first run makes it");
	ledger_free(l);
	free(path);
}

void
doctor_space(struct doctor *d)
{
	char found[4096], size[32];
	struct statvfs fs;
	uint64_t bytes;

	if (d->state == NULL)
		return;
	find_existing(d->state, found, sizeof(found));
	if (statvfs(found, &fs) < 0) {
		doctor_say(d, DOCTOR_UNKNOWN, found, "", "%s", strerror(errno));
		return;
	}
	bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	str_put_size(size, sizeof(size), bytes);
	doctor_say(d,
	    bytes < SPACE_FAIL_MIB * MIB     ? DOCTOR_FAIL :
		bytes < SPACE_WARN_MIB * MIB ? DOCTOR_WARN :
					       DOCTOR_OK,
	    found,
	    bytes < SPACE_WARN_MIB * MIB ?
		"Make room: each file is spooled there, and stays for "
		"limits.keep." :
		"",
	    "%s", size);
	if (fs.f_files > 0 && fs.f_favail < INODES_WARN)
		doctor_say(d, fs.f_favail < 10 ? DOCTOR_FAIL : DOCTOR_WARN,
		    found, "Remove files there.", "only %llu inodes are free",
		    (unsigned long long)fs.f_favail);
}

/* Write, flush, rename, flush the directory: what each file goes through. */
static int
try_file(const char *dir, struct err *e)
{
	char from[4200], to[4200];
	int fd, rc = -1;

	(void)snprintf(
	    from, sizeof(from), "%s/.doctor-%ld.tmp", dir, (long)getpid());
	(void)snprintf(to, sizeof(to), "%s/.doctor-%ld", dir, (long)getpid());
	fd = open(
	    from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, errno, "cannot make a file");
	if (file_write_all(fd, "doctor\n", 7, e) < 0)
		goto out;
	if (fsync(fd) < 0) {
		(void)err_sys(e, errno, "cannot flush a file");
		goto out;
	}
	if (rename(from, to) < 0) {
		(void)err_sys(e, errno, "cannot rename a file");
		goto out;
	}
	rc = file_sync_dir(dir, e);
out:
	(void)close(fd);
	(void)unlink(from);
	(void)unlink(to);
	return rc;
}

void
doctor_durability(struct doctor *d)
{
	struct err e = ERR_INIT;

	if (d->state == NULL || access(d->state, W_OK) < 0)
		return;
	if (try_file(d->state, &e) < 0)
		doctor_tell(d, DOCTOR_FAIL, d->state, &e);
	else
		doctor_say(d, DOCTOR_OK, d->state, "", "both work");
}

void
doctor_umask(struct doctor *d)
{
	mode_t mask = umask(077);

	(void)umask(mask);
	if ((mask & 022) != 022)
		doctor_say(d, DOCTOR_WARN, "",
		    "Set umask 022 or 077; what odbcship keeps is 0600 in any "
		    "case, files of directory targets are not.",
		    "%04o lets others write to new files", (unsigned)mask);
	else
		doctor_say(d, DOCTOR_OK, "", "", "%04o", (unsigned)mask);
}

void
doctor_limits(struct doctor *d)
{
	static const struct {
		__rlimit_resource_t resource;
		const char *name;
		uint64_t enough; /* 0: any limit is told */
		const char *hint;
	} all[] = {
		{ RLIMIT_NOFILE, "open files", 64,
		    "Raise it: ulimit -n, or LimitNOFILE= of the service." },
		{ RLIMIT_FSIZE, "size of a file", 0,
		    "A larger file fails: ulimit -f unlimited, or LimitFSIZE= "
		    "of the service." },
		{ RLIMIT_CPU, "CPU seconds", 0,
		    "A longer run is killed: ulimit -t unlimited, or LimitCPU= "
		    "of the service." },
		{ RLIMIT_AS, "memory", 0,
		    "Drivers that hold whole results need more: ulimit -v "
		    "unlimited, or LimitAS= of the service." },
	};
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct rlimit limit;

		if (getrlimit(all[i].resource, &limit) < 0 ||
		    limit.rlim_cur == RLIM_INFINITY ||
		    (all[i].enough > 0 && limit.rlim_cur >= all[i].enough))
			continue;
		n++;
		doctor_say(d, DOCTOR_WARN, all[i].name, all[i].hint,
		    "limited to %llu", (unsigned long long)limit.rlim_cur);
	}
	if (n == 0)
		doctor_say(d, DOCTOR_OK, "", "", "none that matters");
}

/* The program itself goes by the C locale; drivers may look at this one. */
void
doctor_locale(struct doctor *d)
{
	const char *found = setlocale(LC_ALL, "");
	char codeset[64];

	(void)snprintf(codeset, sizeof(codeset), "%s", nl_langinfo(CODESET));
	if (found == NULL)
		doctor_say(d, DOCTOR_WARN, "",
		    "Set LC_ALL=C.UTF-8, or install the locale that LANG and "
		    "LC_* name.",
		    "the one that LANG and LC_* name is not installed");
	else
		doctor_say(d, DOCTOR_OK, "", "",
		    "%s; odbcship is the same in each", codeset);
	(void)setlocale(LC_ALL, "C");
}

void
doctor_zone(struct doctor *d)
{
	const char *zone = getenv("TZ");
	time_t now = time(NULL);
	struct err e = ERR_INIT;
	struct tm tm;
	char text[64];

	if (zone != NULL && *zone != '\0' && *zone != ':' &&
	    date_check_zone(zone, &e) < 0) {
		doctor_tell(d, DOCTOR_WARN, "TZ", &e);
		return;
	}
	if (localtime_r(&now, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M %z (%Z)", &tm) == 0)
		(void)snprintf(text, sizeof(text), "unknown");
	doctor_say(d, DOCTOR_OK, "", "", "it is %s here", text);
}

void
doctor_clock(struct doctor *d)
{
	struct timex t;

	memset(&t, 0, sizeof(t));
	if (time(NULL) < (time_t)1735689600) /* 2025 */
		doctor_say(d, DOCTOR_FAIL, "",
		    "Set it: certificates and logical dates go by it.",
		    "the clock is years behind");
	else if (adjtimex(&t) < 0)
		doctor_say(d, DOCTOR_UNKNOWN, "", "",
		    "the kernel does not say whether it is synchronised: %s",
		    strerror(errno));
	else if ((t.status & STA_UNSYNC) != 0)
		doctor_say(d, DOCTOR_WARN, "",
		    "Run chrony or systemd-timesyncd; in a container the "
		    "host does it.",
		    "the clock is not synchronised");
	else
		doctor_say(d, DOCTOR_OK, "", "", "synchronised");
}

static bool
read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok = f != NULL && fgets(line, (int)size, f) != NULL;

	if (f != NULL)
		(void)fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

/* Both of these keep to the limit of 0 that odbcship sets for itself. */
void
doctor_core(struct doctor *d)
{
	char pattern[512];

	if (!read_line(
		"/proc/sys/kernel/core_pattern", pattern, sizeof(pattern)))
		return;
	if (pattern[0] == '|' && strstr(pattern, "systemd-coredump") == NULL &&
	    strstr(pattern, "apport") == NULL)
		doctor_say(d, DOCTOR_WARN, pattern,
		    "A program gets them whatever the limit is, and secrets "
		    "are in memory: see core(5).",
		    "a crash is handed to a program");
	else
		doctor_say(
		    d, DOCTOR_OK, "", "", "odbcship limits its own to nothing");
}

/* "unconfined", or "NAME (enforce)": apparmor(7). */
void
doctor_confinement(struct doctor *d, const char *context)
{
	if (strcmp(context, "unconfined") == 0)
		doctor_say(
		    d, DOCTOR_OK, "AppArmor", "", "it confines nothing here");
	else if (strstr(context, "(complain)") != NULL)
		doctor_say(d, DOCTOR_OK, "AppArmor", "",
		    "the profile here only complains: %s", context);
	else
		doctor_say(d, DOCTOR_UNKNOWN, "AppArmor",
		    "If a job fails where a shell does not, look for "
		    "'apparmor=\"DENIED\"' in the kernel's log.",
		    "the profile here is %s; under cron it may be another one",
		    context);
}

void
doctor_security(struct doctor *d)
{
	const char *cache = getenv("KRB5CCNAME");
	char line[512];

	if (cache != NULL && *cache != '\0')
		doctor_say(d, DOCTOR_WARN, cache,
		    "A job under cron has no session: give it a keytab with "
		    "KRB5_CLIENT_KTNAME.",
		    "the Kerberos tickets of this session (KRB5CCNAME)");
	if (read_line("/sys/fs/selinux/enforce", line, sizeof(line)) &&
	    line[0] == '1') {
		if (!read_line("/proc/self/attr/current", line, sizeof(line)))
			(void)snprintf(line, sizeof(line), "unknown");
		doctor_say(d, DOCTOR_UNKNOWN, "",
		    "If a job fails under cron only, look for 'denied' in the "
		    "audit log.",
		    "SELinux is enforcing; the context here is %s", line);
	} else if (read_line("/sys/module/apparmor/parameters/enabled", line,
		       sizeof(line)) &&
	    line[0] == 'Y' &&
	    read_line("/proc/self/attr/current", line, sizeof(line)))
		doctor_confinement(d, line);
}
