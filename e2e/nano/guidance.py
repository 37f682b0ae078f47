"""Where to look, and what is to be known there. Two attention heads are shown, at every word for a colour or a shape, the rows
of the things that have it; two later ones, while an answer is written, those words in the question. Where that leads to one
thing alone, probes ask behind these layers for all that there is to know of it. What to make of it the model finds by itself;
left to chance, such heads take thousands of steps to appear.
"""

import re
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from pictures import COLOURS, SHAPES
from questions import COLOUR_ZH, SHAPE_ZH
from seeing import QUERIES, UNK
from train import IGNORE
from trainEyes import KINDS, Heads

HEADS = [0, 3]  # one of each key head
READING, ANSWERING = 2, 3  # layers: late enough to know a word that is several tokens, early enough for an answer to follow

_ZH_COLOURS = {COLOUR_ZH[colour][0]: colour for colour in COLOURS}
_ZH_SHAPES = {name: shape for shape, name in SHAPE_ZH.items()}
_EN = re.compile(rf"\b({'|'.join(COLOURS)})?\s?({'|'.join(SHAPES)})?s?\b", re.IGNORECASE)
_ZH = re.compile(rf"([{''.join(_ZH_COLOURS)}])?色?的?({'|'.join(_ZH_SHAPES)})?")


def named(text: str) -> list[tuple[int, str | None, str | None]]:
    """The end, the colour and the shape of everything that a text names by colour, by shape or by both."""
    found = [(m.end(), m[1] and m[1].lower(), m[2] and m[2].lower()) for m in _EN.finditer(text) if m[1] or m[2]]
    return found + [(m.end(), _ZH_COLOURS.get(m[1] or ""), _ZH_SHAPES.get(m[2] or "")) for m in _ZH.finditer(text) if m[1] or m[2]]


@dataclass
class Guide:
    """For one layer."""

    looks: Tensor  # [batch, heads, length, length]: what each head is to look at from each token
    knows: list[tuple[int, int, int]]  # conversation, token and the row of the one thing that it is about
    compares: list[tuple[int, int, int, int]]  # conversation, token and the rows of two things


def guides(tokenizer: Tokenizer, ids: Tensor, labels: Tensor, cells: Tensor) -> dict[int, Guide]:
    """By layer: from a word in a question to the rows of the things that it fits; from an answer to those words."""
    reading, answering = (Guide(torch.zeros(len(ids), len(HEADS), ids.shape[1], ids.shape[1], dtype=torch.bool), [], []) for _ in range(2))
    isAnswer = (labels != IGNORE).tolist()
    for b, row in enumerate(ids.tolist()):
        text, owner = "", []
        for at, id in enumerate(row):
            token = " " if id == UNK else tokenizer.id_to_token(id).replace("▁", " ")
            text += token
            owner += [at] * len(token)
        first = row.index(UNK)
        about: dict[tuple[int, int], list[tuple[int, int | None]]] = {}  # words and rows, by the answer
        for end, colour, shape in named(text):
            at = word = owner[end - 1]
            fits = cells[b, :, 0] > 0
            if colour:
                fits = fits & (cells[b, :, 1] == 1 + COLOURS.index(colour))
            if shape:
                fits = fits & (cells[b, :, 0] == KINDS.index(shape))
            reading.looks[b, :, word, first : first + QUERIES] = fits
            rows = fits.nonzero().flatten().tolist()
            if len(rows) == 1:
                reading.knows.append((b, word, rows[0]))
            if isAnswer[b][at]:
                continue
            while at < len(row) and not isAnswer[b][at]:
                at += 1
            begin = at
            while at < len(row) and isAnswer[b][at]:
                at += 1
            about.setdefault((begin, at), []).append((word, rows[0] if len(rows) == 1 else None))
        for (begin, end), things in about.items():
            # Where two things are compared, each head has one of them.
            things.sort(key=lambda thing: thing[0])
            (firstWord, row), (lastWord, lastRow) = things[0], things[-1]
            answering.looks[b, 0, begin:end, firstWord] = True
            answering.looks[b, 1, begin:end, lastWord] = True
            if len(things) == 1 and row is not None:
                answering.knows += [(b, at, row) for at in range(begin, end)]
            if len(things) == 2 and row is not None and lastRow is not None:
                answering.compares += [(b, at, row, lastRow) for at in range(begin, end)]
    return {READING: reading, ANSWERING: answering}


def astray(scores: Tensor, looks: Tensor) -> Tensor:
    """The mean surprise at where heads look; both are [batch, heads, length, length], `scores` before softmax."""
    where = looks.any(3)
    picked = scores[where].float()  # [targets, length]
    return (picked.logsumexp(1) - picked.masked_fill(~looks[where], -1e4).logsumexp(1)).mean()


def unknown(probes: Heads, hidden: Tensor, knows: list[tuple[int, int, int]], cells: Tensor, places: Tensor) -> Tensor:
    """The loss of probes that ask for kind, colour, zone and place. `hidden` [batch, length, width]"""
    if not knows:
        return torch.zeros(())
    b, at, row = torch.tensor(knows).T
    x = F.layer_norm(hidden[b, at].float(), hidden.shape[2:])
    loss = 4 * F.mse_loss(probes.place(x), places[b, row])
    for i in (0, 1, 3):
        loss = loss + F.cross_entropy(probes.cells[i](x), cells[b, row, i])
    return loss


def uncompared(probe: Tensor, hidden: Tensor, compares: list[tuple[int, int, int, int]], places: Tensor) -> Tensor:
    """The loss of a probe [2, width] that asks how far the first of two things is to the right and below of the other, above all
    whether it is at all."""
    if not compares:
        return torch.zeros(())
    b, at, first, last = torch.tensor(compares).T
    told = F.layer_norm(hidden[b, at].float(), hidden.shape[2:]) @ probe.T
    apart = places[b, first] - places[b, last]
    return 4 * F.mse_loss(told, apart) + F.binary_cross_entropy_with_logits(20 * told, (apart > 0).float())
