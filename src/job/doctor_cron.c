/*
 * doctor_cron.c - the doctor's look at crontabs and users' timers
 *
 * A crontab is read as far as this user may; lines that do not start odbcship
 * are nobody's business here.
 */
#include <ctype.h>
#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/doctor_cron.h"

enum { LINE_MAX_BYTES = 1000, FIELDS = 5, PATH_BYTES = 4096 };

/* One crontab while it is read. */
struct crontab {
	struct doctor *doctor;
	const char *path;
	bool has_user;		 /* a field more, as in /etc/crontab */
	char program_path[1024]; /* PATH that holds from here on */
	bool mails;		 /* MAILTO is not "" */
	unsigned line;		 /* number */
};

/* What follows n fields of a line. */
static const char *
skip_fields(const char *text, unsigned n)
{
	text += strspn(text, " \t");
	for (unsigned i = 0; i < n; i++) {
		text += strcspn(text, " \t");
		text += strspn(text, " \t");
	}
	return text;
}

/* A % that is not written \% ends the command: the rest is its input. */
static bool
has_bare_percent(const char *command)
{
	for (const char *c = command; *c != '\0'; c++)
		if (*c == '%' && (c == command || c[-1] != '\\'))
			return true;
	return false;
}

/* Whether a directory of PATH has a program of that name. */
static bool
is_in_path(const char *list, const char *name)
{
	char path[PATH_BYTES];

	while (*list != '\0') {
		size_t n = strcspn(list, ":");

		(void)snprintf(
		    path, sizeof(path), "%.*s/%s", (int)n, list, name);
		if (access(path, X_OK) == 0)
			return true;
		list += n;
		list += *list == ':';
	}
	return false;
}

/* Whether the word "odbcship" begins a command there by its name alone. */
static bool
starts_by_name(const char *at, const char *command)
{
	return at == command || (at[-1] != '/' && at[-1] != '"');
}

static void
look_command(const struct crontab *c, const char *command, const char *subject)
{
	const char *at = strstr(command, "odbcship");
	struct doctor *d = c->doctor;
	bool ok = true;

	if (has_bare_percent(command)) {
		doctor_say(d, DOCTOR_FAIL, subject,
		    "Write \\% for it; better, let the job say {date:%Y-%m-%d}"
		    " and the line none.",
		    "a %% that is not written \\%% ends the command");
		ok = false;
	}
	if (starts_by_name(at, command) &&
	    !is_in_path(c->program_path, "odbcship")) {
		doctor_say(d, DOCTOR_FAIL, subject,
		    "Write the whole path of the program, or PATH=... above "
		    "the line.",
		    "there is no odbcship in its PATH, %s", c->program_path);
		ok = false;
	}
	if (ok)
		doctor_say(d, DOCTOR_OK, subject, "", "looks right");
}

static bool
is_odbcship(const char *command)
{
	const char *at = strstr(command, "odbcship");

	/* Another word may begin or end with it. */
	return at != NULL &&
	    (at == command || strchr(" \t/;&|(\"'", at[-1]) != NULL) &&
	    strchr(" \t;&|)\"'", at[8]) != NULL;
}

static void
look_line(struct crontab *c, const char *line)
{
	const char *rest = skip_fields(line, line[0] == '@' ? 1 : FIELDS);
	const char *command = c->has_user ? skip_fields(rest, 1) : rest;
	char subject[PATH_BYTES + 32], user[256];

	if (!is_odbcship(command))
		return;
	c->doctor->cron_lines++;
	(void)snprintf(subject, sizeof(subject), "%s:%u", c->path, c->line);
	(void)snprintf(
	    user, sizeof(user), "%.*s", (int)strcspn(rest, " \t"), rest);
	if (c->has_user && getpwnam(user) == NULL) {
		doctor_say(c->doctor, DOCTOR_FAIL, subject,
		    "The sixth field of a line there is the user; make the "
		    "user, or correct the name.",
		    "there is no user '%s'", user);
		return;
	}
	if (c->has_user && strcmp(user, "root") == 0)
		doctor_say(c->doctor, DOCTOR_WARN, subject,
		    "Let a user of its own run it.", "it runs as root");
	look_command(c, command, subject);
	if (!c->mails)
		doctor_say(c->doctor, DOCTOR_WARN, subject,
		    "Set MAILTO to somebody who reads it.",
		    "MAILTO is empty: what a failed run says is thrown away");
}

