#!/usr/bin/python3
"""Deliveries by SFTP to a real OpenSSH server.

What the server's directory holds is the proof, and what was said of host keys
and logins.
"""

import sys
sys.dont_write_bytecode = True
import os
import signal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))

from harness import Case, main, quote, source, target, temporary, wait_until
from servers.proxy import Proxy
from servers.server import find_program, run_tool
from servers.sshd import Sshd, make_key

SQL = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
       "WHERE n < %d) SELECT n, n * 7919 AS v, 'row ' || n AS t FROM c")
OLD = b"what was there before\n"
SERVER = Sshd(temporary())


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class Sftp(Case):
    def setUp(self):
        super().setUp()
        self.home.sqlite("db")
        for name in SERVER.files():
            os.unlink(SERVER.path("incoming", name))

    def serve(self, **more):
        """A server of its own."""
        server = Sshd(temporary(), **more)
        self.addCleanup(server.stop)
        return server.start()

    def job(self, extra="", url=None, name="out.csv", rows=4000,
            server=SERVER, login=None, hosts=None):
        if login is None:
            login = "client_key = %s;" % quote(server.key)
        if hosts is None:
            hosts = "known_hosts = %s;" % quote(server.known_hosts)
        self.home.job("j", source(dsn="db", sql=SQL % rows) +
                      "file: { name = %s; };\n" % quote(name) +
                      target(url or server.url(), "partner",
                             'user = "%s"; retry_wait = "10ms"; %s %s %s' %
                             (server.user_name, login, hosts, extra)))

    def deliver(self, *arguments, name="out.csv", server=SERVER,
                directory="incoming", **more):
        self.job(*arguments, name=name, server=server, **more)
        self.assert_silent(self.home.run("run", "j", "--force"))
        self.assert_there(name, server, directory)

    def content(self):
        row = self.home.ledger("SELECT * FROM file ORDER BY id")[-1]
        with open(row["path"], "rb") as f:
            return f.read()

    def assert_there(self, name="out.csv", server=SERVER,
                     directory="incoming"):
        self.assertEqual(server.read(name, directory), self.content())
        self.assertNotIn(name + ".part", server.files(directory))
        row = self.delivery()
        self.assertEqual((row["state"], row["stage"], row["bytes"]),
                         ("delivered", "verified", len(self.content())), row)

    def delivery(self):
        return self.home.ledger("SELECT * FROM delivery ORDER BY id")[-1]

    def refuse(self, status, *texts, **more):
        self.job(**more)
        result = self.home.run("run", "j", "--force", expect=status)
        self.assert_message(result, *texts)
        return result


