"""The figures of bench.py as tables and as a plot."""

from xml.sax.saxutils import escape


def groups(report):
    """((table, database), results), in their order."""
    found = {}
    for r in report["results"]:
        found.setdefault((r["table"], r["database"]), []).append(r)
    return list(found.items())


def verdict(r):
    """The last column of a table."""
    if "failed" in r:
        return "fails: " + " ".join(r["failed"].split())[:70]
    return r.get("verdict") or "right"


def ratio(value):
    return "" if value is None else "%.2f" % value


def tables(report):
    """Markdown."""
    lines = ["%s. Medians of %d rounds." % (report["machine"],
                                            report["rounds"])]
    if report["missing"]:
        lines.append("Not installed: " + ", ".join(report["missing"]) + ".")
    for (table, database), results in groups(report):
        lines += ["", "### %s, %s (%d rows)" % (
            table, database, results[0]["rows"]), "",
            "| | CPU s | / drain | wall s | / drain | peak MiB | output |",
            "| --- | --: | --: | --: | --: | --: | --- |"]
        for r in results:
            lines.append("| %s | %.2f | %s | %.2f | %s | %.0f | %s |" % (
                r["peer"], r["cpu"], ratio(r["cpu_ratio"]), r["wall"],
                ratio(r["wall_ratio"]), r["peak_kib"] / 1024,
                verdict(r).replace("|", "/")))
    return "\n".join(lines) + "\n"


WIDTH, LABEL, BAR, GAP, MOST = 760, 190, 14, 30, 6.0
COLOURS = {"drain": "#888888", "odbcship": "#1f6f8b"}


def plot(report):
    """SVG: a bar for each contestant, its CPU time by the drain's."""
    scale = (WIDTH - LABEL - 60) / MOST
    parts, y = [], 20
    for (table, database), results in groups(report):
        parts.append('<text x="0" y="%d" font-weight="bold">%s, %s</text>' %
                     (y, escape(table), escape(database)))
        y += 8
        for r in results:
            if r["cpu_ratio"] is None or "failed" in r:
                continue
            length = min(r["cpu_ratio"], MOST) * scale
            colour = COLOURS.get(r["peer"], "#d9a441" if not r["native"]
                                 else "#a8b8a0")
            parts.append(
                '<text x="%d" y="%d" text-anchor="end">%s</text>'
                '<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>'
                '<text x="%.1f" y="%d">%.2f</text>' % (
                    LABEL - 6, y + BAR - 3, escape(r["peer"]), LABEL, y,
                    length, BAR - 2, colour, LABEL + length + 4, y + BAR - 3,
                    r["cpu_ratio"]))
            y += BAR
        y += GAP
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'font-family="sans-serif" font-size="11">\n'
            '<title>CPU time of the client, as a multiple of the bare '
            'fetch</title>\n'
            '<rect width="100%%" height="100%%" fill="white"/>\n%s\n'
            '</svg>\n' % (WIDTH, y, "\n".join(parts)))
