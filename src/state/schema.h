/*
 * schema.h - the tables of the ledger, one step for each version
 *
 * Step i takes a ledger of version i (PRAGMA user_version) to version i + 1. A
 * step that was released is never changed; a new one is added below it.
 */
#ifndef STATE_SCHEMA_H
#define STATE_SCHEMA_H

/* SQL of each step; SCHEMA_VERSION of them. */
static const char *const schema_steps[] = {
	"CREATE TABLE run ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" job TEXT NOT NULL, environment TEXT NOT NULL,"
	" date TEXT NOT NULL, shard TEXT NOT NULL,"
	" state TEXT NOT NULL, status INTEGER NOT NULL,"
	" began_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,"
	" rows INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" class TEXT NOT NULL, message TEXT NOT NULL, hint TEXT NOT NULL,"
	" sqlstate TEXT NOT NULL, native INTEGER NOT NULL,"
	" dsn TEXT NOT NULL, dbms TEXT NOT NULL, driver TEXT NOT NULL,"
	" user TEXT NOT NULL, host TEXT NOT NULL, version TEXT NOT NULL,"
	" pid INTEGER NOT NULL, forced INTEGER NOT NULL);"
	"CREATE INDEX run_key ON run"
	" (job, environment, date, shard, state);"
	"CREATE TABLE statement ("
	" run INTEGER NOT NULL REFERENCES run (id),"
	" position INTEGER NOT NULL, line INTEGER NOT NULL,"
	" source TEXT NOT NULL, name TEXT, word TEXT NOT NULL,"
	" began_ms INTEGER NOT NULL, elapsed_ms INTEGER NOT NULL,"
	" rows INTEGER NOT NULL, results INTEGER NOT NULL,"
	" message TEXT NOT NULL, sqlstate TEXT NOT NULL,"
	" native INTEGER NOT NULL,"
	" PRIMARY KEY (run, position));"
	"CREATE TABLE file ("
	" id INTEGER PRIMARY KEY,"
	" run INTEGER NOT NULL REFERENCES run (id),"
	" name TEXT NOT NULL, path TEXT NOT NULL,"
	" rows INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" sha256 TEXT NOT NULL, columns TEXT NOT NULL);"
	"CREATE INDEX file_run ON file (run);"
	"CREATE TABLE delivery ("
	" id INTEGER PRIMARY KEY,"
	" file INTEGER NOT NULL REFERENCES file (id),"
	" target TEXT NOT NULL, url TEXT NOT NULL, name TEXT NOT NULL,"
	" state TEXT NOT NULL, stage TEXT NOT NULL,"
	" reply TEXT NOT NULL, tls TEXT NOT NULL, verified TEXT NOT NULL,"
	" began_ms INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" elapsed_ms INTEGER NOT NULL,"
	" class TEXT NOT NULL, message TEXT NOT NULL, hint TEXT NOT NULL);"
	"CREATE INDEX delivery_file ON delivery (file);",
	"ALTER TABLE file ADD COLUMN lossy INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE file ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE file ADD COLUMN prefixed INTEGER NOT NULL DEFAULT 0;",
	"CREATE TABLE alert ("
	" job TEXT NOT NULL, environment TEXT NOT NULL,"
	" entry TEXT NOT NULL,"
	" broken_ms INTEGER NOT NULL, failures INTEGER NOT NULL,"
	" told_ms INTEGER NOT NULL, late_ms INTEGER NOT NULL,"
	" pending_ms INTEGER NOT NULL, attempts INTEGER NOT NULL,"
	" pending TEXT, subject TEXT, text TEXT, json TEXT,"
	" PRIMARY KEY (job, environment, entry));",
	"CREATE TABLE environment ("
	" id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
	"CREATE TABLE run_environment ("
	" run INTEGER PRIMARY KEY REFERENCES run (id),"
	" environment INTEGER NOT NULL REFERENCES environment (id));",
	"CREATE INDEX run_job ON run (job, environment, id);",
	"ALTER TABLE delivery ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;",
	"CREATE TABLE note (id INTEGER PRIMARY KEY,"
	" at_ms INTEGER NOT NULL, text TEXT NOT NULL);",
	/*
	 * Gates, checks and watermarks. That a watermark advances in the same
	 * transaction as its run is marked as shipped, and at no other time, is
	 * seen to by a trigger, whatever marks it (state/watermark.h).
	 */
	"CREATE TABLE checks ("
	" run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
	" position INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,"
	" expected TEXT NOT NULL, seen TEXT NOT NULL,"
	" passed INTEGER NOT NULL, elapsed_ms INTEGER NOT NULL,"
	" PRIMARY KEY (run, position));"
	"CREATE TABLE cutoff ("
	" run INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,"
	" name TEXT NOT NULL,"
	" value_from TEXT NOT NULL, value_to TEXT NOT NULL);"
	"CREATE TABLE watermark ("
	" job TEXT NOT NULL, environment TEXT NOT NULL, shard TEXT NOT NULL,"
	" name TEXT NOT NULL, value TEXT NOT NULL, run INTEGER NOT NULL,"
	" changed_ms INTEGER NOT NULL,"
	" PRIMARY KEY (job, environment, shard, name));"
	"CREATE TRIGGER watermark_advance AFTER UPDATE OF state ON run"
	" WHEN new.state = 'shipped' BEGIN"
	" UPDATE watermark SET run = new.id, changed_ms = new.ended_ms, value ="
	"  (SELECT c.value_to FROM cutoff c WHERE c.run = new.id)"
	"  WHERE job = new.job AND environment = new.environment"
	"  AND shard = new.shard AND EXISTS (SELECT 1 FROM cutoff c"
	"   WHERE c.run = new.id AND c.name = watermark.name"
	"   AND c.value_from = watermark.value);"
	" INSERT OR IGNORE INTO watermark (job, environment, shard, name,"
	"  value, run, changed_ms) SELECT new.job, new.environment, new.shard,"
	"  c.name, c.value_to, new.id, new.ended_ms FROM cutoff c"
	"  WHERE c.run = new.id; END;",
	"ALTER TABLE file ADD COLUMN kind TEXT NOT NULL DEFAULT 'data';"
	"ALTER TABLE file ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE file ADD COLUMN content_bytes INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE file ADD COLUMN content_sha256 TEXT NOT NULL DEFAULT '';"
	"UPDATE file SET content_bytes = bytes, content_sha256 = sha256;",
	/* The outbox (state/outbox.h), and what a person decided. */
	"ALTER TABLE delivery ADD COLUMN by TEXT NOT NULL DEFAULT '';"
	"CREATE INDEX delivery_owed ON delivery (state)"
	" WHERE state <> 'delivered';"
	"CREATE TABLE decision ("
	" id INTEGER PRIMARY KEY,"
	" run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
	" at_ms INTEGER NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL);",
	/* Whose file it is ("ODBs"), and whether a note was told. */
	"PRAGMA application_id = 1329873523;"
	"ALTER TABLE note ADD COLUMN is_told INTEGER NOT NULL DEFAULT 0;"
	"UPDATE note SET is_told = 1;",
};

/* What PRAGMA application_id says of a ledger, or 0 in older ones. */
enum { SCHEMA_APPLICATION = 0x4f444273 };

/* The version that all steps lead to. */
enum { SCHEMA_VERSION = sizeof(schema_steps) / sizeof(schema_steps[0]) };

#endif
