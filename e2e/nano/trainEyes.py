"""Teaches the eyes to see before there is anyone to ask: the tower and the resampler learn what lies in each place of a picture.

    python trainEyes.py --pictures /tmp/pictures --save /tmp/eyes.pt --minutes 20

What the resampler has read, before its last matrix, is put to linear heads, one for each thing to know. The heads are thrown
away; the last matrix is found by alignment.py.
"""

import argparse
import os
import pickle
import random
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from model import quantised
from muon import Muon
from pictures import COLOURS, SHAPES, barBox
from vision import Eyes, VisionConfig, toPixels

GRID = 8
KINDS = ["none", *SHAPES, *(f"digit {i}" for i in range(10)), *(f"bar {i}" for i in range(1, 6))]
MOST = 7  # counts are 0 to 6


def things(picture: dict) -> list[tuple[str, str, float, float, int]]:
    """Kind, colour, place and rank of everything in a picture. The rank of a bar is 1 for the lowest, 2 for the highest."""
    found = [(one["shape"], one["colour"], one["x"], one["y"], 0) for one in picture.get("objects", [])]
    if "text" in picture:
        step = 0.6 * picture["size"] * min(picture["width"], picture["height"]) / picture["width"]
        for i, digit in enumerate(picture["text"]):
            x = picture["x"] + (i - (len(picture["text"]) - 1) / 2) * step
            found.append((f"digit {digit}", picture["colour"], x, picture["y"], i + 1))
    values = [bar["value"] for bar in picture.get("bars", [])]
    for i, bar in enumerate(picture.get("bars", [])):
        left, _, right, bottom = barBox(picture, i)
        only = values.count(bar["value"]) == 1
        rank = 1 if only and bar["value"] == min(values) else 2 if only and bar["value"] == max(values) else 0
        found.append((f"bar {bar['value']}", bar["colour"], (left + right) / 2, bottom - 0.04, rank))
    return found


