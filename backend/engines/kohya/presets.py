"""How a training is fitted into a card: what is traded for memory at 8, 12, 16 and 24 GB. Pure.

Source of the choices: sd-scripts' own documents (docs/train_SDXL-en.md, docs/train_network.md), and the memory figures of
`backend.training.estimates`.
"""

from __future__ import annotations

from dataclasses import dataclass

GB = 1024
_SHORT = 0.9
"""A card of 8 GB reports a little less."""


@dataclass(frozen=True, slots=True)
class Preset:
    """`gb`: memory of the card it is for; 0: a processor. `at_once`: pictures in memory at the model's own side.

    `checkpointing`: counts layers again in the backward pass. `eight_bit`: AdamW8bit, where bitsandbytes is installed.
    `cache_text`: the text encoders' outputs are made once and the encoders leave the card; they are not trained then and no
    caption is dropped. `fp8`: the frozen U-Net in 8 bits.
    """

    gb: int
    at_once: int
    checkpointing: bool = False
    eight_bit: bool = False
    cache_text: bool = False
    fp8: bool = False

    @property
    def title(self) -> str:
        """In words, for a person: `for a card of 12 GB: gradient checkpointing, 8-bit optimizer`."""
        where = f"for a card of {self.gb} GB" if self.gb else "for a processor"
        parts = (
            ("gradient checkpointing", self.checkpointing),
            ("8-bit optimizer", self.eight_bit),
            ("text encoders cached", self.cache_text),
            ("U-Net in 8 bits", self.fp8),
        )
        return ": ".join(filter(None, (where, ", ".join(name for name, on in parts if on))))


_PROCESSOR = Preset(0, 1_000)
_PRESETS = {
    "sd15": (
        Preset(8, 4, checkpointing=True, eight_bit=True),
        Preset(12, 8, checkpointing=True),
        Preset(16, 4),
        Preset(24, 8),
    ),
    "sdxl": (
        Preset(8, 1, checkpointing=True, eight_bit=True, cache_text=True, fp8=True),
        Preset(12, 1, checkpointing=True, eight_bit=True, cache_text=True),
        Preset(16, 2, checkpointing=True, eight_bit=True),
        Preset(24, 4, checkpointing=True),
    ),
}


def for_card(base: str, vram_mb: int) -> Preset:
    """The largest that fits a card of `vram_mb`; 0: a processor. `base`: `sd15` or `sdxl`. Less than 8 GB gets that of 8."""
    if vram_mb <= 0:
        return _PROCESSOR
    ladder = _PRESETS[base]
    return next((one for one in reversed(ladder) if vram_mb >= one.gb * GB * _SHORT), ladder[0])


def split(batch: int, preset: Preset, area: float) -> tuple[int, int]:
    """(pictures at once, how many times before the weights change): together `batch`. `area`: 1 at the model's own side."""
    most = max(1, int(preset.at_once / area))
    at_once = next(n for n in range(min(batch, most), 0, -1) if batch % n == 0)
    return at_once, batch // at_once
