"""What can be wrong on the way to the service."""

from __future__ import annotations

from ttsgate.judgement.causes.cause import Cause

__all__ = ["NETWORK", "SLOW"]

NETWORK = (
    Cause(
        "network.name",
        "network",
        "The host's name cannot be resolved",
        "Check the host's spelling and the machine's DNS; inside a closed network, the proxy settings.",
    ),
    Cause(
        "network.refused",
        "network",
        "Nothing listens at the target's address",
        "Start the target, or correct host and port of the URL.",
    ),
    Cause(
        "network.timeout",
        "network",
        "The target's address does not answer",
        "Look for a firewall, a VPN or a proxy on the way; on dual-stack hosts try IPv4 alone.",
    ),
    Cause(
        "network.tls",
        "network",
        "The TLS handshake fails or the certificate does not verify",
        "Compare the certificate's issuer in the evidence with the real one: an intercepting proxy, a wrong clock or "
        "an old CA bundle are the usual reasons.",
    ),
    Cause(
        "network.portal",
        "network",
        "Something on the way answers in place of the service (HTML instead of its JSON)",
        "Log in to the captive portal or bypass the proxy, then run again.",
        ("network.proxy", "service.nonsense"),
    ),
    Cause(
        "network.proxy",
        "network",
        "A proxy refuses to pass the connection on",
        "Check HTTPS_PROXY and NO_PROXY and the proxy's own allow list for websockets.",
    ),
    Cause(
        "network.dropped",
        "network",
        "The connection broke without a closing handshake",
        "Run again; if it happens at the same second each time, look for an idle limit of a proxy or load balancer.",
        ("service.dropped",),
    ),
)

SLOW = (
    Cause(
        "network.slow",
        "network",
        "The way to the service is too slow for the audio",
        "Compare with a run from another network.",
        ("service.timing",),
    ),
)