def labels(picture: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What heads are to say: for each cell kind, colour, rank and zone; places of things in it; counts of the whole."""
    cells = np.zeros((GRID * GRID, 4), np.int64)
    places = np.zeros((GRID * GRID, 2), np.float32)
    counts = np.zeros(2 + len(SHAPES) + len(COLOURS), np.int64)
    for kind, colour, x, y, rank in things(picture):
        x, y = min(max(x, 0), 0.999), min(max(y, 0), 0.999)
        cell = int(y * GRID) * GRID + int(x * GRID)
        cells[cell] = KINDS.index(kind), 1 + COLOURS.index(colour), rank, 1 + int(y * 3) * 3 + int(x * 3)
        places[cell] = x, y
        counts[0] += 1
        if kind in SHAPES:
            counts[2 + SHAPES.index(kind)] += 1
        counts[2 + len(SHAPES) + COLOURS.index(colour)] += 1
    counts[1] = ["shapes", "number", "chart"].index(picture["kind"])
    return cells, places, counts


class Pictures:
    """Tiles and labels from makePictures.py, in batches of one grid."""

    def __init__(self, folder: Path, mostThings: int = 9) -> None:
        self.groups = []
        for path in sorted(folder.glob("*.npy")):
            descriptions = pickle.loads(path.with_suffix(".pickle").read_bytes())
            kept = [i for i, picture in enumerate(descriptions) if len(things(picture)) <= mostThings]
            descriptions = [descriptions[i] for i in kept]
            answers = [np.stack(part) for part in zip(*map(labels, descriptions))]
            self.groups.append((torch.from_numpy(np.load(path)[kept]), [torch.from_numpy(part) for part in answers], descriptions))

    def batch(self, rng: random.Random, size: int) -> tuple[Tensor, list[Tensor], list[dict]]:
        tiles, answers, descriptions = rng.choices(self.groups, [len(group[0]) for group in self.groups])[0]
        picks = torch.tensor(rng.sample(range(len(tiles)), min(size, len(tiles))))
        return roughen(toPixels(tiles[picks])), [part[picks] for part in answers], [descriptions[i] for i in picks.tolist()]


def roughen(pixels: Tensor) -> Tensor:
    """Noise, exposure and a tint, differently for each picture."""
    batch = pixels.shape[0]
    some = lambda share, *shape: (torch.rand(batch, 1, 1, 1) < share) * torch.randn(batch, *shape)
    gain = 1 + 0.05 * some(0.5, 1, 1, 1) + 0.02 * some(0.4, 3, 1, 1)
    noise = (torch.rand(batch, 1, 1, 1) < 0.4) * torch.rand(batch, 1, 1, 1) * 0.08 * torch.randn_like(pixels)
    return ((pixels + 1) * gain - 1 + 0.03 * some(0.4, 1, 1, 1) + noise).clamp(-1, 1)


class Heads(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.cells = nn.ModuleList(nn.Linear(width, classes) for classes in (len(KINDS), 1 + len(COLOURS), 3, 10))
        self.place = nn.Linear(width, 2)
        self.counts = nn.Linear(width, (2 + len(SHAPES) + len(COLOURS)) * MOST)

    def loss(self, rows: Tensor, cells: Tensor, places: Tensor, counts: Tensor) -> tuple[Tensor, dict[str, float]]:
        taken = cells[..., 0] > 0
        weight = taken * 1.0 + ~taken * 0.1
        total, right = torch.zeros(()), {}
        for i, name in enumerate(("kind", "colour", "rank", "zone")):
            logits = self.cells[i](rows).float()
            each = F.cross_entropy(logits.flatten(0, 1), cells[..., i].flatten(), reduction="none").view_as(weight)
            total = total + (each * weight).sum() / weight.sum()
            right[name] = (logits.argmax(-1) == cells[..., i])[taken].float().mean().item()
            if i == 0:
                right["clear"] = ((logits.argmax(-1) > 0) == taken).all(1).float().mean().item()
        total = total + 4 * F.mse_loss(self.place(rows).float()[taken], places[taken])
        logits = self.counts(rows.mean(1)).float().view(len(rows), -1, MOST)
        total = total + F.cross_entropy(logits.flatten(0, 1), counts.flatten())
        hits = logits.argmax(-1) == counts
        return total, right | {"total": hits[:, 0].float().mean().item(), "counts": hits.all(1).float().mean().item()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--save", type=Path, required=True)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--rate", type=float, default=0.003)
    parser.add_argument("--settle", type=float, default=0.3, help="last part of the time, in which the rate falls")
    args = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(3)
    rng = random.Random(time.time())
    pictures = Pictures(args.pictures)
    eyes = Eyes(VisionConfig())
    heads = Heads(eyes.config.width)
    if args.resume:
        state = torch.load(args.save)
        eyes.load_state_dict(state["eyes"])
        heads.load_state_dict(state["heads"])
    tables = ("query", "pos_embed", "resampler.proj")  # the last one takes no part in this
    matrices = [p for name, p in eyes.named_parameters() if p.dim() == 2 and not any(part in name for part in tables)]
    others = [p for p in eyes.parameters() if p.requires_grad and not any(p is m for m in matrices)]
    optimisers = [
        Muon(matrices, lr=args.rate),
        torch.optim.AdamW([*others, *heads.parameters()], lr=args.rate, weight_decay=0.0, betas=(0.9, 0.98), fused=True),
    ]
    started, step, seen, shown = time.time(), 0, 0, []
    while (done := (time.time() - started) / 60 / args.minutes) < 1:
        factor = min(1.0, (step + 1) / 100, 0.02 + (1 - done) / args.settle)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = args.rate * factor
        pixels, answers, _ = pictures.batch(rng, args.batch)
        with torch.autocast("cpu", torch.bfloat16):
            loss, right = heads.loss(eyes.read(pixels), *answers)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*eyes.parameters(), *heads.parameters()], 1.0)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad()
        step, seen = step + 1, seen + len(pixels)
        shown.append({"loss": loss.item(), **right})
        if step % 50 == 0:
            means = {name: np.nanmean([one[name] for one in shown[-50:]]) for name in shown[-1]}
            spent = time.time() - started
            print(f"{step:5} {spent / 60:.1f} min {seen / spent:.0f}/s " + " ".join(f"{name} {value:.3f}" for name, value in means.items()), flush=True)
        if step % 300 == 0:
            torch.save({"eyes": eyes.state_dict(), "heads": heads.state_dict()}, args.save)
    torch.save({"eyes": eyes.state_dict(), "heads": heads.state_dict()}, args.save)


if __name__ == "__main__":
    main()
