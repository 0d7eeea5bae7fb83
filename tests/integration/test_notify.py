#!/usr/bin/python3
"""Who is told of a run: mail, sendmail, webhook, ping, command; once.

Against a real SMTP server (aiosmtpd, with STARTTLS and a login), an HTTP
server of our own, and a sendmail that is a script.
"""

import email
import email.policy
import json
import os
import socket
import sqlite3
import sys
import time

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "integration"), TESTS]

from harness import Case, main, quote, source, target, temporary, wait_until
from servers.certs import Certs
from servers.http_proxy import HttpProxy
from servers.mail import Mail
from servers.web import Web

USER, PASSWORD = "odbcship", "mail secret %41 \\ \"x\""
GOOD = "SELECT id, name FROM item ORDER BY id"
BAD = "SELECT nosuch FROM item"

_shared = {}


def shared(name, make):
    """One server of a kind for all cases."""
    if name not in _shared:
        _shared[name] = make()
    return _shared[name]


def certs():
    return shared("certs", lambda: Certs(temporary()))


def mail_server():
    return shared("mail", lambda: Mail(
        temporary(), certs().server, user=USER, password=PASSWORD).start())


def web_server():
    return shared("web", lambda: Web(temporary()).start())


def parse(data):
    return email.message_from_bytes(data.encode("latin-1"),
                                    policy=email.policy.default)


class NotifyCase(Case):
    def setUp(self):
        super().setUp()
        self.home.sqlite("shop", "CREATE TABLE item (id INTEGER, name TEXT);"
                         "INSERT INTO item VALUES (1, 'one'), (2, 'two');")
        self.out, self.url = self.home.directory()
        self.home.secret("mail.secret", PASSWORD + "\n")

    def put(self, sql=GOOD, notify="", name="daily", more=""):
        self.home.sql(name + ".sql", sql)
        self.home.job(name, source(dsn="shop", sql_file=name + ".sql") +
                      'file: { name = "daily.csv"; };\n' + target(self.url) +
                      ("notify = ( %s );\n" % notify if notify else "") +
                      more)

    def mail(self, url=None, to='"team@example.com"', more="", name="team",
             on=""):
        return ('{ name = "%s"; %s mail = { to = ( %s ); url = %s; '
                'ca_file = %s; user = "%s"; from = "odbcship@example.com"; '
                'password = { file = "mail.secret"; }; }; %s }' % (
                    name, on, to, quote(url or mail_server().url()),
                    quote(certs().ca), USER, more))

    def run_on(self, day, expect=0, job="daily", **more):
        return self.home.run("run", job, "--date", "2026-11-%02d" % day,
                             expect=expect, **more)

    def alerts(self):
        return self.home.ledger("SELECT * FROM alert ORDER BY entry")


