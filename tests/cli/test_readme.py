#!/usr/bin/python3
"""The README, word for word: a new user's home, its files, its commands.

A block is written to a file when the sentence before it says "Write this to
`FILE`:". A `console` block is run, line after line, and must print what it
shows; dates, durations and versions may be others. /home/me is the home of
the test, ftp.partner.example its FTPS server, mail.example.com its mail server;
crontab is a script, and what stands in it in the end is run as cron does. The
other blocks are for root, or are pieces; what they say of odbcship must exist.
"""

import os
import re
import shlex
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
sys.path.insert(1, os.path.join(sys.path[0], "integration"))

from harness import RUN_SECONDS, Case, main, program     # noqa: E402
from servers.certs import Certs                          # noqa: E402
from servers.mail import Mail                            # noqa: E402
from servers.pyftpd import Pyftpd                        # noqa: E402

SRCDIR = os.environ.get("SRCDIR") or os.path.join(sys.path[0], "..")
BLOCK = re.compile(r"(?:[Ww]rite\s+this\s+to\s+`(?P<file>[^`]+)`:\n\n)?"
                   r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
PARTNER = 'url  = "ftp://ftp.partner.example/incoming/";'
CRONTAB = """#!/bin/sh
case $1 in -l) cat %(path)s ;; -) cat >%(path)s.new; mv %(path)s.new %(path)s ;;
esac
"""
VARIABLE = (        # what differs from run to run
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
    (r"(?<=[- ])20\d\d-?\d\d-?\d\d\b", "DATE"),
    (r"\b\d+\.\d+ s\b", "DURATION"),
    (r"\b\d+\.\d+(\.\d+)+\b|\bso \d+\.\d+\b", "VERSION"),
    (r"localhost:\d+", "localhost:PORT"),
    (r" +# ", " # "),
    (r"TLSv1\.[23] [\w-]+", "TLS"),
)
PASSWORD = "correct horse battery"


def readme():
    with open(os.path.join(SRCDIR, "README.md"), encoding="utf-8") as f:
        return f.read()


def normal(text):
    for pattern, word in VARIABLE:
        text = re.sub(pattern, word, text)
    return text


def commands(text):
    """Of a console block: pairs of command and what it prints."""
    for piece in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, printed = piece.partition("\n")
        while command.endswith("\\"):
            more, _, printed = printed.partition("\n")
            command = command[:-1] + more.lstrip("> ")
        yield command, printed


class Readme(Case):
    def setUp(self):
        super().setUp()
        self.me = self.home.env["HOME"]
        bin_ = os.path.join(self.home.path, "bin")
        os.mkdir(bin_)
        self.put_program(bin_)
        # Root has another main file and state than everybody else, and the
        # driver manager looks up the home by the user, not by HOME.
        self.env = self.home.environment({
            "PATH": bin_ + ":/usr/bin:/bin", "ODBCSYSINI": None,
            "ODBCINI": self.me + "/.odbc.ini",
            "ODBCSHIP_CONFIG": self.me + "/.config/odbcship/odbcship.cfg",
            "ODBCSHIP_STATE": self.me + "/.local/state/odbcship"})
        self.crontab = self.home.write(
            os.path.join(self.home.path, "crontab"),
            "MAILTO=me\n30 5 * * 1-5  %s/export.sh >/dev/null 2>&1\n" % self.me)
        self.home.write(os.path.join(bin_, "crontab"),
                        CRONTAB % {"path": self.crontab}, 0o755)
        os.makedirs(self.me + "/.config/odbcship")
        self.home.write(self.env["ODBCSHIP_CONFIG"], "")

    def put_program(self, directory, plain=False):
        self.home.write(os.path.join(directory, "odbcship"),
                        "#!/bin/sh\nexec %s \"$@\"\n" %
                        " ".join(map(shlex.quote, program(plain))), 0o755)

    def mine(self, text):
        return text.replace("/home/me", self.me)

    def shell(self, command):
        """What it prints, on both outputs, as a terminal shows it."""
        done = subprocess.run(["/bin/sh", "-c", command], env=self.env,
                              cwd=self.me, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=RUN_SECONDS)
        return done.stdout.decode().replace("\r\n", "\n")

    def write_file(self, name, text, server):
        path = os.path.join(self.me, name.replace("~/", ""))
        text = self.mine(text).replace(PARTNER, 'url = "%s"; ca_file = "%s";' %
                                       (server.url(), self.certs.ca))
        text = text.replace("ftp -n ftp.partner.example",
                            "ftp -n localhost %d" % server.port)
        self.home.write(path, text)

    def trust(self):
        """Let what init wrote know whose certificates these servers have."""
        path = os.path.join(self.me, ".config/odbcship/jobs.d/revenue.cfg")
        if not os.path.exists(path):
            return
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.home.write(path, re.sub(
            r'(url += "(?:ftp|smtp)://localhost[^"]*";)(?! ca_file)',
            r'\1 ca_file = "%s";' % self.certs.ca, text))

    def play(self, block, server):
        if block["file"]:
            self.write_file(block["file"], block["text"], server)
        if block["kind"] != "console":
            return 0
        n = 0
        for command, printed in commands(block["text"]):
            found = self.shell(self.mine(command).replace(
                "smtp://mail.example.com:587", self.post.url()))
            self.trust()
            found = found.replace(server.url(""), "ftp://ftp.partner.example/")
            found = found.replace(self.post.url(),
                                  "smtp://mail.example.com:587")
            found = re.sub(r"  /\S+/odbcship run", "  odbcship run", found)
            found = found.replace(self.me, "/home/me")
            found = re.sub(r"targets\.partner\.ca_file = .*\n", "", found)
            self.assertEqual(normal(found), normal(printed), "$ " + command)
            n += 1
        return n

    def test_word_for_word(self):
        """files and commands, in their order, do and print what is shown"""
        self.certs = Certs(self.home.path)
        n = 0
        server = Pyftpd(self.home.path, certificate=self.certs.server)
        server.password = PASSWORD
        self.post = Mail(self.home.path, self.certs.server)
        with server, self.post:
            for block in BLOCK.finditer(readme()):
                n += self.play(block, server)
            self.assertEqual(len(server.files()), 2)
            self.check_cron()
        self.assertGreater(n, 10)

    def check_cron(self):
        """The line of the crontab, as cron runs it; who is told of it."""
        with open(self.crontab, encoding="utf-8") as f:
            line = f.read().splitlines()[1].split(None, 5)
        self.assertEqual(line[:5], ["30", "5", "*", "*", "1-5"])
        os.rename(self.me + "/shop.db", self.me + "/gone.db")
        kept = self.env
        self.env = {"HOME": self.me, "LOGNAME": "me", "SHELL": "/bin/sh",
                    "PATH": kept["PATH"]}
        for name in ("ODBCSHIP_CONFIG", "ODBCSHIP_STATE"):  # the test's own
            self.env[name] = kept[name]
        self.assertIn("revenue: cannot connect", self.shell(line[5]))
        self.assertEqual(
            [re.search("^Subject: (.{30})", mail["data"], re.M).group(1)
             for mail in self.post.messages()],
            ["odbcship: revenue (prod): this", "odbcship: revenue (prod) faile"])

    def test_demo(self):
        """what the demo shows, ./quickstart shows"""
        # valgrind has no 80-bit floats, which SQLite prints its digits with.
        self.put_program(os.path.join(self.home.path, "bin"), plain=True)
        demo = next(block["text"] for block in BLOCK.finditer(readme())
                    if block["text"].startswith("$ ./quickstart\n"))
        lines = normal(demo).splitlines()[1:]
        self.assertLessEqual(len(lines), 25)
        os.mkdir(os.path.join(self.me, "build"))
        found = normal(self.shell("%s -B %s %s build/demo" % (
            sys.executable, os.path.join(SRCDIR, "tests/demo/demo.py"),
            os.path.join(self.home.path, "bin/odbcship")))).splitlines()
        for line in lines:
            if line == "...":
                continue
            self.assertIn(line, found)
            found = found[found.index(line) + 1:]

    def test_exit_statuses(self):
        """the table says what the program says"""
        rows = dict(re.findall(r"^\| (\d+|128\+n) \| (.*) \|$", readme(),
                               re.M))
        help_ = self.home.run("help", "run").stdout.split("exit status:\n")[1]
        found = {status: " ".join(meaning.split()) for status, meaning in
                 re.findall(r"^  (\S+) +(.*(?:\n {9}.*)*)", help_, re.M)}
        self.assertGreater(len(found), 8)
        self.assertEqual(rows, found)

    def test_options(self):
        """every command and option of odbcship that is named exists"""
        used = re.findall(r"\bodbcship ((?:run|query|check|show|list|history|init"
                          r"|status|report|doctor|compare|notify|watch)"
                          r"\b[^|;)`'\n]*)", readme())
        self.assertGreater(len(used), 10)
        for words in map(str.split, used):
            known = self.home.run("help", words[0]).stdout
            for option in words[1:]:
                if option.startswith("-"):
                    self.assertRegex(known, r"[ ]%s[\[=, ]" % re.escape(
                        option.split("=")[0]), " ".join(words))


class Drivers(Case):
    """What drivers.md tells users of SQLite to write."""

    def query(self, sql, *options, expect=0, mode=""):
        path = os.path.join(self.home.path, "shop.db")
        return self.home.run("query", "-d", "Driver=SQLite3;Database=" +
                             (mode % path if mode else path), "-e", sql,
                             *options, expect=expect).stdout.split("\r\n")[1:-1]

    def setUp(self):
        super().setUp()
        self.home.sqlite("shop", "CREATE TABLE t (n INTEGER, x REAL, b BLOB); "
                         "INSERT INTO t VALUES (3, 0.1 + 0.2, x'00ff');")

    def test_sections(self):
        """each driver that is known has its section, and all that is added"""
        with open(os.path.join(SRCDIR, "src/odbc/quirk.c")) as f:
            table = f.read()
        with open(os.path.join(SRCDIR, "drivers.md")) as f:
            page = f.read()
        known = set(re.findall(r"\.section = \"([^\"]+)\"", table))
        found = {heading.lower().replace(" ", "-") for heading in
                 re.findall(r"^## (.*)$", page, re.M)}
        self.assertGreater(len(known), 8)
        self.assertEqual(known - found, set())
        added = re.findall(r"\"(\w+=[^\"]+)\"", table)
        self.assertGreater(len(added), 8)
        self.assertEqual([pair for pair in added
                          if "`%s`" % pair not in page], [])

    def test_digits(self):
        """floats have all digits, wrapped or by printf('%#!.17g')"""
        self.assertEqual(self.query("SELECT x FROM t"),
                         ["0.30000000000000004"])
        self.assertEqual(self.query("SELECT printf('%#!.17g', x) AS x FROM t",
                                    "--set", "source.wrap=false"),
                         ["0.30000000000000004"])
        self.query("SELECT x FROM t", "--set", "source.wrap=false", expect=65)

    def test_nul(self):
        """a text with a NUL ends the run; hex() has it"""
        self.query("SELECT 'a' || char(0) || 'b' AS t", expect=65)
        self.assertEqual(self.query("SELECT hex('a' || char(0) || 'b') AS t"),
                         ["610062"])

    def test_read_only(self):
        """mode=ro takes temporary tables and changes nothing else"""
        ro = "file:%s?mode=ro"
        self.assertEqual(self.query("CREATE TEMP TABLE u AS SELECT n FROM t; "
                                    "SELECT n FROM u", mode=ro), ["3"])
        self.query("DELETE FROM t; SELECT 1", mode=ro, expect=69)
        self.assertEqual(self.query("SELECT count(*) AS n FROM t"), ["1"])

    def test_no_database(self):
        """a misspelt path makes no database"""
        self.query("SELECT 1", mode="%s-misspelt", expect=69)
        self.assertEqual([name for name in os.listdir(self.home.path)
                          if "misspelt" in name], [])


if __name__ == "__main__":
    main()
