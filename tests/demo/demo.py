#!/usr/bin/python3
"""The main job, shown: a real database, a real FTPS server, one run.

    demo.py ODBCSHIP DIRECTORY

Makes DIRECTORY anew, with a SQLite database out of tests/data/airports.csv,
the job of etc/demo and a configuration of its own; starts vsftpd on loopback,
runs the job, and compares what arrived with the SHA-256 that the ledger has
for the spooled file. When it ends nothing runs, and DIRECTORY is what the
commands that it suggests work with.
"""

import csv
import hashlib
import json
import os
import shlex
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
SRCDIR = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(SRCDIR, "tests"))

from servers.certs import Certs             # noqa: E402
from servers.server import ServerError      # noqa: E402
from servers.vsftpd import Vsftpd           # noqa: E402

FIRST_LINES = 8
SERVER_IN_SPEC = "ftp://localhost:2121/"
DEV_IN_SPEC = "file:///srv/dev-out/"
MARK = ".odbcship-demo"


def say(text):
    print("\n==> " + text, flush=True)


def fail(text):
    sys.exit("quickstart: " + text)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def near(path):
    """A path, from here if that is not longer."""
    return min(os.path.relpath(path), path, key=len)


def show(text):
    """A text, moved to the right."""
    for line in text.splitlines():
        print(("    " + line).rstrip())


def is_trusted(path):
    """Whether odbcship takes specs from here: only root and we may change the
    directories above them."""
    while True:
        st = os.stat(path)
        writable = st.st_mode & 0o022 and not st.st_mode & stat.S_ISVTX
        if writable or st.st_uid not in (0, os.geteuid()):
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)


def workplace(wanted):
    """An empty directory: the wanted one, or one of our own below /tmp."""
    wanted = os.path.realpath(wanted)
    parent = os.path.dirname(wanted)
    if not is_trusted(parent):
        return tempfile.mkdtemp(prefix="odbcship-demo-")
    if os.path.exists(wanted):
        if not os.path.exists(os.path.join(wanted, MARK)):
            fail("'%s' exists and is not a demo of before" % wanted)
        shutil.rmtree(wanted)
    os.mkdir(wanted, 0o700)
    write(os.path.join(wanted, MARK), "")
    return wanted