class TestMail(NotifyCase):
    def setUp(self):
        super().setUp()
        self.before = len(mail_server().messages())

    def new(self):
        return mail_server().messages()[self.before:]

    def test_failure(self):
        """a failure by STARTTLS with a login: all that one has to know"""
        self.put(BAD, self.mail(), more='owner = "Dätä team <d@example.com>";'
                 'runbook = "https://wiki.example.com/daily";'
                 'description = "Orders – of the day";')
        result = self.run_on(1, expect=69)
        got = self.new()
        self.assertEqual(len(got), 1, result)
        self.assertEqual((got[0]["from"], got[0]["to"]),
                         ("odbcship@example.com", ["team@example.com"]))
        self.assertEqual((got[0]["user"], got[0]["tls"]), (USER, True))
        m = parse(got[0]["data"])
        self.assertEqual(m.defects, [])
        self.assertIn("daily failed", m["Subject"])
        self.assertIn("nosuch", m["Subject"])
        self.assertEqual(m["Auto-Submitted"], "auto-generated")
        self.assertEqual(m["X-Odbcship-Job"], "daily")
        self.assertRegex(m["Message-ID"], r"^<[^<>@ ]+@example\.com>$")
        self.assertIsNotNone(m["Date"].datetime)
        self.assertEqual(m.get_content_type(), "text/plain")
        text = m.get_content()
        for part in ("nosuch", "69 (database)", "nothing was shipped",
                     "odbcship run daily --date 2026-11-01",
                     "Orders – of the day", "Dätä team <d@example.com>",
                     "https://wiki.example.com/daily", "2026-11-01",
                     "run 1 of 'daily' for 2026-11-01 begins"):
            self.assertIn(part, text)
        body = got[0]["data"].partition("\r\n\r\n")[2].split("\r\n")
        self.assertLessEqual(max(len(line) for line in body), 76, body)

    def test_states(self):
        """one message for each change of state; repeats are counted"""
        self.put(BAD, self.mail())
        for day in (1, 2, 3):
            self.run_on(day, expect=69)
        self.assertEqual(len(self.new()), 1)
        self.assertEqual((self.alerts()[0]["failures"],
                          self.alerts()[0]["entry"]), (3, "team: mail"))
        self.put(GOOD, self.mail())
        self.run_on(4)
        self.run_on(5)
        got = self.new()
        self.assertEqual(len(got), 2)
        subject = parse(got[1]["data"])["Subject"]
        self.assertIn("daily works again after", subject)
        self.assertIn("3 failed runs", subject)
        self.put(BAD, self.mail())
        self.run_on(6, expect=69)
        self.assertEqual(len(self.new()), 3)
        self.assertIn("daily failed", parse(self.new()[2]["data"])["Subject"])

    def test_success_is_silent(self):
        """nobody is told of a success who did not ask for it"""
        self.put(GOOD, self.mail())
        self.assert_silent(self.run_on(1))
        self.assertEqual(self.new(), [])
        self.put(GOOD, self.mail(on='on = ( "success" );'))
        self.run_on(2)
        self.assertIn("daily shipped daily.csv, 2 rows",
                      parse(self.new()[0]["data"])["Subject"])

    def test_remind(self):
        """a failure that lasts is told again when that is wanted"""
        self.put(BAD, self.mail(more='remind = "1ms";'))
        self.run_on(1, expect=69)
        self.run_on(2, expect=69)
        self.assertIn("still fails", parse(self.new()[1]["data"])["Subject"])

    def test_injection(self):
        """what a database or a name says ends no header and begins no other"""
        evil = "x\r\nBcc: evil@example.com\r\n\r\nhello"
        self.put("SELECT id AS \"%s\" FROM nosuch" % evil, self.mail(),
                 more="description = \"=?UTF-8?Q?=0D=0ABcc:_evil?=\";")
        self.home.main("notify = ( %s );\n" % self.mail().replace(
            "mail.secret", "jobs.d/mail.secret"))
        self.home.job("eve\r\nBcc: evil@example.com", "")
        self.run_on(1, expect=69)
        self.home.run("run", os.path.join(
            self.home.jobs, "eve\r\nBcc: evil@example.com.cfg"), expect=None)
        for got in self.new():
            m = parse(got["data"])
            self.assertEqual(got["to"], ["team@example.com"])
            self.assertEqual(m.defects, [])
            self.assertIsNone(m["Bcc"])
            self.assertEqual(m.get_all("To"), ["team@example.com"])
            self.assertEqual(m.get_content_charset(), "utf-8")
        self.assertEqual(len(self.new()), 2)

    def test_unicode_subject(self):
        """a subject beyond ASCII comes out as it went in"""
        self.put("SELECT \"näme – 名前 %s\" + FROM item" % ("é" * 40),
                 self.mail())
        self.run_on(1, expect=69)
        m = parse(self.new()[0]["data"])
        self.assertEqual(m.defects, [])
        self.assertTrue(self.new()[0]["data"].isascii())
        self.assertIn("daily failed", m["Subject"])

    def test_environment(self):
        """what is otherwise than in the last success is in the message"""
        self.put(GOOD, self.mail())
        self.run_on(1, env={"TZ": "UTC"})
        self.put(BAD, self.mail())
        self.run_on(2, expect=69, env={"TZ": "Europe/Berlin"})
        text = parse(self.new()[0]["data"]).get_content()
        self.assertRegex(text, r"The environment:\r?\n  .*last success")
        self.assertRegex(text, r"TZ.*Europe/Berlin.*UTC")

    def test_broken_spec(self):
        """a spec that cannot be read is told by the main file's entries"""
        self.home.main("notify = ( %s );\n" % self.mail().replace(
            "mail.secret", "jobs.d/mail.secret"))
        self.home.job("daily", "source: { dsn = ")
        self.run_on(1, expect=78)
        m = parse(self.new()[0]["data"])
        self.assertIn("daily failed", m["Subject"])
        self.assertIn("syntax error", m.get_content())

    def test_mistyped(self):
        """a name in a crontab that is no job's is told, once; one at a
        terminal is not"""
        self.home.main("notify = ( %s );\nmetrics = { directory = %s; };\n" % (
            self.mail().replace("mail.secret", "jobs.d/mail.secret"),
            quote(self.out)))
        self.home.run_on_terminal("run", "dialy", expect=78)
        self.assertEqual(self.new(), [])
        self.run_on(1, job="dialy", expect=78)
        self.run_on(2, job="dialy", expect=78)
        (got,) = self.new()
        self.assertIn("there is no job 'dialy'", parse(got["data"])["Subject"])
        self.assertEqual(self.home.runs(), [])
        self.assertEqual(os.listdir(self.out), [])

    def test_all_problems(self):
        """of a spec that is wrong all is told that is wrong"""
        self.put(GOOD, self.mail(), more="ownr = 5;\nlimit = 7;\n")
        self.run_on(1, expect=78)
        text = parse(self.new()[0]["data"]).get_content()
        self.assertIn("daily.cfg:9: unknown setting 'ownr'", text)
        self.assertIn("daily.cfg:10: unknown setting 'limit'", text)

    def test_refused_recipient(self):
        """the others are told when one address is refused"""
        with Mail(temporary(), certs().server, name="picky",
                  refuse=["gone@example.com"]) as server:
            entry = self.mail(server.url(),
                              '"gone@example.com", "team@example.com"')
            entry = entry.replace('user = "odbcship";', "").replace(
                'password = { file = "mail.secret"; };', "")
            self.put(BAD, entry)
            result = self.run_on(1, expect=69)
            self.assertEqual([m["to"] for m in server.messages()],
                             [["team@example.com"]])
            self.assertIn("refuses the recipient <gone@example.com>",
                          result.stderr)

    def test_no_starttls(self):
        """nothing is sent in clear where TLS is wanted"""
        with Mail(temporary(), name="clear") as server:
            entry = self.mail(server.url())
            self.put(BAD, entry)
            result = self.run_on(1, expect=69)
            self.assertEqual(server.messages(), [])
            self.assertIn("nothing is sent in clear", result.stderr)
            self.assertNotIn("AUTH", open(server.log).read())

    def test_stranger(self):
        """a server with a certificate that is not trusted gets nothing"""
        with Mail(temporary(), certs().stranger, name="stranger") as server:
            self.put(BAD, self.mail(server.url()))
            result = self.run_on(1, expect=69)
            self.assertEqual(server.messages(), [])
            self.assertIn("ca_file", result.stderr)

    def test_pending(self):
        """what cannot be told changes nothing, and is told by the next run"""
        server = Mail(temporary(), certs().server, name="away", user=USER,
                      password=PASSWORD).start()
        url = server.url()
        server.stop()
        self.put(BAD, self.mail(url))
        result = self.run_on(1, expect=69)
        self.assertIn("notify 'team: mail': 'failure' could not be told",
                      result.stderr)
        self.assertEqual([(a["pending"], a["attempts"], a["told_ms"])
                          for a in self.alerts()], [("failure", 1, 0)])
        server.start()
        self.addCleanup(server.stop)
        self.assertEqual(server.url(), url)
        self.run_on(2, expect=69)
        self.assertEqual(len(server.messages()), 1)
        text = parse(server.messages()[0]["data"])
        self.assertIn("daily still fails", text["Subject"])
        self.assertIn("(2 runs)", text["Subject"])
        self.assertEqual([a["pending"] for a in self.alerts()], [None])
        self.run_on(3, expect=69)
        self.assertEqual(len(server.messages()), 1)

    def test_pending_success(self):
        """a message that was kept is sent though the next run has no news"""
        with Mail(temporary(), certs().server, name="later", user=USER,
                  password=PASSWORD, data="451 4.3.0 later") as server:
            self.put(GOOD, self.mail(server.url(),
                                     on='on = ( "success", "skip" );'))
            result = self.run_on(1)
            self.assertIn("451 4.3.0 later", result.stderr)
            server.stop()
            server.faults.pop("data")
            server.start()
            self.put(GOOD, self.mail(server.url(), on='on = ( "failure" );'))
            self.run_on(2)
            self.assertIn("daily shipped daily.csv",
                          parse(server.messages()[0]["data"])["Subject"])


