/*
 * loader.c - COPY, LOAD DATA, .import, read_csv and their kind
 *
 * One function for each loader. A note is what the reader of the file must
 * know and the statement cannot say. What the words of the presets mean:
 * preset.c.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "csv/loader.h"

/* A text in the making; errors are latched. */
struct writing {
	struct buf *out;
	const struct loader_file *file;
	const struct csv_options *csv;
	const char *comment; /* "--", "#" */
	const char *null;    /* the word for NULL, never NULL */
	struct err e;	     /* the first error */
};

static void put(struct writing *w, const char *format, ...) PRINTF_LIKE(2, 3);
static void note(struct writing *w, const char *format, ...) PRINTF_LIKE(2, 3);

static void
put_list(struct writing *w, const char *format, va_list ap) PRINTF_LIKE(2, 0);

static void
put_list(struct writing *w, const char *format, va_list ap)
{
	char text[4096];

	(void)vsnprintf(text, sizeof(text), format, ap);
	if (w->e.class == ERR_NONE)
		(void)!buf_puts(w->out, text, &w->e);
}

static void
put(struct writing *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put_list(w, format, ap);
	va_end(ap);
}

/* A comment of one line. */
static void
note(struct writing *w, const char *format, ...)
{
	va_list ap;

	put(w, "%s ", w->comment);
	va_start(ap, format);
	put_list(w, format, ap);
	va_end(ap);
	put(w, "\n");
}

/* A literal in single quotes; escapes: where a backslash is one. */
static void
put_literal(struct writing *w, const char *text, bool escapes)
{
	put(w, "'");
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			put(w, escapes ? "\\'" : "''");
		else if (*text == '\\' && escapes)
			put(w, "\\\\");
		else if (*text == '\t' && escapes)
			put(w, "\\t");
		else
			put(w, "%c", *text);
	}
	put(w, "'");
}

static void
put_delimiter(struct writing *w, bool escapes)
{
	const char text[] = { w->csv->delimiter, '\0' };

	put_literal(w, text, escapes);
}

/* What a character set is called there; NULL: not at all. */
struct charset_name {
	const char *ours;
	const char *postgresql, *mysql, *snowflake, *bigquery, *sqlserver,
	    *python;
};

static const struct charset_name charset_names[] = {
	{ "UTF-8", "UTF8", "utf8mb4", "UTF8", "UTF-8", "65001", "utf-8" },
	{ "ISO-8859-1", "LATIN1", NULL, "ISO88591", "ISO-8859-1", "28591",
	    "iso-8859-1" },
	{ "WINDOWS-1252", "WIN1252", "latin1", "WINDOWS1252", NULL, "1252",
	    "cp1252" },
	{ "CP1252", "WIN1252", "latin1", "WINDOWS1252", NULL, "1252",
	    "cp1252" },
	{ "ISO-8859-15", "LATIN9", NULL, "ISO885915", NULL, "28605",
	    "iso-8859-15" },
	{ "UTF-16LE", NULL, NULL, "UTF16LE", "UTF-16LE", NULL, "utf-16-le" },
	{ "UTF-16BE", NULL, NULL, "UTF16BE", "UTF-16BE", NULL, "utf-16-be" },
};

static const struct charset_name *
names_of_charset(const struct writing *w)
{
	static const struct charset_name unknown;
	const char *ours = w->csv->charset != NULL ? w->csv->charset : "UTF-8";

	for (size_t i = 0; i < sizeof(charset_names) / sizeof(charset_names[0]);
	     i++)
		if (strcasecmp(charset_names[i].ours, ours) == 0)
			return &charset_names[i];
	return &unknown;
}

/* Its name there, or the loader's own for UTF-8 and a note. */
static const char *
charset_or(struct writing *w, const char *name, const char *utf8)
{
	if (name != NULL)
		return name;
	note(w,
	    "The file is in %s, which this loader does not know: convert it "
	    "first (iconv -f %s -t UTF-8).",
	    w->csv->charset, w->csv->charset);
	return utf8;
}

/* Loaders that read the file as it is only. */
static void
note_chain(struct writing *w, bool knows_gzip, bool knows_zstd)
{
	const char *c = w->file->compress;

	if (w->file->is_encrypted)
		note(w, "The file is encrypted: decrypt it first (gpg -d).");
	if (c != NULL && !(strcmp(c, "gzip") == 0 ? knows_gzip : knows_zstd))
		note(w, "The file is compressed: unpack it first (%s -d).", c);
}

static void
note_changes(struct writing *w)
{
	if (w->csv->formula == CSV_FORMULA_QUOTE)
		note(w,
		    "file.formula = \"quote\": texts that look like formulas "
		    "are loaded with the apostrophe in front.");
	if (w->csv->bom && !w->csv->header)
		note(w,
		    "file.bom without file.header: the mark becomes a part of "
		    "the first value.");
}

