"""OpenSSH's sshd with SFTP alone, as the user who runs the tests.

    with Sshd(directory) as server:
        server.key          a private key that may log in
        server.known_hosts  a file with its host key
        server.fingerprint  of the host key, as ssh-keygen -l prints it
        server.root         where the user is after the login

Passwords would need PAM or the system's shadow file: keys only.
"""

import os
import pwd
import shlex
import shutil

from .server import Server, find_program, run_tool


def make_key(path, *arguments):
    """A key pair; the path of the private key."""
    run_tool([find_program("ssh-keygen"), "-q", "-N", "", "-C", "odbcship test",
              "-f", path, *(arguments or ("-t", "ed25519"))])
    return path


class Sshd(Server):
    name = "sshd"

    def __init__(self, directory, options="", limit=None, name=None):
        """options: of internal-sftp ("-R" is read only, "-P rename");
        limit: how many bytes a file may have."""
        self.name = name or self.name
        super().__init__(directory)
        self.options = options
        self.limit = limit
        self.root = os.path.join(self.directory, "root")
        self.host_key = os.path.join(self.directory, "host_key")
        self.key = os.path.join(self.directory, "user_key")
        self.authorized = os.path.join(self.directory, "authorized_keys")
        self.known_hosts = os.path.join(self.directory, "known_hosts")
        self.user_name = pwd.getpwuid(os.geteuid()).pw_name

    def prepare(self):
        os.makedirs(os.path.join(self.root, "incoming"))
        if os.geteuid() == 0:       # where sshd separates privileges
            os.makedirs("/run/sshd", 0o755, exist_ok=True)
        make_key(self.host_key)
        make_key(self.key)
        shutil.copyfile(self.key + ".pub", self.authorized)
        os.chmod(self.authorized, 0o600)

    @property
    def fingerprint(self):
        return run_tool([find_program("ssh-keygen"), "-lf",
                         self.host_key + ".pub"]).split()[1]

    def command(self):
        with open(self.host_key + ".pub") as f:
            host_key = " ".join(f.read().split()[:2])
        with open(self.known_hosts, "w") as f:
            f.write("[localhost]:%d %s\n" % (self.port, host_key))
        settings = [
            ("Port", self.port), ("ListenAddress", "127.0.0.1"),
            ("HostKey", self.host_key), ("PidFile", "none"),
            ("AuthorizedKeysFile", self.authorized), ("StrictModes", "no"),
            ("PasswordAuthentication", "no"), ("UsePAM", "no"),
            ("PermitRootLogin", "prohibit-password"),
            ("KbdInteractiveAuthentication", "no"), ("UseDNS", "no"),
            ("MaxStartups", "100"), ("LogLevel", "VERBOSE"),
            ("Subsystem", "sftp internal-sftp"),
            ("ForceCommand", "internal-sftp -l VERBOSE -d %s %s" %
             (self.root, self.options)),
        ]
        path = os.path.join(self.directory, "sshd_config")
        with open(path, "w") as f:
            f.writelines("%s %s\n" % item for item in settings)
        argv = [find_program("sshd"), "-D", "-e", "-f", path]
        if self.limit is None:
            return argv
        return ["/bin/sh", "-c", "trap '' XFSZ; ulimit -f %d; exec %s" % (
            self.limit // 512, " ".join(shlex.quote(a) for a in argv))]

    def url(self, directory="incoming/", port=None):
        return "sftp://localhost:%d/~/%s" % (port or self.port, directory)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def files(self, directory="incoming"):
        """The names in a directory of the server, sorted."""
        return sorted(os.listdir(self.path(directory)))

    def read(self, name, directory="incoming"):
        with open(self.path(directory, name), "rb") as f:
            return f.read()

    def said(self):
        """The log of the server."""
        with open(self.log, errors="replace") as f:
            return f.read()
