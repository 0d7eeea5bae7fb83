"""What the tests of report share: a ledger full of runs, and colours."""

import os
import re
import sqlite3
import time

from cli import CliCase, source, target

__all__ = ["HOSTILE", "ReportCase", "contrast", "styles"]

HOSTILE = ("</title></style></script><script>alert(1)</script>"
           "\" onload='alert(1)' <img src=x onerror=alert(1)> <b>&amp; ‮x")
DAY = 86400


class ReportCase(CliCase):
    """A home whose ledger is filled with runs that never were."""

    def spec(self, job):
        return (source(dsn="shop", sql="SELECT 1 AS a") +
                'file: { name = "%s.csv"; };\n' % job + target(self.url) +
                'timezone = "UTC";\n')

    @staticmethod
    def sha256(job, run):
        """That of the file of a run."""
        return "%064x" % (job * 1000 + run)

    def change(self, sql, *values):
        """Change the ledger."""
        with sqlite3.connect(os.path.join(self.home.state, "ledger.db")) as db:
            db.execute(sql, values)
        db.close()

    def fill(self, jobs, runs, fail=lambda job, run: False,
             rows=lambda job, run: 1000 + job,
             seconds=lambda job, run: 12,
             text="cannot connect: the server 'x' does not answer"):
        """Jobs job-000... with daily runs, the last one today."""
        for job in range(jobs):
            self.home.job("job-%03d" % job, self.spec("job-%03d" % job) +
                          'description = "Orders of shop %d for the partner";\n'
                          % job)
        self.put("first")
        self.home.run("run", "first")   # makes the ledger
        os.unlink(os.path.join(self.home.jobs, "first.cfg"))
        db = sqlite3.connect(os.path.join(self.home.state, "ledger.db"))
        with db:
            db.execute("DELETE FROM delivery")
            db.execute("DELETE FROM file")
            db.execute("DELETE FROM statement")
            for table in ("run_environment",):
                if db.execute("SELECT 1 FROM sqlite_master WHERE name = ?",
                              (table,)).fetchone():
                    db.execute("DELETE FROM " + table)
            db.execute("DELETE FROM run")
            for run in range(runs):
                for job in range(jobs):
                    self._run(db, job, jobs, run, runs, fail(job, run),
                              rows(job, run), seconds(job, run), text)
        db.close()

    def _run(self, db, job, jobs, run, runs, failed, rows, seconds, text):
        number = run * jobs + job + 1
        name = "job-%03d" % job
        began = int(time.time() - 3600 - (runs - 1 - run) * DAY)
        date = time.strftime("%Y-%m-%d", time.gmtime(began))
        db.execute(
            "INSERT INTO run (id, job, environment, date, shard, state, status,"
            " began_ms, ended_ms, rows, bytes, class, message, hint, sqlstate,"
            " native, dsn, dbms, driver, user, host, version, pid, forced)"
            " VALUES (?, ?, '', ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 'shop',"
            " 'SQLite', 'x', 'me', 'here', '1', 1, 0)",
            (number, name, date, "failed" if failed else "shipped",
             75 if failed else 0, began * 1000,
             (began + seconds) * 1000, 0 if failed else rows, rows * 20,
             "not-now" if failed else "", text if failed else "",
             "Look at " + text if failed else ""))
        if failed:
            return
        file = "%s-%03d.csv" % (name, run)
        cursor = db.execute(
            "INSERT INTO file (run, name, path, rows, bytes, sha256, columns)"
            " VALUES (?, ?, ?, ?, ?, ?, '[]')",
            (number, file, "/spool/" + file, rows, rows * 20,
             self.sha256(job, run)))
        db.execute(
            "INSERT INTO delivery (file, target, url, name, state, stage, reply,"
            " tls, verified, began_ms, bytes, elapsed_ms, class, message, hint)"
            " VALUES (?, 'out', ?, ?, 'delivered', 'verified', '', '', 'size',"
            " 0, ?, 5, '', '', '')",
            (cursor.lastrowid, "ftp://partner.example/in/" + file, file,
             rows * 20))


def styles(page):
    """The variables of a page: {theme: {name: (r, g, b)}}."""
    style = re.search(r"<style>(.*)</style>", page, re.DOTALL).group(1)
    themes = {}
    for media, block in re.findall(
            r"(@media[^{]*\{)?:root\{([^}]*)\}", style):
        name = ("dark" if "dark" in media else
                "print" if "print" in media else "light")
        themes[name] = {
            key: tuple(int(value[i:i + 2], 16) for i in (0, 2, 4))
            for key, value in re.findall(r"--(\w+):#([0-9a-f]{6})", block)}
    return themes


def _luminance(colour):
    parts = [c / 255 for c in colour]
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
             for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    """WCAG 2.1: from 1 to 21."""
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)
