/*
 * secret.c - read a secret from its place
 *
 * Registered for redaction before anybody else sees it. The caller wipes what
 * it gets; libraries that it is handed to may keep copies.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/file.h"
#include "base/redact.h"
#include "base/str.h"
#include "spec/secret.h"

enum { SECRET_BYTES = 64 * 1024, SECRET_COMMAND_MS = 30000 };

static int
read_file(struct buf *b, const struct value *v, struct err *e)
{
	char *path = spec_resolve(v, e);
	int rc;

	if (path == NULL)
		return -1;
	rc = file_read(b, path, FILE_SECRET, e);
	if (rc < 0 && (e->native == ENOENT || e->hint[0] == '\0'))
		(void)err_hint(e,
		    "Make it, or correct the path: it holds one line, the "
		    "secret, and only the user that runs the job can read it "
		    "(mode 0600).");
	free(path);
	return rc;
}

/* systemd.exec(5), LoadCredential=. */
static int
read_credential(struct buf *b, const struct value *v, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char *path;
	int rc;

	if (dir == NULL || *dir == '\0') {
		(void)err_set(e, ERR_SPEC,
		    "no credential '%s': "
		    "$CREDENTIALS_DIRECTORY is not set",
		    v->text);
		return err_hint(e,
		    "Write LoadCredential=%s:/path into the "
		    "systemd unit, and run the job by it.",
		    v->text);
	}
	path = file_join(dir, v->text, e);
	if (path == NULL)
		return -1;
	rc = file_read(b, path, FILE_SECRET, e);
	free(path);
	return rc;
}

/*
 * The first line of what it prints: password managers put notes behind it.
 * A program with a slash in its name is relative to the spec, as files are.
 */
static int
read_command(struct buf *b, const struct value *v, struct err *e)
{
	const char **argv = calloc(v->n_texts + 1, sizeof(*argv));
	struct value program = *v;
	char *path = NULL;
	int rc = -1;

	if (argv == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < v->n_texts; i++)
		argv[i] = v->texts[i];
	program.text = argv[0];
	if (strchr(argv[0], '/') != NULL) {
		path = spec_resolve(&program, e);
		argv[0] = path;
	}
	if (argv[0] != NULL)
		rc = child_output(argv, SECRET_COMMAND_MS, b, e);
	if (rc == 0 && b->length > 0) {
		char *line_end = memchr(b->data, '\n', b->length);

		if (line_end != NULL) {
			b->length = (size_t)(line_end - b->data) + 1;
			b->data[b->length] = '\0';
		}
	}
	free(path);
	free(argv);
	return rc;
}

/* Secrets that were in the environment, by the names of their variables. */
static struct {
	struct kept {
		char *name;
		char *value;
	} * items;
	size_t n;
} kept;

static struct kept *
find_kept(const char *name)
{
	for (size_t i = 0; i < kept.n; i++)
		if (strcmp(kept.items[i].name, name) == 0)
			return &kept.items[i];
	return NULL;
}

static int
keep(const char *name, const char *value, struct err *e)
{
	struct kept *k = find_kept(name);

	if (k == NULL) {
		k = realloc(kept.items, (kept.n + 1) * sizeof(*k));
		if (k == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
		kept.items = k;
		k += kept.n;
		k->value = NULL;
		k->name = str_dup(name);
		if (k->name == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
		kept.n++;
	}
	secret_free(k->value);
	k->value = str_dup(value);
	return k->value != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
}

void
secret_forget(void)
{
	for (size_t i = 0; i < kept.n; i++) {
		free(kept.items[i].name);
		secret_free(kept.items[i].value);
	}
	free(kept.items);
	kept.items = NULL;
	kept.n = 0;
}

/*
 * A secret does not stay in the environment, where drivers' processes and all
 * that we start would have it, and /proc shows it: it is taken out of there,
 * and kept for the next job that wants it.
 */
static int
take_variable(const char *name, struct err *e)
{
	char *text = getenv(name);

	if (text == NULL)
		return 0;
	if (keep(name, text, e) < 0)
		return -1;
	explicit_bzero(text, strlen(text)); /* /proc/PID/environ */
	(void)unsetenv(name);
	return 0;
}

static int
take_if_secret(void *arg, const struct value *v, struct err *e)
{
	(void)arg;
	if (v->secret == NULL || v->text == NULL ||
	    strcmp(v->secret, "env") != 0)
		return 0;
	return take_variable(v->text, e);
}

int
secret_take_variables(const struct spec *s, struct err *e)
{
	return spec_each(s, take_if_secret, NULL, e);
}

static int
read_environment(struct buf *b, const struct value *v, struct err *e)
{
	const struct kept *k;

	if (take_variable(v->text, e) < 0)
		return -1;
	k = find_kept(v->text);
	if (k == NULL || k->value == NULL) {
		(void)err_set(e, ERR_SPEC,
		    "the environment variable '%s' is "
		    "not set",
		    v->text);
		return err_hint(e,
		    "cron and systemd start jobs with few variables: keep "
		    "the secret in a file.");
	}
	return buf_puts(b, k->value, e);
}

static int
read_inline(struct buf *b, const struct value *v, struct err *e)
{
	return buf_puts(b, v->text, e);
}

static const struct place {
	const char *name;
	int (*read)(struct buf *b, const struct value *v, struct err *e);
} places[] = {
	{ "file", read_file },
	{ "credential", read_credential },
	{ "command", read_command },
	{ "env", read_environment },
	{ "inline", read_inline },
};

/* Drop one line break at the end. */
static void
trim(struct buf *b)
{
	if (b->length > 0 && b->data[b->length - 1] == '\n')
		b->length--;
	if (b->length > 0 && b->data[b->length - 1] == '\r')
		b->length--;
	if (b->data != NULL)
		b->data[b->length] = '\0';
}

static int
check(const struct buf *b, struct err *e)
{
	if (b->length == 0)
		return err_set(e, ERR_SPEC, "the secret is empty");
	if (strlen(b->data) == b->length && !str_has_control(b->data))
		return 0;
	(void)err_set(e, ERR_SPEC,
	    "the secret holds a line break or another "
	    "control byte");
	return err_hint(e, "It is one line, with nothing but the secret.");
}

static int
read_place(struct buf *b, const struct value *v, struct err *e)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i].name, v->secret) == 0)
			return places[i].read(b, v, e);
	return err_set(e, ERR_INTERNAL, "unknown place '%s'", v->secret);
}

int
secret_read(const struct value *v, char **secret, struct err *e)
{
	struct buf b = BUF_INIT(SECRET_BYTES);
	int rc = -1;

	*secret = NULL;
	if (v->secret == NULL || (v->text == NULL && v->n_texts == 0))
		return 0;
	/* All at once: a buffer that grows would leave copies behind. */
	if (buf_reserve(&b, SECRET_BYTES, e) < 0 || read_place(&b, v, e) < 0)
		goto out;
	trim(&b);
	if (check(&b, e) < 0 || redact_add(b.data, e) < 0)
		goto out;
	*secret = str_dup(b.data);
	rc = *secret != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
out:
	if (b.data != NULL)
		explicit_bzero(b.data, b.capacity);
	buf_release(&b);
	if (rc == 0)
		return 0;
	if (e->class == ERR_LOCAL)
		e->class = ERR_SPEC; /* a missing secret is the spec's */
	return err_in(e, "%s", v->setting->path);
}

void
secret_free(char *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, strlen(secret));
	free(secret);
}
