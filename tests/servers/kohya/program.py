"""train_network.py and sdxl_train_network.py from the first line to the last (kohya.md, 4 and 7)."""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
import time
from pathlib import Path

from tests.servers.kohya import options, pictures
from tests.servers.kohya.event_file import EventFile
from tests.servers.kohya.faults import Faults
from tests.servers.kohya.stepping import Stepping
from tests.servers.kohya.writing import Writer, trained

_WIDTH = {"sd15": 768, "sdxl": 2048}


def main(base: str) -> None:
    """Exits as the real one: 0 also without a picture and after NaN (kohya.md, 7)."""
    faults = Faults.read(Path(sys.argv[0]).resolve().parent)
    if faults.module_missing:
        raise ModuleNotFoundError(f"No module named {faults.module_missing!r}")
    Program(options.parse(base), base, faults).run()


class Program:
    """One run of the script for the family `base`."""

    def __init__(self, args: argparse.Namespace, base: str, faults: Faults) -> None:
        self.args, self.base, self.faults = args, base, faults
        self.trained, self.begun, self.step, self.rate_step = 0.0, 0, 0, 0

    def run(self) -> None:
        args = self.args
        if self.faults.no_tokenizer:
            raise TypeError("expected str, bytes or os.PathLike object, not NoneType")
        self.log(f"Loading dataset config from {args.dataset_config}")
        self.found = pictures.load(Path(args.dataset_config))
        for warning in self.found.warnings:
            self.log(warning)
        self.bar(len(self.found.images), len(self.found.images), "read caption")
        self.log(f"{self.found.count} train images with repeats.")
        if not self.found.count or self.faults.no_data:
            # rc 0 and no file (kohya.md, 7): the most treacherous of them
            self.log("No data found. Please verify arguments (train_data_dir must be the parent of folders with images)")
            return
        self._check()
        self.log("preparing accelerator")
        print("accelerator device: cpu")
        self._load_model()
        self._cache()
        self._prepare()
        self._train()

    def log(self, line: str) -> None:
        """To stderr in columns of 80 with file and line, to stdout as it is with --console_log_simple (kohya.md, 4)."""
        if self.args.console_log_simple:
            print(line)
        else:
            for at in range(0, len(line) or 1, 40):
                print(f"INFO     {line[at : at + 40]:40} train_util.py:1", file=sys.stderr)

    def bar(self, done: int, total: int, title: str = "", after: str = "") -> None:
        """tqdm: stderr, carriage return, no line feed."""
        share = done / max(total, 1)
        head = f"{title}: " if title else ""
        marks = "█" * int(share * 10)
        text = f"\r{head}{share * 100:3.0f}%|{marks:10}| {done}/{total} [00:00<00:00,  1.50it/s{after}]"
        sys.stderr.buffer.write(text.encode())
        sys.stderr.flush()

    def _check(self) -> None:
        args = self.args
        if args.network_module is None:
            raise AttributeError("'NoneType' object has no attribute 'startswith'")
        if self.base == "sdxl":
            assert self.found.steps % 32 == 0, "bucket_reso_steps must be divisible by 32"
            if args.cache_text_encoder_outputs:
                assert not self.found.dropout, (
                    "when caching Text Encoder output, either caption_dropout_rate ... cannot be used"
                )
                assert args.network_train_unet_only, (
                    "network for Text Encoder cannot be trained with caching Text Encoder outputs"
                )
        if args.log_with in {"tensorboard", "all"} and args.logging_dir is None:
            raise ValueError("logging_dir is required when log_with is tensorboard")
        if args.optimizer_type == "AdamW8bit" and args.mixed_precision == "no":
            raise ImportError("No bitsandbytes / bitsandbytesがインストールされていないようです")
        if args.lr_scheduler not in {"constant", "constant_with_warmup", "cosine", "linear", "polynomial"}:
            raise ValueError(f"'{args.lr_scheduler}' is not a valid SchedulerType")
        if (args.lr_scheduler == "constant" or args.lr_scheduler_type) and args.lr_warmup_steps:
            raise ValueError(f"{args.lr_scheduler} does not require `num_warmup_steps`. Set None or 0.")

    def _load_model(self) -> None:
        self.log("loading model for process 0/1")
        path = Path(self.args.pretrained_model_name_or_path)
        if not path.exists():
            raise ValueError(
                f'The provided pretrained_model_name_or_path "{path}" is neither a valid local path nor a valid repo id.'
            )
        self.log(f"load StableDiffusion checkpoint: {path}")
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > 100_000_000:
                raise SafetensorError("Error while deserializing header: header too large")
            entries = json.loads(file.read(size))
        time.sleep(self.faults.load_s)
        if self.faults.stuck_at < 0:
            signal.pause()
        width = next(entry["shape"][1] for name, entry in sorted(entries.items()) if name.endswith("attn2.to_k.weight"))
        if width != _WIDTH[self.base]:
            raise RuntimeError("Error(s) in loading state_dict for UNet2DConditionModel: size mismatch for ...")
        self.log("loading u-net: <All keys matched successfully>")

    def _cache(self) -> None:
        if self.args.cache_latents:
            self.log("caching latents with caching strategy.")
            for n in range(len(self.found.images) + 1):
                self.bar(n, len(self.found.images))
        if getattr(self.args, "cache_text_encoder_outputs", False):
            self.log("caching Text Encoder outputs with caching strategy.")

    def _prepare(self) -> None:
        args = self.args
        print("import network module:", args.network_module)
        if args.network_weights:
            self.trained = trained(Path(args.network_weights))
            self.log(f"load weights from {args.network_weights}: <All keys matched successfully>")
        if args.resume:
            folder = Path(args.resume)
            self.log(f"resume training from local state: {args.resume}")
            state = json.loads((folder / "train_state.json").read_text())
            self.trained = trained(folder / "model.safetensors")
            (folder / "optimizer.bin").read_bytes()
            self.rate_step = json.loads((folder / "scheduler.bin").read_text())["last_epoch"]
            self.log("Could not load random states")  # harmless (kohya.md, 8)
            self.begun = state["current_step"] if args.initial_step is None else args.initial_step
        self.per_epoch = math.ceil(self.found.batches / args.gradient_accumulation_steps)
        if args.max_train_epochs:
            args.max_train_steps = args.max_train_epochs * self.per_epoch  # overrides steps (kohya.md, 2)
            print(f"override steps. steps for {args.max_train_epochs} epochs is / {args.max_train_steps}")
        self.epochs = math.ceil(args.max_train_steps / self.per_epoch)
        if self.begun:
            assert args.max_train_steps > self.begun, "max_train_steps should be greater than initial step"

    def _train(self) -> None:
        print("running training / 学習開始")
        print(f"  num train images * repeats / 学習画像の数×繰り返し回数: {self.found.count}")
        print(f"  num batches per epoch / 1epochのバッチ数: {self.found.batches}")
        print(f"  num epochs / epoch数: {self.epochs}")
        print(f"  total optimization steps / 学習ステップ数: {self.args.max_train_steps}")
        events = None
        if self.args.logging_dir and not self.faults.no_events:
            events = EventFile(Path(self.args.logging_dir))
        writer = Writer(self.args, self.base, self.found, self.faults)
        stepping = Stepping(self, writer, events)
        self.bar(0, self.args.max_train_steps, "steps")
        # A resumed run: whole epochs from the saved one, counted from 1 again (kohya.md, 8).
        for epoch in range(self.begun // self.per_epoch, self.epochs):
            print(f"\nepoch {epoch + 1}/{self.epochs}\n")
            stepping.epoch(epoch)
        if events:
            events.close()
        if self.args.save_state or self.args.save_state_on_train_end:
            writer.state(f"{self.args.output_name}-state", self.trained, self.step, self.epochs, {"last_epoch": self.rate_step})
        if not self.faults.no_file:
            last = math.nan if self.faults.nan_quietly else self.trained
            writer.lora(f"{self.args.output_name}.safetensors", last, self.step, self.epochs)
            self.log("model saved.")


class SafetensorError(Exception):
    """As the real library names it."""


SafetensorError.__module__ = "safetensors._safetensors_rust"
