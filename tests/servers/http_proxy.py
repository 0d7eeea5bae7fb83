"""A proxy for HTTP, of ours: CONNECT and whole URLs, and what it was asked.

    with HttpProxy() as proxy:
        proxy.url       http://localhost:PORT
        proxy.asked     ["CONNECT localhost:443", "POST http://..."], in order
"""

import socket
import threading
import urllib.parse


class HttpProxy:
    def __init__(self):
        self.asked = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://localhost:%d" % self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    @staticmethod
    def _head(client):
        """The request up to the empty line, and what came behind it."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = client.recv(65536)
            if not more:
                break
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        return head.decode("latin-1"), rest

    def _serve(self, client):
        head, rest = self._head(client)
        method, target, version = head.split("\r\n")[0].split(" ")
        self.asked.append("%s %s" % (method, target))
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            server = socket.create_connection((host, int(port)))
            client.sendall(b"HTTP/1.1 200 here it is\r\n\r\n")
        else:
            url = urllib.parse.urlsplit(target)
            server = socket.create_connection((url.hostname, url.port))
            lines = ["%s %s %s" % (method, url.path, version)]
            lines += head.split("\r\n")[1:]
            server.sendall("\r\n".join(lines).encode("latin-1") +
                           b"\r\n\r\n" + rest)
        threading.Thread(target=self._pass, args=(server, client),
                         daemon=True).start()
        self._pass(client, server)

    @staticmethod
    def _pass(source, sink):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
