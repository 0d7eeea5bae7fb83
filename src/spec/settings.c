/*
 * settings.c - the one table of everything a job spec can say
 *
 * A row here is all that a setting needs to be read, checked, overlaid, shown
 * and documented; what it then does is job/plan.c's to decide. The manual
 * page odbcship.cfg(5) is tested against these rows. How help is laid out:
 * help.c; how values are read: value.c and read.c.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "spec/settings.h"

/* Units of min and max. */
#define SECOND ((int64_t)1000)
#define DAY (86400 * SECOND)

/* Longest names, in bytes; longest durations. */
enum { NAME_BYTES = 200, TEXT_BYTES = 4096 };
#define LONGEST (36500 * DAY)

static const char *const dialects[] = { "auto", "postgresql", "mysql", "sqlite",
	"mssql", "oracle", "db2", "firebird", "ansi", NULL };
static const char *const losses[] = { "fail", "warn", NULL };
static const char *const presets[] = { "rfc4180", "postgresql", "mysql",
	"excel", "sqlserver", "snowflake", "bigquery", "redshift", "pandas",
	NULL };
/*
 * From here to isolations, spec_choice() counts on the order: it is that of
 * the enumerations of csv/csv.h and odbc/session.h.
 */
static const char *const quotes[] = { "minimal", "all", "text", "nonnull",
	NULL };
static const char *const invalids[] = { "fail", "replace", NULL };
static const char *const formulas[] = { "keep", "quote", "fail", NULL };
static const char *const binaries[] = { "hex", "base64", NULL };
static const char *const empties[] = { "ship", "skip", "fail", NULL };
static const char *const transactions[] = { "none", "batch", NULL };
static const char *const isolations[] = { "default", "read-uncommitted",
	"read-committed", "repeatable-read", "serializable", NULL };
static const char *const newlines[] = { "crlf", "lf", NULL };
static const char *const checksums[] = { "none", "sha256", NULL };
/* In the order of enum param_type (odbc/statement.h). */
static const char *const value_types[] = { "text", "integer", "decimal", "date",
	"timestamp", NULL };
/* In the order of enum log_place (base/log.h). */
static const char *const log_places[] = { "auto", "stderr", "syslog", "journal",
	NULL };
static const char *const tls_modes[] = { "required", "none", NULL };
static const char *const tls_versions[] = { "1.2", "1.3", NULL };
/* From here to verifications: as in the enumerations of ship/target.h. */
static const char *const publishings[] = { "rename", "directory", "marker",
	"direct", NULL };
static const char *const ambiguities[] = { "hold", "resend", NULL };
static const char *const overwrites[] = { "replace", "fail", "skip", NULL };
static const char *const addressings[] = { "auto", "path", "host", NULL };
static const char *const verifications[] = { "none", "size", "hash", "reread",
	NULL };

