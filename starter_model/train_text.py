"""Trains the text encoder on captions alone: `python -m starter_model.train_text OUT --steps 3000`.

CLIP's text model is causal and reads padding as it reads words, so its last positions see the whole caption. Each of them
learns one question (which hair colour? which place?) and answers with a fixed random code of the value, or of "not said". The
UNet then finds every attribute at a place of its own, already bound: what takes it most of its training otherwise. Names,
known or not, end as the code of their pieces in the first of these slots, so that a LoRA can tell them apart. The positions of
the words themselves end as one and the same code. What a perfect text encoder would say is thus known without one (`answers`).
Writes OUT/text_encoder and OUT/tokenizer, going on from a text encoder that is there; takes minutes on a CPU.
"""

from __future__ import annotations

import argparse
import math
import random
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from starter_model import tokenizer as words_to_tokens
from starter_model.captions import SLOTS, NamedBySlot, describe, vocabulary
from starter_model.pictures import training_attributes

TOKENS = 64
WIDTH = 128
LAYERS = 3
BATCH = 96
RATE = 2e-3
WARM_UP = 60
FIRST_SLOT = TOKENS - len(SLOTS) - 1
NAME_SLOT, SLOT_CODE_WEIGHT = 0, 0.7
UNKNOWN_SHARE = 0.5  # share of captions that also hold phrases nobody taught it
COLOUR_SLOTS, COLOUR_LOSS_WEIGHT = {"hair", "hat", "cloth"}, 3.0  # the only words that can belong to one thing or another


@dataclass(frozen=True, slots=True)
class SlotCodes:
    """Fixed random codes, each WIDTH long: of `word`s, `slots` (1 + slots), `values` (per slot: values), `pieces` (tokens)."""

    word: torch.Tensor
    slots: torch.Tensor
    values: list[torch.Tensor]
    pieces: torch.Tensor

    @classmethod
    def of(cls, tokens: int) -> SlotCodes:
        chance = torch.Generator().manual_seed(20)

        def codes(count: int) -> torch.Tensor:
            return F.layer_norm(torch.randn(count, WIDTH, generator=chance), (WIDTH,))

        return cls(codes(1)[0], codes(1 + len(SLOTS)), [codes(len(values)) for values in SLOTS.values()], codes(tokens))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    encoder_folder, tokenizer_folder = options.out / "text_encoder", options.out / "tokenizer"
    if not tokenizer_folder.is_dir():
        fresh_tokenizer().save_pretrained(tokenizer_folder)
    tokenizer = CLIPTokenizer.from_pretrained(tokenizer_folder)
    text = CLIPTextModel.from_pretrained(encoder_folder) if encoder_folder.is_dir() else make(tokenizer)
    train(text.to(options.device), tokenizer, options.steps, RATE / 2 if encoder_folder.is_dir() else RATE)
    print("plain", accuracy_by_slot(text, tokenizer, 2000))
    print("with unknown phrases", accuracy_by_slot(text, tokenizer, 2000, unknown=1.0))
    text.save_pretrained(options.out / "text_encoder")


def fresh_tokenizer() -> CLIPTokenizer:
    """Every word of the captions is one token. Pieces of equal rank come in any order: make it once and keep it."""
    return words_to_tokens.build(words_to_tokens.words_of(vocabulary()), TOKENS)


def make(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    ends = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(0)
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=4,
            max_position_embeddings=TOKENS,
            projection_dim=WIDTH,
            **ends,
        )
    )


def train(text: CLIPTextModel, tokenizer: CLIPTokenizer, steps: int, rate: float) -> None:
    rng, codes, device = random.Random(), SlotCodes.of(len(tokenizer)), next(text.parameters()).device
    optimizer = torch.optim.AdamW(text.parameters(), rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    harder = torch.tensor([COLOUR_LOSS_WEIGHT if slot in COLOUR_SLOTS else 1.0 for slot in ("name", *SLOTS)], device=device)
    for step in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, step / WARM_UP) * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * step / steps)))
        tokens, targets, _ = batch(rng, tokenizer, codes, BATCH)
        states = text(tokens.to(device)).last_hidden_state
        error = (states - targets.to(device)).square().mean((0, 2))
        loss, word_loss = (error[FIRST_SLOT:] * harder).mean(), error[:FIRST_SLOT].mean()
        optimizer.zero_grad(set_to_none=True)
        (loss + 0.1 * word_loss).backward()
        torch.nn.utils.clip_grad_norm_(text.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0:
            print(step, f"loss {loss.item():.4f} words {word_loss.item():.3f}", flush=True)


def batch(
    rng: random.Random, tokenizer: CLIPTokenizer, codes: SlotCodes, count: int, unknown: float = UNKNOWN_SHARE
) -> tuple[torch.Tensor, torch.Tensor, list[NamedBySlot]]:
    """(tokens (count, 64), target states (count, 64, width), attributes that each caption names)."""
    described = [
        describe(rng, training_attributes(rng), unknown=unknown) if rng.random() > 0.03 else ("", {}, "") for _ in range(count)
    ]
    tokens = tokenizer([text for text, _, _ in described], padding="max_length", truncation=True, return_tensors="pt")[
        "input_ids"
    ]
    names = tokenizer([name for _, _, name in described], add_special_tokens=False)["input_ids"]
    targets = torch.stack([ideal_states(codes, named, pieces) for (_, named, _), pieces in zip(described, names, strict=True)])
    return tokens, targets, [named for _, named, _ in described]


def ideal_states(codes: SlotCodes, named: NamedBySlot, name: list[int]) -> torch.Tensor:
    """(64, width): the word code, then for each slot its own code plus, where the caption names a value, the value's code."""
    values = torch.zeros_like(codes.slots)
    if name:
        values[NAME_SLOT] = F.layer_norm(codes.pieces[name].sum(0), (WIDTH,))
    for row, (slot, known_values) in enumerate(SLOTS.items()):
        if slot in named:
            values[row + 1] = codes.values[row][known_values.index(named[slot])]
    slots = F.layer_norm(SLOT_CODE_WEIGHT * codes.slots + values, (WIDTH,))
    return torch.cat([codes.word.expand(FIRST_SLOT, WIDTH), slots])


@torch.no_grad()  # type: ignore[untyped-decorator]
def accuracy_by_slot(text: CLIPTextModel, tokenizer: CLIPTokenizer, count: int, unknown: float = 0.0) -> dict[str, float]:
    """By slot, the share of captions whose state is nearest to the right value ("not said" is one of the choices).

    `unknown`: share of captions with phrases that say nothing.
    """
    rng, codes, hits = random.Random(99), SlotCodes.of(len(tokenizer)), dict.fromkeys(SLOTS, 0)
    for _ in range(count // BATCH):
        tokens, _, named = batch(rng, tokenizer, codes, BATCH, unknown)
        states = text(tokens.to(next(text.parameters()).device)).last_hidden_state[:, FIRST_SLOT:].cpu()
        for row, (slot, values) in enumerate(SLOTS.items()):
            choices = torch.cat([codes.values[row], torch.zeros(1, WIDTH)])
            choices = F.layer_norm(SLOT_CODE_WEIGHT * codes.slots[row + 1] + choices, (WIDTH,))
            nearest = torch.cdist(states[:, row + 1], choices).argmin(1).tolist()
            expected = [values.index(caption_said[slot]) if slot in caption_said else len(values) for caption_said in named]
            hits[slot] += sum(a == b for a, b in zip(nearest, expected, strict=True))
    return {slot: round(number / (count // BATCH * BATCH), 4) for slot, number in hits.items()}


if __name__ == "__main__":
    main()