class TestSendmail(NotifyCase):
    def setUp(self):
        super().setUp()
        self.kept = os.path.join(self.home.path, "sent")
        self.program = self.home.write(
            os.path.join(self.home.path, "sendmail"),
            '#!/bin/sh\n{ printf "<%%s>" "$@"; echo; env; echo ----; cat; } '
            '>>%s\n' % self.kept, 0o755)

    def test_failure(self):
        """argv without a shell, a clean environment, the mail as input"""
        self.put(BAD, '{ sendmail = { to = ( "a@example.com", '
                 '"b\'$`id`@example.com" ); program = %s; }; }' %
                 quote(self.program))
        self.run_on(1, expect=69, env={"SECRET_THING": "x", "LANG": "C.UTF-8"})
        head, _, text = open(self.kept).read().partition("----\n")
        lines = head.splitlines()
        self.assertEqual(lines[0], "<-i><-f><a@example.com><--><a@example.com>"
                         "<b'$`id`@example.com>")
        self.assertIn("LANG=C.UTF-8", lines)
        self.assertNotIn("SECRET_THING", head)
        self.assertNotIn("ODBCSHIP", head)
        m = parse(text)
        self.assertEqual(m.defects, [])
        self.assertIn("daily failed", m["Subject"])
        self.assertIn("odbcship run daily", m.get_content())

    def test_fails(self):
        """a sendmail that fails is quoted, and changes nothing"""
        self.home.write(self.program,
                        "#!/bin/sh\necho 'queue is full' >&2\nexit 75\n",
                        0o755)
        self.put(BAD, '{ name = "t"; sendmail = { to = ( "a@example.com" ); '
                 'program = %s; }; }' % quote(self.program))
        result = self.run_on(1, expect=69)
        self.assertIn("ended with status 75: it said 'queue is full'",
                      result.stderr)


