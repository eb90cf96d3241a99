"""How long `ttsgate serve` takes to its first line, and how much of that is computing.

python benchmarks/emulator_start.py [TIMES]
"""

from __future__ import annotations

import json
import statistics
import sys
import time

from emulator_load import status

from ttsgate.emulator.process import EmulatorProcess


def main() -> None:
    """Start it some times and print one JSON object."""
    wall_s, cpu_s = [], []
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 7):
        start = time.perf_counter()
        with EmulatorProcess() as emulator:
            wall_s.append(time.perf_counter() - start)
            assert emulator.endpoints is not None
            cpu_s.append(status(emulator.endpoints.pid)[0])
    figures = {"first_line_s": wall_s, "cpu_s": cpu_s}
    told = {name: {"best": round(min(v), 2), "median": round(statistics.median(v), 2)} for name, v in figures.items()}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
