"""A MariaDB server: the mariadb client to run SQL in it, ODBC strings."""

import os
import subprocess

from .server import (Server, ServerError, find_program, first_user,
                     run_tool)

ROLE = "tester"
PASSWORD = "maria secret"


class MariaDB(Server):
    name = "mariadb"
    database = "shop"
    role = ROLE
    password = PASSWORD

    def user(self):
        return first_user("mysql", "nobody")

    def __init__(self, directory):
        super().__init__(directory)
        self.data = os.path.join(self.directory, "data")
        self.socket = os.path.join(self.directory, "s")
        # A server removes the temporary tables of others when it starts.
        self.temporary = os.path.join(self.directory, "tmp")
        self.environment = dict(self.environment, TMPDIR=self.temporary)

    def prepare(self):
        os.mkdir(self.data)
        os.mkdir(self.temporary)
        self.give(self.directory, self.data, self.temporary)
        run_tool(self.as_user([
            find_program("mariadb-install-db"), "--no-defaults",
            "--datadir=" + self.data, "--skip-test-db",
            "--auth-root-authentication-method=normal"]), cwd="/",
            env=self.environment)

    def command(self):
        return [find_program("mariadbd"), "--no-defaults",
                "--datadir=" + self.data, "--tmpdir=" + self.temporary,
                "--socket=" + self.socket,
                "--bind-address=127.0.0.1", "--port=%d" % self.port,
                "--pid-file=" + os.path.join(self.directory, "pid"),
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=32M", "--skip-log-bin",
                "--character-set-server=utf8mb4", "--sql-mode=ANSI_QUOTES,"
                "STRICT_ALL_TABLES"]

    def _client(self, sql, *arguments):
        return subprocess.run(
            [find_program("mariadb"), "--no-defaults", "--batch",
             "--skip-column-names", "--default-character-set=utf8mb4",
             "--socket=" + self.socket, "--user=root", *arguments],
            input=sql.encode(), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.environment)

    def answers(self):
        return self._client("SELECT 1").returncode == 0

    def start(self):
        first = not self.prepared
        super().start()
        if first:
            self.sql("CREATE DATABASE %s; CREATE USER '%s'@'%%' IDENTIFIED "
                     "BY '%s'; GRANT ALL ON *.* TO '%s'@'%%';" %
                     (self.database, self.role, self.password, self.role),
                     "mysql")
        return self

    def sql(self, sql, database=None):
        """Run SQL as root; standard output, tabs between values."""
        done = self._client(sql, database or self.database)
        if done.returncode != 0:
            raise ServerError("mariadb: " + done.stderr.decode())
        return done.stdout.decode()

    def keywords(self):
        """The entry of odbc.ini, without the password."""
        return {"Driver": "MariaDB Unicode", "Server": "127.0.0.1",
                "Port": str(self.port), "Database": self.database,
                "User": self.role}

    def connection(self):
        """A whole connection string, without the password."""
        return ("Driver={MariaDB Unicode};Server=127.0.0.1;Port=%d;"
                "Database=%s;UID=%s" % (self.port, self.database, self.role))
