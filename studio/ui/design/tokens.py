"""The one source of how the studio looks: colours by role in both themes, type, spacing, corners, shadows, motion.

`stylesheet.py` makes CSS custom properties of them, there from the first frame (`--color-muted`, `--state-draft`,
`--space-3` …); `make design` writes the theme of .streamlit/config.toml and the tables of docs/DESIGN.md from them. No colour
stands in another file; tests/studio/ui/test_design.py holds that, and that each of PAIRS can be read.
"""

from __future__ import annotations

from typing import NamedTuple


class Color(NamedTuple):
    """`#rrggbb` in the light and in the dark theme."""

    light: str
    dark: str


class Veil(NamedTuple):
    """A colour laid over pictures or pages; the same in both themes. `opacity`: 0 to 1."""

    color: str
    opacity: float


class Shadow(NamedTuple):
    """Black, moved and blurred by px; `opacity`: 0 to 1."""

    right: int
    down: int
    blur: int
    opacity: float


class Pair(NamedTuple):
    """Two colours that are seen on each other. `least`: the contrast it needs: 4.5 for words, 3 for signs and large words."""

    above: str
    below: str
    least: float


WORDS, SIGNS = 4.5, 3.0

COLORS = {
    # What pages are made of
    "page": Color("#fdfcff", "#15121d"),
    "panel": Color("#f3f0fa", "#211c2e"),
    "menu": Color("#f5f2fc", "#1a1624"),
    "field": Color("#ffffff", "#272136"),
    "text": Color("#201a2e", "#ece8f5"),
    "muted": Color("#5d566e", "#aaa3bb"),
    "border": Color("#e2dcf0", "#38304b"),
    "border-strong": Color("#8d80ab", "#756793"),
    "hover": Color("#ece6fa", "#241f33"),
    "current": Color("#e4dbf9", "#2d2442"),
    "focus": Color("#201a2e", "#ece8f5"),
    # What is pressed
    "accent": Color("#6b3fd4", "#8f6bf2"),
    "link": Color("#6b3fd4", "#b79dff"),
    "filled": Color("#6b3fd4", "#7546e3"),
    "on-filled": Color("#ffffff", "#ffffff"),
    # What is filled and carries white words, on pages and on pictures
    "good": Color("#1b7a43", "#1b7a43"),
    "warning": Color("#a35b00", "#a35b00"),
    "bad": Color("#b3261e", "#b3261e"),
    "neutral": Color("#4b5563", "#4b5563"),
    # On pictures and films, whose own colours nobody knows
    "on-picture": Color("#ffffff", "#ffffff"),
    "behind-film": Color("#000000", "#000000"),
    "heart": Color("#ff5c8a", "#ff5c8a"),
    "star-on-picture": Color("#ffc83d", "#ffc83d"),
    "star": Color("#a87400", "#ffc83d"),
    # The preview of a post: a phone with the platform's own look
    "phone": Color("#ffffff", "#0b0b0d"),
    "phone-text": Color("#111111", "#f2f2f2"),
    "phone-link": Color("#00376b", "#a9cdff"),
    "phone-dark": Color("#111111", "#111111"),
}
"""By role. CSS: `--color-<role>`."""

TINTS = {
    "red": (Color("#a3161a", "#ffb1b1"), Color("#fde8e8", "#46181d")),
    "orange": (Color("#8a4b00", "#ffc68a"), Color("#fdeedd", "#3f2a10")),
    "yellow": (Color("#6f5300", "#f2dc82"), Color("#fdf5cf", "#3a3210")),
    "blue": (Color("#0b549c", "#a9d0ff"), Color("#e3effd", "#142f4d")),
    "green": (Color("#0f6b37", "#8fe3b0"), Color("#e0f5e8", "#123a25")),
    "violet": (Color("#5a2fc0", "#cdb9ff"), Color("#ece6fa", "#2d2442")),
    "gray": (Color("#4f4a5e", "#c9c3d6"), Color("#eeecf3", "#2b2735")),
}
"""Words and what is under them, of badges and notices. Streamlit has them from its theme; CSS: `--st-<hue>-text-color`,
`--st-<hue>-background-color`."""

STATES = {
    "draft": Color("#7d8290", "#8a8f98"),
    "in_review": Color("#a86d14", "#d69a35"),
    "approved": Color("#2b8a8a", "#3aa5a5"),
    "scheduled": Color("#3b6fe0", "#5f8cf0"),
    "publishing": Color("#8b5cf6", "#a07bfa"),
    "published": Color("#23884b", "#3fb16c"),
    "failed": Color("#d64545", "#e86a6a"),
    "missed": Color("#c2541b", "#e07a42"),
    "unknown": Color("#c026a3", "#dc5fc6"),
    "on_hold": Color("#6b7280", "#858c9b"),
}
"""A post's state (`PostState`). CSS: `--state-<state>`. Always beside a word or a sign, never alone."""

