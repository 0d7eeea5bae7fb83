"""What each rule must find wrong, and what it must let pass.

An example is a small tree. Its rule must report exactly what is wanted: each
of it is the beginning of a "path:line: text".
"""

import collections

Case = collections.namedtuple("Case", "rule name files wanted")
CASES = []

TABLE = """\
| room | what lives there | its foreign header |
| --- | --- | --- |
| `base` | errors | syslog |
| `odbc` | sessions | `sql.h`, sqlite3 |
"""
STYLE = """\
BasedOnStyle: LLVM
UseTab: Always
IndentWidth: 8
AlwaysBreakAfterReturnType: AllDefinitions
"""
# Written in pieces, so that the rule does not find it here.
TO_DO = "TO" + "DO"


def _c(path, code):
    """A file of C with its comment, which takes three lines."""
    return {path: "/*\n * %s - an example\n */\n%s" % (path.split("/")[-1],
                                                      code)}


def _header(path, guard, code):
    """A header; its comment and guard take five lines."""
    return _c(path, "#ifndef %s\n#define %s\n%s#endif\n" % (guard, guard, code))


def _case(rule, name, files, *wanted):
    CASES.append(Case(rule, name, files, wanted))


def _rooms(*files):
    """A tree with both rooms of the table, and files."""
    tree = {"ARCHITECTURE.md": TABLE}
    for more in (_c("src/base/err.c", ""), _c("src/base/private.h", ""),
                 _c("include/base/err.h", ""), _c("include/odbc/fetch.h", ""),
                 *files):
        tree.update(more)
    return tree


_case("rooms", "down and within", _rooms(
    _c("src/odbc/fetch.c", '#include <stdio.h>\n#include "base/err.h"\n'
       '#include "odbc/fetch.h"\n'),
    _c("src/base/a.c", '#include "private.h"\n#include "base/private.h"\n'),
    _c("tests/unit/test_a.c", '#include "base/private.h"\n')))
_case("rooms", "up", _rooms(
    _c("src/base/a.c", '#include "odbc/fetch.h"\n')),
      "src/base/a.c:4: 'odbc/fetch.h' is not above base")
_case("rooms", "another's private header", _rooms(
    _c("src/odbc/a.c", '#  include "base/private.h"\n')),
      "src/odbc/a.c:4: 'base/private.h' is private to base")
_case("rooms", "a public header that shows a private one", _rooms(
    _c("include/base/a.h", '#include "base/private.h"\n')),
      "include/base/a.h:4: 'base/private.h' is private to base")
_case("rooms", "no such header", _rooms(
    _c("src/odbc/a.c", '#include "base/none.h"\n')),
      "src/odbc/a.c:4: 'base/none.h' is in no room")
_case("rooms", "a room that the table has not", _rooms(_c("src/tell/a.c", "")),
      "ARCHITECTURE.md:1: room 'tell' is only in the tree")
_case("rooms", "no table", _c("tests/unit/test_a.c", ""),
      "ARCHITECTURE.md:1: has no table")

_case("foreign", "each at home", _rooms(
    _c("src/base/a.c", "#include <syslog.h>\n#include <sys/stat.h>\n"),
    _c("src/odbc/a.c", "#include <sqlext.h>\n#include <sqlite3.h>\n")))
_case("foreign", "away", _rooms(
    _c("src/base/a.c", "#include <stdio.h>\n#include <sql.h>\n"),
    _c("include/odbc/a.h", "#include <curl/curl.h>\n")),
      "src/base/a.c:5: <sql.h> belongs to room 'odbc'",
      "include/odbc/a.h:4: <curl/curl.h> belongs to room 'none")
_case("foreign", "unknown", _rooms(_c("src/base/a.c", "#include <jansson.h>\n")),
      "src/base/a.c:4: <jansson.h> is of no library")
_case("foreign", "unknown in the table", {
    "ARCHITECTURE.md": TABLE.replace("syslog", "libxml2")},
      "ARCHITECTURE.md:1: tests/lint knows no headers of 'libxml2'")

