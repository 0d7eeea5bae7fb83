#!/usr/bin/python3
"""What a result becomes: several files, parts, compressed, encrypted, with
checksums, manifests and a marker.

What is written is read back by the programs that others have: gzip, zstd, gpg
and sha256sum.
"""

import sys
sys.dont_write_bytecode = True
import hashlib
import json
import os
import shutil
import signal
import subprocess

from harness import Case, main, source, target, temporary, wait_until

ROWS = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE "
        "n < %d) SELECT n, 'text ' || n AS t FROM c")


def csv_of(first, last):
    """What ROWS makes of these numbers."""
    return ("n,t\r\n" + "".join("%d,text %d\r\n" % (n, n)
                                for n in range(first, last + 1))).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def tool(*argv, data=None, env=None, expect=0):
    """Standard output of a program that others have."""
    done = subprocess.run(argv, input=data, capture_output=True, check=False,
                          env=env, timeout=120)
    if done.returncode != expect:
        raise AssertionError("%s: status %d: %s" % (
            argv, done.returncode, done.stderr.decode()))
    return done.stdout


class FileCase(Case):
    """A SQLite database, a target directory."""

    def setUp(self):
        super().setUp()
        self.home.sqlite("db", "CREATE TABLE empty (n INTEGER, t TEXT);")
        self.out, self.url = self.home.directory()

    def put(self, file, sql=ROWS % 3, name="v", rest="", **more):
        """A job whose file group is given, or the whole of files."""
        if not file.lstrip().startswith("files"):
            file = "file: { %s };\n" % file
        self.home.job(name, source(dsn="db", sql=sql, **more) + file +
                      target(self.url) + rest)

    def go(self, *arguments, name="v", expect=0, env=None):
        """Run with --json; what it says."""
        done = self.home.run("run", name, "--json", "--force", *arguments,
                             expect=expect, env=env)
        return json.loads(done.stdout)

    def delivered(self):
        """{name: bytes} of all that was delivered."""
        found = {}
        for name in os.listdir(self.out):
            with open(os.path.join(self.out, name), "rb") as f:
                found[name] = f.read()
        return found

    def clear(self):
        for name in os.listdir(self.out):
            os.unlink(os.path.join(self.out, name))

    def refused(self, *texts, name="v", status=78, env=None):
        """check says what is wrong, with file and line."""
        result = self.home.run("check", name, expect=status, env=env)
        for text in texts:
            self.assertIn(text, result.stderr)
        return result


