"""``ttsgate cleanup``: deletes temporary voices that runs which were killed have left."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from pathlib import Path
from typing import Any

import certifi
import click

from ttsgate.cli.options import GroupedCommand, common_options
from ttsgate.clients.http import HttpClient
from ttsgate.collect.voices import undo
from ttsgate.config import compatible_url, find_key, resolve, resolve_target
from ttsgate.errors import CredentialError, TargetUnreachable, UsageError
from ttsgate.report.writing import LATEST
from ttsgate.result.redact import Redactor
from ttsgate.store.journal import Journal, Pending
from ttsgate.verdict.exit_codes import ExitCode

__all__ = ["command"]


@click.command(cls=GroupedCommand, context_settings={"help_option_names": ["-h", "--help"]})
@common_options("target", "region", "workspace", "ws_url", "http_url", "custom_key_env", "config", "output_dir", "json")
def command(**given: Any) -> int:
    """Delete the temporary voices that the journal below the output folder still has as pending at this target.

    Only voices that ttsgate made itself are touched. The next `ttsgate validate` against the same target does the same.
    Exit codes: 0 nothing is left, 4 unreachable, 7 key refused, 8 the service would not delete, 9 a voice that was
    asked for is not listed yet: run again in two minutes.
    """
    config = resolve(given, os.environ, Path.cwd())
    target = resolve_target(config)
    if target.kind == "emulator":
        raise UsageError(
            "the embedded emulator takes its voices with it: name a target, e.g. --ws-url or --target live"
        )
    credential = find_key(config, target, os.environ)
    redactor = Redactor([credential.key.reveal()], home=os.environ.get("HOME"))
    http = HttpClient(
        http_url=target.http_url,
        compatible_url=compatible_url(target.http_url),
        api_key=credential.key.reveal(),
        workspace=target.workspace,
        tls=_tls(target.http_url),
    )
    with Journal(config.output_dir / LATEST / "journal.jsonl") as journal:
        before = journal.pending(target.http_url)
        settled = asyncio.run(_undo(before, http, journal, redactor)) if before else {}
        left = journal.pending(target.http_url)
        elsewhere = sorted({p.url for p in journal.pending() if p.url != target.http_url})
    deleted = [voice for voice in settled.values() if voice]
    code = ExitCode.PASS
    if left:
        code = ExitCode.SERVICE if any(p.why for p in left) else ExitCode.INCONCLUSIVE
    document = redactor.data(
        {
            "target": target.http_url,
            "deleted": deleted,
            "left": [{"name": p.mutation.name, "voice": p.mutation.resource, "why": p.why} for p in left],
            "elsewhere": elsewhere,
            "exit": int(code),
        }
    )
    click.echo(json.dumps(document, ensure_ascii=False, indent=2) if config.json else "\n".join(_lines(document)))
    return int(code)


async def _undo(
    pending: list[Pending], http: HttpClient, journal: Journal, redactor: Redactor
) -> dict[str, str | None]:
    answer = await http.models()
    if answer.status is None:
        raise TargetUnreachable(redactor.text(f"{answer.url} does not answer: {answer.error}"))
    if answer.status in (401, 403):
        words = redactor.text(answer.message or f"HTTP {answer.status}")
        raise CredentialError(f"the key is refused: invalid, or a key of another region ({words})")
    return await undo(pending, http, journal)


def _tls(url: str) -> ssl.SSLContext | None:
    if not url.startswith("https"):
        return None
    return ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())


def _lines(document: dict[str, Any]) -> list[str]:
    lines = [f"deleted {voice}" for voice in document["deleted"]]
    for entry in document["left"]:
        why = entry["why"] or "not listed by the service yet; run again in two minutes"
        lines.append(f"left {entry['voice'] or entry['name']}: {why}")
    lines += [f"also pending at {url}" for url in document["elsewhere"]]
    return lines or ["nothing to clean up"]
