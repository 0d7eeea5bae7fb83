#!/usr/bin/env python3
"""odbcship doctor, and what runs as cron would run it."""

import json
import os
import pwd
import socket
import subprocess

from cli import CliCase, main, source, target


class DoctorCase(CliCase):
    """A healthy world, and a look at it."""

    def setUp(self):
        super().setUp()
        self.put("daily")

    def look(self, *arguments, expect=0, env=None):
        """Findings by (item, subject)."""
        result = self.home.run("doctor", "--json", *arguments, expect=expect,
                               env=env)
        self.assertEqual(result.stderr, "")
        return json.loads(result.stdout)

    @staticmethod
    def of(findings, item, subject=None):
        return [f for f in findings if f["item"] == item and
                (subject is None or f["subject"] == subject)]

    def one(self, findings, item, subject=None):
        found = self.of(findings, item, subject)
        self.assertEqual(len(found), 1, findings)
        return found[0]

    def failed(self, findings):
        return [(f["item"], f["subject"], f["class"]) for f in findings
                if f["result"] == "fail"]

    def compile(self, name, text, *libraries):
        """A shared library."""
        path = os.path.join(self.home.path, name)
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", path,
                        "-Wl,--no-as-needed", "-x", "none", *libraries], check=True,
                       input=text.encode(), cwd=self.home.path)
        return path


