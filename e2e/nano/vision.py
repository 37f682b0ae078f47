"""The eyes of MiniCPM-V 2.0 in plain PyTorch: a SigLIP tower as timm builds it, and a resampler (one cross-attention).

The state dict has the tensor names of the checkpoint: `vpm.*` and `resampler.*`.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

EPS = 1e-6


@dataclass
class VisionConfig:
    patch_size: int = 14
    scale_resolution: int = 112
    query_num: int = 64
    embed_dim: int = 128
    depth: int = 5  # the last block is dropped, as in MiniCPM-V
    num_heads: int = 4
    mlp_ratio: float = 3
    img_size: int = 112
    width: int = 192  # of the language model

    def toHf(self) -> dict:
        """The keys that openbmb's MiniCPM-V-2 adds to config.json; `tiny_vision` holds timm's arguments of the tower."""
        tiny = ("embed_dim", "depth", "num_heads", "mlp_ratio", "img_size")
        return {
            "drop_vision_last_layer": True,
            "image_size": self.scale_resolution,
            "max_slice_nums": 1,
            "mm_use_im_start_end": True,
            "patch_size": self.patch_size,
            "query_num": self.query_num,
            "scale_resolution": self.scale_resolution,
            "slice_mode": True,
            "vision_encoder": "vit_so400m_patch14_siglip_384.webli",
            "tiny_vision": {name: getattr(self, name) for name in tiny},
        }


class VisionAttention(nn.Module):
    def __init__(self, c: VisionConfig) -> None:
        super().__init__()
        self.heads = c.num_heads
        self.qkv, self.proj = nn.Linear(c.embed_dim, 3 * c.embed_dim), nn.Linear(c.embed_dim, c.embed_dim)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
        return self.proj((scores.softmax(-1, dtype=v.dtype) @ v).transpose(1, 2).reshape(batch, length, width))


class VisionMlp(nn.Module):
    def __init__(self, c: VisionConfig) -> None:
        super().__init__()
        inner = int(c.embed_dim * c.mlp_ratio)
        self.fc1, self.fc2 = nn.Linear(c.embed_dim, inner), nn.Linear(inner, c.embed_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, c: VisionConfig) -> None:
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(c.embed_dim, EPS), VisionAttention(c)
        self.norm2, self.mlp = nn.LayerNorm(c.embed_dim, EPS), VisionMlp(c)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self, c: VisionConfig) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, c.embed_dim, c.patch_size, c.patch_size)

    def forward(self, pixels: Tensor) -> Tensor:
        """As a matrix product of unfolded patches: on a CPU faster than the convolution. [batch, patches, embed_dim]"""
        patch = self.proj.kernel_size[0]
        batch, channels, height, width = pixels.shape
        x = pixels.view(batch, channels, height // patch, patch, width // patch, patch).permute(0, 2, 4, 1, 3, 5)
        return F.linear(x.reshape(batch, -1, channels * patch * patch), self.proj.weight.flatten(1), self.proj.bias)


class Tower(nn.Module):
    def __init__(self, c: VisionConfig) -> None:
        super().__init__()
        self.side, self.patch = c.img_size // c.patch_size, c.patch_size
        self.patch_embed = PatchEmbed(c)
        self.pos_embed = nn.Parameter(torch.randn(1, self.side**2, c.embed_dim) * 0.3)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.depth - 1))
        self.norm = nn.LayerNorm(c.embed_dim, EPS)

    def forward(self, pixels: Tensor) -> Tensor:
        rows, columns = pixels.shape[2] // self.patch, pixels.shape[3] // self.patch
        positions = self.pos_embed
        if (rows, columns) != (self.side, self.side):  # timm's resample_abs_pos_embed
            grid = positions.view(1, self.side, self.side, -1).permute(0, 3, 1, 2)
            grid = F.interpolate(grid.float(), (rows, columns), mode="bicubic", antialias=True)
            positions = grid.flatten(2).transpose(1, 2)
        x = self.patch_embed(pixels) + positions
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


def sines(width: int, rows: int, columns: int) -> Tensor:
    """Sines and cosines of a grid (get_2d_sincos_pos_embed): the first half of a row is the column's. [patches, width]"""
    half = width // 4
    turns = 10000.0 ** (-torch.arange(half).float() / half)

    def one(count: int) -> Tensor:
        angles = torch.outer(torch.arange(count).float(), turns)
        return torch.cat((angles.sin(), angles.cos()), dim=1)

    across = one(columns)[None].expand(rows, -1, -1)
    down = one(rows)[:, None].expand(-1, columns, -1)
    return torch.cat((across, down), dim=2).reshape(rows * columns, width)


