"""vsftpd without root, PAM or a system configuration, with TLS.

Its users are anonymous: passwords would need PAM (servers/pyftpd.py knows
passwords). What is uploaded is in `root`.
"""

import os

from .server import Server, find_program


class Vsftpd(Server):
    name = "vsftpd"

    def __init__(self, directory, certificate, implicit=False, name=None):
        """certificate: a pair of paths, certificate and key; None: no TLS."""
        self.name = name or self.name
        super().__init__(directory)
        self.certificate = certificate
        self.implicit = implicit
        self.root = os.path.join(self.directory, "root")
        self.transfers = os.path.join(self.directory, "vsftpd.log")

    def prepare(self):
        os.makedirs(os.path.join(self.root, "incoming"))

    def command(self):
        yes = ("listen run_as_launching_user "
               "anonymous_enable anon_upload_enable anon_mkdir_write_enable "
               "anon_other_write_enable write_enable no_anon_password "
               "allow_writeable_chroot xferlog_enable log_ftp_protocol")
        if self.certificate:
            yes += (" ssl_enable allow_anon_ssl force_anon_data_ssl "
                    "force_anon_logins_ssl require_ssl_reuse ssl_tlsv1")
        settings = {word: "YES" for word in yes.split()}
        settings.update({
            "background": "NO", "listen_address": "127.0.0.1",
            "listen_port": self.port, "anon_root": self.root,
            "secure_chroot_dir": self.root, "anon_umask": "022",
            "anon_world_readable_only": "NO", "seccomp_sandbox": "NO",
            "vsftpd_log_file": self.transfers,
            "xferlog_std_format": "NO",
        })
        if self.certificate:
            settings.update({
                "ssl_ciphers": "HIGH",
                "implicit_ssl": "YES" if self.implicit else "NO",
                "rsa_cert_file": self.certificate[0],
                "rsa_private_key_file": self.certificate[1]})
        path = os.path.join(self.directory, "vsftpd.conf")
        with open(path, "w") as f:
            for key, value in settings.items():
                f.write("%s=%s\n" % (key, value))
        return [find_program("vsftpd"), path]

    def url(self, directory="incoming/"):
        scheme = "ftps" if self.implicit else "ftp"
        return "%s://localhost:%d/%s" % (scheme, self.port, directory)

    def files(self, directory="incoming"):
        """The names in a directory of the server, sorted."""
        return sorted(os.listdir(os.path.join(self.root, directory)))

    def read(self, name, directory="incoming"):
        with open(os.path.join(self.root, directory, name), "rb") as f:
            return f.read()

    def protocol(self):
        """The log: commands, replies, transfers."""
        with open(self.transfers, errors="replace") as f:
            return f.read()