_case("layout", "as it should be", {
    ".clang-format": STYLE, "src/a.c": "int\nf(void) {\n\treturn 0;\n}\n"})
_case("layout", "otherwise", {
    ".clang-format": STYLE, "src/a.c": "int\nf(void) {\n  return 0;\n}\n",
    "src/b.c": "int f(void) {\n\treturn 0;\n}\n"},
      "src/a.c:3: clang-format", "src/b.c:1: clang-format")

_case("readable", "braces where they do not count", _c("src/base/a.c", """\
#define BEGIN {
static const char *t[] = { "{", "\\"{" }; /* { */
static int c = '{';
struct a {
\tint (*f)(void);
};
int
f(struct a *a)
{
\t// {
\treturn (*a->f)();
}
"""))
_case("readable", "what opens and does not close", _c(
    "src/base/a.c", "int\nf(void)\n{\n\tif (1) {\n}\n"),
      "src/base/a.c:6: unbalanced {")
_case("readable", "what closes and was not open", _c("src/base/a.c", "}\n"),
      "src/base/a.c:4: unbalanced }")
_case("readable", "the end is missing", _c("src/base/a.c", "int a\n"),
      "src/base/a.c:4: no end")
_case("readable", "a name that grep does not find", _c("src/base/a.c", """\
static int f(void)
{
\treturn 0;
}
"""), "src/base/a.c:4: the name of f() does not begin a line")


def _function(body, params="void"):
    return "int\nf(%s)\n{\n%s}\n" % (params, body)


_NESTED = """\
\tfor (int i = 0; i < 9; i++)
\t\twhile (i)
\t\t\tif (i == 1)
\t\t\t\tg();
\t\t\telse if (i == 2)
\t\t\t\th();
"""
_case("sizes", "as much as there may be", {
    **_c("src/base/a.c", _function("\tx();\n" * 96)),
    **_c("src/base/b.c", _function("\tx = a ? b : c;\n" * 24)),
    **_c("src/base/c.c", _function(
        _NESTED, "int a, int (*b)(int, int), int c, int d, ...")),
    **_c("src/base/d.c", "int x;\n" * 797),
    **_c("include/base/a.h", "int f(int a, int b);\n" * 20)})
_case("sizes", "one line more", _c("src/base/a.c", _function("\tx();\n" * 97)),
      "src/base/a.c:4: f() has 101 lines")
_case("sizes", "one decision more", {
    **_c("src/base/a.c", _function("\tx = a ? b : c;\n" * 25)),
    **_c("src/base/b.c", _function("\tif (a && b || c)\n\t\tx();\n" * 8 +
                                   "\tdo\n\t\tx();\n\twhile (y);\n"))},
      "src/base/a.c:4: f() has a complexity of 26",
      "src/base/b.c:4: f() has a complexity of 26")
_case("sizes", "one parameter more", {
    **_c("src/base/a.c", _function("", "int a, int b, int c, int d, int e,\n"
                                   "    int f")),
    **_c("include/base/a.h", "int f(int a, int b, int c, int d, int e, ...);\n")},
      "src/base/a.c:4: f() has 6 parameters",
      "include/base/a.h:4: f() has 6 parameters")
_case("sizes", "what ODBC says", _c("tests/driver/a.c", _function(
    "", "int a, int b, int c, int d, int e, int f").replace("f(", "SQLFetch(")))
_case("sizes", "one level more", {
    **_c("src/base/a.c", _function(_NESTED.replace(
        "\t\t\t\tg();", "\t\t\t\tswitch (i) {\n\t\t\t\tcase 1:\n\t\t\t\t\t"
        "break;\n\t\t\t\t}"))),
    **_c("src/base/b.c", _function("\tif (x) {\n" + _NESTED + "\t}\n")),
    **_c("src/base/c.c", _function(_NESTED.replace(
        "h();", "do\n\t\t\t\t\th();\n\t\t\t\twhile (i);")))},
      "src/base/a.c:10: f() nests 4 deep", "src/base/b.c:11: f() nests 4 deep",
      "src/base/c.c:13: f() nests 4 deep")
