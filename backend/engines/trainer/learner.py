"""Child side: the adapters on a loaded model, one optimizer step, and the loss. The inner loop, kept as thin as a plain one."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler
from peft import LoraConfig

from backend.engines.diffusion.folder import Model
from backend.engines.trainer.data import Draws, Material
from backend.engines.trainer.port import TrainParams
from backend.engines.trainer.prior import Prior

ATTENTION = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2"]
CONVOLUTIONS = ["conv1", "conv2", "time_emb_proj"]
"""What kohya trains of a ResNet block. The last brings the pooled text in: traits follow from what a prompt leaves open."""
TEXT = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
LONGEST_STRIDE = 1.0  # of the gradient, as kohya clips it


class Learner:
    """LoRA adapters on the UNet (and the text encoder), AdamW, and the model's own noise schedule."""

    def __init__(self, model: Model, material: Material, params: TrainParams, prior: Prior | None = None) -> None:
        self.model, self.material, self.params, self.prior = model, material, params, prior
        self.schedule: Any = DDPMScheduler.from_config(model.components["scheduler"].config)
        self.timesteps = int(self.schedule.config.num_train_timesteps)
        self.adapted = self._adapt()
        groups: list[dict[str, Any]] = [
            {"params": [weight for weight in part.parameters() if weight.requires_grad], "lr": rate, "base_lr": rate}
            for part, rate in self.adapted
        ]
        self.weights: list[torch.Tensor] = [weight for group in groups for weight in group["params"]]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=model.device.type in {"cpu", "cuda"})
        self._tokens = torch.cat([material.tokens, prior.tokens]) if prior else material.tokens
        self._embedded = None if params.text_encoder_lr > 0 else self._embed(self._tokens)
        self._weighting = self._min_snr() if params.min_snr_gamma > 0 else None

    def step(self, draws: Draws, step: int) -> torch.Tensor:
        """One optimizer step (numbered from 1); the raw loss as a tensor on the device, not waited for."""
        factor = rate_factor(self.params, step)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        loss, weighted = self._loss(draws, self.prior.rows(self.params, step) if self.prior else None)
        self.optimizer.zero_grad(set_to_none=True)
        weighted.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, LONGEST_STRIDE)
        self.optimizer.step()
        return loss.detach()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def mean_loss(self, fixed: list[Draws]) -> float:
        """Mean squared error over fixed draws with the adapters as they stand."""
        losses = [self._loss(draws)[0] * len(draws.captions) for draws in fixed]
        return float(torch.stack(losses).sum()) / sum(len(draws.captions) for draws in fixed)

    def _loss(self, draws: Draws, kept: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """The raw loss of the pictures, and what is made small: weighted, with that of the prior's rows `kept`."""
        device, count = self.model.device, len(draws.captions)
        noise, times, captions = draws.noise.to(device), draws.timesteps.to(device), draws.captions
        noisy = self.schedule.add_noise(draws.latents, noise, times)
        velocity = self.schedule.config.prediction_type == "v_prediction"
        target = self.schedule.get_velocity(draws.latents, noise, times) if velocity else noise
        if self.prior and kept is not None:
            noisy, target = torch.cat([noisy, self.prior.noisy[kept]]), torch.cat([target, self.prior.guesses[kept]])
            times = torch.cat([times, self.prior.timesteps[kept].to(device)])
            captions = torch.cat([captions, self.prior.prompts[kept] + len(self.material.tokens)])
        if device.type == "cpu":
            noisy = noisy.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            guess = self.model.unet(noisy, times, self._texts(captions), return_dict=False)[0]
        each = F.mse_loss(guess.float(), target, reduction="none").mean(dim=(1, 2, 3))
        weighted = each if self._weighting is None else each * self._weighting[times]
        whole = weighted[:count].mean()
        if len(each) > count:
            whole = whole + self.params.prior_weight * weighted[count:].mean()
        return each[:count].mean(), whole

    def _texts(self, captions: torch.Tensor) -> torch.Tensor:
        if self._embedded is not None:
            return self._embedded[captions.to(self._embedded.device)]
        return self._encode(self._tokens[captions])

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _embed(self, tokens: torch.Tensor) -> torch.Tensor:
        return torch.cat([self._encode(some) for some in tokens.split(16)])

    def _encode(self, tokens: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = self.model.components["text_encoder"](tokens.to(self.model.device))[0]
        return hidden

    def _adapt(self) -> list[tuple[Any, float]]:
        """Adds the adapters, the same ones for the same seed; the adapted parts with their learning rates."""
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
            self.model.unet.to(memory_format=torch.channels_last)  # as the rest of it: a tenth of each step
        return parts

    def _min_snr(self) -> torch.Tensor:
        """Weight per timestep (Hang et al. 2023): noise levels that are nearly clean no longer dominate."""
        alphas = self.schedule.alphas_cumprod.double()
        ratio = alphas / (1 - alphas).clamp(min=1e-12)
        capped = ratio.clamp(max=self.params.min_snr_gamma)
        velocity = self.schedule.config.prediction_type == "v_prediction"
        weights: torch.Tensor = capped / (ratio + 1 if velocity else ratio.clamp(min=1e-12))
        return weights.float().to(self.model.device)


def rate_factor(params: TrainParams, step: int) -> float:
    """Share of the learning rate at `step` (from 1): warm-up, then constant, cosine or linear down to the last step."""
    if step <= params.warmup_steps:
        return step / params.warmup_steps
    done = (step - 1 - params.warmup_steps) / max(1, params.steps - params.warmup_steps)
    if params.scheduler == "cosine":
        return 0.5 * (1 + math.cos(math.pi * done))
    return 1 - done if params.scheduler == "linear" else 1.0


def _config(params: TrainParams, targets: list[str]) -> LoraConfig:
    return LoraConfig(r=params.network_dim, lora_alpha=params.network_alpha, target_modules=targets)
