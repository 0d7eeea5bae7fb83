"""lighttpd with WebDAV, in clear. What is uploaded is in `root`."""

import os

from .server import Server, find_program


class Lighttpd(Server):
    name = "lighttpd"

    def __init__(self, directory):
        super().__init__(directory)
        self.root = os.path.join(self.directory, "root")

    def prepare(self):
        os.makedirs(os.path.join(self.root, "in"))

    def command(self):
        path = os.path.join(self.directory, "lighttpd.conf")
        with open(path, "w") as f:
            f.write('server.modules = ( "mod_webdav" )\n'
                    'server.document-root = "%s"\n'
                    'server.bind = "127.0.0.1"\nserver.port = %d\n'
                    'server.upload-dirs = ( "%s" )\n'
                    'webdav.activate = "enable"\n' %
                    (self.root, self.port, self.directory))
        return [find_program("lighttpd"), "-D", "-f", path]

    def url(self, directory="in/"):
        return "http://localhost:%d/%s" % (self.port, directory)

    def path(self, *names):
        return os.path.join(self.root, *names)
