"""An FTP server of ours that does as it is told, right or wrong.

    with ScriptedFtp() as server:                       plain
    with ScriptedFtp(certificate=pair) as server:       explicit TLS
    with ScriptedFtp(certificate=pair, implicit=True)   TLS from the first byte

It keeps files in memory and answers as RFC 959, 3659 and 4217 say, until a
rule speaks: server.on(MOMENT, action, nth=None). A moment is a command
("STOR", "RNTO", ...) or one of

    CONNECT     a client is there, before the greeting (and before TLS when
                that is implicit)
    HANDSHAKE   AUTH was answered, before TLS begins
    DATA        the data connection is there, before its TLS begins
    STORED      all data of a STOR was read, before the last reply

With nth the rule holds for that occurrence only (from 1, over all sessions).
Actions, which stand in place of what the server would do:

    say("550 no")       only this reply (bytes are sent as they are)
    then(a, b, ...)     one after the other
    do                  what the server would do without a rule
    quietly             the same, but its reply is swallowed
    close, reset        end the control connection, by FIN or by RST
    stall               nothing more, until the server ends
    wait(seconds)       late
    refuse_data         a passive port where nobody listens
    elsewhere           EPSV, PASV: the right port of another host, where
                        somebody counts the callers in `strays`
    drop                DATA: only the data connection ends, with a 425
    cut(n, action)      STOR: read n bytes, end the data connection, act
    keep(n)             STORED: keep only n bytes, or with a negative n add
                        some, and say 226

What happened is in `said`, a list of (session, "> COMMAND" or "< reply"), and
in commands(), replies(); what is there, in `files`.
"""

import hashlib
import posixpath
import socket
import ssl
import struct
import threading
import zlib

USER = "acme"
PASSWORD = "scripted secret"
READ_SECONDS = 60
OTHER_HOST = "127.0.0.2"


class _Gone(Exception):
    """The control connection ends here."""


class _Dropped(Exception):
    """The data connection ends here."""


# Actions: functions of a session, the command's argument.

def say(text):
    return lambda session, argument: session.reply(text)


def then(*actions):
    def act(session, argument):
        for action in actions:
            action(session, argument)
    return act


def do(session, argument):
    session.obey(session.verb, argument)


def quietly(session, argument):
    session.muted = True
    session.obey(session.verb, argument)
    session.muted = False


def close(session, argument):
    raise _Gone()


def reset(session, argument):
    session.control.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
    raise _Gone()


def stall(session, argument):
    session.server.ended.wait()
    raise _Gone()


def wait(seconds):
    return lambda session, argument: session.server.ended.wait(seconds)


def refuse_data(session, argument):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    session.announce(port)


def elsewhere(session, argument):
    session.passive = socket.create_server(("127.0.0.1", 0))
    port = session.passive.getsockname()[1]
    session.server.watch(OTHER_HOST, port)
    if session.verb == "EPSV":
        session.reply("229 Over there (|1|%s|%d|)" % (OTHER_HOST, port))
    else:
        session.reply("227 Over there (%s,%d,%d)" % (
            OTHER_HOST.replace(".", ","), *divmod(port, 256)))


def drop(session, argument):
    raise _Dropped()


def cut(size, action):
    def act(session, argument):
        session.reply("150 Go ahead.")
        data = session.open_data()
        got = b""
        while len(got) < size:
            chunk = data.recv(min(65536, size - len(got)))
            if not chunk:
                break
            got += chunk
        session.server.files[session.path(argument)] = got
        session.close_data(data, rude=True)
        action(session, argument)
    return act


def keep(size):
    def act(session, argument):
        files, path = session.server.files, session.path(argument)
        if size < 0:
            files[path] += b"\0" * -size
        else:
            files[path] = files[path][:size]
        session.reply("226 Stored.")
    return act


