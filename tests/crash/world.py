"""A job that can be killed at any call, again and again, from one beginning.

A World is a home with one job "j": its query has the logical date in every
row, is counted in the database (table "asked"), and is delivered with a
checksum and a marker to one or more places. Its state has an older run whose
files are due to be pruned and which is due to be forgotten.

    world = World(home, [FilePlace(home)])
    calls = world.watch(DAY)            what a whole run does, by kill.c
    world.reset()                       as before
    death = world.kill(Point(120, "half"), DAY)
"""

import collections
import hashlib
import os
import shutil
import signal
import sqlite3
import tempfile

from harness import children, quote, source, wait_until

# Thousands of runs flush their files: in memory, where there is such a place.
if os.access("/dev/shm", os.W_OK | os.X_OK):
    tempfile.tempdir = "/dev/shm"

ROWS = 20000
EARLIER = "2026-10-01"
CALLS_SIZE = 4096       # CRASH_SIZE of kill.c
DAY_MS = 86400000

SQL = ("INSERT INTO asked VALUES (:day);\n"
       "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
       "WHERE n < %d) SELECT n, n * 7919 AS v, :day AS day FROM c")

# A call as kill.c logs it; where is below the home, "port 21", or "net".
Call = collections.namedtuple("Call", "number process what where size")
# Where to kill: the number of a call, and before, half or after.
Point = collections.namedtuple("Point", "number how")


def libkill():
    """The library that is preloaded."""
    path = os.environ.get("KILLER") or os.path.abspath(
        "tests/crash/libkill.so")
    assert os.path.exists(path), path
    return path


class Killer:
    """Runs of a home's program under kill.c."""

    def __init__(self, home, *directories):
        self.home = home
        self.below = ":".join(directories)
        self.shared = os.path.join(home.path, "shared")
        self.log = os.path.join(home.path, "calls")
        # The library is not instrumented: it may come first.
        home.env["ASAN_OPTIONS"] = (home.env.get("ASAN_OPTIONS", "") +
                                    ":verify_asan_link_order=0")
        home.plain = True       # an instrument would be killed itself

    def start(self, point, *arguments):
        """Begin a run; point may be None."""
        self.home.write(self.shared, bytes(CALLS_SIZE))
        self.home.write(self.log, "")
        env = {"LD_PRELOAD": libkill(), "CRASH_SHARED": self.shared,
               "CRASH_LOG": self.log, "CRASH_BELOW": self.below}
        if point is not None:
            env.update(CRASH_AT=str(point.number), CRASH_HOW=point.how)
        return self.home.start(*arguments, env=env, start_new_session=True)

    def run(self, point, *arguments):
        """A run to its end, whatever that is: the result."""
        return self.home.finish(self.start(point, *arguments))

    def calls(self):
        """What the last run did, in its order."""
        calls = []
        with open(self.log) as f:
            for line in f:
                number, process, what, where, size = line.rstrip().split("\t")
                calls.append(Call(int(number), int(process), what,
                                  where.replace(self.home.path, "", 1),
                                  int(size)))
        return sorted(calls)


class FilePlace:
    """A directory of this machine."""

    def __init__(self, home, name="there"):
        self.name = name
        self.path, self.url = home.directory(name)

    def target(self, extra=""):
        return "{ name = %s; url = %s; %s }" % (quote(self.name),
                                                quote(self.url), extra)

    def wait_idle(self):
        """Until nobody works on what a killed client has sent."""


class FtpsPlace:
    """vsftpd, with TLS."""

    def __init__(self, server, certs, name="ftps", port=None):
        """port: of a proxy in front of it."""
        self.name = name
        self.server = server
        self.port = port
        self.certs = certs
        self.path = os.path.join(server.root, name)
        os.makedirs(self.path, exist_ok=True)

    def target(self, extra=""):
        url = "ftp://localhost:%d/%s/" % (self.port or self.server.port,
                                          self.name)
        return "{ name = %s; url = %s; ca_file = %s; %s }" % (
            quote(self.name), quote(url), quote(self.certs.ca), extra)

    def wait_idle(self):
        wait_until(lambda: not children(self.server.process.pid), 120,
                   "the end of the server's sessions")


