/*
 * handle.h - what session.c, statement.c and fetch.c share
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

/* A connection. */
struct session {
	SQLHENV environment;	   /* owned */
	SQLHDBC connection;	   /* owned */
	bool is_connected;	   /* SQLDisconnect is due */
	const struct quirk *quirk; /* of its driver */
	struct session_info info;  /* what it is connected to */
	SQLUINTEGER getdata;	   /* SQL_GETDATA_EXTENSIONS */
	/* Told of warnings. */
	void (*warn)(void *arg, const char *text);
	/* For warn; borrowed. */
	void *warn_arg;
	pthread_mutex_t mutex; /* guards running */
	SQLHSTMT running;      /* to be cancelled; or none */
};

/* What fetching must know of a column besides struct column. */
struct column_type {
	SQLSMALLINT sql_type; /* as SQLDescribeCol says */
	SQLLEN display;	      /* SQL_DESC_DISPLAY_SIZE; 0 unknown */
	SQLLEN octets;	      /* SQL_DESC_OCTET_LENGTH; 0 unknown */
};

/* A bound parameter; the memory stays until the statement ends. */
struct bound_value {
	char *text;	   /* owned */
	SQLBIGINT integer; /* of PARAM_INTEGER */
	SQLLEN indicator;  /* length or SQL_NULL_DATA */
};

/* A statement and its current result. */
struct statement {
	struct session *session;    /* borrowed */
	SQLHSTMT handle;	    /* owned */
	struct column *columns;	    /* owned */
	struct column_type *types;  /* owned, one for each column */
	size_t n_columns;	    /* 0: no result set */
	struct bound_value *values; /* owned */
	size_t n_values;	    /* how many are bound */
};

#endif