class ScriptedFtp:
    user_name = USER
    password = PASSWORD

    def __init__(self, certificate=None, implicit=False, features=()):
        """features: lines of FEAT, such as "SIZE" and "HASH SHA-256*"."""
        self.context = None
        self.implicit = implicit
        self.features = list(features)
        self.listing = None     # a line of LIST, by %(name)s and %(size)d
        self.vanish = False     # files that got a final name are gone
        self.keeps_old = False  # RNTO onto a file is refused
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.rules = []
        self.seen = {}
        self.said = []
        self.files = {}
        self.taken = {}         # what vanished
        self.directories = {"/", "/incoming"}
        self.truncated = 0      # data connections that ended without a word
        self.sessions = 0
        self.strays = 0         # callers at another host
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.listener = None
        self.port = 0
        self.threads = []

    def on(self, moment, action, nth=None):
        self.rules.append((moment, action, nth))
        return self

    def forget(self):
        """Rules, counts and transcript; the files stay."""
        self.rules, self.seen, self.said = [], {}, []

    def url(self, directory="incoming/"):
        scheme = "ftps" if self.implicit else "ftp"
        return "%s://localhost:%d/%s" % (scheme, self.port, directory)

    def names(self, directory="/incoming"):
        return sorted(posixpath.basename(p) for p in self.files
                      if posixpath.dirname(p) == directory)

    def read(self, name, directory="/incoming"):
        return self.files[posixpath.join(directory, name)]

    def commands(self, session=None):
        return [text[2:] for number, text in self.said
                if text[0] == ">" and session in (None, number)]

    def verbs(self, session=None):
        return [c.split(" ")[0].upper() for c in self.commands(session)]

    def count(self, verb):
        return self.verbs().count(verb)

    def rule(self, moment):
        """The action of this occurrence, or None."""
        with self.lock:
            n = self.seen[moment] = self.seen.get(moment, 0) + 1
        for wanted, action, nth in self.rules:
            if wanted == moment and nth in (None, n):
                return action
        return None

    def start(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        self.ended.clear()
        self._run(self._accept)
        return self

    def watch(self, host, port):
        """Count who calls a port where nobody should."""
        def count():
            with listener:
                while not self.ended.is_set():
                    try:
                        listener.accept()[0].close()
                        self.strays += 1
                    except socket.timeout:
                        pass
        listener = socket.create_server((host, port))
        listener.settimeout(0.1)
        self._run(count)

    def _run(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments,
                                  daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.sessions += 1
            self._run(_Session(self, client, self.sessions).run)

    def stop(self):
        if self.listener is None:
            return
        self.ended.set()
        # accept() in the other thread is woken by shutdown, not by close
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = None
        for thread in self.threads:
            thread.join(READ_SECONDS)
        self.threads = []

    def __enter__(self):
        return self.start()

    def __exit__(self, *unused):
        self.stop()


class _Session:
    def __init__(self, server, client, number):
        self.server = server
        self.control = client
        self.number = number
        self.buffer = b""
        self.verb = ""
        self.muted = False
        self.protected = False
        self.known = False
        self.user = ""
        self.directory = "/"
        self.passive = None
        self.active = None
        self.hash = "SHA-256"
        self.renaming = None
        client.settimeout(READ_SECONDS)

    # Talking.

    def note(self, text):
        self.server.said.append((self.number, text))

    def reply(self, text):
        if self.muted:
            return
        if isinstance(text, bytes):
            self.note("< %d bytes" % len(text))
            self.control.sendall(text)
        else:
            self.note("< " + text)
            self.control.sendall(text.encode() + b"\r\n")

    def secure(self, sock):
        return self.server.context.wrap_socket(
            sock, server_side=True, suppress_ragged_eofs=False)

    def line(self):
        while b"\n" not in self.buffer:
            chunk = self.control.recv(4096)
            if not chunk:
                raise _Gone()
            self.buffer += chunk
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("utf-8", "surrogateescape")

    def happen(self, moment, argument=""):
        """Whether a rule took this moment."""
        action = self.server.rule(moment)
        if action is None:
            return False
        action(self, argument)
        return True

    def run(self):
        try:
            self.greet()
            while True:
                line = self.line()
                self.note("> " + line)
                verb, _, argument = line.partition(" ")
                self.verb = verb.upper()
                try:
                    if not self.happen(self.verb, argument):
                        self.obey(self.verb, argument)
                except _Dropped:
                    self.reply("425 No data connection.")
        except (_Gone, OSError):
            pass
        finally:
            for sock in (self.control, self.passive):
                if sock is not None:
                    sock.close()

    def greet(self):
        self.verb = "GREET"
        taken = self.happen("CONNECT")
        if self.server.implicit:
            self.control = self.secure(self.control)
            self.protected = True
        if not taken:
            self.obey("GREET", "")

    # Data connections.

    def announce(self, port):
        if self.verb == "EPSV":
            self.reply("229 Entering Extended Passive Mode (|||%d|)" % port)
        else:
            self.reply("227 Entering Passive Mode (127,0,0,1,%d,%d)" %
                       divmod(port, 256))

    def open_data(self):
        if self.active is not None:
            sock = socket.create_connection(self.active, READ_SECONDS)
            self.active = None
        else:
            self.passive.settimeout(READ_SECONDS)
            sock, _ = self.passive.accept()
            sock.settimeout(READ_SECONDS)
        try:
            self.happen("DATA")
            return self.secure(sock) if self.protected else sock
        except (_Gone, _Dropped):
            sock.close()
            raise

    def close_data(self, data, rude=False):
        if self.protected and not rude:
            try:
                data = data.unwrap()
            except OSError:
                pass
        data.close()
        if self.passive is not None:
            self.passive.close()
        self.passive = None

    def receive(self):
        data, chunks = self.open_data(), []
        try:
            while True:
                chunk = data.recv(65536)
                if not chunk:
                    break
                chunks.append(chunk)
        except ssl.SSLEOFError:
            self.server.truncated += 1
        self.close_data(data)
        return b"".join(chunks)

    def send(self, content):
        self.reply("150 Here it comes.")
        data = self.open_data()
        try:
            data.sendall(content)
        except OSError:
            pass
        self.close_data(data)
        self.reply("226 Sent.")

    # What the commands do.

    def path(self, argument):
        return posixpath.normpath(posixpath.join(self.directory, argument))

    def obey(self, verb, argument):
        function = getattr(self, "on_" + verb.lower(), None)
        if function is None:
            self.reply("502 Command not implemented.")
        elif not self.known and verb not in ("GREET", "USER", "PASS", "AUTH",
                                             "PBSZ", "PROT", "FEAT", "QUIT"):
            self.reply("530 Log in first.")
        else:
            function(argument)

    def on_greet(self, argument):
        self.reply("220 Scripted.")

    def on_auth(self, argument):
        if self.server.context is None:
            self.reply("502 No TLS here.")
            return
        self.reply("234 Go ahead.")
        if not self.happen("HANDSHAKE"):
            self.control = self.secure(self.control)

    def on_pbsz(self, argument):
        self.reply("200 PBSZ=0")

    def on_prot(self, argument):
        self.protected = argument.upper() == "P"
        self.reply("200 So be it.")

    def on_user(self, argument):
        self.user = argument
        self.reply("331 And the password?")

    def on_pass(self, argument):
        self.known = (self.user, argument) == (USER, PASSWORD)
        self.reply("230 Welcome." if self.known else "530 Login incorrect.")

    def on_pwd(self, argument):
        self.reply('257 "%s" is where you are.' % self.directory)

    def on_cwd(self, argument):
        path = self.path(argument)
        if path not in self.server.directories:
            self.reply("550 %s: no such directory." % argument)
            return
        self.directory = path
        self.reply("250 There.")

    def on_mkd(self, argument):
        path = self.path(argument)
        if posixpath.dirname(path) not in self.server.directories:
            self.reply("550 No parent.")
        elif path in self.server.directories:
            self.reply("550 It exists.")
        else:
            self.server.directories.add(path)
            self.reply('257 "%s" made.' % path)

    def on_rmd(self, argument):
        self.server.directories.discard(self.path(argument))
        self.reply("250 Gone.")

    def on_type(self, argument):
        self.reply("200 Type %s." % argument)

    def on_opts(self, argument):
        words = argument.split()
        if words[0].upper() == "HASH" and len(words) > 1:
            self.hash = words[1]
        self.reply("200 Well.")

    def on_noop(self, argument):
        self.reply("200 Nothing done.")

    def on_feat(self, argument):
        self.reply("\r\n ".join(["211-Features:"] + self.server.features) +
                   "\r\n211 End")

    def listen(self):
        self.passive = socket.create_server(("127.0.0.1", 0))
        self.announce(self.passive.getsockname()[1])

    def on_epsv(self, argument):
        self.listen()

    def on_pasv(self, argument):
        self.listen()

    def on_stor(self, argument):
        self.reply("150 Go ahead.")
        content = self.receive()
        self.server.files[self.path(argument)] = content
        self.verb = "STORED"
        if not self.happen("STORED", argument):
            self.on_stored(argument)

    def on_stored(self, argument):
        self.reply("226 Stored.")

    def on_retr(self, argument):
        content = self.server.files.get(self.path(argument))
        if content is None:
            self.reply("550 No such file.")
        else:
            self.send(content)

    def on_appe(self, argument):
        self.reply("150 Go ahead.")
        path = self.path(argument)
        self.server.files[path] = (self.server.files.get(path, b"") +
                                   self.receive())
        self.verb = "STORED"
        if not self.happen("STORED", argument):
            self.on_stored(argument)

    def on_list(self, argument):
        """Names alone, or as `listing` of the server says it."""
        form = self.server.listing or "%(name)s"
        files = self.server.files
        self.send("".join(
            form % {"name": n, "size": len(files[posixpath.join(
                self.directory, n)])} + "\r\n"
            for n in self.server.names(self.directory)).encode())

    def on_nlst(self, argument):
        self.send("".join(n + "\r\n" for n in self.server.names(
            self.directory)).encode())

    def on_mlst(self, argument):
        if "MLST" not in " ".join(self.server.features):
            self.reply("502 Command not implemented.")
            return
        content = self.server.files.get(self.path(argument))
        if content is None:
            self.reply("550 No such file.")
        else:
            self.reply("250-Listing\r\n Type=file;Size=%d;Perm=adfrw; %s"
                       "\r\n250 End" % (len(content), argument))

    def on_port(self, argument):
        numbers = [int(n) for n in argument.split(",")]
        self.active = (".".join(str(n) for n in numbers[:4]),
                       numbers[4] * 256 + numbers[5])
        self.reply("200 I shall call.")

    def on_eprt(self, argument):
        _, _, host, port, _ = argument.split(argument[0])
        self.active = (host, int(port))
        self.reply("200 I shall call.")

    def on_size(self, argument):
        content = self.server.files.get(self.path(argument))
        if content is None:
            self.reply("550 No such file.")
        else:
            self.reply("213 %d" % len(content))

    def on_mdtm(self, argument):
        known = self.path(argument) in self.server.files
        self.reply("213 20261124120000" if known else "550 No such file.")

    def on_rest(self, argument):
        self.reply("350 From there.")

    def on_rnfr(self, argument):
        self.renaming = self.path(argument)
        known = self.renaming in self.server.files or \
            self.renaming in self.server.directories
        self.reply("350 To what?" if known else "550 No such file.")

    def on_rnto(self, argument):
        files = self.server.files
        if self.server.keeps_old and self.path(argument) in files:
            self.reply("553 It exists.")
        elif self.renaming in files:
            content = files.pop(self.renaming)
            if self.server.vanish:
                self.server.taken[self.path(argument)] = content
            else:
                files[self.path(argument)] = content
            self.reply("250 Renamed.")
        else:
            self.reply("503 What?")

    def on_dele(self, argument):
        gone = self.server.files.pop(self.path(argument), None)
        self.reply("250 Gone." if gone is not None else "550 No such file.")

    def answer_hash(self, argument, form):
        """form: a function of content and name that is the reply."""
        content = self.server.files.get(self.path(argument))
        self.reply("550 No such file." if content is None
                   else form(content, argument))

    def on_hash(self, argument):
        name = {"SHA-1": "sha1", "SHA-512": "sha512", "MD5": "md5"}.get(
            self.hash, "sha256")
        self.answer_hash(argument, lambda content, name_: (
            "213 %s 0-%d %s %s" % (
                self.hash, len(content),
                "%08x" % zlib.crc32(content) if self.hash == "CRC32"
                else hashlib.new(name, content).hexdigest(), name_)))

    def answer_x(self, argument, name):
        self.answer_hash(argument, lambda content, name_: (
            "250-Computing.\r\n250 " +
            hashlib.new(name, content).hexdigest().upper()))

    def on_xsha256(self, argument):
        self.answer_x(argument, "sha256")

    def on_xsha512(self, argument):
        self.answer_x(argument, "sha512")

    def on_xsha1(self, argument):
        self.answer_x(argument, "sha1")

    on_xsha = on_xsha1

    def on_xmd5(self, argument):
        self.answer_x(argument, "md5")

    def on_md5(self, argument):
        self.answer_hash(argument, lambda content, name: (
            "251 %s %s" % (name, hashlib.md5(content).hexdigest())))

    def on_xcrc(self, argument):
        self.answer_hash(argument, lambda content, name: (
            "250 %X" % zlib.crc32(content)))

    def on_quit(self, argument):
        self.reply("221 Bye.")
        raise _Gone()
