"""The renderings of a matrix."""

from __future__ import annotations

import csv
import io

from tests.matrix.measured import matrix, runtime
from ttsgate.matrix.pages import pages
from ttsgate.matrix.record import decode

EVIL = "<script>alert(1)</script> =cmd|' /C calc'!A0 \x1b[31m | x"


def test_all_say_what_it_is() -> None:
    """Emulated evidence is called so in every file that people read."""
    files = pages(matrix([runtime("2.0.1"), runtime("2.0.2", "hangs")]))

    assert {"matrix.json", "matrix.html", "matrix.md", "matrix.csv", "constraints.txt"} <= set(files)
    assert b"emulated, not live" in files["matrix.html"].lower()
    assert b"emulated, not live" in files["matrix.md"]
    assert ["2.0.1", "2.0.2"] == [r.dashscope for r in decode(files["matrix.json"]).runtimes]


def test_hostile_words_stay_inert() -> None:
    """What an SDK says is data: no markup, no formula, no terminal control."""
    files = pages(matrix([runtime("2.0.2")], reason=EVIL))

    assert b"<script>alert(1)" not in files["matrix.html"] + files["matrix.md"]
    assert all(b"\x1b" not in files[name] for name in ("matrix.html", "matrix.md", "matrix.csv"))
    rows = list(csv.reader(io.StringIO(files["matrix.csv"].decode("utf-8"))))
    assert 1 < len(rows)
    assert not any(cell[:1] in ("=", "+", "-", "@") for row in rows for cell in row if len(cell) > 1)
