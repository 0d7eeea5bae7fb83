"""What all test servers share: a port, a process, its end.

A Server is a context manager. It runs one real server program in the
foreground, as a child of the test with its data below a directory of the
caller, waits until it answers, and ends it by its process id: when the block
is left, when the test ends, and by the kernel when the test is killed
(setpriv --pdeathsig).
"""

import atexit
import os
import pwd
import signal
import socket
import subprocess
import time

READY_SECONDS = 60
STOP_SECONDS = 20
ATTEMPTS = 3        # a free port may be taken by somebody else meanwhile


class ServerError(Exception):
    """A server program is missing, or does not start."""


def free_port():
    """A loopback port that nobody listens on just now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def find_program(*candidates):
    """The first of these paths or names that exists and is executable."""
    search = os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin"
    for name in candidates:
        for directory in [""] if "/" in name else search.split(":"):
            path = os.path.join(directory, name)
            if os.access(path, os.X_OK) and os.path.isfile(path):
                return path
    raise ServerError("not installed: " + " or ".join(candidates))


def first_user(*names):
    """The first of these users that the system knows."""
    for name in names:
        try:
            pwd.getpwnam(name)
            return name
        except KeyError:
            pass
    raise ServerError("no such user: " + " or ".join(names))


def run_tool(argv, **options):
    """Run a program to its end; its output is in the error if it fails."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **options)
    if done.returncode != 0:
        raise ServerError("%s: status %d: %s" % (argv[0], done.returncode,
                                                 done.stdout.strip()))
    return done.stdout


class Server:
    """Base of the servers. A subclass has command() and, where accepting a
    connection is not enough, answers() and prepare()."""

    name = "server"
    stop_signal = signal.SIGTERM
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

    def __init__(self, directory):
        self.directory = os.path.join(str(directory), self.name)
        self.port = 0
        self.process = None
        self.prepared = False
        self.log = os.path.join(self.directory, "server.log")

    # What a subclass says.

    def prepare(self):
        """Make the data, once, before the first start."""

    def command(self):
        """The argument vector for self.port."""
        raise NotImplementedError

    def user(self):
        """The user to run as when the test runs as root, or None."""
        return None

    def answers(self):
        """Whether the server is ready for clients."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False

    # What everybody does.

    def as_user(self, argv):
        """argv, run as user() when that is another one."""
        if os.geteuid() != 0 or self.user() is None:
            return list(argv)
        owner = pwd.getpwnam(self.user())
        return [find_program("setpriv"), "--reuid", str(owner.pw_uid),
                "--regid", str(owner.pw_gid), "--clear-groups",
                "--"] + list(argv)

    def give(self, *paths):
        """Let user() own these and reach them."""
        if os.geteuid() != 0 or self.user() is None:
            return
        owner = pwd.getpwnam(self.user())
        os.chmod(os.path.dirname(self.directory), 0o711)
        for path in paths:
            os.chown(path, owner.pw_uid, owner.pw_gid)

    def start(self):
        """Start it and wait until it answers."""
        if not self.prepared:
            os.makedirs(self.directory)
            self.prepare()
            self.prepared = True
        for attempt in range(ATTEMPTS):
            if self.port == 0 or attempt > 0:
                self.port = free_port()
            self._spawn()
            if self._wait_ready():
                return self
            self.stop()
        with open(self.log, errors="replace") as log:
            raise ServerError("%s does not start: %s" % (self.name,
                                                         log.read()[-2000:]))

    def _spawn(self):
        death = [find_program("setpriv"), "--pdeathsig",
                 self.stop_signal.name[len("SIG"):], "--"]
        argv = self.as_user(self.command())
        # A change of user forgets the death signal: it is set last.
        if argv[0] == death[0]:
            argv = argv[:1] + death[1:3] + argv[1:]
        else:
            argv = death + argv
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment, cwd="/", start_new_session=True)
        atexit.register(self.stop)

    def _wait_ready(self):
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                return False
            if self.answers():
                return True
            time.sleep(0.05)
        return False

    def stop(self):
        """End it; harmless when it does not run."""
        if self.process is None:
            return
        process, self.process = self.process, None
        atexit.unregister(self.stop)
        if process.poll() is None:
            process.send_signal(self.stop_signal)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *unused):
        self.stop()
