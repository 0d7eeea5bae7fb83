#!/usr/bin/python3
"""Deliveries to web servers: WebDAV, and PUT alone.

A server of ours that does as it is told, and a real one (lighttpd).
"""

import sys
sys.dont_write_bytecode = True
import os
import socket
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))

from harness import Case, main, quote, source, target, temporary
from servers.certs import Certs
from servers.lighttpd import Lighttpd
from servers.scripted_http import ScriptedHttp

CERTS = Certs(temporary())
SQL = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
       "WHERE n < %d) SELECT n, n * 7919 AS v, 'row ' || n AS t FROM c")
OLD = b"what was there before\n"


class Web(Case):
    certificate = None

    def setUp(self):
        super().setUp()
        self.home.sqlite("db")
        self.server = ScriptedHttp(certificate=self.certificate)
        self.addCleanup(self.server.stop)
        self.server.start()

    def job(self, extra="", url=None, name="out.csv", rows=4000,
            wait="10ms"):
        url = url or self.server.url()
        protection = ("ca_file = %s;" % quote(CERTS.ca)
                      if url.startswith("https") else 'tls = "none";')
        self.home.job("j", source(dsn="db", sql=SQL % rows) +
                      "file: { name = %s; };\n" % quote(name) +
                      target(url, "partner", 'retry_wait = "%s"; %s %s' % (
                          wait, protection, extra)))

    def content(self):
        row = self.home.ledger("SELECT * FROM file ORDER BY id")[-1]
        with open(row["path"], "rb") as f:
            return f.read()

    def delivery(self):
        return self.home.ledger("SELECT * FROM delivery ORDER BY id")[-1]

    def assert_there(self, path="/in/out.csv", attempts=1, verified="size"):
        self.assertEqual(self.server.files.get(path), self.content(),
                         self.server.said)
        self.assertNotIn(path + ".part", self.server.files)
        row = self.delivery()
        self.assertEqual((row["state"], row["stage"], row["bytes"],
                          row["attempts"], row["verified"]),
                         ("delivered", "verified", len(self.content()),
                          attempts, verified), row)

    def deliver(self, extra="", path="/in/out.csv", attempts=1,
                verified="size", **more):
        self.job(extra, **more)
        self.assert_silent(self.home.run("run", "j", "--force"))
        self.assert_there(path, attempts, verified)

    def refuse(self, status, *texts, extra="", **more):
        self.job(extra, **more)
        result = self.home.run("run", "j", "--force", expect=status)
        self.assert_message(result, *texts)
        return result


class Deliveries(Web):
    """what arrives, in clear"""

    def test_webdav(self):
        """PUT, HEAD, MOVE, HEAD"""
        self.deliver()
        self.assertEqual(self.server.verbs(),
                         ["PROPFIND", "PUT", "HEAD", "MOVE", "HEAD"])
        headers = {method: h for method, _, h in self.server.said}
        self.assertEqual(headers["PUT"]["Content-Type"], "text/csv")
        self.assertEqual(headers["MOVE"]["Overwrite"], "T")
        self.assertEqual(headers["MOVE"]["Destination"],
                         self.server.url("/in/out.csv"))

    def test_direct(self):
        """PUT alone"""
        self.server.methods = ("HEAD", "PUT")
        self.deliver('publish = "direct";')
        self.assertEqual(self.server.verbs(), ["HEAD", "PUT", "HEAD"])

    def test_sizes_and_names(self):
        """empty and large; names that URLs must escape"""
        for name, rows in (("a b.csv", 1), ("M\u00fcller.csv", 0),
                           ("100%25?#;&+.csv", 100000)):
            with self.subTest(name=name):
                self.deliver(name=name, rows=rows, path="/in/" + name)

    def test_expect(self):
        """a large file waits for the server's word"""
        self.deliver(rows=200000)
        put = [h for m, _, h in self.server.said if m == "PUT"][0]
        self.assertEqual(put["Expect"], "100-continue")

    def test_refused_before_the_body(self):
        """a refusal costs no upload"""
        self.server.answer("PUT", 413)
        self.refuse(73, "413", "no files of this size", rows=200000)
        self.assertEqual(self.server.received, 0)

    def test_mkdirs(self):
        """directories that are missing"""
        self.refuse(73, "404", "mkdirs", url=self.server.url("/a/b%20c/"))
        self.deliver("mkdirs = true;", url=self.server.url("/a/b%20c/"),
                     path="/a/b c/out.csv")
        self.deliver('publish = "directory"; staging = "../a/";')

    def test_overwrite(self):
        """an older file: replaced, or kept by the server's own doing"""
        self.server.files["/in/out.csv"] = OLD
        self.deliver()
        for publish in ("rename", "direct"):
            self.server.files["/in/out.csv"] = OLD
            self.refuse(73, "is there already", extra='overwrite = "fail"; '
                        'publish = "%s";' % publish)
            # It comes between our look and our upload.
            self.server.answer("HEAD", 404, times=1, path="out.csv")
            self.refuse(73, "412", "overwrite",
                        extra='overwrite = "fail"; retries = 0; '
                        'publish = "%s";' % publish)
            self.assertEqual(self.server.files, {"/in/out.csv": OLD})

    def test_reread(self):
        """read back"""
        for verify in ("reread", "hash"):
            self.deliver('verify = "%s";' % verify, verified="reread")

    def test_no_head(self):
        """a server that tells sizes to PROPFIND alone"""
        self.server.answer("HEAD", 405)
        self.deliver()

    def test_no_webdav(self):
        """a server that knows PUT alone: what to write"""
        self.server.methods = ("HEAD", "PUT")
        self.refuse(73, "405", 'publish = "direct"')

    def test_probe_and_check(self):
        """probe, check --connect"""
        self.job()
        self.home.run("check", "--connect", "j")
        answers = self.home.run("probe", "j").stdout
        for line in ("rename       yes", "replace      yes",
                     "directories  yes", "remove       yes"):
            self.assertIn(line, answers)
        self.assertEqual(self.server.files, {})


