"""Colours and strokes of an SVG, for light and for dark screens; contrast of text is 4.5 : 1 at least."""

from __future__ import annotations

from typing import Literal

Colour = Literal["done", "failed", "waiting", "running", "skipped", "partly"]

_COLOURS: dict[str, Colour] = {
    "done": "done",
    "running": "running",
    "waiting": "waiting",
    "skipped": "skipped",
    "failed": "failed",
    "denied": "failed",
    "rejected": "failed",
    "expired": "failed",
    "error": "failed",
    "limit": "failed",
}


def colour(status: str) -> Colour:
    """Return the class of a status; what is neither well nor over is `partly`."""
    return _COLOURS.get(status, "partly")


STYLE = """
text { font-family: system-ui, "Segoe UI", Helvetica, Arial, "DejaVu Sans", sans-serif; fill: #57606a; }
.id { font-size: 14px; font-weight: 700; fill: #1f2328; }
.type, .mark, .standing, .part, .port { font-size: 12px; }
.mark { font-style: italic; }
.page { fill: #ffffff; }
.box { fill: #f6f8fa; stroke: #8c959f; stroke-width: 1.2; }
.line { fill: none; stroke: #57606a; stroke-width: 1.4; }
.head { fill: #57606a; }
.after .line { stroke-dasharray: 6 4; }
.choice .line { stroke: #0550ae; stroke-width: 2.8; }
.choice .head, .choice .port { fill: #0550ae; }
.handled .line { stroke: #b31d28; stroke-width: 1.8; stroke-dasharray: 10 3 2 3; }
.handled .head, .handled .port { fill: #b31d28; }
.revise .line { stroke: #8a4600; stroke-width: 1.8; stroke-dasharray: 2 3; }
.revise .head, .revise .port { fill: #8a4600; }
.done > .box { fill: #dafbe1; stroke: #1a7f37; }
.failed > .box { fill: #ffebe9; stroke: #b31d28; stroke-width: 2.4; }
.waiting > .box { fill: #fbefff; stroke: #8250df; stroke-width: 2.4; }
.running > .box { fill: #ddf4ff; stroke: #0969da; stroke-width: 2.4; }
.skipped > .box { fill: #ffffff; stroke: #8c959f; stroke-dasharray: 5 4; }
.partly > .box { fill: #fff8c5; stroke: #9a6700; }
@media (prefers-color-scheme: dark) {
text { fill: #adb6c0; }
.id { fill: #f0f3f6; }
.page { fill: #0d1117; }
.box { fill: #161b22; stroke: #7d8590; }
.line { stroke: #adb6c0; }
.head { fill: #adb6c0; }
.choice .line { stroke: #79c0ff; }
.choice .head, .choice .port { fill: #79c0ff; }
.handled .line { stroke: #ff9492; }
.handled .head, .handled .port { fill: #ff9492; }
.revise .line { stroke: #f0b072; }
.revise .head, .revise .port { fill: #f0b072; }
.done > .box { fill: #12301c; stroke: #3fb950; }
.failed > .box { fill: #3c1618; stroke: #ff7b72; }
.waiting > .box { fill: #2b1d4a; stroke: #bc8cff; }
.running > .box { fill: #0c2d4f; stroke: #58a6ff; }
.skipped > .box { fill: #0d1117; stroke: #7d8590; }
.partly > .box { fill: #3a2d08; stroke: #d29922; }
}
"""
