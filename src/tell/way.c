/*
 * way.c - mail, sendmail, webhook, command
 *
 * Each function of a way is for one entry of notify; which of them are asked
 * and what becomes of it is tell.c's. The ping is ping.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/child.h"
#include "base/str.h"
#include "mail.h"
#include "ship/post.h"
#include "spec/secret.h"
#include "way.h"

enum { MAIL_BYTES = 1024 * 1024, PATH_BYTES = 128, ARGV_MAX = 512 };

void
entry_init(struct entry *n, const struct spec *s, size_t index)
{
	const struct value *name = spec_member(s, "notify.name", index);

	n->spec = s;
	n->index = index;
	if (name->text != NULL)
		(void)snprintf(n->name, sizeof(n->name), "%s", name->text);
	else
		(void)snprintf(n->name, sizeof(n->name), "%zu", index + 1);
}

const struct value *
entry_value(const struct entry *n, const char *path)
{
	return spec_member(n->spec, path, n->index);
}

uint64_t
entry_timeout_ms(const struct entry *n)
{
	uint64_t ms = (uint64_t)entry_value(n, "notify.timeout")->number;

	uint64_t left_ms = cancel_grace_ms();

	if (cancel_is_due() && ms > CANCEL_STEP_MS)
		ms = CANCEL_STEP_MS;
	if (ms > left_ms)
		ms = left_ms;
	return ms > 0 ? ms : 1; /* 0 would be no limit */
}

/* A setting of a group of the entry, or NULL when the table has none. */
static const struct value *
group_value(const struct entry *n, const char *group, const char *leaf)
{
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%s.%s", group, leaf);
	return spec_member(n->spec, path, n->index);
}

static const char *
group_text(const struct entry *n, const char *group, const char *leaf)
{
	const struct value *v = group_value(n, group, leaf);

	return v != NULL ? v->text : NULL;
}

static bool
has_group(const struct entry *n, const char *group, const char *leaf)
{
	const struct value *v = group_value(n, group, leaf);

	return v->text != NULL || v->n_texts > 0;
}

static int
take_secret(const struct entry *n, const char *group, const char *leaf,
    char **secret, struct err *e)
{
	const struct value *v = group_value(n, group, leaf);

	return v != NULL ? secret_read(v, secret, e) : 0;
}

int
entry_take_address(const struct entry *n, const char *group,
    struct entry_address *a, struct err *e)
{
	const struct value *ca = group_value(n, group, "ca_file");
	const char *url = group_text(n, group, "url");
	const char *tls = group_text(n, group, "tls");

	memset(a, 0, sizeof(*a));
	a->clear = tls != NULL && strcmp(tls, "none") == 0;
	if (url != NULL && (a->url = str_dup(url)) == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (url == NULL && take_secret(n, group, "secret_url", &a->url, e) < 0)
		return -1;
	if (ca->text != NULL && (a->ca_file = spec_resolve(ca, e)) == NULL)
		return -1;
	if (take_secret(n, group, "password", &a->password, e) < 0 ||
	    take_secret(n, group, "token", &a->token, e) < 0)
		return -1;
	return a->url != NULL ? 0 :
				err_set(e, ERR_SPEC, "%s has no url", group);
}

void
entry_release_address(struct entry_address *a)
{
	secret_free(a->url);
	secret_free(a->password);
	secret_free(a->token);
	free(a->ca_file);
	memset(a, 0, sizeof(*a));
}

static struct post_address
address_of(
    const struct entry *n, const char *group, const struct entry_address *a)
{
	struct post_address post = {
		.url = a->url,
		.user = group_text(n, group, "user"),
		.password = a->password,
		.token = a->token,
		.ca_file = a->ca_file,
		.proxy = group_text(n, group, "proxy"),
		.without_tls = a->clear,
		.timeout_ms = entry_timeout_ms(n),
	};

	return post;
}

/* The addresses of a mail: sender and all that get it. */
static struct mail_people
people_of(const struct entry *n, const char *group, const char *newline)
{
	const struct value *to = group_value(n, group, "to");
	const char *from = group_text(n, group, "from");
	struct mail_people people = {
		.from = from != NULL ? from : to->texts[0],
		.to = to->texts,
		.n_to = to->n_texts,
		.newline = newline,
	};

	return people;
}

static int
check_people(const struct entry *n, const char *group, struct err *e)
{
	struct mail_people people;
	int rc;

	if (group_value(n, group, "to")->n_texts == 0) {
		(void)err_set(e, ERR_SPEC, "%s.to names nobody", group);
		return err_hint(e, "Write to = ( \"team@example.com\" );");
	}
	people = people_of(n, group, "");
	rc = post_check_mailbox(people.from, e);
	for (size_t i = 0; rc == 0 && i < people.n_to; i++)
		rc = post_check_mailbox(people.to[i], e);
	return rc < 0 ? err_in(e, "%s", group) : 0;
}

/* A URL that stands in the spec; one that is secret is checked when read. */
static int
check_url(const struct entry *n, const char *group, enum post_kind kind,
    struct err *e)
{
	const char *tls = group_text(n, group, "tls");
	struct post_address a = {
		.url = group_text(n, group, "url"),
		.proxy = group_text(n, group, "proxy"),
		.without_tls = tls != NULL && strcmp(tls, "none") == 0,
	};

