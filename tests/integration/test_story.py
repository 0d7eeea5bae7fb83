#!/usr/bin/python3
"""Nine days of a job, as those around it live them; all tell the same story.

The upstream is late, the count drops by 60 % and somebody looks and lets it
pass, two runs begin at once, the partner is down for three runs and comes back.
What is expected stands in STORY, written by hand. Mails (a real SMTP server),
history, status, report, metrics, the ledger and the partner's directory are
each read on their own, and must say that: the same runs, states, counts and
hashes.
"""

import datetime
import email
import email.policy
import hashlib
import html
import json
import os
import re
import sqlite3
import sys
from collections import namedtuple

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "integration"), TESTS]

from harness import Case, main
from servers.mail import Mail
from servers.pyftpd import Pyftpd

# What somebody started, and which recorded run it came to: its logical day;
# rows of its file; how it ended; who was mailed what; which days have arrived
# at the partner by it; then what status says: state, failures in a row.
Event = namedtuple("Event", "run day rows state status mail brings standing "
                            "failures")
STORY = (
    Event(1, 1, 10, "shipped", 0, None, (1,), "ok", 0),
    Event(2, 2, 12, "shipped", 0, None, (2,), "ok", 0),
    Event(3, 3, 8, "shipped", 0, None, (3,), "ok", 0),
    # The upstream is late; an hour later it is there.
    Event(4, 4, 0, "failed", 75, "failed", (), "failed", 1),
    Event(5, 4, 10, "shipped", 0, "works again", (4,), "ok", 0),
    # 4 rows where the median of 10, 12, 8, 10 is 10.
    Event(6, 5, 4, "held", 65, "failed", (), "held", 1),
    Event(7, 6, 11, "shipped", 0, "works again", (6,), "open", 0),
    # Two at once: the first waits for its gate, the second gives way.
    Event(8, 7, 9, "shipped", 0, None, (7,), "open", 0),
    Event(9, 7, 0, "skipped", 75, None, (), "open", 0),
    # Somebody has looked at day 5: it was a quiet day.
    Event(6, 5, 4, "shipped", 0, None, (5,), "ok", 0),
    # The partner is down for three runs, of which two make a file, and back.
    Event(10, 8, 10, "failed", 75, "failed", (), "failed", 1),
    Event(10, 8, 10, "failed", 75, None, (), "failed", 1),
    Event(11, 9, 13, "failed", 75, None, (), "failed", 2),
    Event(10, 8, 10, "shipped", 0, "works again", (8, 9), "ok", 0),
)
# How each run ended at last, in the order of their numbers.
ENDED = ("shipped", "shipped", "shipped", "failed", "shipped", "shipped",
         "shipped", "shipped", "skipped", "shipped", "shipped")
DAYS = 9
ROWS = {event.day: event.rows for event in STORY if event.rows}
RUNS = {event.run: event for event in STORY}
WHY = {     # what the mails of failures say
    4: "gate 'the load' did not hold",
    6: "check 'max_change' expects at most 50 % off 10 rows, the median of the "
       "last 4 shipped runs and sees 4 rows, -60.0 %",
    10: "target 'partner': cannot open 'ftp://localhost:",
}
TOLD = {    # and what history still says of these runs, at the end
    4: ("gate 'the load' did not hold",),
    6: ("at most 50 % off 10 rows", "sent it, despite check 'max_change'"),
    10: ("cannot open 'ftp://localhost:",),
    11: ("by the run for ",),
}

JOB = """
description = "Orders of the day";
owner       = "data-team@example.com";
runbook     = "https://wiki.example.com/orders";
timezone    = "UTC";
schedule    = { cron = "0 0 * * *"; grace = "24h"; };
source: {
  dsn = "shop";
  statements = ( "CREATE TEMP TABLE due AS "
                 "SELECT id, day FROM orders WHERE day = :day",
                 "SELECT id, day FROM due ORDER BY id" );
  params = { day = "{date:%%Y-%%m-%%d}"; };
};
file:  { name = "orders-{date:%%Y%%m%%d}.csv"; };
gates  = ( { name = "the load"; equals = "1"; timeout = "0"; every = "1s";
  sql = "SELECT count(*) FROM etl WHERE day = :day AND state = 'done'"; } );
checks: { max_change = 50; };
targets = ( { name = "partner"; url = "%s"; tls = "none"; retries = 0;
  user = "acme"; password = { file = "partner.secret"; }; } );
notify = ( { name = "team"; mail = { to = ( "data-team@example.com" );
  from = "odbcship@example.com"; url = "%s"; tls = "none"; }; } );
metrics = { directory = "%s"; };
"""


