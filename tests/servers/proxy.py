"""A TCP proxy of ours that can cut a connection.

    with Proxy(port) as proxy:          on proxy.port
        proxy.cut_after = 300000        of the client's bytes, each time
        proxy.cuts_left = 1             so often; None: always
        proxy.hold = True               lets nothing back from the server
"""

import socket
import struct
import threading


class Proxy:
    def __init__(self, port):
        self.server = port
        self.cut_after = None
        self.cuts_left = None
        self.hold = False
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        for s in self._open:
            self._reset(s)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.server))
            except OSError:
                return
            self.connections += 1
            self._open += [client, server]
            for pair, is_up in (((client, server), True),
                                ((server, client), False)):
                threading.Thread(target=self._pass, args=pair + (is_up,),
                                 daemon=True).start()

    @staticmethod
    def _reset(s):
        """The peer sees a reset, not an end."""
        try:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        s.close()

    def _is_cut(self, passed):
        if self.cut_after is None or passed < self.cut_after or \
                self.cuts_left == 0:
            return False
        if self.cuts_left is not None:
            self.cuts_left -= 1
        return True

    def _pass(self, source, sink, is_up):
        passed = 0
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                passed += len(data)
                if is_up and self._is_cut(passed):
                    break
                if is_up or not self.hold:
                    sink.sendall(data)
        except OSError:
            pass
        self._reset(sink)
        self._reset(source)
