"""The files that the rules look at: of the source tree, or built in.

A Tree maps paths ("src/base/err.c") to texts. It is read by walking, so that
it is the same from git and from an unpacked tarball; what a build leaves in
the tree is not seen. A Problem is what a rule reports.
"""

import collections
import os

import csource

Problem = collections.namedtuple("Problem", "path line text")

TOP = ("src", "include", "tests", "doc", "etc", "m4", "packaging")
NOT_OURS = ("autom4te.cache", "build-aux", "__pycache__", ".deps", ".libs")
BUILT = (".o", ".a", ".pyc", ".log", ".trs", ".dirstamp", ".tmp")
GENERATED = ("Makefile", "Makefile.in", "aclocal.m4", "configure",
             "configure~", "libtool", "odbcship", "config.log",
             "config.status", "config.h", "config.h.in", "stamp-h1")


def _is_build(path):
    """A directory that configure ran in, or that make dist made."""
    return (os.path.exists(os.path.join(path, "config.status")) or
            os.path.exists(os.path.join(path, "configure.ac")))


def _is_program(name, names):
    """A program that was built beside its source."""
    return "." not in name and name + ".c" in names


def _walk(root):
    for where, dirs, names in os.walk(root):
        relative = os.path.relpath(where, root)
        if relative == ".":
            dirs[:] = [d for d in dirs if d in TOP]
            names = [n for n in names if n not in GENERATED]
            relative = ""
        dirs[:] = sorted(d for d in dirs if d not in NOT_OURS and
                         not _is_build(os.path.join(where, d)))
        if relative == "m4":    # aclocal copies foreign ones there
            names = [n for n in names if n.startswith("odbcship")]
        for name in sorted(names):
            if not name.endswith(BUILT) and not _is_program(name, names):
                yield os.path.join(relative, name)


class Tree:
    """Paths and texts; a file that is no UTF-8 text has the text None."""

    def __init__(self, files):
        self.files = files
        self._parsed = {}

    @classmethod
    def read(cls, root):
        files = {}
        for path in _walk(root):
            full = os.path.join(root, path)
            if not os.path.isfile(full):
                continue
            with open(full, "rb") as f:
                data = f.read()
            try:
                files[path] = None if b"\0" in data else data.decode()
            except UnicodeDecodeError:
                files[path] = None
        return cls(files)

    def text(self, path):
        return self.files.get(path) or ""

    def paths(self, *tops, ends=""):
        """Paths of texts below some directories, with one of the endings."""
        return [path for path, text in self.files.items()
                if text is not None and path.endswith(ends) and
                (not tops or path.split("/")[0] in tops)]

    def has(self, path):
        """Whether there is such a file or directory."""
        path = path.rstrip("/")
        return path in self.files or any(
            p.startswith(path + "/") for p in self.files)

    def source(self, path):
        """A C file, read as C."""
        if path not in self._parsed:
            self._parsed[path] = csource.Source(path, self.text(path))
        return self._parsed[path]

    def sources(self, *tops, ends=(".c", ".h")):
        return [self.source(path) for path in self.paths(*tops, ends=ends)]