class Doctor(DoctorCase):
    """What is found."""

    def test_healthy(self):
        """nothing fails, every item has its say, and the state is untouched"""
        found = self.look()
        self.assertEqual(self.failed(found), [])
        told = {f["item"] for f in found}
        self.assertLessEqual({
            "main file", "job", "ODBC file", "data source", "driver", "trace",
            "user", "home", "state", "free space", "umask", "limits", "locale",
            "time zone", "clock", "libcurl", "certificates", "proxies"}, told)
        self.assertEqual(self.one(found, "data source")["subject"], "shop")
        self.assertIn("sqlite3odbc.so loads",
                      self.one(found, "driver")["message"])
        self.assertFalse(os.path.exists(self.home.state))
        self.home.run("run", "daily")
        again = self.look()
        self.assertEqual(self.one(again, "fsync and rename")["result"], "ok")
        self.assertEqual(
            [n for n in os.listdir(self.home.state) if "doctor" in n], [])

    def test_text(self):
        """people see what is not as it should be, and a count"""
        self.put("other", dsn="shopp")
        shown = self.home.run("doctor", expect=69).stdout
        self.assertIn("FAIL  data source 'shopp': it is in no odbc.ini\n"
                      "      hint: Did you mean 'shop'?\n", shown)
        self.assertNotIn("\nok ", shown)
        self.assertRegex(shown, r"\n\d+ ok, \d+ to look at, 1 failed, 0 cannot"
                         r" be told \(--all shows all\)\n\Z")
        self.assertIn("ok    driver 'SQLite3': ",
                      self.home.run("doctor", "--all", "daily").stdout)

    def test_jobs(self):
        """only the jobs that are named are looked at; an unknown one fails"""
        self.put("broken", dsn="shopp")
        self.assertEqual(self.failed(self.look("daily")), [])
        self.assertEqual(self.failed(self.look(expect=69)),
                         [("data source", "shopp", "database")])
        self.assertEqual(self.failed(self.look("dialy", expect=78)),
                         [("job", "dialy", "spec")])

    def test_spec(self):
        """what is wrong with a spec has its file and line"""
        self.home.job("daily", "nonsense = 1;\n" +
                      source(dsn="shop", sql="SELECT 1") +
                      'file: { name = "x.csv"; };\n' + target(self.url))
        job = self.one(self.look(expect=78), "job", "daily")
        self.assertIn("daily.cfg:1: ", job["message"])

    def test_environments(self):
        """the environment is chosen as for a run"""
        self.put("daily", extra='environments: { dev: { }; };\n')
        self.assertEqual(self.failed(self.look(expect=78)),
                         [("job", "daily", "spec")])
        self.assertEqual(self.failed(self.look("--env", "dev")), [])

    def test_secret(self):
        """a secret that others can read, one that is not there, a good one"""
        self.put("daily", source='password = { file = "db.secret"; };',
                 extra="", **{})
        self.assertEqual(self.failed(self.look(expect=78)),
                         [("secret", "daily: source.password", "spec")])
        self.home.secret("db.secret", "canary-1234", 0o644)
        found = self.one(self.look(expect=78), "secret")
        self.assertIn("chmod", found["hint"])
        self.home.secret("db.secret", "canary-1234")
        found = self.one(self.look(), "secret")
        self.assertEqual(found["result"], "ok")
        self.assertNotIn("canary", json.dumps(found))

    def test_driver_missing(self):
        """a driver that is not there, one that lacks a library: its name"""
        self.home.dsn("shop", {"Driver": "/nowhere/libdb.so"})
        driver = self.one(self.look(expect=69), "driver")
        self.assertEqual(driver["result"], "fail")
        self.assertIn("/nowhere/libdb.so", driver["message"])
        client = self.compile("libvendorclient.so", "int v(void){return 1;}")
        path = self.compile("libdb.so", "int f(void){return 2;}", client)
        self.home.dsn("shop", {"Driver": path})
        self.assertEqual(self.failed(self.look()), [])
        os.remove(client)
        driver = self.one(self.look(expect=69), "driver")
        self.assertIn("libvendorclient.so", driver["message"])
        self.assertIn("ld.so.conf.d", driver["hint"])

    def test_driver_crashes(self):
        """a driver that crashes when it is loaded is told, and no more"""
        path = self.compile(
            "libcrash.so", "#include <signal.h>\n__attribute__((constructor)) "
            "static void f(void) { raise(SIGKILL); }\n")
        self.home.dsn("shop", {"Driver": path})
        found = self.look(expect=69)
        self.assertIn("signal 9", self.one(found, "driver")["message"])
        self.assertTrue(self.of(found, "clock"))

    def test_driver_unknown(self):
        """a DSN whose driver is in no odbcinst.ini, one without a driver"""
        self.home.dsn("shop", {"Driver": "NoSuch"})
        self.assertIn("'NoSuch'", self.one(self.look(expect=69),
                                           "data source")["message"])
        self.home.dsn("shop", {"Database": "x"})
        self.assertIn("names no driver", self.one(
            self.look(expect=69), "data source")["message"])

    def test_without_jobs(self):
        """without jobs all drivers are loaded, and stop nobody"""
        os.remove(os.path.join(self.home.jobs, "daily.cfg"))
        self.home.write(os.path.join(self.home.odbc, "odbcinst.ini"),
                        "[Good]\nDriver = libsqlite3odbc.so\n"
                        "[Bad]\nDriver = /nowhere/bad.so\n")
        found = self.look()
        self.assertEqual(self.one(found, "driver", "Good")["result"], "ok")
        self.assertEqual(self.one(found, "driver", "Bad")["result"], "warn")

    def test_trace(self):
        """a trace of the driver manager"""
        trace = os.path.join(self.home.path, "sql.log")
        with open(os.path.join(self.home.odbc, "odbcinst.ini"), "a",
                  encoding="utf-8") as f:
            f.write("\n[ODBC]\nTrace = Yes\nTraceFile = %s\n" % trace)
        found = self.one(self.look(), "trace")
        self.assertEqual((found["result"], found["subject"]), ("warn", trace))

    def test_state(self):
        """a state directory that is none, one that others can look into"""
        self.home.write(self.home.state, "")
        self.assertEqual(self.failed(self.look(expect=74))[0][0], "state")
        os.remove(self.home.state)
        os.mkdir(self.home.state, 0o755)
        self.assertIn("0755", self.of(self.look(), "state")[0]["message"])

    def test_variables(self):
        """time zone, locale and proxies of the environment"""
        found = self.look(env={"TZ": "Europe/Berlln", "LC_ALL": "xx_YY.UTF-8",
                               "ftp_proxy": "http://u:canary@proxy:3128"})
        for item in ("time zone", "locale", "proxies"):
            self.assertEqual(self.one(found, item)["result"], "warn", item)
        self.assertNotIn("canary", json.dumps(found))
        found = self.look(env={"TZ": "Europe/Berlin", "LC_ALL": "C.UTF-8"})
        for item in ("time zone", "locale", "proxies"):
            self.assertEqual(self.one(found, item)["result"], "ok", item)

    def test_limits(self):
        """limits that a run may run into"""
        process = self.home.start(
            "doctor", "--json",
            preexec_fn=lambda: __import__("resource").setrlimit(
                __import__("resource").RLIMIT_CPU, (7000, 7000)))
        found = json.loads(self.home.finish(process, 0).stdout)
        limit = self.one(found, "limits")
        self.assertEqual((limit["result"], limit["message"]),
                         ("warn", "limited to 7000"))

    def test_network(self):
        """hosts are tried when that is asked for, each once"""
        there = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(there.close)
        gone = socket.create_server(("127.0.0.1", 0))
        ports = [s.getsockname()[1] for s in (there, gone)]
        gone.close()
        for name in ("daily", "other"):
            self.put(name, url="ftp://127.0.0.1:%d/in/" % ports[0],
                     extra='notify = ( { mail = { to = ( "a@b.c" ); '
                     'url = "smtp://127.0.0.1:%d"; }; }, '
                     '{ webhook = { url = "https://127.0.0.1:1/"; '
                     'proxy = "http://127.0.0.1:%d"; }; } );\n' % (
                         ports[1], ports[0]))
        self.assertEqual(self.of(self.look(), "network"), [])
        found = self.look("--connect", "--all")
        self.assertEqual(
            sorted((f["subject"], f["result"])
                   for f in self.of(found, "network")),
            sorted([("127.0.0.1:%d" % ports[0], "ok"),
                    ("127.0.0.1:%d" % ports[1], "warn")]))
        self.put("daily", url="ftp://127.0.0.1:%d/in/" % ports[1])
        self.put("other", url="ftps://nosuch.invalid/in/")
        found = self.look("--connect", expect=73)
        self.assertEqual(self.failed(found), [
            ("network", "127.0.0.1:%d" % ports[1], "target"),
            ("network", "nosuch.invalid:990", "target")])
        far = self.one(found, "network", "nosuch.invalid:990")
        self.assertIn("target 'out': ", far["message"])
        self.assertIn("nosuch.invalid", far["message"])
        self.assertIn("getent hosts", far["hint"])

    def test_certificates(self):
        """a ca_file that is not there, where a target goes by it"""
        self.put("daily", url="ftp://127.0.0.1/x/",
                 extra="")
        self.assertEqual(self.failed(self.look()), [])
        self.home.job("daily", source(dsn="shop", sql="SELECT 1 AS a") +
                      'file: { name = "x.csv"; };\n' +
                      target("ftp://127.0.0.1/x/",
                             extra='ca_file = "none.pem";'))
        self.assertEqual(self.failed(self.look(expect=73))[0][0],
                         "certificates")


