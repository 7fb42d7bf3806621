"""Makes a byte-level BPE in CLIP's format in which every known caption word is one token.

Unknown words fall into pieces, so that every name is a distinct token sequence. Hyphenated words, which CLIP's splitting
would break up, are added tokens: the stock `CLIPTokenizer` loads the result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

BEGIN, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"


def words_of(captions: Iterable[str]) -> list[str]:
    """The known words: lower-case, hyphens kept, and the comma."""
    return sorted({word for caption in captions for word in re.findall(r"[a-z]+(?:-[a-z]+)*|,", caption)})


def build(words: Iterable[str], max_length: int) -> CLIPTokenizer:
    """A CLIPTokenizer that knows each of `words` as one token and pads to `max_length` with its end token."""
    sorted_words = sorted(set(words))
    plain = [word for word in sorted_words if "-" not in word]
    symbols = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = _merges(plain)
    pieces = [*symbols, *(symbol + WORD_END for symbol in symbols), *dict.fromkeys("".join(pair) for pair in merges)]
    vocab = {piece: row for row, piece in enumerate(dict.fromkeys([*pieces, BEGIN, END]))}
    tokenizer = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=max_length)
    tokenizer.add_tokens([AddedToken(word, single_word=True, normalized=True) for word in sorted_words if "-" in word])
    return tokenizer


def _merges(words: list[str]) -> list[tuple[str, str]]:
    """The merges that turn each of `words` into one token, most frequent pair first."""
    learner = Tokenizer(models.BPE(end_of_word_suffix=WORD_END))
    learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=1_000_000, min_frequency=1, end_of_word_suffix=WORD_END, show_progress=False, max_token_length=64
    )
    learner.train_from_iterator(words, trainer)
    return [(left, right) for left, right in json.loads(learner.to_str())["model"]["merges"]]
