#!/usr/bin/python3
"""What a byte costs when there are more rows, columns or bytes in a cell.

    growth.py               in the build directory, some minutes

The driver of the tests plays results of any shape at memory speed, so that
what grows is odbcship's. A table for doc/performance.md: processor time for a
gigabyte and peak memory should be the same down each part.
"""

import os
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

import bench                                # noqa: E402
import peers                                # noqa: E402

DRIVER = os.path.join(peers.BUILT, "driver", "libodbcplay.so")
COLUMN = "    column c%d %s null\n"

# (rows, columns, bytes of a cell)
SHAPES = ([(10**n, 5, 40) for n in (4, 5, 6, 7)] +
          [(2000000 // n, n, 40) for n in (1, 10, 100, 1000)] +
          [(min(10**7, 4 * 10**8 // n), 1, n)
           for n in (1, 16, 256, 4096, 1 << 16, 1 << 20, 1 << 26)])


def play(path, rows, columns, size):
    """Write the script of a result."""
    kind = ("VARCHAR %d 0" % size if size <= 4000 else "LONGVARCHAR 0 0")
    with open(path, "w") as f:
        f.write("info SQL_GETDATA_EXTENSIONS 11\nstatement \"*\"\n  result\n")
        for i in range(columns):
            f.write(COLUMN % (i, kind))
        cell = ("text:%d" if size <= 1 << 16 else "repeat:%d:x") % size
        f.write("    rows %d %s\n  done\n" % (rows, " ".join(
            [cell] * columns)))


def main():
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="odbcship-growth-",
                                     dir=memory) as directory:
        # Only what measures is needed of it.
        measuring = bench.Bench(bench.options([]), directory)
        script = os.path.join(directory, "script.play")
        print("| rows | columns | bytes | MB | CPU s | CPU s/GB | peak MiB |")
        print("| --: | --: | --: | --: | --: | --: | --: |")
        for shape in SHAPES:
            play(script, *shape)
            run, path = measuring.measure([
                peers.PROGRAM, "query", "-q", "-d", "Driver=%s;Script=%s" %
                (DRIVER, script), "-e", "x"])
            if run["status"] != 0:
                sys.exit("%s: %s" % (shape, run["error"]))
            os.unlink(path)
            print("| %d | %d | %d | %.0f | %.2f | %.2f | %.0f |" % (
                shape + (run["bytes"] / 1e6, run["cpu"],
                         run["cpu"] / run["bytes"] * 1e9,
                         run["peak_kib"] / 1024)), flush=True)


if __name__ == "__main__":
    main()