class Deliveries(Sftp):
    """what arrives"""

    def test_plain(self):
        """under its final name, with the host key in the receipt"""
        self.deliver()
        self.assertIn(SERVER.fingerprint, self.delivery()["tls"])
        self.assertEqual(self.delivery()["verified"], "size")
        self.assertEqual(self.delivery()["attempts"], 1)

    def test_sizes(self):
        """empty, one row, and many"""
        for extra, rows in (("", 0), ("", 1), ("", 200000)):
            with self.subTest(rows=rows):
                self.deliver(rows=rows)

    def test_no_byte_at_all(self):
        """a file of no byte"""
        self.job(rows=0)
        self.home.job("j", self.read_job().replace(
            "file: {", "file: { header = false;").replace(
            "WHERE n < 0)", "WHERE n < 0) SELECT * FROM (").replace(
            "FROM c\"", "FROM c) WHERE 0\""))
        self.assert_silent(self.home.run("run", "j"))
        self.assertEqual(SERVER.read("out.csv"), b"")
        self.assertEqual(self.delivery()["stage"], "verified")

    def read_job(self):
        with open(os.path.join(self.home.jobs, "j.cfg")) as f:
            return f.read()

    def test_names(self):
        """blanks, quotes, UTF-8, and what URLs and commands use"""
        for name in ("a b.csv", 'q"uo\'te.csv', "M\u00fcller.csv", "100%.csv",
                     "a;b#c?d&e.csv", "*[x]~.csv", "$(id) `id`.csv"):
            with self.subTest(name=name):
                self.deliver(name=name)

    def test_replace(self):
        """an older file is removed first, and that is told"""
        with open(SERVER.path("incoming", "out.csv"), "wb") as f:
            f.write(OLD)
        self.job()
        result = self.home.run("run", "j", "-v")
        self.assertIn("the old file was removed first", result.stderr)
        self.assert_there()

    def test_fail_and_skip(self):
        """an older file that is to stay"""
        for more, status in (('overwrite = "fail";', 73),
                             ('overwrite = "skip";', 0)):
            with self.subTest(more=more):
                with open(SERVER.path("incoming", "out.csv"), "wb") as f:
                    f.write(OLD)
                self.job(more)
                self.home.run("run", "j", "--force", expect=status)
                self.assertEqual(SERVER.read("out.csv"), OLD)
                self.assertEqual(SERVER.files(), ["out.csv"])

    def test_larger_and_smaller(self):
        """the size of what is there, whatever was put before"""
        for size in (0, 10, 100000000):
            with self.subTest(size=size):
                with open(SERVER.path("incoming", "out.csv"), "wb") as f:
                    f.truncate(size)
                self.refuse(73, "'out.csv' is there already (%d bytes)" %
                            size, extra='overwrite = "fail";')

    def test_directories(self):
        """of the home, of the root, made if asked, and staging"""
        os.makedirs(SERVER.path("staging"), exist_ok=True)
        absolute = "sftp://localhost:%d%s/" % (SERVER.port,
                                               SERVER.path("incoming"))
        self.deliver(url=absolute)
        self.deliver("mkdirs = true;", url=SERVER.url("new/a%20b/"),
                     directory="new/a b")
        self.deliver('publish = "directory"; staging = "../staging/";')
        self.assertEqual(SERVER.files("staging"), [])
        self.refuse(73, "nowhere", "No such", "mkdirs = true",
                    url=SERVER.url("nowhere/"))

    def test_publish_direct(self):
        """no rename"""
        self.deliver('publish = "direct";')

    def test_reread(self):
        """read back, and compared"""
        self.deliver('verify = "reread";')
        self.assertEqual(self.delivery()["verified"], "reread")
        self.deliver('verify = "hash";')
        self.assertEqual(self.delivery()["verified"], "reread")

    def test_check_and_probe(self):
        """check --connect, probe"""
        self.job()
        result = self.home.run("check", "--connect", "j")
        self.assertIn(SERVER.url(), result.stdout)
        result = self.home.run("probe", "j")
        for line in ("rename       yes", "replace      no", "resume       yes",
                     "read back    yes", "SSH          host key SHA256:"):
            self.assertIn(line, result.stdout)
        self.assertEqual(SERVER.files(), [])


