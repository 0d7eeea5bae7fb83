"""The benchmark's data: the same in every run, and what is right of an output.

A Table knows its columns and makes its rows from a seed. It is loaded into
each database from one file of PostgreSQL's COPY text, which MariaDB reads as
well. Its Truth is a digest of each column, with NULL and '' apart and once
more with them taken for the same; an output is right when its own are equal.
Numbers are compared by value and moments without the zeros at their end, since
databases print them differently; everything else byte by byte.
"""

import hashlib
import os
import random
import re
import sqlite3
import subprocess

SEED = 42

# How values are compared: name of the kind -> what a value becomes.
_fraction = re.compile(rb"\.?0+$")


def _same(value):
    return value


def _number(value):
    return b"%r" % float(value)


def _moment(value):
    return _fraction.sub(b"", value) if b"." in value else value


_kinds = {"integer": _same, "double": _number, "decimal": _number,
          "date": _same, "timestamp": _moment, "text": _same}


class Truth:
    """Digests of the columns of some rows."""

    def __init__(self, kinds):
        self.forms = [_kinds[kind] for kind in kinds]
        self.strict = [hashlib.sha256() for _ in kinds]
        self.loose = [hashlib.sha256() for _ in kinds]
        self.rows = 0

    def add(self, row):
        """A row of bytes or None."""
        if len(row) != len(self.forms):
            raise ValueError("row %d has %d columns" % (self.rows + 1,
                                                        len(row)))
        self.rows += 1
        for i, value in enumerate(row):
            text = b"" if not value else self.forms[i](value)
            self.loose[i].update(b"%d:" % len(text) + text)
            if value is None:
                text = b"\0NULL"
            self.strict[i].update(b"%d:" % len(text) + text)

    def differences(self, other, names):
        """What is wrong of `other`, in words; None is nothing at all."""
        if self.rows != other.rows:
            return "%d rows instead of %d" % (other.rows, self.rows)
        wrong = [name for name, mine, its in zip(names, self.loose,
                                                 other.loose)
                 if mine.digest() != its.digest()]
        if wrong:
            return "wrong: " + ", ".join(wrong)
        if any(mine.digest() != its.digest()
               for mine, its in zip(self.strict, other.strict)):
            return "NULL = ''"
        return None


class Table:
    """A name, columns as (name, kind, SQL type) and how many rows."""

    def __init__(self, name, columns, rows, make):
        self.name = name
        self.columns = columns
        self.rows = rows
        self.make = make
        self.names = [c[0] for c in columns]
        self.kinds = [c[1] for c in columns]
        self.sql = "select * from %s order by id" % name

    def create(self, dialect):
        """Its CREATE TABLE."""
        double = "double" if dialect == "mariadb" else "double precision"
        long_text = "longtext" if dialect == "mariadb" else "text"
        stamp = "datetime(6)" if dialect == "mariadb" else "timestamp(6)"
        return "create table %s (%s, primary key (id))" % (
            self.name, ", ".join("%s %s" % (n, t.format(
                double=double, text=long_text, timestamp=stamp))
                for n, _, t in self.columns))

    def write(self, directory):
        """Make the rows: the path of the COPY text, and the truth."""
        path = os.path.join(directory, self.name + ".tsv")
        truth = Truth(self.kinds)
        with open(path, "wb", 1 << 20) as f:
            for row in self.make(random.Random(SEED), self.rows):
                truth.add(row)
                f.write(b"\t".join(map(_escape, row)) + b"\n")
        return path, truth


_escapes = {b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r"}
_special = re.compile(rb"[\\\t\n\r]")


def _escape(value):
    if value is None:
        return b"\\N"
    return _special.sub(lambda m: _escapes[m.group()], value)


_unescapes = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"0": b"\0"}
_escaped = re.compile(rb"\\(.)", re.DOTALL)


def unescape(value):
    """A value of COPY text, or of the mariadb client's."""
    return _escaped.sub(lambda m: _unescapes.get(m.group(1), m.group(1)),
                        value)


# The rows.

_words = ("harbor lantern quiet copper meadow seven bridge winter amber stone "
          "paper signal velvet river clock maple orbit tunnel ginger field "
          "market").split()
_hard = ("Smith, John", 'the "best" one', "line one\nline two", "a\r\nb",
         "Zürich", "Łódź, Polska", "東京都港区", "naïve \U0001f600", 'x""y,\n')


def _phrase(r, least, most):
    text = " ".join(r.choice(_words) for _ in range(r.randint(least, most)))
    return text


def _pool(r, n, hard):
    """Texts of a column: so many in a hundred are hard to write."""
    pool = []
    for _ in range(n):
        kind = r.random() * 100
        if kind < hard:
            pool.append((_phrase(r, 1, 3) + " " + r.choice(_hard)).encode())
        elif kind < hard + 1.5:
            pool.append(None)
        elif kind < hard + 2.5:
            pool.append(b"")
        else:
            pool.append(_phrase(r, 1, 7).encode())
    return pool


def _maybe(r, value):
    return None if r.random() < 0.02 else value


