"""``ttsgate models``: what the catalogue knows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click

from ttsgate import catalog

__all__ = ["command"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON document.")
def command(*, names: tuple[str, ...], as_json: bool) -> None:
    """List the known models; with NAME, all that is known of it.

    Facts carry their source and date, retirements the statements that contradict each other.
    """
    models = [catalog.find(n) for n in names] if names else list(catalog.MODELS.values())
    age = catalog.age_days(datetime.now(UTC).date())
    if as_json:
        document = {"catalog_date": catalog.CATALOG_DATE, "age_days": age, "models": [_facts(m) for m in models]}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    click.echo("\n\n".join(map(_page, models)) if names else _table(models))
    click.echo(f"\nCatalogue of {catalog.CATALOG_DATE}, {age} days old.", nl=True)


def _facts(model: catalog.Model) -> dict[str, Any]:
    prices = {r: catalog.price(model, r) for r in model.regions}
    return {
        "name": model.name,
        "covered_by_default": model.name in catalog.FIVE,
        "family": model.family,
        "realtime": model.realtime,
        "sibling": model.sibling,
        "snapshot": model.snapshot,
        "online_since": model.online_since,
        "instructions": model.instructions,
        "custom_voice": model.custom_voice,
        "voice_service": catalog.VOICE_SERVICES[model.custom_voice] if model.custom_voice else None,
        "default_voice": model.default_voice,
        "voices": list(model.voices),
        "formats": list(model.formats),
        "sample_rates": list(model.sample_rates),
        "languages": list(model.languages),
        "regions": list(model.regions),
        "requests_per_minute": model.requests_per_minute,
        "max_characters": model.max_characters,
        "billing": model.billing,
        "prices": {
            region: {
                "amount": str(price.amount),
                "currency": price.currency,
                "per": price.per,
                "unit": price.unit,
                "source": price.source,
                "date": price.date,
                "basis": price.basis,
            }
            if price
            else None
            for region, price in prices.items()
        },
        "source": model.source,
        "date": model.date,
        "basis": dict(model.basis),
        "lifecycle": [c.as_dict() for c in model.lifecycle],
        "contested": catalog.contested(model.name),
        "replacements": _replacements(model.name),
    }


def _replacements(name: str) -> dict[str, Any] | None:
    named = catalog.replacements(name)
    return {"models": list(named[0]), "source": named[1]} if named else None


def _table(models: list[catalog.Model]) -> str:
    head = ("MODEL", "SPEAKS WITH", "HTTP SIBLING", "END")
    rows = [(m.name, _voices(m), m.sibling or ("-" if m.realtime else "(is one)"), _end(m)) for m in models]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)]
    return "\n".join(lines)


def _voices(model: catalog.Model) -> str:
    if model.custom_voice:
        return "designed voice" if model.custom_voice == "design" else "cloned voice"
    return f"{len(model.voices)} voices" + (" + instructions" if model.instructions else "")


def _end(model: catalog.Model) -> str:
    if catalog.contested(model.name):
        return "2026-10-10, contested"
    if any(c.basis == "official" and " ends " in c.says for c in model.lifecycle):
        return "2026-10-10, announced"
    return ""


def _page(model: catalog.Model) -> str:
    facts = _facts(model)
    lines = [model.name]
    for name in (
        "family", "realtime", "sibling", "snapshot", "online_since", "instructions", "voice_service", "default_voice",
        "voices", "formats", "sample_rates", "languages", "regions", "requests_per_minute", "max_characters", "source",
    ):  # fmt: skip
        value = facts[name]
        if value not in (None, []):
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            lines.append(f"  {name.replace('_', ' ')}: {'yes' if value is True else 'no' if value is False else shown}")
    for region in model.regions:
        price = catalog.price(model, region)
        shown = (
            f"{price.currency} {price.amount} per {price.per:,} {price.unit} ({price.date})" if price else "not found"
        )
        lines.append(f"  price in {region}: {shown if model.billing == 'characters' else 'by token'}")
    lines += [f"  deduced, {field}: {why}" for field, why in model.basis.items()]
    lines += [f"  {c.date}, {c.basis}: {c.says} ({c.source})" for c in model.lifecycle]
    if named := facts["replacements"]:
        lines.append(f"  named in its place: {', '.join(named['models'])}, of another protocol ({named['source']})")
    return "\n".join(lines)
