"""Memory presets: what a training trades for memory on devices of 8, 12, 16 and 24 GB. Pure.

Sources: sd-scripts' own documents (docs/train_SDXL-en.md, docs/train_network.md), and the memory figures of
`backend.training.estimates`.
"""

from __future__ import annotations

from dataclasses import dataclass

GB = 1024
_REPORTED_SHARE = 0.9
"""Devices report a little less than their nominal memory."""


@dataclass(frozen=True, slots=True)
class MemoryPreset:
    """`gb`: memory of the device it is for; 0: a CPU. `micro_batch`: pictures in memory at the model's own side.

    `checkpointing`: gradient checkpointing. `eight_bit`: AdamW8bit, where bitsandbytes is installed. `cache_text`: the text
    encoders' outputs are computed once and the encoders unloaded; they are not trained then and no caption is dropped.
    `fp8`: the frozen U-Net in 8 bits.
    """

    gb: int
    micro_batch: int
    checkpointing: bool = False
    eight_bit: bool = False
    cache_text: bool = False
    fp8: bool = False

    @property
    def title(self) -> str:
        """For people: `for a card of 12 GB: gradient checkpointing, 8-bit optimizer`."""
        device = f"for a card of {self.gb} GB" if self.gb else "for a processor"
        parts = (
            ("gradient checkpointing", self.checkpointing),
            ("8-bit optimizer", self.eight_bit),
            ("text encoders cached", self.cache_text),
            ("U-Net in 8 bits", self.fp8),
        )
        return ": ".join(filter(None, (device, ", ".join(name for name, on in parts if on))))


_PROCESSOR = MemoryPreset(0, 1_000)
_PRESETS = {
    "sd15": (
        MemoryPreset(8, 4, checkpointing=True, eight_bit=True),
        MemoryPreset(12, 8, checkpointing=True),
        MemoryPreset(16, 4),
        MemoryPreset(24, 8),
    ),
    "sdxl": (
        MemoryPreset(8, 1, checkpointing=True, eight_bit=True, cache_text=True, fp8=True),
        MemoryPreset(12, 1, checkpointing=True, eight_bit=True, cache_text=True),
        MemoryPreset(16, 2, checkpointing=True, eight_bit=True),
        MemoryPreset(24, 4, checkpointing=True),
    ),
}


def preset_for(base: str, vram_mb: int) -> MemoryPreset:
    """The largest preset for `vram_mb` MB; 0: a CPU. `base`: `sd15` or `sdxl`. Less than 8 GB gets the preset of 8."""
    if vram_mb <= 0:
        return _PROCESSOR
    presets = _PRESETS[base]
    return next((preset for preset in reversed(presets) if vram_mb >= preset.gb * GB * _REPORTED_SHARE), presets[0])


def split_batch(batch: int, preset: MemoryPreset, area: float) -> tuple[int, int]:
    """(micro batch, accumulation steps), whose product is `batch`. `area`: relative to the model's own size, 1 there."""
    maximum = max(1, int(preset.micro_batch / area))
    micro_batch = next(n for n in range(min(batch, maximum), 0, -1) if batch % n == 0)
    return micro_batch, batch // micro_batch