class TestWeb(NotifyCase):
    def setUp(self):
        super().setUp()
        self.before = len(web_server().requests())

    def new(self, begin=""):
        return [r for r in web_server().requests()[self.before:]
                if r["path"].startswith(begin)]

    def hook(self, path="/hook", more="", entry=""):
        return ('{ name = "hook"; webhook = { url = %s; tls = "none"; %s }; '
                '%s }' % (quote(web_server().url(path)), more, entry))

    def test_webhook(self):
        """JSON with all that is known, and the token"""
        self.home.secret("token", "t0ken value")
        self.put(BAD, self.hook(more='token = { file = "token"; };'),
                 more='owner = "me";')
        self.run_on(1, expect=69)
        (request,) = self.new()
        self.assertEqual((request["method"], request["path"]),
                         ("POST", "/hook"))
        self.assertEqual(request["headers"]["Content-Type"],
                         "application/json")
        self.assertEqual(request["headers"]["Authorization"],
                         "Bearer t0ken value")
        told = json.loads(request["body"])
        self.assertEqual(
            [told[key] for key in ("kind", "job", "environment", "date", "run",
                                   "state", "status", "owner", "failures")],
            ["failure", "daily", "", "2026-11-01", 1, "failed", 69, "me", 0])
        self.assertEqual(told["error"]["class"], "database")
        self.assertIn("nosuch", told["error"]["message"])
        self.assertIn("daily failed", told["text"])
        self.assertIn("run 1 of 'daily'", told["log"])

    def test_refused(self):
        """an answer that is no success is none; a redirect is not followed"""
        for status, location, words in (
                (404, None, "the server answers 404"),
                (302, web_server().url("/other"), "another address"),
                (503, None, "the server answers 503"), (0, None, "")):
            with self.subTest(status=status):
                self.before = len(web_server().requests())
                path = "/refuse%d" % status
                web_server().answer(path, status, location)
                self.put(BAD, self.hook(path), name="r%d" % status)
                result = self.run_on(1, expect=69, job="r%d" % status)
                self.assertIn("'failure' could not be told: cannot post to "
                              "the webhook", result.stderr)
                self.assertIn(words, result.stderr)
                self.assertEqual(len(self.new()), 1)

    def test_https(self):
        """TLS with the CA that is named, and no other"""
        with Web(temporary(), certs().server, name="tls") as server:
            entry = ('{ name = "t"; webhook = { url = %s; ca_file = %s; }; }')
            self.put(BAD, entry % (quote(server.url("/h")),
                                   quote(certs().ca)))
            self.run_on(1, expect=69)
            self.assertEqual(len(server.requests()), 1)
            self.put(BAD, entry % (quote(server.url("/h")),
                                   quote(certs().other_ca)), name="other")
            result = self.run_on(1, expect=69, job="other")
            self.assertEqual(len(server.requests()), 1)
            self.assertIn("ca_file", result.stderr)

    def ping(self, path, on=""):
        return '{ %s ping = { url = %s; tls = "none"; }; }' % (
            on, quote(web_server().url(path)))

    def test_ping(self):
        """start, then success or the exit status; for each run"""
        self.put(GOOD, self.ping("/ping/a"))
        self.run_on(1)
        self.assertEqual([r["path"] for r in self.new("/ping/a")],
                         ["/ping/a/start", "/ping/a"])
        self.put(BAD, self.ping("/ping/a?x=1"))
        for _ in range(2):
            self.before = len(web_server().requests())
            self.run_on(2, expect=69)
            got = self.new("/ping/a")
            self.assertEqual([r["path"] for r in got],
                             ["/ping/a/start?x=1", "/ping/a/69?x=1"])
            self.assertIn("nosuch", got[1]["body"])

    def test_proxy(self):
        """through the proxy that is named: a tunnel where there is TLS"""
        environment = {name: "http://127.0.0.1:1" for name in (
            "http_proxy", "https_proxy", "ALL_PROXY")}
        with HttpProxy() as proxy, \
                Web(temporary(), certs().server, name="far") as server:
            entry = ('{ webhook = { url = %s; ca_file = %s; proxy = %s; }; '
                     'ping = { url = %s; tls = "none"; proxy = %s; }; }' % (
                         quote(server.url("/h")), quote(certs().ca),
                         quote(proxy.url), quote(web_server().url("/ping/p")),
                         quote(proxy.url)))
            self.put(BAD, entry)
            result = self.run_on(1, expect=69, env=environment)
            self.assertEqual(len(server.requests()), 1, result)
            self.assertEqual(
                [r["path"] for r in self.new("/ping/p")],
                ["/ping/p/start", "/ping/p/69"])
            self.assertEqual(sorted(proxy.asked), [
                "CONNECT localhost:%d" % server.port,
                "POST %s" % web_server().url("/ping/p/69"),
                "POST %s" % web_server().url("/ping/p/start")])
            # Without one the way is direct, whatever the environment says.
            self.put(BAD, entry.replace("proxy = %s;" % quote(proxy.url), ""),
                     name="direct")
            self.run_on(1, expect=69, job="direct", env=environment)
            self.assertEqual(len(server.requests()), 2)
            self.assertEqual(len(proxy.asked), 3)

    def test_proxy_away(self):
        """a proxy that is not there is named by what failed"""
        self.put(BAD, '{ webhook = { url = "https://h.example/"; proxy = '
                 '"http://127.0.0.1:1"; }; }')
        result = self.run_on(1, expect=69)
        self.assertIn("cannot post to the webhook", result.stderr)
        self.assertIn("127.0.0.1 port 1", result.stderr)

    def test_ping_order(self):
        """the beginning delays no job, and is told before its end"""
        web_server().answer("/ping/d/start", 200,
                            after=os.path.join(self.out, "daily.csv"))
        self.put(GOOD, self.ping("/ping/d"))
        self.run_on(1)
        self.assertEqual([r["path"] for r in self.new("/ping/d")],
                         ["/ping/d/start", "/ping/d"])

    def test_ping_already(self):
        """a date that was shipped already is a success for who waits"""
        self.put(GOOD, self.ping("/ping/b"))
        self.run_on(1)
        self.run_on(1)
        self.assertEqual([r["path"] for r in self.new("/ping/b")],
                         ["/ping/b/start", "/ping/b", "/ping/b"])

    def test_ping_tries_again(self):
        """a ping that fails for now is tried again, and changes nothing"""
        web_server().answer("/ping/c", 503)
        self.put(GOOD, self.ping("/ping/c"))
        result = self.run_on(1)
        self.assertEqual(
            [r["path"] for r in self.new("/ping/c")],
            ["/ping/c/start", "/ping/c", "/ping/c", "/ping/c"])
        self.assertIn("cannot ping: the server answers 503", result.stderr)

    def test_secret_url(self):
        """a URL that is a secret is in no message"""
        url = web_server().url("/hidden-a9b8c7")
        web_server().answer("/hidden-a9b8c7", 410)
        self.home.secret("url", url + "\n")
        self.put(BAD, '{ name = "s"; webhook = { secret_url = { file = "url"; '
                 '}; tls = "none"; }; }')
        result = self.run_on(1, expect=69)
        self.assertEqual(len(self.new("/hidden-a9b8c7")), 1)
        self.assertIn("the server answers 410", result.stderr)
        self.assertNotIn("a9b8c7", result.stderr)

    def test_skip(self):
        """who wants to know is told that nothing was to be done"""
        self.put(GOOD, self.hook(entry='on = ( "skip" );'))
        self.run_on(1)
        self.assertEqual(self.new(), [])
        self.run_on(1)
        (request,) = self.new()
        told = json.loads(request["body"])
        self.assertEqual((told["kind"], told["state"]),
                         ("skip", "already-shipped"))


