"""A program that plays a SQL Server: TDS 7.4, without encryption.

    with Tds(answers) as server: ...

`answers` is a list of (regular expression, items): the first that matches a
batch says what is answered; nothing matches, DONE is. Items are what the
functions below make, or a number of seconds to hang; a list of items may be
made anew for each batch by a function of the match. server.batches is what was
asked. [MS-TDS] says what the bytes are.
"""

import datetime
import decimal
import re
import select
import socket
import struct
import threading
import uuid

USER, PASSWORD = "sa", "tds secret"
COLLATION = b"\x09\x04\xd0\x00\x34"     # Latin1_General, code page 1252
MORE, ERROR, COUNT, ATTENTION = 1, 2, 0x10, 0x20


def us(text):
    """US_VARCHAR: the length in characters, and UTF-16."""
    data = text.encode("utf-16-le")
    return struct.pack("<H", len(data) // 2) + data


def b(text):
    """B_VARCHAR."""
    data = text.encode("utf-16-le")
    return bytes([len(data) // 2]) + data


# Types: (TYPE_INFO, a function from a value to the bytes of a ROW).

def _short(data):
    """A length of one byte, 0 for NULL."""
    return bytes([len(data)]) + data


def _long(data):
    """A length of two bytes, 0xffff for NULL."""
    return b"\xff\xff" if data is None else struct.pack(
        "<H", len(data)) + data


def _pieces(data, size=5000):
    """A value of a (max) type, in pieces."""
    if data is None:
        return b"\xff" * 8
    out = [struct.pack("<Q", len(data))]
    for at in range(0, len(data), size):
        piece = data[at:at + size]
        out.append(struct.pack("<I", len(piece)) + piece)
    return b"".join(out) + b"\0\0\0\0"


def integer(size):
    form = {1: "<B", 2: "<h", 4: "<i", 8: "<q"}[size]
    return (bytes([0x26, size]), lambda v: _short(
        b"" if v is None else struct.pack(form, v)))


def bit():
    return b"\x68\x01", lambda v: _short(b"" if v is None else bytes([v]))


def real(size=8):
    return (bytes([0x6d, size]), lambda v: _short(
        b"" if v is None else struct.pack({4: "<f", 8: "<d"}[size], v)))


def number(precision, scale):
    def value(v):
        if v is None:
            return b"\0"
        n = int(decimal.Decimal(v).scaleb(scale, decimal.Context(prec=60)))
        room = 4 if precision < 10 else 8 if precision < 20 else \
            12 if precision < 29 else 16
        return _short(bytes([n >= 0]) + abs(n).to_bytes(room, "little"))
    room = 5 if precision < 10 else 9 if precision < 20 else \
        13 if precision < 29 else 17
    return bytes([0x6c, room, precision, scale]), value


def money():
    def value(v):
        if v is None:
            return b"\0"
        n = int(decimal.Decimal(v).scaleb(4))
        return _short(struct.pack("<iI", n >> 32, n & 0xffffffff))
    return b"\x6e\x08", value


def guid():
    return (b"\x24\x10", lambda v: _short(
        b"" if v is None else uuid.UUID(v).bytes_le))


def varchar(size, code="cp1252"):
    return (b"\xa7" + struct.pack("<H", size) + COLLATION, lambda v: _long(
        None if v is None else v.encode(code)))


def nvarchar(size):
    return (b"\xe7" + struct.pack("<H", 2 * size) + COLLATION, lambda v: _long(
        None if v is None else v.encode("utf-16-le")))


def varbinary(size):
    return b"\xa5" + struct.pack("<H", size), _long


def varchar_max(code="cp1252"):
    return (b"\xa7\xff\xff" + COLLATION, lambda v: _pieces(
        None if v is None else v.encode(code)))


def nvarchar_max():
    return (b"\xe7\xff\xff" + COLLATION, lambda v: _pieces(
        None if v is None else v.encode("utf-16-le")))


def varbinary_max():
    return b"\xa5\xff\xff", _pieces


def _days(day):
    return (day - datetime.date(1, 1, 1)).days


def date():
    return b"\x28", lambda v: _short(
        b"" if v is None else _days(v).to_bytes(3, "little"))


def _ticks(text, scale):
    """'HH:MM:SS.fraction' in units of 10**-scale seconds."""
    clock, _, fraction = text.partition(".")
    h, m, s = (int(x) for x in clock.split(":"))
    n = (h * 3600 + m * 60 + s) * 10 ** scale
    n += int((fraction + "0" * scale)[:scale] or 0)
    return n.to_bytes(3 if scale < 3 else 4 if scale < 5 else 5, "little")


def time(scale=7):
    return bytes([0x29, scale]), lambda v: _short(
        b"" if v is None else _ticks(v, scale))


def datetime2(scale=7):
    def value(v):
        if v is None:
            return b"\0"
        day, clock = v.split(" ")
        return _short(_ticks(clock, scale) + _days(
            datetime.date.fromisoformat(day)).to_bytes(3, "little"))
    return bytes([0x2a, scale]), value


def datetime8():
    """The old datetime, in 1/300 of a second."""
    def value(v):
        if v is None:
            return b"\0"
        day, clock = v.split(" ")
        days = (datetime.date.fromisoformat(day) -
                datetime.date(1900, 1, 1)).days
        ms = int.from_bytes(_ticks(clock, 3), "little")
        return _short(struct.pack("<iI", days, (ms * 3 + 5) // 10))
    return b"\x6f\x08", value


# Items of an answer.

def columns(*named):
    """COLMETADATA of (name, type) pairs."""
    out = [b"\x81" + struct.pack("<H", len(named))]
    for name, (info, _) in named:
        out.append(struct.pack("<IH", 0, 9) + info + b(name))
    return b"".join(out)


def row(types, *values):
    """ROW of values of (name, type) pairs."""
    return b"\xd1" + b"".join(kind[1](v) for (_, kind), v in
                              zip(types, values, strict=True))


def done(count=None, more=False, error=False):
    status = (COUNT if count is not None else 0) | (MORE if more else 0) | (
        ERROR if error else 0)
    return b"\xfd" + struct.pack("<HHQ", status, 0xc1, count or 0)


def said(text, code=0, severity=0, line=1):
    """INFO, as of PRINT; ERROR where the severity is above 10."""
    body = struct.pack("<iBB", code, 1, severity) + us(text) + b("PLAY") + \
        b("") + struct.pack("<I", line)
    return (b"\xaa" if severity > 10 else b"\xab") + struct.pack(
        "<H", len(body)) + body


def table(types, *rows):
    """A whole result."""
    return [columns(*types)] + [row(types, *r) for r in rows] + [
        done(len(rows))]


CLOSE, RESET = "close", "reset"


class Hung(Exception):
    """The client asked for an end of what hangs."""


class Session:
    """One client."""

    def __init__(self, server, link):
        self.server, self.link = server, link
        self.asked = b""

    def read_packet(self):
        """(type, data) of a whole message; None at the end."""
        data = b""
        while True:
            head = self.exactly(8)
            if head is None:
                return None
            kind, status, length = struct.unpack(">BBH", head[:4])
            data += self.exactly(length - 8) or b""
            if status & 1:
                return kind, data

    def exactly(self, n):
        data = b""
        while len(data) < n:
            piece = self.link.recv(n - len(data))
            if not piece:
                return None
            data += piece
        return data

    def write(self, data, last):
        """Whole packets of a reply; what is left waits for the next."""
        self.asked += data
        while len(self.asked) >= 4088 or (last and self.asked):
            piece, self.asked = self.asked[:4088], self.asked[4088:]
            self.link.sendall(struct.pack(
                ">BBHHBB", 4, 1 if last and not self.asked else 0,
                len(piece) + 8, 51, 1, 0) + piece)

    def prelogin(self):
        version, encryption = b"\x10\x00\x04\x00\x00\x00", b"\x02"
        at = 11
        self.write(b"\x00" + struct.pack(">HH", at, 6) + b"\x01" +
                   struct.pack(">HH", at + 6, 1) + b"\xff" + version +
                   encryption, True)

    def login(self, data):
        def field(at):
            offset, n = struct.unpack_from("<HH", data, at)
            return data[offset:offset + 2 * n]
        user = field(40).decode("utf-16-le")
        secret = bytes(((x ^ 0xa5) >> 4 | (x ^ 0xa5) << 4) & 0xff
                       for x in field(44)).decode("utf-16-le")
        if (user, secret) != (USER, PASSWORD):
            self.write(said("Login failed for user '%s'." % user, 18456, 14) +
                       done(error=True), True)
            return False
        ack = b"\x01\x74\x00\x00\x04" + b("Microsoft SQL Server") + \
            b"\x10\x00\x10\x00"
        change = b"\x04" + b("4096") + b("4096")
        self.write(b"\xe3" + struct.pack("<H", len(change)) + change +
                   b"\xad" + struct.pack("<H", len(ack)) + ack + done(), True)
        return True

    def hang(self, seconds):
        """Say nothing, until the client cancels."""
        ready, _, _ = select.select([self.link], [], [], seconds)
        if ready:
            raise Hung()

    def answer(self, items):
        for item in items:
            if item == CLOSE or item == RESET:
                self.write(b"", False)
                # What is not a whole packet yet goes as it is.
                if self.asked:
                    self.link.sendall(struct.pack(
                        ">BBHHBB", 4, 0, len(self.asked) + 8, 51, 1, 0) +
                        self.asked)
                if item == RESET:
                    self.link.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
                raise ConnectionError("as the script says")
            if isinstance(item, (int, float)):
                self.hang(item)
            else:
                self.write(item, False)
        self.write(b"", True)

    def batch(self, data):
        length, = struct.unpack_from("<I", data)
        sql = data[length:].decode("utf-16-le")
        self.server.batches.append(sql)
        self.reply(sql)

    def reply(self, sql):
        for pattern, items in self.server.answers:
            found = re.search(pattern, sql, re.I | re.S)
            if found:
                self.answer(items(found) if callable(items) else items)
                return
        self.answer([done()])

    def call(self, data):
        """sp_executesql: the SQL, the parameters' types, their values."""
        length, = struct.unpack_from("<I", data)
        at = length + 6                # its number, and flags
        texts = []
        for _ in range(2):
            at += 1 + 2 * data[at] + 1     # name, status
            wide = data[at] == 0x63        # ntext, else nvarchar
            form = "<I" if wide else "<H"
            at += 1 + struct.calcsize(form) + len(COLLATION)
            size, = struct.unpack_from(form, data, at)
            at += struct.calcsize(form)
            texts.append(data[at:at + size].decode("utf-16-le"))
            at += size
        self.server.calls.append((texts[0], texts[1], data[at:]))
        self.reply(texts[0])

    def serve(self):
        while True:
            packet = self.read_packet()
            if packet is None:
                return
            kind, data = packet
            if kind == 0x12:
                self.prelogin()
            elif kind == 0x10:
                if not self.login(data):
                    return
            elif kind == 6:
                self.asked = b""
                self.write(b"\xfd" + struct.pack("<HHQ", ATTENTION, 0, 0),
                           True)
            elif kind == 1:
                try:
                    self.batch(data)
                except Hung:
                    self.asked = b""
            elif kind == 3:
                self.call(data)


class Tds:
    """The server; a thread for each client."""

    role, password = USER, PASSWORD

    def __init__(self, answers=()):
        self.answers = list(answers)
        self.batches, self.calls, self.links = [], [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.listener.close()
        for link in self.links:
            link.close()

    def accept(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            self.links.append(link)
            threading.Thread(target=self.talk, args=(link,),
                             daemon=True).start()

    def talk(self, link):
        try:
            Session(self, link).serve()
        except OSError:
            pass
        finally:
            link.close()

    def keywords(self):
        """The entry of odbc.ini, without the password."""
        return {"Driver": "FreeTDS", "Server": "127.0.0.1",
                "Port": str(self.port), "TDS_Version": "7.4",
                "Encryption": "off", "Database": "master"}
