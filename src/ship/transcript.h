/*
 * transcript.h - what was said on the control connection
 *
 * Of HTTP only what was asked for is kept; http.c reads the answers.
 *
 * libcurl's codes alone misjudge FTP servers (facts: a 421 looks like a
 * timeout), so the last command and the server's last reply are kept, and the
 * whole conversation goes to the log at debug, without secrets.
 *
 * Shape	transcript_init -> transcript_attach (before curl_easy_perform)
 * Source	CURLOPT_DEBUGFUNCTION(3); RFC 959 4.2
 */
#ifndef SHIP_TRANSCRIPT_H
#define SHIP_TRANSCRIPT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* The end of a conversation. */
struct transcript {
	char command[512]; /* last command, without its argument if secret */
	char reply[256];   /* last line of the last reply, escaped */
	int code;	   /* of that reply; 0: none since the command */
	char lines[4096];  /* all lines since the command, as they fit */
	char tls[64];	   /* "TLSv1.2 ECDHE-...", or empty */
	bool is_http;	   /* requests and headers, not commands and replies */
	bool is_reused;	   /* a TLS session was taken up again */
	bool has_stored;   /* STOR or APPE was sent */
	bool has_renamed;  /* RNTO was sent */
};

/* Forget everything but what is known of TLS. */
void transcript_init(struct transcript *t);
/* Listen to a handle; t must live as long. */
void transcript_attach(struct transcript *t, CURL *easy);
/* Whether the last command was that verb ("RNTO"). */
bool transcript_is_at(const struct transcript *t, const char *verb);

#endif
