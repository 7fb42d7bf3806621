"""The tokens as CSS custom properties. They stand in the head of the page (`studio/shell/first_paint.py`), so that pages
and, in their shadow roots, components have them from the first frame.
Colours are `light-dark()`, which follows the `color-scheme` of
where they are used."""

from __future__ import annotations

from studio.ui.design import tokens
from studio.ui.design.tokens import Color


def custom_properties() -> dict[str, str]:
    """Name with its dashes -> value."""
    colors = {
        **{f"color-{role}": color for role, color in tokens.COLORS.items()},
        **tokens.signs(),
    }
    values = {
        **{name: _value(color) for name, color in colors.items()},
        **{f"channel-{platform}": color for platform, color in tokens.CHANNELS.items()},
        **{f"veil-{name}": f"rgb({_channels(veil.color)}/{veil.opacity})" for name, veil in tokens.VEILS.items()},
        **{f"text-{name}": size for name, size in tokens.TYPE.items()},
        **{f"space-{step}": size for step, size in tokens.SPACES.items()},
        **{f"width-{name}": size for name, size in tokens.WIDTHS.items()},
        **{f"thumb-{name}": f"{size}px" for name, size in tokens.THUMB_PX.items()},
        **{f"radius-{name}": size for name, size in tokens.RADII.items()},
        **{f"shadow-{name}": shadow(name) for name in tokens.SHADOWS},
        **{f"motion-{name}": length for name, length in tokens.MOTION.items()},
    }
    return {f"--{name}": value for name, value in values.items()}


def stylesheet() -> str:
    properties = ";".join(f"{name}:{value}" for name, value in custom_properties().items())
    still = ";".join(f"--motion-{name}:0s" for name in tokens.MOTION)
    return f"{_rule(properties)}@media(prefers-reduced-motion:reduce){{{_rule(still)}}}"


def shadow(name: str) -> str:
    right, down, blur, opacity = tokens.SHADOWS[name]
    return " ".join((f"{right}px", f"{down}px", f"{blur}px", f"rgb(0 0 0/{opacity})"))


def _rule(properties: str) -> str:
    return f":root{{{properties}}}"


def _value(color: Color) -> str:
    return color.light if color.light == color.dark else f"light-dark({color.light},{color.dark})"


def _channels(color: str) -> str:
    return " ".join(map(str, bytes.fromhex(color.removeprefix("#"))))
