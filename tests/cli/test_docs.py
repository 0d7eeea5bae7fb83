#!/usr/bin/python3
"""The manual pages, --help, completion and etc/ say what the program does.

--help is made from the tables that the program itself goes by; everything
else is compared with it. The README has a test of its own.
"""

import os
import re
import shlex
import subprocess
import sys

sys.dont_write_bytecode = True
from cli import Case, CliCase, main, program, source, target

SRCDIR = (os.environ.get("SRCDIR") or
          os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PAGES = ("odbcship.1", "odbcship.cfg.5")
COMMON = "options of every command:"
MAIN_JOB = ('source: { dsn = "w"; sql = "SELECT 1"; };\n'
            'file: { name = "a.csv"; };\n'
            'targets = ( { name = "t"; url = "file:///out/"; } );\n')


def read(*names):
    with open(os.path.join(SRCDIR, *names), encoding="utf-8") as f:
        return f.read()


def words(text):
    return " ".join(text.split())


class Option:
    """One line of --help."""

    LINE = re.compile(r"^ +(?:-(\w), )?--([a-z][a-z-]*)(\[?=\S+)?", re.M)

    def __init__(self, match):
        self.letter, self.name, self.argument = match.groups()

    def names(self):
        return {"-" + self.name} | ({self.letter} if self.letter else set())


class Help:
    """What the program says of itself."""

    def __init__(self, home):
        text = home.run("--help").stdout
        listed = text.partition("commands:\n")[2].partition("\n\n")[0]
        self.commands = re.findall(r"^  ([a-z]+) ", listed, re.M)
        self.common = list(self.options(text.partition(COMMON)[2]))
        self.of = {}
        self.example = {}
        for name in self.commands:
            text = home.run("help", name).stdout
            if text != home.run(name, "--help").stdout:
                raise AssertionError("help %s differs from --help" % name)
            self.of[name] = self.options(text.partition(COMMON)[0])
            self.example[name] = re.search(r"^example:\n  (.+)$", text,
                                           re.M).group(1)
        self.statuses = {
            status: words(meaning) for status, meaning in re.findall(
                r"^  (\d+(?:\+n)?) +(.*(?:\n {9}.*)*)",
                home.run("help", "run").stdout.partition("exit status:\n")[2],
                re.M)}

    @staticmethod
    def options(text):
        return [Option(m) for m in Option.LINE.finditer(text)]


class Page:
    """odbcship(1), taken apart."""

    FLAG = re.compile(r"\bFl (-?[A-Za-z][a-z-]*)")

    def __init__(self):
        self.text = read("doc", "odbcship.1").replace("\\\n", "")
        body = self.section("COMMANDS")
        commands, overlay, common = body.split("\n.Pp\n")[:3]
        self.of = {}
        # A list within a list is of the item that it stands in.
        for item in re.split(r"^\.It (?=Cm )", commands, flags=re.M)[1:]:
            name = item.split()[1]
            self.of[name] = self.of.get(name, set()) | self.flags(item)
        self.overlay = self.flags(overlay)
        self.overlaid = re.findall(r"\b(run|check|compare|show|query|list|history|"
                                   r"notify|probe)\b", overlay.partition(".Bl")[0])
        self.common = self.flags(common)
        self.rest = self.flags(self.text)
        self.statuses = {
            status: words(meaning.replace("\\&", ""))
            for status, meaning in re.findall(
                r"^\.It (\d\S*)\n((?:[^.].*\n)+)",
                self.section("EXIT STATUS"), re.M)}

    def section(self, name):
        return re.search(r"^\.Sh %s\n(.*?)(?=^\.Sh )" % name, self.text,
                         re.M | re.S).group(1)

    def flags(self, text):
        return set(self.FLAG.findall(text))


class Manual(Case):
    """odbcship(1) against --help."""

    def setUp(self):
        super().setUp()
        self.help = Help(self.home)
        self.page = Page()

    def test_tables_are_read(self):
        """the two are taken apart rightly"""
        self.assertGreaterEqual(len(self.help.commands), 6)
        self.assertIn("run", self.help.commands)
        self.assertIn("-config", self.page.common)
        self.assertIn("-dsn", self.page.overlay)
        self.assertIn("run", self.page.overlaid)
        self.assertIn("-dry-run", self.page.of["run"])
        self.assertGreaterEqual(len(self.help.common), 6)
        self.assertGreaterEqual(len(self.help.statuses), 10)

    def test_commands(self):
        """every command of the one is in the other"""
        self.assertEqual(sorted(self.help.commands), sorted(self.page.of))

    def test_options_are_in_the_page(self):
        """every option of --help is in the page, by its long name"""
        for command, options in self.help.of.items():
            told = set(self.page.of[command])
            if command in self.page.overlaid:
                told |= self.page.overlay
            for option in options:
                with self.subTest(command=command, option=option.name):
                    self.assertIn("-" + option.name, told)
                    if option.letter:
                        self.assertIn(option.letter, told)
        for option in self.help.common:
            with self.subTest(option=option.name):
                self.assertLessEqual(option.names(), self.page.common)

    def test_page_has_no_others(self):
        """every option of the page is in --help, of that command"""
        known = {c: set().union(*(o.names() for o in options))
                 if options else set()
                 for c, options in self.help.of.items()}
        common = set().union(*(o.names() for o in self.help.common))
        for command, flags in self.page.of.items():
            with self.subTest(command=command):
                self.assertLessEqual(flags, known[command] | common)
        for command in self.page.overlaid:
            with self.subTest(overlaid=command):
                self.assertLessEqual(self.page.overlay, known[command])
        self.assertLessEqual(self.page.common, common)
        self.assertLessEqual(
            self.page.rest, common.union(*known.values()))

    def test_statuses(self):
        """exit statuses are those of the table, word for word"""
        self.assertEqual(self.page.statuses, self.help.statuses)
        self.assertEqual(self.page.statuses["75"][:8], "not now:")

    def test_version(self):
        """--version is told, and works"""
        self.assertLessEqual({"-version", "V"}, self.page.common)
        self.assertRegex(self.home.run("--version").stdout,
                         r"\Aodbcship \d+\.\d+")

    def test_environment(self):
        """variables of the page are read by the program"""
        told = set(re.findall(r"^\.It Ev (.+)$",
                              self.page.section("ENVIRONMENT"), re.M))
        told = {name for line in told for name in line.split(" , ")}
        sources = "".join(
            read("src", room, name)
            for room in os.listdir(os.path.join(SRCDIR, "src"))
            for name in os.listdir(os.path.join(SRCDIR, "src", room)))
        self.assertGreaterEqual(len(told), 6)
        ours = set(re.findall(r'"(ODBCSHIP_[A-Z]+)=?"', sources))
        fields = set(re.findall(r"ODBCSHIP_[A-Z]+",
                                self.page.section("LOG")))
        self.assertEqual(len(fields), 4)    # of the journal
        self.assertLessEqual(ours, told | fields)
        self.assertLessEqual(fields, ours)
        for name in told - {"ODBCINI", "ODBCSYSINI"}:     # unixODBC's
            with self.subTest(name=name):
                self.assertIn('"%s"' % name, sources)


class Pages(Case):
    """All manual pages."""

    def test_lint(self):
        """mandoc finds nothing to say"""
        for page in PAGES:
            with self.subTest(page=page):
                done = subprocess.run(
                    [os.environ.get("MANDOC") or "mandoc", "-T", "lint", "-W",
                     "warning", os.path.join(SRCDIR, "doc", page)],
                    capture_output=True, text=True, check=False)
                self.assertEqual((done.stdout, done.stderr, done.returncode),
                                 ("", "", 0))

    def test_settings_exist(self):
        """every setting of odbcship.cfg(5) exists"""
        page = read("doc", "odbcship.cfg.5")
        page = page[page.index("\n.Sh SETTINGS"):page.index("\n.Sh SECRETS")]
        told = re.findall(r"^\.It Ic (\S+)$", page, re.M)
        heads = re.findall(r"^([a-z_.]+): (.*)",
                           self.home.run("show", "--settings").stdout, re.M)
        known = [name for name, what in heads
                 if what not in ("group", "list of groups")]
        self.assertGreater(len(told), 30)
        self.assertEqual(len(told), len(set(told)))
        self.assertEqual(sorted(told), sorted(known))

    def test_fragments(self):
        """every example of odbcship.cfg(5) can be checked"""
        page = read("doc", "odbcship.cfg.5")
        blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", page,
                            re.M | re.S)
        self.assertGreaterEqual(len(blocks), 4)
        self.home.secret("warehouse.secret", "x")
        self.home.sql("daily-orders.sql", "SELECT :day")
        for number, block in enumerate(blocks):
            with self.subTest(block=block):
                self.check_block("block%d" % number, block)

    def check_block(self, name, block):
        """A fragment with what it lacks to be a job."""
        text = block.replace("\\e", "\\")
        if text.startswith("--"):
            self.home.sql(name + ".sql", text)
            text = source(dsn="w", sql_file=name + ".sql")
        if re.match(r"\s*params\b", text):
            text = ('source: { dsn = "w"; sql = "SELECT :day, :region";\n' +
                    text + "};\n")
        for group, line in zip(("source", "files?", "targets"),
                               MAIN_JOB.splitlines(True)):
            if not re.search(r"^ *%s *[:=]" % group, text, re.M):
                text += line
        self.home.job(name, text)
        environment = ["--env", "dev"] if "environments:" in text else []
        credentials = os.path.join(self.home.path, "credentials")
        os.makedirs(credentials, exist_ok=True)
        self.home.write(os.path.join(credentials, "partner"), "x", 0o600)
        self.home.run("check", name, *environment,
                      env={"CREDENTIALS_DIRECTORY": credentials})


