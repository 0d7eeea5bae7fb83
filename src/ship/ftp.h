/*
 * ftp.h - the operations of FTP that ask a server about files
 *
 * ftp.c has the others and the table.
 *
 * Source	RFC 959, RFC 3659; facts/shipping.md 2
 */
#ifndef SHIP_FTP_H
#define SHIP_FTP_H

#include "ship/protocol.h"
#include "ship/transfer.h"

/* Size of a text that holds a command with a name, or what is done to it. */
enum { FTP_ACTION = 2100 };

/*
 * Send commands in the target's directory; a command that begins with '*' may
 * be refused.
 */
int ftp_say(struct remote *r, const char *const *commands, const char *action,
    struct err *e) MUST_CHECK;
/* SIZE, else MLST, else LIST. */
int ftp_look(struct remote *r, const char *name, struct look *found,
    struct err *e) MUST_CHECK;
/* HASH, XSHA256 or one of their kin, by FEAT. */
int ftp_hash(struct remote *r, const char *name, struct digest *d,
    struct err *e) MUST_CHECK;

#endif
