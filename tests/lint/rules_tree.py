"""Rules about how files fit together: rooms, layout, pages, lists, settings.

A rule is a generator of Problems over a Tree.
"""

import concurrent.futures
import difflib
import fnmatch
import io
import os
import re
import subprocess
import tempfile
import tokenize

import csource
from tree import TOP, Problem

PAGE = "ARCHITECTURE.md"
C_TOPS = ("src", "include", "tests")

# What the table of rooms calls a library, and the headers that are its.
FOREIGN = {
    "syslog": r"(sys/)?syslog\.h",
    "sql.h": r"(sql|sqlext|sqltypes|sqlucode|odbcinst|odbcinstext)\.h",
    "libcrypto": r"openssl/.*",
    "libcurl": r"curl/.*",
    "sqlite3": r"sqlite3(ext)?\.h",
    "libconfig": r"libconfig\.h",
    "getopt": r"getopt\.h",
    "iconv": r"iconv\.h",
    "zlib": r"zlib\.h",
    "zstd": r"zstd(_errors)?\.h",
    "gpgme": r"gpgme\.h",
}
# What belongs to C, POSIX, Linux and the compiler, for every room.
OURS = set("""
    assert complex ctype errno fenv float inttypes iso646 limits locale math
    signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib
    stdnoreturn string time uchar wchar wctype
    dirent dlfcn fcntl fnmatch ftw glob grp langinfo libgen netdb poll pthread pwd
    regex sched semaphore spawn strings termios unistd utime
    arpa/inet net/if netinet/in netinet/tcp sys/file sys/ioctl sys/mman
    sys/prctl sys/random sys/resource sys/select sys/socket sys/stat
    sys/statvfs sys/time sys/timex sys/types sys/uio sys/un sys/utsname sys/vfs
    sys/wait
    emmintrin immintrin arm_neon
    """.split())


def _rooms(tree):
    """The table of rooms: [(room, [foreign library])], from the ground up."""
    rows = re.findall(r"^\| `(\w+)` \|[^|\n]*\|([^|\n]*)\|$", tree.text(PAGE),
                      re.MULTILINE)
    return [(room, [word for word in re.split(r"[\s,`]+", cell) if word])
            for room, cell in rows]


def rooms(tree):
    """A room includes only what is above it in the table of rooms."""
    order = [room for room, _ in _rooms(tree)]
    if not order:
        yield Problem(PAGE, 1, "has no table of rooms")
    homes = {p.split("/")[1] for p in tree.paths("src", "include")}
    for room in sorted(homes.symmetric_difference(order)):
        yield Problem(PAGE, 1, "room '%s' is only in %s" % (
            room, "the tree" if room in homes else "the table"))
    for source in tree.sources("src", "include"):
        room = source.path.split("/")[1]
        for line, name, is_system in source.includes():
            text = None if is_system or room not in order else (
                _wrong_include(tree, order, source.path, name))
            if text:
                yield Problem(source.path, line, text)


def _wrong_include(tree, order, path, name):
    """What is wrong with an #include "name", or None."""
    top, room = path.split("/")[:2]
    places = (os.path.join(os.path.dirname(path), name), "include/" + name,
              "src/" + name)
    found = next((p for p in places if tree.has(p)), None)
    if found is None:
        return "'%s' is in no room" % name
    its_top, its_room = found.split("/")[:2]
    if its_top == "src" and (top == "include" or its_room != room):
        return "'%s' is private to %s" % (name, its_room)
    if its_room not in order or order.index(its_room) > order.index(room):
        return "'%s' is not above %s" % (name, room)
    return None


def foreign(tree):
    """A foreign library's header is seen in its one room only."""
    home = {library: room for room, cell in _rooms(tree) for library in cell}
    for library in sorted(set(home).difference(FOREIGN)):
        yield Problem(PAGE, 1, "tests/lint knows no headers of '%s'" % library)
    for source in tree.sources("src", "include"):
        for line, name, is_system in source.includes():
            if not is_system or re.sub(r"\.h$", "", name) in OURS:
                continue
            library = next((lib for lib, pattern in FOREIGN.items()
                            if re.fullmatch(pattern, name)), None)
            if library is None:
                yield Problem(source.path, line, "<%s> is of no library that "
                              "tests/lint knows" % name)
            elif home.get(library) != source.path.split("/")[1]:
                yield Problem(source.path, line, "<%s> belongs to room '%s'" % (
                    name, home.get(library, "none of the table")))


STYLE_VERSION = 14