	if (a.url == NULL) { /* a secret; the proxy is none */
		a.url = "https://localhost/";
		if (post_check_url(kind, &a, e) == 0)
			return 0;
		return err_in(e, "%s", group);
	}
	return post_check_url(kind, &a, e) == 0 ? 0 : err_in(e, "%s", group);
}

static int
check_address(const struct entry *n, const char *group, enum post_kind kind,
    struct err *e)
{
	struct entry_address a;
	struct post_address post;
	int rc = entry_take_address(n, group, &a, e);

	if (rc == 0) {
		post = address_of(n, group, &a);
		rc = post_check_url(kind, &post, e);
	}
	entry_release_address(&a);
	return rc;
}

/* Mail by SMTP. */

static bool
uses_mail(const struct entry *n)
{
	return has_group(n, "notify.mail", "to") ||
	    has_group(n, "notify.mail", "url");
}

static int
check_mail(const struct entry *n, struct err *e)
{
	if (entry_value(n, "notify.mail.url")->text == NULL) {
		(void)err_set(e, ERR_SPEC, "notify.mail.url is not set");
		return err_hint(e,
		    "Write url = \"smtp://mail.example.com:587\"; or use "
		    "sendmail = { to = ...; }; where this host has one.");
	}
	if (check_url(n, "notify.mail", POST_MAIL, e) < 0)
		return -1;
	return check_people(n, "notify.mail", e);
}

static int
check_mail_secrets(const struct entry *n, struct err *e)
{
	return check_address(n, "notify.mail", POST_MAIL, e);
}

static int
send_mail(const struct entry *n, const struct message *m, struct err *e)
{
	struct mail_people people = people_of(n, "notify.mail", "\r\n");
	struct buf text = BUF_INIT(MAIL_BYTES);
	struct post_message post = {
		.from = people.from, .to = people.to, .n_to = people.n_to
	};
	struct post_address address;
	struct entry_address a;
	int rc = entry_take_address(n, "notify.mail", &a, e);

	if (rc == 0)
		rc = mail_put(&text, m, &people, e);
	if (rc == 0) {
		address = address_of(n, "notify.mail", &a);
		post.data = text.data;
		post.n = text.length;
		rc = post_mail(&address, &post, e);
		if (rc < 0)
			(void)err_in(
			    e, "cannot send mail by '%s'", address.url);
	}
	entry_release_address(&a);
	buf_release(&text);
	return rc;
}

/* Mail by this host's sendmail. */

static bool
uses_sendmail(const struct entry *n)
{
	return has_group(n, "notify.sendmail", "to");
}

static int
check_sendmail(const struct entry *n, struct err *e)
{
	return check_people(n, "notify.sendmail", e);
}

/* A matter of this host, as secrets are: it stops no run. */
static int
check_sendmail_program(const struct entry *n, struct err *e)
{
	const struct value *program = entry_value(n, "notify.sendmail.program");
	char *path = spec_resolve(program, e);
	int rc = path != NULL ? 0 : -1;

	if (rc == 0 && access(path, X_OK) < 0) {
		(void)err_set(e, ERR_SPEC,
		    "notify.sendmail: cannot run '%s': %s", path,
		    strerror(errno));
		rc = err_hint(e,
		    "Install a mail server (postfix, exim, msmtp-mta), or "
		    "use mail = { url = \"smtp://...\"; ... };");
	}
	free(path);
	return rc;
}

/* "-i": a line of a dot does not end the mail. "--": addresses follow. */
static int
send_sendmail(const struct entry *n, const struct message *m, struct err *e)
{
	struct mail_people people = people_of(n, "notify.sendmail", "\n");
	char *program = spec_resolve(
	    entry_value(n, "notify.sendmail.program"), e);
	const char *argv[ARGV_MAX] = { program, "-i", "-f", people.from, "--" };
	struct buf text = BUF_INIT(MAIL_BYTES);
	struct child_input input;
	size_t at = 5;
	int rc = program != NULL ? mail_put(&text, m, &people, e) : -1;

	for (size_t i = 0; i < people.n_to && at < ARGV_MAX - 1; i++)
		argv[at++] = people.to[i];
	if (rc == 0) {
		input = (struct child_input){ text.data, text.length };
		rc = child_feed(argv, &input, entry_timeout_ms(n), e);
	}
	buf_release(&text);
	free(program);
	return rc;
}

/* A POST of JSON. */

static bool
uses_webhook(const struct entry *n)
{
	return has_group(n, "notify.webhook", "url") ||
	    has_group(n, "notify.webhook", "secret_url");
}

static int
check_webhook(const struct entry *n, struct err *e)
{
	return check_url(n, "notify.webhook", POST_HTTP, e);
}

static int
check_webhook_secrets(const struct entry *n, struct err *e)
{
	return check_address(n, "notify.webhook", POST_HTTP, e);
}

static int
send_webhook(const struct entry *n, const struct message *m, struct err *e)
{
	struct post_message post = { .media_type = "application/json",
		.data = m->json,
		.n = strlen(m->json) };
	struct post_address address;
	struct entry_address a;
	int rc = entry_take_address(n, "notify.webhook", &a, e);

	if (rc == 0) {
		address = address_of(n, "notify.webhook", &a);
		rc = post_http(&address, &post, e);
		if (rc < 0)
			(void)err_in(e, "cannot post to the webhook");
	}
	entry_release_address(&a);
	return rc;
}

/* A program of the user's own. */

static bool
uses_command(const struct entry *n)
{
	return entry_value(n, "notify.command")->n_texts > 0;
}

/* A program with a slash in its name is relative to the spec, as files are. */
static int
send_command(const struct entry *n, const struct message *m, struct err *e)
{
	const struct value *v = entry_value(n, "notify.command");
	struct child_input input = { m->json, strlen(m->json) };
	struct value program = *v;
	const char *argv[ARGV_MAX] = { NULL };
	char *path = NULL;
	int rc = -1;

	for (size_t i = 0; i < v->n_texts && i < ARGV_MAX - 1; i++)
		argv[i] = v->texts[i];
	program.text = argv[0];
	if (strchr(argv[0], '/') != NULL)
		argv[0] = path = spec_resolve(&program, e);
	if (argv[0] != NULL)
		rc = child_feed(argv, &input, entry_timeout_ms(n), e);
	free(path);
	return rc;
}

const struct way ways[] = {
	{ "mail", uses_mail, check_mail, check_mail_secrets, send_mail },
	{ "sendmail", uses_sendmail, check_sendmail, check_sendmail_program,
	    send_sendmail },
	{ "webhook", uses_webhook, check_webhook, check_webhook_secrets,
	    send_webhook },
	{ "command", uses_command, NULL, NULL, send_command },
	{ NULL, NULL, NULL, NULL, NULL },
};

/* The ping has no message: ping.c sends it. */

static bool
uses_ping(const struct entry *n)
{
	return has_group(n, "notify.ping", "url") ||
	    has_group(n, "notify.ping", "secret_url");
}

static int
check_ping(const struct entry *n, struct err *e)
{
	return check_url(n, "notify.ping", POST_HTTP, e);
}

static int
check_ping_secrets(const struct entry *n, struct err *e)
{
	return check_address(n, "notify.ping", POST_HTTP, e);
}

static int
send_ping(const struct entry *n, const struct message *m, struct err *e)
{
	return ping_send(n, NULL, m->text, e);
}

const struct way way_ping = { "ping", uses_ping, check_ping, check_ping_secrets,
	send_ping };
