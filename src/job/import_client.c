/*
 * import_client.c - a database's client in a script, as a job's source
 *
 * One table of clients with their options. What they were given as SQL is
 * import_sql.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "job/import_parts.h"

/* psql(1) */
static const struct import_option psql_options[] = { { "-h", IMPORT_HOST,
							 false },
	{ "--host", IMPORT_HOST, false }, { "-p", IMPORT_PORT, false },
	{ "--port", IMPORT_PORT, false }, { "-U", IMPORT_USER, false },
	{ "--username", IMPORT_USER, false }, { "-d", IMPORT_DATABASE, false },
	{ "--dbname", IMPORT_DATABASE, false }, { "-c", IMPORT_SQL, false },
	{ "--command", IMPORT_SQL, false }, { "-f", IMPORT_SQL_FILE, false },
	{ "--file", IMPORT_SQL_FILE, false }, { "-o", IMPORT_OUTPUT, false },
	{ "--output", IMPORT_OUTPUT, false }, { "-F", IMPORT_DELIMITER, false },
	{ "--field-separator", IMPORT_DELIMITER, false },
	{ "-t", IMPORT_NO_HEADER, false },
	{ "--tuples-only", IMPORT_NO_HEADER, false },
	{ "-A", IMPORT_UNALIGNED, false },
	{ "--no-align", IMPORT_UNALIGNED, false },
	{ "--csv", IMPORT_CSV, false }, { "-v", IMPORT_VARIABLE, false },
	{ "--set", IMPORT_VARIABLE, false },
	{ "--variable", IMPORT_VARIABLE, false }, { "-P", IMPORT_SKIP, false },
	{ "--pset", IMPORT_SKIP, false }, { "-q", IMPORT_NOTHING, false },
	{ "--quiet", IMPORT_NOTHING, false }, { "-X", IMPORT_NOTHING, false },
	{ "--no-psqlrc", IMPORT_NOTHING, false },
	{ "-1", IMPORT_NOTHING, false },
	{ "--single-transaction", IMPORT_NOTHING, false },
	{ "-w", IMPORT_NOTHING, false }, { "-e", IMPORT_NOTHING, false },
	{ "-b", IMPORT_NOTHING, false }, { NULL, IMPORT_NOTHING, false } };

/* mariadb(1), mysql(1) */
static const struct import_option mysql_options[] = { { "-h", IMPORT_HOST,
							  false },
	{ "--host", IMPORT_HOST, false }, { "-P", IMPORT_PORT, false },
	{ "--port", IMPORT_PORT, false }, { "-u", IMPORT_USER, false },
	{ "--user", IMPORT_USER, false }, { "-p", IMPORT_PASSWORD, true },
	{ "--password", IMPORT_PASSWORD, true },
	{ "-D", IMPORT_DATABASE, false },
	{ "--database", IMPORT_DATABASE, false }, { "-e", IMPORT_SQL, false },
	{ "--execute", IMPORT_SQL, false }, { "-N", IMPORT_NO_HEADER, false },
	{ "--skip-column-names", IMPORT_NO_HEADER, false },
	{ "-B", IMPORT_UNALIGNED, false },
	{ "--batch", IMPORT_UNALIGNED, false },
	{ "-s", IMPORT_UNALIGNED, false },
	{ "--silent", IMPORT_UNALIGNED, false },
	{ "-r", IMPORT_NOTHING, false }, { "--raw", IMPORT_NOTHING, false },
	{ "-q", IMPORT_NOTHING, false }, { "--quick", IMPORT_NOTHING, false },
	{ "-A", IMPORT_NOTHING, false }, { "-C", IMPORT_NOTHING, false },
	{ "-f", IMPORT_NOTHING, false },
	{ "--defaults-extra-file", IMPORT_SETUP, false },
	{ "--defaults-file", IMPORT_SETUP, false },
	{ "--defaults-group-suffix", IMPORT_SETUP, false },
	{ "--default-character-set", IMPORT_SKIP, false },
	{ "--protocol", IMPORT_SKIP, false }, { "-S", IMPORT_SETUP, false },
	{ "--socket", IMPORT_SETUP, false }, { NULL, IMPORT_NOTHING, false } };

/* sqlite3(1) */
static const struct import_option sqlite_options[] = {
	{ "-header", IMPORT_HEADER, false },
	{ "--header", IMPORT_HEADER, false },
	{ "-noheader", IMPORT_NO_HEADER, false }, { "-csv", IMPORT_CSV, false },
	{ "--csv", IMPORT_CSV, false },
	{ "-separator", IMPORT_DELIMITER, false },
	{ "--separator", IMPORT_DELIMITER, false },
	{ "-nullvalue", IMPORT_NULL, false }, { "-cmd", IMPORT_SQL, false },
	{ "-init", IMPORT_SETUP, false }, { "-batch", IMPORT_NOTHING, false },
	{ "-bail", IMPORT_NOTHING, false },
	{ "-readonly", IMPORT_NOTHING, false },
	{ "-list", IMPORT_NOTHING, false }, { NULL, IMPORT_NOTHING, false }
};

