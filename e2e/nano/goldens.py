"""Writes goldens.json: greedy answers and first logits that any engine running the exported model must reproduce.

    python goldens.py ../../public/models/nano

Computed in float32 from the bf16 weights.
"""

import json
import sys
from pathlib import Path

import torch

from PIL import Image

from evaluate import greedy, load, prompt
from evaluateSeeing import greedyAbout, promptAbout, tileOf
from heldOutPictures import EXAMPLES
from seeing import SeeingModel

# Questions about pictures/*.png, after whose names they go.
PICTURE_QUESTIONS = [("shapes-1.png", "How many shapes are there?"), ("shapes-3.png", "图里有什么？"), ("chart-5.png", "How many bars are there?")]
CONVERSATIONS = [
    ["泰山高1533米，黄山高1864米。哪座山更高？高多少？"],
    ["What is 47 plus 38?"],
    ["“苹果”用英语怎么说？"],
    ["Reverse these words: red, cat, sun"],
    ["你好", "法国的首都是哪里？"],
    ["Who are you?", "12 × 7 = ?", "日本的首都是什么？"],
]


@torch.no_grad()
def main() -> None:
    model, tokenizer = load(Path(sys.argv[1]))
    goldens = []
    for questions in CONVERSATIONS:
        messages: list[dict] = []
        for question in questions:
            messages.append({"role": "user", "content": question})
            answer = greedy(model, tokenizer, messages)
            messages.append({"role": "assistant", "content": answer})
        asked = messages[:-1]
        ids = tokenizer.encode(prompt(asked)).ids
        logits = model(torch.tensor([ids]))[0, -1]
        goldens.append({
            "messages": asked,
            "promptIds": ids,
            "answer": answer,
            "argmax": int(logits.argmax()),
            "logits": [round(value, 6) for value in logits[:16].tolist()],
        })
        print(" | ".join(message["content"] for message in messages))
    canSee = "vision_encoder" in json.loads((Path(sys.argv[1]) / "config.json").read_text("utf-8"))
    seeing = SeeingModel.load(Path(sys.argv[1])) if canSee else None
    for file, question in PICTURE_QUESTIONS if seeing else []:
        rows = seeing.eyes(tileOf(Image.open(EXAMPLES / file)))
        ids = tokenizer.encode(promptAbout(question)).ids
        logits = seeing.answer(torch.tensor([ids]), None, rows)[0, -1]
        goldens.append({
            "picture": file,
            "messages": [{"role": "user", "content": question}],
            "promptIds": ids,
            "answer": greedyAbout(seeing, tokenizer, rows, question),
            "argmax": int(logits.argmax()),
            "logits": [round(value, 6) for value in logits[:16].tolist()],
        })
    Path(__file__).with_name("goldens.json").write_text("[\n" + ",\n".join(json.dumps(golden, ensure_ascii=False) for golden in goldens) + "\n]\n", "utf-8")


if __name__ == "__main__":
    main()
