"""``ttsgate serve``: the emulator of the service."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from ttsgate import __version__
from ttsgate.errors import UsageError

__all__ = ["command"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@click.option("--api-key", "api_keys", multiple=True, metavar="KEY", help="Valid key; default sk-emulator. Repeatable.")
@click.option("--fault", "faults", multiple=True, metavar="SPEC", help="Fault, e.g. stall:for=3s@MODEL. Repeatable.")
@click.option("--seed", default=7, show_default=True, help="Same seed, same speech, same chance.")
@click.option(
    "--pace", default=1.25, show_default=True, type=click.FloatRange(0.05, 1000), help="Times faster than real time."
)
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help="See --fidelity. Repeatable.")
@click.option("--model-state", "states", multiple=True, metavar="MODEL=STATE", help="active|retiring|retired|absent.")
@click.option("--extra-model", "extra", multiple=True, metavar="NEW=KNOWN", help="Serve NEW as if it were KNOWN.")
@click.option(
    "--custom-voice",
    "voices",
    multiple=True,
    metavar="MODEL=ID",
    help="A voice that exists from the start, for one vd or vc model. Repeatable.",
)
@click.option(
    "--voice-engine",
    default="espeak",
    show_default=True,
    metavar="NAME",
    help="What speaks: espeak (GPL-3), hibari (English; Apache-2.0) or file:PATH (a recording of yours).",
)
@click.option("--workspace", "workspaces", multiple=True, metavar="ID", help="Workspace that exists; default any.")
@click.option("--arrears", is_flag=True, help="The account is overdue.")
@click.option("--free-tier", type=click.IntRange(0), metavar="N", help="Characters a model, then it is used up.")
@click.option("--character-quota", type=click.IntRange(0), metavar="N", help="Characters over all models.")
@click.option("--unlimited", is_flag=True, help="No limit on new sessions (default: 3 a second and model).")
@click.option(
    "--as-proxy",
    "proxy_model",
    metavar="MODEL",
    help="Play the proxy of browser clients, too: any path prefix, no key, this model if the query names none.",
)
@click.option("--admin", is_flag=True, help="Answer on /admin (loopback only): faults, sessions, state.")
@click.option("--tls", is_flag=True, help="Serve over TLS with a throw-away CA, whose file the first line names.")
@click.option(
    "--tls-name",
    "tls_names",
    multiple=True,
    metavar="HOST",
    help="With --tls: a further name in the certificate, e.g. the service's own for a rehearsal. Repeatable.",
)
@click.option("--until-stdin-closes", is_flag=True, help="End when stdin closes.")
@click.option("--list-faults", is_flag=True, help="List the faults and end.")
@click.option("--fidelity", is_flag=True, help="List what is documented, reported or assumed, and end.")
@click.option("--json", "as_json", is_flag=True, help="With --list-faults or --fidelity: as JSON.")
def command(
    *,
    api_keys: tuple[str, ...],
    switches: tuple[str, ...],
    states: tuple[str, ...],
    extra: tuple[str, ...],
    voices: tuple[str, ...],
    unlimited: bool,
    until_stdin_closes: bool,
    list_faults: bool,
    fidelity: bool,
    as_json: bool,
    **rest: Any,
) -> None:
    """Run the emulator of the service: websocket and HTTP on one port.

    The first line on stdout is JSON with its addresses; nothing else is written there.
    """
    if list_faults or fidelity:
        from ttsgate.emulator import listing

        click.echo(listing.faults(as_json=as_json) if list_faults else listing.fidelity(as_json=as_json))
        return
    from ttsgate.emulator.config import DEFAULT_KEY, EmulatorConfig
    from ttsgate.emulator.switches import parse_switches

    limits: dict[str, Any] = {"sessions_per_second": None, "sessions_per_minute": None} if unlimited else {}
    config = EmulatorConfig(
        api_keys=api_keys or (DEFAULT_KEY,),
        switches=parse_switches(switches),
        model_states=dict(_pairs("--model-state", states)),
        extra_models=dict(_pairs("--extra-model", extra)),
        custom_voices=_pairs("--custom-voice", voices),
        **limits,
        **rest,
    )
    from ttsgate.emulator.server import serve

    serve(config, announce=_announce, until_stdin_closes=until_stdin_closes)


def _pairs(option: str, given: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise UsageError(f"{option} {text!r}: expected NAME=VALUE")
        pairs.append((name, value))
    return tuple(pairs)


def _announce(told: dict[str, Any]) -> None:
    """The one line on stdout, and for people on stderr how to point each SDK here."""
    sys.stdout.write(json.dumps({**told, "version": __version__}) + "\n")
    sys.stdout.flush()
    ws_url, http_url, key, ca = told["ws_url"], told["http_url"], told["api_key"], told.get("ca")
    speech = '{"model":"qwen3-tts-flash","input":{"text":"Good morning.","voice":"Cherry"}}'
    lines = [
        f"ttsgate emulator {__version__}: emulated, not live",
        f"  websocket   {ws_url}?model=qwen3-tts-flash-realtime  (Authorization: Bearer {key})",
        f"  Python SDK  dashscope.api_key = {key!r}; dashscope.base_http_api_url = {http_url!r}",
        f"              QwenTtsRealtime(model=..., callback=..., url={ws_url!r})",
        f"    2.0.1 on  dashscope.Client(api_key={key!r}, base_url={http_url!r})",
        f"                .audio.realtime.connect(model=..., ws_url={ws_url!r})",
        f"  Java SDK    QwenTtsRealtimeParam.builder().url({json.dumps(ws_url)}).apikey({json.dumps(key)})",
        f"              Constants.baseHttpApiUrl = {json.dumps(http_url)};",
        f"  environment DASHSCOPE_API_KEY={key} DASHSCOPE_HTTP_BASE_URL={http_url}  (Python, Java)",
        f"              DASHSCOPE_WEBSOCKET_QWEN_TTS_REALTIME_BASE_URL={ws_url}  (Java)",
        f"  curl        curl -H 'Authorization: Bearer {key}' {told['compatible_url']}/models",
        f"              curl -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\",
        f"                -d '{speech}' {http_url}/services/aigc/multimodal-generation/generation",
        "  browser     a page cannot send the header: serve --as-proxy MODEL plays the proxy that adds it",
    ]
    if ca:
        lines.append(f"  TLS         trust {ca}: SSL_CERT_FILE={ca} REQUESTS_CA_BUNDLE={ca} NODE_EXTRA_CA_CERTS={ca}")
    click.echo("\n".join(lines), err=True)
