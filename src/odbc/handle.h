/*
 * handle.h - what the files of this room share
 *
 * ODBC's own types stay behind this header.
 */
#ifndef ODBC_HANDLE_H
#define ODBC_HANDLE_H

#include <pthread.h>
#include <sql.h>
#include <sqlext.h>
#include <sqltypes.h>

#include "odbc/quirk.h"
#include "odbc/session.h"
#include "odbc/statement.h"
#include "sql/wrap.h"

/* A connection. */
struct session {
	SQLHENV environment;	   /* owned */
	SQLHDBC connection;	   /* owned */
	bool is_connected;	   /* SQLDisconnect is due */
	bool in_transaction;	   /* that is not committed */
	const struct quirk *quirk; /* of its driver */
	struct session_info info;  /* what it is connected to */
	SQLUINTEGER getdata;	   /* SQL_GETDATA_EXTENSIONS */
	bool sets_batch;	   /* the user leaves batches to us */
	bool sets_cursor;	   /* likewise whether a statement has one */
	bool wraps;		   /* queries may be wrapped to be exact */
	bool allows_loss;	   /* what cannot be exact is counted only */
	/* Told what the driver said besides; NULL: nobody. */
	void (*warn)(void *arg, const char *text);
	void *warn_arg;	       /* handed to warn */
	pthread_mutex_t mutex; /* guards running */
	SQLHSTMT running;      /* to be cancelled; or none */
};

/* What fetching must know of a column besides struct column. */
struct column_type {
	SQLSMALLINT sql_type; /* as SQLDescribeCol says */
	SQLLEN display;	      /* SQL_DESC_DISPLAY_SIZE; 0 unknown */
	SQLLEN octets;	      /* SQL_DESC_OCTET_LENGTH; 0 unknown */
	bool is_plain;	      /* a column of a table, not an expression */
	/* Of LAYOUT_MARKED (sql/wrap.h): */
	bool is_counted; /* its bytes are in the sum */
	bool has_number; /* it stands as a number in the row's text */
	size_t lane;	 /* 0 in the row's text, else the column of its own */
};

/* The columns of a result. */
struct description {
	struct column *columns;	   /* owned */
	struct column_type *types; /* owned, one for each column */
	size_t n;		   /* how many */
};

/* How the columns of a result stand in what the driver gives. */
enum layout {
	LAYOUT_PLAIN,  /* one for one */
	LAYOUT_MARKED, /* a text of short ones, long ones marked (sql/wrap.h) */
	LAYOUT_RECORD  /* all in one text (record.h) */
};

/* A bound parameter; the memory stays until the statement ends. */
struct bound_value {
	char *text;	      /* owned */
	enum param_type type; /* as it was declared */
	SQLBIGINT integer;    /* of PARAM_INTEGER */
	double real;	      /* or this */
	SQLLEN indicator;     /* length or SQL_NULL_DATA */
};

/* A statement and its current result. */
struct statement {
	struct session *session;    /* borrowed */
	SQLHSTMT handle;	    /* owned */
	struct description shown;   /* the columns as the user knows them */
	enum layout layout;	    /* of the current result */
	char mark[WRAP_MARK + 1];   /* of LAYOUT_MARKED */
	struct bound_value *values; /* owned */
	size_t n_values;	    /* how many */
};

#endif
