/*
 * ftp_ask.c - what an FTP server tells of a file: its size, its hash
 *
 * SIZE is what nearly all servers know. Where it is forbidden MLST is asked,
 * then a listing of the directory is read. Hash commands were never made one
 * standard: FEAT says which there are. The commands that change something are
 * ftp.c's.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"
#include "ship/ftp.h"

/* Most of a listing that is kept. */
enum { LISTING_MAX = 4 * 1024 * 1024 };

static const struct transcript *
said_on(const struct remote *r)
{
	return &((const struct transfer *)r->link)->said;
}

/* Digits up to something that is none, and is not the rest of a name. */
static int
parse_number(const char *text, uint64_t *size)
{
	char digits[24];
	struct err ignored = ERR_INIT;
	size_t n = strspn(text, "0123456789");
	int64_t value;

	if (n == 0 || n >= sizeof(digits) ||
	    (text[n] != '\0' && strchr(" ;\r\n", text[n]) == NULL))
		return -1;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (str_integer(digits, &value, &ignored) < 0)
		return -1;
	*size = (uint64_t)value;
	return 0;
}

/* 4xx: the same question may be answered later. */
static int
refuse_now(const char *action, const struct transcript *said, const char *verb,
    struct err *e)
{
	(void)err_set(e, ERR_NOT_NOW, "cannot %s: the server says '%s' to %s",
	    action, said->reply, verb);
	return err_hint(e, "This passes as a rule: run the job again later.");
}

/*
 * Fill found from the reply to a command: 1 if it answers, 0 if another way
 * may, -1 if it should be asked later.
 */
static int
judge_reply(const struct transcript *said, const char *verb, const char *number,
    struct look *found, struct err *e)
{
	if (said->code / 100 == 2 && number != NULL &&
	    parse_number(number, &found->bytes) == 0) {
		found->result = LOOK_THERE;
		return 1;
	}
	if (found->why[0] == '\0')
		(void)snprintf(found->why, sizeof(found->why),
		    "the server says '%s' to %s", said->reply, verb);
	found->result = LOOK_UNABLE;
	if (said->code / 100 == 4)
		return refuse_now("look at the file", said, verb, e);
	if (said->code != 550)
		return 0;
	found->result = LOOK_ABSENT;
	return 1;
}

/* In image type, since some servers refuse SIZE in ASCII: RFC 3659 4. */
static int
ask_size(struct remote *r, const char *name, struct look *found, struct err *e)
{
	const struct transcript *said = said_on(r);
	char command[FTP_ACTION], action[FTP_ACTION];
	const char *const commands[] = { "TYPE I", command, NULL };

	(void)snprintf(command, sizeof(command), "*SIZE %s", name);
	(void)snprintf(
	    action, sizeof(action), "ask for the size of '%s'", name);
	if (ftp_say(r, commands, action, e) < 0)
		return -1;
	return judge_reply(said, "SIZE",
	    said->code == 213 && strlen(said->reply) > 4 ? said->reply + 4 :
							   NULL,
	    found, e);
}

/* "250- type=file;size=12; name": RFC 3659 7. */
static int
ask_facts(struct remote *r, const char *name, struct look *found, struct err *e)
{
	const struct transcript *said = said_on(r);
	char command[FTP_ACTION], action[FTP_ACTION];
	const char *const commands[] = { command, NULL };
	const char *size;

	(void)snprintf(command, sizeof(command), "*MLST %s", name);
	(void)snprintf(action, sizeof(action), "ask about '%s'", name);
	if (ftp_say(r, commands, action, e) < 0)
		return -1;
	size = strcasestr(said->lines, "size=");
	return judge_reply(
	    said, "MLST", size != NULL ? size + 5 : NULL, found, e);
}

