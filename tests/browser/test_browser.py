#!/usr/bin/python3
"""The page of report in a real browser: make check-browser.

Wants chromium; and npm with its registry for axe-core (or AXE, the path of an
axe.min.js). Leaves screenshots, light and dark, in the working directory.
"""

import sys
sys.dont_write_bytecode = True
import html
import json
import os
import random
import re
import subprocess
import tarfile

sys.path[:0] = [os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), name) for name in ("cli", "integration", "")]
from cli import main
from harness import temporary
from reporting import HOSTILE, ReportCase

AXE = "axe-core@4.10.2"
POLICY = re.compile(r"<meta http-equiv=Content-Security-Policy [^>]*>")


def axe():
    """The text of axe-core."""
    if "AXE" in os.environ:
        with open(os.environ["AXE"]) as f:
            return f.read()
    where = temporary()
    subprocess.run(["npm", "pack", "--silent", AXE], cwd=where, check=True,
                   timeout=300, stdout=subprocess.DEVNULL)
    with tarfile.open(os.path.join(where, os.listdir(where)[0])) as archive:
        return archive.extractfile("package/axe.min.js").read().decode()


class Browser(ReportCase):
    """What Chromium makes of it."""

    def setUp(self):
        super().setUp()
        rng = random.Random(1)
        self.fill(8, 90, fail=lambda job, run: rng.random() < 0.06,
                  rows=lambda job, run: rng.randrange(1000, 2000),
                  seconds=lambda job, run: rng.randrange(5, 20))
        self.put("fails", "SELECT * FROM nowhere",
                 extra='owner = "me@example.com"; '
                 'runbook = "https://wiki.example/x";')
        self.home.run("run", "fails", expect=69)
        self.home.job("broken", "source: { dsn = 5; };")
        self.path = os.path.join(self.home.path, "report.html")
        self.home.run("report", "-o", self.path)

    def browse(self, *options, path=None, dark=False):
        """What the browser writes: standard output, and its console."""
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
             "--hide-scrollbars", "--enable-logging=stderr",
             "--host-resolver-rules=MAP * ~NOTFOUND",
             "--user-data-dir=" + os.path.join(self.home.path, "browser"),
             "--blink-settings=preferredColorScheme=%d" % (0 if dark else 1),
             *options, "file://" + (path or self.path)],
            capture_output=True, text=True, timeout=300, check=True)
        return done.stdout, [line for line in done.stderr.splitlines()
                             if "CONSOLE" in line]

    def script(self, text, dark=False):
        """What a script finds out in the page, as JSON."""
        with open(self.path) as f:
            page = POLICY.sub("", f.read())
        path = os.path.join(self.home.path, "scripted.html")
        self.home.write(path, page.replace(
            "</body>", "<script>%s</script></body>" % text))
        out, console = self.browse("--dump-dom", "--virtual-time-budget=30000",
                                   path=path, dark=dark)
        found = re.search(r'<pre id="found">(.*?)</pre>', out, re.DOTALL)
        self.assertIsNotNone(found, console)
        return json.loads(html.unescape(found.group(1)))

    FOUND = ("function found(value) { const p = document.createElement('pre');"
             "p.id = 'found'; p.textContent = JSON.stringify(value);"
             "document.body.append(p); }\n")

    def test_screenshots(self):
        """it is shown, light and dark, without a word on the console"""
        sizes = []
        for name, dark in (("light", False), ("dark", True)):
            shot = os.path.abspath("report-%s.png" % name)
            _, console = self.browse("--window-size=1100,1600",
                                     "--screenshot=" + shot, dark=dark)
            self.assertEqual(console, [])
            with open(shot, "rb") as f:
                sizes.append(f.read())
            self.assertTrue(sizes[-1].startswith(b"\x89PNG"))
        self.assertNotEqual(*sizes)

    def test_colours(self):
        """the colours follow the reader's system"""
        text = self.FOUND + ("found(getComputedStyle(document.body)"
                             ".backgroundColor)")
        self.assertEqual(self.script(text), "rgb(255, 255, 255)")
        self.assertEqual(self.script(text, dark=True), "rgb(13, 17, 23)")

    def test_hostile(self):
        """a hostile text runs nothing"""
        self.change("UPDATE run SET message = ?, hint = ?", HOSTILE, HOSTILE)
        self.home.run("report", "-o", self.path)
        found = self.script("window.alert = () => { window.ran = true; };" +
                            self.FOUND + "found([window.ran === true, "
                            "document.images.length, "
                            "document.body.innerText.includes('alert(1)')])")
        self.assertEqual(found, [False, 0, True])
        _, console = self.browse("--dump-dom")
        self.assertEqual(console, [])

    def test_narrow(self):
        """on a telephone nothing sticks out of the page"""
        found = self.script(
            self.FOUND + "document.body.style.width = '360px';"
            "const edge = document.body.getBoundingClientRect().right;"
            "found([...document.body.querySelectorAll('*')].filter(e => "
            "!(e.closest('.wide') && e.tagName !== 'DIV') && "
            "e.getBoundingClientRect().right > edge).map(e => e.outerHTML))")
        self.assertEqual(found, [])

    def test_accessible(self):
        """axe-core finds nothing, light and dark"""
        library = axe()
        for dark in (False, True):
            found = self.script(
                self.FOUND + library.replace("</script", "<\\/script") +
                ";axe.run().then(r => found({bad: r.violations.map(v => "
                "[v.id, v.nodes.map(n => n.html)]), good: r.passes.length}),"
                "e => found({bad: String(e), good: 0}))", dark=dark)
            self.assertEqual(found["bad"], [])
            self.assertGreater(found["good"], 20)


if __name__ == "__main__":
    main()
