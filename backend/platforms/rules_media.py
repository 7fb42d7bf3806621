"""Pictures and films against a platform's limits, with what we can mend."""

from __future__ import annotations

from backend.platforms.limits import FilmLimits, FormatLimits, PictureLimits, Range
from backend.platforms.port import Fix, Media, Problem

_NAMES = {
    "image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP", "image/gif": "GIF", "video/mp4": "MP4",
    "video/quicktime": "MOV", "video/webm": "WebM",
}  # fmt: skip
_NEAR = 0.005
"""A side is a whole number of pixels: a crop to 4:5 may come out a hair beside it."""


def picture_problems(label: str, limits: FormatLimits, take: PictureLimits, media: Media, n: int) -> list[Problem]:
    found = []
    if media.mime not in take.mimes:
        say = f"{label} takes {_listed(take.mimes)} pictures only, this one is {_named(media.mime)}."
        found.append(Problem("picture_format", say, "media", n, Fix("jpeg", "Make it a JPEG")))
    elif media.size > take.size:
        say = f"This picture has {_mb(media.size)}, {label} takes {_mb(take.size)}."
        found.append(Problem("picture_size", say, "media", n, Fix("jpeg", "Make the file smaller")))
    if media.width < take.min_width:
        say = (
            f"This picture is {media.width} px wide, {label} wants {take.min_width} or more. Use a larger copy, or enlarge it."
        )
        larger = Fix("enlarge", "Enlarge it", width=take.min_width) if media.width > 0 else None
        found.append(Problem("picture_small", say, "media", n, larger))
    elif take.longest and max(media.width, media.height) > take.longest:
        width = max(1, int(media.width * take.longest / max(media.width, media.height)))
        say = f"This picture is {media.width} x {media.height} px, {label} takes {take.longest} on the longer side."
        found.append(Problem("picture_large", say, "media", n, Fix("resize", "Make it smaller", width=width)))
    return found + _shape(label, limits, take.ratio, media, n)


def film_problems(label: str, limits: FormatLimits, take: FilmLimits, media: Media, n: int) -> list[Problem]:
    found = []
    wrong = _encoding(label, take, media)
    if wrong:
        found.append(Problem("video_format", wrong, "media", n, Fix("transcode", "Convert it")))
    if media.size > take.size:
        say = f"This video has {_mb(media.size)}, {label} takes {_mb(take.size)}."
        found.append(Problem("video_size", say, "media", n, Fix("transcode", "Make the file smaller")))
    return found + _length(label, take, media, n) + _shape(label, limits, take.ratio, media, n)


def _encoding(label: str, take: FilmLimits, media: Media) -> str:
    """A sentence about the first thing that converting would mend, or ""."""
    small, large = min(media.width, media.height), max(media.width, media.height)
    if take.mimes and media.mime not in take.mimes:
        return f"{label} takes {_listed(take.mimes)} videos only, this one is {_named(media.mime)}."
    if not media.mime.startswith("video/"):
        return f"{label} cannot read this file as a video ({media.mime})."
    if take.codecs and media.codec and media.codec not in take.codecs:
        return f"{label} takes {' or '.join(take.codecs)} videos, this one is {media.codec}."
    if take.audio and media.audio and media.audio not in take.audio:
        return f"{label} takes sound as {' or '.join(take.audio)}, this video has {media.audio}."
    if take.fps and media.fps is not None and not take.fps[0] <= round(media.fps, 1) <= take.fps[1]:
        return f"{label} takes {take.fps[0]:g} to {take.fps[1]:g} frames a second, this video has {media.fps:g}."
    if take.max_width and media.width > take.max_width:
        return f"This video is {media.width} px wide, {label} takes {take.max_width}."
    if small < take.sides[0] or large > take.sides[1]:
        return (
            f"{label} takes sides of {take.sides[0]:g} to {take.sides[1]:g} px, this video is {media.width} x {media.height}."
        )
    return ""


def _length(label: str, take: FilmLimits, media: Media, n: int) -> list[Problem]:
    low, high = take.seconds
    if media.duration_s is None or low <= media.duration_s <= high:
        return []
    if media.duration_s < low:
        say = f"This video lasts {media.duration_s:.1f} s, {label} wants {_time(low)} or more. Use a longer one."
        return [Problem("video_short", say, "media", n)]
    say = f"This video lasts {_time(media.duration_s)}, {label} takes {_time(high)} here."
    return [Problem("video_long", say, "media", n, Fix("trim", f"Keep the first {_time(high)}", seconds=high))]


def _shape(label: str, limits: FormatLimits, ratio: Range | None, media: Media, n: int) -> list[Problem]:
    if media.width <= 0 or media.height <= 0:
        return [Problem("media_unread", "The size of this file is not known. Add it again.", "media", n)]
    have, want = media.width / media.height, limits.advised
    if ratio and not ratio[0] * (1 - _NEAR) <= have <= ratio[1] * (1 + _NEAR):
        # Towards the full screen where that is allowed, else the nearest allowed one.
        to = want if want and media.kind == "video" else min(max(have, ratio[0]), ratio[1])
        say = f"This is {_shape_name(have)}, {label} takes {_shapes(ratio)} here."
        return [Problem("ratio", say, "media", n, Fix("crop", f"Crop it to {_shape_name(to)}", ratio=to))]
    if want and media.kind == "video" and abs(have - want) > 0.02 * want:
        fix = Fix("crop", f"Crop it to {_shape_name(want)}", ratio=want)
        say = f"This video is {_shape_name(have)}; {_shape_name(want)} fills the screen."
        return [Problem("ratio_advised", say, "media", n, fix, blocks=False)]
    return []


def _shapes(ratio: Range) -> str:
    """Ends that nobody's file reaches are left out."""
    low, high = ratio
    if low < 0.1:
        return f"{_shape_name(high)} or taller" if high < 10 else "any shape"
    return f"{_shape_name(low)} to {_shape_name(high)}" if high < 10 else f"{_shape_name(low)} or wider"


def _shape_name(ratio: float) -> str:
    for wide, high in ((1, 1), (4, 5), (5, 4), (9, 16), (16, 9), (3, 4), (4, 3), (2, 3), (3, 2)):
        if abs(wide / high - ratio) < 0.01 * ratio:
            return f"{wide}:{high}"
    return f"{ratio:.2f}:1" if ratio >= 1 else f"1:{1 / ratio:.2f}"


def _named(mime: str) -> str:
    return _NAMES.get(mime, mime or "of an unknown kind")


def _listed(mimes: tuple[str, ...]) -> str:
    names = [_named(mime) for mime in mimes]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"


def _time(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds % 60 == 0 else f"{seconds:.0f} s"