_case("sizes", "one line of a file more", _c("tests/a.c", "int x;\n" * 798),
      "tests/a.c:801: 801 lines")
_case("sizes", "one function of a header more", _c(
    "src/base/a.h", "int f(int a);\n" * 21),
      "src/base/a.h:1: offers 21 functions")

_case("documented", "all said", {**_header("include/base/a.h", "BASE_A_H", """\

struct far;

/* A thing. */
struct a {
\tint n, m;   /* how many,
\t\t     * of both */
\t/* What comes next. */
\tstruct a *next;
\tunion { /* one of them */
\t\tint i;  /* whole */
\t\tfloat x; /* not */
\t} value;\t/* what it is */
\tint (*put)(int a, int b); /* takes it */
};

/* Sizes. */
enum { SMALL = 1, LARGE = 2 };
/* Colours. */
enum colour {
\tRED,  /* hot */
\tBLUE /* cold */
};
enum { ROOM = 3 }; /* for all */
/* One.
 * Two. */
int f(int a,
    int b);
extern int g; /* count */
"""), **_c("src/base/a.c", "int g;\n")})
_case("documented", "a file without a word", {
    "src/base/a.c": "int g;\n", "tests/unit/b.c": "/*\n * a.c - x\n */\n"},
      "src/base/a.c:1: does not begin", "tests/unit/b.c:1: does not begin")
_case("documented", "another's guard", {
    **_header("include/base/a.h", "A_H", ""),
    **_c("src/base/b.h", ""),
    **_c("src/base/c.h", "#ifndef BASE_C_H\n#define BASE_D_H\n#endif\n")},
      "include/base/a.h:1: is not guarded by BASE_A_H",
      "src/base/b.h:1: is not guarded by BASE_B_H",
      "src/base/c.h:1: is not guarded by BASE_C_H")
_case("documented", "prototypes, types and members without a word", _header(
    "include/base/a.h", "BASE_A_H", """\
/* A thing. */

struct a {
\tint n; /* how
\t\t* many */
\tint m;
\tint (*put)(int a /* that */, int b);
\tunion {
\t\tint i;
\t} value; /* what it is */
};
/* Colours. */
enum colour {
\tRED, /* hot */
\tBLUE,
};
int f(int a);
int g(int a); /* this is documented */
int h(int a);
extern int z;
"""), "include/base/a.h:8: type 'struct a {'",
      "include/base/a.h:11: member 'm'", "include/base/a.h:12: member 'b'",
      "include/base/a.h:14: member 'i'", "include/base/a.h:20: member 'BLUE'",
      "include/base/a.h:22: prototype 'f'", "include/base/a.h:24: prototype 'h'",
      "include/base/a.h:25: variable 'extern int z'")

_case("attributes", "all there", {**_c("include/base/a.h", """\
int f(int a, struct err *e) MUST_CHECK;
/* Say it. Returns -1. */
int say(int a, struct err *e);
int count(struct err *e, int a);
bool is_f(int a, struct err *e);
int put(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
void vput(int a, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
void log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
"""), **_c("src/base/a.c", """\
static int put(const char *fmt, ...) PRINTF_LIKE(1, 2);
static int
put(const char *fmt, ...)
{
}
void
vput(int a, const char *fmt, va_list ap)
{
}
""")})
_case("attributes", "what may fail, unmarked", {
    **_c("include/base/a.h", "/* Does it. */\nint f(int a, struct err *e);\n"),
    **_c("src/base/b.h", "extern int g(struct err *e);\n")},
      "include/base/a.h:5: f() can fail", "src/base/b.h:4: g() can fail")
