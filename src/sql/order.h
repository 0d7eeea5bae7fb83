/*
 * order.h - the ORDER BY of a query, in the query around it
 *
 * SQLite evaluates a subquery that is ordered beside the query around it, and
 * copies each of its values there; one that is not it merges. So an order by
 * columns of the result is taken out of the subquery, where that is the same
 * order for sure.
 *
 * Source	sqlite.org/lang_select.html 4 (what a term of ORDER BY names);
 *		sqlite.org/optoverview.html 11
 */
#ifndef SQL_ORDER_H
#define SQL_ORDER_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "sql/wrap.h"

/*
 * Put the order of w->sql, a SQLite query of plain columns, into out, which is
 * empty, by the names that they have outside (c0, c1, ...), and set *length to
 * what is left of the query without it: 1. 0: there is no order, or it is not
 * to be taken out.
 */
int order_take(struct buf *out, const struct wrap *w, size_t *length,
    struct err *e) MUST_CHECK;

#endif
