/*
 * plan.h - a job spec, resolved into what one run will do
 *
 * Everything that can be known without a database or a network: secrets read,
 * SQL read, templates expanded for the logical date, targets checked. The run
 * that follows reads the plan and nothing else.
 *
 * Shape	plan_build -> plan_name_run (once the run has its number) ->
 *		plan_free
 * Owns		all texts; secrets are wiped by plan_free
 * Units	milliseconds, bytes
 * Errors	problems, each with the file and line of the setting
 */
#ifndef JOB_PLAN_H
#define JOB_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "csv/csv.h"
#include "job/guard.h"
#include "odbc/session.h"
#include "odbc/statement.h"
#include "ship/target.h"
#include "sink/chain.h"
#include "spec/date.h"
#include "spec/problem.h"
#include "spec/spec.h"
#include "sql/dialect.h"
#include "sql/params.h"
#include "sql/script.h"

/* Which result set becomes the file. */
enum plan_result {
	PLAN_RESULT_LAST,   /* of the batch */
	PLAN_RESULT_ONLY,   /* and a second one is an error */
	PLAN_RESULT_NUMBER, /* counted from 1 */
	PLAN_RESULT_NAME    /* of a statement that is named by a comment */
};

/* What to do, besides what the spec says. */
struct plan_options {
	const char *date;     /* --date, or NULL: today in the job's zone */
	bool with_secrets;    /* read them (not for show) */
	bool with_targets;    /* the job ships (not for query) */
	bool with_guards;     /* gates and the watermark, though it does not */
	bool only_split;      /* the batch is looked at, not run: whatever
			       * its parameters are, and though it is empty */
	const char *sql;      /* query: the batch itself; else NULL */
	const char *sql_name; /* query: its name in messages */
};

/* A parameter of the batch. */
struct plan_param {
	char *name;	      /* as in :name */
	char *value;	      /* expanded; a cut-off's is borrowed, and NULL
			       * while it is not known */
	enum param_type type; /* how it is bound */
	bool must_be_used;    /* it stands in the job or on the command line */
	bool is_cutoff;	      /* of source.watermark: the last two */
};

/* What happens to a result without rows; in the order of file.empty. */
enum plan_empty {
	PLAN_EMPTY_SHIP, /* a file with nothing but a header */
	PLAN_EMPTY_SKIP, /* no file, and no failure */
	PLAN_EMPTY_FAIL	 /* an error */
};

/* A file that a result set becomes, or as many as it is split into. */
struct plan_file {
	const char *where;	   /* "file", "files": for messages */
	enum plan_result result;   /* which result becomes the file */
	uint64_t result_number;	   /* of PLAN_RESULT_NUMBER */
	const char *result_name;   /* as in the spec; borrowed */
	const char *name_template; /* borrowed; NULL for query */
	char *name; /* of the first part, owned; set by plan_name_run */
	struct csv_options csv;	    /* how the file looks */
	struct chain_options chain; /* compressed, encrypted */
	uint64_t split_rows;	    /* most rows of a part; 0 for no limit */
	enum plan_empty empty;	    /* without rows */
	bool has_checksum;	    /* NAME.sha256 follows it */
	bool has_manifest;	    /* NAME.manifest.json follows it */
};

/* A target with the name its file has there until it is complete. */
struct plan_target {
	struct target target; /* texts owned by texts below */
	char *temporary;      /* of the first file; set by plan_name_run */
	char *url;	      /* expanded, owned */
	char *secret;	      /* the password, owned */
	char *key_secret;     /* the client key's password, owned */
	char *token_secret;   /* the token, owned */
	char *known_hosts;    /* resolved path, owned */
	char *ca_file;	      /* resolved path, owned */
	char *client_cert;    /* the same */
	char *client_key;     /* the same */
};

/* What one run will do. */
struct plan {
	const struct spec *spec;   /* borrowed: must outlive the plan */
	const char *job;	   /* borrowed from the spec */
	const char *environment;   /* borrowed; "" for none */
	struct date date;	   /* logical date */
	char date_text[DATE_TEXT]; /* as in the ledger */
	char host[256];		   /* this host's name */

	struct session_options session; /* texts borrowed from spec, secret */
	char *password;			/* of the database, owned */
	uint64_t login_timeout_ms;	/* until connected */
	uint64_t query_timeout_ms;	/* of one statement; 0 for none */
	const struct dialect *dialect;	/* NULL: ask the database */
	char *sql;			/* owned text to split, or NULL */
	size_t sql_length;		/* its bytes */
	char *sql_name;			/* "orders.sql", owned */
	struct plan_param *params;	/* owned */
	size_t n_params;		/* how many */
	struct guards guards;		/* gates, checks, watermark */
	unsigned retries;		/* of the batch, after a deadlock... */
	bool in_transaction;		/* the batch is one */
	enum session_isolation isolation; /* of its transactions */

	int64_t run;		     /* its number; set by plan_name_run */
	struct plan_file *files;     /* owned */
	size_t n_files;		     /* at least one */
	const char *done_template;   /* of the marker, or NULL; borrowed */
	char *done_name;	     /* owned; set by plan_name_run */
	struct plan_target *targets; /* owned */
	size_t n_targets;	     /* how many */

	uint64_t max_rows; /* of the result, at least; 0: all of them */
	bool rolls_back;   /* the transaction of the batch, at its end */

	uint64_t runtime_ms;   /* of the whole run; 0 for none */
	uint64_t lock_wait_ms; /* for another run to end */
	uint64_t memory_bytes; /* for fetching; 0 for no limit */
	uint64_t keep_ms;      /* how long spooled files stay */
};

/*
 * Build a plan. All that is wrong goes to problems; -1 and e (the first of
 * them) when there is any. *p is NULL then.
 */
int plan_build(struct plan **p, const struct spec *spec,
    const struct plan_options *options, struct problems *problems,
    struct err *e) MUST_CHECK;
/* Expand the names that may hold the run's number. */
int plan_name_run(struct plan *p, int64_t run, struct err *e) MUST_CHECK;
/*
 * The name of a part, counted from 1, of a file; the caller frees it. Without
 * file.split there is one part.
 */
char *plan_part_name(const struct plan *p, const struct plan_file *f,
    unsigned part, struct err *e) MUST_CHECK;
/*
 * What a file of that name is called at a target until it is complete; the
 * caller frees it.
 */
char *plan_temporary(const struct plan *p, const struct plan_target *t,
    const char *name, struct err *e) MUST_CHECK;
/*
 * Split the batch into s by dialect d (or the plan's own when NULL; ansi when
 * it has none). on_connect statements are not part of it.
 */
int plan_split(const struct plan *p, const struct dialect *d, struct script *s,
    struct err *e) MUST_CHECK;
/*
 * Whether each parameter stands in one of the statements, and each :name in
 * them is a parameter; parameters of the main file need not be used. The
 * results that are asked for by name must be there too.
 */
int plan_check_batch(const struct plan *p, const struct dialect *d,
    const struct script *batch, struct err *e) MUST_CHECK;
/* Set what the watermark binds, borrowed by the plan; NULL: not known yet. */
void plan_bind_cutoff(struct plan *p, const char *from, const char *to);
/* Find the parameters of one statement. */
int plan_find_params(const struct plan *p, const struct dialect *d,
    const struct statement_text *statement, struct params *found,
    struct err *e) MUST_CHECK;
/* Wipe and free; NULL is fine. */
void plan_free(struct plan *p);

#endif
