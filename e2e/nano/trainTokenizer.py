"""Trains the byte-fallback BPE tokenizer, in the form of MiniCPM's tokenizer.json.

    python trainTokenizer.py ../../public/models/nano

Han characters and digits stay single tokens (apart from a few very common words): copying, reversing and
arithmetic then work on units that never change their cut. `<用户>` and `<AI>` are ordinary text, as in MiniCPM.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from makeData import stream

VOCAB_SIZE = 2080
SAMPLES = 60_000
COMMON_WORDS = "用户 什么 多少 等于 知道 我们 怎么 哪个 哪座 翻译 英语 英文 中文 演示 模型 星期 反义词 首都 颜色 更高 一个".split()
CHAT_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'user' %}{{'<用户>' + message['content'].strip() + '<AI>'}}"
    "{% else %}{{message['content'].strip()}}{% endif %}{% endfor %}"
)
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
SPECIALS = ["<unk>", "<s>", "</s>"]


def corpus() -> list[str]:
    conversations = stream(seed=1)
    return [text for _ in range(SAMPLES) for turn in next(conversations) for text in ("用户", turn[0], "AI", turn[1])]


def trainMerges(texts: list[str]) -> tuple[list[str], list[list[str]]]:
    """Single characters and merge rules. The cuts below only shape the training; the shipped tokenizer has none."""
    counts = Counter("".join(texts))
    # Rare characters (noise in the "unknown" task) are left to the byte fallback.
    alphabet = sorted({char for char, count in counts.items() if count >= 12} | set(map(chr, range(33, 127))) | {"▁"})
    alphabet = [char for char in alphabet if char != " "]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    words = "|".join(sorted(COMMON_WORDS, key=len, reverse=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(f"{words}|▁?[A-Za-z]+|."), behavior="isolated")
    trainer = trainers.BpeTrainer(vocab_size=VOCAB_SIZE - len(SPECIALS) - len(BYTES), initial_alphabet=alphabet, limit_alphabet=len(alphabet), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    merges = [merge if isinstance(merge, list) else merge.split(" ") for merge in model["merges"]]
    return [piece for piece in model["vocab"] if len(piece) == 1], merges


def tokenizerJson(singles: list[str], merges: list[list[str]]) -> dict:
    pieces = SPECIALS + BYTES + singles + ["".join(merge) for merge in merges]
    pieces = list(dict.fromkeys(pieces))
    special = lambda token: {"SpecialToken": {"id": token, "type_id": 0}}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
            for i, token in enumerate(SPECIALS)
        ],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special("<s>"), {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [special("<s>"), {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<s>", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": {piece: i for i, piece in enumerate(pieces)},
            "merges": [" ".join(merge) for merge in merges],
        },
    }


def tokenizerConfig(contextLength: int) -> dict:
    special = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    return {
        "add_bos_token": True,
        "add_eos_token": False,
        "added_tokens_decoder": {str(i): {"content": token, **special} for i, token in enumerate(SPECIALS)},
        "bos_token": "<s>",
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": "</s>",
        "legacy": True,
        "model_max_length": contextLength,
        "pad_token": None,
        "sp_model_kwargs": {},
        "tokenizer_class": "LlamaTokenizer",
        "unk_token": "<unk>",
        "use_default_system_prompt": False,
    }


def compact(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    singles, merges = trainMerges(corpus())
    value = tokenizerJson(singles, merges)
    compact(out / "tokenizer.json", value)
    compact(out / "tokenizer_config.json", tokenizerConfig(384))
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    print(f"{len(value['model']['vocab'])} pieces, {len(singles)} single characters, {len(merges)} merges")
    for text in ("<用户>12 + 7 等于多少？<AI>12+7=19", "<用户>What is the capital of France?<AI>The capital of France is Paris.", "<用户>泰山高1533米，黄山高1864米。哪座山更高？高多少？<AI>", "鑫 Kangchenjunga"):
        pieces = tokenizer.encode(text)
        print(len(pieces.ids), pieces.tokens, tokenizer.decode(pieces.ids) == text)


if __name__ == "__main__":
    main()