class Resampler(nn.Module):
    def __init__(self, c: VisionConfig) -> None:
        super().__init__()
        self.patch = c.patch_size
        self.heads = max(1, c.width // 128)
        side = math.isqrt(c.query_num)
        self.query = nn.Parameter(torch.randn(c.query_num, c.width) * 0.02)
        self.pos_embed = nn.Parameter(sines(c.width, side, side), requires_grad=False)
        self.kv_proj = nn.Linear(c.embed_dim, c.width, bias=False)
        self.attn = nn.Module()
        self.attn.in_proj_weight = nn.Parameter(torch.randn(3 * c.width, c.width) * c.width**-0.5)
        self.attn.in_proj_bias = nn.Parameter(torch.zeros(3 * c.width))
        self.attn.out_proj = nn.Linear(c.width, c.width)
        self.ln_q, self.ln_kv, self.ln_post = (nn.LayerNorm(c.width, EPS) for _ in range(3))
        self.proj = nn.Parameter(torch.randn(c.width, c.width) * c.width**-0.5)
        with torch.no_grad():
            # At first a query looks at the place in the picture that is its own in the grid of queries: by the sines that
            # turn fast enough to tell neighbours apart.
            fast = torch.arange(c.width) % (c.width // 4) < c.width // 20
            eye = torch.diag(fast * 4.5)
            self.attn.in_proj_weight[: c.width] = eye
            self.attn.in_proj_weight[c.width : 2 * c.width] = eye
            self.ln_q.weight.fill_(0.1)
            self.ln_kv.weight.fill_(0.3)

    def read(self, features: Tensor, rows: int, columns: int) -> Tensor:
        """Up to the last norm, before `proj` turns it into what the language model takes."""
        batch, width = features.shape[0], self.query.shape[1]
        values = self.ln_kv(self.kv_proj(features))
        keys = values + sines(width, rows, columns)
        wq, wk, wv = self.attn.in_proj_weight.chunk(3)
        bq, bk, bv = self.attn.in_proj_bias.chunk(3)
        split = lambda x: x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)
        q = split(F.linear(self.ln_q(self.query) + self.pos_embed, wq, bq)[None])
        k, v = split(F.linear(keys, wk, bk)), split(F.linear(values, wv, bv))
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
        out = (scores.softmax(-1, dtype=v.dtype) @ v).transpose(1, 2).reshape(batch, -1, width)
        return self.ln_post(self.attn.out_proj(out))

    def forward(self, features: Tensor, rows: int, columns: int) -> Tensor:
        return self.read(features, rows, columns) @ self.proj


class Eyes(nn.Module):
    def __init__(self, c: VisionConfig) -> None:
        super().__init__()
        self.config, self.vpm, self.resampler = c, Tower(c), Resampler(c)

    def read(self, pixels: Tensor) -> Tensor:
        """What the resampler has read of pixels in -1..1, before its last matrix. [batch, query_num, width]"""
        patch = self.config.patch_size
        return self.resampler.read(self.vpm(pixels), pixels.shape[2] // patch, pixels.shape[3] // patch)

    def forward(self, pixels: Tensor) -> Tensor:
        """Rows in place of embeddings, of pixels in -1..1. [batch, query_num, width]"""
        return self.read(pixels) @ self.resampler.proj


def toPixels(tiles: Tensor) -> Tensor:
    """Bytes [batch, height, width, 3] as the tower takes them."""
    return tiles.permute(0, 3, 1, 2).float() / 127.5 - 1
