/*
 * play.h - an ODBC driver that plays a script (README.md)
 *
 * Loaded by the real driver manager in place of a database, it delivers any
 * result, at any speed, with any lie, and writes down how it was called. Only
 * ANSI entry points; not for anything but tests.
 *
 * Shape	words -> script (per connection) -> calls that follow it
 * Owns		a connection owns its script; an arena owns all memory of it
 * Threads	those of the program under test: one at a time is asserted
 * Errors	a wrong script fails SQLDriverConnect with file and line;
 *		memory that runs out ends the process
 * Source	ODBC 3.8 Programmer's Reference
 */
#ifndef DRIVER_PLAY_H
#define DRIVER_PLAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All else is hidden: the driver manager has functions of the same names. */
#pragma GCC visibility push(default)
#include <sql.h>
#include <sqlext.h>
#pragma GCC visibility pop

/* Memory that lives as long as its owner; nothing in it is freed alone. */
struct arena {
	struct arena_chunk *last; /* owned list of chunks */
};

/* A zeroed piece of memory. */
void *arena_new(struct arena *a, size_t size);
/* A copy with a NUL behind it. */
char *arena_copy(struct arena *a, const char *data, size_t length);
/* Grow an array of n items of size by one; the new item is zeroed. */
void *arena_push(struct arena *a, void *items, size_t n, size_t size);
/* Free it all. */
void arena_release(struct arena *a);

/* A word of a script line. */
struct word {
	char *text;    /* without quotes and escapes, NUL behind it */
	size_t length; /* bytes, since a text may hold NUL */
	size_t plain;  /* leading bytes that stood outside quotes */
};

/* The words of a line. */
struct words {
	struct word *all; /* in the arena */
	size_t n;	  /* how many */
};

/* Split a line; -1 when a quote does not end. */
int words_split(struct arena *a, const char *line, struct words *words);
/* Whether word i stands there and is exactly this, unquoted. */
bool words_is(const struct words *words, size_t i, const char *text);
/* A whole number, with a sign; false when it is none. */
bool word_number(const struct word *word, long long *number);

/* What a cell holds, or how it is made. */
enum cell_kind {
	CELL_NULL,
	CELL_TEXT,    /* data, length */
	CELL_REPEAT,  /* data again and again, up to total bytes */
	CELL_RANDOM,  /* total letters and digits from the seed in number */
	CELL_PARAM,   /* the text of bound parameter number */
	CELL_COUNTER, /* number + row */
	CELL_NUMBER,  /* a signed 64-bit number that looks random */
	CELL_MIXED    /* NULL, empty, quotes, UTF-8, up to total bytes */
};

struct cell {
	enum cell_kind kind; /* which of the above */
	const char *data;    /* in the arena */
	size_t length;	     /* of data */
	uint64_t total;	     /* bytes of the value */
	uint64_t number;     /* start, seed or parameter */
};

enum { VALUE_SMALL = 512 };

/* The value of a cell in a row. */
struct value {
	bool is_null;
	uint64_t length;     /* bytes */
	const char *pattern; /* repeated; NULL: random from seed */
	size_t period;	     /* bytes of the pattern */
	uint64_t seed;
	char small[VALUE_SMALL]; /* what pattern may point to */
};

/* Read a cell from its word; -1 when it makes no sense. */
int cell_parse(struct arena *a, const struct word *word, struct cell *cell);
/* Some bytes of a value. */
void value_read(const struct value *v, uint64_t from, char *to, size_t n);
/* What a generated cell is in row number row, counted from 0. */
void cell_value(const struct cell *cell, uint64_t row, struct value *v);

/* A diagnostic record. */
struct record {
	char state[6];	   /* SQLSTATE */
	SQLINTEGER native; /* the database's code */
	const char *text;  /* in the arena, or malloc'ed in struct diags */
	size_t times;	   /* post it as often */
};

/* The records of a handle. */
struct diags {
	struct record *all; /* owned; texts owned */
	size_t n;	    /* how many */
	size_t capacity;    /* of all */
};