static bool
is_setting(const char *line)
{
	size_t n = strspn(line,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
	const char *after = line + n + strspn(line + n, " \t");

	return n > 0 && *after == '=';
}

static void
take_setting(struct crontab *c, const char *line)
{
	const char *value = strchr(line, '=') + 1;
	char text[LINE_MAX_BYTES];
	size_t n;

	value += strspn(value, " \t\"'");
	n = strlen(value);
	while (n > 0 && strchr(" \t\"'", value[n - 1]) != NULL)
		n--;
	(void)snprintf(text, sizeof(text), "%.*s", (int)n, value);
	if (strncmp(line, "PATH", 4) == 0 && !isalnum((unsigned char)line[4]))
		(void)snprintf(
		    c->program_path, sizeof(c->program_path), "%s", text);
	else if (strncmp(line, "MAILTO", 6) == 0)
		c->mails = n > 0;
}

static void
look_file(struct doctor *d, const char *path, bool has_user)
{
	struct crontab c = {
		.doctor = d,
		.path = path,
		.has_user = has_user,
		.program_path = "/usr/bin:/bin",
		.mails = true,
	};
	FILE *f = fopen(path, "re");
	char line[LINE_MAX_BYTES];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *text = line + strspn(line, " \t");

		c.line++;
		line[strcspn(line, "\n")] = '\0';
		if (*text == '#' || *text == '\0')
			continue;
		if (is_setting(text))
			take_setting(&c, text);
		else
			look_line(&c, text);
	}
	if (f != NULL)
		(void)fclose(f);
}

static bool
mentions_odbcship(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[LINE_MAX_BYTES];
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = line[0] != '#' && strstr(line, "odbcship") != NULL;
	if (f != NULL)
		(void)fclose(f);
	return found;
}

/* What makes cron pass over a whole file: cron(8) of Debian and of cronie. */
static void
look_cron_d(struct doctor *d, const char *name)
{
	char path[PATH_BYTES];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/etc/cron.d/%s", name);
	if (name[0] == '.' || !mentions_odbcship(path))
		return;
	if (strchr(name, '.') != NULL || strchr(name, '~') != NULL) {
		if (strstr(name, ".sample") == NULL)
			doctor_say(d, DOCTOR_FAIL, path,
			    "Rename it: letters, digits, '-' and '_' only.",
			    "cron passes over a file with this name");
		return;
	}
	if (stat(path, &st) == 0 && (st.st_uid != 0 || (st.st_mode & 022) != 0))
		doctor_say(d, DOCTOR_FAIL, path, "chown root, chmod 644.",
		    "cron passes over a file that others than root may write");
	else
		look_file(d, path, true);
}

void
doctor_cron(struct doctor *d)
{
	const struct passwd *p = getpwuid(geteuid());
	DIR *dir = opendir("/etc/cron.d");
	const struct dirent *entry;
	char own[PATH_BYTES];

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		look_cron_d(d, entry->d_name);
	if (dir != NULL)
		(void)closedir(dir);
	look_file(d, "/etc/crontab", true);
	if (p == NULL)
		return;
	/* Debian's place and cronie's; only root can read them there. */
	(void)snprintf(
	    own, sizeof(own), "/var/spool/cron/crontabs/%s", p->pw_name);
	look_file(d, own, false);
	(void)snprintf(own, sizeof(own), "/var/spool/cron/%s", p->pw_name);
	look_file(d, own, false);
	if (d->cron_lines == 0)
		doctor_say(d, DOCTOR_OK, "", "",
		    "no crontab that this user can read starts odbcship");
}

void
doctor_mail(struct doctor *d)
{
	if (d->cron_lines == 0)
		return;
	if (access("/usr/sbin/sendmail", X_OK) == 0 ||
	    access("/usr/lib/sendmail", X_OK) == 0)
		doctor_say(d, DOCTOR_OK, "", "", "there is a sendmail");
	else
		doctor_say(d, DOCTOR_WARN, "",
		    "Install a mailer (msmtp-mta, postfix); the record and the "
		    "system's log have a failure too.",
		    "there is no sendmail: what a failed run prints is thrown "
		    "away");
}

static bool
has_timers(const char *home)
{
	char path[PATH_BYTES];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/.config/systemd/user", home);
	dir = opendir(path);
	while (dir != NULL && !found && (entry = readdir(dir)) != NULL)
		found = strncmp(entry->d_name, "odbcship", 8) == 0;
	if (dir != NULL)
		(void)closedir(dir);
	return found;
}

void
doctor_linger(struct doctor *d)
{
	const struct passwd *p = getpwuid(geteuid());
	char path[PATH_BYTES];

	if (p == NULL || !has_timers(p->pw_dir))
		return;
	(void)snprintf(
	    path, sizeof(path), "/var/lib/systemd/linger/%s", p->pw_name);
	if (access(path, F_OK) == 0)
		doctor_say(d, DOCTOR_OK, p->pw_name, "",
		    "timers run when nobody is logged in");
	else
		doctor_say(d, DOCTOR_FAIL, p->pw_name,
		    "loginctl enable-linger, or better use the system's units.",
		    "timers of this user end when it logs out");
}
