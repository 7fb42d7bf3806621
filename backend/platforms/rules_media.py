"""Checks pictures and videos against a platform's limits, with automatic fixes."""

from __future__ import annotations

from backend.platforms.limits import FormatLimits, PictureFormatLimits, Range, VideoLimits
from backend.platforms.port import Fix, Media, PostProblem

_MIME_NAMES = {
    "image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP", "image/gif": "GIF", "video/mp4": "MP4",
    "video/quicktime": "MOV", "video/webm": "WebM",
}  # fmt: skip
_RATIO_TOLERANCE = 0.005
"""Relative tolerance: sides are whole pixels, so a crop to 4:5 is not always exact."""


def picture_problems(
    label: str, limits: FormatLimits, media_limits: PictureFormatLimits, media: Media, n: int
) -> list[PostProblem]:
    problems = []
    if media.mime not in media_limits.mimes:
        message = f"{label} takes {_mime_list(media_limits.mimes)} pictures only, this one is {_mime_name(media.mime)}."
        problems.append(PostProblem("picture_format", message, "media", n, Fix("jpeg", "Make it a JPEG")))
    elif media.size > media_limits.size:
        message = f"This picture has {_size_text(media.size)}, {label} takes {_size_text(media_limits.size)}."
        problems.append(PostProblem("picture_size", message, "media", n, Fix("jpeg", "Make the file smaller")))
    if media.width < media_limits.min_width:
        message = (
            f"This picture is {media.width} px wide, {label} wants {media_limits.min_width} or more. "
            "Use a larger copy, or enlarge it."
        )
        enlarge = Fix("enlarge", "Enlarge it", width=media_limits.min_width) if media.width > 0 else None
        problems.append(PostProblem("picture_small", message, "media", n, enlarge))
    elif media_limits.longest and max(media.width, media.height) > media_limits.longest:
        width = max(1, int(media.width * media_limits.longest / max(media.width, media.height)))
        message = f"This picture is {media.width} x {media.height} px, {label} takes {media_limits.longest} on the longer side."
        problems.append(PostProblem("picture_large", message, "media", n, Fix("resize", "Make it smaller", width=width)))
    return problems + _ratio_problems(label, limits, media_limits.ratio, media, n)


def video_problems(label: str, limits: FormatLimits, media_limits: VideoLimits, media: Media, n: int) -> list[PostProblem]:
    problems = []
    encoding_problem = _encoding_problem(label, media_limits, media)
    if encoding_problem:
        problems.append(PostProblem("video_format", encoding_problem, "media", n, Fix("transcode", "Convert it")))
    if media.size > media_limits.size:
        message = f"This video has {_size_text(media.size)}, {label} takes {_size_text(media_limits.size)}."
        problems.append(PostProblem("video_size", message, "media", n, Fix("transcode", "Make the file smaller")))
    return (
        problems
        + _length_problems(label, media_limits, media, n)
        + _ratio_problems(label, limits, media_limits.ratio, media, n)
    )


def _encoding_problem(label: str, media_limits: VideoLimits, media: Media) -> str:
    """A sentence about the first problem that converting would fix; "" when there is none."""
    small, large = min(media.width, media.height), max(media.width, media.height)
    if media_limits.mimes and media.mime not in media_limits.mimes:
        return f"{label} takes {_mime_list(media_limits.mimes)} videos only, this one is {_mime_name(media.mime)}."
    if not media.mime.startswith("video/"):
        return f"{label} cannot read this file as a video ({media.mime})."
    if media_limits.codecs and media.codec and media.codec not in media_limits.codecs:
        return f"{label} takes {' or '.join(media_limits.codecs)} videos, this one is {media.codec}."
    if media_limits.audio and media.audio and media.audio not in media_limits.audio:
        return f"{label} takes sound as {' or '.join(media_limits.audio)}, this video has {media.audio}."
    if media_limits.fps and media.fps is not None and not media_limits.fps[0] <= round(media.fps, 1) <= media_limits.fps[1]:
        return (
            f"{label} takes {media_limits.fps[0]:g} to {media_limits.fps[1]:g} frames a second, this video has {media.fps:g}."
        )
    if media_limits.max_width and media.width > media_limits.max_width:
        return f"This video is {media.width} px wide, {label} takes {media_limits.max_width}."
    if small < media_limits.sides[0] or large > media_limits.sides[1]:
        sides = f"{media_limits.sides[0]:g} to {media_limits.sides[1]:g} px"
        return f"{label} takes sides of {sides}, this video is {media.width} x {media.height}."
    return ""


