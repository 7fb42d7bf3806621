"""Checks pictures and videos against a platform's limits, with automatic fixes."""

from __future__ import annotations

from backend.language import joined, tr_lazy
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
        message = tr_lazy(
            "{platform} takes {formats} pictures only, this one is {format}.",
            platform=label,
            formats=_mime_list(media_limits.mimes),
            format=_mime_name(media.mime),
        )
        problems.append(PostProblem("picture_format", message, "media", n, Fix("jpeg", tr_lazy("Make it a JPEG"))))
    elif media.size > media_limits.size:
        message = tr_lazy(
            "This picture has {size}, {platform} takes {most}.",
            size=_size_text(media.size),
            platform=label,
            most=_size_text(media_limits.size),
        )
        problems.append(PostProblem("picture_size", message, "media", n, Fix("jpeg", tr_lazy("Make the file smaller"))))
    if media.width < media_limits.min_width:
        message = tr_lazy(
            "This picture is {width} px wide, {platform} wants {least} or more. Use a larger copy, or enlarge it.",
            width=media.width,
            platform=label,
            least=media_limits.min_width,
        )
        enlarge = Fix("enlarge", tr_lazy("Enlarge it"), width=media_limits.min_width) if media.width > 0 else None
        problems.append(PostProblem("picture_small", message, "media", n, enlarge))
    elif media_limits.longest and max(media.width, media.height) > media_limits.longest:
        width = max(1, int(media.width * media_limits.longest / max(media.width, media.height)))
        message = tr_lazy(
            "This picture is {width} x {height} px, {platform} takes {longest} on the longer side.",
            width=media.width,
            height=media.height,
            platform=label,
            longest=media_limits.longest,
        )
        resize = Fix("resize", tr_lazy("Make it smaller"), width=width)
        problems.append(PostProblem("picture_large", message, "media", n, resize))
    return problems + _ratio_problems(label, limits, media_limits.ratio, media, n)


def video_problems(label: str, limits: FormatLimits, media_limits: VideoLimits, media: Media, n: int) -> list[PostProblem]:
    problems = []
    encoding_problem = _encoding_problem(label, media_limits, media)
    if encoding_problem:
        problems.append(PostProblem("video_format", encoding_problem, "media", n, Fix("transcode", tr_lazy("Convert it"))))
    if media.size > media_limits.size:
        message = tr_lazy(
            "This video has {size}, {platform} takes {most}.",
            size=_size_text(media.size),
            platform=label,
            most=_size_text(media_limits.size),
        )
        problems.append(PostProblem("video_size", message, "media", n, Fix("transcode", tr_lazy("Make the file smaller"))))
    return (
        problems
        + _length_problems(label, media_limits, media, n)
        + _ratio_problems(label, limits, media_limits.ratio, media, n)
    )


def _encoding_problem(label: str, media_limits: VideoLimits, media: Media) -> str:
    """A sentence about the first problem that converting would fix; "" when there is none."""
    small, large = min(media.width, media.height), max(media.width, media.height)
    if media_limits.mimes and media.mime not in media_limits.mimes:
        return tr_lazy(
            "{platform} takes {formats} videos only, this one is {format}.",
            platform=label,
            formats=_mime_list(media_limits.mimes),
            format=_mime_name(media.mime),
        )
    if not media.mime.startswith("video/"):
        return tr_lazy("{platform} cannot read this file as a video ({format}).", platform=label, format=media.mime)
    if media_limits.codecs and media.codec and media.codec not in media_limits.codecs:
        return tr_lazy(
            "{platform} takes {codecs} videos, this one is {codec}.",
            platform=label,
            codecs=_any_of(media_limits.codecs),
            codec=media.codec,
        )
    if media_limits.audio and media.audio and media.audio not in media_limits.audio:
        return tr_lazy(
            "{platform} takes sound as {codecs}, this video has {codec}.",
            platform=label,
            codecs=_any_of(media_limits.audio),
            codec=media.audio,
        )
    if media_limits.fps and media.fps is not None and not media_limits.fps[0] <= round(media.fps, 1) <= media_limits.fps[1]:
        return tr_lazy(
            "{platform} takes {least:g} to {most:g} frames a second, this video has {fps:g}.",
            platform=label,
            least=media_limits.fps[0],
            most=media_limits.fps[1],
            fps=media.fps,
        )
    if media_limits.max_width and media.width > media_limits.max_width:
        return tr_lazy(
            "This video is {width} px wide, {platform} takes {most}.",
            width=media.width,
            platform=label,
            most=media_limits.max_width,
        )
    if small < media_limits.sides[0] or large > media_limits.sides[1]:
        return tr_lazy(
            "{platform} takes sides of {least:g} to {most:g} px, this video is {width} x {height}.",
            platform=label,
            least=media_limits.sides[0],
            most=media_limits.sides[1],
            width=media.width,
            height=media.height,
        )
    return ""


