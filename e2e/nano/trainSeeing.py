"""Joins the eyes to the language model: both learn to answer questions about pictures, while the text tasks go on.

    python trainSeeing.py --model ../../public/models/nano --eyes /tmp/eyes.pt --pictures /tmp/pictures --things 2 --turns 2 --minutes 20
    python trainSeeing.py --model ../../public/models/nano --eyes /tmp/eyes.pt --pictures /tmp/pictures --resume --minutes 40

Pictures of one or two things go first, asked about once or twice: attention finds what to look at much sooner there.

The first run starts from a language model that has never seen (its tokenizer extended by extendTokenizer.py); --resume goes on
from --save. The last part of a run rounds all matrices to 4 bits on the way forward, as train.py does.
"""

import argparse
import os
import random
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from alignment import align
from evaluate import forcedAccuracy
from evaluateSeeing import forcedSight
from makeData import question
from guidance import ANSWERING, HEADS, READING, astray, guides, uncompared, unknown
from muon import Muon
from questions import questionAbout, withoutPicture
from seeing import IMAGE, SeeingModel
from train import IGNORE, Batches, encode, pad
from trainEyes import Heads, Pictures
from vision import Eyes, VisionConfig

WINDOW = 384  # of the language model


def conversation(rng: random.Random, picture: dict, mostTurns: int) -> list[tuple[str, str]]:
    """Several questions about one picture; now and then one that has nothing to do with it."""
    lang, turns, asked = rng.choice(["zh", "en"]), [], set()
    for _ in range(rng.choice([1, 2, mostTurns, mostTurns, mostTurns])):
        spoken = lang if rng.random() < 0.7 else rng.choice(["zh", "en"])
        text, answer = questionAbout(rng, picture, spoken) if rng.random() < 0.96 else question(rng, False, lang=spoken)
        if text not in asked:
            asked.add(text)
            turns.append((text, answer))
    return [(f"{IMAGE}\n{turns[0][0].strip()}", turns[0][1]), *turns[1:]]


def picturePiece(rng: random.Random, tokenizer: Tokenizer, descriptions: list[dict], turns: int) -> tuple[Tensor, Tensor]:
    return pad([encode(tokenizer, conversation(rng, picture, turns)) for picture in descriptions])


