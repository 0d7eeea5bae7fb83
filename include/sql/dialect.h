/*
 * dialect.h - what the SQL of one kind of database looks like
 *
 * A row of the table says which constructs exist; the splitter and the
 * parameter scanner ask it and nothing else. A server may be set up so that it
 * reads quotes differently: then a copy of the row is adjusted by
 * dialect_set_mode. Not for: ODBC drivers' habits (odbc/quirk.h).
 *
 * Source	facts/sql-scripts.md; psqlscan.l, mysql.cc, sqlite complete.c
 */
#ifndef SQL_DIALECT_H
#define SQL_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

/* What happens to a command of the database's own client. */
enum client_action {
	CLIENT_IGNORE,	  /* it changes what is shown: left out */
	CLIENT_REFUSE,	  /* it does what cannot be done here: an error */
	CLIENT_END,	  /* the script ends here: nothing may follow */
	CLIENT_TERMINATE, /* it ends the statement, like the delimiter */
	CLIENT_STATEMENT, /* a statement that ends with its line */
	CLIENT_DELIMITER, /* it names the delimiter */
	CLIENT_SQL	  /* it is none: the database knows this one */
};

/* A command of a client, as the first word of a statement. */
struct client_command {
	const char *word;	   /* "SPOOL"; NULL ends the table */
	const char *next;	   /* its second word, or NULL for any */
	size_t least;		   /* letters that suffice; 0: all of them */
	bool lone;		   /* only when nothing else is on the line */
	enum client_action action; /* what becomes of it */
};

/* How the body of a routine is found to be over. */
enum body {
	BODY_NONE,    /* at the delimiter */
	BODY_TRIGGER, /* at ; END ; (SQLite) */
	BODY_ATOMIC,  /* when BEGIN ATOMIC and CASE have END (PostgreSQL) */
	BODY_BLOCK,   /* when each BEGIN and CASE has its END (SQL/PSM) */
	BODY_PLAIN,   /* the same without END IF and its like (Firebird) */
	BODY_SLASH,   /* at a line with nothing but / (Oracle) */
	BODY_RAW      /* the same, and what is in it is no SQL (Java) */
};

/* What a statement begins with when it has a body. */
struct body_rule {
	const char *verb;   /* "CREATE"; NULL ends the table */
	const char *object; /* "FUNCTION", among the words behind; NULL: none */
	enum body body;	    /* how its body ends */
};

/* How the text of one kind of database is read. */
struct dialect {
	const char *name;	 /* as in the setting: "postgresql" */
	const char *const *dbms; /* prefixes of SQL_DBMS_NAME; NULL ends */
	const char *client;	 /* what the database's own client is called */
	const struct client_command *commands; /* of its client */
	char command_mark;		/* what they begin with: \ . : or 0 */
	const struct body_rule *bodies; /* statements with bodies */
	bool nested_comments;		/* slash-star comments nest */
	bool conditional_comments;	/* what is in slash-star-! is run */
	bool hash_comments;		/* # to the end of the line */
	bool dash_needs_space;	    /* -- is a comment only before a blank */
	bool cr_ends_comment;	    /* a lone carriage return ends it too */
	bool dollar_quotes;	    /* $tag$ ... $tag$ */
	bool backslash_escapes;	    /* in every '...' */
	bool double_strings;	    /* "..." is a string like '...' */
	bool escape_strings;	    /* in E'...' */
	bool q_quotes;		    /* q'[...]' */
	bool backticks;		    /* `...` quotes a name */
	bool brackets;		    /* [...] quotes a name */
	bool doubled_brackets;	    /* ]] in it is one ] */
	bool parens_hold;	    /* ; in parentheses ends nothing */
	bool semicolon_splits;	    /* ; ends a statement */
	bool go_splits;		    /* a line GO ends a batch */
	bool slash_splits;	    /* a line / ends a statement */
	bool ampersands;	    /* &x is a variable of the client */
	bool term_comment;	    /* --#SET TERMINATOR x */
	const char *decimal_marker; /* of a decimal value; NULL: ? */
	const char *long_marker;    /* of an integer beyond 32 bits; NULL: ? */
	bool copy_data;		    /* COPY ... FROM STDIN reads the script */
};

/* The row of that name, or NULL; "auto" has no row. */
const struct dialect *dialect_by_name(const char *name);
/* The row for what the driver says in SQL_DBMS_NAME; never NULL (ansi). */
const struct dialect *dialect_by_dbms(const char *dbms_name);
/* Names of all rows, for the setting and for suggestions; sets *n. */
const char *const *dialect_names(size_t *n);
/*
 * What to ask a server of that dialect for its mode, as a query of one row and
 * column; NULL when there is nothing to ask.
 */
const char *dialect_mode_query(const struct dialect *d);
/*
 * Adjust a copy of a row to the server's mode: MySQL's @@sql_mode
 * ("ANSI_QUOTES,NO_BACKSLASH_ESCAPES"), PostgreSQL's
 * standard_conforming_strings ("off"). Others have none.
 */
void dialect_set_mode(struct dialect *d, const char *mode);

#endif
