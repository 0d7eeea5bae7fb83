"""An HTTP server that keeps what is posted to it.

    with Web(directory) as server:                      http://
    with Web(directory, certificate=pair) as server:    https://
        server.requests()   [{"method", "path", "headers", "body"}], in order
        server.answer("/hook", 503)     from now on; 0 hangs up
"""

import json
import os
import ssl
import sys
import time

try:
    from .mail import read_lines
    from .server import Server
except ImportError:     # run as the server itself
    Server = object


class Web(Server):
    name = "web"

    def __init__(self, directory, certificate=None, name=None):
        self.name = name or self.name
        super().__init__(directory)
        self.certificate = certificate
        self.received = os.path.join(self.directory, "received.json")
        self.answers_path = os.path.join(self.directory, "answers.json")

    def prepare(self):
        with open(self.answers_path, "w") as f:
            json.dump({}, f)

    def command(self):
        config = os.path.join(self.directory, "config.json")
        with open(config, "w") as f:
            json.dump({"port": self.port, "certificate": self.certificate,
                       "received": self.received,
                       "answers": self.answers_path}, f)
        return ["/usr/bin/python3", "-B", os.path.abspath(__file__), config]

    def url(self, path=""):
        return "%s://localhost:%d%s" % (
            "https" if self.certificate else "http", self.port, path)

    def answer(self, path, status, location=None, after=None):
        """What a path is answered from now on; 200 for all others. With
        after, a request is only heard when that file is there."""
        with open(self.answers_path) as f:
            answers = json.load(f)
        answers[path] = [status, location, after]
        with open(self.answers_path + ".tmp", "w") as f:
            json.dump(answers, f)
        os.replace(self.answers_path + ".tmp", self.answers_path)

    def requests(self):
        return read_lines(self.received)


# The other process.

def main(path):
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    with open(path) as f:
        config = json.load(f)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            with open(config["answers"]) as f:
                status, location, after = json.load(f).get(
                    self.path, [200, None, None])
            while after and not os.path.exists(after):
                time.sleep(0.02)
            with open(config["received"], "a", encoding="utf-8") as f:
                json.dump({"method": self.command, "path": self.path,
                           "headers": dict(self.headers.items()),
                           "body": body.decode("utf-8", "replace")}, f)
                f.write("\n")
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"so\n")

        def do_GET(self):
            self.send_error(405)

    server = ThreadingHTTPServer(("127.0.0.1", config["port"]), Handler)
    if config["certificate"] is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*config["certificate"])
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
