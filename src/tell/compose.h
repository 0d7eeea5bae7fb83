/*
 * compose.h - what is told, as texts
 *
 * Shape	message_build -> message_release
 * Owns		its texts; redacted
 */
#ifndef TELL_COMPOSE_H
#define TELL_COMPOSE_H

#include "base/err.h"
#include "tell/event.h"
#include "tell/tell.h"

/* A message, before it is wrapped for a way. */
struct message {
	const char *job; /* borrowed: whose it is */
	char *subject;	 /* one line */
	char *text;	 /* lines for a person */
	char *json;	 /* one object for a program */
};

#define MESSAGE_INIT \
	{ \
		NULL, NULL, NULL, NULL \
	}

/* Compose what is told of an event; a is as it was before the event. */
int message_build(struct message *m, enum tell_kind kind,
    const struct tell_event *event, const struct alert *a,
    struct err *e) MUST_CHECK;
/* Free the texts. */
void message_release(struct message *m);
/* One word for a kind, as in notify.on: "failure". */
const char *message_kind_name(enum tell_kind kind);

#endif
