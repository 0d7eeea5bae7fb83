"""proftpd and pure-ftpd, unpacked from Debian's packages.

They conflict with vsftpd and with each other, so that they cannot be
installed beside it. unpack() gets and unpacks them below a directory, as `make
check-matrix` wants them; nothing is installed.
"""

import glob
import os
import pwd

from .server import Server, find_program, run_tool

PACKAGES = ("proftpd-core", "proftpd-mod-crypto", "libhiredis0.14",
            "libmemcached11", "libmemcachedutil2", "libhashkit2",
            "libpcre2-posix3", "pure-ftpd")
USER = "acme"
PASSWORD = "secret word"


def unpack(directory):
    """The directory in which usr/sbin/proftpd and its kin are then."""
    packages = os.path.join(directory, "packages")
    os.makedirs(packages)
    run_tool([find_program("apt-get"), "download", *PACKAGES], cwd=packages)
    for package in glob.glob(os.path.join(packages, "*.deb")):
        run_tool([find_program("dpkg"), "-x", package, directory])
    return directory


class _Unpacked(Server):
    """A server with one user, whose files are in root/incoming."""

    user_name = USER
    password = PASSWORD

    def __init__(self, directory, unpacked, certificate):
        super().__init__(directory)
        self.certificate = certificate
        self.unpacked = unpacked
        self.root = os.path.join(self.directory, "root")
        self.environment = dict(
            self.environment, LD_LIBRARY_PATH=glob.glob(os.path.join(
                unpacked, "usr", "lib", "*-linux-gnu"))[0])

    def program(self, name):
        return find_program(os.path.join(self.unpacked, "usr", "sbin", name),
                            os.path.join(self.unpacked, "usr", "bin", name))

    def path(self, name):
        return os.path.join(self.directory, name)

    def prepare(self):
        os.makedirs(os.path.join(self.root, "incoming"))
        for path in (self.root, os.path.join(self.root, "incoming")):
            os.chmod(path, 0o777)

    def url(self, directory="incoming/"):
        return "ftp://localhost:%d/%s" % (self.port, directory)

    def files(self, directory="incoming"):
        """The names in a directory of the server, sorted."""
        return sorted(os.listdir(os.path.join(self.root, directory)))

    def read(self, name, directory="incoming"):
        with open(os.path.join(self.root, directory, name), "rb") as f:
            return f.read()


class Proftpd(_Unpacked):
    """With mod_tls, which demands TLS and the reuse of its session, and
    mod_digest."""

    name = "proftpd"

    def prepare(self):
        super().prepare()
        done = run_tool([find_program("openssl"), "passwd", "-6", PASSWORD])
        me = pwd.getpwuid(os.geteuid())
        with open(self.path("users"), "w") as f:
            f.write("%s:%s:%d:%d::%s:/bin/sh\n" % (
                USER, done.strip(), me.pw_uid, me.pw_gid, self.root))
        os.chmod(self.path("users"), 0o600)

    def command(self):
        me = pwd.getpwuid(os.geteuid())
        modules = os.path.join(self.unpacked, "usr", "lib", "proftpd")
        with open(self.path("proftpd.conf"), "w") as f:
            f.write("\n".join((
                "ModulePath " + modules, "LoadModule mod_tls.c",
                "LoadModule mod_digest.c", "ServerType standalone",
                "DefaultAddress 127.0.0.1", "Port %d" % self.port,
                "UseIPv6 off", "User " + me.pw_name, "Group root",
                "RootLogin on", "RequireValidShell off", "AuthPAM off",
                "AuthOrder mod_auth_file.c",
                "AuthUserFile " + self.path("users"),
                "DefaultRoot ~", "AllowOverwrite on", "UseReverseDNS off",
                "WtmpLog off", "ScoreboardFile " + self.path("scoreboard"),
                "PidFile " + self.path("pid"),
                "DelayEngine off", "SystemLog " + self.path("system.log"),
                "TLSEngine on", "TLSRequired on",
                "TLSLog " + self.path("tls.log"),
                "TLSECCertificateFile " + self.certificate[0],
                "TLSECCertificateKeyFile " + self.certificate[1],
                "TLSVerifyClient off", "DigestEngine on", "")))
        return [self.program("proftpd"), "-n", "-q", "-c",
                self.path("proftpd.conf")]


class PureFtpd(_Unpacked):
    """With its own users, which demands TLS."""

    name = "pure-ftpd"
    user_of_files = "nobody"

    def prepare(self):
        super().prepare()
        owner = pwd.getpwnam(self.user_of_files)
        done = run_tool([find_program("openssl"), "passwd", "-6", PASSWORD])
        with open(self.path("users"), "w") as f:
            f.write("%s:%s:%d:%d::%s/./\n" % (
                USER, done.strip(), owner.pw_uid, owner.pw_gid, self.root))
        with open(self.path("both.pem"), "w") as both:
            for path in self.certificate:
                with open(path) as f:
                    both.write(f.read())
        self.reach()
        run_tool([self.program("pure-pw"), "mkdb", self.path("users.pdb"),
                  "-f", self.path("users")])

    def reach(self):
        """Let the owner of the files through to them."""
        path = self.root
        while path != "/":
            if os.stat(path).st_uid == os.geteuid():
                os.chmod(path, os.stat(path).st_mode | 0o011)
            path = os.path.dirname(path)

    def command(self):
        return [self.program("pure-ftpd"), "-S", "127.0.0.1,%d" % self.port,
                "-l", "puredb:" + self.path("users.pdb"), "-Y", "2", "-2",
                self.path("both.pem"), "-H", "-A", "-E", "-j"]
