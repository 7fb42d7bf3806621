"""Child side: the adapters on a loaded model, one optimizer step, and the loss. The inner loop: keep it lean."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler
from peft import LoraConfig

from backend.engines.local.diffusers.model_folder import LoadedModel
from backend.engines.local.peft.data import StepBatch, TrainingData
from backend.engines.local.peft.prior import Prior
from backend.engines.ports.trainer import TrainParams

ATTENTION = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2"]
CONVOLUTIONS = ["conv1", "conv2", "time_emb_proj"]
"""Layers of a ResNet block that kohya trains; the last one injects the time embedding, and pooled text where the model has
it."""
TEXT = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
MAX_GRAD_NORM = 1.0  # of the gradient, as kohya clips it


class Learner:
    """LoRA adapters on the UNet (and the text encoder), AdamW, and the model's own noise schedule."""

    def __init__(self, model: LoadedModel, dataset: TrainingData, params: TrainParams, prior: Prior | None = None) -> None:
        self.model, self.dataset, self.params, self.prior = model, dataset, params, prior
        self.schedule: Any = DDPMScheduler.from_config(model.components["scheduler"].config)
        self.timesteps = int(self.schedule.config.num_train_timesteps)
        self.adapted = self._adapt()
        groups: list[dict[str, Any]] = [
            {"params": [weight for weight in part.parameters() if weight.requires_grad], "lr": rate, "base_lr": rate}
            for part, rate in self.adapted
        ]
        self.weights: list[torch.Tensor] = [weight for group in groups for weight in group["params"]]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=model.device.type in {"cpu", "cuda"})
        self._tokens = torch.cat([dataset.tokens, prior.tokens]) if prior else dataset.tokens
        self._embedded = None if params.text_encoder_lr > 0 else self._embed(self._tokens)
        self._weighting = self._min_snr() if params.min_snr_gamma > 0 else None

    def step(self, batch: StepBatch, step: int) -> torch.Tensor:
        """One optimizer step (numbered from 1). Returns the raw loss as a tensor on the device, without waiting for it."""
        factor = rate_factor(self.params, step)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        loss, weighted = self._loss(batch, self.prior.rows(self.params, step) if self.prior else None)
        self.optimizer.zero_grad(set_to_none=True)
        weighted.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, MAX_GRAD_NORM)
        self.optimizer.step()
        return loss.detach()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def mean_loss(self, batches: list[StepBatch]) -> float:
        """Mean squared error over the fixed batches with the current adapters."""
        losses = [self._loss(batch)[0] * len(batch.captions) for batch in batches]
        return float(torch.stack(losses).sum()) / sum(len(batch.captions) for batch in batches)

    def _loss(self, batch: StepBatch, prior_rows: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """The raw loss of the pictures, and the loss to minimise: weighted, plus that of the prior's rows `prior_rows`."""
        device, count = self.model.device, len(batch.captions)
        noise, timesteps, captions = batch.noise.to(device), batch.timesteps.to(device), batch.captions
        noisy = self.schedule.add_noise(batch.latents, noise, timesteps)
        is_velocity = self.schedule.config.prediction_type == "v_prediction"
        target = self.schedule.get_velocity(batch.latents, noise, timesteps) if is_velocity else noise
        if self.prior and prior_rows is not None:
            noisy, target = (
                torch.cat([noisy, self.prior.noisy[prior_rows]]),
                torch.cat([target, self.prior.guesses[prior_rows]]),
            )
            timesteps = torch.cat([timesteps, self.prior.timesteps[prior_rows].to(device)])
            captions = torch.cat([captions, self.prior.prompts[prior_rows] + len(self.dataset.tokens)])
        if device.type == "cpu":
            noisy = noisy.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            guess = self.model.unet(noisy, timesteps, self._texts(captions), return_dict=False)[0]
        losses = F.mse_loss(guess.float(), target, reduction="none").mean(dim=(1, 2, 3))
        weighted = losses if self._weighting is None else losses * self._weighting[timesteps]
        total = weighted[:count].mean()
        if len(losses) > count:
            total = total + self.params.prior_weight * weighted[count:].mean()
        return losses[:count].mean(), total

    def _texts(self, captions: torch.Tensor) -> torch.Tensor:
        if self._embedded is not None:
            return self._embedded[captions.to(self._embedded.device)]
        return self._encode(self._tokens[captions])

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _embed(self, tokens: torch.Tensor) -> torch.Tensor:
        return torch.cat([self._encode(part) for part in tokens.split(16)])

    def _encode(self, tokens: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = self.model.components["text_encoder"](tokens.to(self.model.device))[0]
        return hidden

    def _adapt(self) -> list[tuple[Any, float]]:
        """Adds the adapters, initialised from the seed. Returns the adapted parts with their learning rates."""
        params = self.params
        targets = ATTENTION + (CONVOLUTIONS if params.train_convolutions else [])
        torch.manual_seed(params.seed)
        self.model.unet.add_adapter(_config(params, targets))
        parts = [(self.model.unet, params.unet_lr)]
        if params.text_encoder_lr > 0:
            self.model.components["text_encoder"].add_adapter(_config(params, TEXT))
            parts.append((self.model.components["text_encoder"], params.text_encoder_lr))
        for part, _ in parts:
            for weight in part.parameters():
                if weight.requires_grad:
                    weight.data = weight.data.float()
        if self.model.device.type == "cpu":
            self.model.unet.to(memory_format=torch.channels_last)  # saves a tenth of each step
        return parts

    def _min_snr(self) -> torch.Tensor:
        """Min-SNR loss weight per timestep (Hang et al. 2023): nearly clean noise levels no longer dominate."""
        alphas = self.schedule.alphas_cumprod.double()
        ratio = alphas / (1 - alphas).clamp(min=1e-12)
        capped = ratio.clamp(max=self.params.min_snr_gamma)
        is_velocity = self.schedule.config.prediction_type == "v_prediction"
        weights: torch.Tensor = capped / (ratio + 1 if is_velocity else ratio.clamp(min=1e-12))
        return weights.float().to(self.model.device)


def rate_factor(params: TrainParams, step: int) -> float:
    """Share of the learning rate at `step` (from 1): warm-up, then constant, cosine or linear down to the last step."""
    if step <= params.warmup_steps:
        return step / params.warmup_steps
    progress = (step - 1 - params.warmup_steps) / max(1, params.steps - params.warmup_steps)
    if params.scheduler == "cosine":
        return 0.5 * (1 + math.cos(math.pi * progress))
    return 1 - progress if params.scheduler == "linear" else 1.0


def _config(params: TrainParams, targets: list[str]) -> LoraConfig:
    return LoraConfig(r=params.network_dim, lora_alpha=params.network_alpha, target_modules=targets)
