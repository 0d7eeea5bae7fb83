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

/* How a file gets its final name. */
enum target_publish {
	TARGET_RENAME,	  /* upload under a temporary name, verify, rename */
	TARGET_DIRECTORY, /* the same in another directory, then move */
	TARGET_MARKER,	  /* under the final name; a done file tells */
	TARGET_DIRECT	  /* under the final name, and nothing tells */
};

/* What to do about a file that has the final name already. */
enum target_overwrite {
	TARGET_REPLACE, /* it is replaced */
	TARGET_FAIL,	/* nothing is sent */
	TARGET_SKIP	/* nothing is sent, and that is right */
};

/* What to do when it cannot be known whether a file got its name. */
enum target_ambiguous {
	TARGET_HOLD,  /* nothing more is sent: a person looks */
	TARGET_RESEND /* it is sent again, perhaps for the second time */
};

/* How it is made sure that what is there is what was sent; ordered. */
enum target_verify {
	TARGET_VERIFY_NONE,  /* the server's word is enough */
	TARGET_VERIFY_SIZE,  /* its size */
	TARGET_VERIFY_HASH,  /* a hash that the server computes, or reread */
	TARGET_VERIFY_REREAD /* its content, read back */
};

/* Where the name of a bucket stands. */
enum target_addressing {
	TARGET_ADDRESS_AUTO, /* the host at AWS, the path elsewhere */
	TARGET_ADDRESS_PATH, /* https://host/bucket/ */
	TARGET_ADDRESS_HOST  /* https://bucket.host/ */
};

/* A delivery's destination; all pointers are borrowed. */
struct target {
	const char *name;		 /* as in the spec */
	const char *url;		 /* directory, ends with '/' */
	const char *user;		 /* or NULL */
	const char *password;		 /* or NULL */
	enum target_tls tls;		 /* for ftp:// */
	const char *min_tls;		 /* "1.2", "1.3" or NULL */
	const char *max_tls;		 /* "1.2", "1.3" or NULL */
	const char *client_cert;	 /* PEM file, or NULL */
	const char *client_key;		 /* PEM file, or NULL: in client_cert */
	const char *client_key_password; /* or NULL */
	const char *token;	 /* bearer of HTTP, session of S3; or NULL */
	const char *known_hosts; /* of SSH, or NULL: the user's own */
	const char *endpoint;	 /* of S3: "https://host:port", or NULL: AWS */
	const char *region;	 /* of S3 */
	enum target_addressing addressing; /* of S3 */
	const char *ca_file;		   /* or NULL: the system's */
	const char *pinned_key;		   /* "sha256//..." or NULL */
	const char *temporary;		   /* name while uploading */
	enum target_publish publish;	   /* how it gets its name */
	const char *staging; /* for TARGET_DIRECTORY, ends with '/' */
	enum target_overwrite overwrite; /* an older file of that name */
	enum target_verify verify;	 /* how it is verified */
	enum target_ambiguous ambiguous; /* what cannot be known */
	bool may_vanish;	     /* gone after publishing is delivered */
	bool mkdirs;		     /* make missing directories */
	bool active;		     /* PORT, instead of PASV */
	bool epsv;		     /* try EPSV before PASV */
	bool resume;		     /* go on where an upload broke off */
	uint64_t bandwidth;	     /* bytes a second; 0: no limit */
	unsigned retries;	     /* after the first attempt */
	uint64_t retry_wait_ms;	     /* before the first; then doubled */
	uint64_t connect_timeout_ms; /* for TCP, TLS and login */
	uint64_t reply_timeout_ms;   /* for one reply of the server */
	uint64_t stall_timeout_ms;   /* without a byte moving */
};

#endif
