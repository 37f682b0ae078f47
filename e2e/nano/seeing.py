"""nano-V: nano's language model with the eyes of MiniCPM-V 2.0, and its checkpoint."""

from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from extendTokenizer import write
from model import Config, MiniCpm, quantised
from vision import Eyes, VisionConfig

QUERIES = 64
IMAGE = f"<image>{'<unk>' * QUERIES}</image>"
UNK = 0


class SeeingModel(nn.Module):
    def __init__(self, llm: MiniCpm, eyes: Eyes) -> None:
        super().__init__()
        self.llm, self.eyes = llm, eyes

    @classmethod
    def join(cls, folder: Path, tokenizer: Tokenizer, eyes: Eyes) -> "SeeingModel":
        """The language model in a folder, with rows for new tokens, and eyes."""
        llm = MiniCpm(Config.load(folder / "config.json"))
        stored = {name.removeprefix("llm."): tensor.float() for name, tensor in load_file(folder / "model.safetensors").items() if not name.startswith(("vpm.", "resampler."))}
        old = stored["model.embed_tokens.weight"]
        size = tokenizer.get_vocab_size()
        llm = MiniCpm(Config(**{**vars(llm.config), "vocab_size": size}))
        grown = old.mean(0) + 0.5 * old.std() * torch.randn(size, old.shape[1])
        grown[: len(old)] = old
        llm.load_state_dict({**stored, "model.embed_tokens.weight": grown})
        model = cls(llm, eyes)
        return model

    @classmethod
    def load(cls, folder: Path) -> "SeeingModel":
        stored = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
        model = cls(MiniCpm(Config.load(folder / "config.json")), Eyes(VisionConfig()))
        model.llm.load_state_dict({name[4:]: tensor for name, tensor in stored.items() if name.startswith("llm.")})
        model.eyes.load_state_dict({name: tensor for name, tensor in stored.items() if not name.startswith("llm.")})
        return model.eval()

    def answer(self, ids: Tensor, where: Tensor | None = None, rows: Tensor | None = None) -> Tensor:
        """Logits of the language model, with `rows` [batch, queries, width] in the places of the first tokens <unk>."""
        if rows is None:
            return self.llm(ids, where)
        isUnknown = ids == UNK
        return self.llm(ids, where, (isUnknown & (isUnknown.cumsum(1) <= rows.shape[1]), rows))

    @contextmanager
    def rounded(self) -> Iterator[None]:
        """4-bit weights in place of the matrices that an int4 import packs, for one pass; see train.py."""
        tables = ("query", "pos_embed", "patch_embed")
        parameters = [(name, p) for name, p in self.named_parameters() if p.dim() == 2 and not any(part in name for part in tables)]
        exact = [p.data for _, p in parameters]
        for name, p in parameters:
            # This one is multiplied from the right: its groups run down the columns.
            p.data = quantised(p.data.T.contiguous()).T.contiguous() if name.endswith("resampler.proj") else quantised(p.data)
        yield
        for (_, p), data in zip(parameters, exact):
            p.data = data

    def export(self, out: Path) -> None:
        tensors = {f"llm.{name}": tensor for name, tensor in self.llm.state_dict().items()} | self.eyes.state_dict()
        save_file({name: tensor.detach().to(torch.bfloat16).contiguous() for name, tensor in tensors.items()}, out / "model.safetensors", {"format": "pt"})
        config = self.llm.config.toHf() | {
            "architectures": ["MiniCPMV"],
            "auto_map": {"AutoConfig": "configuration_minicpm.MiniCPMVConfig", "AutoModel": "modeling_minicpmv.MiniCPMV", "AutoModelForCausalLM": "modeling_minicpmv.MiniCPMV"},
            "model_type": "minicpmv",
        }
        write(out / "config.json", config | self.eyes.config.toHf())
        write(out / "generation_config.json", {"bos_token_id": 1, "eos_token_id": 2, "do_sample": False, "max_new_tokens": 96, "repetition_penalty": 1.0})