def _length_problems(label: str, media_limits: VideoLimits, media: Media, n: int) -> list[PostProblem]:
    lowest, highest = media_limits.seconds
    if media.duration_s is None or lowest <= media.duration_s <= highest:
        return []
    if media.duration_s < lowest:
        message = tr_lazy(
            "This video lasts {seconds:.1f} s, {platform} wants {least} or more. Use a longer one.",
            seconds=media.duration_s,
            platform=label,
            least=_duration_text(lowest),
        )
        return [PostProblem("video_short", message, "media", n)]
    message = tr_lazy(
        "This video lasts {duration}, {platform} takes {most} here.",
        duration=_duration_text(media.duration_s),
        platform=label,
        most=_duration_text(highest),
    )
    trim = Fix("trim", tr_lazy("Keep the first {duration}", duration=_duration_text(highest)), seconds=highest)
    return [PostProblem("video_long", message, "media", n, trim)]


def _ratio_problems(label: str, limits: FormatLimits, ratio: Range | None, media: Media, n: int) -> list[PostProblem]:
    if media.width <= 0 or media.height <= 0:
        message = tr_lazy("The size of this file is not known. Add it again.")
        return [PostProblem("media_unread", message, "media", n)]
    current, advised = media.width / media.height, limits.advised
    if ratio and not ratio[0] * (1 - _RATIO_TOLERANCE) <= current <= ratio[1] * (1 + _RATIO_TOLERANCE):
        # Videos are cropped to the ratio that fills the screen, pictures to the nearest allowed ratio.
        target = advised if advised and media.kind == "video" else min(max(current, ratio[0]), ratio[1])
        message = tr_lazy(
            "This is {ratio}, {platform} takes {range} here.",
            ratio=_ratio_name(current),
            platform=label,
            range=_ratio_range(ratio),
        )
        return [PostProblem("ratio", message, "media", n, _crop(target))]
    if advised and media.kind == "video" and abs(current - advised) > 0.02 * advised:
        message = tr_lazy(
            "This video is {ratio}; {advised} fills the screen.", ratio=_ratio_name(current), advised=_ratio_name(advised)
        )
        return [PostProblem("ratio_advised", message, "media", n, _crop(advised), blocks=False)]
    return []


def _crop(ratio: float) -> Fix:
    return Fix("crop", tr_lazy("Crop it to {ratio}", ratio=_ratio_name(ratio)), ratio=ratio)


def _ratio_range(ratio: Range) -> str:
    """An allowed range as text, without ends that no real file reaches."""
    lowest, highest = ratio
    if lowest < 0.1:
        return tr_lazy("{ratio} or taller", ratio=_ratio_name(highest)) if highest < 10 else tr_lazy("any shape")
    if highest < 10:
        return tr_lazy("{lowest} to {highest}", lowest=_ratio_name(lowest), highest=_ratio_name(highest))
    return tr_lazy("{ratio} or wider", ratio=_ratio_name(lowest))


def _ratio_name(ratio: float) -> str:
    for width, height in ((1, 1), (4, 5), (5, 4), (9, 16), (16, 9), (3, 4), (4, 3), (2, 3), (3, 2)):
        if abs(width / height - ratio) < 0.01 * ratio:
            return f"{width}:{height}"
    return tr_lazy("{ratio:.2f}:1", ratio=ratio) if ratio >= 1 else tr_lazy("1:{ratio:.2f}", ratio=1 / ratio)


def _mime_name(mime: str) -> str:
    return _MIME_NAMES.get(mime, mime or tr_lazy("of an unknown kind"))


def _mime_list(mimes: tuple[str, ...]) -> str:
    names = [_mime_name(mime) for mime in mimes]
    if len(names) == 1:
        return names[0]
    return tr_lazy("{names} and {last}", names=joined(*names[:-1], separator=", "), last=names[-1])


def _any_of(names: tuple[str, ...]) -> str:
    either: str = names[0]
    for name in names[1:]:
        either = tr_lazy("{either} or {name}", either=either, name=name)
    return either


def _size_text(size: int) -> str:
    return tr_lazy("{mb:,.1f} MB", mb=size / 1e6) if size < 1e9 else tr_lazy("{gb:,.1f} GB", gb=size / 1e9)


def _duration_text(seconds: float) -> str:
    if seconds < 120:
        return tr_lazy("{seconds:g} s", seconds=seconds)
    return f"{seconds / 60:.0f} min" if seconds % 60 == 0 else f"{seconds:.0f} s"
