/*
 * repair.h - a damaged ledger is set aside and begun anew, and that is told
 *
 * For runs only: commands that read leave a damaged ledger as it is. What was
 * lost is noted in the new ledger, for status and report to show.
 *
 * Errors	those of the ledger, where setting it aside did not help
 * Source	design.md 4 (ledger)
 */
#ifndef STATE_REPAIR_H
#define STATE_REPAIR_H

#include "state/ledger.h"

/*
 * Open (or make) STATE/ledger.db for a run. A damaged one becomes
 * ledger.db.damaged-DATE. The numbers of runs go on above those that have
 * files in the spool.
 */
int repair_open(struct ledger **l, const char *state, struct err *e) MUST_CHECK;
/* What happened to the ledger. */
struct repair_note {
	int64_t id;	  /* its number */
	int64_t at_ms;	  /* wall time */
	const char *text; /* one line, borrowed */
};

/* Call put for each note since a time, oldest first. */
int repair_each_note(struct ledger *l, int64_t since_ms,
    int (*put)(void *arg, const struct repair_note *note, struct err *e),
    void *arg, struct err *e) MUST_CHECK;
/* Call put for each note that nobody was told of (notify), oldest first. */
int repair_each_untold(struct ledger *l,
    int (*put)(void *arg, const struct repair_note *note, struct err *e),
    void *arg, struct err *e) MUST_CHECK;
/* Record that the notes up to one were told. */
int repair_set_told(struct ledger *l, int64_t id, struct err *e) MUST_CHECK;
/* Whether an error says that the ledger is damaged. */
bool repair_is_damage(const struct err *e);

#endif