class Protected(Web):
    """TLS and logins"""
    certificate = CERTS.server

    def test_basic(self):
        """user and password"""
        self.server.user, self.server.password = "acme", "pass w\u00f6rd:1"
        self.home.secret("pw", self.server.password)
        login = 'user = "acme"; password = { file = "pw"; };'
        self.deliver(login)
        self.assertRegex(self.delivery()["tls"], "^TLSv1")
        self.home.secret("pw", "another secret")
        result = self.refuse(73, "401", "user and password", extra=login)
        self.assertNotIn("another secret", result.stderr)
        self.assertEqual(self.delivery()["attempts"], 1)

    def test_token(self):
        """a bearer token, which nobody sees"""
        self.server.token = "canary-" + "t" * 900
        self.home.secret("token", self.server.token)
        self.job('token = { file = "token"; };')
        result = self.home.run("run", "j", "-v", "-v")
        self.assert_there()
        self.assertNotIn("canary", result.stderr)
        self.assertNotIn("Authorization", result.stderr)

    def test_basic_is_not_logged(self):
        """nor is the login as it goes out"""
        self.server.user, self.server.password = "acme", "pw-canary"
        self.home.secret("pw", "pw-canary")
        self.job('user = "acme"; password = { file = "pw"; };')
        result = self.home.run("run", "j", "-v", "-v")
        self.assertIn("http > PUT", result.stderr)
        for word in ("canary", "Authorization", "YWNtZTpwdy1jYW5hcnk"):
            self.assertNotIn(word, result.stderr)

    def test_strangers(self):
        """certificates of others"""
        for pair, text in ((CERTS.stranger, "certificate"),
                           (CERTS.misnamed, "another host")):
            server = ScriptedHttp(certificate=pair).start()
            self.addCleanup(server.stop)
            self.refuse(73, text, url=server.url())
            self.assertEqual(server.said, [])

    def test_settings(self):
        """what cannot be is said before anything is connected to"""
        self.home.secret("token", "secret-token")
        for extra, text in (('tls = "none";', "always protected"),
                            ("resume = true;", "resume"),
                            ('user = "u"; token = { file = "token"; };',
                             "a token, and a user")):
            self.job(extra)
            with open(os.path.join(self.home.jobs, "j.cfg")) as f:
                result = self.home.run("check", "j", expect=78)
            self.assertIn(text, result.stderr)
        self.assertEqual(self.server.said, [])

    def test_clear_must_be_written(self):
        """http:// without tls = "none" """
        self.home.job("j", source(dsn="db", sql="SELECT 1") +
                      'file: { name = "a.csv"; };\n' +
                      target("http://localhost/"))
        self.assertIn("not protected", self.home.run(
            "check", "j", expect=78).stderr)


