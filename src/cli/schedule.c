/*
 * schedule.c - a job's schedule, as a person types it for cron and systemd
 *
 * No line has a % in it, which a crontab takes for the end of the command: the
 * job says its dates itself.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/schedule.h"
#include "job/calendar.h"

enum { CALENDAR_MAX = 4096, PROGRAM_MAX = 4096 };

/* As cron finds it: by its name where that is enough. */
static void
find_program(char *program, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", program, size - 1);

	(void)snprintf(n > 0 ? program + n : program, n > 0 ? 1 : size, "%s",
	    n > 0 ? "" : "odbcship");
	if (strncmp(program, "/usr/bin/", 9) == 0 ||
	    access("/usr/bin/odbcship", X_OK) == 0)
		(void)snprintf(program, size, "odbcship");
}

static int
print_timer(const struct draft *d, const char *schedule, struct err *e)
{
	struct buf lines = BUF_INIT(CALENDAR_MAX);
	char *rest = NULL;

	if (calendar_put(&lines, schedule, e) < 0) {
		printf(
		    "\nFor systemd there is no such schedule: %s\n", e->text);
		*e = (struct err)ERR_INIT;
		buf_release(&lines);
		return 0;
	}
	printf("\nor, with systemd, 'systemctl edit odbcship@%s.timer':\n"
	       "    [Timer]\n    OnCalendar=\n",
	    d->name);
	for (char *line = strtok_r(lines.data, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		printf("    OnCalendar=%s\n", line);
	if (d->n_environments > 0)
		printf("and 'systemctl edit odbcship@%s.service':\n"
		       "    [Service]\n    Environment=ODBCSHIP_ENV=%s\n",
		    d->name, d->environments[0].name);
	printf("then: systemctl enable --now odbcship@%s.timer\n", d->name);
	buf_release(&lines);
	return 0;
}

int
schedule_print(const struct draft *d, struct err *e)
{
	const char *schedule = d->schedule != NULL ? d->schedule : "30 5 * * *";
	const char *to = d->mail != NULL ? d->mail : d->owner;
	char program[PROGRAM_MAX], environment[256] = "";

	find_program(program, sizeof(program));
	if (d->n_environments > 0)
		(void)snprintf(environment, sizeof(environment), " --env %s",
		    d->environments[0].name);
	if (d->schedule == NULL)
		printf("\nNo schedule was given; for every day at half past "
		       "five:\n");
	printf("\nIn a crontab ('crontab -e'):\n    %s  %s run %s%s\n",
	    schedule, program, d->name, environment);
	printf("\nor as /etc/cron.d/odbcship-%s (no dot in that name):\n"
	       "    MAILTO=%s\n    %s  odbcship  %s run %s%s\n",
	    d->name, to != NULL ? to : "root", schedule, program, d->name,
	    environment);
	return print_timer(d, schedule, e);
}