class Several(FileCase):
    """files = ( ... )"""

    SQL = ("CREATE TEMP TABLE x AS SELECT 1 AS a;\n"
           "-- name: orders\nSELECT a, 'o' AS o FROM x;\n"
           "SELECT 'nobody wants this';\n"
           "-- name: lines\nSELECT a + n AS b FROM x, (SELECT 1 AS n UNION "
           "SELECT 2);\n"
           "SELECT 'the third' AS third")
    FILES = ('files = ( { result = "lines"; name = "l-{date:%Y}.csv"; '
             'newline = "lf"; },\n'
             '  { result = "orders"; name = "o.csv"; header = false; },\n'
             '  { result = "4"; name = "third.csv"; } );\n')

    def test_by_name_and_number(self):
        """each result set goes to the file that chose it"""
        self.put(self.FILES, self.SQL)
        said = self.go("--date", "2026-01-02")
        self.assertEqual(self.delivered(), {
            "l-2026.csv": b"b\n2\n3\n", "o.csv": b"1,o\r\n",
            "third.csv": b"third\r\nthe third\r\n"})
        self.assertEqual([f["name"] for f in said["files"]],
                         ["l-2026.csv", "o.csv", "third.csv"])
        self.assertEqual([f["rows"] for f in said["files"]], [2, 1, 1])
        self.assertEqual((said["rows"], said["state"]), (4, "shipped"))
        self.assertEqual([d["name"] for d in said["deliveries"]],
                         ["l-2026.csv", "o.csv", "third.csv"])
        for f in said["files"]:
            with open(f["path"], "rb") as spooled:
                self.assertEqual(sha256(spooled.read()), f["sha256"])
        rows = self.home.ledger(
            "SELECT f.name, f.rows, d.state FROM file f JOIN delivery d ON "
            "d.file = f.id ORDER BY f.id")
        self.assertEqual([tuple(r.values()) for r in rows],
                         [("l-2026.csv", 2, "delivered"),
                          ("o.csv", 1, "delivered"),
                          ("third.csv", 1, "delivered")])
        told = json.loads(self.home.run("history", str(said["run"]),
                                        "--json").stdout)[0]
        self.assertEqual([f["name"] for f in told["files"]],
                         ["l-2026.csv", "o.csv", "third.csv"])

    def test_all_or_nothing(self):
        """a result that is missing leaves no file at all"""
        self.put(self.FILES.replace('"4"', '"5"'), self.SQL)
        said = self.go(expect=65)
        self.assertIn("no result set '5', which files.result",
                      said["error"]["message"])
        self.assertEqual((self.delivered(), said["files"]), ({}, []))
        self.assertEqual(self.home.spool(), [])

    def test_same_result(self):
        """one result set does not become two files"""
        self.put(self.FILES.replace('"4"', '"1"'), self.SQL)
        said = self.go(expect=78)
        self.assertIn("'orders' and '1' are the same result set",
                      said["error"]["message"])
        self.assertEqual(self.delivered(), {})

    def test_defaults_of_the_main_file(self):
        """what the main file says of file holds for members, --set for one"""
        self.home.main('file: { newline = "lf"; delimiter = ";"; };\n')
        self.put('files = ( { result = "1"; name = "a.csv"; },\n'
                 ' { result = "2"; name = "b.csv"; delimiter = "|"; } );\n',
                 "SELECT 1 AS x, 2 AS y; SELECT 3 AS x, 4 AS y")
        self.go("--set", "files.2.header=false")
        self.assertEqual(self.delivered(),
                         {"a.csv": b"x;y\n1;2\n", "b.csv": b"3|4\n"})

    def test_refused(self):
        """what makes no sense is told before anything runs"""
        one = '{ result = "1"; name = "a.csv"; }'
        for text, said in (
                ('file: { name = "a.csv"; };\nfiles = ( %s );' % one,
                 "file.name and files are both set"),
                ('file: { header = false; };\nfiles = ( %s );' % one,
                 "file.header and files are both set"),
                ('files = ( { result = "last"; name = "a.csv"; } );',
                 "'last' says nothing"),
                ('files = ( { result = "0"; name = "a.csv"; } );',
                 "counted from 1"),
                ('files = ( { name = "a.csv"; } );',
                 "files.result is not set"),
                ('files = ( { result = "1"; } );', "files.name is not set"),
                ('files = ( %s, { result = "2"; name = "a.csv"; } );' % one,
                 "two files have the name 'a.csv'"),
                ('files = ( %s, %s );' % (one, one), "stands twice"),
                ('files = ( { result = "1"; name = "a.csv"; hedder = true; '
                 '} );', "files.header"),
                ('files = ( { result = "ordres"; name = "a.csv"; } );',
                 "no statement is named 'ordres'")):
            with self.subTest(text=text):
                self.home.job("v", source(
                    dsn="db", extra='dialect = "sqlite";',
                    sql="-- name: orders\nSELECT 1; SELECT 2") + text +
                    "\n" + target(self.url))
                self.refused(said)

    def test_one_target_fails(self):
        """the first file that fails ends the deliveries to that target"""
        two, url = self.home.directory("two")
        os.mkdir(os.path.join(two, "o.csv"))
        self.home.job("v", source(dsn="db", sql=self.SQL) +
                      self.FILES + 'targets = ( { name = "two"; url = "%s"; },'
                      ' { name = "one"; url = "%s"; } );\n' % (url, self.url))
        result = self.home.run("run", "v", "--date", "2026-01-02", expect=73)
        self.assertEqual(sorted(os.listdir(two)), ["l-2026.csv", "o.csv"])
        self.assertEqual(len(self.delivered()), 3)
        self.assertIn("1 of 3 files are delivered to 'two'", result.stderr)
        self.assertIn("delivered to 'one'", result.stderr)
        self.assertIn("the files are kept as run 1 in ", result.stderr)

    def test_checks(self):
        """rows are counted over all files, columns looked at in the first"""
        self.put(self.FILES, self.SQL, rest='checks: { min_rows = 4; '
                 'max_rows = 4; columns = ( "b" ); unique = ( "b" ); };\n')
        self.assertEqual(self.go()["state"], "shipped")
        self.clear()
        self.put(self.FILES, self.SQL, rest='checks: { max_rows = 3; };\n')
        said = self.go(expect=65)
        self.assertEqual((said["state"], self.delivered()), ("held", {}))
        self.assertEqual(len(self.home.spool()), 6)     # of two runs

    def test_no_ship(self):
        """--no-ship names all files"""
        self.put(self.FILES, self.SQL)
        paths = self.home.run("run", "v", "--no-ship").stdout.split()
        self.assertEqual([os.path.basename(p) for p in paths][1:],
                         ["o.csv", "third.csv"])
        self.assertTrue(all(os.path.exists(p) for p in paths))


