"""Trains nano and exports it.

    python train.py --out ../../public/models/nano --steps 6000

Warm-up–stable–decay as in the MiniCPM paper: a short linear warm-up, a long stretch at full rate, and a last tenth or
so in which the rate halves again and again. The end of the decay also rounds all matrices to 4 bits on the way
forward, so that the weights settle where int4 costs little.
"""

import argparse
import os
import tempfile
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Iterator

# Threads that sleep, not spin, while they wait: on a machine that does other work too, this is many times faster.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from evaluate import forcedAccuracy
from makeData import heldPrompts, stream
from model import Config, MiniCpm, quantised
from muon import Muon
from trainTokenizer import compact

EOS = 2
IGNORE = -100


class Batches:
    """Conversations as padded (ids, labels) pieces of similar length; one call serves one optimiser step."""

    def __init__(self, tokenizer: Tokenizer, seed: int, conversations: int, pieces: int) -> None:
        self.tokenizer, self.conversations, self.pieces = tokenizer, conversations, pieces
        self.source, self.banned = stream(seed), heldPrompts()

    def sample(self) -> list[tuple[str, str]]:
        while True:
            turns = next(self.source)
            if not any(question in self.banned for question, _ in turns):
                return turns

    def next(self) -> list[tuple[Tensor, Tensor]]:
        rows = [encode(self.tokenizer, self.sample()) for _ in range(self.conversations)]
        rows.sort(key=lambda row: len(row[0]))
        total, parts, part = sum(len(ids) for ids, _ in rows), [], []
        for row in rows:  # cut where the tokens are even, so that no piece is mostly padding
            part.append(row)
            if sum(len(ids) for ids, _ in part) >= total / self.pieces:
                parts.append(part)
                part = []
        return [pad(part) for part in parts + [part] if part]


def encode(tokenizer: Tokenizer, turns: list[tuple[str, str]]) -> tuple[list[int], list[int]]:
    """Ids and labels of a conversation. Only answers are learnt. At the end of *every* answer the label is </s>,
    although a further turn goes on with `<`: a model that is done says so, whoever speaks next."""
    text, spans = "", []
    for question, answer in turns:
        text += f"<用户>{question.strip()}<AI>"
        spans.append((len(text), len(text) + len(answer)))
        text += answer
    coded = tokenizer.encode(text)
    ids, labels = coded.ids, [IGNORE] * len(coded.ids)
    ends = {end for _, end in spans}
    for i in range(1, len(ids)):
        # The normaliser's ▁ in front shifts no offset: they refer to the text as given.
        begin, end = coded.offsets[i]
        if any(start <= begin and end <= stop and end > start for start, stop in spans):
            labels[i - 1] = ids[i]
            last = i + 1 == len(ids) or coded.offsets[i + 1][1] > end
            if end in ends and last:
                labels[i] = EOS
    return ids, labels