class SftpPlace:
    """sshd."""

    def __init__(self, server, name="sftp"):
        self.name = name
        self.server = server
        self.path = server.path(name)
        os.makedirs(self.path, exist_ok=True)

    def target(self, extra=""):
        return ("{ name = %s; url = %s; user = %s; client_key = %s; "
                "known_hosts = %s; %s }" % tuple(
                    [quote(text) for text in (
                        self.name, self.server.url(self.name + "/"),
                        self.server.user_name, self.server.key,
                        self.server.known_hosts)] + [extra]))

    def wait_idle(self):
        wait_until(lambda: not children(self.server.process.pid), 120,
                   "the end of the server's sessions")


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class World:
    """See above."""

    def __init__(self, home, places, extra=""):
        """extra: settings of each target."""
        self.home = home
        self.places = places
        self.extra = extra
        self.killer = Killer(home, home.state, *(
            place.path for place in places if isinstance(place, FilePlace)))
        self.database = home.sqlite("db", "CREATE TABLE asked (day);")
        self.saved = os.path.join(home.path, "saved")
        self.write_job()
        self.empty_places()

    def write_job(self, sql=SQL % ROWS, extra="", rest=""):
        self.home.job("j", source(
            dsn="db", sql=sql,
            extra='params = { day = "{date:%Y-%m-%d}"; }; ' + extra) +
            'file: { name = "j-{date:%Y-%m-%d}.csv"; checksum = "sha256"; '
            'done = "{name}.ok"; };\n'
            'limits: { keep = "1d"; history = "2d"; };\n' +
            "targets = ( %s );\n" % ", ".join(
                place.target('retry_wait = "1ms"; ' + self.extra)
                for place in self.places) + rest)

    def prepare(self):
        """Let the older run happen, and keep the state that it leaves."""
        self.home.run("run", "j", "--date", EARLIER)
        with sqlite3.connect(self._ledger()) as db:
            db.execute("UPDATE run SET began_ms = began_ms - ?, "
                       "ended_ms = ended_ms - ?", (3 * DAY_MS, 3 * DAY_MS))
        db.close()
        shutil.copytree(self.home.state, self.saved)
        shutil.copy2(self.database, self.saved + ".db")
        self.reset()

    def _ledger(self):
        return os.path.join(self.home.state, "ledger.db")

    def reset(self):
        """As after prepare(); with empty places."""
        shutil.rmtree(self.home.state)
        shutil.copytree(self.saved, self.home.state)
        for suffix in ("-journal", "-wal", "-shm"):
            if os.path.exists(self.database + suffix):
                os.unlink(self.database + suffix)
        shutil.copy2(self.saved + ".db", self.database)
        self.empty_places()

    def begin_from_nothing(self):
        """As before the very first run."""
        self.reset()
        shutil.rmtree(self.home.state)

    def empty_places(self):
        for place in self.places:
            for name in os.listdir(place.path):
                os.unlink(os.path.join(place.path, name))

    # What is run.

    def watch(self, day):
        """A whole run, which must work: what it did."""
        result = self.killer.run(None, "run", "j", "--date", day)
        assert result.status == 0, result
        return self.killer.calls()

    def kill(self, point, day):
        """A run that is killed; whether it lived so long, and its result."""
        result = self.killer.run(point, "run", "j", "--date", day)
        for place in self.places:
            place.wait_idle()
        return result.status == -signal.SIGKILL, result

    # What came of it.

    def files(self):
        """{place/name: hash} of all that is anywhere."""
        return {"%s/%s" % (place.name, name):
                digest(os.path.join(place.path, name))
                for place in self.places for name in os.listdir(place.path)}

    def stamp(self, name):
        """What changes when place/name is sent again."""
        place, name = name.split("/", 1)
        path = [p.path for p in self.places if p.name == place][0]
        st = os.stat(os.path.join(path, name))
        return (st.st_ino, st.st_mtime_ns)

    def stamps(self):
        return {name: self.stamp(name) for name in self.files()}

    def asked(self, day=None):
        """How often the query was sent."""
        db = sqlite3.connect(self.database)
        try:
            return len([d for d, in db.execute("SELECT day FROM asked")
                        if day in (None, d)])
        finally:
            db.close()

    def dead_ledger(self, sql, *values):
        """Rows of the ledger as a killed run left it, which is not touched."""
        if not os.path.exists(self._ledger()):
            return []
        with tempfile.TemporaryDirectory() as copy:
            for name in os.listdir(self.home.state):
                if name.startswith("ledger.db"):
                    shutil.copy2(os.path.join(self.home.state, name), copy)
            db = sqlite3.connect(os.path.join(copy, "ledger.db"))
            try:
                return db.execute(sql, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):
                    raise
                return []       # the first run is making them
            finally:
                db.close()

    def is_recorded(self, day):
        """Whether a killed run had recorded its files."""
        return bool(self.dead_ledger(
            "SELECT 1 FROM file f JOIN run r ON r.id = f.run "
            "WHERE r.date = ?", day))

    def served(self, day):
        """The place/name that it had recorded as delivered."""
        return {"%s/%s" % row for row in self.dead_ledger(
            "SELECT d.target, f.name FROM delivery d JOIN file f "
            "ON f.id = d.file JOIN run r ON r.id = f.run "
            "WHERE r.date = ? AND d.state = 'delivered'", day)}

    def has_left_runs(self):
        """Runs that are said to be under way."""
        return self.home.ledger("SELECT * FROM run WHERE state = 'running'")

    def shipped(self, day):
        """How many runs of this date are recorded as shipped."""
        return len(self.home.ledger("SELECT id FROM run WHERE date = ? AND "
                                    "state = 'shipped'", day))


