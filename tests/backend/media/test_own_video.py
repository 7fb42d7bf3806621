"""Videos of others: turned, of uneven rate, 10 bit or of high dynamic range, they become one kind; else they are refused."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import pytest

from backend.errors import Rejected
from backend.media import ffmpeg
from backend.media.ffmpeg import own_video
from backend.media.images.ai_mark import SOURCE_TYPE
from tests.support.media_files import SETTINGS, maker, result

PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=12:duration=1.5")
TONE = ("-f", "lavfi", "-i", "sine=330:duration=1.5")
UNEVEN = ("-vf", "setpts='PTS+0.03*mod(N,2)/TB'", "-fps_mode", "vfr")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`film("x.mp4", arguments of ffmpeg…)`: a file made by ffmpeg."""
    return maker(tmp_path_factory.mktemp("film"))


def refusal(path: Path, max_seconds: float = 60.0) -> str:
    with pytest.raises(Rejected) as error:
        result(own_video.check(path, max_seconds=max_seconds))
    return error.value.message


def test_a_turned_10_bit_video_of_uneven_rate_becomes_an_even_upright_one(film: Callable[..., Path], tmp_path: Path) -> None:
    raw = film("raw.mov", *PICTURE, *UNEVEN, "-pix_fmt", "yuv420p10le")
    turned = film("turned.mov", "-display_rotation", "90", "-i", str(raw), *TONE, "-c:v", "copy")
    video = result(own_video.check(turned, max_seconds=60))
    assert (video.width, video.height, video.sound, video.hdr, video.source_type) == (120, 160, True, False, "")
    assert video.seconds == pytest.approx(1.5, abs=0.1)
    out = tmp_path / "out.mp4"
    result(own_video.encode(turned, video, out, source_type=SOURCE_TYPE, settings=SETTINGS))
    info = result(ffmpeg.probe(out))
    assert (info.width, info.height, info.pixels, info.codec, info.audio) == (120, 160, "yuv420p", "h264", "aac")
    with av.open(str(out)) as opened:
        times = [float(frame.time) for frame in opened.decode(video=0)]
    steps = {round((after - before) * 24, 2) for before, after in pairwise(times[1:])}
    assert steps == {1.0}, "every frame lasts as long as the others"
    assert len(times) == pytest.approx(36, abs=2)
    assert result(own_video.check(out, max_seconds=60)).source_type == "trainedAlgorithmicMedia"


@pytest.mark.parametrize(("height", "matrix"), [(720, "bt709"), (480, "smpte170m")])
def test_a_video_that_does_not_say_how_its_colours_are_coded_keeps_them(
    film: Callable[..., Path], tmp_path: Path, height: int, matrix: str
) -> None:
    picture = ("-f", "lavfi", "-i", f"color=c=0xd02030:size={height}x{height}:rate=24:duration=0.2")
    coded = f"scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p,setparams=colorspace=unknown"
    path = film(f"{matrix}.mp4", *picture, "-vf", coded)
    video = result(own_video.check(path, max_seconds=60))
    assert video.untagged
    out = tmp_path / "out.mp4"
    result(own_video.encode(path, video, out, source_type=None, settings=SETTINGS))
    with av.open(str(out)) as opened:
        colour = next(opened.decode(video=0)).reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()[50, 50]
    assert colour.tolist() == pytest.approx([0xD0, 0x20, 0x30], abs=4)
    assert not result(own_video.check(out, max_seconds=60)).untagged


def test_high_dynamic_range_is_brought_to_what_screens_show(film: Callable[..., Path], tmp_path: Path) -> None:
    tags = ("-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc")
    params = ("-vf", "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc")
    path = film("hdr.mp4", *PICTURE, *params, "-c:v", "libx265", "-x265-params", "log-level=error", *tags)
    video = result(own_video.check(path, max_seconds=60))
    assert video.hdr
    out = tmp_path / "out.mp4"
    result(own_video.encode(path, video, out, source_type=None, settings=SETTINGS))
    with av.open(str(out)) as opened:
        assert (opened.streams.video[0].pix_fmt, opened.streams.video[0].codec_context.color_trc) == ("yuv420p", 1)


def test_what_cannot_be_used_is_said(film: Callable[..., Path], tmp_path: Path) -> None:
    whole = film("whole.mp4", *PICTURE, *TONE, "-movflags", "+faststart")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    headless = tmp_path / "headless.mp4"
    headless.write_bytes(film("plain.mp4", *PICTURE).read_bytes()[:3000])
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{whole}\n#EXT-X-ENDLIST\n")
    live = film("live.mkv", *PICTURE, "-f", "matroska", "-live", "1")
    assert "damaged" in refusal(cut)
    assert "damaged" in refusal(headless)
    assert "video file cannot be used" in refusal(playlist), "a playlist would have other files opened"
    assert "longer than" in refusal(live, max_seconds=1), "its length is not written in the file"
    assert "sound and no picture" in refusal(film("song.m4a", *TONE))
    assert "single picture" in refusal(film("still.mp4", *PICTURE, "-frames:v", "1"))
