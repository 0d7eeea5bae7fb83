"""pyftpdlib as an FTP server with users, passwords and faults on demand.

    with Pyftpd(directory) as server:                   plain FTP
    with Pyftpd(directory, certificate=pair) as server: explicit FTPS only

What it should do wrong is said by keywords:

    refuse={"RNTO": "550 no"}   answer a command so; "" never answers it
    cut=65536                   end the data connection after so many bytes
    cut_control=True            ... and the control connection with it
    truncate=10                 keep only so many bytes, and say 226 all the
                                same

It runs as a process of its own; every command that it gets is in commands().
"""

import json
import os
import sys

try:
    from .server import Server
except ImportError:     # run as the server itself
    Server = object

USER = "acme"
PASSWORD = "ftp secret, with \"quotes\" & %41"


class Pyftpd(Server):
    name = "pyftpd"
    user_name = USER
    password = PASSWORD

    def __init__(self, directory, certificate=None, name=None, **faults):
        self.name = name or self.name
        super().__init__(directory)
        self.root = os.path.join(self.directory, "root")
        self.faults = faults
        self.certificate = certificate
        self.received = os.path.join(self.directory, "commands.log")

    def prepare(self):
        os.makedirs(os.path.join(self.root, "incoming"))

    def command(self):
        config = os.path.join(self.directory, "config.json")
        with open(config, "w") as f:
            json.dump({"port": self.port, "root": self.root,
                       "user": self.user_name, "password": self.password,
                       "certificate": self.certificate,
                       "received": self.received, "faults": self.faults}, f)
        return ["/usr/bin/python3", "-B", os.path.abspath(__file__), config]

    def url(self, directory="incoming/"):
        return "ftp://localhost:%d/%s" % (self.port, directory)

    def files(self, directory="incoming"):
        """The names in a directory of the server, sorted."""
        return sorted(os.listdir(os.path.join(self.root, directory)))

    def read(self, name, directory="incoming"):
        with open(os.path.join(self.root, directory, name), "rb") as f:
            return f.read()

    def commands(self):
        """What the server was told, a line each, passwords and all."""
        if not os.path.exists(self.received):
            return []
        with open(self.received) as f:
            return f.read().splitlines()


# The other process.

def _context(certificate, key):
    """No session cache: OpenSSL refuses to resume a session that it has no
    id context for, and pyftpdlib sets none."""
    from OpenSSL import SSL

    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate_chain_file(certificate)
    context.use_privatekey_file(key)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)
    return context


def _handler(config):
    from pyftpdlib import handlers

    faults = config["faults"]
    with_tls = config["certificate"] is not None
    base = handlers.TLS_FTPHandler if with_tls else handlers.FTPHandler
    data = handlers.TLS_DTPHandler if with_tls else handlers.DTPHandler

    class Data(data):
        ac_in_buffer_size = 4096

        def readable(self):
            # libcurl's handshake comes before its STOR; pyftpdlib takes
            # bytes before STOR for the end of the connection.
            return with_tls and self._ssl_accepting or super().readable()

        def recv(self, size):
            chunk = super().recv(size)
            if not faults.get("cut") or not self.receive or \
                    self.tot_bytes_received + len(chunk) < faults["cut"]:
                return chunk
            if faults.get("cut_control"):
                self.cmd_channel.close()
            else:
                self._resp = ("426 Connection closed.", handlers.logger.debug)
                self.close()
            return b""

    class Handler(base):
        dtp_handler = Data
        auth_failed_timeout = 0.1

        def pre_process_command(self, line, cmd, arg):
            with open(config["received"], "a") as f:
                f.write(line + "\n")
            reply = faults.get("refuse", {}).get(cmd)
            if reply is None:
                super().pre_process_command(line, cmd, arg)
            elif reply:
                self.respond(reply)

        def on_file_received(self, file):
            if "truncate" in faults:
                os.truncate(file, faults["truncate"])

    if with_tls:
        Handler.ssl_context = _context(*config["certificate"])
        Handler.tls_control_required = Handler.tls_data_required = True
    return Handler


def main(path):
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.servers import FTPServer

    with open(path) as f:
        config = json.load(f)
    authorizer = DummyAuthorizer()
    authorizer.add_user(config["user"], config["password"], config["root"],
                        perm="elradfmwMT")
    handler = _handler(config)
    handler.authorizer = authorizer
    FTPServer(("127.0.0.1", config["port"]), handler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
