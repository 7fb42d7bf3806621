"""Prompts with wildcards, choices and blanks. Pure: the same text, seed and lists always give the same prompt.

`__places__` takes a line of the list called places; `{red|blue}` one of these; `{2$$a|b|c}` two different ones with a comma
between, `{1-2$$ and $$a|b}` one or two with “ and ” between; `{3::red|blue}` and a line `3::Rome` are taken three times as
often. Lines and choices may hold more of the same. `\\{` is a brace. In a template `{place}` and `{place=at the beach}` are
blanks to fill in.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import accumulate

from backend.errors import Invalid
from backend.language import joined, tr_lazy

MAX_DEPTH = 8
MAX_LENGTH = 4000
_MAX_CHOICES = 2000
NAME = re.compile(r"[a-z0-9](?:[a-z0-9./-]|_(?!_))*")
_WILDCARD = re.compile(rf"__({NAME.pattern})__", re.IGNORECASE)
_COUNT = re.compile(r"\s*([0-9]{1,3})(?:\s*-\s*([0-9]{1,3}))?\s*\$\$")
_WEIGHT = re.compile(r"\s*([0-9]{1,4}(?:\.[0-9]{1,4})?)::")
_BLANK = re.compile(r"\{\s*([a-z][a-z0-9_]{0,30})\s*(?:=([^{}|]*))?\}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WildcardNode:
    name: str


@dataclass(frozen=True, slots=True)
class ChoiceNode:
    """`least` to `most` different options, with `joiner` between them."""

    least: int
    most: int
    joiner: str
    options: tuple[tuple[float, Nodes], ...]


Nodes = tuple["str | WildcardNode | ChoiceNode", ...]


def parse(text: str) -> Nodes:
    """Raises Invalid for a brace without its partner, and for more than DEEPEST levels."""
    nodes, at = _parse_sequence(text, 0, 0)
    if at < len(text):
        raise Invalid(
            tr_lazy(
                "A {close} in the prompt has no {open} before it. Write {escaped} when you mean the sign itself.",
                close="}",
                open="{",
                escaped="\\}",
            )
        )
    return nodes


def has_choices(text: str) -> bool:
    """Whether anything in it is chosen for each picture."""
    return any(not isinstance(node, str) for node in parse(text))


def wildcards_in(text: str) -> set[str]:
    """Names of the lists it draws from, lower-case, also those inside choices."""
    return set(_wildcard_names_in(text))


def check_resolvable(text: str, lists: Mapping[str, Sequence[str]], list_names: Sequence[str]) -> None:
    """Checks that it can be resolved with any seed. Raises Invalid: unknown list (naming `list_names`), a circle, too deep,
    empty.
    """
    _check_depth(_wildcard_names(parse(text)), lists, list_names, (), {})


def resolve(text: str, seed: int, lists: Mapping[str, Sequence[str]], *, salt: str = "") -> str:
    """`text` with every choice made; call `check_resolvable` first. `salt` tells the prompts of one picture apart.

    Raises Invalid when the result is too long.
    """
    nodes = parse(text)
    fixed = all(isinstance(node, str) for node in nodes)
    resolved = _Resolver(random.Random(f"{seed}:{salt}"), lists).render(nodes, 0)
    if len(resolved) > MAX_LENGTH:
        raise Invalid(
            tr_lazy("The prompt has {n:,} characters; at most {most:,}. Shorten it.", n=len(resolved), most=MAX_LENGTH)
            if fixed
            else tr_lazy(
                "With its words chosen the prompt has {n:,} characters; at most {most:,}. Shorten the lists.",
                n=len(resolved),
                most=MAX_LENGTH,
            )
        )
    return resolved if fixed else _clean_commas(resolved)


def blanks(text: str) -> dict[str, str]:
    """Name -> default ("" without one) of each blank, in order of appearance."""
    defaults: dict[str, str] = {}
    for match in _BLANK.finditer(text):
        name, default = match[1].lower(), (match[2] or "").strip()
        defaults[name] = defaults.get(name) or default
    return defaults


def fill_blanks(text: str, values: Mapping[str, str]) -> str:
    """Fills the blanks in. Raises Invalid naming those that are still empty."""
    filled = {name: values.get(name, "").strip() or default for name, default in blanks(text).items()}
    if missing := [name for name, value in filled.items() if not value]:
        raise Invalid(tr_lazy("Fill in {missing} first.", missing=" and ".join(missing)))
    return _BLANK.sub(lambda match: filled[match[1].lower()], text)


def _parse_sequence(text: str, at: int, depth: int) -> tuple[Nodes, int]:
    """Parses up to the | or } that ends this option, or the end of the text. Returns the nodes and where it ended."""
    nodes: list[str | WildcardNode | ChoiceNode] = []
    plain = ""
    while at < len(text):
        sign = text[at]
        if sign == "\\" and text[at + 1 : at + 2] in ("{", "}", "|"):
            plain, at = plain + text[at + 1], at + 2
        elif sign == "}" or (sign == "|" and depth):
            break
        elif sign == "{":
            nodes.append(plain)
            plain = ""
            choice, at = _parse_choice(text, at + 1, depth + 1)
            nodes.append(choice)
        elif sign == "_" and (match := _WILDCARD.match(text, at)):
            nodes += [plain, WildcardNode(match[1].lower())]
            plain, at = "", match.end()
        else:
            plain, at = plain + sign, at + 1
    return tuple(node for node in (*nodes, plain) if node != ""), at


def _parse_choice(text: str, at: int, depth: int) -> tuple[ChoiceNode, int]:
    if depth > MAX_DEPTH:
        raise Invalid(
            tr_lazy(
                "Choices in the prompt are nested more than {max_depth} deep. Put the inner ones into a wildcard list.",
                max_depth=MAX_DEPTH,
            )
        )
    least = most = 1
    joiner = ", "
    if match := _COUNT.match(text, at):
        least, at = int(match[1]), match.end()
        most = int(match[2] or least)
        end = text.find("$$", at)
        if end >= 0 and not set(text[at:end]) & set("{}|"):
            joiner, at = text[at:end], end + 2
    options = []
    while True:
        weight, at = _parse_weight(text, at)
        nodes, at = _parse_sequence(text, at, depth)
        options.append((weight, nodes))
        if at >= len(text):
            raise Invalid(
                tr_lazy(
                    "A {open} in the prompt is never closed with {close}. Write {escaped} when you mean the sign itself.",
                    open="{",
                    close="}",
                    escaped="\\{",
                )
            )
        at += 1
        if text[at - 1] == "}":
            break
    if not least <= most <= len(options) or not most:
        raise Invalid(
            tr_lazy("A choice asks for {most} of {n} options. Ask for fewer, or add options.", most=most, n=len(options))
        )
    return ChoiceNode(least, most, joiner, tuple(options)), at


def _parse_weight(text: str, at: int) -> tuple[float, int]:
    match = _WEIGHT.match(text, at)
    return (float(match[1]), match.end()) if match and float(match[1]) > 0 else (1.0, at)


def _wildcard_names(nodes: Nodes) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, WildcardNode):
            yield node.name
        elif isinstance(node, ChoiceNode):
            for _, option in node.options:
                yield from _wildcard_names(option)


def _wildcard_names_in(text: str) -> Iterable[str]:
    """Most lines of most lists name no other list: those are not parsed."""
    return _wildcard_names(parse(text)) if "__" in text else ()


def _check_depth(
    names: Iterable[str],
    lists: Mapping[str, Sequence[str]],
    list_names: Sequence[str],
    path: tuple[str, ...],
    depths: dict[str, int],
) -> int:
    """How many levels of lists lie below. Each list is visited once."""
    deepest = 0
    for name in dict.fromkeys(names):
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            raise Invalid(
                tr_lazy("The wildcard lists go round in a circle: {circle}. Remove one of these words.", circle=circle)
            )
        if name not in depths:
            if name not in lists:
                raise Invalid(_unknown_list_message(name, list_names))
            if not lists[name]:
                raise Invalid(tr_lazy("The wildcard list {name} is empty. Add a line to it first.", name=name))
            depths[name] = max(
                _check_depth(_wildcard_names_in(line), lists, list_names, (*path, name), depths) for line in lists[name]
            )
        deepest = max(deepest, depths[name] + 1)
        if len(path) + deepest > MAX_DEPTH:
            raise Invalid(
                tr_lazy(
                    "The wildcard list {name} leads more than {max_depth} lists deep. Make the chain shorter.",
                    name=name,
                    max_depth=MAX_DEPTH,
                )
            )
    return deepest


def _unknown_list_message(name: str, list_names: Sequence[str]) -> str:
    if not list_names:
        return tr_lazy("There is no wildcard list called {name}. Create one in the prompt library.", name=name)
    closest = get_close_matches(name, list_names, 1)
    hint = tr_lazy("Did you mean __{name}__?", name=closest[0]) if closest else ""
    shown = ", ".join(sorted(list_names)[:12]) + (" …" if len(list_names) > 12 else "")
    return joined(
        tr_lazy("There is no wildcard list called {name}.", name=name), hint, tr_lazy("There are: {names}.", names=shown)
    )


class _Resolver:
    def __init__(self, rng: random.Random, lists: Mapping[str, Sequence[str]]) -> None:
        self._rng, self._lists, self._choices_left = rng, lists, _MAX_CHOICES
        self._weighted_lines: dict[str, tuple[list[str], list[float]]] = {}

    def render(self, nodes: Nodes, depth: int) -> str:
        return "".join(node if isinstance(node, str) else self._choose(node, depth) for node in nodes)

    def _choose(self, node: WildcardNode | ChoiceNode, depth: int) -> str:
        self._choices_left -= 1
        if self._choices_left < 0 or depth > MAX_DEPTH * MAX_DEPTH:
            raise Invalid(tr_lazy("The lists of this prompt multiply without end. Use fewer wildcards in each line."))
        if isinstance(node, WildcardNode):
            lines, bounds = self._lines(node.name)
            return self.render(parse(self._rng.choices(lines, cum_weights=bounds)[0]), depth + 1).strip()
        options = list(node.options)
        chosen = []
        for _ in range(self._rng.randint(node.least, node.most)):
            at = self._rng.choices(range(len(options)), [weight for weight, _ in options])[0]
            chosen.append(self.render(options.pop(at)[1], depth + 1).strip())
        return node.joiner.join(option for option in chosen if option)

    def _lines(self, name: str) -> tuple[list[str], list[float]]:
        """Lines without their weights, and the cumulative weights; kept, because a long list may be drawn from often."""
        if name not in self._weighted_lines:
            weights = [(line, *_parse_weight(line, 0)) for line in self._lists[name]]
            bounds = list(accumulate(weight for _, weight, _ in weights))
            self._weighted_lines[name] = [line[at:] for line, _, at in weights], bounds
        return self._weighted_lines[name]


def _clean_commas(prompt: str) -> str:
    """Cleans up after empty options: no empty places between commas, no double blanks."""
    prompt = re.sub(r"[ \t]+", " ", prompt)
    prompt = re.sub(r"\s*,(?:\s*,)+", ",", prompt)
    return re.sub(r" +,", ",", prompt).strip(" ,\n")