def _length_problems(label: str, media_limits: VideoLimits, media: Media, n: int) -> list[PostProblem]:
    lowest, highest = media_limits.seconds
    if media.duration_s is None or lowest <= media.duration_s <= highest:
        return []
    if media.duration_s < lowest:
        message = (
            f"This video lasts {media.duration_s:.1f} s, {label} wants {_duration_text(lowest)} or more. Use a longer one."
        )
        return [PostProblem("video_short", message, "media", n)]
    message = f"This video lasts {_duration_text(media.duration_s)}, {label} takes {_duration_text(highest)} here."
    return [
        PostProblem(
            "video_long", message, "media", n, Fix("trim", f"Keep the first {_duration_text(highest)}", seconds=highest)
        )
    ]


def _ratio_problems(label: str, limits: FormatLimits, ratio: Range | None, media: Media, n: int) -> list[PostProblem]:
    if media.width <= 0 or media.height <= 0:
        return [PostProblem("media_unread", "The size of this file is not known. Add it again.", "media", n)]
    current, advised = media.width / media.height, limits.advised
    if ratio and not ratio[0] * (1 - _RATIO_TOLERANCE) <= current <= ratio[1] * (1 + _RATIO_TOLERANCE):
        # Videos are cropped to the ratio that fills the screen, pictures to the nearest allowed ratio.
        target = advised if advised and media.kind == "video" else min(max(current, ratio[0]), ratio[1])
        message = f"This is {_ratio_name(current)}, {label} takes {_ratio_range(ratio)} here."
        return [PostProblem("ratio", message, "media", n, Fix("crop", f"Crop it to {_ratio_name(target)}", ratio=target))]
    if advised and media.kind == "video" and abs(current - advised) > 0.02 * advised:
        fix = Fix("crop", f"Crop it to {_ratio_name(advised)}", ratio=advised)
        message = f"This video is {_ratio_name(current)}; {_ratio_name(advised)} fills the screen."
        return [PostProblem("ratio_advised", message, "media", n, fix, blocks=False)]
    return []


def _ratio_range(ratio: Range) -> str:
    """An allowed range as text, without ends that no real file reaches."""
    lowest, highest = ratio
    if lowest < 0.1:
        return f"{_ratio_name(highest)} or taller" if highest < 10 else "any shape"
    return f"{_ratio_name(lowest)} to {_ratio_name(highest)}" if highest < 10 else f"{_ratio_name(lowest)} or wider"


def _ratio_name(ratio: float) -> str:
    for width, height in ((1, 1), (4, 5), (5, 4), (9, 16), (16, 9), (3, 4), (4, 3), (2, 3), (3, 2)):
        if abs(width / height - ratio) < 0.01 * ratio:
            return f"{width}:{height}"
    return f"{ratio:.2f}:1" if ratio >= 1 else f"1:{1 / ratio:.2f}"


def _mime_name(mime: str) -> str:
    return _MIME_NAMES.get(mime, mime or "of an unknown kind")


def _mime_list(mimes: tuple[str, ...]) -> str:
    names = [_mime_name(mime) for mime in mimes]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _size_text(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"


def _duration_text(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds % 60 == 0 else f"{seconds:.0f} s"
