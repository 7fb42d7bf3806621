"""The command line of sd-scripts for one attempt of a run. Pure.

Names and defaults: docs/contracts/kohya.md, 2; those not listed there are from the source of the same commit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from backend.engines.ports.trainer import MemoryPreset, TrainParams

SCRIPTS = {"sd15": "train_network.py", "sdxl": "sdxl_train_network.py"}
NAME = "lora"
"""The name of every file it writes. Not the run's name, which would end up in the metadata."""
INSIDE = Path(__file__).parent / "inside"
"""Put on the scripts' PYTHONPATH."""
_SEEDS = 2**32


@dataclass(frozen=True, slots=True)
class KohyaPlan:
    """One attempt of a run. `done`: steps of earlier attempts, `state`: their state folder; the scripts count from 1 again.

    `micro_batch` pictures times `accumulation_steps` are a batch. `precision`: no, fp16, bf16. `weights`: a LoRA to start from.
    `sample_every` 0: no samples. All paths are absolute.
    """

    base: str
    checkpoint: Path
    params: TrainParams
    preset: MemoryPreset
    dataset_config: Path
    output_dir: Path
    logging_dir: Path
    tokenizers: Path
    micro_batch: int
    accumulation_steps: int
    precision: str
    eight_bit: bool
    cache_text: bool
    sample_every: int = 0
    sample_prompts: Path | None = None
    done: int = 0
    state: Path | None = None
    weights: Path | None = None

    @property
    def steps(self) -> int:
        return self.params.steps - self.done


def arguments(plan: KohyaPlan) -> list[str]:
    """The command line after the python: script name, then options."""
    params = plan.params
    options: dict[str, object] = {
        "pretrained_model_name_or_path": plan.checkpoint,
        "dataset_config": plan.dataset_config,
        "output_dir": plan.output_dir,
        "output_name": NAME,
        "save_model_as": "safetensors",
        "save_precision": "fp16",
        "network_module": "networks.lora",
        "network_dim": params.network_dim,
        "network_alpha": params.network_alpha,
        "learning_rate": params.unet_lr,
        "unet_lr": params.unet_lr,
        "optimizer_type": "AdamW8bit" if plan.eight_bit else "AdamW",
        "max_grad_norm": 1.0,
        "max_train_steps": plan.steps,
        "gradient_accumulation_steps": plan.accumulation_steps,
        "mixed_precision": plan.precision,
        "max_token_length": 225,
        "seed": (params.seed + plan.done) % _SEEDS,
        # 0: no loader processes, which take seconds to start; the latents are cached anyway.
        "max_data_loader_n_workers": 0,
        "logging_dir": plan.logging_dir,
        "log_with": "tensorboard",
        "tokenizer_cache_dir": plan.tokenizers,
    }
    flags = ["cache_latents", "sdpa", "no_metadata", "console_log_simple"]
    if params.text_encoder_lr > 0 and not plan.cache_text:
        options["text_encoder_lr"] = params.text_encoder_lr
    else:
        flags.append("network_train_unet_only")
    if 0 < params.save_every < plan.steps:
        options["save_every_n_steps"] = params.save_every
        flags.append("save_state")
    if plan.sample_every and plan.sample_prompts:
        options |= {"sample_every_n_steps": plan.sample_every, "sample_prompts": plan.sample_prompts}
    if params.min_snr_gamma > 0:
        options["min_snr_gamma"] = params.min_snr_gamma
    if plan.state is not None:
        # 0 overrides the state's own step: train exactly the remaining steps, not whole epochs.
        options |= {"resume": plan.state, "initial_step": 0}
    if plan.weights is not None:
        options["network_weights"] = plan.weights
    if plan.preset.checkpointing:
        flags.append("gradient_checkpointing")
    if plan.preset.fp8 and plan.precision != "no":
        flags.append("fp8_base")
    if plan.base == "sdxl":
        flags.append("no_half_vae")  # in half precision this VAE gives NaN
        if plan.cache_text:
            flags.append("cache_text_encoder_outputs")
    option_words = [part for name, value in options.items() for part in (f"--{name}", _argument_text(value))]
    convolutions = [f"conv_dim={params.network_dim}", f"conv_alpha={_argument_text(params.network_alpha)}"]
    return [
        SCRIPTS[plan.base],
        *option_words,
        *_schedule(plan),
        *(["--network_args", *convolutions] if params.train_convolutions else []),
        *(f"--{flag}" for flag in flags),
    ]


def environment(device: str) -> dict[str, str]:
    """Environment variables to train on `device` (cuda:N, cpu, mps) with unbuffered output."""
    variables = {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(INSIDE)}
    kind, _, number = device.partition(":")
    if kind == "cuda" and number:
        variables |= {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": number}  # as nvidia-smi counts them
    elif kind == "cpu":
        variables |= {"CUDA_VISIBLE_DEVICES": "", "ACCELERATE_USE_CPU": "true"}
    return variables


def sample_every(every: int, save_every: int, steps: int) -> int:
    """How often samples are drawn so that no step both draws and saves: `every` or the nearest below, else above. 0: never.

    `save_every` 0: nothing is saved on the way.
    """
    if every <= 0:
        return 0
    if not 0 < save_every < steps:
        return every
    candidates = [n for n in (*range(every, 0, -1), *range(every + 1, steps + 1)) if math.lcm(n, save_every) > steps]
    return next(iter(candidates), 0)


def _schedule(plan: KohyaPlan) -> list[str]:
    params = plan.params
    shape, warmup = params.scheduler, params.warmup_steps
    if plan.state is not None and shape != "constant":
        scheduler_args = [f"shape={shape!r}", f"total={params.steps}", f"warmup={warmup}"]
        return ["--lr_scheduler_type", "studio_schedule.WholeRun", "--lr_scheduler_args", *scheduler_args]
    if shape == "constant" and not warmup:
        return ["--lr_scheduler", shape]  # the scripts refuse warm-up steps with a constant schedule
    return ["--lr_scheduler", "constant_with_warmup" if shape == "constant" else shape, "--lr_warmup_steps", str(warmup)]


def _argument_text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