class Examples(CliCase):
    """What is shown can be typed."""

    def setUp(self):
        super().setUp()
        self.home.sqlite("warehouse", "CREATE TABLE t (a INTEGER);"
                         "INSERT INTO t VALUES (1);")
        self.home.sqlite("warehouse_dev", "CREATE TABLE t (a INTEGER);"
                         "INSERT INTO t VALUES (7);")
        self.home.main('environment = "prod";\n')
        self.put("daily-orders", "SELECT a FROM t", dsn="warehouse", extra=(
            'schedule = { cron = "@daily"; };\n'
            'notify = ( { command = ( "cat" ); } );\n'
            'environments: { prod: { };\n'
            '  dev: { source: { dsn = "warehouse_dev"; };\n         ' +
            target(self.url).strip() + ' }; };\n'))
        self.home.write(os.path.join(self.home.path, "orders.sql"),
                        "SELECT a FROM t")

    def type(self, line):
        argv = shlex.split(line)
        self.assertEqual(argv[0], "odbcship")
        return self.home.run(*argv[1:])

    def test_manual(self):
        """the examples of odbcship(1), in order"""
        lines = re.findall(r"^\.Dl (odbcship .*)$",
                           Page().section("EXAMPLES"), re.M)
        self.assertGreaterEqual(len(lines), 4)
        self.assertEqual(self.type(lines[0]).stdout, "one\r\n1\r\n")
        for line in lines[1:]:
            with self.subTest(line=line):
                self.type(line)
        # Another date by force, and then what is due: today.
        self.assertEqual([r["state"] for r in self.home.runs()],
                         ["kept", "shipped", "shipped"])

    def test_help(self):
        """the example of each command's --help"""
        shown = Help(self.home).example
        first = ["run", "query"]    # others may show what these did
        for command in first + sorted(set(shown) - set(first)):
            with self.subTest(command=command):
                self.assertIn(command, shlex.split(shown[command]))
                self.type(shown[command])
        with open(os.path.join(self.home.path, "orders.csv"), "rb") as f:
            self.assertEqual(f.read(), b"a\r\n1\r\n")

    def test_crontab(self):
        """the crontab runs the sample job, and watches"""
        lines = [line for line in read("etc", "cron.d",
                                       "odbcship.sample").splitlines()
                 if re.match(r"[0-9*]", line)]
        self.assertEqual(len(lines), 2)
        self.assertEqual(lines[1].split(None, 6)[5:],
                         ["odbcship", "odbcship watch"])
        fields = lines[0].split(None, 6)
        self.assertEqual(fields[5], "odbcship")
        self.assertNotIn("%", fields[6])
        self.home.job("example", MAIN_JOB + "environments: { prod: { }; };\n")
        self.assertTrue(fields[6].startswith("odbcship run example"), fields)
        self.type(fields[6] + " --dry-run")

    def test_units(self):
        """the systemd unit's statuses are those that wait for a person"""
        unit = read("etc", "systemd", "odbcship@.service.in")
        wait = re.search(r"^RestartPreventExitStatus=(.*)$", unit, re.M)
        statuses = set(Help(self.home).statuses) - {"0", "75", "128+n"}
        self.assertEqual(set(wait.group(1).split()), statuses)
        command = re.search(r"^ExecStart=@bindir@/(.*)$", unit, re.M).group(1)
        self.type(command.replace("%i", "daily-orders"))


