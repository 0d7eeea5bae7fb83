"""A Virtuoso server: isql-vt to run SQL in it, ODBC strings.

Its first start takes five seconds and 60 MB of disk.
"""

import os
import re
import subprocess

from .server import Server, ServerError, find_program, first_user

PASSWORD = "virtuoso secret"

DRIVER = "/usr/lib/x86_64-linux-gnu/odbc/virtodbcu_r.so"

SETTINGS = """\
[Database]
DatabaseFile = %(data)s/v.db
ErrorLogFile = %(data)s/v.log
LockFile = %(data)s/v.lck
TransactionFile = %(data)s/v.trx
xa_persistent_file = %(data)s/v.pxa
[TempDatabase]
DatabaseFile = %(data)s/t.db
TransactionFile = %(data)s/t.trx
[Parameters]
ServerPort = 127.0.0.1:%(port)d
DisableUnixSocket = 1
ServerThreads = 20
CheckpointInterval = 0
NumberOfBuffers = 2000
MaxDirtyBuffers = 1200
CaseMode = 2
Charset = UTF-8
"""


class Virtuoso(Server):
    name = "virtuoso"
    role = "dba"
    password = PASSWORD

    def user(self):
        return first_user("nobody")

    def __init__(self, directory):
        super().__init__(directory)
        self.data = os.path.join(self.directory, "data")
        self.settings = os.path.join(self.directory, "virtuoso.ini")

    def prepare(self):
        os.mkdir(self.data)
        self.give(self.directory, self.data)

    def command(self):
        with open(self.settings, "w") as f:
            f.write(SETTINGS % {"data": self.data, "port": self.port})
        lock = os.path.join(self.data, "v.lck")    # what a killed one leaves
        if os.path.exists(lock):
            os.unlink(lock)
        argv = [find_program("virtuoso-t"), "-f", "-c", self.settings]
        if not os.path.exists(os.path.join(self.data, "v.db")):
            argv += ["+pwdold", "dba", "+pwddba", self.password]
        return argv

    def _isql(self, sql, *options):
        return subprocess.run(
            [find_program("isql-vt"), "127.0.0.1:%d" % self.port, self.role,
             self.password, "ERRORS=STDOUT", "VERBOSE=OFF", "BANNER=OFF",
             "PROMPT=OFF", *options], input=sql.encode(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment)

    def answers(self):
        return super().answers() and b"42" in self._isql("SELECT 42;").stdout

    def sql(self, sql, *options):
        """Run SQL; what isql-vt prints."""
        done = self._isql(sql, *options)
        text = done.stdout.decode()
        if done.returncode != 0 or re.search(r"\*\*\* Error (?!01)", text):
            raise ServerError("isql-vt: " + text + done.stderr.decode())
        return text

    def keywords(self):
        """The entry of odbc.ini, without the password."""
        return {"Driver": DRIVER, "Address": "127.0.0.1:%d" % self.port,
                "UserName": self.role}

    def connection(self):
        """A whole connection string, without the password."""
        return "Driver=%s;Host=127.0.0.1:%d;UID=%s" % (DRIVER, self.port,
                                                        self.role)