class Split(FileCase):
    """file.split"""

    def test_parts(self):
        """the rows go to one file after the other, each with the header"""
        for rows, most in ((7, 3), (6, 3), (3, 3), (1, 3), (500, 1)):
            with self.subTest(rows=rows, most=most):
                self.clear()
                self.put('name = "v-{part}.csv"; split = %d;' % most,
                         ROWS % rows)
                said = self.go()
                wanted = {"v-%03d.csv" % (i // most + 1): csv_of(
                    i + 1, min(i + most, rows)) for i in range(0, rows, most)}
                self.assertEqual(self.delivered(), wanted)
                self.assertEqual(said["rows"], rows)
                self.assertEqual([f["name"] for f in said["files"]],
                                 sorted(wanted))

    def test_many_rows(self):
        """blocks of rows are cut where a part ends"""
        self.put('name = "v-{part}.csv"; split = "12345";', ROWS % 50000)
        self.go()
        found = self.delivered()
        self.assertEqual(len(found), 5)
        for i in range(5):
            self.assertEqual(found["v-%03d.csv" % (i + 1)], csv_of(
                12345 * i + 1, min(12345 * (i + 1), 50000)))

    def test_empty(self):
        """without rows there is one part"""
        self.put('name = "v-{part}.csv"; split = 3;', "SELECT * FROM empty")
        self.go()
        self.assertEqual(self.delivered(), {"v-001.csv": b"n,t\r\n"})

    def test_refused(self):
        """the name needs {part}, and {part} needs split"""
        self.put('name = "v.csv"; split = 3;')
        self.refused("v.cfg:6: file.split: the name has no {part}", "hint:")
        self.put('name = "v-{part}.csv";')
        self.refused("{part} has no meaning here", "file.split")
        self.put('name = "v-{part}.csv"; split = -1;')
        self.refused("at least 0")

    def test_last_result(self):
        """a result set takes the place of all parts of the one before"""
        self.put('name = "v-{part}.csv"; split = 2;',
                 ROWS % 9 + ";\n" + ROWS % 3)
        self.go()
        self.assertEqual(self.delivered(), {"v-001.csv": csv_of(1, 2),
                                            "v-002.csv": csv_of(3, 3)})
        self.assertEqual([os.path.basename(p) for p in self.home.spool()],
                         ["v-001.csv", "v-002.csv"])