class Samples(Case):
    """The files of etc/ as they are, and with their comments taken away."""

    def test_job(self):
        """the sample job passes check in each of its environments"""
        self.home.job("example", read("etc", "jobs.d", "example.cfg.sample"))
        self.home.secret("warehouse.secret", "x")
        self.home.secret("partner.secret", "y")
        for environment in ("prod", "dev"):
            self.home.run("check", "example", "--env", environment)

    def test_main_file(self):
        """the main file, also with every setting that it shows set"""
        text = read("etc", "odbcship.cfg")
        settings = re.sub(r"^#(?=\w+ ?[=:])", "", text, flags=re.M)
        self.assertGreaterEqual(settings.count("\n") - len(re.findall(
            r"^#|^$", settings, re.M)), 4)
        self.home.job("job", MAIN_JOB)
        self.home.main(text)
        self.home.run("check", "job")
        self.home.main(settings)
        self.home.run("check", "job")


class Cases(Case):
    """tests/cases/README.md."""

    def test_directories(self):
        """each directory is in it, and each file is read by a test"""
        cases = os.path.join(SRCDIR, "tests", "cases")
        units = "".join(read("tests", "unit", name) for name in
                        os.listdir(os.path.join(SRCDIR, "tests", "unit"))
                        if name.endswith(".c"))
        told = set(re.findall(r"^\| `(\w+)` \|",
                              read("tests", "cases", "README.md"), re.M))
        self.assertEqual(told, {name for name in os.listdir(cases)
                                if os.path.isdir(os.path.join(cases, name))})
        for name in told - {"spec", "import"}:  # all that is there is read
            for file in os.listdir(os.path.join(cases, name)):
                self.assertIn('"%s/%s"' % (name, file), units)