def pad(rows: list[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor]:
    width = max(len(ids) for ids, _ in rows)
    fill = lambda values, value: values + [value] * (width - len(values))
    return torch.tensor([fill(ids, 0) for ids, _ in rows]), torch.tensor([fill(labels, IGNORE) for _, labels in rows])


@contextmanager
def rounded(matrices: list[Tensor]) -> Iterator[None]:
    """Puts 4-bit weights in place of the matrices, for one pass forward and back. The gradients found there move the
    exact weights (straight-through)."""
    exact = [matrix.data for matrix in matrices]
    for matrix in matrices:
        matrix.data = quantised(matrix.data)
    yield
    for matrix, data in zip(matrices, exact):
        matrix.data = data


def rate(step: int, steps: int, warmup: int, decay: int) -> float:
    """The WSD factor: rises, rests at 1, then falls exponentially to 1/64."""
    if step < warmup:
        return (step + 1) / warmup
    return 1.0 if step < steps - decay else 0.5 ** (6 * (step - (steps - decay)) / decay)


def export(model: MiniCpm, out: Path) -> None:
    save_file({name: tensor.detach().to(torch.bfloat16).contiguous() for name, tensor in model.state_dict().items()}, out / "model.safetensors", {"format": "pt"})
    compact(out / "config.json", model.config.toHf())
    compact(out / "generation_config.json", {"bos_token_id": 1, "eos_token_id": 2, "do_sample": False, "max_new_tokens": 96, "repetition_penalty": 1.0})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True, help="folder with tokenizer.json; receives the model")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--warmup", type=int, default=150)
    parser.add_argument("--decay", type=int, default=1200)
    parser.add_argument("--rounding", type=int, default=700, help="last steps, trained on weights rounded to 4 bits")
    parser.add_argument("--conversations", type=int, default=96, help="per step")
    parser.add_argument("--rate", type=float, default=0.01, help="of the embedding; matrices take it over hidden / dim_model_base")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--save", type=Path, default=Path(tempfile.gettempdir()) / "nano.pt", help="checkpoint for --resume")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--every", type=int, default=250, help="steps between reports")
    parser.add_argument("--compile", action="store_true", help="about twice as fast; needs a C++ compiler")
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--inner", type=int, default=352)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(2)
    tokenizer = Tokenizer.from_file(str(args.out / "tokenizer.json"))
    model = MiniCpm(Config(vocab_size=tokenizer.get_vocab_size(), num_hidden_layers=args.layers, intermediate_size=args.inner))
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)
    matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.dim() != 2 or "embed" in name]
    allMatrices = [p for p in model.parameters() if p.dim() == 2]
    width = model.config.hidden_size / model.config.dim_model_base
    # Muon for the matrices learns to copy and to calculate in fewer steps than AdamW, which keeps the embedding
    # and the norms.
    optimisers = [
        Muon(matrices, lr=args.rate / width),
        torch.optim.AdamW(others, lr=args.rate, weight_decay=0.0, betas=(0.9, 0.95), fused=True),
    ]
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["base"] = group["lr"]
    if args.compile:
        for layer in model.model.layers:
            layer.compile(dynamic=True)
    begin = 0
    if args.resume and args.save.exists():
        state = torch.load(args.save)
        model.load_state_dict(state["model"])
        for optimiser, saved in zip(optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
        begin = state["step"]
    # A resumed run takes new data, not the data it has seen.
    batches = Batches(tokenizer, args.seed + begin, args.conversations, 4)

    started, tokens, losses = time.time(), 0, []
    for step in range(begin, args.steps):
        rounding = step >= args.steps - args.rounding
        factor = rate(step, args.steps, args.warmup, args.decay)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["base"] * factor
        pieces = batches.next()
        supervised = sum(int((labels != IGNORE).sum()) for _, labels in pieces)
        loss = 0.0
        with rounded(allMatrices) if rounding else nullcontext():
            for ids, labels in pieces:
                where = labels != IGNORE
                with torch.autocast("cpu", torch.bfloat16):
                    logits = model(ids, where)
                part = F.cross_entropy(logits.float(), labels[where], reduction="sum") / supervised
                part.backward()
                loss += part.item()
                tokens += ids.numel()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad()
        losses.append(loss)
        if (step + 1) % 25 == 0:
            spent = time.time() - started
            print(f"{step + 1:6} loss {sum(losses[-25:]) / 25:.4f}  {tokens / spent:,.0f} tok/s  {spent / 60:.1f} min", flush=True)
        if (step + 1) % args.every == 0 or step + 1 == args.steps:
            print(f"{step + 1:6} held-out " + "  ".join(f"{task} {share:.2f}" for task, share in forcedAccuracy(model, tokenizer).items()), flush=True)
            torch.save({"model": model.state_dict(), "optimisers": [optimiser.state_dict() for optimiser in optimisers], "step": step + 1}, args.save)
            export(model, args.out)


if __name__ == "__main__":
    main()