/* NULL and '' are both an empty field where both are quoted or both not. */
static void
note_quoted_null(struct writing *w)
{
	if (w->csv->quote != CSV_QUOTE_ALL)
		return;
	if (*w->null == '\0')
		note(w,
		    "file.quote = \"all\" quotes NULL too: it is loaded as the "
		    "empty string.");
	else
		note(w,
		    "file.quote = \"all\" quotes NULL too: it is loaded as the "
		    "text %s.",
		    w->null);
}

static void
note_same_word(struct writing *w)
{
	if (*w->null == '\0')
		note(w,
		    "The empty string is loaded as NULL: this loader does "
		    "not look at quotes.");
	else
		note(w,
		    "A text %s is loaded as NULL too: this loader does not "
		    "look at quotes.",
		    w->null);
}

static void
put_postgresql(struct writing *w)
{
	const char *charset = charset_or(
	    w, names_of_charset(w)->postgresql, "UTF8");
	const char *c = w->file->compress;

	if (w->file->is_encrypted)
		note(w, "The file is encrypted: decrypt it first (gpg -d).");
	note_changes(w);
	note_quoted_null(w);
	note(w,
	    "The server reads the file. From a client, psql's \\copy takes "
	    "the same words, on one line; before psql 18 it stops at a "
	    "line \\. inside a text.");
	put(w, "COPY \"%s\" FROM %s'%s%s/path/to/%s' WITH (FORMAT csv, ",
	    w->file->table, c != NULL ? "PROGRAM " : "", c != NULL ? c : "",
	    c != NULL ? " -dc " : "", w->file->name);
	put(w, "HEADER %s, DELIMITER ", w->csv->header ? "true" : "false");
	put_delimiter(w, false);
	put(w, ", NULL ");
	put_literal(w, w->null, false);
	put(w, ", ENCODING '%s');\n", charset);
}

/* Which fields are quoted, so that the word NULL is but a text. */
static bool
quotes_texts(const struct writing *w)
{
	return w->csv->quote != CSV_QUOTE_MINIMAL;
}

static void
note_mysql_null(struct writing *w)
{
	if (strcmp(w->null, "NULL") != 0 && !quotes_texts(w))
		note(w,
		    "A text NULL is loaded as NULL: LOAD DATA takes every bare "
		    "NULL for it. file.preset = \"mysql\" quotes such texts.");
	if (w->csv->quote == CSV_QUOTE_ALL)
		note_quoted_null(w);
	else if (*w->null == '\0')
		note(w,
		    "NULL is loaded as the empty string: LOAD DATA takes only "
		    "the word NULL for it. file.preset = \"mysql\" writes "
		    "that.");
	else if (strcmp(w->null, "NULL") != 0)
		note(w,
		    "NULL is loaded as the text %s: LOAD DATA takes only the "
		    "word NULL for it. file.preset = \"mysql\" writes that.",
		    w->null);
}

static void
put_mysql(struct writing *w)
{
	const char *charset = charset_or(
	    w, names_of_charset(w)->mysql, "utf8mb4");

	note_chain(w, false, false);
	note_changes(w);
	note_mysql_null(w);
	put(w,
	    "LOAD DATA LOCAL INFILE '/path/to/%s' INTO TABLE `%s` "
	    "CHARACTER SET %s\n  FIELDS TERMINATED BY ",
	    w->file->name, w->file->table, charset);
	put_delimiter(w, true);
	put(w,
	    " OPTIONALLY ENCLOSED BY '\"' ESCAPED BY ''\n"
	    "  LINES TERMINATED BY '%s'%s;\n",
	    w->csv->crlf ? "\\r\\n" : "\\n",
	    w->csv->header ? " IGNORE 1 LINES" : "");
}

static void
put_sqlite(struct writing *w)
{
	const char delimiter[] = { w->csv->delimiter, '\0' };

	if (names_of_charset(w) != &charset_names[0])
		(void)charset_or(w, NULL, NULL);
	note_chain(w, false, false);
	note_changes(w);
	if (*w->null == '\0')
		note(w,
		    "NULL is loaded as the empty string: .import has no "
		    "NULL.");
	else
		note(w,
		    "NULL is loaded as the text %s: .import has no NULL. "
		    "UPDATE t SET c = NULL WHERE c = ... makes it one, and "
		    "such texts too.",
		    w->null);
	note(w,
	    "The table must be there, with a column for each of the "
	    "file's.");
	put(w, ".mode csv\n.separator \"%s\" \"\\n\"\n",
	    delimiter[0] == '\t' ? "\\t" : delimiter);
	put(w, ".import %s\"/path/to/%s\" \"%s\"\n",
	    w->csv->header ? "--skip 1 " : "", w->file->name, w->file->table);
}

