"""`python -m backend.media.ffmpeg.child_camera THREADS STILLS`: the frames of camera moves over still pictures, for ffmpeg's
standard input: raw yuv420p (bt709, limited range), one after the other. STILLS: JSON, a list of `FilmedStill.as_json()`.

Each frame is cut out of the picture by one affine map with sub-pixel precision. ffmpeg's own filters do it worse: `zoompan`
rounds to whole pixels, which shakes, and `perspective` takes 2.5 times as long (docs/contracts/ffmpeg.md, 2).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from PIL import Image

from backend.media.ffmpeg.camera_moves import FilmedStill, View, still_of
from backend.media.images.plain_rgb import to_plain_rgb

Plane = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.float64]
_CHROMA_TO_LUMA = np.array([[2.0, 0, 0], [0, 2, 0.5], [0, 0, 1]])
"""Where the samples of the colour planes lie on the luma plane: beside each second column, between two rows (MPEG-2)."""


def main() -> None:
    Image.MAX_IMAGE_PIXELS = None  # checked when the picture was taken in
    cv2.setNumThreads(int(sys.argv[1]) or -1)
    try:
        for values in json.loads(sys.argv[2]):
            for plane in frames(still_of(values)):
                _write(plane.data.cast("B"))
    except BrokenPipeError:
        os.close(1)  # ffmpeg has all the frames that it wanted


def frames(still: FilmedStill) -> Iterator[Plane]:
    """The planes (luma, then the two of colour) of each frame; they are drawn over by the next frame."""
    planes = _canvas_planes(still)
    width, height = still.size
    out: list[Plane] = [np.empty((height, width), np.uint8)]
    out += [np.empty((height // 2, width // 2), np.uint8) for _ in range(2)]
    for view in still.views():
        luma = view_to_canvas(still, view)
        chroma = np.linalg.inv(_CHROMA_TO_LUMA) @ luma @ _CHROMA_TO_LUMA
        # colour is half as fine: nobody sees the difference that cubic interpolation would make
        for n, (matrix, flags) in enumerate(((luma, cv2.INTER_CUBIC), (chroma, cv2.INTER_LINEAR), (chroma, cv2.INTER_LINEAR))):
            size = (out[n].shape[1], out[n].shape[0])
            cv2.warpAffine(planes[n], matrix[:2], size, out[n], flags | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
            yield out[n]


def view_to_canvas(still: FilmedStill, view: View) -> Matrix:
    """3 x 3: px of a frame -> px of the canvas. The middle of a pixel is a whole number."""
    left, top, region_width, region_height = still.view_path.region
    width, height = still.canvas()
    canvas_scale = np.diag([width / region_width, height / region_height, 1.0])
    to_picture = np.array([[1, 0, view.x - left], [0, 1, view.y - top], [0, 0, 1.0]])
    turned = np.array([[np.cos(view.turn), -np.sin(view.turn), 0], [np.sin(view.turn), np.cos(view.turn), 0], [0, 0, 1.0]])
    zoom = view.width / still.size[0]
    from_middle = np.array([[zoom, 0, -zoom * still.size[0] / 2], [0, zoom, -zoom * still.size[1] / 2], [0, 0, 1.0]])
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    return np.asarray(np.linalg.inv(half) @ canvas_scale @ to_picture @ turned @ from_middle @ half, np.float64)


def _canvas_planes(still: FilmedStill) -> list[Plane]:
    """The part of the picture that is ever visible, scaled to the canvas: luma and the two planes of colour."""
    with Image.open(still.path) as opened:
        picture = to_plain_rgb(opened)
    left, top, width, height = still.view_path.region
    box = (left, top, left + width, top + height)
    scaled = picture.resize(still.canvas(), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    frame = av.VideoFrame.from_ndarray(np.asarray(scaled), format="rgb24").reformat(
        format="yuv420p",
        interpolation=Interpolation.LANCZOS,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
    )
    planes = []
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        planes.append(np.ascontiguousarray(rows[: plane.height, : plane.width]))
    return planes


def _write(data: memoryview) -> None:
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    main()