class TestCommand(NotifyCase):
    def test_command(self):
        """a program of the user's own reads JSON, in a clean environment"""
        kept = os.path.join(self.home.path, "told")
        program = self.home.write(
            os.path.join(self.home.jobs, "page"),
            '#!/bin/sh\ncat >%s\nenv >%s.env\necho "$#:$1:$2"  >%s.args\n'
            'echo noise; echo noise >&2\n' % (kept, kept, kept), 0o755)
        self.assertTrue(program)
        self.put(BAD, '{ command = ( "./page", "a b", "$HOME;`id`" ); }')
        result = self.run_on(1, expect=69, env={"PGPASSWORD": "hunter2"})
        self.assertEqual(json.load(open(kept))["kind"], "failure")
        self.assertEqual(open(kept + ".args").read(), "2:a b:$HOME;`id`\n")
        self.assertNotIn("hunter2", open(kept + ".env").read())
        self.assertNotIn("ODBCSHIP", open(kept + ".env").read())
        self.assertNotIn("noise", result.stderr + result.stdout)

    def test_large(self):
        """more input than a pipe holds, to a program that does not read it"""
        self.put(BAD, '{ name = "c"; command = ( "true" ); }')
        self.home.main('owner = "%s";\n' % ("x" * 4000))
        self.run_on(1, expect=69)
        self.assertEqual([a["pending"] for a in self.alerts()], [None])

    def test_too_long(self):
        """one that does not end is ended, and its children"""
        self.put(BAD, '{ name = "c"; timeout = "1s"; '
                 'command = ( "sh", "-c", "sleep 1000 & wait" ); }')
        result = self.run_on(1, expect=69)
        self.assertIn("notify 'c: command': 'failure' could not be told: the "
                      "command 'sh': took too long", result.stderr)

    def is_connected(self):
        try:
            return any(r["dbms"] for r in self.home.runs())
        except sqlite3.OperationalError:    # its tables are being made
            return False

    def test_cancelled(self):
        """a run that is ended by a signal is told as well"""
        kept = os.path.join(self.home.path, "told")
        self.put("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
                 "FROM c) SELECT n FROM c",
                 '{ command = ( "sh", "-c", "cat >%s" ); }' % kept)
        process = self.home.start("run", "daily")
        wait_until(self.is_connected, 60, "the start")
        process.terminate()
        self.home.finish(process, 143)
        told = json.load(open(kept))
        self.assertEqual((told["kind"], told["status"]), ("failure", 143))