class Empty(FileCase):
    """file.empty"""

    def test_skip(self):
        """nothing is delivered, and that is recorded, and no failure"""
        self.put('name = "v.csv"; empty = "skip";', "SELECT * FROM empty")
        said = self.go()
        self.assertEqual((said["state"], said["status"], said["rows"]),
                         ("empty", 0, 0))
        self.assertEqual(said["files"][0]["skipped"], True)
        self.assertEqual((self.delivered(), self.home.spool()), ({}, []))
        self.assert_recorded(0, "empty")
        self.assertIn("no rows: skipped",
                      self.home.run("history", str(said["run"])).stdout)
        # It was not shipped: the rows may come later on the same day.
        self.put('name = "v.csv"; empty = "skip";')
        self.home.run("run", "v")
        self.assertEqual(self.delivered(), {"v.csv": csv_of(1, 3)})

    def test_fail(self):
        """no rows end the run"""
        self.put('name = "v.csv"; empty = "fail";', "SELECT * FROM empty")
        result = self.home.run("run", "v", expect=65)
        self.assert_message(result, "the result has no rows",
                            'file.empty is "fail"')
        self.assertEqual((self.delivered(), self.home.spool()), ({}, []))
        self.assert_recorded(65)

    def test_fail_rolls_back(self):
        """what the batch changed in its transaction is not kept then"""
        self.put('name = "v.csv"; empty = "fail";',
                 "INSERT INTO empty VALUES (1, 'x'); "
                 "SELECT * FROM empty WHERE n = 2",
                 extra='transaction = "batch";')
        self.go(expect=65)
        self.put('name = "v.csv";', "SELECT count(*) AS c FROM empty")
        self.go()
        self.assertEqual(self.delivered(), {"v.csv": b"c\r\n0\r\n"})

    def test_ship(self):
        """by default the header is delivered"""
        self.put('name = "v.csv";', "SELECT * FROM empty")
        self.assertEqual(self.go()["state"], "shipped")
        self.assertEqual(self.delivered(), {"v.csv": b"n,t\r\n"})

    def test_one_of_several(self):
        """the others are shipped"""
        self.put('files = ( { result = "1"; name = "a.csv"; empty = "skip"; '
                 'done = "{name}.done"; },\n'
                 '{ result = "2"; name = "b.csv"; empty = "skip"; } );\n',
                 "SELECT * FROM empty; SELECT 1 AS x")
        self.assertEqual(self.go()["state"], "shipped")
        self.assertEqual(self.delivered(), {"b.csv": b"x\r\n1\r\n",
                                            "a.csv.done": b""})


