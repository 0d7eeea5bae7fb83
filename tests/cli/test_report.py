#!/usr/bin/python3
"""report: one page of all jobs and runs, that needs nothing else."""

import sys
sys.dont_write_bytecode = True
import html.parser
import os
import re

from cli import main
from harness import quote
from reporting import HOSTILE, ReportCase, contrast, styles

# Elements that have no end tag, and those whose end tag may be left out.
VOID = {"meta", "br", "path"}
LOOSE = {"th", "td", "tr", "li", "p"}


class Page(html.parser.HTMLParser):
    """Reads a page strictly enough to find what is not closed."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.stack, self.tags, self.wrong, self.text = [], [], [], []
        self.feed(text)
        self.close()
        if self.stack:
            self.wrong.append("open at the end: %s" % self.stack)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            while tag in ("td", "th") and self.stack[-1] in ("td", "th"):
                self.stack.pop()
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self.stack and self.stack[-1] in LOOSE and self.stack[-1] != tag:
            self.stack.pop()
        if not self.stack or self.stack.pop() != tag:
            self.wrong.append("</%s> closes nothing" % tag)

    def handle_data(self, data):
        if "style" not in self.stack:
            self.text.append(data)

    def all(self, tag):
        """The attributes of all elements of a tag."""
        return [attributes for name, attributes in self.tags if name == tag]

    def said(self):
        """The text, blanks folded."""
        return " ".join("".join(self.text).split())


class Report(ReportCase):
    """The page of a home with many runs."""

    def page(self, *words):
        """The page, read."""
        text = self.home.run("report", "-o", "-", *words).stdout
        page = Page(text)
        self.assertEqual(page.wrong, [])
        page.source = text
        return page

    def test_empty(self):
        """no jobs and no runs is a page too, and nothing is made"""
        page = self.page()
        self.assertIn("Nothing: no job failed, none is late.", page.said())
        self.assertFalse(os.path.exists(self.home.state))

    def test_usage(self):
        """where it goes must be said, and it is there whole or not at all"""
        self.assert_message(self.home.run("report", expect=64), "where")
        path = os.path.join(self.home.path, "nowhere", "x.html")
        self.assert_message(self.home.run("report", "-o", path, expect=74),
                            "nowhere")
        path = os.path.join(self.home.path, "x.html")
        self.assert_silent(self.home.run("report", "-o", path))
        self.assert_mode(path, 0o644)
        self.assertEqual(sorted(n for n in os.listdir(self.home.path)
                                if "x.html" in n), ["x.html"])

    def test_itself(self):
        """nothing is fetched and nothing is run"""
        self.fill(3, 20)
        page = self.page()
        tags = {tag for tag, _ in page.tags}
        self.assertFalse(tags & {"script", "link", "img", "iframe", "object",
                                 "form", "base", "use", "image"}, tags)
        for tag, attributes in page.tags:
            self.assertFalse([a for a in attributes
                              if a.startswith("on") or a == "src"], tag)
        for a in page.all("a"):
            self.assertRegex(a["href"], r"^#j\d+$")
        self.assertNotRegex(page.source, r"@import|url\(")
        policy = [m for m in page.all("meta") if "http-equiv" in m]
        self.assertIn("default-src 'none'", policy[0]["content"])

    def test_structure(self):
        """language, title, headings, headers of the table, texts of charts"""
        self.fill(3, 20)
        page = self.page()
        self.assertEqual(page.all("html"), [{"lang": "en"}])
        self.assertEqual(len(page.all("title")), 1)
        self.assertEqual(len(page.all("h1")), 1)
        self.assertEqual({h.get("scope") for h in page.all("th")},
                         {"col", "row"})
        ids = [a["id"] for _, a in page.tags if "id" in a]
        self.assertEqual(len(ids), len(set(ids)))
        for _, attributes in page.tags:
            for name in ("aria-labelledby", "href"):
                value = attributes.get(name, "").lstrip("#")
                if value:
                    self.assertIn(value, ids)
        charts = page.all("svg")
        self.assertEqual(len(charts), 3 * 4)
        for chart in charts:
            self.assertEqual(chart["role"], "img")
            self.assertGreater(len(chart["aria-label"]), 20)
        levels = [int(t[1]) for t, _ in page.tags if re.fullmatch("h[1-6]", t)]
        for above, below in zip(levels, levels[1:]):
            self.assertLessEqual(below, above + 1)

    def test_says(self):
        """what failed and since when, what is late, what was shipped where"""
        self.fill(2, 12)
        self.put("bad", "SELECT * FROM nowhere", extra='owner = "me@x";\n'
                 'runbook = "https://wiki.example/bad";')
        self.home.run("run", "bad", expect=69)
        self.home.run("run", "bad", expect=69)
        self.home.job("broken", "source: { dsn = 5; };")
        said = self.page().said()
        for part in ("2 need a person", "bad ✗ failed", "no such table",
                     "What to do: ", "2 runs", "It never ended well.",
                     "Owner: me@x", "Runbook: https://wiki.example/bad",
                     "broken ✗ broken", "odbcship check broken",
                     "SHA-256 " + self.sha256(1, 11),
                     "out: ftp://partner.example/in/job-001-011.csv verified "
                     "by size"):
            self.assertIn(part, said)
        self.assertIn({"rel": "noreferrer", "href": "https://wiki.example/bad"},
                      self.page().all("a"))

    def test_old_failure(self):
        """a job that is well again still shows what failed last"""
        self.fill(1, 12, fail=lambda job, run: run == 7)
        page = self.page()
        self.assertIn("Last failure: run 8 for ", page.said())
        self.assertIn("the server 'x' does not answer", page.said())
        strip = page.all("svg")[0]["aria-label"]
        self.assertIn("12 runs, oldest first: 11 ended well, 1 failed, 0 "
                      "neither; the last one ended well", strip)
        self.assertIn("Nothing: no job failed", page.said())

    def test_trends(self):
        """fewer rows and a slower run are pointed at"""
        self.fill(1, 12, rows=lambda job, run: 1000 if run < 11 else 400,
                  seconds=lambda job, run: 10 if run < 11 else 45)
        said = self.page().said()
        self.assertIn("fewer rows, slower", said)
        self.assertIn("1 job, 1 needs a person.", said)
        self.assertIn("Rows: 400; the median of the runs before is 1,000, "
                      "60 % fewer.", said)
        self.assertIn("the median of the runs before is 10.0 s, 350 % slower.",
                      said)

    def test_steady(self):
        """what is as always is not pointed at"""
        self.fill(1, 12, rows=lambda job, run: 1000 - run)
        said = self.page().said()
        self.assertIn("1 job, 0 need a person.", said)
        self.assertNotIn("fewer rows", said)
        self.assertNotIn("⚠", said)

    def test_charts(self):
        """bars are as high as the numbers, and the kinds have own shapes"""
        self.fill(1, 4, rows=lambda job, run: (100, 50, 0, 100)[run],
                  fail=lambda job, run: run == 3)
        source = self.page().source
        rows = re.findall(r'<path class=n d="([^"]*)"', source)[1]
        self.assertEqual(rows, "M3 40v-39M9 40v-20M15 40v-1")
        self.assertRegex(source, r'<path class=g d="M3 1v12M9 1v12M15 1v12"/>'
                         r'<path class=b d="M19 4l4 6m0-6l-4 6"/>')

    def test_hostile(self):
        """no text of anybody's becomes markup"""
        self.fill(1, 8, fail=lambda job, run: run == 7, text=HOSTILE)
        self.home.job("job-000", self.spec("job-000") +
                      'description = %s;\nowner = %s;\nrunbook = %s;\n' % (
                          (quote(HOSTILE),) * 2 +
                          (quote("javascript:alert(1)"),)))
        page = self.page()
        self.assertFalse({t for t, _ in page.tags} & {"script", "img", "b"})
        for _, attributes in page.tags:
            self.assertFalse([a for a in attributes if a.startswith("on")])
        self.assertNotIn("href=\"javascript", page.source)
        self.assertGreaterEqual(page.said().count(HOSTILE), 3)

    def test_hostile_link(self):
        """a link to the web is one, and no more than that"""
        url = "https://wiki.example/\" onclick=\"alert(1)\" x='<b>&"
        self.put("bad", "SELECT * FROM nowhere",
                 extra="runbook = %s;" % quote(url))
        self.home.run("run", "bad", expect=69)
        links = [a for a in self.page().all("a") if "rel" in a]
        self.assertEqual(links, [{"rel": "noreferrer", "href": url}])

    def test_bytes(self):
        """control bytes and what is no UTF-8 do not reach the page"""
        self.fill(1, 2)
        self.change("UPDATE run SET status = 69, state = 'failed', class = 'x',"
                    " message = CAST(x'6101fe1b5b33316d62' AS TEXT)")
        data = self.home.run("report", "-o", "-").bytes
        self.assertIn("a��".encode(), data)
        self.assertFalse(re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", data))
        data.decode("utf-8")

    def test_filter(self):
        """only some jobs, and only an environment"""
        self.fill(3, 5)
        said = self.page("job-001").said()
        self.assertIn("job-001", said)
        self.assertNotIn("job-002", said)
        self.assert_message(self.home.run("report", "-o", "-", "nope",
                                          expect=78), "nope")

    def test_size(self):
        """50 jobs of 90 runs are less than 500 kB"""
        self.fill(50, 120, fail=lambda job, run: (job + run) % 9 == 0)
        page = self.page()
        self.assertLess(len(page.source.encode()), 500000)
        self.assertEqual(len(page.all("svg")), 50 * 4)
        self.assertIn("The last 90 runs", page.source)

    def test_contrast(self):
        """every text and mark has the contrast of WCAG AA, light and dark"""
        themes = styles(self.page().source)
        self.assertEqual(sorted(themes), ["dark", "light", "print"])
        for name, theme in themes.items():
            for page in ("page", "card"):
                for text in ("text", "soft", "good", "bad", "warn", "link"):
                    self.assertGreaterEqual(
                        contrast(theme[text], theme[page]), 4.5,
                        "%s on %s, %s" % (text, page, name))
                self.assertGreaterEqual(
                    contrast(theme["mark"], theme[page]), 3,
                    "mark on %s, %s" % (page, name))


if __name__ == "__main__":
    main()
