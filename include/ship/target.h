/*
 * target.h - one place that files are delivered to
 *
 * Plain data: where, as whom, with which protection and patience. Built by
 * job/plan.h from the settings; every text is free of control bytes.
 */
#ifndef SHIP_TARGET_H
#define SHIP_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether and how the connection is protected. */
enum target_tls {
	TARGET_TLS_REQUIRED, /* TLS or nothing is sent */
	TARGET_TLS_NONE	     /* in clear, since the spec says so */
};

/* A delivery's destination; all pointers are borrowed. */
struct target {
	const char *name;	     /* as in the spec */
	const char *url;	     /* directory, ends with '/' */
	const char *user;	     /* or NULL */
	const char *password;	     /* or NULL */
	enum target_tls tls;	     /* for ftp:// */
	const char *max_tls;	     /* "1.2", "1.3" or NULL */
	const char *ca_file;	     /* or NULL: the system's */
	const char *pinned_key;	     /* "sha256//..." or NULL */
	const char *temporary;	     /* name while uploading */
	bool mkdirs;		     /* make missing directories */
	bool epsv;		     /* try EPSV before PASV */
	uint64_t connect_timeout_ms; /* for TCP, TLS and login */
	uint64_t reply_timeout_ms;   /* for one reply of the server */
	uint64_t stall_timeout_ms;   /* without a byte moving */
};

#endif
