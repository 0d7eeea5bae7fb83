"""A service like S3 that checks signatures, with nothing of the client's.

    server = S3(certificate=pair).start()
    server.buckets      {"bucket": {"prefix/name.csv": Object}}
    server.said         as of ScriptedHttp

The signature is computed here from the documentation of AWS Signature Version
4; tests/integration/test_s3.py checks signature() against its published
examples.
"""

import base64
import hashlib
import hmac
import time
import urllib.parse

from .scripted_http import Handler, ScriptedHttp

SKEW_SECONDS = 900


class Refusal(Exception):
    def __init__(self, status, code, message="", headers=()):
        super().__init__(code)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers)

    def body(self):
        return ("<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s"
                "</Message></Error>" % (self.code, self.message)).encode()


def encode(text, safe=""):
    """UriEncode of the documentation."""
    return urllib.parse.quote(text, safe=safe + "-._~")


def canonical_query(query):
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    return "&".join(sorted("%s=%s" % (encode(k), encode(v))
                           for k, v in pairs))


def canonical_request(method, path, query, headers, signed, payload):
    """path: decoded; headers: lower-case names."""
    return "\n".join([
        method, encode(path, "/"), canonical_query(query),
        "".join("%s:%s\n" % (name, " ".join(headers[name].split()))
                for name in signed),
        ";".join(signed), payload])


def signature(secret, when, region, service, request):
    """when: 20130524T000000Z; request: canonical_request()."""
    scope = "/".join([when[:8], region, service, "aws4_request"])
    text = "\n".join(["AWS4-HMAC-SHA256", when, scope,
                      hashlib.sha256(request.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (when[:8], region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Object:
    def __init__(self, data, checksum=None):
        self.data = data
        self.checksum = checksum

    @property
    def etag(self):
        return '"%s"' % hashlib.md5(self.data).hexdigest()


class S3Handler(Handler):
    def is_known(self):
        return True         # the signature is checked in act()

    def act(self, body):
        try:
            self.check_signature(body)
            return self.serve(body)
        except Refusal as r:
            return r.status, r.headers, r.body()

    def check_signature(self, body):
        w = self.world
        headers = {k.lower(): v for k, v in self.headers.items()}
        words = headers.get("authorization", "")
        if not words.startswith("AWS4-HMAC-SHA256 "):
            raise Refusal(403, "AccessDenied", "not signed")
        fields = dict(part.strip().split("=", 1)
                      for part in words.split(" ", 1)[1].split(","))
        key, day, region, service, end = fields["Credential"].split("/")
        signed = fields["SignedHeaders"].split(";")
        payload = headers.get("x-amz-content-sha256", "")
        when = headers["x-amz-date"]
        if key != w.user:
            raise Refusal(403, "InvalidAccessKeyId", "no such key")
        if (region, service, end, day) != (w.region, "s3", "aws4_request",
                                           when[:8]):
            raise Refusal(400, "AuthorizationHeaderMalformed",
                          "the region '%s' is wrong; expecting '%s'" %
                          (region, w.region))
        then = time.mktime(time.strptime(when, "%Y%m%dT%H%M%SZ")) - \
            time.timezone
        if abs(then - (time.time() + w.clock_error)) > SKEW_SECONDS:
            raise Refusal(403, "RequestTimeTooSkewed", "The difference between"
                          " the request time and the current time is too "
                          "large.")
        for name in headers:
            if name.startswith("x-amz-") and name not in signed:
                raise Refusal(403, "AccessDenied", name + " is not signed")
        if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(signed):
            raise Refusal(403, "AccessDenied", "too little is signed")
        url = urllib.parse.urlsplit(self.path)
        request = canonical_request(
            self.command, urllib.parse.unquote(url.path), url.query, headers,
            signed, payload)
        if signature(w.password, when, region, service, request) != \
                fields["Signature"]:
            raise Refusal(403, "SignatureDoesNotMatch", "another secret")
        if payload != hashlib.sha256(body).hexdigest():
            raise Refusal(400, "XAmzContentSHA256Mismatch", "other bytes")
        if w.token is not None and \
                headers.get("x-amz-security-token") != w.token:
            raise Refusal(400, "ExpiredToken", "an old token")

    def place(self):
        """Bucket and key, by path or by host."""
        host = self.headers["Host"].split(":")[0]
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)[1:]
        if host.endswith(".localhost"):
            bucket, key = host[:-len(".localhost")], path
        else:
            bucket, _, key = path.partition("/")
        if bucket not in self.world.buckets:
            raise Refusal(404, "NoSuchBucket", "no bucket " + bucket)
        return self.world.buckets[bucket], key

    def serve(self, body):
        objects, key = self.place()
        w = self.world
        if key == "":
            if self.command in w.denied:
                raise Refusal(403, "AccessDenied", "may not list")
            return 200, {}, b"<ListBucketResult/>"
        if self.command + "/object" in w.denied:
            raise Refusal(403, "AccessDenied", "not for you")
        if self.command == "PUT":
            if self.headers.get("If-None-Match") == "*" and key in objects:
                raise Refusal(412, "PreconditionFailed", "it is there")
            checksum = self.headers.get("x-amz-checksum-sha256")
            if checksum is not None and checksum != base64.b64encode(
                    hashlib.sha256(body).digest()).decode():
                raise Refusal(400, "BadDigest", "other bytes")
            objects[key] = Object(body, checksum if w.has_checksums else None)
            return 200, {"ETag": objects[key].etag}, b""
        if self.command == "DELETE":
            objects.pop(key, None)
            return 204, {}, b""
        if key not in objects:
            raise Refusal(404, "NoSuchKey", "no such key")
        found = objects[key]
        headers = {"ETag": found.etag, **w.object_headers,
                   "Content-Length": str(len(found.data))}
        if found.checksum and \
                self.headers.get("x-amz-checksum-mode") == "ENABLED":
            headers["x-amz-checksum-sha256"] = found.checksum
        return 200, headers, found.data


class S3(ScriptedHttp):
    handler = S3Handler

    def __init__(self, certificate=None, region="us-east-1"):
        super().__init__(certificate)
        self.user = "AKIDEXAMPLE"
        self.password = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        self.region = region
        self.buckets = {"out": {}}
        self.denied = set()         # "GET", "HEAD/object", ...
        self.has_checksums = True
        self.object_headers = {}
        self.clock_error = 0

    def endpoint(self):
        return self.url("")
