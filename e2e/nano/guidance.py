"""Where to look while reading a question: one attention head is shown, at every word for a colour or a shape, the rows of the
things that have it. From there the rest of the model finds by itself how to answer; left to chance, that head takes thousands
of steps to appear.
"""

import re

import torch
from tokenizers import Tokenizer
from torch import Tensor

from pictures import COLOURS, SHAPES
from questions import COLOUR_ZH, SHAPE_ZH
from seeing import QUERIES, UNK
from trainEyes import KINDS

LAYER, HEAD = 2, 0  # late enough to know a word that is several tokens, early enough for the answer to follow

_ZH_COLOURS = {COLOUR_ZH[colour][0]: colour for colour in COLOURS}
_ZH_SHAPES = {name: shape for shape, name in SHAPE_ZH.items()}
_EN = re.compile(rf"\b({'|'.join(COLOURS)})?\s?({'|'.join(SHAPES)})?s?\b", re.IGNORECASE)
_ZH = re.compile(rf"([{''.join(_ZH_COLOURS)}])?色?的?({'|'.join(_ZH_SHAPES)})?")


def named(text: str) -> list[tuple[int, str | None, str | None]]:
    """The end, the colour and the shape of everything that a text names by colour, by shape or by both."""
    found = [(m.end(), m[1] and m[1].lower(), m[2] and m[2].lower()) for m in _EN.finditer(text) if m[1] or m[2]]
    return found + [(m.end(), _ZH_COLOURS.get(m[1] or ""), _ZH_SHAPES.get(m[2] or "")) for m in _ZH.finditer(text) if m[1] or m[2]]


def targets(tokenizer: Tokenizer, ids: Tensor, cells: Tensor) -> Tensor:
    """What each token of [batch, length] is to look at among the QUERIES rows of its picture: [batch, length, QUERIES]."""
    wanted = torch.zeros(*ids.shape, QUERIES, dtype=torch.bool)
    for b, row in enumerate(ids.tolist()):
        text, owner = "", []
        for at, id in enumerate(row):
            token = " " if id == UNK else tokenizer.id_to_token(id).replace("▁", " ")
            text += token
            owner += [at] * len(token)
        for end, colour, shape in named(text):
            fits = cells[b, :, 0] > 0
            if colour:
                fits = fits & (cells[b, :, 1] == 1 + COLOURS.index(colour))
            if shape:
                fits = fits & (cells[b, :, 0] == KINDS.index(shape))
            wanted[b, owner[end - 1]] = fits
    return wanted


def guidance(scores: Tensor, ids: Tensor, wanted: Tensor) -> Tensor:
    """The mean surprise at where a head looks. `scores` [batch, length, length] before softmax."""
    isRow = (ids == UNK) & ((ids == UNK).cumsum(1) <= QUERIES)
    where = wanted.any(2)
    owners = where.nonzero()[:, 0]
    picked = scores[where].float()  # [targets, length]
    toRows = picked[isRow[owners]].view(-1, QUERIES)
    onTarget = toRows.masked_fill(~wanted[where], -1e4).logsumexp(1)
    return (picked.logsumexp(1) - onTarget).mean()
