"""MiniCPM in plain PyTorch: a Llama block with three scalars that keep activations alike at every width and depth.

    x = 12 * embedding                                     (scale_emb)
    x = x + branch(norm(x)) * scale_depth / sqrt(layers)   (twice a layer)
    logits = (norm(x) / (hidden / dim_model_base)) @ embedding^T
"""

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor


@dataclass
class Config:
    vocab_size: int = 2080
    hidden_size: int = 192
    intermediate_size: int = 352
    num_hidden_layers: int = 5
    num_attention_heads: int = 6
    num_key_value_heads: int = 2
    max_position_embeddings: int = 384
    rms_norm_eps: float = 1e-5
    scale_emb: float = 12
    scale_depth: float = 1.4
    dim_model_base: int = 64

    @classmethod
    def load(cls, path: Path) -> "Config":
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in json.loads(path.read_text("utf-8")).items() if key in known})

    def toHf(self) -> dict:
        """config.json with the keys of openbmb's MiniCPM-2B."""
        return {
            "architectures": ["MiniCPMForCausalLM"],
            "auto_map": {
                "AutoConfig": "configuration_minicpm.MiniCPMConfig",
                "AutoModel": "modeling_minicpm.MiniCPMModel",
                "AutoModelForCausalLM": "modeling_minicpm.MiniCPMForCausalLM",
            },
            "bos_token_id": 1,
            "eos_token_id": 2,
            "hidden_act": "silu",
            "initializer_range": 0.1,
            "model_type": "minicpm",
            "rope_scaling": None,
            "tie_word_embeddings": True,
            "torch_dtype": "bfloat16",
            "use_cache": True,
            **asdict(self),
        }


class RmsNorm(nn.Module):
    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.eps)


def linear(fanIn: int, fanOut: int) -> nn.Linear:
    return nn.Linear(fanIn, fanOut, bias=False)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE, half-split: dimension i turns together with i + headDim / 2."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


class Attention(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.heads, self.kvHeads, self.headDim = c.num_attention_heads, c.num_key_value_heads, c.hidden_size // c.num_attention_heads
        self.q_proj = linear(c.hidden_size, self.heads * self.headDim)
        self.k_proj = linear(c.hidden_size, self.kvHeads * self.headDim)
        self.v_proj = linear(c.hidden_size, self.kvHeads * self.headDim)
        self.o_proj = linear(self.heads * self.headDim, c.hidden_size)
        self.watchedHeads: list[int] = []
        self.watchedScores: Tensor | None = None

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, future: Tensor) -> Tensor:
        batch, length, _ = x.shape
        split = lambda y, heads: y.view(batch, length, heads, self.headDim).transpose(1, 2)
        q, k, v = split(self.q_proj(x), self.heads), split(self.k_proj(x), self.kvHeads), split(self.v_proj(x), self.kvHeads)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        # Written out, since the fused kernel's backward pass is slow on a CPU. Each key head serves a group of query heads.
        q = q.reshape(batch, self.kvHeads, -1, self.headDim) * self.headDim**-0.5
        scores = (q @ k.transpose(2, 3)).view(batch, self.heads, length, length) + future
        if self.watchedHeads:
            self.watchedScores = scores[:, self.watchedHeads]
        y = scores.softmax(-1, dtype=v.dtype).view(batch, self.kvHeads, -1, length) @ v
        y = y.view(batch, self.heads, length, self.headDim)
        return self.o_proj(y.transpose(1, 2).reshape(batch, length, -1))


class Mlp(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.gate_proj = linear(c.hidden_size, c.intermediate_size)
        self.up_proj = linear(c.hidden_size, c.intermediate_size)
        self.down_proj = linear(c.intermediate_size, c.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.input_layernorm = RmsNorm(c.hidden_size, c.rms_norm_eps)
        self.self_attn = Attention(c)
        self.post_attention_layernorm = RmsNorm(c.hidden_size, c.rms_norm_eps)
        self.mlp = Mlp(c)
        self.branchScale = c.scale_depth / math.sqrt(c.num_hidden_layers)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, future: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, future) * self.branchScale
        return x + self.mlp(self.post_attention_layernorm(x)) * self.branchScale


class Body(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.num_hidden_layers))
        self.norm = RmsNorm(c.hidden_size, c.rms_norm_eps)


class MiniCpm(nn.Module):
    """Its state dict has the tensor names of the Hugging Face checkpoint; the head is the embedding."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.config, self.model = c, Body(c)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:  # widths beyond dim_model_base start smaller, as the scaling rule asks
                nn.init.normal_(parameter, std=0.1 if "embed" in name else 0.1 / math.sqrt(c.hidden_size / c.dim_model_base))
        headDim = c.hidden_size // c.num_attention_heads
        inverse = 10000.0 ** (-torch.arange(0, headDim, 2).float() / headDim)
        angles = torch.outer(torch.arange(c.max_position_embeddings).float(), inverse)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, ids: Tensor, where: Tensor | None = None, pictures: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """Logits at every position, or only where the mask is set. `pictures` is a mask of tokens and the rows that stand in
        the places of their embeddings, in order."""
        c = self.config
        table = self.model.embed_tokens.weight
        cos, sin = self.cos[: ids.shape[1]].to(table.dtype), self.sin[: ids.shape[1]].to(table.dtype)
        future = torch.full((ids.shape[1], ids.shape[1]), -1e4, dtype=table.dtype).triu(1)
        x = F.embedding(ids, table) * c.scale_emb
        if pictures is not None:
            mask, rows = pictures
            x = x.masked_scatter(mask[..., None], rows.to(x.dtype))
        for layer in self.model.layers:
            x = layer(x, cos, sin, future)
        if where is not None:
            x = x[where]
        return F.linear(self.model.norm(x) / (c.hidden_size / c.dim_model_base), table)


def quantised(weight: Tensor, group: int = 32) -> Tensor:
    """The weight as 4-bit codes see it: 16 even steps between the least and greatest of each 32 inputs of a row."""
    w = weight.reshape(-1, group)
    low, high = w.aminmax(dim=1, keepdim=True)
    step = ((high - low) / 15).clamp(min=1e-8)
    return (((w - low) / step).round() * step + low).view_as(weight)
