"""A web server of ours, with WebDAV, that does as it is told.

    server = ScriptedHttp(certificate=pair).start()
    server.files            {"/in/out.csv": bytes}
    server.directories      {"/in"}
    server.user, server.password, server.token     what a login must be
    server.answer("PUT", 503, times=1, headers=..., body=...)
    server.do("MOVE", "lose")       what becomes of it, see ACTIONS
    server.said             [(method, path, headers)]

A Script is asked before the server does anything; a subclass (s3.py) replaces
what a method does.
"""

import base64
import hashlib
import http.server
import socketserver
import ssl
import threading
import time
import urllib.parse

# lose: do it and hang up; cut: hang up in the middle of the body; gateway: do
# it and answer 504; shorten: keep all but the last byte; stall: no answer.
ACTIONS = ("lose", "cut", "gateway", "shorten", "stall")
STALL_SECONDS = 30


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """Clients that hang up are part of the tests."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world = None

    def log_message(self, *unused):
        pass

    def handle_expect_100(self):
        """As a real server: a refusal comes before the body."""
        return True

    def say(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        if "Content-Length" not in dict(headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self):
        self.close_connection = True
        self.connection.close()

    def read_body(self, cut=False):
        left = int(self.headers.get("Content-Length", 0))
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if cut:
            left //= 2
        data = self.rfile.read(left)
        self.world.received += len(data)
        return data

    def path_of(self, url=None):
        path = urllib.parse.urlsplit(url or self.path).path
        return urllib.parse.unquote(path)

    def is_known(self):
        w, login = self.world, self.headers.get("Authorization", "")
        if w.token is not None:
            return login == "Bearer " + w.token
        if w.user is None:
            return True
        right = base64.b64encode(("%s:%s" % (w.user, w.password)).encode())
        return login == "Basic " + right.decode()

    def handle_any(self):
        w = self.world
        w.said.append((self.command, self.path, dict(self.headers)))
        step = w.next_step(self.command, self.path_of())
        if isinstance(step, tuple):
            self.close_connection = self.command == "PUT"
            return self.say(*step)
        if step == "stall":
            time.sleep(STALL_SECONDS)
        if step == "cut":
            self.read_body(cut=True)
            return self.hang_up()
        if not self.is_known():
            self.close_connection = True
            return self.say(401, {"WWW-Authenticate": "Basic"})
        body = self.read_body()
        if step == "shorten":
            body = body[:-1]
        if self.command == "PUT":
            time.sleep(w.delay)
        status, headers, content = self.act(body)
        if step == "lose":
            return self.hang_up()
        if step == "gateway":
            status, headers, content = 504, {}, b""
        return self.say(status, headers, content)

    def act(self, body):
        """Do what is asked for: status, headers, content."""
        w, path = self.world, self.path_of()
        if self.command not in w.methods:
            return 405, {}, b""
        return getattr(self, "act_" + self.command.lower())(w, path, body)

    def act_head(self, w, path, body):
        if path not in w.files:
            return 404, {}, b""
        return 200, {"Content-Length": str(len(w.files[path]))}, b""

    def act_get(self, w, path, body):
        if path not in w.files:
            return 404, {}, b""
        return 200, {}, w.files[path]

    def act_put(self, w, path, body):
        if path.rsplit("/", 1)[0] not in w.directories:
            return 409, {}, b""
        is_new = path not in w.files
        if not is_new and self.headers.get("If-None-Match") == "*":
            return 412, {}, b""
        w.files[path] = body
        return 201 if is_new else 204, {}, b""

    def act_delete(self, w, path, body):
        if path.rstrip("/") in w.directories:
            w.directories.remove(path.rstrip("/"))
            return 204, {}, b""
        return (404 if w.files.pop(path, None) is None else 204), {}, b""

    def act_move(self, w, path, body):
        to = self.path_of(self.headers["Destination"])
        if path not in w.files:
            return 404, {}, b""
        if to.rsplit("/", 1)[0] not in w.directories:
            return 409, {}, b""
        if to in w.files and self.headers.get("Overwrite") == "F":
            return 412, {}, b""
        is_new = to not in w.files
        w.files[to] = w.files.pop(path)
        return 201 if is_new else 204, {}, b""

    def act_mkcol(self, w, path, body):
        path = path.rstrip("/")
        if path in w.directories:
            return 405, {}, b""
        if path.rsplit("/", 1)[0] not in w.directories | {""}:
            return 409, {}, b""
        w.directories.add(path)
        return 201, {}, b""

    def act_propfind(self, w, path, body):
        size = ""
        if path in w.files:
            size = ("<D:getcontentlength>%d</D:getcontentlength>" %
                    len(w.files[path]))
        elif path.rstrip("/") not in w.directories:
            return 404, {}, b""
        return 207, {"Content-Type": "application/xml"}, (
            '<?xml version="1.0"?><D:multistatus xmlns:D="DAV:"><D:response>'
            "<D:href>%s</D:href><D:propstat><D:prop>%s</D:prop></D:propstat>"
            "</D:response></D:multistatus>" % (path, size)).encode()

    do_HEAD = do_GET = do_PUT = do_DELETE = handle_any
    do_MOVE = do_MKCOL = do_PROPFIND = handle_any


class ScriptedHttp:
    handler = Handler
    methods = ("HEAD", "GET", "PUT", "DELETE", "MOVE", "MKCOL", "PROPFIND")

    def __init__(self, certificate=None):
        self.files = {}
        self.directories = {"", "/in"}
        self.user = self.password = self.token = None
        self.said = []
        self.received = 0
        self.delay = 0          # seconds before a PUT is answered
        self._steps = []
        self._certificate = certificate
        self._server = _Server(("127.0.0.1", 0), type(
            "Bound", (self.handler,), {"world": self}))
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True,
                do_handshake_on_connect=False)
        self.port = self._server.server_address[1]

    def start(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,),
                         daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def url(self, path="/in/"):
        return "%s://localhost:%d%s" % (
            "https" if self._certificate else "http", self.port, path)

    # What is done otherwise than asked.

    def answer(self, method, status, times=None, headers=(), body=b"",
               path=""):
        self._steps.append([method, path, times, (status, headers, body)])

    def do(self, method, action, times=1, path=""):
        assert action in ACTIONS
        self._steps.append([method, path, times, action])

    def next_step(self, method, path):
        for step in self._steps:
            if step[0] == method and path.endswith(step[1]) and step[2] != 0:
                if step[2] is not None:
                    step[2] -= 1
                return step[3]
        return None

    def verbs(self):
        return [method for method, _, _ in self.said]

    @staticmethod
    def sha256(data):
        return hashlib.sha256(data).hexdigest()
