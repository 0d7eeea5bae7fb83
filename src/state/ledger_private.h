/*
 * ledger_private.h - what ledger.c and ledger_read.c share
 */
#ifndef STATE_LEDGER_PRIVATE_H
#define STATE_LEDGER_PRIVATE_H

#include "state/ledger.h"

struct sqlite3;

/* An open ledger. */
struct ledger {
	struct sqlite3 *db; /* owned */
	unsigned depth;	    /* transactions that are open in each other */
};

#endif
