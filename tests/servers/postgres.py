"""A PostgreSQL server: psql to run SQL in it, psqlODBC strings to reach it.

The postgres program refuses to run as root; then it runs as the user
'postgres' of the package, or 'nobody'.
"""

import glob
import os
import signal
import subprocess

from .server import (Server, ServerError, find_program, first_user,
                     run_tool)

ROLE = "tester"
PASSWORD = "pg secret;}'1"      # what a connection string must quote


def _program(name):
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name),
                   key=lambda p: int(p.split("/")[4].split(".")[0]))
    return found[-1] if found else find_program(name)


class Postgres(Server):
    name = "postgres"
    stop_signal = signal.SIGINT     # fast shutdown
    database = "postgres"
    role = ROLE
    password = PASSWORD

    def user(self):
        return first_user("postgres", "nobody")

    def __init__(self, directory):
        super().__init__(directory)
        self.data = os.path.join(self.directory, "data")

    def prepare(self):
        secret = os.path.join(self.directory, "password")
        with open(secret, "w") as f:
            f.write(self.password + "\n")
        self.give(self.directory, secret)
        run_tool(self.as_user([
            _program("initdb"), "-D", self.data, "-U", self.role, "-E",
            "UTF8", "--locale=C", "--auth=scram-sha-256", "--pwfile",
            secret, "--no-sync"]), cwd="/", env=self.environment)
        os.unlink(secret)

    def command(self):
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port,
            "unix_socket_directories": "", "fsync": "off",
            "synchronous_commit": "off", "full_page_writes": "off",
            "max_connections": 20, "shared_buffers": "32MB",
            "timezone": "UTC", "log_timezone": "UTC",
        }
        argv = [_program("postgres"), "-D", self.data]
        for key, value in settings.items():
            argv += ["-c", "%s=%s" % (key, value)]
        return argv

    def answers(self):
        done = subprocess.run(
            [_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p",
             str(self.port)], env=self.environment)
        return done.returncode == 0

    def psql(self, sql, *arguments):
        """Run SQL; standard output, unaligned and without headings."""
        env = dict(self.environment, PGPASSWORD=self.password,
                   PGCLIENTENCODING="UTF8")
        done = subprocess.run(
            [_program("psql"), "-X", "-q", "-A", "-t", "-v",
             "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port),
             "-U", self.role, "-d", self.database, *arguments],
            input=sql.encode(), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=env)
        if done.returncode != 0:
            raise ServerError("psql: " + done.stderr.decode())
        return done.stdout.decode()

    def keywords(self):
        """The entry of odbc.ini, without the password."""
        return {"Driver": "PostgreSQL Unicode", "Servername": "127.0.0.1",
                "Port": str(self.port), "Database": self.database,
                "Username": self.role}

    def connection(self):
        """A whole connection string, without the password."""
        return ("Driver={PostgreSQL Unicode};Servername=127.0.0.1;Port=%d;"
                "Database=%s;UID=%s" % (self.port, self.database, self.role))