/* The table but for members of files, which stand there once, as file.*. */
static const struct setting written[] = {
	{ "description", SETTING_TEXT, NULL, 0, TEXT_BYTES, NULL, SETTING_JOB,
	    "What the job is for, in one line, for lists and records.",
	    "description = \"Orders of the day for the partner\";" },
	{ "owner", SETTING_TEXT, NULL, 0, TEXT_BYTES, NULL, 0,
	    "Who is to be asked about the job; shown where it fails.",
	    "owner = \"data-team@example.com\";" },
	{ "runbook", SETTING_TEXT, NULL, 0, TEXT_BYTES, NULL, 0,
	    "Where it is written what to do when the job fails.",
	    "runbook = \"https://wiki.example.com/daily-orders\";" },
	{ "timezone", SETTING_TEXT, NULL, 1, NAME_BYTES, NULL, 0,
	    "The time zone whose calendar says what today is for this job, a "
	    "name of the time zone database. Without it the system's zone "
	    "counts.",
	    "timezone = \"Europe/Berlin\";" },
	{ "schedule", SETTING_GROUP, NULL, 0, 0, NULL, 0,
	    "When the job is expected to run. Nothing is started by it: it is "
	    "what cron or a timer was told, so that status knows absence.",
	    NULL },
	{ "schedule.cron", SETTING_TEXT, NULL, 0, NAME_BYTES, NULL, 0,
	    "The five time fields of crontab(5), or @hourly, @daily, @weekly, "
	    "@monthly or @yearly, in the job's time zone; \"\" for never.",
	    "cron = \"30 5 * * 1-5\";" },
	{ "schedule.grace", SETTING_DURATION, "1h", 0, LONGEST, NULL, 0,
	    "How long after an expected time the run must have ended well "
	    "before it counts as late.",
	    "grace = \"2h\";" },
	{ "environment", SETTING_TEXT, NULL, 1, NAME_BYTES, NULL, SETTING_MAIN,
	    "Which of the environments this host is. --env and $ODBCSHIP_ENV "
	    "go before it.",
	    "environment = \"prod\";" },
	{ "state", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_MAIN | SETTING_FILE,
	    "The directory of the ledger, the locks and the spool. "
	    "$ODBCSHIP_STATE goes before it.",
	    "state = \"/var/lib/odbcship\";" },
	{ "log", SETTING_CHOICE, "auto", 0, 0, log_places, SETTING_MAIN,
	    "Where the log goes besides standard error: auto is, without a "
	    "terminal, systemd's journal, else syslog; stderr is nowhere.",
	    "log = \"journal\";" },

	{ "source", SETTING_GROUP, NULL, 0, 0, NULL, 0,
	    "The database and the batch that is run there.", NULL },
	{ "source.dsn", SETTING_TEXT, NULL, 1, NAME_BYTES, NULL, 0,
	    "A data source name of odbc.ini. A job needs this or "
	    "source.connection.",
	    "dsn = \"warehouse\";" },
	{ "source.connection", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "A whole connection string, instead of source.dsn.",
	    "connection = \"Driver=PostgreSQL Unicode;Server=db;"
	    "Database=shop\";" },
	{ "source.user", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "The user to log in as, when the DSN does not say it.",
	    "user = \"exporter\";" },
	{ "source.password", SETTING_SECRET, NULL, 0, 0, NULL, 0,
	    "Where the password of the user is.",
	    "password = { file = \"warehouse.secret\"; };" },
	{ "source.sql_file", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_FILE,
	    "A file with the batch. A job needs exactly one of "
	    "source.sql_file, source.sql and source.statements.",
	    "sql_file = \"daily-orders.sql\";" },
	{ "source.sql", SETTING_TEXT, NULL, 1, 0, NULL, SETTING_CONTROL,
	    "The batch itself; it is split into statements as the dialect "
	    "wants it.",
	    "sql = \"SELECT * FROM orders\";" },
	{ "source.statements", SETTING_TEXTS, NULL, 1, 0, NULL, SETTING_CONTROL,
	    "The batch as a list of statements, each sent as it is.",
	    "statements = ( \"CREATE TEMP TABLE t AS SELECT 1 AS a\", "
	    "\"SELECT a FROM t\" );" },
	{ "source.dialect", SETTING_CHOICE, "auto", 0, 0, dialects, 0,
	    "By which rules the batch is split and parameters are found; auto "
	    "asks the database what it is.",
	    "dialect = \"postgresql\";" },
	{ "source.on_connect", SETTING_TEXTS, NULL, 1, 0, NULL, SETTING_CONTROL,
	    "Statements to run first on each new connection.",
	    "on_connect = ( \"SET search_path TO sales\" );" },
	{ "source.params", SETTING_PARAMS, NULL, 0, 0, NULL,
	    SETTING_TEMPLATE | SETTING_CONTROL,
	    "Values that are bound to :name in the batch, never pasted into "
	    "it. A value is a text, or a group of value and type (text, "
	    "integer, decimal, date or timestamp).",
	    "params = { day = { value = \"{date:-1d:%Y-%m-%d}\"; "
	    "type = \"date\"; }; };" },
	{ "source.result", SETTING_TEXT, "last", 1, NAME_BYTES, NULL, 0,
	    "Which result set becomes the file: last; only (more than one is "
	    "then an error); its number, counted from 1; or the name that a "
	    "comment -- name: orders gives the statement below it.",
	    "result = \"orders\";" },
	{ "source.transaction", SETTING_CHOICE, "none", 0, 0, transactions, 0,
	    "none: each statement is committed by itself. batch: the whole "
	    "batch is one transaction, committed when all its rows are read, "
	    "and rolled back when it fails.",
	    "transaction = \"batch\";" },
	{ "source.isolation", SETTING_CHOICE, "default", 0, 0, isolations, 0,
	    "How far the batch sees what others change meanwhile, where the "
	    "database offers it.",
	    "isolation = \"repeatable-read\";" },
	{ "source.watermark", SETTING_GROUP, NULL, 0, 0, NULL, 0,
	    "How far the rows were shipped: each run exports what came since.",
	    NULL },
	{ "source.watermark.name", SETTING_TEXT, NULL, 1, 60, NULL, 0,
	    "Its name in records; :NAME_from and :NAME_to are bound in the "
	    "batch, the gates and the checks.",
	    "name = \"id\";" },
	{ "source.watermark.sql", SETTING_TEXT, NULL, 1, 0, NULL,
	    SETTING_CONTROL,
	    "The query of one value up to which this run exports; it is asked "
	    "right before the batch, and becomes :NAME_to.",
	    "sql = \"SELECT max(id) FROM orders\";" },
	{ "source.watermark.initial", SETTING_TEXT, NULL, 0, NAME_BYTES, NULL,
	    0, "The value of :NAME_from until a first run was shipped.",
	    "initial = \"0\";" },
	{ "source.watermark.type", SETTING_CHOICE, NULL, 0, 0, value_types, 0,
	    "How both values are bound. Without it they have the type of the "
	    "column of source.watermark.sql.",
	    "type = \"integer\";" },
	{ "source.read_only", SETTING_BOOL, "false", 0, 0, NULL, 0,
	    "Whether the database is to refuse everything that writes, where "
	    "it really does; elsewhere it is an error.",
	    "read_only = true;" },
	{ "source.retries", SETTING_INTEGER, "2", 0, 100, NULL, 0,
	    "How often a batch begins anew after a deadlock, a serialization "
	    "failure or a lost connection, while nothing was written that "
	    "would be written twice.",
	    "retries = 5;" },
	{ "source.login_timeout", SETTING_DURATION, "30s", 0, LONGEST, NULL, 0,
	    "How long connecting to the database may take; \"0\" leaves it to "
	    "the driver.",
	    "login_timeout = \"1m\";" },
	{ "source.query_timeout", SETTING_DURATION, "0", 0, LONGEST, NULL, 0,
	    "How long one statement may run; \"0\" is no limit but that of "
	    "the run.",
	    "query_timeout = \"2h\";" },

	{ "source.timezone", SETTING_TEXT, NULL, 1, NAME_BYTES, NULL, 0,
	    "The time zone of the database session, in which it prints what "
	    "has one. Without it the server's own stays.",
	    "timezone = \"UTC\";" },
	{ "source.wrap", SETTING_BOOL, "true", 0, 0, NULL, 0,
	    "Whether a query may be sent inside another one, where only the "
	    "database itself prints its values exactly (SQLite, PostgreSQL).",
	    "wrap = false;" },
	{ "source.lossy", SETTING_CHOICE, "fail", 0, 0, losses, 0,
	    "What happens to a value that a driver cannot give exactly: fail "
	    "ends the run, warn counts and records it.",
	    "lossy = \"warn\";" },

	{ "file", SETTING_GROUP, NULL, 0, 0, NULL, 0,
	    "The file that the result becomes.", NULL },
	{ "file.name", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_TEMPLATE,
	    "Its name, without a directory, as it is written: with compress "
	    "and encrypt add .gz, .zst or .gpg. A job needs this or files.",
	    "name = \"orders-{date:%Y%m%d}.csv\";" },
	{ "file.preset", SETTING_CHOICE, "rfc4180", 0, 0, presets, 0,
	    "The dialect of a loader in a word; what is set beside it goes "
	    "before it.",
	    "preset = \"postgresql\";" },
	{ "file.header", SETTING_BOOL, "true", 0, 0, NULL, 0,
	    "Whether the first record holds the names of the columns.",
	    "header = false;" },
	{ "file.delimiter", SETTING_TEXT, ",", 1, 1, NULL, SETTING_CONTROL,
	    "The one ASCII character between two fields.",
	    "delimiter = \";\";" },
	{ "file.newline", SETTING_CHOICE, "crlf", 0, 0, newlines, 0,
	    "What ends a record: crlf, as RFC 4180 has it, or lf.",
	    "newline = \"lf\";" },
	{ "file.quote", SETTING_CHOICE, "minimal", 0, 0, quotes, 0,
	    "Which fields are quoted: those that need it, all (NULL too), "
	    "texts, or all but NULL.",
	    "quote = \"nonnull\";" },
	{ "file.null", SETTING_TEXT, NULL, 0, NAME_BYTES, NULL, 0,
	    "The word for NULL. A text that is equal to it is quoted, so that "
	    "without it NULL is nothing and the empty string is \"\".",
	    "null = \"\\\\N\";" },
	{ "file.charset", SETTING_TEXT, "UTF-8", 1, NAME_BYTES, NULL, 0,
	    "The character set of the file, by a name of iconv(1).",
	    "charset = \"ISO-8859-1\";" },
	{ "file.bom", SETTING_BOOL, "false", 0, 0, NULL, 0,
	    "Whether the file begins with a byte order mark.", "bom = true;" },
	{ "file.invalid", SETTING_CHOICE, "fail", 0, 0, invalids, 0,
	    "What happens to bytes that are no UTF-8, to NUL, and to "
	    "characters that the character set does not have: fail ends the "
	    "run, replace writes U+FFFD or a question mark and counts.",
	    "invalid = \"replace\";" },
	{ "file.date", SETTING_TEXT, NULL, 0, NAME_BYTES, NULL, 0,
	    "The form of dates: text with %Y %m %d %H %M %S %f %z in it. "
	    "Without it they stay as the database prints them.",
	    "date = \"%d.%m.%Y\";" },
	{ "file.time", SETTING_TEXT, NULL, 0, NAME_BYTES, NULL, 0,
	    "The form of times of day, likewise.", "time = \"%H:%M:%S\";" },
	{ "file.timestamp", SETTING_TEXT, NULL, 0, NAME_BYTES, NULL, 0,
	    "The form of timestamps, likewise.",
	    "timestamp = \"%Y-%m-%dT%H:%M:%S%f\";" },
	{ "file.boolean", SETTING_TEXT, NULL, 0, NAME_BYTES, NULL, 0,
	    "Two words for true and false with a comma between.",
	    "boolean = \"TRUE,FALSE\";" },
	{ "file.binary", SETTING_CHOICE, "hex", 0, 0, binaries, 0,
	    "How bytes are written.", "binary = \"base64\";" },
	{ "file.formula", SETTING_CHOICE, "keep", 0, 0, formulas, 0,
	    "What happens to texts that a spreadsheet would run as a formula: "
	    "quote puts an apostrophe in front and counts.",
	    "formula = \"quote\";" },
	{ "file.compress", SETTING_TEXT, "none", 1, NAME_BYTES, NULL, 0,
	    "How the file is compressed: none, gzip or zstd, with a level "
	    "behind a colon if wanted (gzip:1 to gzip:9, zstd:1 to zstd:19).",
	    "compress = \"zstd:9\";" },
	{ "file.encrypt", SETTING_TEXTS, NULL, 1, NAME_BYTES, NULL, 0,
	    "Who can read the file: OpenPGP keys in the keyring of the user "
	    "that runs odbcship, by address or fingerprint.",
	    "encrypt = ( \"partner@example.com\" );" },
	{ "file.empty", SETTING_CHOICE, "ship", 0, 0, empties, 0,
	    "What happens to a result without rows: ship delivers the file "
	    "with its header, skip delivers nothing and is no failure, fail "
	    "ends the run.",
	    "empty = \"fail\";" },
	{ "file.split", SETTING_INTEGER, "0", 0, INT64_MAX, NULL, 0,
	    "How many rows a file may have; the next ones go to another file, "
	    "whose number, 001 and so on, is {part} in the name. 0 is no "
	    "limit.",
	    "split = 1000000;" },
	{ "file.checksum", SETTING_CHOICE, "none", 0, 0, checksums, 0,
	    "A side file that follows each file: sha256 makes NAME.sha256, "
	    "which sha256sum -c reads.",
	    "checksum = \"sha256\";" },
	{ "file.manifest", SETTING_BOOL, "false", 0, 0, NULL, 0,
	    "Whether NAME.manifest.json follows each file: where it is from, "
	    "its rows, bytes, hashes and columns.",
	    "manifest = true;" },
	{ "file.done", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_TEMPLATE,
	    "The name of an empty file that is delivered last, when all the "
	    "others are there; {name} is the first file's name.",
	    "done = \"{name}.done\";" },

	{ "files", SETTING_LIST, NULL, 0, 0, NULL, 0,
	    "Several files of one batch, instead of file: each with a result "
	    "and the settings of file. What the main file says of file holds "
	    "for each that says nothing else.",
	    NULL },
	{ "files.result", SETTING_TEXT, NULL, 1, NAME_BYTES, NULL,
	    SETTING_REQUIRED,
	    "Which result set becomes the file: its number, counted from 1, or "
	    "the name that a comment -- name: orders gives the statement "
	    "below it.",
	    "result = \"orders\";" },

	{ "gates", SETTING_LIST, NULL, 0, 0, NULL, 0,
	    "What must hold before the batch begins; it is waited for.", NULL },
	{ "gates.name", SETTING_TEXT, NULL, 1, 60, NULL, SETTING_REQUIRED,
	    "The name of the gate in messages and records; no two are alike.",
	    "name = \"big data job\";" },
	{ "gates.sql", SETTING_TEXT, NULL, 1, 0, NULL,
	    SETTING_REQUIRED | SETTING_CONTROL,
	    "A query of one row and one column; parameters as in the batch.",
	    "sql = \"SELECT count(*) FROM etl_runs WHERE day = :day\";" },
	{ "gates.equals", SETTING_TEXT, NULL, 0, NAME_BYTES, NULL, 0,
	    "What the value must be equal to: two numbers as numbers, anything "
	    "else byte for byte.",
	    "equals = \"1\";" },
	{ "gates.at_least", SETTING_TEXT, NULL, 1, NAME_BYTES, NULL, 0,
	    "What the value must not be less than: two numbers as numbers, two "
	    "texts byte for byte.",
	    "at_least = \"1\";" },
	{ "gates.at_most", SETTING_TEXT, NULL, 1, NAME_BYTES, NULL, 0,
	    "What the value must not be greater than, likewise.",
	    "at_most = \"0.05\";" },
	{ "gates.not_null", SETTING_BOOL, "false", 0, 0, NULL, 0,
	    "Whether any value will do that is not NULL.", "not_null = true;" },
	{ "gates.timeout", SETTING_DURATION, "1h", 0, LONGEST, NULL, 0,
	    "How long to wait; \"0\" asks once and does not wait.",
	    "timeout = \"2h\";" },
	{ "gates.every", SETTING_DURATION, "1m", SECOND, LONGEST, NULL, 0,
	    "How long between two looks.", "every = \"5m\";" },

	{ "checks", SETTING_GROUP, NULL, 0, 0, NULL, 0,
	    "What must hold of the file before anything is shipped.", NULL },
	{ "checks.min_rows", SETTING_INTEGER, NULL, 0, INT64_MAX, NULL, 0,
	    "The fewest rows that the file may have.", "min_rows = 1;" },
	{ "checks.max_rows", SETTING_INTEGER, NULL, 0, INT64_MAX, NULL, 0,
	    "The most rows that the file may have.", "max_rows = 5000000;" },
	{ "checks.max_change", SETTING_INTEGER, NULL, 0, 1000000, NULL, 0,
	    "By how many percent the number of rows may differ from the median "
	    "of the last seven shipped runs; not applied before three.",
	    "max_change = 50;" },
	{ "checks.columns", SETTING_TEXTS, NULL, 1, NAME_BYTES, NULL, 0,
	    "The names of the columns: exactly these, in this order.",
	    "columns = ( \"order_id\", \"placed_at\", \"total\" );" },
	{ "checks.same_columns", SETTING_BOOL, "false", 0, 0, NULL, 0,
	    "Whether the columns must have the names and the order that they "
	    "had in the last shipped run.",
	    "same_columns = true;" },
	{ "checks.not_null", SETTING_TEXTS, NULL, 1, NAME_BYTES, NULL, 0,
	    "Columns in which no value may be NULL.",
	    "not_null = ( \"order_id\" );" },
	{ "checks.unique", SETTING_TEXTS, NULL, 1, NAME_BYTES, NULL, 0,
	    "Columns whose values, taken together, no two rows may share; rows "
	    "with a NULL among them do not count.",
	    "unique = ( \"order_id\" );" },
	{ "checks.sql", SETTING_LIST, NULL, 0, 0, NULL, 0,
	    "Queries that are asked after the batch, on the same connection.",
	    NULL },
	{ "checks.sql.name", SETTING_TEXT, NULL, 1, 60, NULL, SETTING_REQUIRED,
	    "The name of the check in messages and records; no two are alike.",
	    "name = \"totals agree\";" },
	{ "checks.sql.sql", SETTING_TEXT, NULL, 1, 0, NULL,
	    SETTING_REQUIRED | SETTING_CONTROL,
	    "A query of one row and one column; parameters as in the batch.",
	    "sql = \"SELECT count(*) FROM staging WHERE total IS NULL\";" },
	{ "checks.sql.equals", SETTING_TEXT, NULL, 0, NAME_BYTES, NULL, 0,
	    "What the value must be equal to: two numbers as numbers, anything "
	    "else byte for byte.",
	    "equals = \"0\";" },
	{ "checks.sql.at_least", SETTING_TEXT, NULL, 1, NAME_BYTES, NULL, 0,
	    "What the value must not be less than: two numbers as numbers, two "
	    "texts byte for byte.",
	    "at_least = \"1\";" },
	{ "checks.sql.at_most", SETTING_TEXT, NULL, 1, NAME_BYTES, NULL, 0,
	    "What the value must not be greater than, likewise.",
	    "at_most = \"0.05\";" },
	{ "checks.sql.not_null", SETTING_BOOL, "false", 0, 0, NULL, 0,
	    "Whether any value will do that is not NULL.", "not_null = true;" },

	{ "targets", SETTING_LIST, NULL, 0, 0, NULL, 0,
	    "Where the file is delivered to, one after the other.", NULL },
	{ "targets.name", SETTING_TEXT, NULL, 1, NAME_BYTES, NULL,
	    SETTING_REQUIRED,
	    "The name of the target in records and on the command line; no "
	    "two are alike.",
	    "name = \"partner\";" },
	{ "targets.url", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_REQUIRED | SETTING_TEMPLATE,
	    "The directory to deliver into, ending with a slash: ftp://, "
	    "ftps://, sftp://, https://, s3:// (bucket and prefix) or file://. "
	    "A path of FTP is relative to the directory after login; one of "
	    "SFTP begins at the root, or with /~/ at the user's home.",
	    "url = \"ftp://ftp.example.com/incoming/\";" },
	{ "targets.user", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "The user to log in as.", "user = \"acme\";" },
	{ "targets.password", SETTING_SECRET, NULL, 0, 0, NULL, 0,
	    "Where the password of the user is.",
	    "password = { credential = \"partner\"; };" },
	{ "targets.token", SETTING_SECRET, NULL, 0, 0, NULL, 0,
	    "Where a token is: for https:// a bearer token, instead of user "
	    "and password; for s3:// the session token of temporary keys.",
	    "token = { credential = \"partner-token\"; };" },
	{ "targets.endpoint", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "Where an S3 service other than Amazon's is.",
	    "endpoint = \"https://minio.example.com:9000\";" },
	{ "targets.region", SETTING_TEXT, "us-east-1", 1, NAME_BYTES, NULL, 0,
	    "The region of an s3:// bucket.", "region = \"eu-central-1\";" },
	{ "targets.addressing", SETTING_CHOICE, "auto", 0, 0, addressings, 0,
	    "Where the name of an s3:// bucket stands in requests. path: "
	    "https://endpoint/bucket/. host: https://bucket.endpoint/. auto: "
	    "path with an endpoint of its own or a dot in the name, else host.",
	    "addressing = \"host\";" },
	{ "targets.known_hosts", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_FILE,
	    "The file with the host keys of sftp:// servers, as ssh-keyscan "
	    "prints them; without it ~/.ssh/known_hosts of the user who runs "
	    "odbcship.",
	    "known_hosts = \"partner.known_hosts\";" },
	{ "targets.tls", SETTING_CHOICE, "required", 0, 0, tls_modes, 0,
	    "required: TLS or nothing is sent. none: in clear, password and "
	    "all.",
	    "tls = \"none\";" },
	{ "targets.min_tls", SETTING_CHOICE, "1.2", 0, 0, tls_versions, 0,
	    "The oldest version of TLS to accept.", "min_tls = \"1.3\";" },
	{ "targets.max_tls", SETTING_CHOICE, NULL, 0, 0, tls_versions, 0,
	    "The newest version of TLS to offer, for servers that fail with a "
	    "newer one.",
	    "max_tls = \"1.2\";" },
	{ "targets.ca_file", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_FILE,
	    "Certificates (PEM) that the server's certificate must come from, "
	    "instead of the system's.",
	    "ca_file = \"partner-ca.pem\";" },
	{ "targets.pinned_key", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "The server's public key must have this SHA-256 in base64 too. For "
	    "sftp:// the fingerprint of its host key (\"SHA256:...\"), instead "
	    "of known_hosts.",
	    "pinned_key = "
	    "\"sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=\";" },
	{ "targets.client_cert", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_FILE,
	    "A certificate (PEM) to show to a server that asks for one.",
	    "client_cert = \"acme.pem\";" },
	{ "targets.client_key", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_FILE,
	    "The private key (PEM) of client_cert, if it is not in the same "
	    "file. For sftp:// the private key of the user.",
	    "client_key = \"acme.key\";" },
	{ "targets.client_key_password", SETTING_SECRET, NULL, 0, 0, NULL, 0,
	    "Where the password of an encrypted client_key is.",
	    "client_key_password = { credential = \"acme-key\"; };" },
	{ "targets.publish", SETTING_CHOICE, "rename", 0, 0, publishings, 0,
	    "How the file gets its name. rename: it is uploaded under a "
	    "temporary name, verified, renamed. directory: the same in the "
	    "directory staging. marker, direct: uploaded under its own name, "
	    "for servers that allow nothing better; with marker a done file "
	    "tells that it is complete.",
	    "publish = \"directory\";" },
	{ "targets.staging", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "With publish = \"directory\" where the file is until it is "
	    "complete, ending with a slash: relative to the directory of the "
	    "URL, or from the server's root if it begins with a slash.",
	    "staging = \"../staging/\";" },
	{ "targets.temporary", SETTING_TEXT, "{name}.part", 1, TEXT_BYTES, NULL,
	    SETTING_TEMPLATE,
	    "The file's name at the target until it is complete.",
	    "temporary = \".{name}.tmp\";" },
	{ "targets.overwrite", SETTING_CHOICE, "replace", 0, 0, overwrites, 0,
	    "What to do about a file of that name that is there already. "
	    "replace: it is replaced. fail: nothing is sent, and somebody is "
	    "told. skip: nothing is sent, and that is right.",
	    "overwrite = \"fail\";" },
	{ "targets.verify", SETTING_CHOICE, "size", 0, 0, verifications, 0,
	    "How it is made sure that what is there is what was sent. size: "
	    "before and after renaming. hash: by a hash that the server "
	    "computes, or else as reread. reread: its content is read back. "
	    "none: the server's word is enough.",
	    "verify = \"hash\";" },
	{ "targets.may_vanish", SETTING_BOOL, "false", 0, 0, NULL, 0,
	    "Whether a file that is gone right after it got its name is "
	    "delivered: for servers that move files away at once.",
	    "may_vanish = true;" },
	{ "targets.ambiguous", SETTING_CHOICE, "hold", 0, 0, ambiguities, 0,
	    "When the answer was lost and nothing of the file is there. hold: "
	    "nothing more is sent until somebody has looked, see 'odbcship "
	    "resend'. resend: it is sent again, which the receiver must bear.",
	    "ambiguous = \"resend\";" },
	{ "targets.mkdirs", SETTING_BOOL, "false", 0, 0, NULL, 0,
	    "Whether directories of the URL that are missing are made.",
	    "mkdirs = true;" },
	{ "targets.active", SETTING_BOOL, "false", 0, 0, NULL, 0,
	    "Whether the server connects to this host for data (PORT), "
	    "instead of being connected to.",
	    "active = true;" },
	{ "targets.epsv", SETTING_BOOL, "true", 0, 0, NULL, 0,
	    "Whether EPSV is tried before PASV; false for firewalls that "
	    "do not know it.",
	    "epsv = false;" },
	{ "targets.connect_timeout", SETTING_DURATION, "30s", SECOND, LONGEST,
	    NULL, 0, "How long connecting to the target may take.",
	    "connect_timeout = \"1m\";" },
	{ "targets.reply_timeout", SETTING_DURATION, "300s", SECOND, LONGEST,
	    NULL, 0, "How long the server may take for one reply.",
	    "reply_timeout = \"10m\";" },
	{ "targets.stall_timeout", SETTING_DURATION, "120s", SECOND, LONGEST,
	    NULL, 0, "How long a transfer may stand still.",
	    "stall_timeout = \"5m\";" },
	{ "targets.resume", SETTING_BOOL, "false", 0, 0, NULL, 0,
	    "Whether an upload that broke off goes on where it was, instead "
	    "of from the beginning; verified as with verify = \"hash\".",
	    "resume = true;" },
	{ "targets.bandwidth", SETTING_SIZE, "0", 0, INT64_MAX, NULL, 0,
	    "How much is sent in a second at most; \"0\" is no limit.",
	    "bandwidth = \"10MB\";" },
	{ "targets.retries", SETTING_INTEGER, "5", 0, 1000, NULL, 0,
	    "How often a delivery that failed for a reason that may pass is "
	    "tried again, within limits.runtime. What is refused is not.",
	    "retries = 0;" },
	{ "targets.retry_wait", SETTING_DURATION, "5s", 0, LONGEST, NULL, 0,
	    "How long to wait before the first of the retries; before each "
	    "further one twice as long, up to 5 minutes.",
	    "retry_wait = \"30s\";" },

	{ "notify", SETTING_LIST, NULL, 0, 0, NULL, 0,
	    "Who is told of what, each in one way or several.", NULL },
	{ "notify.name", SETTING_TEXT, NULL, 1, NAME_BYTES, NULL, 0,
	    "The name of the entry in the log and on the command line; no two "
	    "are alike. Without it its number in the list stands for it.",
	    "name = \"team\";" },
	{ "notify.on", SETTING_TEXTS, NULL, 1, 0, NULL, 0,
	    "What is told: failure, recovery, success, late, skip. Without it "
	    "failure, recovery and late.",
	    "on = ( \"failure\", \"recovery\" );" },
	{ "notify.remind", SETTING_DURATION, "0", 0, LONGEST, NULL, 0,
	    "How long after it was told a failure that lasts is told again; "
	    "\"0\" is never.",
	    "remind = \"1d\";" },
	{ "notify.timeout", SETTING_DURATION, "30s", SECOND, LONGEST, NULL, 0,
	    "How long telling may take, in each of the ways.",
	    "timeout = \"10s\";" },
	{ "notify.mail", SETTING_GROUP, NULL, 0, 0, NULL, 0,
	    "Tell by mail, given to a mail server.", NULL },
	{ "notify.mail.to", SETTING_TEXTS, NULL, 1, 0, NULL, 0,
	    "Who gets the mail: bare addresses.",
	    "to = ( \"data-team@example.com\" );" },
	{ "notify.mail.from", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "Who it is from; without it the first of those who get it.",
	    "from = \"odbcship@example.com\";" },
	{ "notify.mail.url", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "The mail server: smtp:// with STARTTLS, or smtps://. What stands "
	    "behind the slash is the name by which we greet it.",
	    "url = \"smtp://mail.example.com:587\";" },
	{ "notify.mail.tls", SETTING_CHOICE, "required", 0, 0, tls_modes, 0,
	    "required: TLS or nothing is sent. none: in clear, password and "
	    "all.",
	    "tls = \"none\";" },
	{ "notify.mail.ca_file", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_FILE,
	    "Certificates (PEM) that the server's certificate must come from, "
	    "instead of the system's.",
	    "ca_file = \"mail-ca.pem\";" },
	{ "notify.mail.user", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "The user to log in as, where the server wants one.",
	    "user = \"odbcship\";" },
	{ "notify.mail.password", SETTING_SECRET, NULL, 0, 0, NULL, 0,
	    "Where the password of the user is.",
	    "password = { credential = \"mail\"; };" },
	{ "notify.sendmail", SETTING_GROUP, NULL, 0, 0, NULL, 0,
	    "Tell by mail, given to this host's sendmail.", NULL },
	{ "notify.sendmail.to", SETTING_TEXTS, NULL, 1, 0, NULL, 0,
	    "Who gets the mail: bare addresses.",
	    "to = ( \"data-team@example.com\" );" },
	{ "notify.sendmail.from", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "Who it is from; without it the first of those who get it.",
	    "from = \"odbcship@example.com\";" },
	{ "notify.sendmail.program", SETTING_TEXT, "/usr/sbin/sendmail", 1,
	    TEXT_BYTES, NULL, SETTING_FILE, "The program that takes the mail.",
	    "program = \"/usr/bin/msmtp\";" },
	{ "notify.webhook", SETTING_GROUP, NULL, 0, 0, NULL, 0,
	    "Tell by a POST of JSON.", NULL },
	{ "notify.webhook.url", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "Where to: https://.",
	    "url = \"https://hooks.example.com/jobs\";" },
	{ "notify.webhook.secret_url", SETTING_SECRET, NULL, 0, 0, NULL, 0,
	    "Where the URL is, instead of the URL, when whoever knows it may "
	    "post.",
	    "secret_url = { file = \"hook.secret\"; };" },
	{ "notify.webhook.token", SETTING_SECRET, NULL, 0, 0, NULL, 0,
	    "Where the token is that is sent as Authorization: Bearer.",
	    "token = { credential = \"hook\"; };" },
	{ "notify.webhook.tls", SETTING_CHOICE, "required", 0, 0, tls_modes, 0,
	    "required: only https://. none: http:// too.", "tls = \"none\";" },
	{ "notify.webhook.ca_file", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_FILE,
	    "Certificates (PEM) that the server's certificate must come from, "
	    "instead of the system's.",
	    "ca_file = \"hooks-ca.pem\";" },
	{ "notify.webhook.proxy", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "The proxy to go through, http:// or https://; none from the "
	    "environment is used.",
	    "proxy = \"http://squid.example.com:3128\";" },
	{ "notify.ping", SETTING_GROUP, NULL, 0, 0, NULL, 0,
	    "Tell each run to a service that waits for it, as healthchecks.io "
	    "does: URL/start, then URL or URL/STATUS. Whatever notify.on "
	    "says.",
	    NULL },
	{ "notify.ping.url", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "Where to: https://.",
	    "url = \"https://hc.example.com/ping/daily\";" },
	{ "notify.ping.secret_url", SETTING_SECRET, NULL, 0, 0, NULL, 0,
	    "Where the URL is, instead of the URL, when whoever knows it may "
	    "ping.",
	    "secret_url = { file = \"ping.secret\"; };" },
	{ "notify.ping.tls", SETTING_CHOICE, "required", 0, 0, tls_modes, 0,
	    "required: only https://. none: http:// too.", "tls = \"none\";" },
	{ "notify.ping.ca_file", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_FILE,
	    "Certificates (PEM) that the server's certificate must come from, "
	    "instead of the system's.",
	    "ca_file = \"hc-ca.pem\";" },
	{ "notify.ping.proxy", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL, 0,
	    "The proxy to go through, http:// or https://; none from the "
	    "environment is used.",
	    "proxy = \"http://squid.example.com:3128\";" },
	{ "notify.command", SETTING_TEXTS, NULL, 1, 0, NULL, 0,
	    "A program and its arguments, without a shell; it reads what is "
	    "told as JSON.",
	    "command = ( \"/usr/local/bin/page\", \"data-team\" );" },

	{ "metrics", SETTING_GROUP, NULL, 0, 0, NULL, 0,
	    "Figures for monitoring.", NULL },
	{ "metrics.directory", SETTING_TEXT, NULL, 1, TEXT_BYTES, NULL,
	    SETTING_FILE,
	    "Where a file of figures is written after each run, for the "
	    "textfile collector of Prometheus' node_exporter.",
	    "directory = \"/var/lib/prometheus/node-exporter\";" },

	{ "limits", SETTING_GROUP, NULL, 0, 0, NULL, 0, "What a run may take.",
	    NULL },
	{ "limits.runtime", SETTING_DURATION, "6h", 0, LONGEST, NULL, 0,
	    "How long the whole run may take; \"0\" is no limit.",
	    "runtime = \"45m\";" },
	{ "limits.lock_wait", SETTING_DURATION, "0", 0, LONGEST, NULL, 0,
	    "How long to wait for another run of the job to end; \"0\" does "
	    "not wait.",
	    "lock_wait = \"10m\";" },
	{ "limits.memory", SETTING_SIZE, "0", 0, INT64_MAX, NULL, 0,
	    "How much memory fetching may take, beyond what a connection "
	    "needs; \"0\" is no limit. Only drivers that hold whole results "
	    "in memory need much.",
	    "memory = \"256MiB\";" },
	{ "limits.keep", SETTING_DURATION, "14d", 0, LONGEST, NULL, 0,
	    "How long finished files stay in the spool; \"0\" is for ever. "
	    "What could not be delivered for so long is given up.",
	    "keep = \"90d\";" },
	{ "limits.history", SETTING_DURATION, "400d", 0, LONGEST, NULL, 0,
	    "How long the ledger remembers runs, and with them that a logical "
	    "date was shipped; \"0\" is for ever. A run is never forgotten "
	    "before its files are.",
	    "history = \"1000d\";" },
};