static void
put_sqlserver(struct writing *w)
{
	const char *charset = charset_or(
	    w, names_of_charset(w)->sqlserver, "65001");

	note_chain(w, false, false);
	note_changes(w);
	if (*w->null == '\0')
		note(w,
		    "The empty string is loaded as NULL: BULK INSERT takes "
		    "every empty field for it, quoted or not.");
	else
		note(w,
		    "NULL is loaded as the text %s: BULK INSERT knows no word "
		    "for it.",
		    w->null);
	put(w,
	    "BULK INSERT [%s] FROM '/path/to/%s' WITH (FORMAT = 'CSV', "
	    "FIRSTROW = %d,\n  FIELDTERMINATOR = ",
	    w->file->table, w->file->name, w->csv->header ? 2 : 1);
	if (w->csv->delimiter == '\t')
		put(w, "'\\t'");
	else
		put_delimiter(w, false);
	put(w,
	    ", FIELDQUOTE = '\"', ROWTERMINATOR = '%s',\n"
	    "  CODEPAGE = '%s', KEEPNULLS, TABLOCK);\n",
	    w->csv->crlf ? "0x0d0a" : "0x0a", charset);
}

static void
put_snowflake(struct writing *w)
{
	const char *charset = charset_or(
	    w, names_of_charset(w)->snowflake, "UTF8");
	const char *c = w->file->compress;

	note_chain(w, true, true);
	note_changes(w);
	note_quoted_null(w);
	if (*w->null != '\0')
		note_same_word(w);
	put(w,
	    "COPY INTO %s FROM @stage/%s FILE_FORMAT = (TYPE = CSV "
	    "SKIP_HEADER = %d\n  FIELD_DELIMITER = ",
	    w->file->table, w->file->name, w->csv->header ? 1 : 0);
	put_delimiter(w, true);
	put(w,
	    " RECORD_DELIMITER = '%s' FIELD_OPTIONALLY_ENCLOSED_BY = '\"'\n"
	    "  ESCAPE = NONE ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = (",
	    w->csv->crlf ? "\\r\\n" : "\\n");
	if (*w->null != '\0')
		put_literal(w, w->null, true);
	put(w,
	    ") EMPTY_FIELD_AS_NULL = %s\n  ENCODING = '%s' "
	    "SKIP_BYTE_ORDER_MARK = TRUE COMPRESSION = %s);\n",
	    *w->null == '\0' ? "TRUE" : "FALSE", charset,
	    c == NULL		       ? "NONE" :
		strcmp(c, "gzip") == 0 ? "GZIP" :
					 "ZSTD");
}

static void
put_bigquery(struct writing *w)
{
	const char *charset = charset_or(
	    w, names_of_charset(w)->bigquery, "UTF-8");

	note_chain(w, true, false);
	note_changes(w);
	note_quoted_null(w);
	put(w,
	    "LOAD DATA INTO `dataset.%s` FROM FILES (format = 'CSV', uris = "
	    "['gs://bucket/%s'],\n  skip_leading_rows = %d, "
	    "field_delimiter = ",
	    w->file->table, w->file->name, w->csv->header ? 1 : 0);
	put_delimiter(w, true);
	put(w, ", quote = '\"', null_marker = ");
	put_literal(w, w->null, true);
	put(w,
	    ",\n  allow_quoted_newlines = true, "
	    "preserve_ascii_control_characters = true, encoding = '%s');\n",
	    charset);
}

static void
put_redshift(struct writing *w)
{
	const char *c = w->file->compress;

	if (names_of_charset(w) != &charset_names[0])
		(void)charset_or(w, NULL, NULL);
	note_chain(w, true, true);
	note_changes(w);
	note_quoted_null(w);
	if (*w->null == '\0')
		note(w,
		    "NULL and the empty string may not be told apart; "
		    "file.preset = \"redshift\" writes \\N for NULL.");
	put(w,
	    "COPY %s FROM 's3://bucket/%s' IAM_ROLE default\n"
	    "  FORMAT AS CSV DELIMITER AS ",
	    w->file->table, w->file->name);
	if (w->csv->delimiter == '\t')
		put(w, "'\\t'");
	else
		put_delimiter(w, false);
	put(w, " QUOTE AS '\"' NULL AS ");
	put_literal(w, w->null, false);
	put(w, " IGNOREHEADER %d ENCODING AS UTF8%s;\n", w->csv->header ? 1 : 0,
	    c == NULL		       ? "" :
		strcmp(c, "gzip") == 0 ? " GZIP" :
					 " ZSTD");
}

