"""Words that are chosen anew for each picture. Pure: the same text, seed and lists always give the same prompt.

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

DEEPEST = 8
LONGEST = 4000
_MOST_CHOICES = 2000
NAME = re.compile(r"[a-z0-9](?:[a-z0-9./-]|_(?!_))*")
_WILD = re.compile(rf"__({NAME.pattern})__", re.IGNORECASE)
_COUNT = re.compile(r"\s*([0-9]{1,3})(?:\s*-\s*([0-9]{1,3}))?\s*\$\$")
_WEIGHT = re.compile(r"\s*([0-9]{1,4}(?:\.[0-9]{1,4})?)::")
_BLANK = re.compile(r"\{\s*([a-z][a-z0-9_]{0,30})\s*(?:=([^{}|]*))?\}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wild:
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """`least` to `most` different options, with `joiner` between them."""

    least: int
    most: int
    joiner: str
    options: tuple[tuple[float, Nodes], ...]


Nodes = tuple["str | Wild | Choice", ...]


def parse(text: str) -> Nodes:
    """Raises Invalid for a brace without its partner, and for more than DEEPEST levels."""
    nodes, at = _sequence(text, 0, 0)
    if at < len(text):
        raise Invalid("A } in the prompt has no { before it. Write \\} when you mean the sign itself.")
    return nodes


def varies(text: str) -> bool:
    """Whether anything in it is chosen anew for each picture."""
    return any(not isinstance(node, str) for node in parse(text))


def wildcards_in(text: str) -> set[str]:
    """Names of the lists it draws from, lower-case, those inside choices too."""
    return set(_named(text))


def check(text: str, lists: Mapping[str, Sequence[str]], known: Sequence[str]) -> None:
    """Whatever the seed, this can be resolved. Raises Invalid: unknown list (naming `known`), a circle, too deep, empty."""
    _depth(_names(parse(text)), lists, known, (), {})


def resolve(text: str, seed: int, lists: Mapping[str, Sequence[str]], *, salt: str = "") -> str:
    """`text` with everything chosen; `check` it first. `salt` tells prompts of one picture apart. Raises Invalid (too long)."""
    nodes = parse(text)
    fixed = all(isinstance(node, str) for node in nodes)
    said = _Chooser(random.Random(f"{seed}:{salt}"), lists).say(nodes, 0)
    if len(said) > LONGEST:
        what, whose = ("The prompt", "it") if fixed else ("With its words chosen the prompt", "the lists")
        raise Invalid(f"{what} has {len(said):,} characters; at most {LONGEST:,}. Shorten {whose}.")
    return said if fixed else _tidy(said)


def blanks(text: str) -> dict[str, str]:
    """Name -> what stands there unless something is filled in, in order of appearance."""
    found: dict[str, str] = {}
    for match in _BLANK.finditer(text):
        name, default = match[1].lower(), (match[2] or "").strip()
        found[name] = found.get(name) or default
    return found


def fill(text: str, values: Mapping[str, str]) -> str:
    """Raises Invalid naming the blanks that are still empty."""
    wanted = {name: values.get(name, "").strip() or default for name, default in blanks(text).items()}
    if missing := [name for name, value in wanted.items() if not value]:
        raise Invalid(f"Fill in {' and '.join(missing)} first.")
    return _BLANK.sub(lambda match: wanted[match[1].lower()], text)


def _sequence(text: str, at: int, deep: int) -> tuple[Nodes, int]:
    """Nodes up to the | or } that ends this option, or the end of the text."""
    nodes: list[str | Wild | Choice] = []
    plain = ""
    while at < len(text):
        sign = text[at]
        if sign == "\\" and text[at + 1 : at + 2] in ("{", "}", "|"):
            plain, at = plain + text[at + 1], at + 2
        elif sign == "}" or (sign == "|" and deep):
            break
        elif sign == "{":
            nodes.append(plain)
            plain = ""
            choice, at = _choice(text, at + 1, deep + 1)
            nodes.append(choice)
        elif sign == "_" and (match := _WILD.match(text, at)):
            nodes += [plain, Wild(match[1].lower())]
            plain, at = "", match.end()
        else:
            plain, at = plain + sign, at + 1
    return tuple(node for node in (*nodes, plain) if node != ""), at


def _choice(text: str, at: int, deep: int) -> tuple[Choice, int]:
    if deep > DEEPEST:
        raise Invalid(f"Choices in the prompt are nested more than {DEEPEST} deep. Put the inner ones into a wildcard list.")
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
        weight, at = _weight(text, at)
        nodes, at = _sequence(text, at, deep)
        options.append((weight, nodes))
        if at >= len(text):
            raise Invalid("A { in the prompt is never closed with }. Write \\{ when you mean the sign itself.")
        at += 1
        if text[at - 1] == "}":
            break
    if not least <= most <= len(options) or not most:
        raise Invalid(f"A choice asks for {most} of {len(options)} options. Ask for fewer, or add options.")
    return Choice(least, most, joiner, tuple(options)), at


def _weight(text: str, at: int) -> tuple[float, int]:
    match = _WEIGHT.match(text, at)
    return (float(match[1]), match.end()) if match and float(match[1]) > 0 else (1.0, at)


def _names(nodes: Nodes) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Wild):
            yield node.name
        elif isinstance(node, Choice):
            for _, option in node.options:
                yield from _names(option)


def _named(text: str) -> Iterable[str]:
    """Most lines of most lists name no other: they are not read further."""
    return _names(parse(text)) if "__" in text else ()


def _depth(
    names: Iterable[str], lists: Mapping[str, Sequence[str]], known: Sequence[str], path: tuple[str, ...], seen: dict[str, int]
) -> int:
    """How many levels lie below; each list is looked at once."""
    deepest = 0
    for name in dict.fromkeys(names):
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            raise Invalid(f"The wildcard lists go round in a circle: {circle}. Take one of these words out.")
        if name not in seen:
            if name not in lists:
                raise Invalid(_unknown(name, known))
            if not lists[name]:
                raise Invalid(f"The wildcard list {name} is empty. Add a line to it first.")
            seen[name] = max(_depth(_named(line), lists, known, (*path, name), seen) for line in lists[name])
        deepest = max(deepest, seen[name] + 1)
        if len(path) + deepest > DEEPEST:
            raise Invalid(f"The wildcard list {name} leads more than {DEEPEST} lists deep. Make the chain shorter.")
    return deepest


def _unknown(name: str, known: Sequence[str]) -> str:
    if not known:
        return f"There is no wildcard list called {name}, and none at all yet. Make one on the Prompts page."
    near = get_close_matches(name, known, 1)
    hint = f" Did you mean __{near[0]}__?" if near else ""
    shown = ", ".join(sorted(known)[:12]) + (" …" if len(known) > 12 else "")
    return f"There is no wildcard list called {name}.{hint} There are: {shown}."


class _Chooser:
    def __init__(self, rng: random.Random, lists: Mapping[str, Sequence[str]]) -> None:
        self._rng, self._lists, self._left = rng, lists, _MOST_CHOICES
        self._weighed: dict[str, tuple[list[str], list[float]]] = {}

    def say(self, nodes: Nodes, deep: int) -> str:
        return "".join(node if isinstance(node, str) else self._chosen(node, deep) for node in nodes)

    def _chosen(self, node: Wild | Choice, deep: int) -> str:
        self._left -= 1
        if self._left < 0 or deep > DEEPEST * DEEPEST:
            raise Invalid("The lists of this prompt multiply without end. Use fewer wildcards in each line.")
        if isinstance(node, Wild):
            lines, bounds = self._lines(node.name)
            return self.say(parse(self._rng.choices(lines, cum_weights=bounds)[0]), deep + 1).strip()
        left = list(node.options)
        said = []
        for _ in range(self._rng.randint(node.least, node.most)):
            at = self._rng.choices(range(len(left)), [weight for weight, _ in left])[0]
            said.append(self.say(left.pop(at)[1], deep + 1).strip())
        return node.joiner.join(one for one in said if one)

    def _lines(self, name: str) -> tuple[list[str], list[float]]:
        """Lines without their weights, and those added up: a long list that is drawn from often is weighed once."""
        if name not in self._weighed:
            weights = [(line, *_weight(line, 0)) for line in self._lists[name]]
            bounds = list(accumulate(weight for _, weight, _ in weights))
            self._weighed[name] = [line[at:] for line, _, at in weights], bounds
        return self._weighed[name]


def _tidy(prompt: str) -> str:
    """An option may be empty: no commas left alone, no double blanks."""
    prompt = re.sub(r"[ \t]+", " ", prompt)
    prompt = re.sub(r"\s*,(?:\s*,)+", ",", prompt)
    return re.sub(r" +,", ",", prompt).strip(" ,\n")
