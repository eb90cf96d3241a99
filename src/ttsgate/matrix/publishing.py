"""A folder for a web server: the newest matrix under a stable path, every night under its date, badges, a feed."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from xml.sax.saxutils import escape as xml

import msgspec

from ttsgate.matrix.comparing import News, compare
from ttsgate.matrix.comparing import markdown as news_markdown
from ttsgate.matrix.pages import History, badge, pages
from ttsgate.matrix.record import Matrix, decode
from ttsgate.report.safe import clean, file_name
from ttsgate.store import write_atomic

__all__ = ["publish"]

KEPT = 200
"""Entries of the feed."""


class Entry(msgspec.Struct, kw_only=True):
    """One night in the feed."""

    id: str
    date: str
    """When the matrix was begun, UTC, RFC 3339."""
    claim: str
    title: str
    text: str
    """Markdown: only what changed."""
    news: News


def publish(matrix: Matrix, folder: Path, *, history: History | None = None) -> News:
    """Write ``latest/``, the dated folder, badges and the feed; what changed since the last publication.

    Publishing the same matrix again changes nothing.
    """
    shown = folder / "latest" / "matrix.json"
    before = decode(shown.read_bytes(), name=str(shown)) if shown.is_file() else None
    entries = _entries(folder)
    known = next((e for e in entries if e.id == matrix.id), None)
    if known is None:
        news = compare(matrix, before if before is None or before.id != matrix.id else None)
        if before is None or not news.empty:
            entries.insert(0, _entry(matrix, news))
    else:
        news = known.news
    files = pages(matrix, history=history)
    for model in matrix.axes.models:
        files[f"badges/{file_name(model)}.json"] = badge(matrix, model)
    newest = before is None or before.id <= matrix.id
    dated = folder / matrix.started[:10] / file_name(matrix.id)
    for place in (dated, *([folder / "latest"] if newest else [])):
        for name, data in files.items():
            write_atomic(place / name, data)
    entries = entries[:KEPT]
    write_atomic(folder / "changes.json", msgspec.json.format(msgspec.json.encode(entries), indent=1) + b"\n")
    write_atomic(folder / "feed.xml", feed(entries).encode())
    write_atomic(folder / "index.html", index(folder, matrix).encode())
    return news


def _entries(folder: Path) -> list[Entry]:
    path = folder / "changes.json"
    return msgspec.json.decode(path.read_bytes(), type=list[Entry]) if path.is_file() else []


def _entry(matrix: Matrix, news: News) -> Entry:
    if news.since is None:
        title = f"{len(matrix.runtimes)} runtimes measured for the first time"
    else:
        parts = [
            (len(news.breaks), "broken"),
            (len(news.mended), "mended"),
            (len(news.releases), "new releases"),
            (len(news.moved), "runtimes moved"),
            (len(news.incidents), "incidents"),
        ]
        title = ", ".join(f"{n} {word}" for n, word in parts if n) or "parts are missing"
    return Entry(
        id=matrix.id, date=matrix.started, claim=matrix.claim, title=title, text=news_markdown(news), news=news
    )


def feed(entries: list[Entry]) -> str:
    """The feed (Atom, RFC 4287); relative links, for nobody told us our address."""
    updated = entries[0].date if entries else "1970-01-01T00:00:00Z"
    items = "".join(
        f"<entry><id>urn:ttsgate:matrix:{xml(e.id)}</id><title>{xml(clean(e.title))} ({xml(e.claim)})</title>"
        f'<updated>{xml(e.date)}</updated><link href="{xml(e.date[:10])}/{xml(file_name(e.id))}/matrix.html"/>'
        f'<content type="text">{xml(clean(e.text, cap=20_000, lines=True))}</content></entry>\n'
        for e in entries
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        "<id>urn:ttsgate:matrix</id><title>ttsgate matrix: changes</title><author><name>ttsgate</name></author>"
        f'<updated>{xml(updated)}</updated><link rel="self" href="feed.xml"/>\n{items}</feed>\n'
    )


def index(folder: Path, matrix: Matrix) -> str:
    """The way in: the newest one, and all nights."""
    nights = sorted((p.parent.relative_to(folder).as_posix() for p in folder.glob("*-*-*/*/matrix.html")), reverse=True)
    items = "".join(f'<li><a href="{escape(n)}/matrix.html">{escape(n)}</a></li>\n' for n in nights)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Compatibility matrix</title></head>\n'
        f'<h1>Compatibility matrix</h1>\n<p><a href="latest/matrix.html">The newest</a> ({escape(matrix.claim)}), '
        f'<a href="feed.xml">changes</a></p>\n<ul>\n{items}</ul>\n</body></html>\n'
    )


def as_json(news: News) -> str:
    """The notice of a night as JSON."""
    return json.dumps(msgspec.to_builtins(news), indent=1)
