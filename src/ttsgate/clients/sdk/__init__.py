"""The SDK under test, as a guest: in a child process of any interpreter, running the stand-alone script."""

from __future__ import annotations

from ttsgate.clients.sdk.child import SdkChild, SdkOutcome, SdkRequest

__all__ = ["SdkChild", "SdkOutcome", "SdkRequest"]