def narrow(r, n):
    """bigint, int, double, decimal, date, timestamp, varchar."""
    names = [t if t is None else t.decode()[:20].encode()
             for t in _pool(r, 5000, 4)]
    scales = (1.0, 1e3, 1e9, 1e15)
    for i in range(n):
        number = (r.random() - 0.5) * r.choice(scales)
        cents = r.randrange(-10**11, 10**11)
        day = b"%04d-%02d-%02d" % (r.randrange(1970, 2038),
                                   r.randrange(1, 13), r.randrange(1, 29))
        seconds = r.randrange(86400)
        yield (b"%d" % (i + 1),
               _maybe(r, b"%d" % r.randrange(-2**31, 2**31)),
               _maybe(r, repr(number).encode()),
               _maybe(r, b"%s%d.%02d" % (b"-" if cents < 0 else b"",
                                         abs(cents) // 100,
                                         abs(cents) % 100)),
               _maybe(r, day),
               _maybe(r, day + b" %02d:%02d:%02d.%06d" % (
                   seconds // 3600, seconds // 60 % 60, seconds % 60,
                   r.randrange(10**6))),
               r.choice(names))


def wide(r, n):
    """An id and twenty texts, a tenth of them with quotes or non-ASCII."""
    pools = [_pool(r, 3001 + 2 * i, 10) for i in range(20)]
    for i in range(n):
        yield (b"%d" % (i + 1),) + tuple(
            pool[r.randrange(len(pool))] for pool in pools)


def big(r, n):
    """Texts of 1 MB, of many lines."""
    lines = [(_phrase(r, 3, 12) + r.choice(("\n", "\n", ", ", ' "q"\n')))
             .encode() for _ in range(40000)]
    text = b"".join(lines)
    text = (text * (1000000 * 2 // len(text) + 1))[:2000000]
    for i in range(n):
        at = r.randrange(1000000)
        yield b"%d" % (i + 1), b"document %d" % i, text[at:at + 1000000]


def tables(scale):
    """The benchmark's tables; scale 1 is the full size."""
    return [
        Table("narrow", [
            ("id", "integer", "bigint not null"), ("n", "integer", "int"),
            ("d", "double", "{double}"), ("m", "decimal", "decimal(12,2)"),
            ("day", "date", "date"), ("ts", "timestamp", "{timestamp}"),
            ("name", "text", "varchar(20)")],
              max(1, int(1000000 * scale)), narrow),
        Table("wide", [("id", "integer", "bigint not null")] +
              [("c%d" % i, "text", "varchar(255)") for i in range(1, 21)],
              max(1, int(200000 * scale)), wide),
        Table("big", [
            ("id", "integer", "bigint not null"),
            ("name", "text", "varchar(40)"), ("body", "text", "{text}")],
              max(1, int(200 * scale)), big),
    ]


# Into the databases.

def load_postgres(server, table, path):
    server.psql(table.create("postgres") + ";\n\\copy %s from '%s'\n" %
                (table.name, path) + "vacuum analyze %s;\n" % table.name)


def load_mariadb(server, table, path):
    subprocess.run(
        ["mariadb", "--no-defaults", "--local-infile=1", "--user=root",
         "--socket=" + server.socket, server.database, "-e",
         table.create("mariadb") + "; load data local infile '%s' into "
         "table %s character set utf8mb4" % (path, table.name)],
        check=True)


def load_sqlite(database, table, path):
    convert = {"integer": int, "double": float, "decimal": str}
    forms = [convert.get(kind, str) for kind in table.kinds]

    def rows():
        with open(path, "rb") as f:
            for line in f:
                yield [None if v == b"\\N" else form(unescape(v).decode())
                       for form, v in zip(forms, line[:-1].split(b"\t"))]

    db = sqlite3.connect(database)
    with db:
        db.execute("pragma page_size = 4096")
        db.execute(table.create("sqlite").replace(
            "bigint not null", "integer not null"))
        db.executemany("insert into %s values (%s)" % (
            table.name, ",".join("?" * len(forms))), rows())
    db.close()


# What an output says.

_field = re.compile(rb'(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n)')


def read_csv(data, kinds, has_header):
    """The truth of a file of RFC 4180, read to the letter; ValueError."""
    truth, row, at = Truth(kinds), [], 0
    for m in _field.finditer(data):
        if m.start() != at:
            raise ValueError("not well-formed at byte %d" % at)
        at = m.end()
        quoted, bare, end = m.groups()
        if quoted is not None:
            row.append(quoted.replace(b'""', b'"'))
        else:
            row.append(bare or None)
        if end != b",":
            if has_header:
                has_header = False
            else:
                truth.add(row)
            row = []
    if at != len(data):
        raise ValueError("not well-formed at byte %d" % at)
    return truth


def read_batch(data, kinds, has_header):
    """The same of the mariadb client's --batch."""
    truth = Truth(kinds)
    lines = data.split(b"\n")[1 if has_header else 0:-1]
    for line in lines:
        truth.add([None if v == b"NULL" else unescape(v)
                   for v in line.split(b"\t")])
    return truth
