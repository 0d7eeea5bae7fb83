#!/usr/bin/python3
"""How fast odbcship is, beside the driver alone and other exporters.

    make bench                  everything, about half an hour
    bench.py [OPTION...]        see --help

Starts PostgreSQL and MariaDB on loopback, makes the data, and runs each
contestant on each table in turn, round after round; the first output of each
is read and compared with the data. Needs the build directory as its working
directory (drain, measure and odbcship are there). What counts is the processor
time of the client: it moves little on a busy machine, seconds move much.

Written to the output directory: results.json (all figures), results.md (the
tables) and results.svg (the plot) for doc/performance.md.
"""

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

import data                                 # noqa: E402
import peers                                # noqa: E402
import show                                 # noqa: E402
from servers.mariadb import MariaDB         # noqa: E402
from servers.postgres import Postgres       # noqa: E402

RUN_SECONDS = 1800
MEASURE = os.path.join(peers.BUILT, "bench", "measure")


class Warehouse(Postgres):
    """One whose password every client takes in a connection string."""

    password = "bench"


class Bench:
    """The databases with their data, and a directory for outputs."""

    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.environment = dict(
            os.environ, LC_ALL="C.UTF-8", PGCLIENTENCODING="UTF8",
            PGPASSWORD=Warehouse.password, ODBCSHIP_STATE=os.path.join(
                directory, "state"), ODBCSHIP_CONFIG=self._empty("cfg"))
        self.tables = [t for t in data.tables(options.scale)
                       if t.name in options.tables]
        self.truths = {}
        self.databases = []

    def _empty(self, name):
        path = os.path.join(self.directory, name)
        with open(path, "w"):
            pass
        return path

    def prepare(self):
        """Start what is asked for and load the tables."""
        os.chmod(self.directory, 0o711)
        wanted = self.options.databases
        servers = {}
        if "postgres" in wanted:
            servers["pg"] = Warehouse(self.directory).start()
            self.databases.append(peers.Postgres(servers["pg"]))
        if "mariadb" in wanted:
            servers["my"] = MariaDB(self.directory).start()
            self.databases.append(peers.Mariadb(servers["my"]))
        sqlite = os.path.join(self.directory, "bench.db")
        if "sqlite" in wanted:
            self.databases.insert(0, peers.Sqlite(sqlite))
        for table in self.tables:
            path, self.truths[table.name] = table.write(self.directory)
            if "pg" in servers:
                data.load_postgres(servers["pg"], table, path)
            if "my" in servers:
                data.load_mariadb(servers["my"], table, path)
            if "sqlite" in wanted:
                data.load_sqlite(sqlite, table, path)
            os.unlink(path)

    def measure(self, words, given=""):
        """What a command takes, and the path of its output."""
        path = {n: os.path.join(self.directory, n)
                for n in ("measured", "in", "out", "err")}
        with open(path["in"], "w") as f:
            f.write(given)
        with open(path["err"], "wb") as err:
            subprocess.run([MEASURE, path["measured"], path["in"],
                            path["out"]] + words, check=True, stderr=err,
                           env=self.environment, timeout=RUN_SECONDS)
        with open(path["measured"]) as f:
            found = json.load(f)
        found["cpu"] = round(found["user"] + found["system"], 4)
        found["bytes"] = os.path.getsize(path["out"])
        if found["status"] != 0:
            with open(path["err"], errors="replace") as f:
                found["error"] = f.read()[-300:].strip()
        return found, path["out"]

    def judge(self, peer, database, table, path):
        """What is wrong of an output, in words, or None."""
        read = database.read if peer.native else peer.read
        if read is None:
            return "not read back"
        with open(path, "rb") as f:
            output = f.read()
        try:
            truth = read(output, table.kinds, peer.has_header)
        except ValueError as e:
            return str(e)
        return self.truths[table.name].differences(truth, table.names)

    def run(self, contestants):
        """All rounds: lists of figures with what they are of."""
        for table in self.tables:
            for database in self.databases:
                yield self.contest(contestants, database, table)

    def contest(self, contestants, database, table):
        """One table of one database."""
        found = {p.name: {"peer": p.name if not p.native else database.client,
                          "native": p.native, "database": database.name,
                          "table": table.name, "rows": table.rows, "runs": []}
                 for p in contestants}
        for _ in range(self.options.rounds):
            for peer in contestants:
                mine = found[peer.name]
                if "failed" in mine:
                    continue
                given = peer.stdin(database, table.sql) if peer.stdin else ""
                run, path = self.measure(peer.command(database, table.sql),
                                         given)
                mine["runs"].append(run)
                if run["status"] != 0:
                    mine["failed"] = run.get("error", "")
                elif "verdict" not in mine:
                    mine["verdict"] = self.judge(peer, database, table, path)
                os.unlink(path)
        print("%s, %s" % (table.name, database.name), file=sys.stderr)
        return list(found.values())

    def serve(self):
        """Say where the databases are, and wait for the end of input."""
        for database in self.databases:
            print("%s\n  %s\n  %s" % (database.name, database.plain,
                                      database.connection), flush=True)
        sys.stdin.read()


