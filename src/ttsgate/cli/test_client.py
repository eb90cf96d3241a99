"""``ttsgate test-client``: a program of yours on the bench."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from ttsgate.cli.options import GroupedCommand, common_options
from ttsgate.cli.telling import speaker, tell
from ttsgate.config import resolve
from ttsgate.errors import UsageError

__all__ = ["command"]

_COMMON = (
    *("model", "text", "voice", "subject", "policy", "config", "output_dir", "templates", "keep_audio", "sign_key"),
    *("json", "quiet", "verbose"),
)


@click.command(cls=GroupedCommand, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--command", "program", metavar="LINE", help="Command line of your client, e.g. 'node app.js {output}'.")
@click.option("--scenario", "scenarios", multiple=True, metavar="NAME", help="Scenario, or all (default). Repeatable.")
@click.option("--list", "as_list", is_flag=True, help="List the scenarios with their reasons, and end.")
@click.option(
    "--deadline",
    default=30.0,
    show_default=True,
    type=click.FloatRange(1, 600),
    metavar="S",
    help="Seconds that the client may take under one scenario; it is told a third of it as {timeout}.",
)
@click.option("--jobs", default=4, show_default=True, type=click.IntRange(1, 64), help="Scenarios at a time.")
@click.option("--no-output", is_flag=True, help="The client saves no audio: what it keeps is not judged.")
@click.option("--output-name", default="speech.wav", show_default=True, help="Name of the file it is to save to.")
@click.option("--direct", is_flag=True, help="Set no proxy variables: let the client reach other hosts.")
@click.option(
    "--as-proxy", is_flag=True, help="The client is a browser's: it speaks through a proxy that adds the key."
)
@common_options(*_COMMON)
def command(
    *,
    program: str | None,
    scenarios: tuple[str, ...],
    as_list: bool,
    deadline: float,
    jobs: int,
    no_output: bool,
    output_name: str,
    direct: bool,
    as_proxy: bool,
    **given: Any,
) -> int:
    """Run a client under each scenario of the emulator, judge it by what the service saw of it, and leave a bundle.

    The client gets {ws_url} {http_url} {api_key} {model} {voice} {text} {output} {timeout}, in its command line or as
    TTS_WS_URL, TTS_HTTP_URL, TTS_API_KEY, TTS_MODEL, TTS_VOICE, TTS_TEXT, TTS_OUTPUT, TTS_TIMEOUT_S. It is to say the
    text, save the audio (WAV or bare PCM) to the output, and exit 0; or to say what went wrong and exit otherwise.

    Exit codes: 0 pass, 1 the client failed, 2 usage, 3 harness error, 9 inconclusive, 130 interrupted.
    """
    from ttsgate.bench.scenarios import SCENARIOS, find_scenarios

    if as_list:
        for scenario in SCENARIOS.values():
            click.echo(f"{scenario.name} ({scenario.expects})\n    {scenario.service}\n    {scenario.why}")
        return 0
    if program is None:
        raise UsageError("say what to run: ttsgate test-client --command 'node app.js'")
    if "/" in output_name or output_name.startswith("."):
        raise UsageError(f"--output-name {output_name!r} is a file name, not a path")
    chosen = find_scenarios(scenarios)
    environ = dict(os.environ)
    config = resolve(given, environ, Path.cwd())

    # Imported here: --help and usage errors need none of it.
    from ttsgate.bench import Bench, Program

    bench = Bench(
        config=config,
        program=Program(
            command=program,
            cwd=config.cwd,
            deadline_s=deadline,
            saves=not no_output,
            direct=direct,
            as_proxy=as_proxy,
            output_name=output_name,
        ),
        scenarios=chosen,
        environ=environ,
        argv=["ttsgate", *sys.argv[1:]],
        jobs=jobs,
        say=speaker(config),
    )
    result = bench.run()
    tell(config, result, bench.folder.path, environ)
    return result.verdict.exit_code if result.verdict else 130