enum {
	WRITTEN = sizeof(written) / sizeof(written[0]),
	COPIES_MAX = 64,
	ROWS = WRITTEN + COPIES_MAX,
	PATH_BYTES = 128
};

static struct setting rows[ROWS];
static size_t n_rows; /* 0 until the table is made */
static pthread_once_t made = PTHREAD_ONCE_INIT;

/* A member of files has each setting that file has. */
static void
copy_file_rows(void)
{
	static char paths[COPIES_MAX][32];
	size_t copies = 0;

	for (size_t i = 0; i < WRITTEN && copies < COPIES_MAX; i++) {
		if (strncmp(written[i].path, "file.", 5) != 0)
			continue;
		(void)snprintf(paths[copies], sizeof(paths[copies]), "files.%s",
		    written[i].path + 5);
		rows[n_rows] = written[i];
		rows[n_rows].path = paths[copies++];
		rows[n_rows++].flags |= SETTING_COPY;
	}
}

static void
make_rows(void)
{
	for (size_t i = 0; i < WRITTEN; i++) {
		rows[n_rows++] = written[i];
		if (strcmp(written[i].path, "files.result") == 0)
			copy_file_rows();
	}
	for (size_t i = 0; i < n_rows; i++)
		if (strcmp(rows[i].path, "files.name") == 0)
			rows[i].flags |= SETTING_REQUIRED;
}