class Statuses(Web):
    """what a status means"""

    def test_refused(self):
        """refusals that stay: one attempt"""
        for status in (400, 401, 403, 404, 405, 409, 411, 413, 414, 415, 422,
                       501, 505, 507):
            for method in ("PUT", "MOVE"):
                with self.subTest(status=status, method=method):
                    server = self.server = ScriptedHttp().start()
                    self.addCleanup(server.stop)
                    server.answer(method, status)
                    self.refuse(73, "'%d" % status)
                    self.assertEqual(server.verbs().count(method), 1)
                    self.assertEqual(server.files, {})

    def test_passing(self):
        """what may pass: tried again, then delivered"""
        for status in (408, 423, 425, 429, 500, 502, 503, 504):
            for method in ("PROPFIND", "PUT", "HEAD", "MOVE"):
                with self.subTest(status=status, method=method):
                    server = self.server = ScriptedHttp().start()
                    self.addCleanup(server.stop)
                    server.answer(method, status, times=1)
                    self.job()
                    self.home.run("run", "j", "--force")
                    self.assertEqual(server.files,
                                     {"/in/out.csv": self.content()})

    def test_passing_always(self):
        """retries used up: 75"""
        self.server.answer("PUT", 503, body=b"maintenance until noon\n")
        self.refuse(75, "'503", "maintenance until noon", "attempt 2",
                    extra="retries = 1;")

    def test_retry_after(self):
        """the server says when; what is too long is not waited for"""
        self.server.answer("PUT", 429, times=1, headers={"Retry-After": "2"})
        self.job()
        result = self.home.run("run", "j", "-v")
        self.assertIn("the next comes in 2", result.stderr)
        self.assert_there(attempts=2)
        self.server.answer("PUT", 503, headers={
            "Retry-After": "Fri, 31 Dec 2060 23:59:59 GMT"})
        self.refuse(75, "'503")
        self.assertEqual(self.delivery()["attempts"], 1)

    def test_redirect(self):
        """never followed, with the address in the message"""
        for status in (301, 302, 307, 308):
            with self.subTest(status=status):
                server = self.server = ScriptedHttp().start()
                self.addCleanup(server.stop)
                server.answer("PUT", status, headers={
                    "Location": "http://localhost:%d/evil/" % server.port})
                self.refuse(73, "/evil/", "Redirects are not followed")
                self.assertEqual([p for _, p, _ in server.said
                                  if "evil" in p], [])


class Lost(Web):
    """answers that get lost"""

    def test_after_put(self):
        """done, but nobody said so: looked, not sent again"""
        for action in ("lose", "gateway"):
            for publish in ("rename", "direct"):
                with self.subTest(action=action, publish=publish):
                    server = self.server = ScriptedHttp().start()
                    self.addCleanup(server.stop)
                    server.do("PUT", action)
                    self.deliver('publish = "%s";' % publish)
                    self.assertEqual(server.verbs().count("PUT"), 1)

    def test_after_move(self):
        """the same of the renaming"""
        for action in ("lose", "gateway"):
            with self.subTest(action=action):
                server = self.server = ScriptedHttp().start()
                self.addCleanup(server.stop)
                server.do("MOVE", action)
                self.deliver()
                self.assertEqual(server.verbs().count("MOVE"), 1)
                self.assertEqual(server.verbs().count("PUT"), 1)

    def test_cut(self):
        """in the middle of the body: sent again"""
        self.server.do("PUT", "cut")
        self.deliver(attempts=2, rows=200000)

    def test_shortened(self):
        """a server that keeps less and says 201"""
        self.server.do("PUT", "shorten", times=None)
        self.refuse(75, "bytes at the server, not", extra="retries = 1;")
        self.assertEqual(self.server.files, {})
        self.assertEqual(self.server.verbs().count("MOVE"), 0)

    def test_silence(self):
        """no answer at all"""
        self.server.do("PUT", "stall", times=None)
        self.refuse(75, "stopped answering", extra='retries = 0; '
                    'connect_timeout = "1s"; reply_timeout = "1s";')

    def test_no_web_server(self):
        """something else answers"""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                client.recv(65536)
                client.sendall(b"220 this is not a web server\r\n")
                client.close()

        threading.Thread(target=serve, daemon=True).start()
        url = "http://localhost:%d/in/" % listener.getsockname()[1]
        self.refuse(73, "does not speak HTTP", url=url)

    def test_slow_answer(self):
        """an answer that takes longer than a stall may: waited for"""
        self.server.delay = 3
        self.deliver('stall_timeout = "1s"; connect_timeout = "1s";')

    def test_hostile_words(self):
        """control bytes of a server do not reach the terminal"""
        self.server.answer("PUT", 403, body=b"\x1b[2Jgo away\x07\n")
        result = self.refuse(73, "go away")
        self.assertNotIn("\x1b", result.stderr)
        self.assertNotIn("\x07", result.stderr)


class Real(Case):
    """lighttpd's WebDAV"""

    def test_lighttpd(self):
        self.home.sqlite("db")
        with Lighttpd(temporary()) as server:
            for extra, url in (("", server.url()), ("", server.url()),
                               ('publish = "direct";', server.url()),
                               ("mkdirs = true;", server.url("a/b/"))):
                self.home.job("j", source(dsn="db", sql=SQL % 100000) +
                              'file: { name = "o u.csv"; };\n' +
                              target(url, "partner", 'tls = "none"; %s' %
                                     extra))
                self.assert_silent(self.home.run("run", "j", "--force"))
                row = self.home.ledger("SELECT * FROM file ORDER BY id")[-1]
                with open(row["path"], "rb") as f, open(server.path(
                        "a/b" if "a/b" in url else "in", "o u.csv"),
                        "rb") as g:
                    self.assertEqual(g.read(), f.read())
            self.assertIn("replace      yes",
                          self.home.run("probe", "j").stdout)


if __name__ == "__main__":
    main()
