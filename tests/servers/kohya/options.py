"""The arguments of sd-scripts that are used here, with their real names and defaults (kohya.md, 2)."""

from __future__ import annotations

import argparse


def _int_or_float(value: str) -> float:
    return int(value) if float(value) >= 1 else float(value)


def parse(base: str) -> argparse.Namespace:
    """rc 2 and the usage on stderr for a name that is not there (kohya.md, 7)."""
    parser = argparse.ArgumentParser(
        prog={"sd15": "train_network.py", "sdxl": "sdxl_train_network.py"}[base], allow_abbrev=False
    )
    texts = (
        "pretrained_model_name_or_path",
        "dataset_config",
        "output_dir",
        "logging_dir",
        "network_module",
        "network_weights",
        "sample_prompts",
        "tokenizer_cache_dir",
        "resume",
        "save_precision",
        "lr_scheduler_type",
        "train_data_dir",
        "network_alpha",
        "log_prefix",
    )
    for name in texts:
        parser.add_argument(f"--{name}")
    for name, default in (
        ("output_name", "last"),
        ("save_model_as", "safetensors"),
        ("optimizer_type", ""),
        ("lr_scheduler", "constant"),
        ("mixed_precision", "no"),
        ("sample_sampler", "ddim"),
        ("log_with", None),
    ):
        parser.add_argument(f"--{name}", default=default)
    for name, number in (
        ("network_dim", None),
        ("max_train_steps", 1600),
        ("max_train_epochs", None),
        ("gradient_accumulation_steps", 1),
        ("save_every_n_steps", None),
        ("save_every_n_epochs", None),
        ("save_last_n_steps", None),
        ("sample_every_n_epochs", None),
        ("max_token_length", None),
        ("max_data_loader_n_workers", 8),
        ("seed", None),
        ("sample_every_n_steps", None),
        ("initial_step", None),
        ("initial_epoch", None),
        ("clip_skip", None),
    ):
        parser.add_argument(f"--{name}", type=int, default=number)
    for name, value in (("learning_rate", 2e-6), ("unet_lr", None), ("max_grad_norm", 1.0), ("min_snr_gamma", None)):
        parser.add_argument(f"--{name}", type=float, default=value)
    parser.add_argument("--text_encoder_lr", type=float, nargs="*")
    parser.add_argument("--lr_warmup_steps", type=_int_or_float, default=0)
    parser.add_argument("--lr_scheduler_args", nargs="*")
    parser.add_argument("--network_args", nargs="*")
    flags = [
        "network_train_unet_only",
        "gradient_checkpointing",
        "sdpa",
        "xformers",
        "cache_latents",
        "cache_latents_to_disk",
        "no_half_vae",
        "lowram",
        "fp8_base",
        "save_state",
        "save_state_on_train_end",
        "sample_at_first",
        "console_log_simple",
        "no_metadata",
        "dim_from_weights",
        "skip_until_initial_step",
        "masked_loss",
    ]
    if base == "sdxl":
        flags += ["cache_text_encoder_outputs", "cache_text_encoder_outputs_to_disk"]
    for name in flags:
        parser.add_argument(f"--{name}", action="store_true")
    return parser.parse_args()
