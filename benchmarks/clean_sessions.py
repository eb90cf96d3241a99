"""Good sessions, of every kind that the emulator has: how many does a check call bad?

Five models, four sample rates, both modes, two languages, and on top of each either nothing or one of the benign
variations (what a service may do without being wrong: other piece sizes, jitter, room tone, a brisk speaker ...),
over real sockets.  Prints a table in Markdown; ends with 1 when there was a false alarm.

    python -m benchmarks.clean_sessions [--rounds 4] [--pace 4] [--voice-engine hibari]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from ttsgate import catalog, judgement
from ttsgate.clients.wire import WireSession, synthesize
from ttsgate.collect.references import reference
from ttsgate.emulator.faults.registry import load_all
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.judgement.engine import judge_session
from ttsgate.judgement.views import SessionView
from ttsgate.result.transcript import Transcript, Utterance

RATES = (8_000, 16_000, 24_000, 48_000)
MODES = ("server_commit", "commit")
TEXTS = {
    "English": (
        "Good morning, the gate is open.",
        "Please call the office before nine and ask for me by name.",
        "Your parcel has arrived. You can collect it at the counter until six this evening.",
    ),
    "Chinese": (
        "早上好，大门已经打开了。",
        "请在明天早上九点之前打电话到办公室。",
        "您的包裹已经到了，今天晚上六点以前可以到前台领取。",
    ),
}
CUSTOM = {"design": "ttg-designed", "clone": "ttg-cloned"}
AT_ONCE = 6


@dataclass(frozen=True)
class Planned:
    """One good session."""

    model: str
    rate: int
    mode: str
    language: str
    variation: str
    number: int

    @property
    def utterance(self) -> Utterance:
        """What is asked for; voice and text change from session to session."""
        model = catalog.find(self.model)
        voices = [v for v in model.voices if v not in catalog.DIALECTS] or [CUSTOM[str(model.custom_voice)]]
        texts = TEXTS[self.language]
        return Utterance(
            text=texts[self.number % len(texts)],
            voice=voices[self.number % len(voices)],
            language_type=self.language,
            mode=self.mode,
            sample_rate=self.rate,
        )


def planned(rounds: int) -> list[Planned]:
    """Every model, rate, mode and language `rounds` times, the variations spread evenly over them."""
    variations = ["none", *sorted(n for n in load_all() if n.startswith("benign."))]
    kinds = list(product(catalog.FIVE, RATES, MODES, TEXTS))
    return [
        Planned(*kind, variations[(n * 7 + round_) % len(variations)], n * rounds + round_)
        for round_ in range(rounds)
        for n, kind in enumerate(kinds)
    ]


async def collect(ws_url: str, key: str, plans: Sequence[Planned]) -> list[Transcript]:
    """Run the sessions, a few at once."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(plan: Planned) -> Transcript:
        headers = () if plan.variation == "none" else (("X-Ttsgate-Fault", plan.variation),)
        session = WireSession(
            session=f"s{plan.number}",
            ws_url=ws_url,
            model=plan.model,
            utterance=plan.utterance,
            api_key=key,
            deadline_s=60,
            headers=headers,
        )
        async with slots:
            return await synthesize(session)

    return await asyncio.gather(*(one(p) for p in plans))


@cache
def _read(text: str, language_type: str | None) -> str | None:
    return reference(text, language_type)


def main() -> int:
    """Collect, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--pace", type=float, default=4.0)
    parser.add_argument("--voice-engine", default="espeak")
    asked = parser.parse_args()
    judgement.load_all()
    plans = planned(asked.rounds)
    made = {m: CUSTOM[str(catalog.find(m).custom_voice)] for m in catalog.FIVE if catalog.find(m).custom_voice}
    extra = ["--unlimited", "--voice-engine", asked.voice_engine]
    extra += [word for model, voice in made.items() for word in ("--custom-voice", f"{model}={voice}")]
    with EmulatorProcess(pace=asked.pace, extra=extra) as emulator:
        assert emulator.endpoints is not None
        transcripts = asyncio.run(collect(emulator.endpoints.ws_url, emulator.endpoints.api_key, plans))
    sessions: Counter[str] = Counter()
    alarms: Counter[str] = Counter()
    outcomes = 0
    seconds, cpu_s = 0.0, 0.0
    for plan, transcript in zip(plans, transcripts, strict=True):
        spoken = plan.utterance
        view = SessionView(transcript, catalog.find(plan.model), reference=_read(spoken.text, spoken.language_type))
        before = time.process_time()
        records = judge_session(view)
        cpu_s += time.process_time() - before
        seconds += view.sample_count / view.rate
        outcomes += len(records)
        sessions[plan.variation] += 1
        bad = [r for r in records if r.outcome in ("fail", "error") and r.severity == "fail"]
        alarms[plan.variation] += bool(bad)
        for record in bad:
            sys.stdout.write(f"FALSE ALARM {plan}: {record.check}: {record.message}\n")
    sys.stdout.write("\n| variation | sessions | false alarms |\n| --- | --- | --- |\n")
    for name in sorted(sessions):
        sys.stdout.write(f"| `{name}` | {sessions[name]} | {alarms[name]} |\n")
    sys.stdout.write(f"| all | {sessions.total()} | {alarms.total()} |\n\n")
    sys.stdout.write(
        f"{sessions.total()} sessions, {outcomes} outcomes, {seconds:.0f} s of audio; "
        f"judging took {cpu_s / seconds * 1000:.0f} ms of CPU a second of audio\n"
    )
    return 1 if alarms.total() else 0


if __name__ == "__main__":
    sys.exit(main())
