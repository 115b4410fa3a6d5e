"""How wide text is in an SVG, whatever sans-serif font the reader has.

The figures are those of DejaVu Sans (bold ones of its bold), which is wider than the fonts that usually stand in for
`sans-serif`; so text never needs more room than was left for it.
"""

from __future__ import annotations

from podium.graph.picture.metrics import Metrics, Role

# thousandths of the font's size, from the space to the tilde
_PLAIN = (
    *(318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636),
    *(636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656),
    *(557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613),
    *(635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818),
    *(592, 592, 525, 636, 337, 636, 838),
)
_BOLD = (
    *(348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696),
    *(696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775),
    *(637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500, 500, 675),
    *(716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924),
    *(645, 652, 582, 712, 365, 712, 838),
)
_FIRST = 32
_OTHER = 1100
"""What is not ASCII: no usual character of a text font is wider."""

SIZES: dict[Role, int] = {"id": 14, "type": 12, "mark": 12, "standing": 12, "part": 12, "port": 12}
"""Size of the font of each role, in pixels."""


def text_width(text: str, role: Role) -> int:
    """Return the width of a text in pixels, rounded up."""
    table = _BOLD if role == "id" else _PLAIN
    units = sum(table[ord(one) - _FIRST] if _FIRST <= ord(one) < _FIRST + len(table) else _OTHER for one in text)
    return -(-units * SIZES[role] // 1000)


def pixel_metrics() -> Metrics:
    """Return sizes in pixels."""
    return Metrics(
        text=text_width,
        line=18,
        space=8,
        inset_x=14,
        inset_y=9,
        gap=28,
        thread=18,
        pin=16,
        near=7,
        lane=12,
        air=12,
        head=18,
        edge=0,
        narrow=True,
    )
