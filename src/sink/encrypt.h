/*
 * encrypt.h - OpenPGP by gpgme and gpg
 *
 * Keys come from the keyring of the user that runs the program ($GNUPGHOME,
 * else ~/.gnupg). A recipient is an address, matched exactly, or a
 * fingerprint; its key must be one, not expired, not revoked, and trusted.
 *
 * Shape	encrypt_new -> encrypt_run in a stage's thread -> encrypt_free
 * Owns		gpgme's context and the keys; borrows the out
 * Errors	those of the out; ERR_SPEC for keys; ERR_LOCAL for gpg itself
 * Source	gpgme 1.18 manual; RFC 4880
 */
#ifndef SINK_ENCRYPT_H
#define SINK_ENCRYPT_H

#include "base/err.h"
#include "base/out.h"
#include "sink/chain.h"
#include "stage.h"

struct encrypt;

/* Look the keys up and prepare to encrypt into out; NULL only looks. */
int encrypt_new(struct encrypt **c, const struct chain_options *o,
    struct out *out, struct err *e) MUST_CHECK;
/* Encrypt all that the stage brings; a stage_work with an encrypt as arg. */
int encrypt_run(struct stage *s, void *encrypt, struct err *e) MUST_CHECK;
/* Free it; NULL is fine. */
void encrypt_free(struct encrypt *c);
/* Version of the library. */
void encrypt_put_version(char *text, size_t size);

#endif