class Story(Case):
    def setUp(self):
        super().setUp()
        self.database = self.home.sqlite(
            "shop", "CREATE TABLE orders (id INTEGER, day TEXT);"
            "CREATE TABLE etl (day TEXT, state TEXT);")
        self.figures = self.home._dir("figures")
        self.partner = Pyftpd(self.home.path)
        self.post = Mail(self.home.path)
        for server in (self.partner, self.post):
            server.start()
            self.addCleanup(server.stop)
        self.home.secret("partner.secret", self.partner.password + "\n")
        self.home.job("orders", JOB % (self.partner.url(), self.post.url(),
                                       self.figures))
        self.today = datetime.datetime.now(datetime.timezone.utc).date()
        self.said = 0       # events that are behind us

    # What is known without the program.

    def date(self, day):
        """The last day of the story is today."""
        return str(self.today - datetime.timedelta(days=DAYS - day))

    def content(self, day):
        return ("id,day\r\n" + "".join(
            "%d,%s\r\n" % (1000 * day + n, self.date(day))
            for n in range(ROWS[day]))).encode()

    def sha256(self, day):
        return hashlib.sha256(self.content(day)).hexdigest()

    def file(self, day):
        return "orders-%s.csv" % self.date(day).replace("-", "")

    # What happens.

    def execute(self, sql, *rows):
        with sqlite3.connect(self.database, timeout=60) as db:
            db.executemany(sql, rows)
        db.close()

    def orders(self, day):
        self.execute("INSERT INTO orders VALUES (?, ?)", *(
            (1000 * day + n, self.date(day)) for n in range(ROWS[day])))

    def load(self, day):
        self.execute("INSERT INTO etl VALUES (?, 'done')", (self.date(day),))

    def run_on(self, day, status, *options):
        """A run, of which nothing is heard when it went well."""
        result = self.home.run("run", "orders", "--date", self.date(day),
                               *options, expect=status)
        if status == 0:
            self.assert_silent(result)
        else:
            self.assert_message(result, "nothing was shipped")
        return result

    def next(self):
        """A run has ended: everybody knows."""
        self.said += 1
        expected = STORY[self.said - 1]
        with self.subTest(run=self.said):
            self.assertEqual(self.mailed(), [
                (event.run, event.mail) for event in STORY[:self.said]
                if event.mail])
            status = self.status()
            self.assertEqual((status["state"], status["failures"]),
                             (expected.standing, expected.failures))
            if expected.run == max(e.run for e in STORY[:self.said]):
                self.assertEqual(
                    (status["last"]["run"], status["last"]["state"],
                     status["last"]["status"], status["last"]["date"],
                     status["last"]["rows"]),
                    (expected.run, expected.state, expected.status,
                     self.date(expected.day), expected.rows))
            figures = self.metrics()
            self.assertEqual(
                (figures["last_run_exit_code"], figures["rows"],
                 figures["failures_since_success"]),
                (expected.status, expected.rows, expected.failures))
            self.assertEqual(self.partner.files(), self.arrived())

    def arrived(self):
        return sorted(self.file(day) for event in STORY[:self.said]
                      for day in event.brings)

    def tell(self):
        """The days, one after the other."""
        for day in (1, 2, 3):
            self.orders(day)
            self.load(day)
            self.run_on(day, 0)
            self.next()
        self.orders(4)
        result = self.run_on(4, 75)
        self.assertIn("it wants 1, and the last value was 0 ", result.stderr)
        self.next()
        self.load(4)
        self.run_on(4, 0)
        self.next()
        self.orders(5)
        self.load(5)
        result = self.run_on(5, 65)
        kept = re.search(r"is kept as run 6: (\S+\.csv)", result.stderr)
        self.next()
        with open(kept.group(1), "rb") as f:
            self.assertEqual(f.read(), self.content(5))
        self.orders(6)
        self.load(6)
        self.run_on(6, 0)
        self.next()
        self.two_at_once()
        self.somebody_looks()
        self.partner_is_down()

    def two_at_once(self):
        self.orders(7)
        process = self.home.start(
            "run", "orders", "--date", self.date(7), "-v",
            "--set", "gates.the load.timeout=1h")
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        heard = b""
        while b"waiting for gate 'the load'" not in heard:
            more = os.read(process.stderr.fileno(), 4096)
            self.assertNotEqual(more, b"", heard)
            heard += more
        second = self.run_on(7, 75)
        self.assertIn("'orders' is running already: process %d (run 8, since "
                      % process.pid, second.stderr)
        status = self.status()
        self.assertEqual((status["state"], status["failures"]), ("running", 0))
        third = self.home.start("run", "orders", "--date", self.date(7),
                                "--wait=1h")
        self.addCleanup(third.wait)
        self.addCleanup(third.kill)
        self.load(7)
        self.home.finish(process, 0)
        self.assert_silent(self.home.finish(third, 0))     # shipped already
        self.said += 2
        status, figures = self.status(), self.metrics()
        self.assertEqual((status["state"], status["failures"],
                          status["last_good_run"]), ("open", 0, 8))
        self.assertEqual((figures["last_run_exit_code"], figures["rows"]),
                         (0, ROWS[7]))

    def somebody_looks(self):
        text = self.home.run("status").stdout
        self.assertIn("1 run is held by a check and nothing was shipped for "
                      "its date, the oldest is run 6", text)
        self.home.run("status", "--late", expect=1)
        result = self.home.run("resend", "6", expect=65)
        self.assert_message(result, "run 6 is held: check 'max_change' (expect"
                                    "ed at most 50 % off 10 rows")
        self.assert_silent(self.home.run("resend", "6", "--despite",
                                         "max_change"))
        self.said += 1
        status = self.status()
        self.assertEqual((status["state"], status["failures"],
                          status["held_dates"]), ("ok", 0, 0))
        self.home.run("status", "--late")
        self.assertEqual(self.partner.files(), self.arrived())

    def partner_is_down(self):
        self.partner.stop()
        for day in (8, 9):
            self.orders(day)
            self.load(day)
        for day in (8, 8, 9):
            self.run_on(day, 75)
            self.next()
        self.partner.start()
        self.run_on(8, 0)
        self.next()
        self.run_on(9, 0)       # shipped already, by the run before

    # What each of them says, in the words of the others.

    def status(self):
        (status,) = json.loads(self.home.run(
            "status", "--json", expect=None).stdout)
        return status

    def metrics(self):
        with open(os.path.join(self.figures, "odbcship_orders.prom"),
                  encoding="utf-8") as f:
            return {name: float(value) for name, value in re.findall(
                r'^odbcship_(\w+)\{job="orders",environment=""\} (\S+)$',
                f.read(), re.M)}

    def mails(self):
        return [email.message_from_bytes(m["data"].encode("latin-1"),
                                         policy=email.policy.default)
                for m in self.post.messages()]

    def mailed(self):
        """Which run was told how."""
        found = []
        for mail in self.mails():
            kind = re.match(r"odbcship: orders (failed|works again|\S+)\b",
                            mail["Subject"]).group(1)
            run = re.search(r"^Run: +(\d+) ", mail.get_content(), re.M)
            found.append((int(run.group(1)), kind))
        return found

    def history(self):
        """By `history --json`: {run: (date, state, status, rows, hash)}."""
        runs = json.loads(self.home.run("history", "orders", "--json",
                                        "--limit", "0").stdout)
        return {run["run"]: (
            run["date"], run["state"], run["status"], run["rows"],
            "".join(file["sha256"] for file in run["files"]))
                for run in runs}

    def history_text(self):
        """By `history`: the same without hashes."""
        lines = re.findall(
            r"^ +(\d+)  \S+Z  orders +(\S+)  (\w+) +(\d+) +([\d,]+) rows",
            self.home.run("history", "--limit", "0").stdout, re.M)
        return {int(run): (date, state, int(status), int(rows))
                for run, date, state, status, rows in lines}

    def recorded(self):
        """By the ledger: the same with hashes."""
        return {row["id"]: (row["date"], row["state"], row["status"],
                            row["rows"], row["sha256"] or "")
                for row in self.home.ledger(
                    "SELECT run.*, file.sha256 FROM run LEFT JOIN file "
                    "ON file.run = run.id")}

    def report(self):
        return self.home.run("report", "-o", "-", expect=None).stdout

    # The end.

    def expected(self):
        return {run: (self.date(event.day), state,
                      0 if state == "shipped" else event.status, event.rows,
                      self.sha256(event.day) if event.rows else "")
                for (run, event), state in zip(sorted(RUNS.items()), ENDED)}

    def check_history(self):
        self.assertEqual(self.recorded(), self.expected())
        self.assertEqual(self.history(), self.expected())
        self.assertEqual(self.history_text(), {
            n: run[:4] for n, run in self.expected().items()})
        for n, texts in TOLD.items():
            for text in texts:
                for said in (self.home.run("history", str(n)).stdout,
                             self.home.run("history", str(n),
                                           "--json").stdout):
                    self.assertIn(text.replace("by ", "") if said[0] == "["
                                  else text, said)

    def check_mails(self):
        told = [event for event in STORY if event.mail]
        self.assertEqual(self.mailed(), [(e.run, e.mail) for e in told])
        for mail, run in zip(self.mails(), told):
            text = " ".join(mail.get_content().split())
            for part in ("Logical date: " + self.date(run.day),
                         "Owner: data-team@example.com",
                         "Runbook: https://wiki.example.com/orders"):
                self.assertIn(part, text)
            if run.mail == "failed":
                self.assertIn("Why: " + WHY[run.run], text)
                self.assertIn("Exit status: %d " % run.status, text)
                self.assertIn("odbcship run orders --date " +
                              self.date(run.day), text)
                self.assertIn("nothing was shipped", text)
            else:
                self.assertIn("File: %s Rows: %d " % (
                    self.file(run.day), run.rows), text)
        self.assertEqual(
            [re.search(r"\((\d failed runs?)\)", mail["Subject"]).group(1)
             for mail in self.mails() if "works again" in mail["Subject"]],
            ["1 failed run", "1 failed run", "3 failed runs"])

    def check_partner(self):
        """Each file once, whole."""
        days = range(1, DAYS + 1)
        self.assertEqual(self.partner.files(), sorted(map(self.file, days)))
        for day in days:
            with open(os.path.join(self.partner.root, "incoming",
                                   self.file(day)), "rb") as f:
                self.assertEqual(f.read(), self.content(day))
        with open(self.partner.received, encoding="utf-8") as f:
            sent = f.read().count("STOR")
        self.assertEqual(sent, len(days))

    def check_report(self):
        """The strip of marks, what was shipped last, the last failure."""
        page = self.report()
        strip = re.search(r'aria-label="The last 11 runs, oldest first: (.*?); '
                          r'the last one ended well">(.*?)</svg>', page)
        self.assertEqual(strip.group(1), "9 ended well, 1 failed, 1 neither")
        kinds = {"shipped": "g", "failed": "b", "skipped": "o"}
        marks = {}
        for kind, path in re.findall(r"<path class=(\w) d=\"([^\"]*)\"",
                                     strip.group(2)):
            for x, y in re.findall(r"M(\d+) (\d+)", path):
                marks[int(x) // 6] = kind
        self.assertEqual([marks[n] for n in sorted(marks)],
                         [kinds[state] for state in ENDED])
        shipped = re.findall(
            r"<li>Run (\d+), .*? UTC, (\d+) rows<br><strong>(\S+)</strong> .*?"
            r"SHA-256 <code>(\w+)</code>", page)
        self.assertGreaterEqual(len(shipped), 3)
        wanted = []
        numbers = [n for n, state in enumerate(ENDED, 1) if state == "shipped"]
        for n in sorted(numbers, reverse=True)[:len(shipped)]:
            run = RUNS[n]
            wanted.append((str(n), str(run.rows), self.file(run.day),
                           self.sha256(run.day)))
        self.assertEqual(shipped, wanted)
        text = html.unescape(page)
        # What is shipped by now has not failed.
        self.assertIn("Last failure: run 4 for %s." % self.date(4), text)
        self.assertIn(WHY[4], text)

    def check_status(self):
        status, figures = self.status(), self.metrics()
        last = self.recorded()[len(ENDED)]
        self.assertEqual(
            (status["last"]["run"], status["last_good_run"], status["failures"],
             status["failing_since"], status["last"]["rows"], status["late"]),
            (len(ENDED), len(ENDED), 0, None, last[3], False))
        # Figures are those of the last start that had something to do.
        self.assertEqual(figures["rows"], STORY[-1].rows)
        self.assertEqual(figures["bytes"], len(self.content(STORY[-1].day)))
        line = re.search(r"^orders +ok +.* %s +13 " % self.date(9),
                         self.home.run("status").stdout, re.M)
        self.assertIsNotNone(line)

    def test_days(self):
        """mails, history, status, report, metrics and partner agree"""
        self.tell()
        self.assertEqual(self.said, len(STORY))
        self.check_history()
        self.check_mails()
        self.check_partner()
        self.check_report()
        self.check_status()


if __name__ == "__main__":
    main()