class HostKeys(Sftp):
    """who is spoken to"""

    def hosts(self, text):
        path = os.path.join(self.home.path, "hosts")
        with open(path, "w") as f:
            f.write(text)
        return "known_hosts = %s;" % quote(path)

    def assert_nothing(self):
        self.assertEqual(SERVER.files(), [])

    def test_unknown(self):
        """a host that is not in the file, or no file: what to run"""
        scan = "ssh-keyscan -p %d localhost" % SERVER.port
        for hosts in (self.hosts(""), 'known_hosts = "/nowhere/hosts";'):
            with self.subTest(hosts=hosts):
                result = self.refuse(73, "is unknown", SERVER.fingerprint, scan,
                                     hosts=hosts)
                self.assertNotIn("CHANGED", result.stderr)
                self.assert_nothing()

    def test_changed(self):
        """another key than the file has"""
        other = make_key(os.path.join(self.home.path, "other"))
        with open(other + ".pub") as f:
            key = " ".join(f.read().split()[:2])
        result = self.refuse(
            73, "has CHANGED", SERVER.fingerprint, "ssh-keygen -R",
            hosts=self.hosts("[localhost]:%d %s\n" % (SERVER.port, key)))
        self.assertNotIn("unknown", result.stderr)
        self.assert_nothing()

    def test_scanned(self):
        """what ssh-keyscan prints is enough; a hashed file too"""
        scanned = run_tool([find_program("ssh-keyscan"), "-4", "-T", "60", "-p",
                            str(SERVER.port), "-t", "ed25519", "localhost"])
        hosts = self.hosts(scanned[scanned.index("[localhost]"):])
        self.deliver(hosts=hosts)
        run_tool([find_program("ssh-keygen"), "-H", "-f",
                  os.path.join(self.home.path, "hosts")])
        self.deliver(hosts=hosts)

    def test_default(self):
        """the user's own known_hosts"""
        self.refuse(73, os.path.join(self.home.env["HOME"],
                                     ".ssh/known_hosts"), hosts="")
        os.makedirs(os.path.join(self.home.env["HOME"], ".ssh"))
        with open(SERVER.known_hosts) as f:
            self.home.write(os.path.join(self.home.env["HOME"],
                                         ".ssh/known_hosts"), f.read())
        self.deliver(hosts="")

    def test_pinned(self):
        """a pin alone is enough, in either form; a wrong one is refused"""
        pin = SERVER.fingerprint
        for text in (pin, "sha256//" + pin[7:] + "="):
            self.deliver(hosts="pinned_key = %s;" % quote(text))
        wrong = pin[:7] + ("B" if pin[7] == "A" else "A") + pin[8:]
        for text in (wrong, pin[:-1], pin + "A"):
            self.refuse(73, "is not the one in pinned_key", pin,
                        hosts="pinned_key = %s; known_hosts = %s;" % (
                            quote(text), quote(SERVER.known_hosts)))


class Logins(Sftp):
    """who speaks"""

    def test_wrong_key(self):
        """a key that the server does not know: not hammered"""
        key = make_key(os.path.join(self.home.path, "stranger"))
        self.refuse(73, "refuses the login", "authorized_keys", "ed25519",
                    login="client_key = %s;" % quote(key))
        self.assertEqual(self.delivery()["attempts"], 1)

    def test_password_refused(self):
        """a password that is of no use there stays a secret"""
        self.home.secret("pw", "correct horse battery")
        result = self.refuse(73, "refuses the login",
                             login='password = { file = "pw"; };')
        self.assertNotIn("correct horse", result.stderr)

    def test_passphrase(self):
        """a key that is encrypted"""
        key = make_key(os.path.join(self.home.path, "locked"))
        run_tool([find_program("ssh-keygen"), "-q", "-p", "-P", "", "-N",
                  "correct horse", "-f", key])
        with open(key + ".pub") as f, open(SERVER.authorized, "a") as all_keys:
            all_keys.write(f.read())
        self.home.secret("pw", "correct horse")
        login = "client_key = %s;" % quote(key)
        self.refuse(73, "refuses the login", login=login)
        self.deliver(login=login + 'client_key_password = { file = "pw"; };')

    def test_settings(self):
        """what cannot be is said before anything is connected to"""
        for more, text in (
                ({"login": ""}, "needs a password or a client_key"),
                ({"extra": 'tls = "none";'}, "is always protected"),
                ({"extra": 'ca_file = "x";'}, "no certificates"),
                ({"url": SERVER.url().replace("/~/", "/a/~/")}, "'~'")):
            with self.subTest(text=text):
                self.job(**more)
                result = self.home.run("check", "j", expect=78)
                self.assertIn(text, result.stderr)