class Text(Batches):
    """Text conversations, some of which ask about a picture that is not there."""

    def sample(self) -> list[tuple[str, str]]:
        turns = super().sample()
        if random.random() < 0.04:
            turns.insert(random.randint(0, len(turns)), withoutPicture(random, random.choice(["zh", "en"])))  # type: ignore[arg-type]
        return turns


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True, help="folder with the tokenizer; receives the model")
    parser.add_argument("--language", type=Path, help="folder of the language model to start from; --model unless given")
    parser.add_argument("--eyes", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--save", type=Path, default=Path(tempfile.gettempdir()) / "seeing.pt")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--settle", type=float, default=0.5, help="last part of the time, in which the rate falls")
    parser.add_argument("--rounding", type=float, default=0.3, help="last part of the time, on rounded weights")
    parser.add_argument("--batch", type=int, default=24, help="pictures of a step")
    parser.add_argument("--glances", type=int, default=40, help="further pictures of a step, of which the heads alone learn")
    parser.add_argument("--texts", type=int, default=24, help="text conversations of a step")
    parser.add_argument("--turns", type=int, default=7, help="questions about a picture, at most")
    parser.add_argument("--things", type=int, default=9, help="in a picture, at most: few to begin with")
    parser.add_argument("--rate", type=float, default=0.0012)
    parser.add_argument("--eyesRate", type=float, default=0.3, help="of the eyes, as a share of --rate")
    parser.add_argument("--guidance", type=float, default=0.1, help="weight of where to look")
    parser.add_argument("--every", type=int, default=150)
    parser.add_argument("--compile", action="store_true", help="of the language model; needs a C++ compiler")
    args = parser.parse_args()
    torch.set_num_threads(2)
    rng = random.Random(time.time())
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    pictures = Pictures(args.pictures, args.things)
    state = torch.load(args.eyes)
    eyes, heads = Eyes(VisionConfig()), Heads(192)
    eyes.load_state_dict(state["eyes"])
    heads.load_state_dict(state["heads"])
    model = SeeingModel.join(args.language or args.model, tokenizer, eyes)
    if not args.resume:
        align(model, tokenizer, pictures.batch(rng, 1500))
    else:
        saved = torch.load(args.save)
        model.load_state_dict(saved["model"])
        heads.load_state_dict(saved["heads"])
    parts = {"llm": args.rate, "eyes": args.rate * args.eyesRate}  # what has learnt to see is not to be shaken
    probes = {i: Heads(192) for i in (READING, ANSWERING)}
    pairProbe = torch.nn.Parameter(torch.randn(2, 192) * 0.02)
    isMatrix = lambda name, p: p.dim() == 2 and not any(part in name for part in ("embed", "query"))
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    grouped = lambda matrices: [{"params": [p for name, p in named if name.startswith(part) and isMatrix(name, p) == matrices], "lr": rate} for part, rate in parts.items()]
    optimisers = [
        Muon(grouped(True), lr=args.rate, decay=0.02),  # type: ignore[arg-type]
        torch.optim.AdamW([*grouped(False), {"params": [pairProbe, *(p for each in (heads, *probes.values()) for p in each.parameters())], "lr": args.rate}], weight_decay=0.0, betas=(0.9, 0.98), fused=True),
    ]
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["base"] = group["lr"]
    if args.compile:
        for i, layer in enumerate(model.llm.model.layers):
            if i not in (READING, ANSWERING):
                layer.compile(dynamic=True)
    guided = {i: model.llm.model.layers[i] for i in (READING, ANSWERING)}
    hidden: dict[int, Tensor] = {}
    for i, layer in guided.items():
        layer.register_forward_hook(lambda _layer, _inputs, output, i=i: hidden.__setitem__(i, output))
    texts = Text(tokenizer, int(time.time()), args.texts, 2)
    started, step, shown, tokens = time.time(), 0, [], 0
    while (done := (time.time() - started) / 60 / args.minutes) < 1:
        factor = min(1.0, (step + 1) / 50, 0.02 + (1 - done) / args.settle)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["base"] * factor
        pixels, answers, descriptions = pictures.batch(rng, args.batch + args.glances)
        shown.append({})
        with model.rounded() if 1 - done < args.rounding else nullcontext():
            with torch.autocast("cpu", torch.bfloat16):
                read = model.eyes.read(pixels)
                aside, seen = heads.loss(read, *answers)
                rows = read[: args.batch] @ model.eyes.resampler.proj
            # The heads hold a gradient for the rows; those of the language model join it, piece by piece.
            leaf = rows.detach().requires_grad_()
            ids, labels = picturePiece(rng, tokenizer, descriptions[: args.batch], args.turns)
            pieces = [(ids, labels, leaf), *((*piece, None) for piece in texts.next())]
            supervised = sum(int((labels != IGNORE).sum()) for _, labels, _ in pieces)
            for ids, labels, shownRows in pieces:
                ids, labels = ids[:, :WINDOW], labels[:, :WINDOW]
                where = labels != IGNORE
                for layer in guided.values():
                    layer.self_attn.watchedHeads = [] if shownRows is None else HEADS
                with torch.autocast("cpu", torch.bfloat16):
                    logits = model.answer(ids, where, shownRows)
                loss = F.cross_entropy(logits.float(), labels[where], reduction="sum")
                aid = torch.zeros(())
                if shownRows is not None:
                    cells, places = (part[: args.batch] for part in answers[:2])
                    for i, guide in guides(tokenizer, ids, labels, cells).items():
                        parts = {"astray": astray(guided[i].self_attn.watchedScores, guide.looks), "unknown": unknown(probes[i], hidden[i], guide.knows, cells, places), "uncompared": uncompared(pairProbe, hidden[i], guide.compares, places)}
                        shown[-1] |= {f"{name} {i}": part.item() for name, part in parts.items()}
                        aid = aid + sum(parts.values())
                (loss / supervised + args.guidance * aid).backward()
                kind = "text" if shownRows is None else "picture"
                shown[-1][kind] = shown[-1].get(kind, 0) + loss.item() / supervised
                tokens += ids.numel()
            torch.autograd.backward([0.3 * aside, rows], [None, leaf.grad.to(rows.dtype)])
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad()
        step += 1
        shown[-1] |= {"aside": aside.item(), "kind": seen["kind"], "clear": seen["clear"]}
        if step % 25 == 0:
            part = shown[-25:]
            print(f"{step:5} {(time.time() - started) / 60:.1f} min {tokens / (time.time() - started):.0f} tok/s " + " ".join(f"{name} {sum(one.get(name, 0) for one in part) / len(part):.4f}" for name in part[0]), flush=True)
        if step % args.every == 0:
            report(model, tokenizer)
            torch.save({"model": model.state_dict(), "heads": heads.state_dict()}, args.save)
            model.export(args.model)
    torch.save({"model": model.state_dict(), "heads": heads.state_dict()}, args.save)
    model.export(args.model)
    report(model, tokenizer, whole=True)


@torch.no_grad()
def report(model: SeeingModel, tokenizer: Tokenizer, whole: bool = False) -> None:
    """Is every token of an answer the likeliest one? On fresh pictures, and on held-out text."""
    print("  fresh pictures " + "  ".join(f"{task} {share:.2f}" for task, share in forcedSight(model, tokenizer, random.randrange(10**9), 100 if whole else 24).items()), flush=True)
    text = forcedAccuracy(model.llm, tokenizer, 1 if whole else 10)
    print("  held-out text " + "  ".join(f"{task} {share:.2f}" for task, share in text.items()), flush=True)


if __name__ == "__main__":
    main()