def machine():
    """The machine in a line."""
    model = "unknown processor"
    try:
        with open("/proc/cpuinfo") as f:
            model = next(line.split(":")[1].strip() for line in f
                         if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return "%s, %d processors, Linux %s" % (
        model, os.cpu_count(), platform.release().split("-")[0])


def medians(results):
    """Medians, and the ratios to the drain within each round."""
    drains = {(r["table"], r["database"]): r["runs"] for r in results
              if r["peer"] == "drain"}
    for r in results:
        for key in ("cpu", "wall", "peak_kib", "bytes"):
            r[key] = statistics.median(run[key] for run in r["runs"])
        drain = drains.get((r["table"], r["database"]), [])
        for key in ("cpu", "wall"):
            ratios = [mine[key] / its[key] for mine, its in
                      zip(r["runs"], drain) if its[key] > 0]
            r[key + "_ratio"] = statistics.median(ratios) if ratios else None
    return results


def write_report(directory, report):
    """What there is so far."""
    os.makedirs(directory, exist_ok=True)
    for name, text in (("results.json", json.dumps(report, indent=1)),
                       ("results.md", show.tables(report)),
                       ("results.svg", show.plot(report))):
        with open(os.path.join(directory, name), "w") as f:
            f.write(text)


def options(words=None):
    """The command line, or these words."""
    p = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], epilog="Run it in the build "
        "directory, after `make check TESTS=`.")
    split = str.split
    p.add_argument("--rounds", type=int, default=5, metavar="N",
                   help="rounds (default 5)")
    p.add_argument("--scale", type=float, default=1, metavar="X",
                   help="of the tables' rows (default 1: a million)")
    p.add_argument("--tables", type=split, default=["narrow", "wide", "big"],
                   help="default 'narrow wide big'")
    p.add_argument("--databases", type=split,
                   default=["sqlite", "postgres", "mariadb"],
                   help="default 'sqlite postgres mariadb'")
    p.add_argument("--peers", type=lambda s: s.split(","), metavar="NAMES",
                   help="with commas between; default all that are installed")
    p.add_argument("--output", default="bench-results", metavar="DIR",
                   help="default bench-results")
    p.add_argument("--serve", action="store_true", help="load the databases, "
                   "say where they are, wait for the end of standard input")
    return p.parse_args(words)


def main():
    # A server must end, and its data go, however this ends.
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(143))
    given = options()
    contestants = [p for p in peers.PEERS
                   if (given.peers is None or p.name in given.peers)]
    missing = [p.name for p in contestants if not p.is_there()]
    contestants = [p for p in contestants if p.name not in missing]
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="odbcship-bench-",
                                     dir=memory) as directory:
        bench = Bench(given, directory)
        bench.prepare()
        if given.serve:
            bench.serve()
            return
        report = {"machine": machine(), "rounds": given.rounds,
                  "scale": given.scale, "missing": missing, "results": []}
        results = report["results"]
        for found in bench.run(contestants):
            results += medians(found)
            write_report(given.output, report)
    print(show.tables(report))
    wrong = [r for r in results if r["peer"] == "odbcship" and
             (r.get("verdict") or "failed" in r)]
    if wrong:
        sys.exit("odbcship is wrong: %s" % wrong)


if __name__ == "__main__":
    main()
