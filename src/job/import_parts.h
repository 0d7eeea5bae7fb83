/*
 * import_parts.h - what the parts of an import share (job/import.h)
 *
 * import.c goes through the commands of a script; import_sql.c makes a batch
 * of what a client was given; import_upload.c a target of what sent a file.
 */
#ifndef JOB_IMPORT_PARTS_H
#define JOB_IMPORT_PARTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "job/draft.h"
#include "job/shell.h"

struct import_option;

/* A client of a database. */
struct import_client {
	const char *names[3];		     /* of the program */
	const char *dialect;		     /* source.dialect */
	const char *driver;		     /* as packages name it */
	const struct import_option *options; /* that it takes */
	const char *delimiter;		     /* that it writes, unaligned */
	char command;			     /* begins a line of its own: \ . */
	bool has_header;		     /* unless it is told otherwise */
	bool by_dsn;			     /* its first word is a DSN */
};

/* One import. */
struct import {
	struct draft *draft;	/* borrowed: what comes of it */
	struct shell *shell;	/* the script */
	const char *path;	/* of the script */
	struct buf sql;		/* the batch so far */
	const char *output;	/* the file that a client wrote, or NULL */
	const char *sent;	/* the name under which it was sent, or NULL */
	unsigned sessions;	/* clients that were run */
	const char *connection; /* of the first one, to compare with */
	const struct import_client *client; /* the one at hand */
	struct err *e;			    /* what failed */
};

/* What an option of a program means; see import_options. */
enum import_meaning {
	IMPORT_NOTHING,	  /* it changes nothing here */
	IMPORT_SKIP,	  /* the same, with a value */
	IMPORT_HOST,	  /* the server */
	IMPORT_PORT,	  /* its port */
	IMPORT_USER,	  /* who logs in */
	IMPORT_PASSWORD,  /* by which password */
	IMPORT_DATABASE,  /* which database */
	IMPORT_SQL,	  /* SQL, or commands */
	IMPORT_SQL_FILE,  /* a file of them */
	IMPORT_OUTPUT,	  /* where the result goes */
	IMPORT_DELIMITER, /* between two fields */
	IMPORT_NULL,	  /* the word for NULL */
	IMPORT_HEADINGS,  /* sqlcmd -h: -1 for none */
	IMPORT_NO_HEADER, /* without names of columns */
	IMPORT_HEADER,	  /* with them */
	IMPORT_UNALIGNED, /* fields divided by the client's own character */
	IMPORT_CSV,	  /* by commas */
	IMPORT_VARIABLE,  /* NAME=VALUE for the SQL */
	IMPORT_UPLOAD,	  /* the file to send */
	IMPORT_CA_FILE,	  /* certificates */
	IMPORT_TLS,	  /* insists on TLS */
	IMPORT_INSECURE,  /* verifies nothing */
	IMPORT_MKDIRS,	  /* makes directories */
	IMPORT_SETUP,	  /* something that is not carried over, with a value */
	IMPORT_NETRC,	  /* the same, without */
	IMPORT_MEANINGS	  /* how many there are */
};

/* One option: "-h", "--host"; its value follows, or is attached. */
struct import_option {
	const char *name;	     /* with its dashes; NULL ends */
	enum import_meaning meaning; /* what it means */
	bool only_attached;	     /* "-pSECRET": never the next word */
};

/* The last value of each meaning, and the words that are no options. */
struct import_values {
	const char *of[IMPORT_MEANINGS]; /* NULL: not given */
	const char *sql[16];		 /* every IMPORT_SQL */
	bool sql_is_file[16];		 /* of these: the name of a file */
	size_t n_sql;			 /* how many */
	const char *variables[16];	 /* every IMPORT_VARIABLE */
	size_t n_variables;		 /* how many */
	const char *words[SHELL_WORDS];	 /* what is no option */
	size_t n;			 /* how many */
};

/* Sort the words of a command by a table of options. */
void import_options(struct import *im, const struct shell_command *c,
    const struct import_option *options, struct import_values *values);
/* A word as a template; what is not known stays in it as its name, noted. */
const char *import_template(struct import *im, unsigned line, const char *word);
/* A word as it is; NULL and a note when not all of it is known. */
const char *import_plain(
    struct import *im, unsigned line, const char *what, const char *word);
/* The same, but UNKNOWN instead of NULL where there is a word. */
const char *import_value(
    struct import *im, unsigned line, const char *what, const char *word);
/* Set a secret from a word. */
void import_secret(struct import *im, unsigned line, const char *whose,
    const char *word, struct draft_secret *secret);
/* The last part of a path. */
const char *import_base_name(const char *path);

/* import_sql.c: the SQL that a client was given; sets parameters. */
int import_sql(struct import *im, unsigned line, const char *text,
    const struct import_values *values) MUST_CHECK;
/* import_client.c: whether it is a database's client; then take it over. */
int import_client(
    struct import *im, const struct shell_command *c, bool *taken) MUST_CHECK;
/* import_upload.c: whether it sends files; then take it over. */
void
import_upload(struct import *im, const struct shell_command *c, bool *taken);
/* The text on a command's standard input, as far as the script says it. */
int import_input(struct import *im, const struct shell_command *c,
    const char **text, unsigned *line) MUST_CHECK;

#endif