def layout(tree):
    """clang-format changes nothing."""
    program = os.environ.get("CLANG_FORMAT") or "clang-format-14"
    try:
        said = subprocess.run([program, "--version"], capture_output=True,
                              text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as e:
        yield Problem(".clang-format", 1, "cannot run %s: %s" % (program, e))
        return
    if "version %d." % STYLE_VERSION not in said:
        yield Problem(".clang-format", 1, "is for clang-format %d, not for %s"
                      % (STYLE_VERSION, said.strip()))
        return
    with tempfile.NamedTemporaryFile("w", suffix=".clang-format") as style:
        style.write(tree.text(".clang-format"))
        style.flush()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for problems in pool.map(
                    lambda path: _layout_of(tree, path, program, style.name),
                    tree.paths(*C_TOPS, ends=(".c", ".h"))):
                yield from problems


def _layout_of(tree, path, program, style):
    old = tree.text(path)
    done = subprocess.run(
        [program, "--style=file:" + style, "--assume-filename=" + path],
        input=old, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return [Problem(path, 1, done.stderr.strip())]
    changes = difflib.SequenceMatcher(None, old.split("\n"),
                                      done.stdout.split("\n"), False)
    return [Problem(path, start + 1, "clang-format lays it out otherwise")
            for tag, start, _, _, _ in changes.get_opcodes() if tag != "equal"]


PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "drivers.md",
         "CHANGES.md")
# A path of the tree: below one of its directories, or a file beside them.
PATH = re.compile(r"(?:(?:%s)/[\w.@*/-]*|[\w.-]+\.(?:md|am|ac|py|sh|m4)"
                  r"|\.clang-format|quickstart)$" % "|".join(TOP))


def pages(tree):
    """Every path that a page or a comment names is there."""
    for path in PAGES:
        text = re.sub(r"^```.*?^```", lambda m: re.sub(r"[^\n]", " ", m[0]),
                      tree.text(path), flags=re.MULTILINE | re.DOTALL)
        for m in re.finditer(r"`([^`]+)`", text):
            line = text.count("\n", 0, m.start()) + 1
            for word in m.group(1).split():
                word = re.sub(r"^\./|:\d+$", "", word)
                if PATH.match(word) and not _is_there(tree, word):
                    yield Problem(path, line, "'%s' is not there" % word)
    names = "|".join(room for room, _ in _rooms(tree)) or "$"
    for source in tree.sources("src", "include"):
        for comment in source.comments:
            for m in re.finditer(r"(?<![\w/])(?:%s)/\w+\.[ch]\b" % names,
                                 comment.text):
                if not any(tree.has(top + m[0]) for top in ("src/",
                                                            "include/")):
                    line = comment.line + comment.text.count("\n", 0, m.start())
                    yield Problem(source.path, line, "'%s' is not there" % m[0])


def _is_there(tree, path):
    """Whether a path is there; NAME in it stands for any name."""
    name = re.sub(r"(?<![A-Za-z])(?:ROOM|NAME|MODULE)(?![A-Za-z])", "*",
                  path).rstrip("/")
    if "*" not in name:
        return tree.has(name)
    return any(fnmatch.fnmatchcase(p, name) or
               fnmatch.fnmatchcase(p, name + "/*") for p in tree.files)


def makefile(tree):
    """Makefile.am lists what is there, and nothing else."""
    where = "Makefile.am"
    listed = {}
    for number, text in enumerate(tree.text(where).split("\n"), 1):
        if not text.startswith(("\t$", "#")):
            for word in re.findall(r"(?<![\w$)/.-])(?:%s)/[\w.@/-]*\w"
                                   % "|".join(TOP), text):
                listed.setdefault(word, number)
    for word, line in listed.items():
        if not (tree.has(word) or tree.has(word + ".c") or
                word.endswith((".a", ".so"))):
            yield Problem(where, line, "'%s' is not there" % word)
    for path in tree.paths("src", "include", "doc"):
        if path not in listed:
            yield Problem(where, 1, "does not list '%s'" % path)
    for path in tree.files:
        name = path.split("/")[-1]
        if not path.startswith("tests/"):
            continue
        if name.startswith("test_") and name.endswith((".c", ".py")):
            if path not in listed and re.sub(r"\.c$", "", path) not in listed:
                yield Problem(where, 1, "does not list '%s'" % path)
        elif not _is_packed(path, listed):
            yield Problem(where, 1, "does not distribute '%s'" % path)


def _is_packed(path, listed):
    """Whether a file, or a directory that it is in, is listed."""
    return any(path == word or path.startswith(word + "/") for word in listed)


C_COLUMNS = 80
PYTHON_COLUMNS = 100
# Words that are written to be found again; none may stay.
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
# Hosts that packages are fetched from: where from is for who builds to say.
REGISTRY = re.compile(
    r"\b(?:(?:files\.)?python" r"hosted\.org|py" r"pi\.(?:org|python\.org)"
    r"|registry\.np" r"mjs\.org|(?:static\.)?crates\." r"io|proxy\.golang\."
    r"org|(?:docker|ghcr|quay)\." r"io|repo1?\.maven\." r"org"
    r"|(?:deb|security|ftp)\.debian\." r"org|conda\.anaconda\." r"org)\b"
    r"|https?://[\w.@:-]*(?:registry|artifactory|nexus|mirror|proxy)[\w-]*\.")


def texts(tree):
    """Lines end where they should and hold nothing unfinished."""
    for path in tree.paths():
        if path.startswith("tests/data/"):
            continue                    # bytes that a test needs as they are
        text = tree.text(path)
        if text and not text.endswith("\n"):
            yield Problem(path, text.count("\n") + 1, "no end of the last line")
        for number, line in enumerate(text.split("\n"), 1):
            for what in _wrong_text(path, line):
                yield Problem(path, number, what)


def _wrong_text(path, line):
    """What is wrong with a line of a file."""
    if line != line.rstrip() and not path.endswith(".cases"):
        yield "white space at the end"
    if UNFINISHED.search(line):
        yield "'%s' is unfinished" % UNFINISHED.search(line)[0]
    if REGISTRY.search(line):
        yield "'%s' is a registry" % REGISTRY.search(line)[0]
    if path.endswith((".c", ".h")):
        width = len(line.expandtabs(8))
        if width > C_COLUMNS and not _is_one_string(line):
            yield "%d columns, at most %d" % (width, C_COLUMNS)
    elif path.endswith(".py") and len(line) > PYTHON_COLUMNS:
        yield "%d columns, at most %d" % (len(line), PYTHON_COLUMNS)


def _is_one_string(line):
    """One literal that could only be cut where it holds no space."""
    tokens = [t for t in csource.tokenize(line) if t.kind != "punct"]
    return len(tokens) == 1 and tokens[0].kind == "string" and (
        " " not in tokens[0].text)


TABLE = "src/spec/settings.c"
MANUAL = "doc/odbcship.cfg.5"
# It goes by the table, so a setting is in it whether or not it is tested.
BY_THE_TABLE = "tests/unit/test_settings.c"
STRUCTURAL = ("SETTING_GROUP", "SETTING_LIST")


def settings(tree):
    """Every setting is in the manual page, and in a test by its name."""
    rows = _settings(tree)
    manual = tree.text(MANUAL)
    tests = "\n".join(_said(tree, path) for path in tree.paths("tests")
                      if path != BY_THE_TABLE and
                      not path.startswith("tests/lint/"))
    leaves = [path.split(".")[-1] for path, _ in rows]
    for path, line in rows:
        if not re.search(r"^\.(It )?Ic %s( |$)" % re.escape(path), manual,
                         re.MULTILINE):
            yield Problem(TABLE, line, "'%s' is not in %s" % (path, MANUAL))
        if not _is_tested(path, tests, leaves.count(path.split(".")[-1]) == 1):
            yield Problem(TABLE, line, "'%s' is in no test" % path)
    if not rows:
        yield Problem(TABLE, 1, "has no settings")


def _settings(tree):
    """(path, line) of each row that is a setting and not a group of them."""
    code = tree.source(TABLE).code
    return [(b.text.strip('"'), b.line)
            for a, b, c, d in zip(code, code[1:], code[2:], code[3:])
            if a.text == "{" and b.kind == "string" and c.text == "," and
            d.text.startswith("SETTING_") and d.text not in STRUCTURAL]


def _said(tree, path):
    """What a test writes into specs: of a program, its literals."""
    text = tree.text(path)
    if path.endswith((".c", ".h")):
        return "\n".join(t.text for t in tree.source(path).tokens
                         if t.kind == "string").replace('\\"', '"')
    if path.endswith(".py"):
        return "\n".join(t.string for t in tokenize.generate_tokens(
            io.StringIO(text).readline)
            if t.type not in (tokenize.COMMENT, tokenize.NAME, tokenize.OP))
    return text


def _is_tested(path, tests, is_only):
    """Whether it is named with its groups, or set where no other is meant."""
    group, _, leaf = path.rpartition(".")
    dotted = r"(?:\.[\w-]+)?\.".join(path.split("."))     # a.member.b
    if re.search(r"(?<![\w.])%s(?!\w)" % dotted, tests) and group:
        return True
    setting = r"(?<![\w.])%s\s*[=:]" % re.escape(leaf)
    if is_only:
        return re.search(setting, tests) is not None
    return any(re.search(setting, body) for body in _bodies(group, tests))


def _bodies(group, text):
    """What stands in the brackets of each `group: { ... }` of a text."""
    for m in re.finditer(r"(?<![\w.])%s\s*[=:]\s*[{(]" % group, text):
        depth, i = 1, m.end()
        while depth > 0 and i < len(text):
            depth += (text[i] in "{(") - (text[i] in "})")
            i += 1
        yield text[m.end():i]
