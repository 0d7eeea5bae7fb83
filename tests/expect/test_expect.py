#!/usr/bin/python3
"""Expected times against a cron that is played, minute by minute.

The player below knows only what cron(8) says of a clock that jumps: it sees
the local clock of each minute, as the daemon does, and has no idea of zones or
of searching.
"""

import sys
sys.dont_write_bytecode = True
import datetime
import os
import random
import subprocess
import unittest
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "integration"))
from harness import main

EXPECT = os.path.join(os.path.dirname(os.environ.get(
    "ODBCPLAY", os.path.abspath("tests/driver"))), "expect", "expect")
NEW_CLOCK = 3 * 60                  # minutes: "less than 3 hours"
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
# A zone and days around which its clocks change.
CHANGES = (
    ("Europe/Berlin", (2026, 3, 29)), ("Europe/Berlin", (2026, 10, 25)),
    ("America/New_York", (2026, 3, 8)), ("America/New_York", (2026, 11, 1)),
    ("Australia/Lord_Howe", (2026, 4, 5)),
    ("Australia/Lord_Howe", (2026, 10, 4)),
    ("America/Havana", (2026, 3, 8)), ("America/Havana", (2026, 11, 1)),
    ("Africa/Cairo", (2026, 4, 24)), ("Africa/Cairo", (2026, 10, 30)),
    ("America/Sao_Paulo", (2018, 11, 4)), ("America/Sao_Paulo", (2019, 2, 17)),
    ("Asia/Gaza", (2026, 3, 28)), ("Pacific/Apia", (2011, 12, 30)),
    ("Asia/Kolkata", (2026, 6, 1)), ("UTC", (2024, 2, 29)),
)


class Cron:
    """One line of a crontab."""

    def __init__(self, text):
        words = text.split()
        self.sets = [self._field(w, *b) for w, b in zip(words, BOUNDS)]
        self.sets[4] = {day % 7 for day in self.sets[4]}
        self.stars = [w.startswith("*") for w in words]
        self.is_wild = self.stars[0] or self.stars[1]

    @staticmethod
    def _field(word, low, high):
        found = set()
        for part in word.split(","):
            part, _, step = part.partition("/")
            first, _, last = part.partition("-")
            if part == "*":
                first, last = low, high
            found.update(range(int(first), int(last or first) + 1,
                               int(step or 1)))
        return found

    def matches(self, clock):
        """Whether the line holds at a reading of the local clock."""
        if (clock.minute not in self.sets[0] or clock.hour not in self.sets[1]
                or clock.month not in self.sets[3]):
            return False
        day = clock.day in self.sets[2]
        weekday = clock.isoweekday() % 7 in self.sets[4]
        if self.stars[2] or self.stars[4]:
            return day and weekday
        return day or weekday


def play(zone, text, begin, end):
    """The moments in (begin, end] at which Debian's cron starts the line."""
    line = Cron(text)
    minute = datetime.timedelta(minutes=1)
    tz = zoneinfo.ZoneInfo(zone)
    begun = set()
    seen = None             # the virtual time: up to where fixed lines ran
    # A day early, so that the daemon has lived through what is before.
    for now in range(begin - 86400, end + 1, 60):
        clock = datetime.datetime.fromtimestamp(now, tz).replace(tzinfo=None)
        jump = (clock - seen) // minute if seen is not None else 1
        if abs(jump) >= NEW_CLOCK:
            seen = clock - minute
        if line.is_wild:
            if line.matches(clock):
                begun.add(now)
        else:
            while seen is not None and seen < clock:
                seen += minute
                if line.matches(seen):
                    begun.add(now)
        seen = clock if seen is None or clock > seen else seen
    return sorted(t for t in begun if begin < t <= end)


def ask(lines):
    """The program's answers."""
    done = subprocess.run(
        [EXPECT], capture_output=True, text=True, check=True, timeout=600,
        input="".join("%s\t%s\t%d %d\n" % line for line in lines))
    return done.stdout.splitlines()


def field(rng, low, high, star):
    """A field at random."""
    if rng.random() < star:
        return "*" if rng.random() < 0.6 else "*/%d" % rng.randint(2, 15)
    parts = []
    for _ in range(rng.randint(1, 3)):
        first = rng.randint(low, high)
        last = rng.randint(first, high)
        parts.append(rng.choice(["%d" % first, "%d-%d" % (first, last),
                                 "%d-%d/%d" % (first, last,
                                               rng.randint(1, 5))]))
    return ",".join(parts)


def expression(rng):
    """An expression whose times are often near the changes of clocks."""
    hour = field(rng, 0, 3, 0.3) if rng.random() < 0.8 else field(rng, 0, 23, 0)
    return " ".join((field(rng, 0, 59, 0.3), hour, field(rng, 1, 31, 0.7),
                     field(rng, 1, 12, 0.8), field(rng, 0, 7, 0.6)))


def utc(year, month, day):
    """Midnight UTC in seconds."""
    return int(datetime.datetime(year, month, day,
                                 tzinfo=datetime.timezone.utc).timestamp())


class Expect(unittest.TestCase):
    """The program and the player agree."""

    maxDiff = 2000

    def test_player(self):
        """the player does what cron(8) says of two known nights"""
        spring, autumn = utc(2026, 3, 29), utc(2026, 10, 25)
        day = 86400
        for text, night, wanted in (
                ("30 2 * * *", spring, [3600]),
                ("*/30 2 * * *", spring, []),
                ("30 2 * * *", autumn, [1800]),
                ("30 * * * *", autumn, [1800 + 3600 * i for i in range(24)])):
            self.assertEqual(
                [t - night for t in play("Europe/Berlin", text, night,
                                         night + day - 60)], wanted, text)

    def test_changes(self):
        """random expressions around changes of the clocks"""
        seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
        print("# SEED=%d" % seed)
        rng = random.Random(seed)
        lines = []
        for zone, day in CHANGES:
            for _ in range(12):
                middle = utc(*day)
                lines.append((zone, expression(rng), middle - 2 * 86400,
                              middle + 2 * 86400))
        answers = ask(lines)
        self.assertEqual(len(answers), len(lines))
        found = 0
        for line, answer in zip(lines, answers):
            if "no year has such a day" in answer:
                continue
            wanted = play(*line)
            found += len(wanted)
            self.assertEqual(answer.split(), [str(t) for t in wanted], line)
        self.assertGreater(found, 100)

    def test_year(self):
        """a year of days, by the calendar alone"""
        begin, end = utc(2027, 12, 31) - 60, utc(2028, 12, 31)
        for text in ("0 0 13 * 5", "0 0 */3 * 1-5", "0 0 29 2 *",
                     "0 0 31 */2 *", "0 0 1,15 * 0,7", "0 0 * 2 */2"):
            line = Cron(text)
            days = [begin + 60 + 86400 * i for i in range(367)]
            wanted = [t for t in days
                      if t <= end and line.matches(
                          datetime.datetime.utcfromtimestamp(t))]
            self.assertTrue(wanted)
            self.assertEqual(ask([("UTC", text, begin, end)])[0].split(),
                             [str(t) for t in wanted], text)


if __name__ == "__main__":
    main()
