/*
 * main.c - from the command line to a command, and its exit status
 *
 * The only place that exits. Options before the command are the common ones;
 * what a command does is in its own file, cmd_*.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "spec/secret.h"
#include "ship/library.h"
#include "spec/settings.h"
#include "state/ledger.h"

enum { COMMANDS_MAX = 32 };

static const struct command *
find_command(const char *name, struct err *e)
{
	const char *names[COMMANDS_MAX];
	const char *near;
	size_t n = 0;

	for (; commands[n] != NULL && n < COMMANDS_MAX; n++) {
		names[n] = commands[n]->name;
		if (strcmp(names[n], name) == 0)
			return commands[n];
	}
	(void)err_set(e, ERR_USAGE, "unknown command '%s'", name);
	near = str_nearest(name, names, n);
	if (near != NULL)
		(void)err_hint(e, "Did you mean 'odbcship %s'?", near);
	else
		(void)err_hint(e, "See 'odbcship --help'.");
	return NULL;
}

static int
set_up_log(const struct invocation *inv, struct err *e)
{
	const char *format = invocation_value(inv, "log-format");
	size_t verbose = invocation_count(inv, "verbose");
	enum log_level level = LOG_LEVEL_WARNING;
	enum log_format form = LOG_FORMAT_AUTO;

	if (invocation_has(inv, "quiet"))
		level = LOG_LEVEL_ERROR;
	else if (verbose > 0)
		level = verbose > 1 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
	if (format != NULL && strcmp(format, "json") == 0)
		form = LOG_FORMAT_JSON;
	else if (format != NULL && strcmp(format, "text") == 0)
		form = LOG_FORMAT_TEXT;
	else if (format != NULL) {
		(void)err_set(e, ERR_USAGE,
		    "--log-format '%s' is neither "
		    "'text' nor 'json'",
		    format);
		return err_hint(e, "See 'odbcship --help'.");
	}
	log_open(level, form);
	return 0;
}

static int
set_up(const struct invocation *inv, struct err *e)
{
	const char *color = invocation_value(inv, "color");
	const struct rlimit no_core = { 0, 0 };

	if (color != NULL && terminal_set_color(color) < 0) {
		(void)err_set(e, ERR_USAGE,
		    "--color '%s' is none of 'auto', "
		    "'always', 'never'",
		    color);
		return err_hint(e, "See 'odbcship --help'.");
	}
	(void)setrlimit(RLIMIT_CORE, &no_core); /* secrets are in memory */
	if (set_up_log(inv, e) < 0 || cancel_install(e) < 0)
		return -1;
	ledger_global_init();
	return 0;
}

static bool
is_reader_gone(void)
{
	struct pollfd p = { STDOUT_FILENO, POLLOUT, 0 };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0;
}

/*
 * What was printed may not have arrived: a full disk, a closed pipe. `| head`
 * has seen enough and is told nothing, unless it was to hear of a run.
 */
static int
check_output(int status, bool is_run)
{
	struct err e = ERR_INIT;
	int errnum;

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	errnum = errno; /* 0: told by an earlier flush */
	if (errnum != 0)
		(void)err_sys(&e, errnum, "cannot write to standard output");
	else {
		(void)err_set(
		    &e, ERR_LOCAL, "cannot write all to standard output");
		(void)err_hint(&e,
		    "Where does it go? What was to be written "
		    "there is lost.");
	}
	if (is_run || !is_reader_gone())
		terminal_error(NULL, &e);
	return status != 0 ? status : err_exit_status(&e);
}

static int
run_command(const struct command *command, int argc, char **argv)
{
	struct invocation inv;
	struct err e = ERR_INIT;
	int status;

	if (invocation_parse(&inv, command, argc, argv, &e) == 0 &&
	    invocation_has(&inv, "help")) {
		help_command(command);
		status = 0;
	} else if (e.class == ERR_NONE && invocation_has(&inv, "version")) {
		help_version();
		status = 0;
	} else if (e.class != ERR_NONE || set_up(&inv, &e) < 0) {
		terminal_error(NULL, &e);
		status = err_exit_status(&e);
	} else
		status = command->run(&inv);
	status = check_output(status, command == &command_run);
	invocation_release(&inv);
	ship_release_library();
	log_close();
	secret_forget();
	redact_release();
	return status;
}

/* The index of the command's name: the first argument that is no option. */
static int
command_index(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			return i;
		if (strcmp(argv[i], "--config") == 0 ||
		    strcmp(argv[i], "-c") == 0 ||
		    strcmp(argv[i], "--log-format") == 0 ||
		    strcmp(argv[i], "--color") == 0)
			i++;
	}
	return argc;
}

static int
help_for(int argc, char **argv)
{
	struct err e = ERR_INIT;
	const struct command *command;
	const char *near;

	if (argc < 1) {
		help_program();
		return 0;
	}
	/* "notify" is both; its settings are 'show --settings notify'. */
	command = find_command(argv[0], &e);
	if (command == NULL && help_setting(argv[0]))
		return 0;
	if (command == NULL) {
		near = settings_nearest(argv[0]);
		if (strchr(argv[0], '.') != NULL && near != NULL) {
			(void)err_set(
			    &e, ERR_USAGE, "there is no setting '%s'", argv[0]);
			(void)err_hint(
			    &e, "Did you mean 'odbcship help %s'?", near);
		}
		terminal_error(NULL, &e);
		return err_exit_status(&e);
	}
	help_command(command);
	return 0;
}

/* No command: --help, --version, or nothing at all. */
static int
without_command(int argc, char **argv)
{
	struct err e = ERR_INIT;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--version") == 0 ||
		    strcmp(argv[i], "-V") == 0) {
			help_version();
			return 0;
		}
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			help_program();
			return 0;
		}
	}
	if (argc < 2)
		(void)err_set(&e, ERR_USAGE, "which command?");
	else
		(void)err_set(&e, ERR_USAGE, "which command, after '%s'?",
		    argv[argc - 1]);
	(void)err_hint(&e,
	    "'odbcship --help' names them; 'odbcship query -d DSN -e \"SELECT "
	    "1\"' is a beginning.");
	terminal_error(NULL, &e);
	return err_exit_status(&e);
}

/*
 * A standard descriptor that is closed would be given to the next file that
 * is opened, and what is printed would go into the ledger. In its place comes
 * one that fails as a closed one does.
 */
static void
hold_standard_fds(void)
{
	static const int flags[] = { O_WRONLY, O_RDONLY, O_RDWR };

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags[fd]) < 0)
			_exit(err_statuses[ERR_LOCAL].status);
}

/* What we may have inherited must not decide how a run ends. */
static void
settle_process(void)
{
	hold_standard_fds();
	cancel_set_action(SIGPIPE, SIG_IGN);
	cancel_set_action(SIGXFSZ, SIG_IGN); /* EFBIG says it as well */
	cancel_set_action(SIGCHLD, SIG_DFL); /* ignored: no exit statuses */
}

int
main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	const struct command *command;
	int at = command_index(argc, argv);

	settle_process();
	if (at == argc)
		return check_output(without_command(argc, argv), false);
	if (strcmp(argv[at], "help") == 0)
		return check_output(
		    help_for(argc - at - 1, argv + at + 1), false);
	command = find_command(argv[at], &e);
	if (command == NULL) {
		terminal_error(NULL, &e);
		return err_exit_status(&e);
	}
	/* Options may stand on both sides of the command: take it out. */
	memmove(
	    argv + at, argv + at + 1, (size_t)(argc - at - 1) * sizeof(*argv));
	argv[argc - 1] = NULL;
	return run_command(command, argc - 1, argv);
}