class TestTime(NotifyCase):
    """Those who do not answer keep nobody waiting."""

    def setUp(self):
        super().setUp()
        self.deaf = socket.socket()
        self.deaf.bind(("127.0.0.1", 0))
        self.deaf.listen(64)            # it takes calls, and never answers
        self.addCleanup(self.deaf.close)
        self.program = self.home.write(
            os.path.join(self.home.path, "sendmail"),
            "#!/bin/sh\nexec sleep 600\n", 0o755)

    def entry(self):
        port = self.deaf.getsockname()[1]
        return ('{ timeout = "10m"; mail = { to = ( "a@example.com" ); '
                'url = "smtp://127.0.0.1:%d"; tls = "none"; }; '
                'webhook = { url = "http://127.0.0.1:%d/"; tls = "none"; }; '
                'sendmail = { to = ( "a@example.com" ); program = %s; }; '
                'command = ( "sleep", "600" ); }' %
                (port, port, quote(self.program)))

    def pending(self):
        return [a["pending"] for a in self.alerts()
                if not a["entry"].endswith(": note")]

    def connected(self):
        try:
            return any(r["dbms"] for r in self.home.runs())
        except sqlite3.OperationalError:    # its tables are being made
            return False

    def test_signal(self):
        """after a signal many dead ways take a bounded time, and are kept"""
        self.put("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
                 "FROM c) SELECT n FROM c", ", ".join([self.entry()] * 6))
        process = self.home.start("run", "daily")
        self.addCleanup(process.kill)
        wait_until(self.connected, 60, "the start")
        began = time.monotonic()
        process.terminate()
        result = self.home.finish(process, 143)
        took = time.monotonic() - began
        # One after the other they would have taken two minutes.
        self.assertLess(took, 70, result)
        self.assertIn("there is no time left to tell 'failure'",
                      result.stderr)
        self.assertEqual(self.pending(), ["failure"] * 24)
        self.assertEqual(self.home.runs()[0]["status"], 143)

    def test_signal_meanwhile(self):
        """a signal also ends what waits for an answer already"""
        self.put(BAD, self.entry())
        process = self.home.start("run", "daily")
        self.addCleanup(process.kill)
        self.deaf.settimeout(60)
        call, _ = self.deaf.accept()    # of the mail
        self.addCleanup(call.close)
        process.terminate()
        result = self.home.finish(process, 69)      # it had failed before
        self.assertIn("it did not answer soon after", result.stderr)
        self.assertEqual(self.pending(), ["failure"] * 4)

    def test_lock(self):
        """who waits for an answer keeps no run waiting, and is told first"""
        go = os.path.join(self.home.path, "go")
        told = os.path.join(self.home.path, "told")
        began = os.path.join(self.home.path, "began")
        entry = ('{ command = ( "sh", "-c", "touch %s; while [ ! -e %s ]; do '
                 'sleep 0.1; done; cat >>%s; echo >>%s" ); timeout = "10m"; }'
                 % (began, go, told, told))
        self.put(BAD, entry)
        first = self.home.start("run", "daily", "--date", "2026-11-01")
        self.addCleanup(first.kill)
        wait_until(lambda: os.path.exists(began), 60, "the telling")
        self.put(GOOD, entry)
        second = self.home.start("run", "daily", "--date", "2026-11-02")
        self.addCleanup(second.kill)
        wait_until(lambda: [r["state"] for r in self.home.runs()] ==
                   ["failed", "shipped"], 60, "the second run")
        self.assertIsNone(first.poll())
        self.home.write(go, "")
        self.home.finish(first, 69)
        self.home.finish(second, 0)
        with open(told) as f:
            kinds = [json.loads(line)["kind"] for line in f]
        self.assertEqual(kinds, ["failure", "recovery"])

    def test_secret_command(self):
        """a secret by command is got after a signal too"""
        before = len(mail_server().messages())
        self.home.write(os.path.join(self.home.jobs, "show"),
                        "#!/bin/sh\ncat %s\n" % quote(os.path.join(
                            self.home.jobs, "mail.secret")), 0o755)
        self.put("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
                 "FROM c) SELECT n FROM c", self.mail().replace(
                     'file = "mail.secret"', 'command = ( "./show" )'))
        process = self.home.start("run", "daily")
        self.addCleanup(process.kill)
        wait_until(self.connected, 60, "the start")
        process.terminate()
        self.home.finish(process, 143)
        self.assertEqual(len(mail_server().messages()), before + 1)


