"""Measures held-out exact match of an exported model, as bf16 weights and as int4 weights.

    python evaluate.py ../../public/models/nano
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from makeData import HELD_OUT
from model import Config, MiniCpm, quantised

EOS = 2


def load(folder: Path) -> tuple[MiniCpm, Tokenizer]:
    model = MiniCpm(Config.load(folder / "config.json"))
    stored = load_file(folder / "model.safetensors")
    model.load_state_dict({name.removeprefix("llm."): tensor.float() for name, tensor in stored.items() if not name.startswith(("vpm.", "resampler."))})
    return model.eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))


def prompt(messages: list[dict]) -> str:
    """MiniCPM's chat template."""
    return "".join(f"<用户>{m['content'].strip()}<AI>" if m["role"] == "user" else m["content"].strip() for m in messages)


def entries() -> list[dict]:
    return json.loads(HELD_OUT.read_text("utf-8"))


@torch.no_grad()
def forcedAccuracy(model: MiniCpm, tokenizer: Tokenizer, oneIn: int = 1) -> dict[str, float]:
    """A quick measure while training: is every token of the answer, and the </s> after it, the likeliest one?
    Exactly then would greedy decoding write the answer."""
    right: dict[str, list[bool]] = {"all": []}
    rows = []
    for entry in entries()[::oneIn]:
        start = tokenizer.encode(prompt(entry["messages"])).ids
        whole = tokenizer.encode(prompt(entry["messages"]) + entry["answer"]).ids + [EOS]
        rows.append((start, whole, entry))
    rows.sort(key=lambda row: len(row[1]))
    for at in range(0, len(rows), 64):
        part = rows[at : at + 64]
        width = max(len(whole) for _, whole, _ in part)
        best = model(torch.tensor([whole + [0] * (width - len(whole)) for _, whole, _ in part])).argmax(-1)
        for (start, whole, entry), row in zip(part, best):
            hit = row[len(start) - 1 : len(whole) - 1].tolist() == whole[len(start) :]
            right["all"].append(hit)
            right.setdefault(f"{entry['task'][:5]}.{entry['lang']}", []).append(hit)
    return {name: sum(hits) / len(hits) for name, hits in right.items()}


@torch.no_grad()
def greedy(model: MiniCpm, tokenizer: Tokenizer, messages: list[dict], limit: int = 96) -> str:
    ids = tokenizer.encode(prompt(messages)).ids
    start = len(ids)
    while len(ids) < start + limit:
        token = int(model(torch.tensor([ids]))[0, -1].argmax())
        if token == EOS:
            break
        ids.append(token)
    # Decoding strips one leading space, as the first ▁ of a text stands for none; an answer is not a text's beginning.
    head = tokenizer.decode(ids[:start])
    return tokenizer.decode(ids)[len(head) :]


def measure(model: MiniCpm, tokenizer: Tokenizer, show: int = 0) -> dict[tuple[str, str], tuple[int, int]]:
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for entry in entries():
        got = greedy(model, tokenizer, entry["messages"])
        hit = got == entry["answer"]
        if not hit and show > 0:
            show -= 1
            print(f"  {entry['task']} {entry['lang']}: {entry['messages'][-1]['content']} -> {got!r}, not {entry['answer']!r}")
        key = (entry["task"], entry["lang"])
        right, total = counts.get(key, (0, 0))
        counts[key] = (right + hit, total + 1)
    return counts


def main() -> None:
    torch.set_num_threads(2)
    folder = Path(sys.argv[1])
    model, tokenizer = load(folder)
    columns: list[dict[tuple[str, str], tuple[int, int]]] = []
    for name, change in (("bf16", lambda w: w.to(torch.bfloat16)), ("int4 (simulated)", lambda w: quantised(w).to(torch.bfloat16))):
        print(f"{name}, misses:")
        model, _ = load(folder)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(change(parameter) if parameter.dim() == 2 else parameter)
        columns.append(measure(model.to(torch.bfloat16), tokenizer, show=40))
    total = lambda column, i: sum(value[i] for value in column.values())
    print("| task | language | bf16 (PyTorch) | int4 (PyTorch, simulated) | int4 in the browser |\n|---|---|---|---|---|")
    for task, lang in columns[0]:
        print(f"| {task} | {lang} | " + " | ".join("{} / {}".format(*column[task, lang]) for column in columns) + " | |")
    print("| text | | " + " | ".join(f"{total(column, 0)} / {total(column, 1)} ({total(column, 0) / total(column, 1):.1%})" for column in columns) + " | |")


if __name__ == "__main__":
    main()
