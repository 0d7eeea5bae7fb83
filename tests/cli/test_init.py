#!/usr/bin/env python3
"""odbcship init: specs from options and from scripts, and their schedule."""

import glob
import os
import re
import shlex
import shutil
import stat

from cli import CliCase, TESTS, main, program

NOBODY = 65534
SRCDIR = os.environ.get("SRCDIR") or os.path.dirname(TESTS)


def read_cases(path):
    """The cases of a file: (title, {part: (head, text)})."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for case in re.split(r"^=== ", text, flags=re.M)[1:]:
        title, _, rest = case.partition("\n")
        parts = {}
        for part in re.split(r"^--- ", rest, flags=re.M)[1:]:
            head, _, body = part.partition("\n")
            name, _, words = head.partition(" ")
            parts[name] = (words, body)
        yield title, parts


def lines_of(parts, name):
    """The lines of a part, without empty ones."""
    return [line for line in parts.get(name, ("", ""))[1].splitlines() if line]


def read(*names):
    """The text of a file."""
    with open(os.path.join(*names), encoding="utf-8") as f:
        return f.read()


class Imported(CliCase):
    """tests/cases/import."""

    def test_cases(self):
        """each script becomes the settings, SQL, secrets and notes it should"""
        n = 0
        for path in sorted(glob.glob(os.path.join(
                SRCDIR, "tests", "cases", "import", "*.cases"))):
            for title, parts in read_cases(path):
                n += 1
                with self.subTest(case=title):
                    self.check(n, parts)
        self.assertGreaterEqual(n, 12)

    def check(self, number, parts):
        home = os.path.join(self.home.path, "case%d" % number)
        jobs = os.path.join(home, "jobs.d")
        os.makedirs(jobs)
        self.home.write(os.path.join(home, "odbcship.cfg"), "")
        script = self.home.write(os.path.join(home, "export.sh"),
                                 parts["script"][1])
        if "file" in parts:
            self.home.write(os.path.join(home, parts["file"][0]),
                            parts["file"][1])
        config = ["--config", os.path.join(home, "odbcship.cfg")]
        made = self.home.run(
            "init", "job", "--from-script", script, *config,
            *shlex.split(parts.get("options", ("", ""))[0]), expect=None)
        secrets = dict(line.split(" ", 1)
                       for line in lines_of(parts, "secrets"))
        self.check_files(jobs, parts["sql"][1].rstrip("\n"), secrets)
        for secret in secrets.values():
            self.assertNotIn(secret, made.stdout + made.stderr)
        wanted = [line.replace("@HERE@", self.home.path)
                  .replace("{UNKNOWN}", "{{UNKNOWN}")
                  for line in lines_of(parts, "settings")]
        # A job with {UNKNOWN} in it cannot even be shown.
        self.home.write(os.path.join(jobs, "job.cfg"), read(
            jobs, "job.cfg").replace("{UNKNOWN}", "{{UNKNOWN}"))
        self.assertEqual(
            [re.sub(r" +# \S+:\d+$", "", line) for line in self.home.run(
                "show", "job", *config).stdout.splitlines()
             if not line.startswith("notify.")], wanted)
        self.check_notes(made, lines_of(parts, "notes"))
        for schedule in lines_of(parts, "schedule"):
            self.assertIn("\n    %s  " % schedule, made.stdout)
        # Not every odbcship has SFTP.
        if "status" in parts or "sftp://" not in "".join(wanted):
            self.assertEqual(made.status, int(
                parts.get("status", ("0", ""))[0]), str(made))

    def check_files(self, jobs, sql, secrets):
        self.assertEqual(read(jobs, "job.sql").rstrip("\n"), sql)
        self.assertEqual({n for n in os.listdir(jobs)
                          if n.endswith(".secret")}, set(secrets))
        for name, secret in secrets.items():
            self.assertEqual(read(jobs, name), secret + "\n")
            self.assertEqual(stat.S_IMODE(
                os.stat(os.path.join(jobs, name)).st_mode), 0o600)
            self.assertNotIn(secret, read(jobs, "job.cfg"))

    def check_notes(self, made, wanted):
        told = re.search(r"\nWhat to look at:\n((?:    .*\n)*)", made.stdout)
        lines = [re.sub(r"^    line (\d+): ", r"\1: ", line).strip()
                 for line in (told.group(1) if told else "").splitlines()]
        # One depends on this host's sendmail.
        lines = [line if re.match(r"\d+: ", line) else "0: " + line
                 for line in lines if "/usr/sbin/sendmail" not in line]
        self.assertEqual(len(lines), len(wanted), lines)
        for line, want in zip(lines, wanted):
            number, _, part = want.partition(": ")
            self.assertTrue(line.startswith(number + ": ") and part in line,
                            "%r in %r" % (want, lines))


class Init(CliCase):
    """From options."""

    def test_options(self):
        """a spec from options runs as it is"""
        self.home.write(os.path.join(self.home.path, "q.sql"),
                        "SELECT id FROM item ORDER BY id;\n")
        made = self.home.run(
            "init", "items", "--dsn", "shop", "--sql", "q.sql", "--url",
            self.url, "--file", "items-{date:%Y}.csv", "--owner", "me@x.org",
            "--description", 'All "items"', "--schedule", "30 5 * * 1-5",
            "--mail", "ops@x.org")
        self.assertIn("\n    30 5 * * 1-5  ", made.stdout)
        self.assertIn("\n    MAILTO=ops@x.org\n", made.stdout)
        self.assertIn("\n    OnCalendar=Mon..Fri *-*-* 05:30:00\n",
                      made.stdout)
        self.assertNotIn("%", made.stdout.partition("In a crontab")[2])
        self.home.run("run", "items", "--date", "2026-11-24")
        with open(os.path.join(self.out, "items-2026.csv"), "rb") as f:
            self.assertEqual(f.read(), b"id\r\n1\r\n2\r\n")
        self.assertIn('description = "All \\"items\\""',
                      read(self.home.jobs, "items.cfg"))

    def test_mail(self):
        """who is told by which server; to say only one of them helps nobody"""
        made = self.home.run("init", "a", "--dsn", "shop", "--mail", "m@x.org",
                             "--smtp", "smtp://mail.x.org:587")
        self.assertNotIn("sendmail", made.stdout)
        shown = self.home.run("show", "a").stdout
        self.assertIn('notify.mail.mail.to = ( "m@x.org" )', shown)
        self.assertIn('notify.mail.mail.url = "smtp://mail.x.org:587"', shown)
        made = self.home.run("init", "b", "--dsn", "shop", "--mail", "m@x.org")
        told = 'notify.mail.sendmail.to = ( "m@x.org" )' in self.home.run(
            "show", "b").stdout
        self.assertEqual(told, os.access("/usr/sbin/sendmail", os.X_OK))
        self.assertEqual(told, "this host has no /usr/sbin/sendmail" not in
                         made.stdout)
        self.assert_message(self.home.run(
            "init", "c", "--dsn", "shop", "--smtp", "smtp://x", expect=64),
            "--smtp without --mail")

    def test_place(self):
        """in an empty home, and where only root may write"""
        home, who = self.home.env["HOME"], {}
        self.home.plain = True      # an instrument's log is another user's
        here = os.path.join(self.home.path, "odbcship")
        shutil.copy(program(plain=True)[-1], here)  # and so may the tree be
        if os.geteuid() == 0:       # who may write everywhere
            who["user"] = NOBODY
            os.chmod(self.home.path, 0o711)
            os.chown(home, NOBODY, NOBODY)
        os.chmod(self.home.jobs, 0o555)
        env = {"ODBCSHIP_CONFIG": None, "ODBCSHIP_STATE": None}
        def init(**more):
            return self.home.finish(self.home.start(
                "init", "first", "--dsn", "shop", env=dict(env, **more),
                cwd=home, executable=here, **who))
        made = init()
        self.assertIn("wrote ", made.stdout)
        refused = init(ODBCSHIP_CONFIG=self.home.config)
        self.assertEqual(refused.status, 74)
        self.assert_message(refused, "no job can be written to '%s'" %
                            self.home.jobs, "mkdir -p ~/.config/odbcship")
        self.assertEqual(os.listdir(self.home.jobs), [])

    def test_default(self):
        """the DSN alone is enough for something that runs"""
        self.home.run("init", "first", "--dsn", "shop")
        self.home.run("run", "first")
        self.assertEqual(len(os.listdir(os.path.join(
            self.home.path, "first-out"))), 1)

    def test_never_over(self):
        """what is there is never overwritten, and then nothing is written"""
        self.home.sql("mine.sql", "SELECT 'mine';")
        result = self.home.run("init", "mine", "--dsn", "shop", expect=64)
        self.assert_message(result, "mine.sql' is there already")
        self.assertEqual(os.listdir(self.home.jobs), ["mine.sql"])
        self.assertEqual(read(self.home.jobs, "mine.sql"), "SELECT 'mine';")

    def test_refused(self):
        """no name, a bad one, no database, a password in the URL"""
        for arguments, text in (
                ([], "what is the job's name"),
                (["a/b", "--dsn", "shop"], "cannot be the name"),
                (["x"], "which database"),
                (["x", "--dsn", "s", "--url", "ftp://me:pw12@h/"],
                 "has a password in it")):
            with self.subTest(arguments=arguments):
                result = self.home.run("init", *arguments, expect=64)
                self.assert_message(result, text)
                self.assertNotIn("pw12", result.stderr)
        self.assertEqual(os.listdir(self.home.jobs), [])

    def test_wrong(self):
        """what is written is checked as `check` does"""
        result = self.home.run("init", "x", "--dsn", "shop", "--file", "a/b",
                               expect=78)
        self.assertIn("x.cfg:", result.stderr)
        self.assertIn("wrote ", result.stdout)

    def test_secret(self):
        """a user without a password: which file is to be written, and how"""
        made = self.home.run("init", "x", "--dsn", "shop", "--url",
                             "ftp://acme@ftp.example.com/in")
        self.assertIn("(umask 077; cat > %s)" % os.path.join(
            self.home.jobs, "x-partner.secret"), made.stdout)
        self.assertIn('user     = "acme";', read(self.home.jobs, "x.cfg"))

    def test_environments(self):
        """each environment is right, and the others ship elsewhere"""
        made = self.home.run("init", "x", "--dsn", "shop", "--url", self.url,
                             "--env", "prod", "--env", "dev", "--env",
                             "test=other")
        self.assertIn("run x --env prod\n", made.stdout)
        self.home.run("check", "x", "--env", "prod")
        shown = self.home.run("show", "x", "--env", "dev").stdout
        self.assertIn('source.dsn = "shop_dev"', shown)
        self.assertIn('url = "file:///tmp/odbcship-dev/"', shown)
        self.assertIn('source.dsn = "other"', self.home.run(
            "show", "x", "--env", "test").stdout)

    def test_schedules(self):
        """what cron means, systemd is told; a whole line; no such schedule"""
        for number, (schedule, wanted) in enumerate((
                ("*/15 * * * *", ["*-*-* *:00/15:00"]),
                ("0 0,12 1 */2 *", ["*-01/2-01 00,12:00:00"]),
                ("5 4 * * sun", ["Sun *-*-* 04:05:00"]),
                ("0 22 * * 1-5", ["Mon..Fri *-*-* 22:00:00"]),
                ("23 0-16/4 * * *", ["*-*-* 00,04,08,12,16:23:00"]),
                ("30 4 1,15 * 5", ["*-*-01,15 04:30:00",
                                   "Fri *-*-* 04:30:00"]),
                ("0 6 * * 6,7", ["Sat,Sun *-*-* 06:00:00"]),
                ("10 3 * jan-mar 0-2", ["Mon,Tue,Sun *-01..03-* 03:10:00"]),
                ("@daily", ["*-*-* 00:00:00"]),
                ("0 5 * * 1 /home/me/x.sh $(date +%F)",
                 ["Mon *-*-* 05:00:00"]))):
            with self.subTest(schedule=schedule):
                made = self.home.run("init", "s%d" % number, "--dsn", "shop",
                                     "--schedule", schedule)
                self.assertEqual(re.findall(r"OnCalendar=(.+)", made.stdout),
                                 wanted)
        self.assertIn("has a % in it", made.stdout)
        made = self.home.run("init", "never", "--dsn", "shop", "--schedule",
                             "61 5 * * *", expect=None)
        self.assertIn("no such schedule: '61' is no minute", made.stdout)

    def test_no_sql(self):
        """a script without SQL, one that is none, one that is not there"""
        for text, status, said in (("echo hello\n", 78, "no SQL"),
                                   ("psql -c 'SELECT 1\n", 78,
                                    "a quote does not end")):
            script = self.home.write(os.path.join(self.home.path, "s.sh"),
                                     text)
            result = self.home.run("init", "x", "--from-script", script,
                                   expect=status)
            self.assert_message(result, said)
        self.home.run("init", "x", "--from-script", "nowhere.sh", expect=74)
        self.assertEqual(os.listdir(self.home.jobs), [])


main()
