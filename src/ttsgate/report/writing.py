"""Renderings as files: each appears whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ttsgate.report import render
from ttsgate.report.index import Index
from ttsgate.report.safe import file_name
from ttsgate.result.record import Result
from ttsgate.store.atomic import write_atomic

__all__ = ["LATEST", "render_all", "render_each", "write_all", "write_latest"]

LATEST = "aliyun-qwen-tts-realtime"
"""Folder below the base that holds ``validate.txt`` and the bundles."""


def write_all(
    result: Result,
    folder: Path,
    *,
    templates: Path | None = None,
    audio: Callable[[str], bytes | None] | None = None,
) -> list[Path]:
    """Write ``evidence/``, ``report.html``, ``summary.md``, ``junit.xml``, ``ctrf.json``, ``badge.json`` into a bundle.

    Args:
        result: The run.
        folder: The bundle.
        templates: Folder whose templates stand in for shipped ones of the same name.
        audio: Gives the bytes of an audio file by its name in the bundle; by default read from `folder`.

    Returns:
        The files written, in a fixed order.

    Raises:
        UsageError: a file cannot be written, or a template of the user's is broken.
    """
    files = render_each(result, templates=templates, audio=audio if audio is not None else _reader(folder))
    written = []
    # Ours do not break; a template of the user's that does leaves nothing.
    for name, data in files if templates is None else list(files):
        write_atomic(folder / name, data)
        written.append(folder / name)
    return written


def render_all(
    result: Result, *, audio: Callable[[str], bytes | None], templates: Path | None = None
) -> dict[str, bytes]:
    """Every rendering that a bundle holds, by its name there, in a fixed order."""
    return dict(render_each(result, audio=audio, templates=templates))


def render_each(
    result: Result, *, audio: Callable[[str], bytes | None], templates: Path | None = None
) -> Iterator[tuple[str, bytes]]:
    """The same one after the other: those of a long run need not be held together."""
    for model in Index(result).models:
        name = file_name(model.name)
        yield f"evidence/{name}.json", render.evidence_json(result, model.name)
        yield f"evidence/{name}.md", render.evidence_md(result, model.name, templates=templates).encode()
    yield "summary.md", render.summary_md(result, templates=templates).encode()
    yield "junit.xml", render.junit(result)
    yield "ctrf.json", render.ctrf_json(result)
    yield "badge.json", render.badge_json(result)
    yield "report.html", render.html(result, audio=audio, templates=templates).encode()


def write_latest(result: Result, base: Path) -> Path:
    """Write ``validate.txt``, the latest run in a few lines, below the base folder; return its path."""
    path = base / LATEST / "validate.txt"
    write_atomic(path, render.validate_txt(result).encode())
    return path


def _reader(folder: Path) -> Callable[[str], bytes | None]:
    root = folder.resolve()

    def read(name: str) -> bytes | None:
        path = (root / name).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            return None
        return path.read_bytes()

    return read
