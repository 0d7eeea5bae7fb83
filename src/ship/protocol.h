/*
 * protocol.h - what ship.c asks of each protocol
 *
 * Each fills the receipt as far as it comes. The URL and the names were
 * checked by ship.c.
 */
#ifndef SHIP_PROTOCOL_H
#define SHIP_PROTOCOL_H

#include "base/err.h"
#include "ship/ship.h"

/* Log in to an FTP server and change to the directory. */
int ftp_connect(
    const struct target *t, struct receipt *r, struct err *e) MUST_CHECK;
/* Deliver one file by FTP or FTPS. */
int ftp_deliver(const struct target *t, const struct shipment *s,
    struct receipt *r, struct err *e) MUST_CHECK;
/* Whether a directory of this machine is there and can be written. */
int local_connect(
    const struct target *t, struct receipt *r, struct err *e) MUST_CHECK;
/* Deliver one file into a directory of this machine. */
int local_deliver(const struct target *t, const struct shipment *s,
    struct receipt *r, struct err *e) MUST_CHECK;
/*
 * Open the file of a shipment and see that it is as long as it should be: the
 * descriptor, or -1 with ERR_LOCAL.
 */
int shipment_open(const struct shipment *s, struct err *e) MUST_CHECK;

#endif