void diags_clear(struct diags *d);
void diags_release(struct diags *d);
/* Post a record as often as it says. */
void diags_add(struct diags *d, const struct record *r);
/* Post a record of the driver itself; returns SQL_ERROR. */
SQLRETURN diags_fail(struct diags *d, const char *state, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* Ways to lie; each has its words in script.c, the first one is the truth. */
enum lie {
	LIE_INDICATOR,	/* what a length indicator says */
	LIE_TRUNCATION, /* how a cut value is told */
	LIE_CUT,	/* where a value is cut */
	LIE_NUL,	/* the NUL behind a cut text */
	LIE_BLOCK,	/* rows in a block */
	LIE_FETCHED,	/* SQL_ATTR_ROWS_FETCHED_PTR */
	LIE_STATUS,	/* SQL_ATTR_ROW_STATUS_PTR */
	LIE_ARRAY,	/* SQL_ATTR_ROW_ARRAY_SIZE */
	LIE_MIDBLOCK,	/* an error behind rows of the same block */
	LIE_GETDATA,	/* SQL_GETDATA_EXTENSIONS enforced */
	LIE_AGAIN,	/* SQLGetData behind the end of a value */
	LIE_BOUND,	/* SQLGetData of a bound, cut column */
	LIE_BINARY,	/* binary as SQL_C_CHAR */
	LIE_CANCEL,	/* SQLCancel during a call */
	LIE_DEAD,	/* SQL_ATTR_CONNECTION_DEAD */
	LIE_MORE,	/* SQLMoreResults */
	LIE_TIMEOUT,	/* SQL_ATTR_QUERY_TIMEOUT */
	LIES
};

enum {
	INDICATOR_EXACT,
	INDICATOR_NO_TOTAL,
	INDICATOR_TOTAL,
	INDICATOR_PIECE,
	INDICATOR_LOW32,
	INDICATOR_ZERO32,
	INDICATOR_LARGER
};
enum {
	TRUNCATION_TOLD,
	TRUNCATION_SILENT,
	TRUNCATION_RECORD,
	TRUNCATION_ALWAYS
};
enum { CUT_BYTE, CUT_CHAR };
enum { NUL_ALWAYS, NUL_MISSING };
enum { BLOCK_FULL, BLOCK_SHORT };
enum {
	FETCHED_RIGHT,
	FETCHED_NEVER,
	FETCHED_UNTOUCHED,
	FETCHED_GARBAGE,
	FETCHED_FULL,
	FETCHED_REFUSED
};
enum { STATUS_RIGHT, STATUS_NEVER, STATUS_ALL };
enum { ARRAY_HONOURED, ARRAY_REFUSED, ARRAY_IGNORED, ARRAY_CHANGED };
enum { MIDBLOCK_ERROR, MIDBLOCK_INFO, MIDBLOCK_LOSE };
enum { GETDATA_ENFORCED, GETDATA_FREE };
enum { AGAIN_NO_DATA, AGAIN_REPEAT, AGAIN_EMPTY };
enum { BOUND_RESTART, BOUND_CONTINUE };
enum { BINARY_HEX, BINARY_RAW };
enum { CANCEL_HONOURED, CANCEL_IGNORED, CANCEL_CRASH };
enum { DEAD_RIGHT, DEAD_NEVER, DEAD_ALWAYS };
enum { MORE_HONOURED, MORE_REFUSED };
enum { TIMEOUT_IGNORED, TIMEOUT_HONOURED };

/* The lies in force. */
struct lies {
	int how[LIES];	     /* which word */
	long long arg[LIES]; /* the number behind it */
	uint64_t slow_ms;    /* for each row */
};

/* A column as it is described; what it delivers may differ. */
struct column {
	const char *name;
	const char *label;     /* name, where nothing was said */
	const char *table;     /* base table */
	const char *type_name; /* of the database */
	SQLSMALLINT type;      /* SQL_VARCHAR, ... */
	SQLLEN size;	       /* any number */
	SQLSMALLINT scale;
	SQLSMALLINT nullable;
	SQLLEN display;
	SQLLEN octets;
	bool no_display; /* SQLColAttribute fails */
	bool no_octets;
	size_t cut; /* SQLDescribeCol gives as many bytes of the name; or 0 */
};

/* What happens next, in a statement or among the rows of a result. */
enum step_kind {
	STEP_ROW,    /* one row of cells */
	STEP_ROWS,   /* count rows of the same cells */
	STEP_NOTE,   /* a record with success */
	STEP_SHORT,  /* the block ends here */
	STEP_ERROR,  /* a record with SQL_ERROR */
	STEP_END,    /* SQL_NO_DATA, with a record if there is one */
	STEP_HANG,   /* no answer */
	STEP_CRASH,  /* SIGSEGV */
	STEP_DIE,    /* the process exits with status count */
	STEP_PAUSE,  /* count milliseconds */
	STEP_DEAD,   /* the connection is gone from here on */
	STEP_RESULT, /* of a statement: columns and rows */
	STEP_COUNT   /* of a statement: count rows changed */
};

struct step {
	enum step_kind kind;
	struct cell *cells;    /* one for each column */
	long long count;       /* rows, milliseconds, status */
	struct record record;  /* state "" for none */
	struct result *result; /* of STEP_RESULT */
};

struct steps {
	struct step *all; /* in the arena */
	size_t n;	  /* how many */
};

struct result {
	struct column *columns;
	size_t n_columns;
	struct steps steps;
	struct lies lies;
};

/* What a statement's text leads to. */
struct rule {
	const char *glob; /* '*' is any text */
	long long times;  /* used as often, then the next rule; 0 always */
	long long used;
	struct steps steps;
};

/* Functions that are counted and can be made to fail. */
enum function {
	F_ALLOC_HANDLE,
	F_FREE_HANDLE,
	F_SET_ENV_ATTR,
	F_GET_ENV_ATTR,
	F_CONNECT,
	F_DRIVER_CONNECT,
	F_DISCONNECT,
	F_GET_INFO,
	F_GET_FUNCTIONS,
	F_GET_TYPE_INFO,
	F_SET_CONNECT_ATTR,
	F_GET_CONNECT_ATTR,
	F_SET_STMT_ATTR,
	F_GET_STMT_ATTR,
	F_END_TRAN,
	F_EXEC_DIRECT,
	F_PREPARE,
	F_EXECUTE,
	F_NUM_PARAMS,
	F_BIND_PARAMETER,
	F_DESCRIBE_PARAM,
	F_NUM_RESULT_COLS,
	F_DESCRIBE_COL,
	F_COL_ATTRIBUTE,
	F_ROW_COUNT,
	F_BIND_COL,
	F_FETCH,
	F_FETCH_SCROLL,
	F_GET_DATA,
	F_MORE_RESULTS,
	F_CLOSE_CURSOR,
	F_FREE_STMT,
	F_CANCEL,
	F_SET_POS,
	FUNCTIONS
};

extern const char *const function_names[FUNCTIONS];

/* An accident of the nth call of a function. */
struct accident {
	enum function function;
	uint64_t first; /* the nth call, counted from 1 */
	uint64_t last;	/* the same, or UINT64_MAX */
	struct step step;
};

/* An answer of SQLGetInfo, or the value of an attribute. */
struct answer {
	SQLINTEGER id;
	bool is_refused;  /* the call fails */
	const char *text; /* NULL: a number */
	uint64_t number;
	bool is_short; /* 16 bits */
};

struct answers {
	struct answer *all; /* in the arena */
	size_t n;	    /* how many */
};

/* A whole script. */
struct script {
	struct arena arena;
	struct answers info;
	struct answers attributes;
	struct accident *accidents;
	size_t n_accidents;
	struct rule *rules;
	size_t n_rules;
	struct lies lies; /* of the connection, and of results that follow */
	bool quiet[FUNCTIONS];
	char error[512]; /* why it cannot be used */
};

/* Read a script; NULL and error (of size bytes) when it is wrong. */
struct script *script_load(const char *path, char *error, size_t size);
void script_free(struct script *s);
/* The rule for a statement, counted as used; NULL when there is none. */
struct rule *script_find(struct script *s, const char *sql, size_t length);
/* The answer to be given, the last one said; NULL when nothing was said. */
const struct answer *answers_find(const struct answers *a, SQLINTEGER id);
/* SQLGetInfo's id by its name ("SQL_DBMS_NAME") or number. */
int info_id(const char *name, struct answer *answer);

/* What every handle begins with. */
struct handle {
	SQLSMALLINT type;
	struct diags diags;
	struct dbc *dbc; /* NULL for an environment */
};

struct env {
	struct handle h;
	SQLINTEGER version;
};

/* Attributes that were set. */
enum { ATTRIBUTES = 32 };
struct attributes {
	SQLINTEGER ids[ATTRIBUTES];
	SQLULEN values[ATTRIBUTES];
	size_t n;
};

void attributes_set(struct attributes *a, SQLINTEGER id, SQLULEN value);
bool attributes_get(const struct attributes *a, SQLINTEGER id, SQLULEN *value);

struct dbc {
	struct handle h;
	struct env *env;
	struct script *script; /* owned; NULL until connected */
	int transcript;	       /* a descriptor, or -1 */
	struct attributes attributes;
	uint64_t calls[FUNCTIONS]; /* so far */
	atomic_int user;	   /* thread that is in a call; 0 none */
	atomic_bool is_dead;
	unsigned last_statement; /* numbers them */
};

/* A column's buffer. */
struct binding {
	SQLSMALLINT c_type;
	char *data; /* NULL: not bound */
	SQLLEN size;
	SQLLEN *indicator;
};

/* A parameter. */
struct parameter {
	SQLSMALLINT c_type;
	SQLSMALLINT sql_type;
	const char *data;
	SQLLEN size;
	const SQLLEN *indicator;
};

enum { STMT_COLUMNS = 4096, STMT_PARAMETERS = 64 };

struct stmt {
	struct handle h;
	unsigned number; /* in the transcript */
	atomic_bool in_call;
	atomic_bool is_cancelled;
	struct attributes attributes;
	SQLULEN array_size;
	SQLULEN bind_type; /* 0 by column, else bytes of a row */
	SQLULEN *bind_offset;
	SQLULEN *rows_fetched;
	SQLUSMALLINT *row_status;
	struct binding bindings[STMT_COLUMNS];
	size_t last_bound; /* the highest bound column */
	struct parameter parameters[STMT_PARAMETERS];
	char *texts[STMT_PARAMETERS]; /* owned: the values, as text */
	size_t lengths[STMT_PARAMETERS];
	char *sql; /* owned: prepared */
	struct rule *rule;
	size_t next_step;      /* of the rule */
	struct result *result; /* current, or NULL */
	SQLLEN row_count;
	/* Among the rows: */
	size_t step;	   /* of the result */
	uint64_t step_row; /* given rows of it */
	uint64_t row;	   /* given rows of the result */
	bool is_over;	   /* SQL_NO_DATA from here on */
	/* The first row of the last block, for SQLGetData: */
	const struct step *get_step;
	uint64_t get_row;
	SQLULEN in_block;  /* its rows */
	size_t get_column; /* counted from 1; 0 none yet */
	uint64_t get_from; /* bytes already given */
	bool get_done;	   /* the value was given to its end */
};

/* A call on its way through the driver. */
struct call {
	enum function function;
	struct handle *handle;
	struct dbc *dbc;   /* NULL for an environment's */
	struct stmt *stmt; /* or NULL */
	bool is_decided;   /* an accident happened: rc */
	bool is_user;	   /* to be taken back in call_end */
	bool has_note;	   /* success has a record */
	SQLRETURN rc;
};

/* Begin a call: false when an accident has decided it. */
bool call_begin(struct call *c, enum function f, struct handle *h);
/* End it: one line of the transcript; returns what to return. */
SQLRETURN call_end(struct call *c, SQLRETURN rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * What a step does to the running call, rows and results excepted: SQL_SUCCESS
 * for go on (after a note: SQL_SUCCESS_WITH_INFO).
 */
SQLRETURN call_step(struct handle *h, const struct step *step);
/* A line of its own in the transcript. */
void transcript_put(int fd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A text as it stands in the transcript, with escapes and an end. */
const char *transcript_quote(char to[512], const char *text, size_t length);

/* Where a value goes. */
struct target {
	SQLSMALLINT c_type;
	char *data; /* may be NULL: only the length is wanted */
	SQLLEN size;
	SQLLEN *indicator; /* may be NULL */
};

/* How a value arrived. */
enum delivery { DELIVERY_WHOLE, DELIVERY_CUT, DELIVERY_FAILED };

/* Which value, for which column. */
struct parcel {
	const struct value *value;
	const struct column *column;
	const struct lies *lies;
	uint64_t from;	/* first byte to be given */
	uint64_t given; /* set: bytes that were given */
};

/* Put a value into its target; a failure posts its record. */
enum delivery
deliver(struct parcel *p, const struct target *t, struct diags *d);
/* Bytes of an element of this C type; size for texts and bytes. */
SQLLEN c_type_size(SQLSMALLINT c_type, SQLLEN size);
/* What SQL_C_DEFAULT is for this SQL type. */
SQLSMALLINT c_type_default(SQLSMALLINT sql_type);

/* The value of a cell of a statement's row. */
void stmt_value(const struct stmt *st, const struct cell *cell, uint64_t row,
    struct value *v);
/* Forget the result, keep bindings. */
void stmt_close(struct stmt *st);
struct stmt *stmt_new(struct dbc *dbc);
void stmt_free(struct stmt *st);

/* Copy a text out as ODBC does; SQL_SUCCESS_WITH_INFO when it was cut. */
SQLRETURN
put_string(const char *text, void *to, SQLINTEGER size, SQLINTEGER *length);

#endif
