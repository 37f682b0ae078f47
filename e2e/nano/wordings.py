"""Wordings: small grammars that unfold into many phrasings, a fixed split of them, and the sloppiness of real typing."""

import itertools
import random
import re
import zlib
from functools import lru_cache

HELD_ONE_IN = 8


def bucket(key: str) -> int:
    """A stable number for a key, so that the train/held-out split never depends on a seed or on Python's hash."""
    return zlib.crc32(key.encode("utf-8"))


def isHeld(key: str, oneIn: int = HELD_ONE_IN) -> bool:
    return bucket(key) % oneIn == 0


def choices(pattern: str) -> list[tuple[str, ...]]:
    """Unfolds "a(b|c)d(|e)" into the pieces of abd, abde, acd, acde. No nesting."""
    parts = [piece[1:-1].split("|") if piece.startswith("(") else [piece] for piece in re.findall(r"\([^()]*\)|[^()]+", pattern)]
    return list(itertools.product(*parts))


@lru_cache(maxsize=None)
def wordings(grammar: str, held: bool) -> tuple[str, ...]:
    """All phrasings of a grammar (one pattern per line) on one side of the split. Held-out phrasings are new
    combinations of pieces that training has seen in others, or lines marked with ! (for grammars too small to spare one)."""
    lines = [line.strip() for line in grammar.strip().splitlines()]
    split: dict[bool, list[tuple[str, ...]]] = {False: [], True: []}
    for line in lines:
        for pieces in [] if line.startswith("!") else choices(line):
            split[isHeld("wording:" + "".join(pieces))].append(pieces)
    familiar = {piece for pieces in split[False] for piece in pieces}
    known = [pieces for pieces in split[True] if familiar.issuperset(pieces)]
    if held:
        return tuple("".join(pieces) for pieces in known + [pieces for line in lines if line.startswith("!") for pieces in choices(line[1:])])
    # A phrasing with a piece that no other phrasing has would be a riddle, not a test: training gets it.
    return tuple("".join(pieces) for pieces in split[False] + [pieces for pieces in split[True] if pieces not in known])


_OPENERS_ZH = ["请问", "请问，", "你好，", "告诉我，", "帮我看看，", "我想知道", "我想问，", "那么，", "嗨，", "好的，"]
_OPENERS_EN = ["Please tell me: ", "Hello, ", "Hi, ", "Hey, ", "OK, ", "So, ", "Quick question: ", "And ", "Please: ", "Well, "]
_CLOSERS_ZH = ["？", "?", "", "。", " ", "？ ", "呢？", "？谢谢", "！"]
_CLOSERS_EN = ["?", "", ".", " ?", "? ", "?", ", please?", "? Thanks"]


def ask(rng: random.Random, wording: str, slots: dict[str, object], lang: str, *, opener: bool = True, keepCase: bool = False) -> str:
    """Fills a wording and roughens it the way people type: openers, missing or half-width punctuation, letter case.
    With keepCase, the slots stay as they are, because the answer repeats them."""
    if opener and rng.random() < 0.12:
        if lang == "zh":
            wording = rng.choice(_OPENERS_ZH) + wording
        else:
            wording = rng.choice(_OPENERS_EN) + (wording[0].lower() + wording[1:] if rng.random() < 0.6 else wording)
    closers = _CLOSERS_ZH if lang == "zh" else _CLOSERS_EN
    if wording[-1] not in "。.！!":
        wording += closers[0] if rng.random() < 0.6 else rng.choice(closers)
    elif rng.random() < 0.3:
        wording = wording[:-1]
    shape = rng.random()
    if shape < 0.15:
        change = lambda text: text.replace("，", ",").replace("：", ":").replace("？", "?").replace("。", ".").replace("“", '"').replace("”", '"')
    elif shape < 0.27:
        change = lambda text: text.replace("“", "").replace("”", "").replace('"', "").replace("'", "")
    elif shape < 0.40:
        change = str.lower
    elif shape < 0.415:
        change = str.upper
    else:
        change = lambda text: text
    if keepCase:  # roughen only what stands between the slots
        pieces = re.split(r"(\{\w+\})", wording)
        wording = "".join(piece if piece.startswith("{") else change(piece) for piece in pieces)
        return wording.format(**slots).strip()
    return change(wording.format(**slots)).strip()
