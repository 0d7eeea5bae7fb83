"""The driver that plays a script, for the tests: see README.md.

Play writes a script and runs the program against it; Client calls the driver
manager directly (ctypes), to see that the driver lies as the script says.
"""

import ctypes
import os

SUCCESS, INFO, NO_DATA, ERROR = 0, 1, 100, -1
C_CHAR, C_BINARY, C_DOUBLE, C_FLOAT, C_SBIGINT, C_BIT = 1, -2, 8, 7, -25, -7
C_SLONG, C_ULONG, C_SSHORT, C_UBIGINT, C_NUMERIC = -16, -18, -15, -27, 2
C_DATE, C_TIME, C_TIMESTAMP, C_WCHAR = 91, 92, 93, -8
ROW_ARRAY_SIZE, ROW_STATUS, ROWS_FETCHED = 27, 25, 26


def built():
    """The directory with the built driver."""
    return os.environ.get("ODBCPLAY", os.path.abspath("tests/driver"))


class Play:
    """A script, its transcript, and the program run against it."""

    def __init__(self, home, script, library="libodbcplay.so"):
        self.home = home
        self.driver = os.path.join(built(), "libodbcplay.so")
        if library != "libodbcplay.so":
            link = os.path.join(home.path, library)
            os.symlink(self.driver, link)
            self.driver = link
        self.script = home.write(os.path.join(home.path, "test.play"), script)
        self.log = os.path.join(home.path, "transcript")
        self.connection = "Driver=%s;Script=%s;Transcript=%s" % (
            self.driver, self.script, self.log)

    def query(self, sql, *more, expect=0):
        """odbcship query; the result."""
        return self.home.run("query", "-d", self.connection, "-e", sql, *more,
                             expect=expect)

    def transcript(self, function=None):
        """Its lines, or those of a function."""
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8", errors="replace") as f:
            lines = f.read().splitlines()
        return [line for line in lines if function is None or
                line.split("] ")[-1].split(" ")[0].split("#")[0] == function]


def scatter(x):
    """splitmix64."""
    mask = (1 << 64) - 1
    x = (x + 0x9e3779b97f4a7c15) & mask
    x = ((x ^ (x >> 30)) * 0xbf58476d1ce4e5b9) & mask
    x = ((x ^ (x >> 27)) * 0x94d049bb133111eb) & mask
    return x ^ (x >> 31)


HEADS = ["", "", "a,b", '"', '""', "\r\n", "\n", "\r", ";", " ", "\u00e9",
         "\u20ac", "\U0001f600", "\t", "'", "=1+1"]


def mixed(total, row):
    """What mixed:TOTAL is in a row; None is NULL."""
    h = scatter(row ^ scatter(total))
    head = HEADS[h & 15].encode()
    length = (h >> 8) % (total + 1)
    if len(head) > length:
        length = len(head) if len(head) <= total else 0
    if (h >> 4) & 15 == 0:
        return None
    return (head + bytes([97 + (h >> 40) % 26]) * total)[:length]


def letters(total, seed, row=0):
    """What random:TOTAL:SEED is in a row."""
    alphabet = (b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                b"0123456789-_")
    start = scatter(seed ^ scatter(row))
    out = bytearray()
    for at in range(total):
        if at & 7 == 0:
            word = scatter(start ^ scatter(at >> 3))
        out.append(alphabet[(word >> (8 * (at & 7))) & 63])
    return bytes(out)


class Client:
    """A bare ODBC program of one connection and one statement."""

    def __init__(self, connection):
        self.odbc = ctypes.CDLL("libodbc.so.2")
        for name in ("SQLFetch", "SQLExecDirect", "SQLGetData", "SQLBindCol",
                     "SQLSetStmtAttr", "SQLMoreResults", "SQLGetDiagRec",
                     "SQLDriverConnect", "SQLDescribeCol", "SQLColAttribute",
                     "SQLAllocHandle", "SQLFreeHandle", "SQLSetEnvAttr"):
            getattr(self.odbc, name).restype = ctypes.c_short
        self.env, self.dbc, self.stmt = (ctypes.c_void_p() for _ in range(3))
        self.odbc.SQLAllocHandle(1, None, ctypes.byref(self.env))
        self.odbc.SQLSetEnvAttr(self.env, 200, ctypes.c_void_p(3), 0)
        self.odbc.SQLAllocHandle(2, self.env, ctypes.byref(self.dbc))
        rc = self.odbc.SQLDriverConnect(self.dbc, None, connection.encode(),
                                        -3, None, 0, None, 0)
        if rc not in (SUCCESS, INFO):
            raise ConnectionError(self.records(2, self.dbc))
        self.odbc.SQLAllocHandle(3, self.dbc, ctypes.byref(self.stmt))
        self.columns = {}
        self.fetched = ctypes.c_ulong(777)
        self.status = None

    def records(self, kind=3, handle=None):
        """[(SQLSTATE, native, text)] of the last call."""
        found = []
        state, text = ctypes.create_string_buffer(6), \
            ctypes.create_string_buffer(1024)
        native, n = ctypes.c_int(), ctypes.c_short()
        while self.odbc.SQLGetDiagRec(
                ctypes.c_short(kind), handle or self.stmt,
                ctypes.c_short(len(found) + 1), state, ctypes.byref(native),
                text, ctypes.c_short(1024), ctypes.byref(n)) in (0, 1):
            found.append((state.value.decode(), native.value,
                          text.value.decode()))
        return found

    def execute(self, sql):
        return self.odbc.SQLExecDirect(self.stmt, sql.encode(), -3)

    def set(self, attribute, value):
        return self.odbc.SQLSetStmtAttr(self.stmt, attribute, value, 0)

    def array(self, rows):
        """Fetch by so many rows, with a status array and a counter."""
        self.status = (ctypes.c_ushort * rows)(*[99] * rows)
        return (self.set(ROW_ARRAY_SIZE, ctypes.c_void_p(rows)),
                self.set(ROW_STATUS, self.status),
                self.set(ROWS_FETCHED, ctypes.byref(self.fetched)))

    def bind(self, number, c_type=C_CHAR, size=16, rows=1, indicator=0x5a):
        """Bind a column; every byte of it is 0x5a before."""
        data = ctypes.create_string_buffer(b"Z" * size * rows, size * rows)
        lengths = (ctypes.c_int64 * rows)(*[indicator] * rows)
        self.columns[number] = (data, lengths, size)
        return self.odbc.SQLBindCol(self.stmt, number, c_type, data,
                                    ctypes.c_long(size), lengths)

    def fetch(self):
        return self.odbc.SQLFetch(self.stmt)

    def cell(self, number, row=0):
        """(bytes of the buffer, indicator) of a bound column."""
        data, lengths, size = self.columns[number]
        return data.raw[row * size:(row + 1) * size], lengths[row]

    def get(self, number, size=16, c_type=C_CHAR):
        """SQLGetData: (return code, bytes of the buffer, indicator)."""
        data = ctypes.create_string_buffer(b"Z" * size, size)
        length = ctypes.c_int64(0x5a)
        rc = self.odbc.SQLGetData(self.stmt, number, c_type, data,
                                  ctypes.c_long(size), ctypes.byref(length))
        return rc, data.raw, length.value

    def close(self):
        self.odbc.SQLFreeHandle(3, self.stmt)
        self.odbc.SQLDisconnect(self.dbc)
        self.odbc.SQLFreeHandle(2, self.dbc)
        self.odbc.SQLFreeHandle(1, self.env)
