"""Writes the held-out questions about pictures, and a few of the pictures as files for tests of the page.

    python heldOutPictures.py

heldOutPictures.json holds descriptions, not pixels: pictures.ts draws them on a canvas, pictures.py with Pillow. The wordings
are those that training never asks with; the pictures come from a seed of their own.
"""

import json
import random
from pathlib import Path

from PIL import Image

from pictures import describe, draw
from questions import TASK_NAMES

HERE = Path(__file__).resolve().parent
HELD_OUT = HERE / "heldOutPictures.json"
EXAMPLES = HERE / "pictures"
PER_CELL = 25  # questions per task and language
SIZES = [(240, 240), (320, 320), (400, 400), (320, 240), (480, 360), (240, 320), (320, 180), (330, 220)]


def drawn(picture: dict) -> Image.Image:
    """The picture as a canvas draws it: in its own size, with smooth edges."""
    return draw(picture, 4).resize((picture["width"], picture["height"]), Image.Resampling.BOX)


def heldOut(seed: int = 2025) -> list[dict]:
    """Pictures with up to five questions each, PER_CELL of every task and language."""
    rng = random.Random(seed)
    wanted = {(task, lang): PER_CELL for task in TASK_NAMES for lang in ("zh", "en")}
    entries: list[dict] = []
    while any(wanted.values()):
        kind = rng.choice([TASK_NAMES[task][0] for (task, _), left in wanted.items() if left])
        picture = describe(rng, kind, *rng.choice(SIZES))
        questions: list[dict] = []
        cells = [cell for cell, left in wanted.items() if left and TASK_NAMES[cell[0]][0] == kind]
        for task, lang in rng.sample(cells, min(len(cells), 5)):
            made = TASK_NAMES[task][1](rng, picture, lang, True)
            if made:
                questions.append({"task": task, "lang": lang, "question": made[0], "answer": made[1]})
                wanted[task, lang] -= 1
        if questions:
            entries.append({"picture": picture, "questions": questions})
    return entries


# Pictures for tests of the page, each with a seed that shows something typical.
_SHOWN = [("shapes", 11, (320, 240)), ("shapes", 7, (240, 240)), ("shapes", 23, (240, 320)), ("number", 4, (240, 240)), ("chart", 9, (320, 240)), ("chart", 15, (240, 240))]


def main() -> None:
    entries = heldOut()
    HELD_OUT.write_text("[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in entries) + "\n]\n", "utf-8")
    print(len(entries), "pictures,", sum(len(entry["questions"]) for entry in entries), "questions")
    EXAMPLES.mkdir(exist_ok=True)
    examples = []
    for i, (kind, seed, size) in enumerate(_SHOWN):
        rng = random.Random(f"example {seed}")
        picture, questions = describe(rng, kind, *size), []
        for lang in ("en", "zh"):
            for task in [task for task, (of, _) in TASK_NAMES.items() if of == kind]:
                made = TASK_NAMES[task][1](rng, picture, lang, True)
                if made:
                    questions.append({"task": task, "lang": lang, "question": made[0], "answer": made[1]})
        name = f"{kind}-{i + 1}.png"
        drawn(picture).save(EXAMPLES / name, optimize=True)
        examples.append({"file": name, "questions": questions})
    (EXAMPLES / "questions.json").write_text(json.dumps(examples, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
