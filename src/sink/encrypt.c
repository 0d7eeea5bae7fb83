/*
 * encrypt.c - OpenPGP by gpgme and gpg
 *
 * The only place that knows gpgme. gpg is a process of its own that reads and
 * writes pipes, so memory stays constant. It is told not to compress: what
 * file.compress says is what happens.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "encrypt.h"

#ifdef HAVE_GPGME

#include <gpgme.h>

enum { PATTERN_MAX = 512 };

struct encrypt {
	gpgme_ctx_t context;
	gpgme_key_t *keys; /* owned, NULL behind the last */
	size_t n_keys;
	struct out *out;     /* borrowed */
	struct stage *stage; /* borrowed while it runs */
	const char *data;    /* of the chunk being read */
	size_t left;	     /* of its bytes */
	bool is_ended;	     /* gpg said that it wrote all */
	struct err error;    /* of what gpgme calls of us */
};

static int
gpg_error_of(gpgme_error_t rc, const char *what, struct err *e)
{
	char reason[160];

	(void)gpgme_strerror_r(rc, reason, sizeof(reason));
	(void)err_set(e, ERR_LOCAL, "cannot %s: %s", what, reason);
	e->native = (int)gpgme_err_code(rc);
	if (gpgme_err_code(rc) == GPG_ERR_INV_ENGINE) {
		e->class = ERR_SPEC;
		return err_hint(e, "Install gpg (the package gnupg).");
	}
	return -1;
}

/* An address is meant as a whole: "<a@b>" is not in "<xa@b>" for gpg. */
static void
put_pattern(char pattern[PATTERN_MAX], const char *recipient)
{
	bool is_address = strchr(recipient, '@') != NULL &&
	    strpbrk(recipient, "<> ") == NULL;

	(void)snprintf(
	    pattern, PATTERN_MAX, is_address ? "<%s>" : "%s", recipient);
}

/* How sure gpg is that the key is the recipient's. */
static gpgme_validity_t
validity_of(gpgme_key_t key, const char *recipient)
{
	gpgme_validity_t best = GPGME_VALIDITY_UNKNOWN;
	bool is_address = strchr(recipient, '@') != NULL;

	for (gpgme_user_id_t id = key->uids; id != NULL; id = id->next) {
		if (id->revoked || id->invalid ||
		    (is_address && id->address != NULL &&
			strcasestr(recipient, id->address) == NULL))
			continue;
		if (id->validity > best)
			best = id->validity;
	}
	return best;
}

static bool
is_usable(gpgme_key_t key)
{
	return key->can_encrypt && !key->revoked && !key->expired &&
	    !key->disabled && !key->invalid;
}

/* The day on which the last of its keys that encrypt has expired. */
static void
put_expiry(char *text, size_t size, gpgme_key_t key)
{
	time_t at = 0;
	struct tm tm;

	for (gpgme_subkey_t k = key->subkeys; k != NULL; k = k->next)
		if (k->expires > at)
			at = (time_t)k->expires;
	if (gmtime_r(&at, &tm) == NULL ||
	    strftime(text, size, "%Y-%m-%d", &tm) == 0)
		text[0] = '\0';
}

static int
explain_unusable(gpgme_key_t key, const char *recipient, struct err *e)
{
	char day[32];

	put_expiry(day, sizeof(day), key);
	if (key->revoked)
		(void)err_set(
		    e, ERR_SPEC, "the key of '%s' is revoked", recipient);
	else if (key->expired)
		(void)err_set(e, ERR_SPEC, "the key of '%s' expired on %s",
		    recipient, day);
	else
		(void)err_set(e, ERR_SPEC,
		    "the key of '%s' cannot be used to encrypt", recipient);
	return err_hint(e,
	    "Ask them for their new key, and import it with gpg --import as "
	    "the user that runs odbcship.");
}

