/*
 * text.h - the bytes of a file of SQL as UTF-8
 *
 * Editors of SQL Server and Windows save UTF-16 with a byte order mark: that
 * is said by the file itself, and is decoded. No other encoding can be told
 * from the bytes; script_split refuses what is not UTF-8.
 *
 * Errors	ERR_SPEC for half a character, with its line
 * Source	RFC 2781
 */
#ifndef SQL_TEXT_H
#define SQL_TEXT_H

#include "base/buf.h"
#include "base/err.h"

/* Decode what b holds when it begins with a mark of UTF-16; else nothing. */
int text_decode(struct buf *b, struct err *e) MUST_CHECK;

#endif