/* isql(1) */
static const struct import_option isql_options[] = { { "-d", IMPORT_DELIMITER,
							 true },
	{ "-c", IMPORT_HEADER, false }, { "-b", IMPORT_NOTHING, false },
	{ "-v", IMPORT_NOTHING, false }, { "-n", IMPORT_NOTHING, false },
	{ "-q", IMPORT_NOTHING, false }, { "-3", IMPORT_NOTHING, false },
	{ "-m", IMPORT_NOTHING, false }, { "-k", IMPORT_NOTHING, false },
	{ "-x", IMPORT_SKIP, true }, { "-l", IMPORT_SKIP, true },
	{ "-L", IMPORT_SKIP, true }, { NULL, IMPORT_NOTHING, false } };

/* sqlcmd of Microsoft */
static const struct import_option sqlcmd_options[] = { { "-S", IMPORT_HOST,
							   false },
	{ "-U", IMPORT_USER, false }, { "-P", IMPORT_PASSWORD, false },
	{ "-d", IMPORT_DATABASE, false }, { "-Q", IMPORT_SQL, false },
	{ "-q", IMPORT_SQL, false }, { "-i", IMPORT_SQL_FILE, false },
	{ "-o", IMPORT_OUTPUT, false }, { "-s", IMPORT_DELIMITER, false },
	{ "-h", IMPORT_HEADINGS, false }, { "-v", IMPORT_VARIABLE, false },
	{ "-W", IMPORT_NOTHING, false }, { "-b", IMPORT_NOTHING, false },
	{ "-C", IMPORT_NOTHING, false }, { "-I", IMPORT_NOTHING, false },
	{ "-E", IMPORT_NOTHING, false }, { "-N", IMPORT_NOTHING, false },
	{ "-w", IMPORT_SKIP, false }, { "-y", IMPORT_SKIP, false },
	{ "-Y", IMPORT_SKIP, false }, { "-t", IMPORT_SKIP, false },
	{ "-l", IMPORT_SKIP, false }, { "-f", IMPORT_SKIP, false },
	{ "-r", IMPORT_SKIP, true }, { NULL, IMPORT_NOTHING, false } };

static const struct import_client clients[] = {
	{ { "psql", NULL, NULL }, "postgresql", "PostgreSQL Unicode",
	    psql_options, "|", '\\', true, false },
	{ { "mysql", "mariadb", NULL }, "mysql", "MariaDB Unicode",
	    mysql_options, "\t", '\0', true, false },
	{ { "sqlite3", NULL, NULL }, "sqlite", "SQLite3", sqlite_options, "|",
	    '.', false, false },
	{ { "isql", NULL, NULL }, NULL, NULL, isql_options, NULL, '\0', false,
	    true },
	{ { "sqlcmd", NULL, NULL }, "mssql", "ODBC Driver 18 for SQL Server",
	    sqlcmd_options, NULL, ':', true, false },
};

static const struct import_client *
find_client(const char *name)
{
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		for (size_t k = 0; k < 3 && clients[i].names[k] != NULL; k++)
			if (strcmp(clients[i].names[k], name) == 0)
				return &clients[i];
	return NULL;
}

/* Where a client connects, as words of the script; NULL: not said. */
struct place {
	const char *host;
	const char *port;
	const char *user;
	const char *password;
	const char *database;
};

static const char *
decode(struct import *im, const char *text, size_t n)
{
	char *copy = str_dup(draft_keep_n(im->draft, text, n));
	const char *kept;
	size_t k = 0;

	if (copy == NULL)
		return "";
	for (size_t i = 0; i < n; i++) {
		unsigned value;

		if (copy[i] == '%' && i + 2 < n &&
		    sscanf(&copy[i + 1], "%2x", &value) == 1 && value > 0) {
			copy[k++] = (char)value;
			i += 2;
		} else
			copy[k++] = copy[i];
	}
	kept = draft_keep_n(im->draft, copy, k);
	explicit_bzero(copy, n);
	free(copy);
	return kept;
}

/* postgresql://user:password@host:port/database?... */
static void
take_url(struct import *im, const char *url, struct place *p)
{
	const char *at = strstr(url, "://") + 3;
	size_t n = strcspn(at, "/?");
	const char *sign = memchr(at, '@', n);
	size_t k;

	if (sign != NULL) {
		k = strcspn(at, ":@");
		p->user = decode(im, at, k);
		if (at[k] == ':')
			p->password = decode(
			    im, at + k + 1, (size_t)(sign - at) - k - 1);
		n -= (size_t)(sign - at) + 1;
		at = sign + 1;
	}
	k = strcspn(at, ":/?");
	if (k > 0)
		p->host = decode(im, at, k);
	if (at[k] == ':')
		p->port = decode(im, at + k + 1, n - k - 1);
	if (at[n] == '/')
		p->database = decode(im, at + n + 1, strcspn(at + n + 1, "?"));
}

