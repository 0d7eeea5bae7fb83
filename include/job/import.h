/*
 * import.h - from a shell script to the draft of a job
 *
 * Understood: SQL for psql, mysql, mariadb, sqlite3, isql and sqlcmd, from a
 * here-document, an option or a file; where they connect; an upload by ftp,
 * lftp, curl, sftp or scp. What the draft does not carry over is a note with
 * its line. A password goes into the draft's secrets and into no note.
 *
 * Errors	ERR_SPEC for a script without SQL, or one that cannot be read;
 *		ERR_LOCAL for a file of SQL
 */
#ifndef JOB_IMPORT_H
#define JOB_IMPORT_H

#include "base/err.h"
#include "job/draft.h"

/*
 * Fill the draft from a script: text is what stands in it, path where it is
 * (files that it names are relative to that).
 */
int import_script(struct draft *d, const char *text, const char *path,
    struct err *e) MUST_CHECK;

#endif
