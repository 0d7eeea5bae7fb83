/*
 * session.h - one connection to one data source
 *
 * Lives in the worker process only. Adds by itself what makes a driver exact
 * and streaming (drivers.md): PGCLIENTENCODING, charset=utf8mb4, StepAPI=1,
 * NoCreat=1, ...; never over what the user wrote. Queries are wrapped where
 * only SQL can print their values exactly (sql/wrap.h).
 *
 * Shape	session_open -> statements (odbc/statement.h) -> session_free
 * Threads	one at a time; session_cancel from any
 * Errors	ERR_DATABASE with SQLSTATE and native code; ERR_NOT_NOW where a
 *		later try may work; with a hint for an unknown DSN or driver
 * Source	ODBC 3.8; drivers.md
 */
#ifndef ODBC_SESSION_H
#define ODBC_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Where to connect and how. */
struct session_options {
	const char *dsn;	   /* a DSN, or NULL */
	const char *connection;	   /* else a whole connection string */
	const char *user;	   /* or NULL */
	const char *password;	   /* or NULL */
	uint64_t login_timeout_ms; /* 0: the driver's own */
	const char *time_zone;	   /* of the session; NULL: as it is */
	bool no_wrap;		   /* send queries as they are */
	bool allows_loss;	   /* count what cannot be exact */
	bool read_only;		   /* have the database refuse writing */
	/* Told what the driver said besides (SQL_SUCCESS_WITH_INFO). */
	void (*warn)(void *arg, const char *text);
	void *warn_arg; /* handed to warn */
};

/* What we are connected to. */
struct session_info {
	char dbms[64];		 /* SQL_DBMS_NAME */
	char dbms_version[64];	 /* SQL_DBMS_VER */
	char driver[64];	 /* SQL_DRIVER_NAME */
	char driver_version[64]; /* SQL_DRIVER_VER */
	char database[128];	 /* SQL_DATABASE_NAME */
	char time_zone[64];	 /* of the session; "" where nobody says */
	bool is_buffered;	 /* the driver holds whole results in memory */
};

struct session;

/* Connect. */
int session_open(struct session **s, const struct session_options *options,
    struct err *e) MUST_CHECK;
/* What was connected to; borrowed. */
const struct session_info *session_info(const struct session *s);
/*
 * The first column of the first row of a query as text, cut at the size; an
 * empty text when the database does not answer. For small questions between
 * statements.
 */
void session_ask(struct session *s, const char *sql, char *text, size_t size);
/* Whether the driver wants statements as sql/simple.h writes them. */
bool session_is_naive(const struct session *s);
/* How far transactions at the same time see each other. */
enum session_isolation {
	ISOLATION_DEFAULT,	    /* as the database has it */
	ISOLATION_READ_UNCOMMITTED, /* also what may be rolled back */
	ISOLATION_READ_COMMITTED, /* each statement what is committed by then */
	ISOLATION_REPEATABLE_READ, /* rows once read do not change */
	ISOLATION_SERIALIZABLE	   /* as if one ran after the other */
};

/* Set the isolation of the transactions that follow. */
int session_isolate(struct session *s, enum session_isolation isolation,
    struct err *e) MUST_CHECK;
/* Make what follows one transaction, until session_commit. */
int session_begin(struct session *s, struct err *e) MUST_CHECK;
/* Commit it; what is not committed is rolled back by session_free. */
int session_commit(struct session *s, struct err *e) MUST_CHECK;
/*
 * Ask the running statement to end; safe from another thread. False when the
 * driver would not survive it: then only the end of the process helps.
 */
bool session_cancel(struct session *s);
/*
 * Whether an error is one after which the whole batch may go well on a new
 * connection: a deadlock, a serialization failure, a lost connection.
 */
bool session_error_repeats(const struct err *e);
/* Disconnect and free; NULL is fine. Failures are logged at debug. */
void session_free(struct session *s);
/*
 * Write the name and version of the driver manager for --version, and the
 * path of the configuration it reads.
 */
void session_put_manager(char *text, size_t size);
/* Names of all data sources known here, for suggestions; free with NULL end. */
int session_list_dsns(char ***names, struct err *e) MUST_CHECK;
/* Names of all drivers known here; the same form. */
int session_list_drivers(char ***names, struct err *e) MUST_CHECK;
/* Free such a list; NULL is fine. */
void session_free_list(char **names);

#endif
