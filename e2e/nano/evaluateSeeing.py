"""Measures exact answers about pictures that training has not seen.

    python evaluateSeeing.py ../../public/models/nano
"""

import json
import os
import random
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor

from evaluate import EOS, prompt
from heldOutPictures import HELD_OUT, drawn
from pictures import describe, rough, tileSize
from questions import TASK_NAMES, questionAbout
from seeing import IMAGE, SeeingModel
from vision import toPixels

SIZES = [(240, 240), (240, 240), (320, 240), (240, 320), (320, 180), (330, 220)]


def tileOf(image: Image.Image) -> Tensor:
    """A picture as the tower takes it."""
    tile = image.convert("RGB").resize(tileSize(*image.size), Image.Resampling.BICUBIC)
    return toPixels(torch.from_numpy(np.asarray(tile).copy())[None])


def promptAbout(question: str) -> str:
    return prompt([{"role": "user", "content": f"{IMAGE}\n{question.strip()}"}])


def ask(rng: random.Random, task: str, lang: str) -> tuple[dict, str, str]:
    """A new picture, a held-out wording and the right answer."""
    kind, maker = TASK_NAMES[task]
    while True:
        picture = describe(rng, kind, *rng.choice(SIZES))
        made = maker(rng, picture, lang, True)
        if made:
            return picture, *made


@torch.no_grad()
def forcedSight(model: SeeingModel, tokenizer: Tokenizer, seed: int, perTask: int) -> dict[str, float]:
    """Shares of answers of which every token is the likeliest, on fresh pictures. See evaluate.forcedAccuracy."""
    rng = random.Random(seed)
    right: dict[str, list[bool]] = {"all": []}
    groups: dict[tuple[int, int], list] = {}
    for task in TASK_NAMES:
        for i in range(perTask):
            picture, question, answer = ask(rng, task, ["zh", "en"][i % 2])
            groups.setdefault(tileSize(picture["width"], picture["height"]), []).append((task, rough(rng, picture), question, answer))
    for rows in groups.values():
        for at in range(0, len(rows), 64):
            part = rows[at : at + 64]
            seen = model.eyes(toPixels(torch.from_numpy(np.stack([np.asarray(image) for _, image, _, _ in part]))))
            starts = [tokenizer.encode(promptAbout(question)).ids for _, _, question, _ in part]
            wholes = [tokenizer.encode(promptAbout(question) + answer).ids + [EOS] for _, _, question, answer in part]
            width = max(map(len, wholes))
            best = model.answer(torch.tensor([whole + [1] * (width - len(whole)) for whole in wholes]), None, seen).argmax(-1)
            for (task, *_), start, whole, row in zip(part, starts, wholes, best):
                hit = row[len(start) - 1 : len(whole) - 1].tolist() == whole[len(start) :]
                right["all"].append(hit)
                right.setdefault(task, []).append(hit)
    return {name: sum(hits) / len(hits) for name, hits in right.items()}


@torch.no_grad()
def greedyAbout(model: SeeingModel, tokenizer: Tokenizer, rows: Tensor, question: str, limit: int = 64) -> str:
    """The greedy answer to a question about the picture of which `rows` are what the language model sees."""
    start = tokenizer.encode(promptAbout(question)).ids
    ids = list(start)
    while len(ids) < len(start) + limit:
        token = int(model.answer(torch.tensor([ids]), None, rows)[0, -1].argmax())
        if token == EOS:
            break
        ids.append(token)
    # Decoding strips one leading space, as the first ▁ of a text stands for none; an answer is not a text's beginning.
    return tokenizer.decode([ids[0], ids[1], *ids[len(start) :]])[len(tokenizer.decode([ids[0], ids[1]])) :]


@torch.no_grad()
def measure(model: SeeingModel, tokenizer: Tokenizer, entries: list[dict]) -> dict[tuple[str, str], tuple[int, int]]:
    """Right and asked, for each task and language."""
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for entry in entries:
        rows = model.eyes(tileOf(drawn(entry["picture"])))
        for one in entry["questions"]:
            got = greedyAbout(model, tokenizer, rows, one["question"])
            if got != one["answer"]:
                print(f"  {one['task']} {one['lang']}: {one['question']} -> {got!r}, not {one['answer']!r}")
            right, asked = counts.get((one["task"], one["lang"]), (0, 0))
            counts[one["task"], one["lang"]] = (right + (got == one["answer"]), asked + 1)
    return counts


def main() -> None:
    torch.set_num_threads(2)
    folder = Path(sys.argv[1])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    entries = json.loads(HELD_OUT.read_text("utf-8"))
    model = SeeingModel.load(folder)
    print("bf16, misses:")
    columns = [measure(model, tokenizer, entries)]
    print("int4 (simulated), misses:")
    with model.rounded():
        columns.append(measure(model, tokenizer, entries))
    total = lambda column, i: sum(value[i] for value in column.values())
    print("| task | language | bf16 (PyTorch) | int4 (PyTorch, simulated) | int4 in the browser |\n|---|---|---|---|---|")
    for task, lang in sorted(columns[0], key=lambda cell: (list(TASK_NAMES).index(cell[0]), cell[1] == "en")):
        print(f"| {task} | {lang} | " + " | ".join("{} / {}".format(*column[task, lang]) for column in columns) + " | |")
    print("| pictures | | " + " | ".join(f"{total(column, 0)} / {total(column, 1)} ({total(column, 0) / total(column, 1):.1%})" for column in columns) + " | |")


if __name__ == "__main__":
    main()