class TestTest(NotifyCase):
    """notify --test"""

    def test_nobody(self):
        """a test that would tell nobody is none that succeeds"""
        self.put(GOOD)
        result = self.home.run("notify", "--test", "daily", expect=78)
        self.assert_message(result, "nobody is told of 'daily'", "daily.cfg",
                            "into the main file, for all jobs")

    def test_several(self):
        """one of several jobs that tells nobody is named, the other tested"""
        told = os.path.join(self.home.path, "told")
        self.put(GOOD)
        self.put(GOOD, '{ command = ( "sh", "-c", "cat >%s" ); }' % told,
                 name="other")
        result = self.home.run("notify", "--test", "daily", "other", expect=78)
        self.assertIn("other: 1: command: sent", result.stdout)
        with open(told) as f:
            self.assertEqual(json.load(f)["kind"], "test")


class TestSpec(NotifyCase):
    WRONG = (
        ('{ name = "a"; }', "notify 'a': it says nobody how to be told"),
        ('{ on = ( "failur" ); command = ( "true" ); }', "'failur' is not one"),
        ('{ mail = { to = ( "a@b.c" ); }; }', "notify.mail.url is not set"),
        ('{ mail = { url = "smtp://h"; }; }', "notify.mail.to names nobody"),
        ('{ mail = { to = ( "A <a@b.c>" ); url = "smtp://h"; }; }',
         "is no address for mail"),
        ('{ mail = { to = ( "a@b.c" ); url = "http://h"; }; }',
         "is no URL that can be used"),
        ('{ mail = { to = ( "a@b.c" ); url = "smtp://u:p@h"; }; }',
         "the URL holds a user"),
        ('{ webhook = { url = "http://h/x"; }; }', "is not protected by TLS"),
        ('{ ping = { url = "ftp://h/x"; }; }', "is no URL that can be used"),
        ('{ webhook = { url = "https://h"; proxy = "socks5://h:1"; }; }',
         "notify.webhook: 'socks5://h:1' is no proxy"),
        ('{ ping = { url = "https://h"; proxy = "http://u:p@h:1"; }; }',
         "notify.ping: the proxy's URL holds a user"),
        ('{ ping = { secret_url = { env = "U"; }; proxy = "h:1"; }; }',
         "notify.ping: 'h:1' is no proxy"),
        ('{ sendmail = { to = ( "a@b.c" ); program = "/none"; }; }',
         "cannot run '/none'"),
        ('{ webhook = { url = "https://h"; token = { file = "none"; }; }; }',
         "notify.webhook.token: cannot"),
        ('{ name = "x"; command = ( "true" ); }, '
         '{ name = "x"; command = ( "true" ); }', "stands twice"),
    )

    def test_check(self):
        """check names what is wrong with an entry"""
        for notify, words in self.WRONG:
            with self.subTest(notify=notify):
                self.put(GOOD, notify)
                result = self.home.run("check", "daily", expect=78)
                self.assertIn(words, result.stderr)
                self.assertIn("daily.cfg:", result.stderr)

    def test_missing_secret(self):
        """a secret of notify that is missing stops no run"""
        self.put(GOOD, '{ name = "h"; on = ( "success" ); webhook = { url = '
                 '"https://localhost"; token = { file = "none"; }; }; }')
        result = self.run_on(1)
        self.assertIn("could not be told: notify.webhook.token: cannot",
                      result.stderr)
        self.assertEqual(os.listdir(self.out), ["daily.csv"])

    def test_set(self):
        """--set reaches into an entry by its name"""
        kept = os.path.join(self.home.path, "told")
        self.put(GOOD, '{ name = "c"; command = ( "sh", "-c", "cat >%s" ); }'
                 % kept)
        self.home.run("run", "daily", "--set", "notify.c.on=success")
        self.assertEqual(json.load(open(kept))["kind"], "success")


if __name__ == "__main__":
    main()
