#!/usr/bin/python3
"""Secrets stay where they are: canaries in every place, sought everywhere.

A job has a secret from each source (file, credential, command, environment,
inline) at the database, at the target and at those who are told; it succeeds,
and fails in each of its parts. Then everything that the program wrote is
searched: what it printed, the ledger, the spool, mail and JSON, figures, an
ODBC trace; and while it runs the arguments and environments of all
its processes.
"""

import base64
import os
import shlex
import sqlite3
import sys
import urllib.parse

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "integration"), TESTS]

from harness import (Case, below, children, main, quote, source, target,
                     temporary, wait_until)
from servers.certs import Certs
from servers.mail import Mail
from servers.pyftpd import Pyftpd
from servers.s3 import S3
from servers.scripted_http import ScriptedHttp
from servers.sshd import Sshd, make_key
from servers.web import Web

# Awkward for escapes: of URLs, JSON, ODBC, SQL, libconfig.
CANARY = {
    "database": "canary-db;{}'\"%41 zq",
    "target": "canary-ftp \"q\" & %41",
    "mail": "canary-mail\\ %s $x",
    "token": "canary-token.abc",
    "hook": "/canary-hook-7f3a",
    "s3": "canary+s3/Key=%41",
    "web": "canary-web: \"w\" & %41",
    "bearer": "canary-bearer.xyz",
    "key": "canary-key 'k' $x",
}
ENDLESS = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
           "SELECT n FROM c")


def forms(secret):
    """How a secret may look where it is written."""
    plain = secret.encode()
    quoted = urllib.parse.quote(secret, safe="")
    return {plain, quoted.encode(), quoted.lower().encode(),
            secret.replace("\\", "\\\\").replace('"', '\\"').encode(),
            secret.replace("}", "}}").encode(),
            base64.b64encode(plain), base64.b64encode(plain)[:-4]}


