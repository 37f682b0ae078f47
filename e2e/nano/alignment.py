"""Where the eyes and the language model meet first: the resampler's last matrix is solved for, so that the row of a place says
what lies there in the language model's own words, as the sum of their embeddings. Training goes on from there; without this
start, attention takes long to find out that there is anything to read."""

import torch
from tokenizers import Tokenizer
from torch import Tensor

from pictures import COLOURS, SHAPES
from questions import COLOUR_ZH, SHAPE_ZH
from seeing import SeeingModel
from trainEyes import KINDS

LOUDNESS = 1.5  # of a row that says something, against that of an embedding


def words(table: Tensor, tokenizer: Tokenizer, *texts: str) -> Tensor:
    """The mean embedding of the tokens of some words."""
    ids = [id for text in texts for id in tokenizer.encode(text, add_special_tokens=False).ids if tokenizer.id_to_token(id) != "▁"]
    return table[ids].mean(0)


def placeWords(table: Tensor, tokenizer: Tokenizer, cells: Tensor, places: Tensor) -> Tensor:
    """Between "left" and "right" and between "top" and "bottom" as far as a thing lies there, which tells also which of two is
    further left; "middle" for the middle third."""
    left, right, top, bottom, middle = (words(table, tokenizer, *both) for both in (("left", "左"), ("right", "右"), ("top", "上"), ("bottom", "下"), ("middle", "中")))
    x, y = places[..., :1], places[..., 1:]
    zone = cells[..., 3:] - 1
    inMiddle = (zone % 3 == 1) * 0.5 + (zone // 3 == 1) * 0.5
    return (1 - x) * left + x * right + (1 - y) * top + y * bottom + inMiddle * middle


@torch.no_grad()
def align(model: SeeingModel, tokenizer: Tokenizer, batch: tuple) -> None:
    pixels, (cells, places, _), _ = batch
    table = model.llm.model.embed_tokens.weight * model.llm.config.scale_emb
    nothing = torch.zeros(table.shape[1])
    kinds = [nothing]
    for kind in KINDS[1:]:
        name = kind.split(" ")[-1]
        kinds.append(words(table, tokenizer, name, SHAPE_ZH[name]) if name in SHAPES else words(table, tokenizer, name))
    colours = [nothing] + [words(table, tokenizer, colour, COLOUR_ZH[colour][0]) for colour in COLOURS]
    ranks = [nothing, words(table, tokenizer, "低"), words(table, tokenizer, "高")]
    taken = cells[..., 0] > 0
    wanted = sum(torch.stack(part)[cells[..., i]] for i, part in enumerate((kinds, colours, ranks)))
    wanted = wanted + placeWords(table, tokenizer, cells, places) * taken[..., None]
    wanted = wanted / wanted[taken].std() * table.std() * LOUDNESS + words(table, tokenizer, "<unk>") * ~taken[..., None]
    read = torch.cat([model.eyes.read(part) for part in pixels.split(100)])
    weight = (taken * 1.0 + ~taken * 0.1).sqrt()[..., None]
    a, b = (read * weight).flatten(0, 1), (wanted * weight).flatten(0, 1)
    eye = torch.eye(a.shape[1]) * 1e-3 * len(a)
    model.eyes.resampler.proj.copy_(torch.linalg.solve(a.T @ a + eye, a.T @ b))
    left = ((read @ model.eyes.resampler.proj - wanted)[taken].square().sum() / wanted[taken].square().sum()).item()
    print(f"aligned: {1 - left:.1%} of what the rows of things are to say", flush=True)
