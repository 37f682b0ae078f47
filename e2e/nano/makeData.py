"""Makes the data: an endless stream of training conversations, and the fixed held-out set (heldout.json).

Run it to write heldout.json and to print a few samples:  python makeData.py
"""

import json
import random
from pathlib import Path
from typing import Iterator

from tasks import SHARE, TASKS, drill

HERE = Path(__file__).resolve().parent
HELD_OUT = HERE / "heldout.json"
PER_CELL = 50  # held-out prompts per task and language
DRILL = 0.12  # share of training conversations that are a few bare sums in a row
MULTI_TURN = 0.25  # share of the others with more than one turn

Turn = tuple[str, str]  # question, answer


def question(rng: random.Random, held: bool, task: str | None = None, lang: str | None = None) -> Turn:
    task = task or rng.choices(list(SHARE), list(SHARE.values()))[0]
    return TASKS[task](rng, lang or rng.choice(["zh", "en"]), held)


def conversation(rng: random.Random) -> list[Turn]:
    """One training sample. Later turns are independent questions, often in the same language as the first."""
    if rng.random() < DRILL:
        return [drill(rng) for _ in range(rng.randint(1, 5))]
    if rng.random() >= MULTI_TURN:
        return [question(rng, False)]
    lang = rng.choice(["zh", "en"])
    turns = rng.choice([2, 2, 2, 3, 3, 4]) if rng.random() < 0.93 else rng.randint(5, 8)
    return [question(rng, False, lang=lang if rng.random() < 0.75 else None) for _ in range(turns)]


def stream(seed: int) -> Iterator[list[Turn]]:
    rng = random.Random(seed)
    while True:
        yield conversation(rng)


def heldOut(seed: int = 2024) -> list[dict]:
    """PER_CELL prompts per task and language, about one in ten at the end of a conversation of 2 or 3 turns."""
    rng = random.Random(seed)
    entries, seen = [], set()
    for task in TASKS:
        for lang in ("zh", "en"):
            count = tries = 0
            while count < PER_CELL:
                text, answer = question(rng, True, task, lang)
                tries += 1
                assert tries < 20000, (task, lang)
                if text in seen:
                    continue
                seen.add(text)
                history = [question(rng, True) for _ in range(rng.choice([1, 1, 2]))] if count % 10 == 9 else []
                messages = [{"role": role, "content": part} for turn in history for role, part in zip(("user", "assistant"), turn)]
                entries.append({"task": task, "lang": lang, "messages": messages + [{"role": "user", "content": text}], "answer": answer})
                count += 1
    return entries


def heldPrompts() -> set[str]:
    """The last questions of the held-out set; training skips any conversation that contains one."""
    return {entry["messages"][-1]["content"] for entry in json.loads(HELD_OUT.read_text("utf-8"))}


def main() -> None:
    entries = heldOut()
    HELD_OUT.write_text("[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + "\n]\n", "utf-8")
    held = heldPrompts()
    rng, clashes, total = random.Random(7), 0, 100_000
    for _ in range(total):
        clashes += question(rng, False)[0] in held
    print(f"{len(entries)} held-out entries; {clashes} of {total} raw training questions coincide with one (training drops them)")
    for task in TASKS:
        for lang in ("zh", "en"):
            for text, answer in (question(rng, False, task, lang) for _ in range(4)):
                print(f"{task:12} {lang}  {text}  ->  {answer}")


if __name__ == "__main__":
    main()