/* Over so many fields of a line, to the beginning of the next. */
static const char *
skip_fields(const char *line, int n)
{
	for (; n > 0; n--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

/* The size in a line of a listing, by Unix or by IIS; NULL if it has none. */
static const char *
listed_size(const char *line)
{
	const char *size = NULL;

	if (*line == '-')
		size = skip_fields(line, 4);
	else if (isdigit((unsigned char)*line))
		size = skip_fields(line, 2);
	return size != NULL && isdigit((unsigned char)*size) ? size : NULL;
}

/* The name is behind month, day and time (Unix), or at once, and a blank. */
static bool
is_listed(const char *line, const char *size, const char *name)
{
	const char *last = *line == '-' ? skip_fields(size, 3) : size;

	last += strcspn(last, " ");
	return *last == ' ' && strcmp(last + 1, name) == 0;
}

static void
find_listed(char *listing, const char *name, struct look *found)
{
	char *next = NULL;

	for (char *line = strtok_r(listing, "\r\n", &next); line != NULL;
	     line = strtok_r(NULL, "\r\n", &next)) {
		const char *size = listed_size(line);

		if (size == NULL)
			continue;
		/* A listing that shows sizes shows what is there. */
		if (found->result == LOOK_UNABLE)
			found->result = LOOK_ABSENT;
		if (is_listed(line, size, name) &&
		    parse_number(size, &found->bytes) == 0)
			found->result = LOOK_THERE;
	}
}

static int
take_listing(void *arg, const char *data, size_t n, struct err *e)
{
	return buf_put(arg, data, n, e);
}

/* A server that does not list either tells nothing; that is no error. */
static int
ask_listing(
    struct remote *r, const char *name, struct look *found, struct err *e)
{
	struct buf listing = BUF_INIT(LISTING_MAX);
	const char *slash = strrchr(name, '/');
	char directory[FTP_ACTION];
	struct err own = ERR_INIT;
	int rc;

	(void)snprintf(directory, sizeof(directory), "%.*s",
	    slash != NULL ? (int)(slash + 1 - name) : 0, name);
	rc = r->protocol->read_back(r, directory, take_listing, &listing, &own);
	if (rc == 0 && listing.length > 0)
		find_listed(
		    listing.data, slash != NULL ? slash + 1 : name, found);
	buf_release(&listing);
	if (rc < 0 && own.class != ERR_TARGET && own.class != ERR_INTERNAL) {
		*e = own;
		return -1;
	}
	return 0;
}

int
ftp_look(struct remote *r, const char *name, struct look *found, struct err *e)
{
	int rc = ask_size(r, name, found, e);

	if (rc == 0)
		rc = ask_facts(r, name, found, e);
	if (rc == 0)
		rc = ask_listing(r, name, found, e);
	return rc < 0 ? -1 : 0;
}

/* How a hash can be asked for, best first. */
static const struct hash_way {
	const char *verb;      /* as FEAT lists it */
	const char *option;    /* of HASH: its name there; or NULL */
	const char *algorithm; /* libcrypto's name */
	size_t digits;	       /* hexadecimal digits */
} hash_ways[] = {
	{ "HASH", "SHA-256", "SHA256", 64 },
	{ "XSHA256", NULL, "SHA256", 64 },
	{ "HASH", "SHA-512", "SHA512", 128 },
	{ "XSHA512", NULL, "SHA512", 128 },
	{ "HASH", "SHA-1", "SHA1", 40 },
	{ "XSHA1", NULL, "SHA1", 40 },
	{ "XSHA", NULL, "SHA1", 40 },
	{ "HASH", "MD5", "MD5", 32 },
	{ "XMD5", NULL, "MD5", 32 },
	{ "MD5", NULL, "MD5", 32 },
	{ "HASH", "CRC32", "CRC32", 8 },
	{ "XCRC", NULL, "CRC32", 8 },
};

static int
ask_features(struct remote *r, struct err *e)
{
	static const char *const commands[] = { "*FEAT", NULL };
	struct transfer *t = r->link;

	if (t->features != NULL)
		return 0;
	if (ftp_say(r, commands, "ask for the server's features", e) < 0)
		return -1;
	t->features = str_dup(t->said.code == 211 ? t->said.lines : "");
	if (t->features == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	return 0;
}

/* " HASH SHA-256*;SHA-1" lists SHA-256, and not SHA. */
static bool
is_offered(const char *features, const struct hash_way *way)
{
	for (const char *line = features; line != NULL && *line != '\0';
	     line = strchr(line, '\n')) {
		size_t n;

		line += strspn(line, "\n ");
		n = strcspn(line, " \n");
		if (n != strlen(way->verb) ||
		    strncasecmp(line, way->verb, n) != 0)
			continue;
		if (way->option == NULL)
			return true;
		while (line[n] != '\0' && line[n] != '\n') {
			n += strspn(line + n, " ;*");
			if (strncasecmp(line + n, way->option,
				strlen(way->option)) == 0 &&
			    strchr(" ;*\n", line[n + strlen(way->option)]) !=
				NULL)
				return true;
			n += strcspn(line + n, " ;*\n");
		}
	}
	return false;
}

/*
 * The last word of hexadecimal digits in the reply, which may hold the name
 * too, and a CRC without its leading zeros.
 */
static bool
find_hash(const char *lines, const char *name, const struct hash_way *way,
    char hex[DIGEST_HEX])
{
	char text[sizeof(((struct transcript *)NULL)->lines)], *next = NULL;
	char *at;
	bool is_found = false;

	(void)snprintf(text, sizeof(text), "%s", lines);
	while ((at = strstr(text, name)) != NULL)
		memset(at, ' ', strlen(name));
	for (char *word = strtok_r(text, " \n", &next); word != NULL;
	     word = strtok_r(NULL, " \n", &next)) {
		size_t n = strlen(word);
		bool is_short = way->digits == 8 && n > 3 && n < 8;

		/* Three digits are the code of the reply. */
		if (strspn(word, "0123456789abcdefABCDEF") != n ||
		    (n != way->digits && !is_short))
			continue;
		(void)snprintf(
		    hex, DIGEST_HEX, "%0*d%s", (int)(way->digits - n), 0, word);
		if (n == way->digits)
			(void)snprintf(hex, DIGEST_HEX, "%s", word);
		is_found = true;
	}
	return is_found;
}

static int
ask_hash(struct remote *r, const char *name, const struct hash_way *way,
    struct digest *d, struct err *e)
{
	const struct transcript *said = said_on(r);
	char option[64], command[FTP_ACTION], action[FTP_ACTION];
	const char *const commands[] = { "TYPE I",
		way->option != NULL ? option : command,
		way->option != NULL ? command : NULL, NULL };

	(void)snprintf(option, sizeof(option), "*OPTS HASH %s",
	    way->option != NULL ? way->option : "");
	(void)snprintf(command, sizeof(command), "*%s %s", way->verb, name);
	(void)snprintf(
	    action, sizeof(action), "ask for the hash of '%s'", name);
	if (ftp_say(r, commands, action, e) < 0)
		return -1;
	if (said->code / 100 == 4)
		return refuse_now(action, said, way->verb, e);
	(void)snprintf(
	    d->algorithm, sizeof(d->algorithm), "%s", way->algorithm);
	(void)snprintf(d->command, sizeof(d->command), "%s%s%s", way->verb,
	    way->option != NULL ? " " : "",
	    way->option != NULL ? way->option : "");
	return said->code / 100 == 2 &&
	    find_hash(said->lines, name, way, d->hex);
}

int
ftp_hash(struct remote *r, const char *name, struct digest *d, struct err *e)
{
	const struct transfer *t = r->link;
	int rc = 0;

	if (ask_features(r, e) < 0)
		return -1;
	for (size_t i = 0;
	     rc == 0 && i < sizeof(hash_ways) / sizeof(hash_ways[0]); i++)
		if (is_offered(t->features, &hash_ways[i]))
			rc = ask_hash(r, name, &hash_ways[i], d, e);
	return rc;
}
