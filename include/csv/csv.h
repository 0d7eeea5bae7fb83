/*
 * csv.h - write rows as RFC 4180 CSV, in the dialect that a reader wants
 *
 * As RFC 4180 has it, unless the options say otherwise: a field is quoted
 * when it holds the delimiter, a quote, CR or LF, when it equals the word for
 * NULL, and when it is a lone "\.", which psql takes for the end of the data.
 * NULL is nothing at all, so that the empty string is quoted. A NULL alone in
 * a file of one column is an empty line: RFC 4180 has no other form for it.
 * The last record ends with a line break.
 *
 * No value is changed but where an option asks for it; what cannot be written
 * is an error that names the row and the column, or, where the options allow
 * it, replaced and counted.
 *
 * Shape	CSV_INIT -> csv_open -> csv_put_header -> csv_put_block* ->
 *		csv_finish -> csv_release
 * Units	rows without the header; bytes as written
 * Owns		its buffers; borrows out, options' texts and columns
 * Errors	those of the out; ERR_DATA for what cannot be written; ERR_SPEC
 *		for options that contradict each other; ERR_INTERNAL when memory
 *		is gone
 * Source	RFC 4180; PostgreSQL COPY; OWASP "CSV injection"
 */
#ifndef CSV_CSV_H
#define CSV_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/out.h"
#include "table/block.h"
#include "table/column.h"

/* Which fields are quoted. */
enum csv_quote {
	CSV_QUOTE_MINIMAL, /* those that need it */
	CSV_QUOTE_ALL,	   /* all, NULL too */
	CSV_QUOTE_TEXT,	   /* texts, and what needs it */
	CSV_QUOTE_NONNULL  /* all but NULL */
};

/* What happens to bytes that the file's character set does not have. */
enum csv_invalid {
	CSV_INVALID_FAIL,   /* an error */
	CSV_INVALID_REPLACE /* U+FFFD or '?' instead, counted */
};

/* What happens to texts that a spreadsheet would run as a formula. */
enum csv_formula {
	CSV_FORMULA_KEEP,  /* nothing */
	CSV_FORMULA_QUOTE, /* an apostrophe in front, counted */
	CSV_FORMULA_FAIL   /* an error */
};

/* How bytes become text. */
enum csv_binary {
	CSV_BINARY_HEX,	  /* lower-case hexadecimal digits (RFC 4648, 8) */
	CSV_BINARY_BASE64 /* RFC 4648, 4 */
};

/* How the file looks. Texts are borrowed; NULL is the default of each. */
struct csv_options {
	bool header;		  /* a first record with the columns' names */
	char delimiter;		  /* one ASCII byte, not a quote, CR or LF */
	bool crlf;		  /* CRLF, else LF */
	enum csv_quote quote;	  /* which fields are quoted */
	const char *null;	  /* the word for NULL; "" for nothing */
	const char *charset;	  /* of iconv(1); UTF-8 */
	bool bom;		  /* begin with a byte order mark */
	enum csv_invalid invalid; /* what the charset does not have */
	enum csv_formula formula; /* what a spreadsheet would run */
	enum csv_binary binary;	  /* how bytes are written */
	const char *date;	  /* strftime form of dates; as they come */
	const char *time;	  /* of times of day */
	const char *timestamp;	  /* of timestamps */
	const char *boolean;	  /* "TRUE,FALSE": words of booleans */
};

#define CSV_OPTIONS_DEFAULT \
	{ \
		.header = true, .delimiter = ',', .crlf = true \
	}

/* A value that was not written as it is, in a way that was allowed. */
struct csv_counts {
	uint64_t replaced; /* characters that the charset does not have */
	uint64_t prefixed; /* texts with an apostrophe in front */
};

struct charset;

/* A file being written. */
struct csv {
	struct csv_options options;   /* as given */
	struct out *out;	      /* borrowed */
	const struct column *columns; /* borrowed */
	size_t n_columns;	      /* of every record */
	bool is_plain;		      /* bytes go as they are: the short way */
	size_t null_length;	      /* bytes of the word for NULL */
	struct charset *charset;      /* owned; NULL for UTF-8 */
	struct buf buf;		      /* bytes not yet handed to out */
	struct buf value;	      /* a value on its way to its form */
	struct csv_counts counts;     /* of what was allowed */
	uint64_t rows;		      /* records without the header */
	uint64_t bytes;		      /* handed to out so far */
};

#define CSV_INIT \
	{ \
		.options = CSV_OPTIONS_DEFAULT \
	}

/*
 * Whether the options can be used together; *option names the one that is
 * wrong, as its field is named.
 */
int csv_check_options(const struct csv_options *options, const char **option,
    struct err *e) MUST_CHECK;
/* Begin a file of at least one column on out. */
int csv_open(struct csv *c, const struct csv_options *options, struct out *out,
    const struct columns *columns, struct err *e) MUST_CHECK;
/* Write the header, when the options ask for one. */
int csv_put_header(struct csv *c, struct err *e) MUST_CHECK;
/* Write the rows of a block. */
int csv_put_block(
    struct csv *c, const struct block *block, struct err *e) MUST_CHECK;
/* Hand the last bytes to the out. */
int csv_finish(struct csv *c, struct err *e) MUST_CHECK;
/* Free the buffers. */
void csv_release(struct csv *c);

#endif
