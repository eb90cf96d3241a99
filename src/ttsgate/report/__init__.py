"""Renderings of a result; each is a pure function of it, and a test cross-checks them."""

from __future__ import annotations

from ttsgate.report import github, render, terminal
from ttsgate.report.writing import render_all, write_all, write_latest

__all__ = ["github", "render", "render_all", "terminal", "write_all", "write_latest"]