class AsCron(DoctorCase):
    """The environment that cron gives."""

    def setUp(self):
        super().setUp()
        self.me = pwd.getpwuid(os.geteuid())

    def settle(self):
        """What does not depend on the environment: --config, a whole string."""
        self.home.main('state = "%s";\n' % self.home.state)
        self.home.job("daily", source(
            connection="Driver=%s;Database=%s/shop.db" % (
                self.library(), self.home.path),
            sql="SELECT id FROM item ORDER BY id",
            extra='dialect = "sqlite";') + 'file: { name = "d.csv"; };\n' +
                      target(self.url))

    def library(self):
        for top in ("/usr/lib/x86_64-linux-gnu/odbc", "/usr/lib64", "/usr/lib",
                    "/usr/lib/aarch64-linux-gnu/odbc"):
            path = os.path.join(top, "libsqlite3odbc.so")
            if os.path.exists(path):
                return path
        self.fail("where is libsqlite3odbc.so?")
        return None

    def test_doctor(self):
        """what is set here only is told, and looked at without it"""
        found = self.look("--as-cron", "--config", self.home.config,
                          expect=69, env={"NLS_LANG": "GERMAN"})
        told = [f["message"] for f in self.of(found, "cron's environment")]
        self.assertIn("ODBCSYSINI: here '%s', under cron not set" %
                      self.home.odbc, told)
        self.assertIn("NLS_LANG: here 'GERMAN', under cron not set", told)
        self.assertEqual(
            [f["result"] for f in self.of(found, "cron's environment")
             if f["message"].startswith(("ODBCSYSINI", "NLS"))],
            ["warn", "warn"])
        self.assertIn(("data source", "shop", "database"), self.failed(found))
        home = self.one(found, "home")
        self.assertEqual((home["subject"], home["result"]),
                         (self.me.pw_dir, "ok"))

    def test_run(self):
        """the run's environment is cron's, and nothing else is in it"""
        self.settle()
        result = self.home.run("run", "daily", "--as-cron", "--config",
                               self.home.config, "--json",
                               env={"ODBCSHIP_ENV": "x", "LC_ALL": "C.UTF-8"})
        self.assertEqual(json.loads(result.stdout)["state"], "shipped")
        self.assertIn("cron's environment differs from this one:\n",
                      result.stderr)
        self.assertIn("  LC_ALL: here 'C.UTF-8', under cron not set\n",
                      result.stderr)
        items = json.loads(self.home.run(
            "history", "1", "--json").stdout)[0]["surroundings"]
        variables = {n: v for n, v in items.items() if n.isupper() or "_" in n}
        self.assertEqual(variables, {
            "HOME": self.me.pw_dir, "LOGNAME": self.me.pw_name,
            "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"})
        self.assertEqual(items["umask"], "0022")

    def test_quiet(self):
        """--quiet runs without a word"""
        self.settle()
        self.assert_silent(self.home.run("run", "daily", "--as-cron", "-q",
                                         "--config", self.home.config))
        self.assertEqual(self.delivered(), ["d.csv"])

    def test_failure(self):
        """status and message of the run come through"""
        self.settle()
        result = self.home.run(
            "run", "daily", "--as-cron", "-q", "--config", self.home.config,
            "--set", "source.sql=SELECT nonsense", expect=69)
        self.assertIn("odbcship: daily: ", result.stderr)
        self.assertIn("nonsense", result.stderr)

    def test_words(self):
        """options and arguments with blanks come through as they were"""
        self.settle()
        self.home.run("run", "--as-cron", "--config", self.home.config,
                      "--set", "source.sql=SELECT 'a  b''$HOME\" c' AS x",
                      "--", "daily")
        with open(os.path.join(self.out, "d.csv"), "rb") as f:
            self.assertEqual(f.read(), b'x\r\n"a  b\'$HOME"" c"\r\n')


main()
