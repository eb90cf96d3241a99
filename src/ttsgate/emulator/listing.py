"""What the emulator can be told, as tables for people and JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict

from ttsgate.emulator.faults.registry import GROUPS, MODIFIERS, Fault, Param, load_all
from ttsgate.emulator.switches import all_switches, basis_counts

__all__ = ["fault_rows", "faults", "fidelity", "fidelity_rows"]


def faults(*, as_json: bool) -> str:
    """Every fault with its parameters and the finding that it should cause."""
    found = load_all()
    if as_json:
        return json.dumps([_described(fault) for fault in found.values()], indent=1)
    lines = []
    for group, says in GROUPS.items():
        lines += ["", f"{group}: {says}"]
        for fault in (f for f in found.values() if f.group == group):
            also = f" (also {', '.join(fault.aliases)})" if fault.aliases else ""
            expect = fault.expect
            finding = f"{' or '.join(expect.checks)}, {' or '.join(expect.causes)}" if expect else "no finding"
            lines += [f"  {fault.name}{also}", f"      {fault.says} -> {finding}"]
            lines += [f"      {_written(name, param)}" for name, param in fault.params.items()]
    lines += ["", "Every fault also takes:", *(f"      {_written(name, param)}" for name, param in MODIFIERS.items())]
    lines += ["", "Write NAME[:PARAM=VALUE,...][@MODEL], for example stall:after=1.2s,for=3s@qwen3-tts-flash-realtime"]
    return "\n".join(lines[1:])


def _written(name: str, param: Param) -> str:
    default = f"{param.default:g}s" if param.kind == "seconds" else param.default
    choices = f" [{'|'.join(param.choices)}]" if param.choices else ""
    return f"{name.rstrip('_')}={default}{choices}  {param.says}".rstrip()


def _described(fault: Fault) -> dict[str, object]:
    return {
        "name": fault.name,
        "class": fault.group,
        "aliases": list(fault.aliases),
        "says": fault.says,
        "params": {
            name.rstrip("_"): {"kind": p.kind, "default": p.default, "says": p.says, "choices": list(p.choices)}
            for name, p in fault.params.items()
        },
        "expect": asdict(fault.expect) if fault.expect else None,
    }


def fault_rows() -> list[tuple[str, str, str]]:
    """Name and parameters, what the service does, and the finding, for each fault."""
    rows = []
    for fault in load_all().values():
        params = "".join(f" {name.rstrip('_')}" for name in fault.params)
        expect = fault.expect
        finding = f"{' or '.join(expect.checks)}: {expect.causes[0]}" if expect else "none"
        rows.append((f"`{fault.name}`{params}", fault.says, finding))
    return rows


def fidelity_rows() -> list[tuple[str, str, str, str, str]]:
    """Name, values with the default first, basis, description and source of each choice."""
    return [
        (f"`{s.name}`", ", ".join(s.values) if len(s.values) > 1 else "", s.basis, s.description, s.source)
        for s in all_switches().values()
    ]


def fidelity(*, as_json: bool) -> str:
    """Every choice where the service is undocumented or its sources disagree, and what it rests on."""
    switches = all_switches().values()
    if as_json:
        return json.dumps({"counts": basis_counts(), "choices": [asdict(s) for s in switches]}, indent=1)
    width = max(len(s.name) for s in switches)
    lines = [", ".join(f"{number} {basis}" for basis, number in basis_counts().items()), ""]
    for switch in switches:
        values = "|".join((f"[{switch.default}]", *switch.values[1:]))
        lines += [f"{switch.name:<{width}}  {switch.basis:<10}  {values}"]
        lines += [f"{'':<{width}}  {switch.description}", f"{'':<{width}}  basis: {switch.source}"]
    return "\n".join(lines)
