"""Certificates for the FTPS servers, made by the openssl program.

    certs = Certs(directory)
    certs.ca            what clients should trust
    certs.server        (certificate, key) for localhost and 127.0.0.1
    certs.stranger      the same names, from a CA that nobody trusts
    certs.misnamed      from the trusted CA, for another host
    certs.expired       from the trusted CA, for localhost, of yesterday
"""

import os

from .server import find_program, run_tool

DAYS = "30"
NAMES = "DNS:localhost,IP:127.0.0.1"


class Certs:
    def __init__(self, directory):
        self.directory = os.path.join(str(directory), "certs")
        os.makedirs(self.directory)
        self.ca, ca_key = self._authority("ca")
        self.other_ca, other_key = self._authority("other-ca")
        self.server = self._signed("server", NAMES, self.ca, ca_key)
        self.misnamed = self._signed("misnamed", "DNS:ftp.example.com",
                                     self.ca, ca_key)
        self.stranger = self._signed("stranger", NAMES, self.other_ca,
                                     other_key)
        self.expired = self._signed("expired", NAMES, self.ca, ca_key,
                                    days="-1")

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _openssl(self, *arguments):
        return run_tool([find_program("openssl"), *arguments],
                        cwd=self.directory)

    def _key(self, name):
        key = self._path(name + ".key")
        self._openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-out", key)
        os.chmod(key, 0o600)
        return key

    def _authority(self, name):
        key, cert = self._key(name), self._path(name + ".pem")
        self._openssl("req", "-x509", "-new", "-key", key, "-days", DAYS,
                      "-subj", "/CN=odbcship test " + name, "-out", cert,
                      "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        return cert, key

    def _signed(self, name, names, ca, ca_key, days=DAYS):
        key, cert = self._key(name), self._path(name + ".pem")
        request, extra = self._path(name + ".csr"), self._path(name + ".ext")
        with open(extra, "w") as f:
            f.write("subjectAltName=%s\nbasicConstraints=CA:FALSE\n" % names)
        self._openssl("req", "-new", "-key", key, "-subj", "/CN=" + name,
                      "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey",
                      ca_key, "-CAcreateserial", "-days", days, "-extfile",
                      extra, "-out", cert)
        return cert, key
