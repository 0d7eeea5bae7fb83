/*
 * secret.h - read a secret from where the spec says it is
 *
 * file, credential (systemd's $CREDENTIALS_DIRECTORY), command (argv), env, or
 * inline in a spec that nobody else can read. The value is registered for
 * redaction before it is returned. One trailing line break is dropped. A
 * secret of the environment is taken out of it, so that no child inherits it.
 *
 * Errors	ERR_SPEC: missing, readable by others, empty, control bytes
 * Source	facts/shipping.md 4
 */
#ifndef SPEC_SECRET_H
#define SPEC_SECRET_H

#include "base/err.h"
#include "spec/spec.h"

/*
 * Read the secret of v: *secret is the caller's (wipe and free it with
 * secret_free), NULL when v is unset.
 */
int secret_read(const struct value *v, char **secret, struct err *e) MUST_CHECK;
/* Wipe and free; NULL is fine. */
void secret_free(char *secret);
/*
 * Take all secrets that a spec has in the environment out of it, before
 * anything is started; secret_read finds them all the same.
 */
int secret_take_variables(const struct spec *s, struct err *e) MUST_CHECK;
/* Wipe what was taken out of the environment; at the end of the process. */
void secret_forget(void);

#endif