/* "host=db dbname=shop user=me" */
static void
take_keywords(struct import *im, const char *text, struct place *p)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "= ");
		const char *value = text + n + (text[n] == '=');
		char quote = *value == '\'' ? '\'' : ' ';
		size_t length;
		const char *kept;

		value += quote == '\'';
		length = strcspn(value, quote == '\'' ? "'" : " ");
		kept = draft_keep_n(im->draft, value, length);
		if (strncmp(text, "host=", 5) == 0)
			p->host = kept;
		else if (strncmp(text, "port=", 5) == 0)
			p->port = kept;
		else if (strncmp(text, "user=", 5) == 0)
			p->user = kept;
		else if (strncmp(text, "password=", 9) == 0)
			p->password = kept;
		else if (strncmp(text, "dbname=", 7) == 0)
			p->database = kept;
		text = value + length;
		text += strspn(text, "' ");
	}
}

static const char *
first_of(const char *a, const char *b)
{
	return a != NULL && *a != '\0' ? a : b;
}

static const char *
word_at(const struct import_values *v, size_t i)
{
	return i < v->n ? v->words[i] : NULL;
}

static void
find_place(struct import *im, const struct shell_command *c,
    const struct import_values *v, struct place *p)
{
	const struct shell *s = im->shell;
	bool is_psql = strcmp(im->client->names[0], "psql") == 0;

	p->host = v->of[IMPORT_HOST];
	p->port = v->of[IMPORT_PORT];
	p->user = v->of[IMPORT_USER];
	p->password = v->of[IMPORT_PASSWORD];
	p->database = first_of(v->of[IMPORT_DATABASE], word_at(v, 0));
	if (is_psql) {
		p->user = first_of(p->user,
		    v->of[IMPORT_DATABASE] != NULL ? word_at(v, 0) :
						     word_at(v, 1));
		if (p->database != NULL && strstr(p->database, "://") != NULL)
			take_url(im, p->database, p);
		else if (p->database != NULL &&
		    strchr(p->database, '=') != NULL)
			take_keywords(im, p->database, p);
		p->host = first_of(p->host, shell_variable(s, c, "PGHOST"));
		p->port = first_of(p->port, shell_variable(s, c, "PGPORT"));
		p->user = first_of(p->user, shell_variable(s, c, "PGUSER"));
		p->database = first_of(
		    p->database, shell_variable(s, c, "PGDATABASE"));
		p->password = first_of(
		    p->password, shell_variable(s, c, "PGPASSWORD"));
	} else if (im->client->by_dsn) {
		p->user = first_of(p->user, word_at(v, 1));
		p->password = first_of(p->password, word_at(v, 2));
	} else {
		p->host = first_of(p->host, shell_variable(s, c, "MYSQL_HOST"));
		p->password = first_of(p->password,
		    shell_variable(s, c,
			im->client->command == ':' ? "SQLCMDPASSWORD" :
						     "MYSQL_PWD"));
	}
}

static int
put_key(struct import *im, struct buf *out, const char *key, const char *word,
    unsigned line)
{
	const char *value = import_value(im, line, key, word);

	if (value == NULL || *value == '\0')
		return 0;
	if (strpbrk(value, ";{}") != NULL) /* ODBC: braces, }} for one */
		return buf_printf(out, im->e, ";%s={%s}", key, value);
	return buf_printf(out, im->e, ";%s=%s", key, value);
}

/* The connection string of a place; sqlcmd writes "host,port" itself. */
static int
put_connection(
    struct import *im, struct buf *out, const struct place *p, unsigned line)
{
	const char *host = p->host;

	if (host != NULL && strncmp(host, "tcp:", 4) == 0)
		host += 4;
	if (buf_printf(out, im->e, "Driver=%s", im->client->driver) < 0 ||
	    put_key(im, out, "Server", host, line) < 0 ||
	    put_key(im, out, "Port", p->port, line) < 0)
		return -1;
	return put_key(im, out, "Database", p->database, line);
}