PEOPLE = (
    Color("#7c4ddb", "#9a76ea"),
    Color("#23884b", "#3fb16c"),
    Color("#c1620f", "#e58a3c"),
    Color("#2b7fd4", "#5a9fe4"),
    Color("#d6459b", "#e56fb3"),
    Color("#6c8417", "#9dbb34"),
    Color("#11818d", "#2db3c0"),
    Color("#8a5a3c", "#b98562"),
    Color("#937300", "#c9a21d"),
    Color("#5b6b82", "#8797ad"),
)
"""Influencers and campaigns, told apart at a glance, the best first; red is left to what has failed. CSS: `--person-1` …"""
NOBODY = Color("#7d8290", "#8a8f98")
"""Posts without a campaign. CSS: `--person-none`."""

SERIES = (
    Color("#6b3fd4", "#a78bfa"),
    Color("#b56a00", "#f0a53c"),
    Color("#0b8457", "#34c38f"),
    Color("#2f6fe0", "#6ea4ff"),
    Color("#d0383e", "#f27b80"),
    Color("#6f7480", "#9ba0ab"),
)
"""Lines and bars of charts, in this order. CSS: `--series-1` …"""

CHANNELS = {
    "instagram": "#b5296f",
    "tiktok": "#111111",
    "youtube": "#cc0000",
    "sandbox": "#5a4fcf",
    "other": "#555555",
}
"""A platform's badge; white words on it. CSS: `--channel-<platform>`."""

VEILS = {
    "scrim": Veil("#14141c", 0.72),
    "scrim-thin": Veil("#14141c", 0.5),
    "backdrop": Veil("#120e1c", 0.55),
    "phone-light": Veil("#ffffff", 0.8),
    "phone-line": Veil("#ffffff", 0.6),
    "covered": Veil("#ff3c3c", 0.28),
    "portrait-one": Veil("#7c5cff", 0.28),
    "portrait-two": Veil("#ff5c8a", 0.24),
}
"""`scrim`: under words on a picture; `scrim-thin`: under signs; `backdrop`: between page and dialog. CSS:
`--veil-<name>`."""

TYPE = {
    "tiny": "0.75rem",
    "small": "0.82rem",
    "normal": "0.9rem",
    "large": "1.05rem",
    "title": "1.25rem",
    "page-title": "1.65rem",
    "sign": "1.9rem",
}
"""CSS: `--text-<name>`. One rem is 15 px."""
BASE_FONT_PX = 15
HEADINGS = (("1.9rem", 700), ("1.25rem", 650), ("1.05rem", 600), ("1rem", 600), ("0.95rem", 600), ("0.9rem", 600))
"""Sizes and weights of h1 to h6."""

SPACES = {1: "4px", 2: "8px", 3: "12px", 4: "16px", 5: "24px", 6: "32px"}
"""CSS: `--space-<n>`."""
WIDTHS = {"form": "46rem", "reading": "44rem"}
"""The widest a form and a text become on a wide screen. CSS: `--width-<name>`."""
THUMB_PX = {"small": 44, "medium": 72}
"""Edge of a thumbnail in a row and in a card. CSS: `--thumb-<name>`."""
RADII = {"tiny": "3px", "small": "6px", "medium": "8px", "large": "0.6rem", "pill": "999px"}
"""CSS: `--radius-<name>`."""
SHADOWS = {
    "small": Shadow(0, 1, 2, 0.12),
    "raised": Shadow(0, 2, 8, 0.2),
    "menu": Shadow(0, 8, 28, 0.25),
    "panel": Shadow(-12, 0, 40, 0.25),
    "on-picture": Shadow(0, 0, 3, 0.8),
}
"""CSS: `--shadow-<name>`."""
MOTION = {"quick": "0.12s", "calm": "0.25s", "slow": "0.4s"}
"""How long a change takes; 0 for people who asked for less motion. CSS: `--motion-<name>`."""

_ON_PAGE = [(above, below) for below in ("page", "panel", "menu", "field") for above in ("text", "muted", "link")]
PAIRS = (
    *(Pair(above, below, WORDS) for above, below in [*_ON_PAGE, ("text", "hover"), ("text", "current"), ("link", "hover")]),
    *(Pair("on-filled", below, WORDS) for below in ("filled", "good", "warning", "bad", "neutral")),
    Pair("phone-text", "phone", WORDS),
    Pair("phone-link", "phone", WORDS),
    *(Pair(sign, "page", SIGNS) for sign in ("accent", "focus", "border-strong", "star")),
    *(Pair(sign, "panel", SIGNS) for sign in ("accent", "focus", "border-strong")),
    *(Pair("focus", below, SIGNS) for below in ("menu", "field")),
)
"""What is read on what. Beside them: every tint's words on its ground (4.5), white on every channel (4.5), and states, people
and series on the page and on a panel (3)."""


def signs() -> dict[str, Color]:
    """Every colour that stands for a thing (a state, a person, a series), by the name of its property without dashes."""
    return {
        **{f"state-{state}": color for state, color in STATES.items()},
        **{f"person-{place}": color for place, color in enumerate(PEOPLE, start=1)},
        "person-none": NOBODY,
        **{f"series-{place}": color for place, color in enumerate(SERIES, start=1)},
    }