class Compressed(FileCase):
    """file.compress"""

    def test_gzip_and_zstd(self):
        """gzip and zstd read it back; the bytes are the same every time"""
        for how, ending, command in (
                ("gzip", "gz", "gzip"), ("gzip:1", "gz", "gzip"),
                ("gzip:9", "gz", "gzip"), ("zstd", "zst", "zstd"),
                ("zstd:1", "zst", "zstd"), ("zstd:19", "zst", "zstd")):
            with self.subTest(how=how):
                self.clear()
                name = "v.csv." + ending
                self.put('name = "%s"; compress = "%s";' % (name, how),
                         ROWS % 40000)
                said = self.go()["files"][0]
                packed = self.delivered()[name]
                content = csv_of(1, 40000)
                self.assertEqual(tool(command, "-dc", data=packed), content)
                self.assertEqual(
                    (said["bytes"], said["sha256"], said["content_bytes"],
                     said["content_sha256"]),
                    (len(packed), sha256(packed), len(content),
                     sha256(content)))
                self.assertLess(len(packed), len(content) // 3)
                row = self.home.ledger("SELECT * FROM file ORDER BY id DESC")[0]
                self.assertEqual(
                    (row["sha256"], row["content_sha256"], row["bytes"],
                     row["content_bytes"]),
                    (sha256(packed), sha256(content), len(packed),
                     len(content)))
                self.go("--date", "2020-02-02")
                self.assertEqual(self.delivered()[name], packed)

    def test_levels(self):
        """levels differ"""
        sizes = []
        for level in ("gzip:1", "gzip:9", "zstd:1", "zstd:19"):
            self.put('name = "v.gz"; compress = "%s";' % level, ROWS % 20000)
            sizes.append(self.go()["bytes"])
        self.assertEqual(len(set(sizes)), 4)

    def test_no_time_in_the_header(self):
        """RFC 1952: no flags, no time, an unknown system"""
        self.put('name = "v.csv.gz"; compress = "gzip";')
        self.go()
        header = self.delivered()["v.csv.gz"][:10]
        self.assertEqual(header[:8], b"\x1f\x8b\x08" + bytes(5))
        self.assertEqual(header[9], 255)

    def test_empty(self):
        """a file without a header and without rows is still one of gzip"""
        for how, command in (("gzip", "gzip"), ("zstd", "zstd")):
            self.put('name = "v"; header = false; compress = "%s";' % how,
                     "SELECT * FROM empty")
            self.go()
            self.assertEqual(tool(command, "-dc", data=self.delivered()["v"]),
                             b"")

    def test_split(self):
        """each part is a whole one"""
        self.put('name = "v-{part}.csv.gz"; compress = "gzip"; split = 2;')
        self.go()
        found = self.delivered()
        self.assertEqual(tool("gzip", "-dc", data=found["v-001.csv.gz"]),
                         csv_of(1, 2))
        self.assertEqual(tool("gzip", "-dc", data=found["v-002.csv.gz"]),
                         csv_of(3, 3))

    def test_query(self):
        """query compresses to standard output and to a file"""
        path = os.path.join(self.home.path, "q.gz")
        for arguments in ((), ("-o", path)):
            done = self.home.run("query", "-d", "db", "-e", ROWS % 3, "--set",
                                 "file.compress=gzip", *arguments)
            packed = done.bytes
            if arguments:
                with open(path, "rb") as f:
                    packed = f.read()
            self.assertEqual(tool("gzip", "-dc", data=packed), csv_of(1, 3))

    def test_refused(self):
        """methods and levels that do not exist; a name that says otherwise"""
        for how in ("bzip2", "gzip:0", "gzip:10", "zstd:20", "gzip:", "none:1",
                    "gzip:x", "zstd:-1"):
            with self.subTest(how=how):
                self.put('name = "v.gz"; compress = "%s";' % how)
                self.refused("v.cfg:6: file.compress: '%s' is not one of" %
                             how)
        self.put('name = "v.csv"; compress = "zstd";')
        result = self.home.run("check", "v")
        self.assertIn("'v.csv' does not end with .zst", result.stderr)
        self.put('name = "v.csv.zst"; compress = "zstd";')
        self.assertEqual(self.home.run("check", "v").stderr, "")

    def test_full_disk(self):
        """what the thread that compresses cannot write is an error"""
        result = self.home.run(
            "query", "-d", "db", "-e", ROWS % 200000, "-o", "/dev/full",
            "--set", "file.compress=gzip:1", expect=74)
        self.assertIn("No space left on device", result.stderr)


class Encrypted(FileCase):
    """file.encrypt"""

    @classmethod
    def setUpClass(cls):
        cls.ring = temporary()
        os.chmod(cls.ring, 0o700)
        cls.env = {"PATH": os.environ["PATH"], "GNUPGHOME": cls.ring}
        for uid, expiry in (("Partner <partner@example.com>", "never"),
                            ("Late <late@example.com>", "seconds=1"),
                            ("Twice <twice@example.com>", "never"),
                            ("Twice <twice@example.com>", "never"),
                            ("Other <xpartner@example.com.org>", "never")):
            cls.gpg("--quick-generate-key", uid, "rsa2048", "encrypt,sign",
                    expiry)
        # A key that nobody vouches for, without its secret.
        stranger = temporary()
        os.chmod(stranger, 0o700)
        other = dict(cls.env, GNUPGHOME=stranger)
        cls.gpg("--quick-generate-key", "Stranger <stranger@example.com>",
                "rsa2048", "encrypt,sign", "never", env=other)
        cls.gpg("--import", data=cls.gpg("--export", env=other))
        wait_until(lambda: b":e:" in cls.gpg(
            "--list-keys", "--with-colons", "late@example.com"),
                   what="the end of a key")
        tool("gpgconf", "--kill", "all", env=other)

    @classmethod
    def tearDownClass(cls):
        tool("gpgconf", "--kill", "all", env=cls.env)

    @classmethod
    def gpg(cls, *arguments, data=None, env=None):
        # Options that keep the throw-away ring from asking anybody.
        words = list(arguments)
        if words[0] == "--quick-generate-key":
            words[0:1] = ["--faked-system-time", "20200101T000000!",
                          words[0]] if words[-1].startswith("sec") else words[
                              0:1]
        return tool("gpg", "--batch", "--yes", "--no-tty", "--passphrase", "",
                    "--pinentry-mode", "loopback", *words, data=data,
                    env=env or cls.env)

    def run_env(self):
        return {"GNUPGHOME": self.ring}

    def fingerprint(self, who):
        lines = self.gpg("--list-keys", "--with-colons", who).decode()
        return next(line.split(":")[9] for line in lines.splitlines()
                    if line.startswith("fpr:"))

    def test_decrypts(self):
        """gpg decrypts it, also when it was compressed first"""
        for how, name in (("none", "v.csv.gpg"), ("gzip", "v.csv.gz.gpg"),
                          ("zstd:3", "v.csv.zst.gpg")):
            with self.subTest(how=how):
                self.put('name = "%s"; compress = "%s"; '
                         'encrypt = ( "partner@example.com" );' % (name, how),
                         ROWS % 30000)
                said = self.go(env=self.run_env())["files"][0]
                sealed = self.delivered()[name]
                self.assertNotIn(b"text 17", sealed)
                plain = self.gpg("--decrypt", data=sealed)
                if how != "none":
                    plain = tool(how.split(":")[0], "-dc", data=plain)
                self.assertEqual(plain, csv_of(1, 30000))
                self.assertEqual((said["sha256"], said["content_sha256"]),
                                 (sha256(sealed), sha256(plain)))

    def test_recipients(self):
        """several, by address or fingerprint, and nobody else"""
        fpr = self.fingerprint("<xpartner@example.com.org>")
        self.put('name = "v.gpg"; encrypt = ( "partner@example.com", "%s" );' %
                 fpr)
        self.go(env=self.run_env())
        sealed = self.delivered()["v.gpg"]
        packets = self.gpg("--list-only", "--list-packets", data=sealed)
        self.assertEqual(packets.count(b":pubkey enc packet:"), 2)
        self.put('name = "v.gpg"; encrypt = ( "partner@example.com" );')
        self.go(env=self.run_env())
        packets = self.gpg("--list-only", "--list-packets",
                           data=self.delivered()["v.gpg"])
        self.assertEqual(packets.count(b":pubkey enc packet:"), 1)

    def test_refused(self):
        """keys that cannot be used are told by check"""
        for who, said in (
                ("nobody@example.com", "no key of 'nobody@example.com' is in "
                                       "the keyring " + self.ring),
                ("artner@example.com", "no key of"),
                ("late@example.com",
                 "the key of 'late@example.com' expired on 2020-01-01"),
                ("twice@example.com", "has 2 keys"),
                ("stranger@example.com", "nobody says that the key of "
                                         "'stranger@example.com' is theirs")):
            with self.subTest(who=who):
                self.put('name = "v.gpg";\n encrypt = ( "%s" );' % who)
                result = self.refused("v.cfg:7: file.encrypt: ", said,
                                      env=self.run_env())
                self.assertIn("hint: ", result.stderr)
                said = self.go(expect=78, env=self.run_env())
                self.assertEqual(self.delivered(), {})

    def test_trusting_helps(self):
        """what the hint says makes the key usable"""
        ring = temporary()
        shutil.rmtree(ring)
        shutil.copytree(self.ring, ring, ignore=lambda d, names: [
            n for n in names if n.startswith("S.")])
        env = {"GNUPGHOME": ring}
        self.put('name = "v.gpg"; encrypt = ( "stranger@example.com" );')
        hint = self.refused("stranger", env=env).stderr
        command = hint[hint.index("echo "):].splitlines()[0]
        tool("sh", "-c", command, env=dict(self.env, **env))
        self.home.run("check", "v", env=env)
        tool("gpgconf", "--kill", "all", env=dict(self.env, **env))

    def sealing(self):
        """The pid of a gpg that encrypts with our ring; gpgme parts it from
        the process that wanted it."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as f:
                    words = f.read()
                with open("/proc/%s/environ" % pid, "rb") as f:
                    ours = self.ring.encode() in f.read()
            except OSError:
                continue
            if ours and b"--encrypt" in words:
                return int(pid)
        return None

    def test_gpg_is_killed(self):
        """what a killed gpg leaves is not taken for a file"""
        self.put('name = "v.gpg"; encrypt = ( "partner@example.com" );',
                 ROWS % 100000000)
        process = self.home.start("run", "v", env=self.run_env())
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)

        wait_until(lambda: any(os.path.getsize(os.path.join(
            self.home.state, "spool", p)) > 1000000
                               for p in self.home.spool()), 60, "its work")
        # Only now: the process that gpgme parts it by is gone.
        os.kill(wait_until(self.sealing, 60, "gpg"), signal.SIGKILL)
        result = self.home.finish(process)
        self.assertIn(result.status, (74, 78), str(result))
        self.assertIn("gpg", result.stderr)
        self.assertEqual((self.delivered(), self.home.spool()), ({}, []))


class Followed(FileCase):
    """file.checksum, file.manifest, file.done"""

    def test_checksum(self):
        """sha256sum -c reads it"""
        self.put('name = "a b.csv"; checksum = "sha256";')
        self.go()
        found = self.delivered()
        self.assertEqual(found["a b.csv.sha256"].decode(), "%s  a b.csv\n" %
                         sha256(found["a b.csv"]))
        said = subprocess.run(["sha256sum", "-c", "a b.csv.sha256"],
                              cwd=self.out, capture_output=True, check=True)
        self.assertEqual(said.stdout, b"a b.csv: OK\n")

    def test_manifest(self):
        """it says what the file is"""
        self.put('name = "v-{part}.csv.gz"; compress = "gzip"; split = 2; '
                 'manifest = true; null = "NULL"; newline = "lf"; '
                 'invalid = "replace";',
                 "SELECT 1 AS n, 'x' AS t UNION ALL SELECT 2, CAST(x'ff' AS "
                 "TEXT) UNION ALL SELECT 3, NULL")
        self.home.main('environments: { test: { owner = "x"; }; };\n')
        said = self.go("--date", "2026-03-04", "--env", "test")
        found = self.delivered()
        self.assertEqual(sorted(found), [
            "v-001.csv.gz", "v-001.csv.gz.manifest.json", "v-002.csv.gz",
            "v-002.csv.gz.manifest.json"])
        m = json.loads(found["v-001.csv.gz.manifest.json"])
        packed = found["v-001.csv.gz"]
        content = tool("gzip", "-dc", data=packed)
        self.assertEqual(content, b"n,t\n1,x\n2,\xef\xbf\xbd\n")
        wanted = {
            "manifest": 1, "name": "v-001.csv.gz", "rows": 2, "part": 1,
            "bytes": len(packed), "sha256": sha256(packed),
            "content_bytes": len(content), "content_sha256": sha256(content),
            "compress": "gzip", "encrypted_for": [], "job": "v",
            "environment": "test", "date": "2026-03-04", "run": said["run"],
            "lossy": 0, "replaced": 1, "prefixed": 0}
        self.assertEqual({key: m[key] for key in wanted}, wanted)
        self.assertEqual([c["name"] for c in m["columns"]], ["n", "t"])
        self.assertEqual(set(m["columns"][0]), {"name", "kind", "type"})
        self.assertEqual((m["source"]["dsn"], m["source"]["dbms"]),
                         ("db", "SQLite"))
        self.assertEqual(m["csv"], {
            "header": True, "delimiter": ",", "newline": "lf",
            "quote": "minimal", "null": "NULL", "charset": "UTF-8",
            "bom": False})
        second = json.loads(found["v-002.csv.gz.manifest.json"])
        self.assertEqual((second["part"], second["rows"], second["replaced"]),
                         (2, 1, 0))

    def test_order(self):
        """data, checksums, manifests, and the one marker last"""
        self.put('files = ( { result = "1"; name = "a.csv"; checksum = '
                 '"sha256"; manifest = true; done = "{job}.{name}.ok"; },\n'
                 ' { result = "2"; name = "b.csv"; checksum = "sha256"; } '
                 ');\n', "SELECT 1 AS x; SELECT 2 AS x")
        said = self.go()
        wanted = ["a.csv", "b.csv", "a.csv.sha256", "b.csv.sha256",
                  "a.csv.manifest.json", "v.a.csv.ok"]
        self.assertEqual([d["name"] for d in said["deliveries"]], wanted)
        self.assertEqual([f["kind"] for f in said["files"]], [
            "data", "data", "checksum", "checksum", "manifest", "done"])
        self.assertEqual(sorted(self.delivered()), sorted(wanted))
        self.assertEqual(self.delivered()["v.a.csv.ok"], b"")
        rows = self.home.ledger("SELECT d.name, d.state, f.kind FROM delivery "
                                "d JOIN file f ON f.id = d.file ORDER BY d.id")
        self.assertEqual([r["name"] for r in rows], wanted)
        self.assertEqual({r["state"] for r in rows}, {"delivered"})
        self.assertEqual((said["rows"], len(self.home.spool())), (2, 6))

    def test_no_marker_after_a_failure(self):
        """where something is missing the marker does not go"""
        self.put('name = "a.csv"; checksum = "sha256"; '
                 'done = "{name}.done";')
        os.mkdir(os.path.join(self.out, "a.csv.sha256"))
        said = self.go(expect=73)
        self.assertEqual(sorted(os.listdir(self.out)),
                         ["a.csv", "a.csv.sha256"])
        self.assertEqual([(d["name"], d["error"] is None)
                          for d in said["deliveries"]],
                         [("a.csv", True), ("a.csv.sha256", False)])

    def test_refused(self):
        """markers that are no markers"""
        self.put('name = "a.csv"; done = "a.csv";')
        self.refused("file.done is the file's own name 'a.csv'")
        self.put('name = "a.csv"; done = "x/{name}";')
        self.refused("holds a slash")
        self.put('files = ( { result = "1"; name = "a.csv"; done = "a"; },\n'
                 '{ result = "2"; name = "b.csv"; done = "b"; } );\n')
        self.refused("'a' and 'b' are two markers")


class Names(FileCase):
    """Long names."""

    def test_longest(self):
        """what check lets pass can be written and delivered"""
        name = "n" * 246 + ".csv"       # with .part 255 bytes
        self.put('name = "%s";' % name)
        self.home.run("check", "v")
        self.go()
        self.assertEqual(self.delivered(), {name: csv_of(1, 3)})

    def test_too_long(self):
        """what could not be delivered is told by check"""
        self.put('name = "%s";' % ("n" * 247 + ".csv"))
        self.refused("targets.out.temporary", "longer than 255 bytes")
        self.put('name = "%s"; checksum = "sha256";' % ("n" * 240 + ".csv"))
        self.refused("longer than 255 bytes")
        self.put('name = "%s"; manifest = true;' % ("n" * 240 + ".csv"))
        self.refused("longer than 255 bytes")


if __name__ == "__main__":
    main()
