"""aiosmtpd as a mail server that keeps what it gets, with faults on demand.

    with Mail(directory, certificate=pair) as server:     STARTTLS, required
    with Mail(directory) as server:                       no TLS at all
        server.messages()   [{"from", "to", "data", "user", "tls"}], in order

Keywords:
    user, password      a login is required
    refuse=["a@b"]      recipients that are answered 550
    data="451 later"    the answer to every message
"""

import json
import os
import sys

try:
    from .server import Server
except ImportError:     # run as the server itself
    Server = object


class Mail(Server):
    name = "mail"

    def __init__(self, directory, certificate=None, name=None, **faults):
        self.name = name or self.name
        super().__init__(directory)
        self.certificate = certificate
        self.faults = faults
        self.received = os.path.join(self.directory, "received.json")

    def command(self):
        config = os.path.join(self.directory, "config.json")
        with open(config, "w") as f:
            json.dump({"port": self.port, "certificate": self.certificate,
                       "received": self.received, **self.faults}, f)
        return ["/usr/bin/python3", "-B", os.path.abspath(__file__), config]

    def url(self):
        return "smtp://localhost:%d" % self.port

    def messages(self):
        return read_lines(self.received)


def read_lines(path):
    """The values of a file of JSON lines; none when it is not there yet."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


# The other process.

def main(path):
    import asyncio
    import ssl
    from aiosmtpd.smtp import SMTP, AuthResult

    with open(path) as f:
        config = json.load(f)

    class Handler:
        async def handle_RCPT(self, server, session, envelope, address,
                              options):
            if address in config.get("refuse", []):
                return "550 5.1.1 nobody of that name"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server, session, envelope):
            if "data" in config:
                return config["data"]
            user = session.auth_data
            with open(config["received"], "a", encoding="utf-8") as f:
                json.dump({"from": envelope.mail_from,
                           "to": envelope.rcpt_tos,
                           "data": envelope.content.decode("latin-1"),
                           "user": user.login.decode() if user else None,
                           "tls": session.ssl is not None}, f)
                f.write("\n")
            return "250 OK"

    def login(server, session, envelope, mechanism, data):
        return AuthResult(handled=False, auth_data=data, success=(
            data.login.decode() == config["user"] and
            data.password.decode() == config["password"]))

    context = None
    if config["certificate"] is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*config["certificate"])

    def factory():
        return SMTP(Handler(), hostname="localhost", tls_context=context,
                    require_starttls=context is not None,
                    authenticator=login if "user" in config else None,
                    auth_required="user" in config,
                    auth_require_tls=context is not None)

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(factory, "127.0.0.1",
                                          config["port"])
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    main(sys.argv[1])