class Demo:
    def __init__(self, program, directory):
        self.program = os.path.abspath(program)
        self.directory = directory
        self.jobs = self.path("jobs.d")
        self.out = self.path("dev-out")
        os.mkdir(self.jobs)
        os.mkdir(self.out)
        self.settings = {
            "ODBCSHIP_CONFIG": self.path("odbcship.cfg"),
            "ODBCSHIP_STATE": self.path("state"),
            "ODBCINI": self.path("odbc.ini"),
        }
        self.environment = {
            "PATH": "/usr/bin:/bin", "HOME": directory, "LC_ALL": "C.UTF-8",
            **self.settings}

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def configure(self, server):
        """Main file, DSN and job, as an operator would have them."""
        write(self.settings["ODBCSHIP_CONFIG"],
              "# This is a development host.\nenvironment = \"dev\";\n")
        write(self.settings["ODBCINI"],
              "[airports]\nDriver = SQLite3\nDatabase = %s\n" %
              self.path("airports.db"))
        write(self.path("env"), "".join(
            "export %s=%s\n" % (name, shlex.quote(value))
            for name, value in self.settings.items()) +
            "PATH=%s:$PATH\n" % shlex.quote(os.path.dirname(self.program)))
        for name in ("airports.cfg", "airports.sql"):
            text = read(os.path.join(SRCDIR, "etc", "demo", name)).decode()
            text = text.replace(SERVER_IN_SPEC, server.url(""))
            text = text.replace(DEV_IN_SPEC, "file://%s/" % self.out)
            write(os.path.join(self.jobs, name), text)

    def make_database(self):
        """The number of rows."""
        with open(os.path.join(SRCDIR, "tests", "data", "airports.csv"),
                  newline="") as f:
            rows = [[None if value == "NA" else value for value in row]
                    for row in csv.reader(f)][1:]
        db = sqlite3.connect(self.path("airports.db"))
        db.execute("CREATE TABLE airport (iata TEXT PRIMARY KEY, name TEXT, "
                   "city TEXT, state TEXT, country TEXT, latitude REAL, "
                   "longitude REAL)")
        db.executemany("INSERT INTO airport VALUES (?, ?, ?, ?, ?, ?, ?)",
                       rows)
        db.commit()
        db.close()
        return len(rows)

    def run(self, *arguments):
        """Run odbcship before the eyes of the user."""
        print("    $ odbcship " + " ".join(arguments), flush=True)
        done = subprocess.run([self.program, *arguments],
                              env=self.environment, text=True,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE)
        show(done.stdout)
        if done.returncode != 0:
            fail("odbcship ended with %d; what there is to see is in %s" % (
                done.returncode, self.directory))

    def recorded(self):
        """What the ledger knows of the last run."""
        done = subprocess.run([self.program, "history", "--json"],
                              env=self.environment, check=True,
                              stdout=subprocess.PIPE)
        return json.loads(done.stdout)[0]

    def verify(self, server):
        """What arrived is what was spooled; its text."""
        run = self.recorded()
        spooled, = run["files"]
        if server.files() != [spooled["name"]]:
            fail("the server has %s, not only '%s'" % (server.files(),
                                                       spooled["name"]))
        arrived = server.read(spooled["name"])
        found = hashlib.sha256(arrived).hexdigest()
        if found != spooled["sha256"]:
            fail("SHA-256 of '%s' is %s at the server, %s in the ledger" % (
                spooled["name"], found, spooled["sha256"]))
        if (run["state"], run["status"]) != ("shipped", 0):
            fail("the ledger says '%s'" % run["state"])
        say("'%s' arrived; its SHA-256 is the one of the spooled file in "
            "the ledger:" % spooled["name"])
        show(found)
        return arrived.decode()

    def suggest(self):
        say("Nothing is left running. Try next:")
        env = near(self.path("env"))
        show(". " + ("" if env[0] == "/" else "./") + env + "\n"
             "odbcship query -d airports "
             "-e \"SELECT * FROM airport WHERE state = 'HI'\"\n"
             "odbcship run airports          # as on this, the development "
             "host\n"
             "odbcship show airports         # where each setting comes "
             "from\n"
             "odbcship history 1             # all that is known of a run\n"
             "./quickstart test              # all the tests")
        if not self.directory.startswith(os.getcwd() + "/"):
            print("\nSince others can write to the directories above this "
                  "one, it is all in\n%s: remove that when you are done." %
                  self.directory)
        print("\nREADME.md has your first job in five steps.")


def main(program, wanted):
    os.umask(0o022)
    demo = Demo(program, workplace(wanted))
    rows = demo.make_database()
    say("A SQLite database of %d airports, %s" % (
        rows, near(demo.path("airports.db"))))
    try:
        certs = Certs(demo.directory)
        with Vsftpd(demo.directory, certs.server) as server:
            say("An FTP server that insists on TLS, %s" % server.url(""))
            demo.configure(server)
            for name in ("airports.cfg", "airports.sql"):
                say("The job: " + os.path.join("jobs.d", name))
                show(read(os.path.join(demo.jobs, name)).decode())
            say("Is it right? Can we log in everywhere?")
            demo.run("check", "--connect", "airports", "--env", "prod")
            say("The run. It says nothing when all is well:")
            demo.run("run", "airports", "--env", "prod")
            text = demo.verify(server)
    except ServerError as e:
        fail(str(e))
    say("Its first lines, of %d:" % text.count("\r\n"))
    show("\n".join(text.split("\r\n")[:FIRST_LINES]))
    say("What was recorded:")
    demo.run("history")
    demo.suggest()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
