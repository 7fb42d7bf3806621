"""What is kept of a picture of another shape: its face, found once, or what somebody chose."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from backend import assets, reels
from backend.app import App
from backend.assets import AssetCard
from backend.engines.local import starter_model
from backend.errors import ProcessKilled
from backend.media.ffmpeg.camera_moves import focus_on, view_path
from backend.media.ffmpeg.film_order import STATIC_MOVE, FilmScene, FinishOrder
from backend.media.ffmpeg.finishing import finish
from backend.media.ffmpeg.sound_mix import SoundMix
from backend.media.images import faces
from backend.reels import ReelCard, ReelDraft, SceneDraft
from backend.reels.clips import Canvas, plan_clip
from backend.reels.focus import with_focus
from backend.reels.schemas import ReelStyle, RenderPayload
from backend.reels.timeline import film_parts, timeline
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.support.context import make_context
from tests.support.media_files import SETTINGS, result

PORTRAIT = starter_model.HERE / "characters" / "bella" / "00.jpg"
FIND, CAN_FIND = faces.find, faces.can_find


@pytest.mark.parametrize(
    ("point", "size", "shape", "focus"),
    [
        ((0.5, 0.5), (1600, 900), 9 / 16, 0.5),
        ((0.0, 0.9), (1600, 900), 9 / 16, 0.0),
        ((0.75, 0.1), (2000, 1000), 1.0, 1.0),
        ((0.6, 0.1), (2000, 1000), 1.0, 0.7),
        ((0.9, 0.3), (900, 1600), 1.0, (0.3 * 1600 - 450) / 700),
        ((0.9, 0.3), (900, 1600), 9 / 16, 0.5),
    ],
)
def test_a_crop_has_the_point_in_its_middle_as_far_as_it_can(
    point: tuple[float, float], size: tuple[int, int], shape: float, focus: float
) -> None:
    assert focus_on(point, size, shape) == pytest.approx(focus)


@pytest.mark.parametrize("move", ["push-in", "pull-out"])
@pytest.mark.parametrize("point", [(0.0, 0.0), (1.0, 0.2), (0.55, 0.4)])
def test_a_zoom_goes_to_the_point_and_never_leaves_what_it_showed_first(move: str, point: tuple[float, float]) -> None:
    size, shape = (1600, 1200), 1.0
    path = view_path(move, picture=size, shape=shape, focus=focus_on(point, size, shape), movement=1.0, seconds=3, point=point)
    x, y, width, height = path.region
    views = [path.at(n / 30) for n in range(31)]
    for view in views:
        half = view.width / 2
        assert abs(view.x - (x + width / 2)) <= width / 2 - half + 1e-6
        assert abs(view.y - (y + height / 2)) <= height / 2 - half + 1e-6
    nearest, farthest = sorted((views[0], views[-1]), key=lambda view: view.width)
    wanted = (point[0] * size[0], point[1] * size[1])
    assert np.hypot(nearest.x - wanted[0], nearest.y - wanted[1]) <= np.hypot(farthest.x - wanted[0], farthest.y - wanted[1])
    if point == (0.55, 0.4):
        assert (nearest.x, nearest.y) == pytest.approx(wanted)


def test_the_film_shows_what_is_to_be_kept(tmp_path: Path) -> None:
    """A wide picture, red on the left, blue on the right."""
    picture = np.zeros((600, 1200, 3), np.uint8)
    picture[:, :600, 0], picture[:, 600:, 2] = 200, 200
    path, out = tmp_path / "wide.png", tmp_path / "film.mp4"
    Image.fromarray(picture).save(path)
    scenes = tuple(
        FilmScene(path, "picture", (1200, 600), 0.1, move=move, point=point)
        for move in (STATIC_MOVE, "push-in")
        for point in ((0.1, 0.5), (0.9, 0.5))
    )
    result(finish(FinishOrder(scenes, (108, 192), SoundMix(0.4), fps=20, preset="veryfast"), out, settings=SETTINGS))
    with av.open(str(out)) as container:
        colours = [frame.to_ndarray(format="rgb24").mean((0, 1)).argmax() for frame in container.decode(video=0)]
    assert colours == [0, 0, 2, 2, 0, 0, 2, 2]


def test_a_face_is_found_once_and_what_somebody_chose_goes_before_it(
    studio: App, workspace: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[Sequence[Path]] = []

    def counted(paths: Sequence[Path]) -> Any:
        looked_at.append(paths)
        return FIND(paths)

    monkeypatch.setattr(faces, "find", counted)
    card, files = reel_of_pictures(studio, workspace, tmp_path)
    context = make_context(studio, workspace, "reel-render", RenderPayload(reel_id=card.id))
    assert [scene.focus for scene in with_focus(context, card.scenes, files)] == [None, None, [0.0, 1.0]], (
        "no detector: the middle"
    )
    monkeypatch.setattr(faces, "can_find", CAN_FIND)
    monkeypatch.setattr(faces, "find", _killed)
    assert with_focus(context, card.scenes, files)[0].focus is None, "what failed is no error"
    monkeypatch.setattr(faces, "find", counted)
    found = with_focus(context, card.scenes, files)
    assert found[0].focus == pytest.approx([0.12, 0.46], abs=0.05)
    assert [scene.focus for scene in found[1:]] == [None, [0.0, 1.0]], "no face; chosen"
    assert len(looked_at) == 1
    with studio.db.transaction(workspace.caller) as tx:
        seen = {n: (assets.get(tx, file.id), path) for n, (file, path) in files.items()}
    assert [scene.focus for scene in with_focus(context, card.scenes, seen)] == [scene.focus for scene in found]
    assert len(looked_at) == 1, "it stands with the file"

    canvas = Canvas(108, 192, "veryfast", ReelStyle(), reels.FORMATS[card.format].safe)
    parts = film_parts(timeline(card.scenes, {}, max_seconds=None))
    cards = {n: file for n, (file, _) in files.items()}
    before, after = ([plan_clip(part, scenes, cards, canvas).digest for part in parts] for scenes in (card.scenes, found))
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True, True], "only what looks different is new"


def _killed(_: Sequence[Path]) -> Any:
    yield from ()
    raise ProcessKilled("ended from outside")


def reel_of_pictures(studio: App, workspace: Tenant, folder: Path) -> tuple[ReelCard, dict[int, tuple[AssetCard, Path]]]:
    """Three scenes: somebody at the left of a wide picture, nobody, and a picture with a focus of its own."""
    wide = Image.new("RGB", (2048, 512), (90, 120, 90))
    wide.paste(Image.open(PORTRAIT), (0, 0))
    pictures = [wide, Image.new("RGB", (800, 600), (90, 120, 90)), Image.open(PORTRAIT)]
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        asset_ids, paths = [], []
        for n, picture in enumerate(pictures):
            buffer = io.BytesIO()
            picture.save(buffer, "PNG")
            asset_ids.append(make_asset(tx, data=buffer.getvalue(), width=picture.width, height=picture.height))
            paths.append(folder / f"{n}.png")
            paths[-1].write_bytes(buffer.getvalue())
        scenes = [SceneDraft(asset_id=asset_id, seconds=1, movement="still") for asset_id in asset_ids]
        scenes[2] = scenes[2].model_copy(update={"focus": [0.0, 1.0]})
        card = reels.create(tx, ReelDraft(title="Faces", voice_id=None), scenes=scenes)
        cards = assets.get_many(tx, asset_ids)
    return card, {n: (cards[asset_id], paths[n]) for n, asset_id in enumerate(asset_ids)}