/* A Python literal: JSON's escapes are Python's too. */
static void
put_python(struct writing *w, const char *text)
{
	put(w, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '\t')
			put(w, "\\t");
		else
			put(w, "%s%c",
			    *text == '"' || *text == '\\' ? "\\" : "", *text);
	}
	put(w, "\"");
}

static void
put_pandas(struct writing *w)
{
	const char delimiter[] = { w->csv->delimiter, '\0' };
	const char *charset = charset_or(
	    w, names_of_charset(w)->python, "utf-8");
	const char *c = w->file->compress;
	bool is_utf8 = strcmp(charset, "utf-8") == 0;

	note_chain(w, true, true);
	if (w->csv->formula == CSV_FORMULA_QUOTE)
		note_changes(w);
	note_same_word(w);
	put(w, "import pandas\n%s = pandas.read_csv(\"/path/to/%s\", sep=",
	    w->file->table, w->file->name);
	put_python(w, delimiter);
	put(w,
	    ", header=%s,\n    dtype=str, keep_default_na=False, "
	    "na_values=[",
	    w->csv->header ? "0" : "None");
	put_python(w, w->null);
	put(w, "], skip_blank_lines=False,\n    encoding=\"%s%s\"", charset,
	    is_utf8 && w->csv->bom ? "-sig" : "");
	put(w, ", compression=%s%s%s)\n", c != NULL ? "\"" : "",
	    c != NULL ? c : "None", c != NULL ? "\"" : "");
}

static void
put_excel(struct writing *w)
{
	note_chain(w, false, false);
	if (!w->csv->bom)
		note(w,
		    "Without file.bom Excel does not see that it is "
		    "UTF-8: file.preset = \"excel\" writes the mark.");
	if (w->csv->formula == CSV_FORMULA_KEEP)
		note(w,
		    "Texts that begin with = + - or @ are run as formulas: "
		    "file.formula = \"quote\" puts an apostrophe in front.");
	note(w,
	    "A spreadsheet has no NULL, 15 digits of a number, 32767 "
	    "characters of a cell and 1048576 rows.");
	put(w,
	    "Data > From Text/CSV > %s: File Origin %s, Delimiter \"%c\", "
	    "Do not detect data types.\n",
	    w->file->name,
	    w->csv->charset != NULL ? w->csv->charset :
				      "65001: Unicode (UTF-8)",
	    w->csv->delimiter);
	put(w,
	    "A double click opens it too, where the list separator of the "
	    "system is \"%c\".\n",
	    w->csv->delimiter);
}

/* All loaders; manual: whose manual alone says that it works. */
static const struct {
	const char *name;
	const char *comment;
	void (*put)(struct writing *w);
	const char *manual;
} loaders[] = {
	{ "postgresql", "--", put_postgresql, NULL },
	{ "mysql", "--", put_mysql, NULL },
	{ "mariadb", "--", put_mysql, NULL },
	{ "sqlite", "--", put_sqlite, NULL },
	{ "sqlserver", "--", put_sqlserver, "SQL Server" },
	{ "snowflake", "--", put_snowflake, "Snowflake" },
	{ "bigquery", "--", put_bigquery, "BigQuery" },
	{ "redshift", "--", put_redshift, "Redshift" },
	{ "pandas", "#", put_pandas, NULL },
	{ "excel", "note:", put_excel, "Excel" },
};

enum { LOADERS = sizeof(loaders) / sizeof(loaders[0]) };

const char *const loader_names[] = { "postgresql", "mysql", "mariadb", "sqlite",
	"sqlserver", "snowflake", "bigquery", "redshift", "pandas", "excel",
	NULL };

static int
unknown(const char *loader, struct err *e)
{
	const char *near = str_nearest(loader, loader_names, LOADERS);

	(void)err_set(e, ERR_USAGE, "there is no loader '%s'", loader);
	if (near != NULL)
		return err_hint(e, "Did you mean '%s'?", near);
	return err_hint(e,
	    "There are postgresql, mysql, mariadb, sqlite, sqlserver, "
	    "snowflake, bigquery, redshift, pandas and excel.");
}

int
loader_put(struct buf *out, const char *loader, const struct loader_file *file,
    struct err *e)
{
	struct writing w = {
		.out = out,
		.file = file,
		.csv = file->csv,
		.null = file->csv->null != NULL ? file->csv->null : "",
	};

	for (size_t i = 0; i < LOADERS; i++) {
		if (strcmp(loaders[i].name, loader) != 0)
			continue;
		w.comment = loaders[i].comment;
		if (loaders[i].manual != NULL)
			note(&w,
			    "By the manual of %s, and not tried there: load a "
			    "few rows first.",
			    loaders[i].manual);
		loaders[i].put(&w);
		if (w.e.class == ERR_NONE)
			return 0;
		*e = w.e;
		return -1;
	}
	return unknown(loader, e);
}