const struct setting *
settings_all(size_t *n)
{
	(void)pthread_once(&made, make_rows);
	*n = n_rows;
	return rows;
}

const struct setting *
settings_find(const char *path)
{
	const struct setting *all;
	size_t n;

	all = settings_all(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].path, path) == 0)
			return &all[i];
	return NULL;
}

/* The part behind the last dot. */
static const char *
leaf(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
}

/* Whether both stand in the same group. */
static bool
is_sibling(const char *a, const char *b)
{
	size_t n = (size_t)(leaf(a) - a);

	return (size_t)(leaf(b) - b) == n && strncmp(a, b, n) == 0;
}

/* The path whose last part is the borrowed text found. */
static const char *
path_of(const char *found)
{
	for (size_t i = 0; found != NULL && i < n_rows; i++)
		if (leaf(rows[i].path) == found)
			return rows[i].path;
	return NULL;
}

/* The sibling whose last part is nearest to that of path. */
static const char *
nearest_sibling(const char *path)
{
	const char *leaves[ROWS];
	size_t n = 0;

	for (size_t i = 0; i < n_rows; i++)
		if (is_sibling(rows[i].path, path))
			leaves[n++] = leaf(rows[i].path);
	return path_of(str_nearest(leaf(path), leaves, n));
}

/* The right name in a group whose own name is misspelt. */
static const char *
nearest_in_other_group(const char *path)
{
	const char *paths[ROWS];
	size_t n = 0;

	for (size_t i = 0; i < n_rows; i++)
		if (strcmp(leaf(rows[i].path), leaf(path)) == 0)
			paths[n++] = rows[i].path;
	if (n <= 1 || strchr(path, '.') == NULL)
		return n > 0 ? paths[0] : NULL;
	return str_nearest(path, paths, n);
}

const char *
settings_nearest(const char *path)
{
	const char *near;
	size_t n;

	(void)settings_all(&n);
	near = nearest_sibling(path);

	return near != NULL ? near : nearest_in_other_group(path);
}
