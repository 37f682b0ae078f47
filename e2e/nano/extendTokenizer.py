"""Adds to nano's tokenizer what pictures need: single characters of the questions about them, and the tags around a picture.

    python extendTokenizer.py ../../public/models/nano

New tokens come after the old ones, so that every text keeps its ids.
"""

import json
import sys
from pathlib import Path

CHARACTERS = "圆状没否描值格体位置矮念"
TAGS = ["<image>", "</image>", "<slice>", "</slice>"]


def write(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def main() -> None:
    folder = Path(sys.argv[1])
    tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    vocab = tokenizer["model"]["vocab"]
    for character in CHARACTERS:
        vocab.setdefault(character, len(vocab))
    size = len(vocab)
    for i, tag in enumerate(TAGS):
        token = {"content": tag, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        if not any(one["content"] == tag for one in tokenizer["added_tokens"]):
            tokenizer["added_tokens"].append({"id": size + i, **token})
            config["added_tokens_decoder"][str(size + i)] = token
    write(folder / "tokenizer.json", tokenizer)
    write(folder / "tokenizer_config.json", config)


if __name__ == "__main__":
    main()