def is_net(call):
    return call.where.startswith("port ")


def room(call):
    """What part of the world a call is about."""
    if is_net(call):
        return "net"
    return "/".join(call.where.split("/")[:3]).split(".db")[0]


def segments(calls):
    """Calls that follow each other in the same room of the same process."""
    parts = []
    for call in calls:
        if not parts or room(parts[-1][-1]) != room(call) or \
                parts[-1][-1].process != call.process:
            parts.append([])
        parts[-1].append(call)
    return parts


def every_point(calls):
    """Before each call, in the middle of each write, and after the last."""
    for call in calls:
        yield Point(call.number, "before")
        if call.what in ("write", "pwrite", "send") and call.size > 1:
            yield Point(call.number, "half")
    yield Point(calls[-1].number, "after")


def thin(points, most):
    """At most so many of them, evenly apart."""
    points = sorted(set(points))
    if len(points) <= most:
        return points
    return [points[i * len(points) // most] for i in range(most)]


def of_deliveries(calls):
    """The calls from the first thing done at a place on."""
    first = min(call.number for call in calls
                if is_net(call) or not call.where.startswith("/state"))
    return [call for call in calls if call.number >= first]


def chosen_points(calls, most):
    """In the middle of the longest write of each segment, behind all that makes
    it durable and at its end; of a delivery over the net at its beginning and
    before each of its last calls, where it is verified and published."""
    files, net, ends = [], [], []
    for part in segments(calls):
        points = net if is_net(part[0]) else files
        longest = max(part, key=lambda call: call.size)
        if longest.what in ("write", "pwrite", "send"):
            points.append(Point(longest.number, "half"))
        if points is net:
            points.append(Point(part[0].number, "before"))
            ends += [Point(call.number, "before") for call in part[-9:]]
        else:
            points += [Point(call.number, "after") for call in part
                       if "sync" in call.what or call is part[-1]]
    net = thin(net + thin(ends, max(most * 2 // 3 - len(net), 0)), most)
    return sorted(net + thin(files, most - len(net)))
