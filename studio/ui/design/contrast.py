"""Contrast of two colours by the formula of WCAG 2.2. Colours are `#rrggbb`, in sRGB."""

from __future__ import annotations


def contrast(first: str, second: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    """Relative luminance, from 0 to 1."""
    red, green, blue = (_linear(channel / 255) for channel in bytes.fromhex(color.removeprefix("#")))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def blended(color: str, opacity: float, under: str) -> str:
    """What is seen of `color` with this opacity (0 to 1) over the colour `under`."""
    pairs = zip(bytes.fromhex(color.removeprefix("#")), bytes.fromhex(under.removeprefix("#")), strict=True)
    return "#" + bytes(round(above * opacity + below * (1 - opacity)) for above, below in pairs).hex()


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
