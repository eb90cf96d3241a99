"""The voice of the emulator: real speech, repeatable, in as many voices as the service has.

Text goes in, 16-bit mono samples come out. Who speaks is chosen by a back end (`synth.Synth`):

| back end | what speaks                                   | comes with       | licence                 |
|----------|-----------------------------------------------|------------------|-------------------------|
| `espeak` | eSpeak NG through `espeakng-loader` (default) | extra `emulator` | engine GPL-3.0-or-later |
| `hibari` | `hibari-tts`, natural English                 | extra `neural`   | Apache-2.0              |
| `file:P` | the recording at path P, cut and looped       | nothing          | yours; no GPL part      |

ttsgate itself is Apache-2.0 and carries no part of any engine, voice or dictionary: engines are loaded at run
time from packages that the user installs.
"""

from __future__ import annotations

from ttsgate.emulator.speech.engine import Speech
from ttsgate.emulator.speech.formats import Encoder, wav_file
from ttsgate.emulator.speech.synth import BACK_ENDS, Synth, open_synth
from ttsgate.emulator.speech.text import segments
from ttsgate.emulator.speech.timbre import Timbre, timbre_of

__all__ = ["BACK_ENDS", "Encoder", "Speech", "Synth", "Timbre", "open_synth", "segments", "timbre_of", "wav_file"]
