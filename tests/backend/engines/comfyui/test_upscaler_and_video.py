"""Larger copies and films from a faithful ComfyUI server: real sizes, no graph in the files, refusals as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from backend.engines.comfyui.upscaler import ComfyUpscaler
from backend.engines.comfyui.video_engine import ComfyMotion, fit_size
from backend.engines.local.camera import CARDS
from backend.engines.local.pillow_upscaler import RESAMPLE_CARD as RESAMPLED
from backend.engines.ports.events import Event, Handle, Output, Progress
from backend.engines.ports.motion import MotionEngine, MotionRequest
from backend.engines.ports.upscale import UpscaleRequest
from backend.engines.registry import build_engines
from backend.errors import EngineUnavailable, Rejected, Unsupported
from backend.settings import Settings
from tests.factories.pictures import photo
from tests.servers.comfyui import ComfyServer
from tests.servers.comfyui.server import NEW, OLD

ESRGAN, MODULE, SVD = "4x_Sharp.pth", "mm_sd_v15_v2.ckpt", "svd_xt.safetensors"


@pytest.fixture(scope="module", params=[NEW, OLD])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComfyServer]:
    with ComfyServer(tmp_path_factory.mktemp("comfyui"), version=request.param) as running:
        running.folders.put_checkpoint("photo.safetensors")
        running.folders.put_checkpoint(SVD)
        running.folders.put_model("upscale_models", ESRGAN)
        running.folders.put_model("animatediff_models", MODULE)
        yield running


@pytest.fixture(scope="module")
def settings(server: ComfyServer) -> Settings:
    return Settings.read(env_file=None, COMFYUI_URL=server.url, COMFYUI_MODELS_DIR=str(server.folders.models))


@pytest.fixture
def upscaler(settings: Settings) -> Iterator[ComfyUpscaler]:
    upscaler = ComfyUpscaler(settings)
    yield upscaler
    upscaler.close()


@pytest.fixture
def motion(settings: Settings) -> Iterator[ComfyMotion]:
    motion = ComfyMotion(settings)
    yield motion
    motion.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.jpg"
    path.write_bytes(photo(2, size=(96, 64)))
    return path


def end(events: list[Event]) -> Output:
    [made] = [event for event in events if isinstance(event, Output)]
    return made


def test_the_servers_models_and_the_resampler_are_on_offer(upscaler: ComfyUpscaler) -> None:
    first, last = upscaler.models()
    assert (first.name, first.title, first.detail, first.device) == (ESRGAN, "4x Sharp", True, "image")
    assert (last, last.device) == (RESAMPLED, "")
    assert upscaler.status().ok


@pytest.mark.parametrize("scale", [2, 4])
def test_larger_by_a_model(upscaler: ComfyUpscaler, picture: Path, tmp_path: Path, scale: int) -> None:
    events = list(upscaler.run(UpscaleRequest(ESRGAN, picture, scale, tmp_path)))
    output = end(events)
    assert any(isinstance(event, Handle) for event in events), "found again after a crash"
    with Image.open(output.path) as larger:
        assert (larger.format, larger.size) == ("PNG", (96 * scale, 64 * scale))
        assert not larger.info, "the server's graph stays out"
    assert (output.meta["width"], output.meta["height"]) == (96 * scale, 64 * scale)


def test_the_resampler_needs_no_server(picture: Path, tmp_path: Path) -> None:
    away = ComfyUpscaler(Settings.read(env_file=None, COMFYUI_URL="http://127.0.0.1:9"))
    assert away.models() == [RESAMPLED]
    output = end(list(away.run(UpscaleRequest(RESAMPLED.name, picture, 2, tmp_path))))
    assert output.meta["width"] == 192
    with pytest.raises(EngineUnavailable, match="does not answer"):
        list(away.run(UpscaleRequest(ESRGAN, picture, 2, tmp_path)))
    away.close()


def test_what_cannot_be_enlarged_is_a_sentence(
    upscaler: ComfyUpscaler, settings: Settings, picture: Path, tmp_path: Path
) -> None:
    with pytest.raises(Unsupported, match="put the file into models/upscale_models"):
        list(upscaler.run(UpscaleRequest("other.pth", picture, 2, tmp_path)))
    with pytest.raises(Unsupported, match="2× or 4×"):
        list(upscaler.run(UpscaleRequest(ESRGAN, picture, 3, tmp_path)))
    small = ComfyUpscaler(settings.replace(MAX_IMAGE_PIXELS=1000))
    with pytest.raises(Rejected, match="Choose a smaller factor"):
        list(small.run(UpscaleRequest(ESRGAN, picture, 2, tmp_path)))
    small.close()
    picture.write_bytes(b"nothing")
    with pytest.raises(Rejected, match="Choose another picture"):
        list(upscaler.run(UpscaleRequest(ESRGAN, picture, 2, tmp_path)))


def test_settings_choose(settings: Settings) -> None:
    assert build_engines(settings.replace(TRAINER_ENGINE="peft")).upscaler.name == "comfyui"
    assert build_engines(settings.replace(UPSCALE_ENGINE="pillow")).upscaler.name == "resample"


def asked(picture: Path, folder: Path, **changes: Any) -> MotionRequest:
    whole = {"model": MODULE, "picture": picture, "workdir": folder, "checkpoint": "photo.safetensors", "frames": 6, "steps": 3}
    return MotionRequest(**{**whole, "prompt": "waves at the camera", "seed": 4, **changes})


@pytest.mark.parametrize(("model", "shape", "fps"), [(MODULE, (512, 320), 8), (SVD, (1024, 704), 6)])
def test_a_picture_moves(
    motion: MotionEngine, picture: Path, tmp_path: Path, model: str, shape: tuple[int, int], fps: int
) -> None:
    events = list(motion.run(asked(picture, tmp_path, model=model)))
    made = end(events)
    assert made.path.suffix == ".mp4"
    assert made.path.stat().st_size > 1000
    assert (made.meta["width"], made.meta["height"]) == shape
    assert (made.meta["frames"], round(made.meta["fps"])) == (6, fps)
    steps = [event for event in events if isinstance(event, Progress) and event.total]
    assert steps
    assert steps[-1].done == steps[-1].total


def test_motion_models_are_those_of_the_server(motion: MotionEngine) -> None:
    module, svd, *moves = motion.models()
    assert moves == list(CARDS), "camera moves stay on offer"
    assert (module.device, moves[0].device) == ("image", "")
    assert (module.name, module.prompts, module.base, module.checkpoint) == (MODULE, True, "sd15", True)
    assert (svd.name, svd.prompts, svd.base, svd.checkpoint) == (SVD, False, "", False)
    assert motion.status().ok


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": "other.ckpt"}, "no motion model"),
        ({"frames": 200}, "2 to 64 frames"),
        ({"steps": 0}, "Steps must be"),
        ({"checkpoint": ""}, "Choose one"),
        ({"movement": 3.0}, "movement between"),
    ],
)
def test_what_cannot_move_is_a_sentence(
    motion: MotionEngine, picture: Path, tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(Unsupported, match=says):
        list(motion.run(asked(picture, tmp_path, **changes)))


def test_sides_suit_every_codec(motion: MotionEngine) -> None:
    card = motion.models()[0]
    for size in ((1, 4000), (4000, 1), (333, 777), (512, 512)):
        width, height = fit_size(card, *size)
        assert width % 64 == height % 64 == 0
        assert max(width, height) == 512