class Faults(Sftp):
    """what goes wrong on the way"""

    def test_cut_once(self):
        """a connection that breaks in the middle: sent again"""
        with Proxy(SERVER.port) as proxy:
            proxy.cut_after, proxy.cuts_left = 300000, 1
            self.job(url=SERVER.url(port=proxy.port), hosts="pinned_key = %s;"
                     % quote(SERVER.fingerprint), rows=100000)
            self.home.run("run", "j")
            self.assert_there()
            self.assertEqual(self.delivery()["attempts"], 2)

    def test_cut_always(self):
        """each time: after three it is the server's doing, and said so"""
        with Proxy(SERVER.port) as proxy:
            proxy.cut_after = 300000
            self.refuse(73, "3 uploads", url=SERVER.url(port=proxy.port),
                        hosts="pinned_key = %s;" % quote(SERVER.fingerprint),
                        rows=100000)
            self.assertEqual(self.delivery()["attempts"], 3)
            self.assertEqual(SERVER.files(), [])

    def test_resume(self):
        """it goes on behind what is there, and is compared"""
        with Proxy(SERVER.port) as proxy:
            proxy.cut_after, proxy.cuts_left = 1500000, 1
            self.job("resume = true;", url=SERVER.url(port=proxy.port),
                     hosts="pinned_key = %s;" % quote(SERVER.fingerprint),
                     rows=200000)
            result = self.home.run("run", "j", "-v")
            self.assertIn("goes on behind", result.stderr)
            self.assert_there()

    def test_quota(self):
        """a file that may not become so long"""
        server = self.serve(limit=512 * 1024)
        self.refuse(73, "quotas", rows=100000, server=server)
        self.assertEqual(server.files(), [])
        self.deliver(server=server, rows=1000)

    def test_read_only(self):
        """a user who may not write: refused at once"""
        server = self.serve(options="-R")
        self.refuse(73, "ermission denied", server=server)
        self.assertEqual(self.delivery()["attempts"], 1)

    def test_no_rename(self):
        """a server that forbids it: nothing is left, direct works"""
        server = self.serve(options="-P rename")
        self.refuse(73, "rename", "publish", server=server)
        self.assertEqual(server.files(), [])
        self.deliver('publish = "direct";', server=server)

    def test_no_remove(self):
        """a server that neither replaces nor removes"""
        server = self.serve(options="-P remove")
        self.deliver(server=server)
        self.refuse(73, "neither replaces nor removes", server=server)

    def test_no_statvfs(self):
        """a server that does not know what OpenSSH does"""
        server = self.serve(options="-P statvfs")
        self.deliver(server=server)
        self.refuse(73, "upload", server=server, url=server.url("nowhere/"))
        self.deliver("mkdirs = true;", server=server, url=server.url("a/b/"),
                     directory="a/b")

    def test_nobody(self):
        """nobody listens: may pass"""
        server = self.serve()
        server.stop()
        self.refuse(75, "connect", extra="retries = 1;", server=server)

    def test_broken_handshake(self):
        """a server that drops connections, as a busy one does"""
        with Proxy(SERVER.port) as proxy:
            proxy.cut_after, proxy.cuts_left = 1, 1
            pin = "pinned_key = %s;" % quote(SERVER.fingerprint)
            self.job(url=SERVER.url(port=proxy.port), hosts=pin)
            self.home.run("run", "j")
            self.assert_there()
            self.assertEqual(self.delivery()["attempts"], 2)
            proxy.cuts_left = None
            self.refuse(75, "Does an SSH server answer there?",
                        url=SERVER.url(port=proxy.port), hosts=pin,
                        extra="retries = 1;")

    def test_silence(self):
        """a server that stops answering is given up"""
        with Proxy(SERVER.port) as proxy:
            proxy.hold = True
            self.refuse(75, url=SERVER.url(port=proxy.port),
                        hosts="pinned_key = %s;" % quote(SERVER.fingerprint),
                        extra='retries = 0; connect_timeout = "1s"; '
                        'reply_timeout = "1s";')

    def test_killed(self):
        """killed in the middle: no final name; the next run delivers"""
        self.job('bandwidth = "200kB";', rows=100000)
        process = self.home.start("run", "j")
        wait_until(lambda: "out.csv.part" in SERVER.files(), what="upload")
        process.kill()
        self.home.finish(process)
        self.assertEqual(SERVER.files(), ["out.csv.part"])
        self.job(rows=100000)
        self.home.run("run", "j")
        self.assert_there()

    def test_terminated(self):
        """ended in the middle: what was begun is removed"""
        self.job('bandwidth = "200kB";', rows=100000)
        process = self.home.start("run", "j")
        wait_until(lambda: "out.csv.part" in SERVER.files(), what="upload")
        process.send_signal(signal.SIGTERM)
        self.home.finish(process, expect=128 + signal.SIGTERM)
        self.assertEqual(SERVER.files(), [])


if __name__ == "__main__":
    main()