static int
explain_missing(const char *recipient, struct err *e)
{
	const char *home = getenv("GNUPGHOME");

	(void)err_set(e, ERR_SPEC, "no key of '%s' is in the keyring %s",
	    recipient, home != NULL ? home : "~/.gnupg");
	return err_hint(e,
	    "Import it with gpg --import as the user that runs odbcship; "
	    "$GNUPGHOME names another keyring.");
}

static int
check_trust(gpgme_key_t key, const char *recipient, struct err *e)
{
	if (validity_of(key, recipient) >= GPGME_VALIDITY_MARGINAL)
		return 0;
	(void)err_set(e, ERR_SPEC, "nobody says that the key of '%s' is theirs",
	    recipient);
	return err_hint(e,
	    "Ask them for the key's fingerprint; when it is %s, trust it: echo "
	    "%s:6: | gpg --import-ownertrust",
	    key->fpr, key->fpr);
}

/* The one usable key among those that fit; else the first, to explain it. */
static int
list_keys(
    struct encrypt *c, const char *recipient, gpgme_key_t *found, struct err *e)
{
	char pattern[PATTERN_MAX];
	gpgme_key_t key = NULL;
	gpgme_error_t rc;
	unsigned usable = 0;

	put_pattern(pattern, recipient);
	rc = gpgme_op_keylist_start(c->context, pattern, 0);
	while (rc == 0 && (rc = gpgme_op_keylist_next(c->context, &key)) == 0) {
		bool better = is_usable(key) &&
		    (*found == NULL || !is_usable(*found));

		usable += is_usable(key);
		if (*found == NULL || better) {
			if (*found != NULL)
				gpgme_key_unref(*found);
			*found = key;
		} else
			gpgme_key_unref(key);
	}
	(void)gpgme_op_keylist_end(c->context);
	if (gpgme_err_code(rc) != GPG_ERR_EOF)
		return gpg_error_of(rc, "read the keyring of gpg", e);
	if (usable <= 1)
		return 0;
	(void)err_set(
	    e, ERR_SPEC, "'%s' has %u keys in the keyring", recipient, usable);
	return err_hint(e, "Write the fingerprint of the one that is meant.");
}

static int
find_key(struct encrypt *c, const char *recipient, struct err *e)
{
	gpgme_key_t found = NULL;
	int rc = list_keys(c, recipient, &found, e);

	if (rc == 0 && found == NULL)
		rc = explain_missing(recipient, e);
	else if (rc == 0 && !is_usable(found))
		rc = explain_unusable(found, recipient, e);
	else if (rc == 0)
		rc = check_trust(found, recipient, e);
	if (rc == 0)
		c->keys[c->n_keys++] = found;
	else if (found != NULL)
		gpgme_key_unref(found);
	return rc;
}

/* What gpg says of itself; without this word its output is but a part. */
static gpgme_error_t
on_status(void *arg, const char *keyword, const char *values)
{
	struct encrypt *c = arg;

	(void)values;
	if (strcmp(keyword, "END_ENCRYPTION") == 0)
		c->is_ended = true;
	return 0;
}

static int
begin(struct encrypt *c, struct err *e)
{
	gpgme_error_t rc;

	(void)gpgme_check_version(NULL);
	rc = gpgme_engine_check_version(GPGME_PROTOCOL_OPENPGP);
	if (rc == 0)
		rc = gpgme_new(&c->context);
	if (rc == 0)
		rc = gpgme_set_ctx_flag(c->context, "full-status", "1");
	if (rc != 0)
		return gpg_error_of(rc, "use gpg", e);
	gpgme_set_status_cb(c->context, on_status, c);
	return 0;
}

int
encrypt_new(struct encrypt **encrypt, const struct chain_options *o,
    struct out *out, struct err *e)
{
	struct encrypt *c = calloc(1, sizeof(*c));
	int rc = -1;

