"""``ttsgate record``: what clients and a service say to each other, kept to be replayed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ttsgate.cli.options import GroupedCommand, common_options
from ttsgate.config import Config, find_key, key_variables, resolve, resolve_target
from ttsgate.errors import UsageError

if TYPE_CHECKING:
    from ttsgate.recorder.programs import Access
    from ttsgate.recorder.recording import Recorder
    from ttsgate.result.circumstances import Target
    from ttsgate.result.recording import Recording
    from ttsgate.result.redact import Redactor

__all__ = ["command"]

_OPTIONS = ("target", "region", "workspace", "ws_url", "http_url", "custom_key_env", "yes", "fault", "config",
            "output_dir", "json")  # fmt: skip


@click.command(cls=GroupedCommand, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-o", "--output", "folder", metavar="DIR", help="Folder of the recording. Default: below --output-dir.")
@click.option("--listen", metavar="HOST:PORT", help="Run no program: record whoever connects, until interrupted.")
@click.option("--from", "bundle", metavar="BUNDLE", help="Make a recording of a stored run instead of recording.")
@click.option("--expires", default="30d", show_default=True, metavar="DAYS|DATE|never", help="Last day to replay it.")
@click.option("--tls", is_flag=True, help="Let clients speak TLS to us, with a throw-away CA that COMMAND trusts.")
@click.option(
    "--intercept",
    is_flag=True,
    help="Also catch a COMMAND that knows the service's own address only: it gets HTTPS_PROXY and a throw-away CA.",
)
@click.option("--until-stdin-closes", is_flag=True, help="With --listen: end when stdin closes.")
@common_options(*_OPTIONS)
@click.argument("program", nargs=-1, metavar="[-- COMMAND...]")
def command(
    *,
    folder: str | None,
    listen: str | None,
    bundle: str | None,
    expires: str,
    program: tuple[str, ...],
    tls: bool,
    intercept: bool,
    until_stdin_closes: bool,
    **given: Any,
) -> int:
    """Record what clients and the service say to each other: at the socket, unmodified, with times, without keys.

    `ttsgate record -- python app.py` runs a program with our URLs in its environment (TTS_WS_URL, TTS_HTTP_URL,
    DASHSCOPE_HTTP_BASE_URL, ...) and in its arguments ({ws_url}, {http_url}, {api_key}, {ca}). --listen records whoever
    connects. --from takes the sessions of our own client from a bundle.

    Exit codes: 0 recorded, 1 the program failed, 2 usage or nothing was recorded, 3 harness error.
    """
    if sum((bool(program), listen is not None, bundle is not None)) != 1:
        raise UsageError("give one of: -- COMMAND, --listen HOST:PORT, --from BUNDLE")
    if intercept and (tls or not program):
        raise UsageError("--intercept works through variables of a program: give -- COMMAND, and leave --tls out")
    config = resolve(given, os.environ, Path.cwd())
    from ttsgate.recorder.capture import expiry, new_recording

    last_day = expiry(expires, datetime.now(UTC).date())
    if bundle is not None:
        return _from_bundle(bundle, folder, config, last_day)
    target = resolve_target(config)
    if target.kind == "replay":
        raise UsageError("a replay says nothing new: copy its recording instead of recording it")
    _consent(config, target)
    from ttsgate.recorder.converting import source_of

    recording = new_recording(source_of(target), how="proxy", expires=last_day)
    redactor = _redactor(config)
    recording.command = redactor(()).data(list(program))
    place = Path(folder) if folder else _default(config) / recording.id
    job = _Job(config, target, recording, place.absolute(), tls=tls, intercept=intercept, listen=listen,
               program=program)  # fmt: skip
    code = asyncio.run(job.run(until_stdin_closes=until_stdin_closes))
    _tell(config, recording, place, program_exit=code)
    return 1 if code else 0


class _Job:
    """One recording by the proxy."""

    def __init__(
        self,
        config: Config,
        target: Target,
        recording: Recording,
        folder: Path,
        *,
        tls: bool,
        intercept: bool,
        listen: str | None,
        program: tuple[str, ...],
    ) -> None:
        self.config, self.target, self.recording, self.folder = config, target, recording, folder
        self.tls, self.intercept, self.listen, self.program = tls, intercept, listen, program

    async def run(self, *, until_stdin_closes: bool) -> int | None:
        """Record; returns the exit code of the program, None without one."""
        from ttsgate.emulator.process import EmulatorProcess
        from ttsgate.emulator.tls import ThrowAwayAuthority
        from ttsgate.recorder.doorway import Doorway, proxy_variables
        from ttsgate.recorder.programs import Access, until_ended

        config, source = self.config, self.recording.source
        host, port = _place(self.listen) if self.listen else ("127.0.0.1", 0)
        key = find_key(config, self.target, os.environ).key.reveal() if self.program else None
        with contextlib.ExitStack() as stack:
            if self.target.kind == "emulator":
                extra = [f"--extra-model={m.name}={m.like}" for m in config.known_models.values() if m.like]
                endpoints = stack.enter_context(EmulatorProcess(faults=config.faults, extra=extra)).endpoints
                assert endpoints is not None
                source.ws_url, source.http_url = endpoints.ws_url, endpoints.http_url
            authority = ThrowAwayAuthority(host) if self.tls or self.intercept else None
            if authority is not None:
                stack.callback(authority.close)
            recorder = self._recorder(authority.context if authority is not None and self.tls else None)
            ws_url, http_url = await recorder.start(host, port)
            ca = str(authority.path) if authority is not None else None
            try:
                if not self.program:
                    told = {"ws_url": ws_url, "http_url": http_url, "pid": os.getpid(), "recording": str(self.folder)}
                    click.echo(json.dumps(told | ({"ca": ca} if ca else {})))
                    await until_ended(stdin_closes=until_stdin_closes)
                    return None
                access = Access(ws_url=ws_url, http_url=http_url, api_key=key, ca=ca)
                if not self.intercept or authority is None:
                    return await self._run_program(access)
                others = self.target.kind == "live"
                doorway = Doorway(recorder.standing_for, authority.context_for, others=others, say=_say)
                await doorway.start()
                try:
                    return await self._run_program(replace(access, more=proxy_variables(doorway.address, str(ca))))
                finally:
                    await doorway.stop()
            finally:
                await recorder.stop()

    async def _run_program(self, access: Access) -> int:
        from ttsgate.recorder.programs import run_program

        keys = key_variables(os.environ, self.config.custom_key_env)
        return await run_program(access.fill(self.program), access.environment(os.environ, keys=keys))

    def _recorder(self, serve_tls: ssl.SSLContext | None) -> Recorder:
        import certifi

        from ttsgate.recorder.recording import Recorder, live_claim

        source, roots = self.recording.source, os.environ.get("SSL_CERT_FILE")
        secure = source.ws_url.startswith("wss") or source.http_url.startswith("https")
        return Recorder(
            ws_url=source.ws_url,
            http_url=source.http_url,
            folder=self.folder,
            recording=self.recording,
            upstream_tls=ssl.create_default_context(cafile=roots or certifi.where()) if secure else None,
            serve_tls=serve_tls,
            redactor=_redactor(self.config),
            established=live_claim(os.environ) if source.kind == "live" else None,
            say=_say,
        )


def _say(line: str) -> None:
    click.echo(line, err=True)


def _redactor(config: Config) -> Any:
    """Makes redactors that know the keys of the environment, the home folder and the user."""
    from ttsgate.result.redact import Redactor

    environ = os.environ
    known = [environ[name] for name in key_variables(environ, config.custom_key_env)]
    home = environ.get("HOME")
    user = environ.get("USER") or environ.get("LOGNAME")

    def make(secrets: Iterable[str]) -> Redactor:
        return Redactor([*known, *secrets], home=home if home not in (None, "", "/") else None, user=user)

    return make


def _default(config: Config) -> Path:
    from ttsgate.report.writing import LATEST

    return config.output_dir / LATEST / "recordings"


def _consent(config: Config, target: Target) -> None:
    """What a program sends to the live service is billed."""
    if target.kind != "live" or config.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("what is recorded against the live service is billed: pass --yes to consent")
    click.confirm(f"Record against {target.ws_url}? What the program sends there is billed.", abort=True, err=True)


def _place(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--listen is {text!r}, expected HOST:PORT, e.g. 127.0.0.1:8900 or 127.0.0.1:0")
    return host.strip("[]"), int(port)


def _from_bundle(name: str, folder: str | None, config: Config, expires: str | None) -> int:
    from ttsgate.bundle.manifest import MANIFEST
    from ttsgate.cli.bundles import named
    from ttsgate.recorder.capture import Capture, new_recording
    from ttsgate.recorder.converting import keep_transcripts, source_of

    bundle = named(name, str(config.output_dir) if name == "latest" else None)
    result = bundle.result
    sealed = bundle.digest if MANIFEST in bundle.files.names() else None
    source = source_of(result.target, run=result.run, bundle=sealed)
    created = datetime.fromisoformat(result.started)
    recording = new_recording(source, how="bundle", expires=expires, created=created)
    place = (Path(folder) if folder else _default(config) / recording.id).absolute()
    capture = Capture(place, recording, redactor=_redactor(config))
    kept, left = keep_transcripts(capture, (bundle.session(s)[0] for s in result.sessions if s.transcript))
    if not kept:
        raise UsageError(f"{bundle.label} holds no session of our own client (wire): nothing can be replayed of it")
    capture.close()
    if left:
        click.echo(f"{left} sessions of SDKs are left out: what they sent was not seen", err=True)
    _tell(config, recording, place, program_exit=None)
    return 0


def _tell(config: Config, recording: Recording, folder: Path, *, program_exit: int | None) -> None:
    if config.json:
        told = {"folder": str(folder), "id": recording.id, "sessions": len(recording.sessions)}
        click.echo(json.dumps(told | {"expires": recording.expires, "program_exit": program_exit}))
        return
    until = f"until {recording.expires}" if recording.expires else "for ever"
    click.echo(
        f"{folder}: {len(recording.sessions)} sessions, {recording.source.claim}, to be replayed {until}", err=True
    )
    if program_exit:
        click.echo(f"the program ended with {program_exit}", err=True)
