"""Rules about single C files: sizes, documentation, attributes, calls.

A rule is a generator of Problems over a Tree.
"""

import re

import csource
from tree import Problem

FUNCTION_LINES = 100
PARAMETERS = 5
DEPTH = 3
COMPLEXITY = 25
FILE_LINES = 800
OFFERED = 20

# Files that are nothing but a table may be longer.
PURE_TABLES = ()

C_TOPS = ("src", "include", "tests")
HEADER_TOPS = ("src", "include")


def readable(tree):
    """The other rules of C see all of each file."""
    for source in tree.sources(*C_TOPS):
        for line, text in source.faults:
            yield Problem(source.path, line, text)
        for item in source.of_kind("function"):
            name = item.head[-1]
            if name.column != 0 or name.line == item.first.line:
                yield Problem(source.path, name.line, "the name of %s() does "
                              "not begin a line of its own" % item.name)


def sizes(tree):
    """Functions, files and headers are of a size that one can read."""
    for source in tree.sources(*C_TOPS):
        count = source.text.count("\n")
        if count > FILE_LINES and source.path not in PURE_TABLES:
            yield Problem(source.path, count, "%d lines, at most %d" % (
                count, FILE_LINES))
        for item in source.of_kind("function", "prototype"):
            if len(item.params) > PARAMETERS and not _is_odbc(source, item):
                yield Problem(source.path, item.first.line,
                              "%s() has %d parameters, at most %d" % (
                                  item.name, len(item.params), PARAMETERS))
        for item in source.of_kind("function"):
            yield from _function_sizes(source, item)
    for source in tree.sources(*HEADER_TOPS, ends=".h"):
        offered = len(source.of_kind("prototype", "function"))
        if offered > OFFERED:
            yield Problem(source.path, 1, "offers %d functions, at most %d" % (
                offered, OFFERED))


def _is_odbc(source, item):
    """Whether ODBC says which parameters it has."""
    return source.path.startswith("tests/driver/") and \
        item.name.startswith("SQL")


def _function_sizes(source, item):
    depth = csource.Depth(item.body)
    complexity = csource.complexity(item.body)
    for line, value, most, what in (
            (item.first.line, item.lines, FUNCTION_LINES, "has %d lines"),
            (depth.line, depth.deepest, DEPTH, "nests %d deep"),
            (item.first.line, complexity, COMPLEXITY,
             "has a complexity of %d")):
        if value > most:
            yield Problem(source.path, line, "%s() %s, at most %d" % (
                item.name, what % value, most))


def documented(tree):
    """Every file, prototype, type and member says what it is for."""
    for source in tree.sources(*C_TOPS):
        name = source.path.split("/")[-1]
        if not source.text.startswith("/*\n * %s - " % name):
            yield Problem(source.path, 1, "does not begin with a comment "
                          "'%s - what it is'" % name)
    for source in tree.sources(*HEADER_TOPS, ends=".h"):
        yield from _guard(source)
        for item in source.items:
            yield from _undocumented(source, item)


def _guard(source):
    """The include guard is the path: include/base/err.h is BASE_ERR_H."""
    guard = re.sub(r"\W", "_", source.path.split("/", 1)[1]).upper()
    lines = [text for text in source.lines if re.match(r"\s*#", text)]
    wanted = ["#ifndef " + guard, "#define " + guard]
    if lines[:2] != wanted or not source.text.endswith("\n#endif\n"):
        yield Problem(source.path, 1, "is not guarded by " + guard)


def _undocumented(source, item):
    if item.kind == "forward" or "_Static_assert" in item.words()[:1]:
        return
    if not source.is_documented(item.first, item.last):
        yield Problem(source.path, item.first.line, "%s '%s' is not documented"
                      % (item.kind, item.name or csource.text_of(
                          item.tokens[:3])))
    if item.kind != "type" or (item.first.line == item.last.line and
                               item.first.text == "enum"):
        return
    for first, last, name in source.members(item):
        if not source.is_documented(first, last):
            yield Problem(source.path, first.line,
                          "member '%s' is not documented" % name)


FORMAT = re.compile(r"(?:PRINTF_LIKE \(|format \( printf ,) (\d+) , (\d+) \)")


def attributes(tree):
    """What must be checked says so, and formats are checked by the compiler."""
    for source in tree.sources(*HEADER_TOPS, ends=".h"):
        for item in source.of_kind("prototype"):
            if _is_fallible(source, item) and (
                    "MUST_CHECK" not in item.words()):
                yield Problem(source.path, item.first.line,
                              "%s() can fail but has no MUST_CHECK" % item.name)
    for source in tree.sources(*C_TOPS):
        attributed = set()
        for item in source.of_kind("prototype", "function"):
            wanted = _wanted_format(item)
            if item.kind == "function" and "static" not in item.words():
                continue                # its prototype is looked at
            found = FORMAT.search(csource.text_of(item.tail + item.head))
            if wanted is None or item.name in attributed:
                continue
            if found is None or [int(n) for n in found.groups()] != wanted:
                yield Problem(source.path, item.first.line,
                              "%s() is like printf but has no PRINTF_LIKE"
                              "(%d, %d)" % ((item.name,) + tuple(wanted)))
            attributed.add(item.name)


def _is_fallible(source, item):
    """Whether it may fail: not whether it only says so, and "Returns -1."."""
    comment = source.comment_above(item.first)
    if comment is not None and "Returns -1." in comment.text:
        return False
    head = [t.text for t in item.head[:-1] if t.text not in ("extern",
                                                             "static")]
    return head == ["int"] and bool(item.params) and csource.text_of(
        item.params[-1]).startswith("struct err *")


def _wanted_format(item):
    """The arguments of its PRINTF_LIKE, or None: a format, then values."""
    texts = [csource.text_of(p) for p in item.params]
    if len(texts) < 2 or not re.match(r"const char \* (fmt|format)$",
                                      texts[-2]):
        return None
    if texts[-1] == "...":
        return [len(texts) - 1, len(texts)]
    if texts[-1].startswith("va_list"):
        return [len(texts) - 1, 0]
    return None


BANNED = set("""
    strcpy strcat sprintf vsprintf gets strtok strncpy strncat atoi atol atoll
    atof system popen asctime ctime gmtime localtime rand srand tmpnam mktemp
    alloca setjmp longjmp signal
    """.split())
BANNED_ODBC = re.compile(r"SQL(?:[A-Za-z]+W|SetPos|ExtendedFetch)$")


def banned(tree):
    """No function that is unsafe, and none that drivers get wrong."""
    for source in tree.sources(*C_TOPS):
        tokens = [t for t in source.tokens if t.kind != "comment"]
        for before, t, after in zip([None] + tokens, tokens, tokens[1:]):
            member = before is not None and before.text in (".", "->")
            if t.kind != "word" or member:
                continue
            if t.text in BANNED and after.text == "(":
                yield Problem(source.path, t.line, "%s() is banned" % t.text)
            elif source.path.startswith("src/") and BANNED_ODBC.match(t.text):
                yield Problem(source.path, t.line, "%s is banned" % t.text)