class Canary(Case):
    def setUp(self):
        super().setUp()
        self.top = temporary()
        self.certs = Certs(self.top)
        self.home.sqlite("shop", "CREATE TABLE item (id INTEGER);"
                         "INSERT INTO item VALUES (1);")
        self.traced = set()
        ftp = Pyftpd(self.top)
        ftp.password = CANARY["target"]
        self.server(ftp, "ftp")
        self.server(Mail(self.top, self.certs.server, user="me",
                         password=CANARY["mail"]), "smtp")
        self.server(Web(self.top, self.certs.server), "hooks")
        self.figures = self.home._dir("figures")
        self.credentials = self.home._dir("credentials")
        self.home.write(os.path.join(self.credentials, "target"),
                        CANARY["target"], 0o600)
        self.home.secret("token.secret", CANARY["token"] + "\n")
        self.show = self.home.write(
            os.path.join(self.home.jobs, "show"),
            "#!/bin/sh\ncat <<'END'\n%s\nEND\n" % CANARY["mail"], 0o700)

    def server(self, server, name):
        server.start()
        self.addCleanup(server.stop)
        setattr(self, name, server)

    def env(self):
        return {"CREDENTIALS_DIRECTORY": self.credentials,
                "DB_PASSWORD": CANARY["database"]}

    def put(self, sql="SELECT id FROM item", dsn="shop", secrets=None):
        """A job with a secret of each kind; all that is sent goes out."""
        secrets = secrets or {}
        ca = "ca_file = %s;" % quote(self.certs.ca)
        self.home.job("daily", source(
            dsn=dsn, sql=sql,
            extra='user = "me"; password = { env = "DB_PASSWORD"; };') +
            'file: { name = "a.csv"; };\n' +
            target(self.ftp.url(), extra='user = "acme"; tls = "none"; '
                   'password = %s;' % secrets.get(
                       "target", '{ credential = "target"; }')) +
            'metrics = { directory = %s; };\n' % quote(self.figures) +
            'notify = ( { on = ( "failure", "recovery", "success" ); '
            'remind = "1ms"; '
            'mail = { to = ( "a@example.com" ); url = %s; user = "me"; '
            'password = %s; %s }; '
            'webhook = { secret_url = %s; token = { file = "token.secret"; }; '
            '%s }; ping = { secret_url = %s; %s }; '
            'command = ( "sh", "-c", "cat >>%s/told; env >>%s/told" ); } );\n'
            % (quote(self.smtp.url()),
               secrets.get("mail", '{ command = ( "./show" ); }'), ca,
               quote(self.hooks.url(CANARY["hook"])), ca,
               quote(self.hooks.url(CANARY["hook"])), ca,
               self.home.path, self.home.path),
            0o600)

    def trace(self):
        """Let the driver manager write down all calls."""
        with open(os.path.join(self.home.odbc, "odbcinst.ini"), "a") as f:
            f.write("\n[ODBC]\nTrace = Yes\nTraceFile = %s\n" %
                    os.path.join(self.home.path, "odbc-trace.log"))
        self.traced = {"odbc-trace.log"}

    def put_targets(self, wrong=False):
        """A job with targets of all kinds, each with a secret of its own."""
        secrets = {name: CANARY["database"] if wrong else CANARY[name]
                   for name in ("s3", "web", "bearer", "key")}
        for name, text in secrets.items():
            self.home.secret(name + ".secret", text + "\n")
        servers = {"s3": S3(certificate=self.certs.server),
                   "web": ScriptedHttp(certificate=self.certs.server),
                   "bearer": ScriptedHttp(certificate=self.certs.server)}
        servers["s3"].password = CANARY["s3"]
        servers["web"].user, servers["web"].password = "me", CANARY["web"]
        servers["bearer"].token = CANARY["bearer"]
        for name, server in servers.items():
            self.server(server, name)
        self.server(Sshd(self.top), "ssh")
        key = make_key(os.path.join(self.top, "key"), "-t", "ed25519", "-N",
                       CANARY["key"])
        with open(key + ".pub") as new, open(self.ssh.authorized, "a") as f:
            f.write(new.read())
        ca = "ca_file = %s; retries = 0;" % quote(self.certs.ca)
        secret = '{ file = "%s.secret"; };'
        targets = [target(*row)[len("targets = ( "):-len(" );\n")] for row in (
            ("s3://out/in/", "s3", 'endpoint = %s; user = "%s"; password = %s '
             '%s' % (quote(self.s3.endpoint()), self.s3.user, secret % "s3",
                     ca)),
            (self.web.url(), "web", 'user = "me"; password = %s %s' % (
                secret % "web", ca)),
            (self.bearer.url(), "bearer", "token = %s %s" % (
                secret % "bearer", ca)),
            (self.ssh.url(), "ssh", 'user = "%s"; known_hosts = %s; '
             'client_key = %s; client_key_password = %s retries = 0;' % (
                 self.ssh.user_name, quote(self.ssh.known_hosts), quote(key),
                 secret % "key")))]
        self.home.job("daily", source(dsn="shop", sql="SELECT id FROM item") +
                      'file: { name = "a.csv"; };\n' +
                      "targets = ( %s );\n" % ",\n".join(targets) +
                      'metrics = { directory = %s; };\n' % quote(self.figures) +
                      'notify = ( { on = ( "failure", "success" ); '
                      'remind = "1ms"; command = ( "sh", "-c", '
                      '"cat >>%s/told" ); } );\n' % self.home.path, 0o600)

    # Looking.

    def sought(self):
        return {name: forms(secret) for name, secret in CANARY.items()}

    def search(self, data, where):
        for name, found in self.sought().items():
            for form in found:
                self.assertNotIn(form, data, "%s in %s" % (name, where))

    def search_processes(self, process):
        """Arguments and environments of the program and all below it."""
        pids, looked = [process.pid], 0
        while pids:
            pid = pids.pop()
            for name in ("cmdline", "environ"):
                try:
                    with open("/proc/%d/%s" % (pid, name), "rb") as f:
                        self.search(f.read(), "%s of a process" % name)
                    looked += 1
                except (FileNotFoundError, ProcessLookupError):
                    pass
            try:
                pids += children(pid)
            except FileNotFoundError:
                pass
        self.assertGreaterEqual(looked, 4)

    def search_files(self):
        """All that was written; the job's own secrets are where they were."""
        own = {self.show, os.path.join(self.home.jobs, "daily.cfg"),
               os.path.join(self.home.jobs, "token.secret"),
               os.path.join(self.home.jobs, "wrong.secret"),
               *(os.path.join(self.home.jobs, name + ".secret")
                 for name in ("s3", "web", "bearer", "key")),
               os.path.join(self.credentials, "target")}
        seen = set()
        for name in below(self.home.path):
            path = os.path.join(self.home.path, name)
            if path not in own and os.path.isfile(path):
                with open(path, "rb") as f:
                    self.search(f.read(), path)
                seen.add(name.split("/")[0])
        self.assertLessEqual({"state", "figures", "told"} | self.traced, seen)

    def search_told(self):
        for message in self.smtp.messages():
            self.search(message["data"].encode(), "a mail")
        for request in self.hooks.requests():
            self.search(request["body"].encode(), "what was posted")

    def run_it(self, day, expect, *more):
        for form in ((), ("--json",), ("-vv",), ("-vv", "--log-format=json")):
            result = self.home.run(
                "run", "daily", "--force", "--date", "2026-11-%02d" % day,
                *form, *more, env=self.env(), expect=expect)
            self.search(result.stdout.encode(), "standard output")
            self.search(result.stderr.encode(), "standard error")
        return result

    def look(self, command):
        """What a command says."""
        result = self.home.run(*command, env=self.env(), expect=None)
        self.assertNotEqual(result.status, 64, result)
        self.search(result.bytes, " ".join(command))
        self.search(result.stderr.encode(), " ".join(command))

    def search_all(self):
        self.search_files()
        self.search_told()
        run = str(self.home.runs()[0]["id"])
        for command in (["show", "daily"], ["show", "--all", "daily"],
                        ["history"], ["history", run],
                        ["history", "--json", run], ["check", "daily"],
                        ["run", "daily", "--dry-run"], ["list", "--json"],
                        ["status"], ["status", "--json"],
                        ["history", "daily", "--json"],
                        ["report", "-o", "-"], ["probe", "daily"],
                        ["doctor", "daily"], ["doctor", "daily", "--json"],
                        ["doctor", "daily", "--as-cron"],
                        ["doctor", "daily", "--connect", "--all"],
                        ["watch"], ["notify", "--test", "daily"]):
            self.look(command)

    def test_success(self):
        """of a job that succeeds and tells all that it can"""
        self.trace()
        self.put()
        self.run_it(1, 0)
        self.assertEqual(self.ftp.files(), ["a.csv"])
        self.assertEqual(len(self.smtp.messages()), 4)
        paths = {r["path"] for r in self.hooks.requests()}
        self.assertEqual(paths, {CANARY["hook"], CANARY["hook"] + "/start"})
        self.assertEqual({r["headers"].get("Authorization")
                          for r in self.hooks.requests()},
                         {"Bearer " + CANARY["token"], None})
        self.search_all()

    def test_login_failure(self):
        """of a job whose database does not know its connection's words"""
        self.home.job("other", "", 0o600)
        self.put(dsn="nosuch")
        self.run_it(1, 69)
        self.put()
        path = os.path.join(self.home.jobs, "daily.cfg")
        with open(path) as f:
            text = f.read()
        self.home.write(path, text.replace(
            'dsn = "shop";', 'connection = "Driver=nosuch;PWD={%s}";' %
            CANARY["token"]), 0o600)
        self.run_it(2, 69)
        self.search_all()

    def test_sql_failure(self):
        """of a job whose batch fails"""
        self.put("SELECT nosuch FROM item")
        self.run_it(1, 69)
        self.search_all()

    def test_ftp_failure(self):
        """of a job whose target refuses the login"""
        self.home.write(os.path.join(self.home.jobs, "wrong.secret"),
                        CANARY["database"], 0o600)
        self.put(secrets={"target": '{ file = "wrong.secret"; }'})
        result = self.run_it(1, 73)
        self.assertIn("530", result.stderr)
        self.search_all()

    def test_mail_failure(self):
        """of a job whose mail server refuses the login, hooks that refuse"""
        self.home.write(os.path.join(self.home.jobs, "wrong.secret"),
                        CANARY["database"], 0o600)
        self.hooks.answer(CANARY["hook"], 410)
        self.put(secrets={"mail": '{ file = "wrong.secret"; }'})
        result = self.run_it(1, 0)
        self.assertEqual(self.smtp.messages(), [])
        for words in ("'1: mail': 'success' could not be told",
                      "'1: webhook': 'success' could not be told",
                      "cannot ping"):
            self.assertIn(words, result.stderr)
        self.search_all()

    def test_targets(self):
        """of a job with targets of all kinds, whatever is said of them"""
        self.put_targets()
        self.run_it(1, 0)
        self.assertEqual(
            [t["target"] for t in self.home.ledger(
                "SELECT target FROM delivery JOIN file ON file.id = "
                "delivery.file WHERE run = 1 AND delivery.state = "
                "'delivered' ORDER BY target")],
            ["bearer", "s3", "ssh", "web"])
        self.search_all()

    def test_targets_refuse(self):
        """of the same when every login is refused"""
        self.put_targets(wrong=True)
        self.run_it(1, 73)
        self.assertNotIn("delivered", {
            d["state"] for d in self.home.ledger("SELECT state FROM delivery")})
        self.search_all()

    def test_commands(self):
        """no program that is asked or told has another one's secret"""
        self.put()
        seen = os.path.join(self.home.path, "told")
        own = self.home.write(
            self.show, "#!/bin/sh\nenv >>%s\nprintf '%%s\\n' \"$0 $*\" "
            ">>%s\ncat <<'END'\n%s\nEND\n" % (seen, seen, CANARY["mail"]),
            0o700)
        self.run_it(1, 0)
        with open(seen) as f:
            text = f.read()
        self.assertIn("/show", text)
        self.assertGreater(text.count("PATH="), 4)
        self.assertEqual(own, self.show)
        self.search_all()

    def test_lost(self):
        """of a run that was killed, and of a ledger that was damaged"""
        self.put(ENDLESS)
        process = self.home.start("run", "daily", env=self.env())
        self.addCleanup(process.kill)
        wait_until(self.is_connected, 60, "the connection")
        process.kill()
        self.home.finish(process)
        self.put()
        self.run_it(1, 0)
        self.assertIn("ended without a word",
                      self.smtp.messages()[0]["data"])
        with open(os.path.join(self.home.state, "ledger.db"), "wb") as f:
            f.write(b"no database " * 500)
        self.run_it(2, 0)
        self.assertIn("trouble with the ledger", "".join(
            m["data"] for m in self.smtp.messages()).replace("=\r\n", ""))
        self.search_all()

    def test_compare(self):
        """of a job that is compared in two environments, one of them wrong"""
        self.put()
        with open(os.path.join(self.home.jobs, "daily.cfg"), "a") as f:
            f.write('environments: { dev: { }; prod: { source: { connection = '
                    '"Driver=SQLite3;Database=/nonexistent/x;PWD={%s}"; '
                    'dsn = ""; }; }; };\n' % CANARY["token"])
        for command in (
                ["compare", "daily", "--env", "dev", "--env", "dev"],
                ["compare", "daily", "--env", "dev", "--env", "prod"],
                ["check", "daily", "--connect", "--env", "prod"],
                ["show", "daily", "--env", "prod"],
                ["doctor", "daily", "--env", "prod"]):
            self.look(command)

    def test_init(self):
        """of a script that becomes a job: only its files of secrets have them"""
        script = self.home.write(
            os.path.join(self.home.path, "export.sh"), "\n".join((
                "#!/bin/sh", "export PGPASSWORD=%s",
                "psql -h 127.0.0.1 -p 9 -U me shop --csv >a.csv <<'END'",
                "SELECT 1 AS a;", "END",
                "curl -T a.csv -u me:%s ftp://localhost:9/in/",
                "# 1 2 * * * /home/me/export.sh --password %s", "")) %
            tuple(shlex.quote(CANARY[name])
                  for name in ("database", "target", "token")))
        found = {}
        self.look(["init", "made", "--from-script", script])
        for name in os.listdir(self.home.jobs):
            path = os.path.join(self.home.jobs, name)
            if name.endswith(".secret"):
                self.assert_mode(path, 0o600)
                with open(path) as f:
                    found[name] = f.read()
            elif path != self.show:
                with open(path, "rb") as f:
                    self.search(f.read(), name)
        self.assertEqual(found, {
            "made-database.secret": CANARY["database"] + "\n",
            "made-partner.secret": CANARY["target"] + "\n",
            "token.secret": CANARY["token"] + "\n"})
        for command in (["check", "made", "--connect"], ["show", "made"],
                        ["run", "made"], ["doctor", "made"],
                        ["history", "--json"], ["report", "-o", "-"]):
            self.look(command)

    def is_connected(self):
        try:
            return any(r["dbms"] for r in self.home.runs())
        except sqlite3.OperationalError:    # its tables are being made
            return False

    def test_processes(self):
        """no process of a run has one in its arguments or environment"""
        # Under valgrind /proc shows the environment of valgrind itself.
        self.home.plain = True
        self.put(ENDLESS)
        process = self.home.start("run", "daily", env=self.env())
        self.addCleanup(process.kill)
        wait_until(self.is_connected, 60, "the connection")
        self.search_processes(process)
        with open("/proc/%d/limits" % process.pid) as f:
            self.assertRegex(f.read(), r"Max core file size +0 ")
        process.terminate()
        self.home.finish(process, 143)
        self.search_all()


if __name__ == "__main__":
    main()