_case("attributes", "formats, unmarked or marked wrongly", {
    **_c("include/base/a.h", """\
int put(struct err *e, const char *fmt, ...);
int vput(const char *fmt, va_list ap) PRINTF_LIKE(1, 2);
"""), **_c("src/base/a.c", "static void\nput(const char *format, ...)\n{\n}\n")},
      "include/base/a.h:4: put() is like printf",
      "include/base/a.h:5: vput() is like printf",
      "src/base/a.c:4: put() is like printf")

_case("banned", "other things by those names", _c("src/base/a.c", """\
/* strcpy(a, b) */
static const char *a = "strcpy(a, b)";
int signal;
int
f(struct a *a)
{
\treturn a->signal(1) + my_strcpy(x) + strtok_r(a) + SQL_ROW;
}
"""))
_case("banned", "calls, also by macros", _c("src/base/a.c", """\
#define COPY(a, b) \\
\tstrcpy(a, b)
int
f(void)
{
\treturn atoi("1") + system ("x");
\tsignal(1, 0);
}
"""), "src/base/a.c:5: strcpy()", "src/base/a.c:9: atoi()",
      "src/base/a.c:9: system()", "src/base/a.c:10: signal()")
_case("banned", "a driver of ours, which must have them all", _c(
    "tests/driver/a.c", "int f = SQLExecDirectW(a) + SQLSetPos(b);\n"))
_case("banned", "what drivers get wrong", _c("src/odbc/a.c", """\
int f = SQLExecDirectW(a) + SQLSetPos(b);
int (*g)(void) = SQLExtendedFetch;
"""), "src/odbc/a.c:4: SQLExecDirectW", "src/odbc/a.c:4: SQLSetPos",
      "src/odbc/a.c:5: SQLExtendedFetch")

_case("pages", "what is there", {
    "ARCHITECTURE.md": TABLE + "`src/ROOM`, `include/base`, `sql.h`, `STATE/a`\n"
    "`tests/unit/test_MODULE.c` `./quickstart test`\n```\n`src/none.c`\n```\n",
    "README.md": "`ARCHITECTURE.md` and `src/base/a.c:12`; `odbcship.cfg`\n",
    "quickstart": "", **_c("include/base/err.h", "/* base/a.c */\n"),
    **_c("tests/unit/test_a.c", ""),
    **_c("src/base/a.c", "/* see base/err.h and /etc/base/none.h */\n")})
_case("pages", "what is not there", {
    "ARCHITECTURE.md": TABLE, "README.md": "see\n`src/base/none.c`, "
    "`tests/none`\n", "CONTRIBUTING.md": "`HISTORY.md`, `packaging/rpm`\n"
    "`tests/unit/test_MODULE.c` `quickstart`\n",
    **_c("src/base/a.c", "/*\n * See base/none.h.\n */\n")},
      "README.md:2: 'src/base/none.c'", "README.md:2: 'tests/none'",
      "CONTRIBUTING.md:1: 'HISTORY.md'", "CONTRIBUTING.md:1: 'packaging/rpm'",
      "CONTRIBUTING.md:2: 'tests/unit/test_MODULE.c'",
      "CONTRIBUTING.md:2: 'quickstart'", "src/base/a.c:5: 'base/none.h'")

_MAKEFILE = """\
x_SOURCES = include/base/a.h src/base/a.c
unit_tests = \\
\ttests/unit/test_a
\t$(INSTALL) '$(srcdir)/etc/b'
EXTRA_DIST = tests/cases tests/servers/x.py tests/unit/libcases.a tests/a/b.so
"""
_FILES = {"include/base/a.h": "", "src/base/a.c": "", "tests/unit/test_a.c": "",
          "tests/cases/a/b.cases": "", "tests/servers/x.py": ""}
