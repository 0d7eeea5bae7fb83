#!/usr/bin/python3
"""Deliveries to S3: a service of ours that computes signatures itself."""

import sys
sys.dont_write_bytecode = True
import hashlib
import os

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))

from harness import Case, main, quote, source, target, temporary
from servers.certs import Certs
from servers.s3 import S3, Object, canonical_request, signature

CERTS = Certs(temporary())
SQL = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
       "WHERE n < %d) SELECT n, n * 7919 AS v, 'row ' || n AS t FROM c")
EMPTY = hashlib.sha256(b"").hexdigest()


class Signer(Case):
    """the server's own signer, by the examples of Amazon's documentation"""

    def setUp(self):
        pass

    def sign(self, method, path, query, headers, payload):
        headers = {"host": "examplebucket.s3.amazonaws.com",
                   "x-amz-date": "20130524T000000Z",
                   "x-amz-content-sha256": payload, **headers}
        request = canonical_request(method, path, query, headers,
                                    sorted(headers), payload)
        return signature("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                         "20130524T000000Z", "us-east-1", "s3", request)

    def test_get(self):
        """GET Object"""
        self.assertEqual(
            self.sign("GET", "/test.txt", "", {"range": "bytes=0-9"}, EMPTY),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")

    def test_put(self):
        """PUT Object, with a name that is escaped"""
        payload = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()
        self.assertEqual(
            self.sign("PUT", "/test$file.text", "", {
                "date": "Fri, 24 May 2013 00:00:00 GMT",
                "x-amz-storage-class": "REDUCED_REDUNDANCY"}, payload),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")

    def test_query(self):
        """GET Bucket, with a query"""
        self.assertEqual(
            self.sign("GET", "/", "max-keys=2&prefix=J", {}, EMPTY),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")


class Bucket(Case):
    certificate = CERTS.server

    def setUp(self):
        super().setUp()
        self.home.sqlite("db")
        self.serve()

    def serve(self, **more):
        self.server = S3(certificate=self.certificate, **more)
        self.addCleanup(self.server.stop)
        self.server.start()
        self.home.secret("secret", self.server.password)

    def job(self, extra="", url="s3://out/daily/", name="out.csv", rows=4000,
            user=None, endpoint=None):
        self.home.job("j", source(dsn="db", sql=SQL % rows) +
                      "file: { name = %s; };\n" % quote(name) +
                      target(url, "partner", 'endpoint = %s; ca_file = %s; '
                             'user = "%s"; password = { file = "secret"; }; '
                             'retry_wait = "10ms"; %s' % (
                                 quote(endpoint or self.server.endpoint()),
                                 quote(CERTS.ca), user or self.server.user,
                                 extra)))

    def content(self):
        row = self.home.ledger("SELECT * FROM file ORDER BY id")[-1]
        with open(row["path"], "rb") as f:
            return f.read()

    def delivery(self):
        return self.home.ledger("SELECT * FROM delivery ORDER BY id")[-1]

    def deliver(self, extra="", key="daily/out.csv", attempts=1,
                verified="size", **more):
        self.job(extra, **more)
        self.assert_silent(self.home.run("run", "j", "--force"))
        self.assert_there(key, attempts, verified)

    def assert_there(self, key="daily/out.csv", attempts=1, verified="size"):
        self.assertEqual(self.server.buckets["out"][key].data, self.content())
        row = self.delivery()
        self.assertEqual((row["state"], row["stage"], row["bytes"],
                          row["attempts"], row["verified"]),
                         ("delivered", "verified", len(self.content()),
                          attempts, verified), row)

    def refuse(self, status, *texts, extra="", **more):
        self.job(extra, **more)
        result = self.home.run("run", "j", "--force", expect=status)
        self.assert_message(result, *texts)
        self.assertNotIn(self.server.password, result.stderr)
        return result


class Deliveries(Bucket):
    """what arrives"""

    def test_plain(self):
        """one PUT, no temporary name"""
        self.deliver()
        self.assertEqual(self.server.verbs(), ["GET", "PUT", "HEAD"])
        put = [h for m, _, h in self.server.said if m == "PUT"][0]
        self.assertEqual(put["content-type"], "text/csv")

    def test_names_and_sizes(self):
        """what must be escaped, in the name and in the prefix"""
        for name, rows in (("a b+c.csv", 1), ("M\u00fcller'(1)*!.csv", 0),
                           ("100%25?#;&=$@,:~.csv", 200000)):
            with self.subTest(name=name):
                self.deliver(url="s3://out/a%20b/%C3%A9+$/", name=name,
                             rows=rows, key="a b/\u00e9+$/" + name)
        self.deliver(url="s3://out/", key="out.csv")

    def test_region_and_token(self):
        """another region; temporary keys"""
        self.serve(region="eu-central-1")
        self.server.token = "canary-" + "t" * 900
        self.home.secret("token", self.server.token)
        self.deliver('region = "eu-central-1"; token = { file = "token"; };')
        self.job('region = "eu-central-1"; token = { file = "token"; };')
        result = self.home.run("run", "j", "--force", "-v", "-v")
        for word in ("canary", self.server.password, "Signature"):
            self.assertNotIn(word, result.stderr)
        self.server.token = "another"
        self.refuse(73, "ExpiredToken", "fetched anew", extra=
                    'region = "eu-central-1"; token = { file = "token"; };')

    def test_hash(self):
        """what the service keeps is compared: SHA-256, or the ETag"""
        self.deliver('verify = "hash";', verified="hash checksum SHA256")
        self.server.has_checksums = False
        self.deliver('verify = "hash";', verified="hash ETag MD5")
        self.server.object_headers = {
            "x-amz-server-side-encryption": "aws:kms"}
        self.deliver('verify = "hash";', verified="reread")
        self.deliver('verify = "reread";', verified="reread")

    def test_overwrite(self):
        """replaced, or kept by the service itself"""
        old = Object(b"old\n")
        self.server.buckets["out"]["daily/out.csv"] = old
        self.refuse(73, "is there already", extra='overwrite = "fail";')
        self.server.answer("HEAD", 404, times=1)    # it comes after our look
        self.refuse(73, "PreconditionFailed", extra='overwrite = "fail";')
        self.job('overwrite = "skip";')
        self.home.run("run", "j", "--force")
        self.assertIs(self.server.buckets["out"]["daily/out.csv"], old)
        self.deliver()

    def test_write_only(self):
        """a key that may not list; one that may not read"""
        self.server.denied = {"GET"}
        self.deliver()
        self.server.denied = {"GET", "HEAD/object"}
        self.refuse(73, "cannot verify", "403")
        self.deliver_unverified()

    def deliver_unverified(self):
        self.job('verify = "none";')
        self.assert_silent(self.home.run("run", "j", "--force"))
        self.assertEqual(self.delivery()["verified"], "none")

    def test_probe(self):
        """probe, check --connect"""
        self.job()
        self.home.run("check", "--connect", "j")
        answers = self.home.run("probe", "j").stdout
        for line in ("hash         checksum SHA256", "remove       yes"):
            self.assertIn(line, answers)
        self.assertEqual(self.server.buckets, {"out": {}})


class ByHost(Bucket):
    """the bucket in the host's name, in clear"""
    certificate = None

    def test_host(self):
        self.deliver('tls = "none"; addressing = "host";')
        self.assertTrue(all(h["Host"].startswith("out.localhost:")
                            for _, _, h in self.server.said))


class Refusals(Bucket):
    """what the service says, and what to do"""

    def test_logins(self):
        """keys, secrets, regions, clocks, buckets"""
        self.refuse(73, "InvalidAccessKeyId", "check user", user="AKIDOTHER")
        self.refuse(73, "AuthorizationHeaderMalformed", "region",
                    extra='region = "eu-west-1";')
        self.refuse(73, "NoSuchBucket", url="s3://nowhere/")
        self.server.clock_error = 3600
        self.refuse(73, "RequestTimeTooSkewed", "clock of this host")
        self.server.clock_error = 0
        self.home.secret("secret", "a wrong secret")
        self.refuse(73, "SignatureDoesNotMatch", "secret key")
        self.assertEqual(self.server.verbs().count("PUT"), 0)

    def test_denied(self):
        """a key that may not write"""
        self.server.denied = {"PUT/object"}
        self.refuse(73, "AccessDenied", "s3:PutObject")
        self.assertEqual(self.delivery()["attempts"], 1)

    def test_slow_down(self):
        """what passes is tried again"""
        for status, code in ((503, "SlowDown"), (500, "InternalError"),
                             (400, "RequestTimeout")):
            with self.subTest(code=code):
                self.serve()
                self.server.answer(
                    "PUT", status, times=1, body=(
                        "<Error><Code>%s</Code><Message>m</Message></Error>" %
                        code).encode())
                self.job()
                self.home.run("run", "j", "--force")
                self.assertEqual(
                    self.server.buckets["out"]["daily/out.csv"].data,
                    self.content())

    def test_changed_on_the_way(self):
        """other bytes are refused by the service: never there"""
        self.server.do("PUT", "shorten", times=None)
        self.refuse(75, "XAmzContentSHA256Mismatch", extra="retries = 1;")
        self.assertEqual(self.server.buckets, {"out": {}})

    def test_lost_answer(self):
        """done, but nobody said so: looked, not sent again"""
        for more in ("", 'overwrite = "fail";'):
            with self.subTest(more=more):
                self.serve()
                self.server.do("PUT", "lose")
                self.deliver(more)
                self.assertEqual(self.server.verbs().count("PUT"), 1)

    def test_broken_off(self):
        """what was there stays there when an upload fails"""
        old = Object(b"old\n")
        self.server.buckets["out"]["daily/out.csv"] = old
        self.server.do("PUT", "cut", times=None)
        self.refuse(75, extra="retries = 1;", rows=200000)
        self.assertIs(self.server.buckets["out"]["daily/out.csv"], old)
        self.assertNotIn("DELETE", self.server.verbs())

    def test_settings(self):
        """what cannot be is said before anything is connected to"""
        for more, text in (
                ({"extra": 'publish = "rename";'}, 'publish = "direct"'),
                ({"extra": 'publish = "directory"; staging = "a/";'},
                 "does not rename"),
                ({"extra": "resume = true;"}, "resume"),
                ({"extra": 'region = "a/b";'}, "no region"),
                ({"endpoint": "localhost:9000"}, "endpoint"),
                ({"endpoint": "http://localhost:9000"}, 'tls = "none"'),
                ({"endpoint": "https://u:p@host"}, "endpoint"),
                ({"endpoint": "https://host/path/x"}, "endpoint")):
            with self.subTest(text=text):
                self.job(**more)
                self.assertIn(text, self.home.run(
                    "check", "j", expect=78).stderr)
        self.home.job("j", source(dsn="db", sql="SELECT 1") +
                      'file: { name = "a.csv"; };\n' +
                      target("s3://out/"))
        self.assertIn("needs user and password", self.home.run(
            "check", "j", expect=78).stderr)
        self.assertEqual(self.server.said, [])


if __name__ == "__main__":
    main()