	*encrypt = NULL;
	if (c == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	c->out = out;
	c->keys = calloc(o->n_recipients + 1, sizeof(gpgme_key_t));
	if (c->keys == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	else
		rc = begin(c, e);
	for (size_t i = 0; rc == 0 && i < o->n_recipients; i++)
		rc = find_key(c, o->recipients[i], e);
	if (rc < 0) {
		encrypt_free(c);
		return -1;
	}
	*encrypt = c;
	return 0;
}

static ssize_t
on_read(void *arg, void *buffer, size_t size)
{
	struct encrypt *c = arg;
	const void *data;

	if (c->left == 0) {
		if (stage_take(c->stage, &data, &c->left, &c->error) < 0) {
			errno = ECANCELED;
			return -1;
		}
		c->data = data;
	}
	if (size > c->left)
		size = c->left;
	if (size > 0)
		memcpy(buffer, c->data, size);
	c->data += size;
	c->left -= size;
	return (ssize_t)size;
}

static ssize_t
on_write(void *arg, const void *data, size_t size)
{
	struct encrypt *c = arg;

	if (size == 0 || out_write(c->out, data, size, &c->error) == 0)
		return (ssize_t)size;
	errno = EIO;
	return -1;
}

static int
conclude(struct encrypt *c, gpgme_error_t rc, struct err *e)
{
	const void *data;
	size_t n;

	if (c->error.class != ERR_NONE) {
		*e = c->error;
		return -1;
	}
	if (rc != 0)
		return gpg_error_of(rc, "encrypt", e);
	if (!c->is_ended) {
		(void)err_set(e, ERR_LOCAL, "gpg ended before it was done");
		return err_hint(
		    e, "Was it killed? The same command can be run again.");
	}
	if (c->left > 0 || stage_take(c->stage, &data, &n, e) < 0 || n > 0)
		return err_set(
		    e, ERR_INTERNAL, "gpg did not read all that was written");
	return 0;
}

int
encrypt_run(struct stage *s, void *encrypt, struct err *e)
{
	struct encrypt *c = encrypt;
	struct gpgme_data_cbs from = { on_read, NULL, NULL, NULL };
	struct gpgme_data_cbs to = { NULL, on_write, NULL, NULL };
	gpgme_data_t plain = NULL, cipher = NULL;
	gpgme_error_t rc;

	c->stage = s;
	rc = gpgme_data_new_from_cbs(&plain, &from, c);
	if (rc == 0)
		rc = gpgme_data_new_from_cbs(&cipher, &to, c);
	if (rc == 0)
		rc = gpgme_op_encrypt(c->context, c->keys,
		    GPGME_ENCRYPT_NO_COMPRESS, plain, cipher);
	gpgme_data_release(plain);
	gpgme_data_release(cipher);
	return conclude(c, rc, e);
}

void
encrypt_free(struct encrypt *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_keys; i++)
		gpgme_key_unref(c->keys[i]);
	if (c->context != NULL)
		gpgme_release(c->context);
	free(c->keys);
	free(c);
}

void
encrypt_put_version(char *text, size_t size)
{
	(void)snprintf(text, size, "gpgme %s", gpgme_check_version(NULL));
}

#else /* built without gpgme */

int
encrypt_new(struct encrypt **c, const struct chain_options *o, struct out *out,
    struct err *e)
{
	(void)o;
	(void)out;
	*c = NULL;
	(void)err_set(e, ERR_SPEC,
	    "this odbcship was built without OpenPGP (--without-gpgme)");
	return err_hint(e, "Install one that was configured with gpgme.");
}

int
encrypt_run(struct stage *s, void *encrypt, struct err *e)
{
	(void)s;
	(void)encrypt;
	return err_set(e, ERR_INTERNAL, "built without gpgme");
}

void
encrypt_free(struct encrypt *c)
{
	(void)c;
}

void
encrypt_put_version(char *text, size_t size)
{
	(void)snprintf(text, size, "no OpenPGP");
}

#endif