_case("makefile", "all listed", {"Makefile.am": _MAKEFILE, **_FILES})
_case("makefile", "what is not listed", {
    "Makefile.am": "# src/base/a.c\n" + _MAKEFILE.replace("test_a", "test_b")
    .replace("src/base/a.c", "").replace("tests/cases", ""),
    **_FILES, "tests/unit/test_b.c": "", "tests/cli/test_run.py": ""},
      "Makefile.am:1: does not list 'src/base/a.c'",
      "Makefile.am:1: does not list 'tests/unit/test_a.c'",
      "Makefile.am:1: does not list 'tests/cli/test_run.py'",
      "Makefile.am:1: does not distribute 'tests/cases/a/b.cases'")
_case("makefile", "what is not there", {"Makefile.am": _MAKEFILE, **{
    path: "" for path in list(_FILES)[3:]}},
      "Makefile.am:1: 'include/base/a.h'", "Makefile.am:1: 'src/base/a.c'",
      "Makefile.am:3: 'tests/unit/test_a'")

_case("texts", "lines as they should be", {
    "src/base/a.c": "\t" * 9 + "12345678\n\"" + "x" * 90 + '",\n',
    "tests/a.py": "x" * 100 + "\n", "tests/cases/a/b.cases": "a \n",
    "tests/data/a": "a \nb", "README.md": "x" * 200 + "\n", "m4/empty": ""})
_case("texts", "ends of lines", {
    "README.md": "a \nb", "src/base/a.c": "\t\n", "etc/b": "a\r\n"},
      "README.md:1: white space", "README.md:2: no end",
      "src/base/a.c:1: white space", "etc/b:1: white space")
_case("texts", "columns", {
    "src/base/a.c": "\t" * 9 + "123456789\n\"" + "x " * 45 + 'x",\n',
    "tests/a.py": "x" * 101 + "\n"},
      "src/base/a.c:1: 81 columns", "src/base/a.c:2: 94 columns",
      "tests/a.py:1: 101 columns")
_case("texts", "what is unfinished, and hosts", {
    "doc/a.1": "a\n.\\\" %s\n" % TO_DO, "etc/b": "https://" + "mirror.example.com/\n",
    "quickstart": "pip install -i https://" + "pypi." + "org/simple\n"},
      "doc/a.1:2: '%s'" % TO_DO, "etc/b:1: 'https://" + "mirror.'",
      "quickstart:1: 'pypi." + "org'")


def _settings(manual, tests):
    return {"src/spec/settings.c": """\
static const struct setting rows[] = {
\t{ "owner", SETTING_TEXT, NULL },
\t{ "source", SETTING_GROUP, NULL },
\t{ "source.user", SETTING_TEXT, "x" },
\t{ "targets", SETTING_LIST, NULL },
\t{ "targets.user", SETTING_TEXT, NULL },
};
""", "doc/odbcship.cfg.5": manual,
            "tests/unit/test_settings.c": '"source.user targets.user"', **tests}


_MANUAL = ".It Ic owner\n.It Ic source.user\n.It Ic targets.user\nHe.\n"
_case("settings", "documented and tested", _settings(_MANUAL, {
    "tests/integration/test_a.py": 'a("source: { x = { }; user = 1; };")\n',
    "tests/cases/spec/a.cases": "owner = 1\n",
    "tests/unit/test_a.c": 'a("targets.partner.user=me");\n'}))
_case("settings", "not documented", _settings(
    ".It Ic owner\n.It Ic source.users\nsource.user\n.It Ic targets.user\n",
    {"tests/cases/a.cases": "owner = 1 source.user targets.user\n"}),
      "src/spec/settings.c:4: 'source.user' is not in doc")
_case("settings", "not tested", _settings(_MANUAL, {
    "tests/integration/test_a.py": 'a(owner=1) # owner = 1\nb("source: { }; '
    'targets = ( { user = 1; } );")\n'}),
      "src/spec/settings.c:2: 'owner' is in no test",
      "src/spec/settings.c:4: 'source.user' is in no test")
_case("settings", "no table", {"doc/odbcship.cfg.5": _MANUAL},
      "src/spec/settings.c:1: has no settings")
