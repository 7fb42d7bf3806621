"""A kohya trainer on the fake sd-scripts (tests/servers/kohya), with tiny checkpoints of both families."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from backend.engines.kohya.trainer import KohyaTrainer
from backend.engines.ports.trainer import StartCheckpoint, TrainImage, TrainParams, TrainRequest
from backend.settings import Settings
from tests.factories.checkpoints import write_checkpoint
from tests.servers import kohya

SIDES = {"sd15": 512, "sdxl": 1024}


@dataclass
class Rig:
    """`folder`: KOHYA_DIR. `root`: everything of this test."""

    root: Path
    folder: Path
    models: Path
    settings: Settings
    trainer: KohyaTrainer
    names: dict[str, str] = field(default_factory=lambda: {base: f"{base}/base.safetensors" for base in SIDES})
    """Family -> checkpoint."""

    def faults(self, **faults: Any) -> None:
        """Of runs that start from now on."""
        kohya.set_faults(self.folder, **faults)

    def request(
        self,
        base: str = "sd15",
        *,
        resume: Path | None = None,
        start: StartCheckpoint | None = None,
        images: int = 4,
        workdir: Path | None = None,
        prompts: tuple[str, ...] = ("portrait of bella --w 8, smiling",),
        device: str = "",
        **changes: Any,
    ) -> TrainRequest:
        """Six steps on four grey pictures; parameters by name."""
        values: dict[str, Any] = {
            "steps": 6,
            "batch": 2,
            "resolution": SIDES[base],
            "network_dim": 4,
            "network_alpha": 2.0,
            "unet_lr": 1e-3,
            "text_encoder_lr": 0.0,
            "scheduler": "constant",
            "warmup_steps": 0,
            "repeats": 1,
            "seed": 5,
            "save_every": 0,
            "sample_every": 0,
            "caption_dropout": 0.0,
        }
        folder = self.root / "originals"
        folder.mkdir(exist_ok=True)
        for n in range(images):
            Image.new("RGB", (80, 60), (n, 50, 90)).save(folder / f"{n}.jpg")
        work = workdir or self.root / f"work-{len(list(self.root.glob('work-*')))}"
        work.mkdir(exist_ok=True)
        pictures = tuple(TrainImage(folder / f"{n}.jpg", f"bella,  secret number {n}\nat night") for n in range(images))
        return TrainRequest(
            model=self.names[base],
            name="bella-v1",
            images=pictures,
            params=TrainParams(**values | changes),
            sample_prompts=prompts,
            sample_negative="blurry",
            workdir=work,
            resume=resume,
            start=start,
            device=device,
        )


def make(root: Path, **settings: Any) -> Rig:
    folder, models = kohya.install(root / "sd-scripts"), root / "checkpoints"
    for base in ("sd15", "sdxl", "flux", "sd21"):
        write_checkpoint(models / base / "base.safetensors", base)
    chosen: dict[str, Any] = {
        "KOHYA_DIR": folder,
        "KOHYA_PYTHON": Path(sys.executable),
        "KOHYA_MODELS_DIR": models,
        "STUDIO_DATA": root / "var",
        "ENGINE_DEVICE": "cpu",
    }
    rig_settings = Settings.read(**chosen | settings)
    return Rig(root, folder, models, rig_settings, KohyaTrainer(rig_settings))


def real(root: Path) -> Rig | None:
    """The one that KOHYA_DIR, KOHYA_PYTHON and KOHYA_MODELS_DIR name; None without KOHYA_DIR."""
    settings = Settings.read()
    if settings.engines.kohya.folder is None:
        return None
    trainer = KohyaTrainer(settings)
    names = {card.base: card.name for card in reversed(trainer.models())}
    return Rig(root, settings.engines.kohya.folder, settings.engines.kohya.models_dir or Path(), settings, trainer, names)