static int
take_place(struct import *im, const struct shell_command *c,
    const struct import_values *v)
{
	struct buf connection = BUF_INIT(64 * 1024);
	struct draft *d = im->draft;
	struct place p;
	int rc = 0;

	find_place(im, c, v, &p);
	if (im->client->by_dsn)
		rc = buf_puts(&connection, first_of(p.database, ""), im->e);
	else
		rc = put_connection(im, &connection, &p, c->line);
	if (rc == 0 && im->sessions++ > 0) {
		if (strcmp(buf_text(&connection), im->connection) != 0)
			draft_add_note(d, c->line,
			    "it connects elsewhere than the one before it; a "
			    "job has one database: check the SQL");
		else
			draft_add_note(d, c->line,
			    "a session of its own in the script; in the job "
			    "all is on one connection, and its last result "
			    "becomes the file");
	}
	if (rc == 0 && im->sessions == 1) {
		im->connection = draft_keep(d, buf_text(&connection));
		if (im->client->by_dsn)
			d->dsn = first_of(d->dsn, im->connection);
		else
			d->connection = im->connection;
		d->dialect = im->client->dialect;
		d->user = import_value(im, c->line, "user", p.user);
		import_secret(
		    im, c->line, "the database", p.password, &d->secret);
	}
	buf_release(&connection);
	return rc;
}

/* Whether another program reads what it writes. */
static bool
is_read(const struct import *im, const struct shell_command *c)
{
	for (size_t i = 0; i + 1 < im->shell->n; i++)
		if (im->shell->commands[i] == c)
			return im->shell->commands[i + 1]->piped;
	return false;
}

/* Which form the file had; the job's is that, but quoted where it must be. */
static void
take_form(struct import *im, const struct shell_command *c,
    const struct import_values *v)
{
	struct draft *d = im->draft;
	const char *delimiter = v->of[IMPORT_DELIMITER];
	const char *headings = v->of[IMPORT_HEADINGS];
	bool header = im->client->has_header || v->of[IMPORT_HEADER] != NULL;

	if (v->of[IMPORT_NO_HEADER] != NULL ||
	    (headings != NULL && strcmp(headings, "-1") == 0))
		header = false;
	d->no_header = header ? NULL : "yes";
	if (delimiter == NULL && v->of[IMPORT_CSV] == NULL &&
	    v->of[IMPORT_UNALIGNED] != NULL && !is_read(im, c))
		delimiter = im->client->delimiter;
	if (delimiter != NULL && strcmp(delimiter, "\\t") == 0)
		delimiter = "\t";
	if (delimiter != NULL && strlen(delimiter) == 1 &&
	    (unsigned char)*delimiter >= 8)
		d->delimiter = *delimiter != ',' ? delimiter : NULL;
	if (v->of[IMPORT_NULL] != NULL && v->of[IMPORT_NULL][0] != '\0')
		d->null = v->of[IMPORT_NULL];
	if (v->of[IMPORT_SETUP] != NULL)
		draft_add_note(d, c->line,
		    "what '%s' says of the connection is not carried over",
		    shell_is_constant(v->of[IMPORT_SETUP]) ?
			v->of[IMPORT_SETUP] :
			"a file");
	im->output = first_of(
	    v->of[IMPORT_OUTPUT], first_of(c->output_path, im->output));
}

static int
take_file(struct import *im, unsigned line, const char *name,
    const struct import_values *v)
{
	struct buf text = BUF_INIT(DRAFT_TEXT_MAX);
	const char *plain = import_plain(im, line, "file of SQL", name);
	char *dir = NULL, *path = NULL;
	int rc = 0;

	if (plain == NULL)
		goto out;
	dir = file_dir(im->path, im->e);
	path = dir != NULL ? file_join(dir, plain, im->e) : NULL;
	rc = path != NULL ? file_read(&text, path, FILE_ANY, im->e) : -1;
	if (rc == 0)
		rc = import_sql(im, 1, buf_text(&text), v);
out:
	free(path);
	free(dir);
	buf_release(&text);
	return rc;
}

int
import_client(struct import *im, const struct shell_command *c, bool *taken)
{
	struct import_values v;
	const char *text = NULL;
	unsigned line = 0;
	size_t first_sql = 1; /* sqlite3: what follows the database */

	im->client = find_client(import_base_name(c->words[0]));
	*taken = im->client != NULL;
	if (im->client == NULL)
		return 0;
	import_options(im, c, im->client->options, &v);
	take_form(im, c, &v);
	if (take_place(im, c, &v) < 0)
		return -1;
	for (size_t i = 0; i < v.n_sql; i++)
		if ((v.sql_is_file[i] && strcmp(v.sql[i], "-") != 0 ?
			    take_file(im, c->line, v.sql[i], &v) :
			    import_sql(im, c->line,
				v.sql_is_file[i] ? "" : v.sql[i], &v)) < 0)
			return -1;
	for (; im->client->command == '.' && first_sql < v.n; first_sql++)
		if (import_sql(im, c->line, v.words[first_sql], &v) < 0)
			return -1;
	if (import_input(im, c, &text, &line) < 0)
		return -1;
	return text != NULL ? import_sql(im, line, text, &v) : 0;
}
