"""``ttsgate bisect``: which release, or which version of a dependency, changed a behaviour?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ttsgate.errors import UsageError

if TYPE_CHECKING:
    from ttsgate.matrix.bisecting import Flip
    from ttsgate.matrix.record import Runtime

__all__ = ["command"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--good", required=True, metavar="VERSION", help="Version with the old behaviour.")
@click.option("--bad", required=True, metavar="VERSION", help="Version with the new one.")
@click.option("--check", metavar="ID", help="Only this fact, e.g. fault.malformed. Default: all that differ.")
@click.option("--package", default="dashscope", show_default=True, metavar="NAME", help="Whose versions these are.")
@click.option("--sdk", metavar="RELEASE", help="With --package: the release of dashscope that stays.")
@click.option("--python", "python", metavar="VERSION|PATH", help="Python: 3.8 to 3.14 as found here, or a path.")
@click.option("--pin", "pins", multiple=True, metavar="REQUIREMENT", help="Also install this. Repeatable.")
@click.option("--model", "models", multiple=True, help="Model to speak with. Default: flash. Repeatable.")
@click.option("--offline", is_flag=True, help="Ask no index: only versions whose environments are kept here.")
@click.option("--cache", metavar="DIR", help="Environments are kept there. Default: the user's cache folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def command(
    *, good: str, bad: str, check: str | None, package: str, sdk: str | None, python: str | None,
    pins: tuple[str, ...], models: tuple[str, ...], offline: bool, cache: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Find where a behaviour changed, between two releases of the SDK or of one of its dependencies.

    Facts are those of `ttsgate matrix`, asked of the emulator. Of one that changes several times one change is found.
    """
    from ttsgate.catalog import find
    from ttsgate.matrix.bisecting import between, bisect
    from ttsgate.matrix.interpreters import choose, find_interpreters
    from ttsgate.matrix.releases import known_releases, versions_of
    from ttsgate.matrix.running import Asked, Settings, open_bench, run_one

    if package != "dashscope" and sdk is None:
        raise UsageError("with --package name the release of dashscope that stays: --sdk 2.0.2")
    for model in models:
        find(model)
    found = find_interpreters()
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    (minor, interpreter), *_ = choose([python or (own if own in found else sys.executable)], found).items()
    places = [i.path for i in found.values()]
    if package == "dashscope":
        versions = [r.version for r in known_releases(places, offline=offline).releases]
    else:
        versions = versions_of(package, places, offline=offline)
    line = between(versions, good, bad)
    settings = Settings(
        models=models or ("qwen3-tts-flash-realtime",), offline=offline,
        cache=str(Path(cache).absolute()) if cache else None,
    )  # fmt: skip
    with open_bench() as bench:

        def measure(version: str) -> Runtime:
            pinned = (*pins, f"{package}=={version}") if package != "dashscope" else pins
            release = version if package == "dashscope" else str(sdk)
            path = str(interpreter.path) if python and "/" in python else None
            runtime = run_one(Asked(python=minor, release=release, pins=pinned, path=path), settings, bench)
            click.echo(f"{package} {version}: {runtime.install}, import {runtime.import_}", err=True)
            return runtime

        flips, measured = bisect(line, measure, check=check)
    if as_json:
        import msgspec

        click.echo(json.dumps(msgspec.to_builtins(flips), indent=1))
    else:
        click.echo("\n".join(_lines(flips, package)) or "no fact differs between the two")
        click.echo(f"{measured} of {len(line)} versions measured; emulated, not live")
    return 0


def _lines(flips: list[Flip], package: str) -> list[str]:
    lines, last = [], None
    for flip in flips:
        if (flip.before, flip.after) != last:
            last = flip.before, flip.after
            lines.append(f"{package} {flip.before} -> {flip.after}")
            lines += [f"  (could not be measured: {', '.join(flip.unknown)})"] if flip.unknown else []
            if flip.packages:
                names = ", ".join(f"{n} {a or 'none'} -> {b or 'none'}" for n, (a, b) in flip.packages.items())
                lines.append(f"  (dependencies differ, too: {names})")
        was, now = (" or ".join(side) if side else "not there" for side in (flip.was, flip.now))
        lines.append(f"  {flip.fact}: {was} -> {now}")
    return lines