class Completion(CliCase):
    """etc/completions/odbcship in bash."""

    SCRIPT = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1));'
              ' _odbcship; printf "%s\\n" "${COMPREPLY[@]}"')

    def complete(self, *typed):
        """What follows the words, the last of them begun."""
        tools = os.path.join(self.home.path, "bin")
        os.makedirs(tools, exist_ok=True)
        self.home.write(
            os.path.join(tools, "odbcship"), '#!/bin/sh\nexec %s "$@"\n' %
            " ".join(shlex.quote(w) for w in program()), 0o755)
        done = subprocess.run(
            ["bash", "-c", self.SCRIPT, "bash",
             os.path.join(SRCDIR, "etc", "completions", "odbcship"),
             "odbcship"] + list(typed), capture_output=True, text=True,
            cwd=self.home.path, check=False,
            env=self.home.environment({"PATH": tools + ":/usr/bin:/bin"}))
        self.assertEqual((done.stderr, done.returncode), ("", 0))
        return set(done.stdout.split())

    def test_commands(self):
        """every command is offered, and nothing else"""
        self.assertEqual(self.complete(""), set(Help(self.home).commands) |
                         {"help", "--help", "--version"})
        self.assertEqual(self.complete("qu"), {"query"})
        self.assertEqual(self.complete("help", ""),
                         set(Help(self.home).commands) | {"help"})

    def test_options(self):
        """every option of every command is offered, and nothing else"""
        shown = Help(self.home)
        for command in shown.commands:
            with self.subTest(command=command):
                self.assertEqual(
                    self.complete(command, "--"),
                    {"--" + option.name
                     for option in shown.of[command] + shown.common})

    def test_jobs_and_words(self):
        """names of jobs, words of options, files"""
        self.put("daily")
        self.put("nightly")
        for command in ("run", "check", "show", "status", "history",
                        "report", "doctor", "compare", "notify", "watch",
                        "probe"):
            self.assertEqual(self.complete(command, ""), {"daily", "nightly"})
        self.assertEqual(self.complete("resend", ""), set())
        self.assertEqual(self.complete("run", "--env", "x", "da"), {"daily"})
        self.assertEqual(self.complete("run", "--color", ""),
                         {"auto", "always", "never"})
        self.assertEqual(self.complete("--log-format", "j"), {"json"})
        self.home.write(os.path.join(self.home.path, "zz.sql"), "")
        self.assertEqual(self.complete("query", "-f", "zz"), {"zz.sql"})


main()
