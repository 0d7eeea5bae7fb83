#!/usr/bin/python3
"""From the source tree to an installed program, and to a release.

    make check-build

Copies the tree twice and builds each copy out of tree with another compiler.
Not among the tests of `make check`: it needs the autotools, gcc and clang, and
a minute or two.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

from harness import main, temporary     # noqa: E402

SRCDIR = os.environ.get("SRCDIR") or os.path.dirname(os.path.dirname(HERE))
BUILD_SECONDS = 1200
NEEDED = {      # pkg-config module: packages of Debian and Fedora
    "odbc": ("unixodbc-dev", "unixODBC-devel"),
    "libcurl": ("libcurl4-openssl-dev", "libcurl-devel"),
    "libconfig": ("libconfig-dev", "libconfig-devel"),
    "sqlite3": ("libsqlite3-dev", "sqlite-devel"),
    "zlib": ("zlib1g-dev", "zlib-devel"),
    "libzstd": ("libzstd-dev", "libzstd-devel"),
    "gpgme": ("libgpgme-dev", "gpgme-devel"),
    "libcrypto": ("libssl-dev", "openssl-devel"),
}
MADE = {".git", "build", "build-aux", "autom4te.cache", "configure",
        "configure~", "Makefile.in", "aclocal.m4"}


def made(directory, names):
    """What is in the tree and is no source."""
    if os.path.samefile(directory, SRCDIR):
        return MADE & set(names)
    return {"__pycache__"} & set(names)


class Tree:
    """A copy of the source with its build directory beside it."""

    def __init__(self, name, compiler, mode):
        top = temporary()
        self.source = os.path.join(top, name)
        self.build = os.path.join(top, "build of " + name)
        self.env = {"PATH": "/usr/bin:/bin", "HOME": top, "LC_ALL": "C",
                    "CC": compiler, "SOURCE_DATE_EPOCH": "1700000000"}
        shutil.copytree(SRCDIR, self.source, ignore=made, symlinks=True)
        subprocess.run(["chmod", "-R", mode, self.source], check=True)
        os.mkdir(self.build)

    def run(self, *argv, where=None, expect=0, env=None):
        """What it says, on both outputs."""
        done = subprocess.run(argv, cwd=where or self.build,
                              env={**self.env, **(env or {})},
                              stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=BUILD_SECONDS)
        if (done.returncode == 0) != (expect == 0):
            raise AssertionError("%s: status %d: %s" % (
                " ".join(argv), done.returncode, done.stdout[-4000:]))
        return done.stdout

    def configure(self, *options, **how):
        return self.run(os.path.join(self.source, "configure"), *options,
                        **how)


def warnings(text):
    return [line for line in text.splitlines() if "warning:" in line]


class Build(unittest.TestCase):
    """Both copies, made once."""

    @classmethod
    def setUpClass(cls):
        cls.gcc = Tree("one", "gcc", "go-w")
        cls.clang = Tree("another", "clang", "g+w")
        cls.said = {}
        for tree in (cls.gcc, cls.clang):
            said = tree.run("./autogen.sh", where=tree.source)
            said += tree.configure("--enable-werror", "--prefix=/usr",
                                   "--sysconfdir=/etc")
            # With the unit tests, which check alone would build.
            said += tree.run("make", "-j2", "all")
            said += tree.run("make", "-j2", "check", "TESTS=")
            cls.said[tree] = said

    def test_warnings(self):
        """autoreconf -Wall, gcc and clang have nothing to warn of"""
        for tree, said in self.said.items():
            self.assertEqual(warnings(said), [])
            self.assertIn("CCLD", said, tree.build)

    def test_source_is_left_alone(self):
        """building out of tree writes nothing into the source"""
        names = set(os.listdir(self.gcc.source))
        self.assertEqual(names & {"Makefile", "config.status", "odbcship",
                                  "config.log"}, set())
        objects = [name for _, _, files in os.walk(self.gcc.source)
                   for name in files if name.endswith((".o", ".a", ".trs"))]
        self.assertEqual(objects, [])

    def test_install(self):
        """install makes what a package needs, uninstall removes all of it"""
        to = os.path.join(self.gcc.build, "root")
        self.gcc.run("make", "install", "DESTDIR=" + to)
        found = {os.path.relpath(os.path.join(where, name), to)
                 for where, _, names in os.walk(to) for name in names}
        self.assertLessEqual({
            "usr/bin/odbcship", "etc/odbcship/odbcship.cfg",
            "etc/odbcship/jobs.d/example.cfg.sample",
            "usr/lib/systemd/system/odbcship@.service",
            "usr/lib/systemd/system/odbcship@.timer",
            "usr/share/bash-completion/completions/odbcship",
            "usr/share/doc/odbcship/README.md",
            "usr/share/man/man1/odbcship.1",
            "usr/share/man/man5/odbcship.cfg.5"}, found)
        with open(os.path.join(
                to, "usr/lib/systemd/system/odbcship@.service")) as f:
            unit = f.read()
        self.assertIn("ExecStart=/usr/bin/odbcship run %i\n", unit)
        self.assertNotIn("@bindir", unit)
        self.gcc.run("make", "uninstall", "DESTDIR=" + to)
        self.assertEqual([names for _, _, names in os.walk(to) if names], [])

    def test_configuration_is_kept(self):
        """neither install nor uninstall touches a changed main file"""
        to = os.path.join(self.clang.build, "root")
        path = os.path.join(to, "etc/odbcship/odbcship.cfg")
        self.clang.run("make", "install", "DESTDIR=" + to)
        with open(path, "w") as f:
            f.write('environment = "prod";\n')
        self.clang.run("make", "install", "DESTDIR=" + to)
        self.clang.run("make", "uninstall", "DESTDIR=" + to)
        with open(path) as f:
            self.assertEqual(f.read(), 'environment = "prod";\n')

    def test_hardening(self):
        """PIE, full RELRO, stack protector, FORTIFY, no executable stack"""
        for tree in (self.gcc, self.clang):
            program = os.path.join(tree.build, "odbcship")
            said = tree.run("readelf", "-W", "-h", "-l", "-d", "--dyn-syms",
                            program)
            for sign in (r"Type: +DYN", r"FLAGS_1.*\bPIE\b",
                         r"FLAGS_1.*\bNOW\b", r"GNU_RELRO",
                         r"GNU_STACK.* RW +0x", r"__stack_chk_fail@",
                         r"__(memcpy|snprintf|vsnprintf|read)\w*_chk@"):
                self.assertTrue(re.search(sign, said),
                                "%s: no %s" % (tree.env["CC"], sign))

    def test_dist(self):
        """the release is the same wherever it is made"""
        sums = []
        for tree in (self.gcc, self.clang):
            tree.run("make", "dist")
            with open(os.path.join(tree.build, "odbcship-0.1.0.tar.xz"),
                      "rb") as f:
                sums.append(hashlib.sha256(f.read()).hexdigest())
        self.assertEqual(*sums)

    def test_distcheck(self):
        """the release builds, installs, uninstalls; its source is read only"""
        said = self.gcc.run("make", "distcheck", "TESTS=")
        self.assertIn("archives ready for distribution", said)

    def test_missing(self):
        """what is missing is named, all of it, with its packages"""
        where = temporary()
        said = self.gcc.configure(where=where, expect=1, env={
            "PKG_CONFIG_LIBDIR": "/nonexistent"})
        lines = {word: line.split() for line in said.splitlines()
                 for word in ("apt-get", "dnf") if word + " install" in line}
        self.assertEqual(
            [set(lines[word][lines[word].index("install") + 1:])
             for word in ("apt-get", "dnf")],
            [set(pair[i] for pair in NEEDED.values()) for i in (0, 1)])

    def test_quickstart_packages(self):
        """./quickstart installs what configure asks for"""
        with open(os.path.join(self.gcc.source, "quickstart")) as f:
            text = f.read()
        for i, system in enumerate(("debian", "fedora")):
            names = re.search(system + r"_build='([^']*)'", text)[1].split()
            self.assertLessEqual({pair[i] for pair in NEEDED.values()},
                                 set(names))


if __name__ == "__main__":
    main()
