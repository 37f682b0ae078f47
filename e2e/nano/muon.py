"""Muon: momentum whose step is made orthogonal, so that a matrix moves with even strength in all its directions."""

from collections import defaultdict

import torch
from torch import Tensor


def orthogonal(x: Tensor, rounds: int = 5) -> Tensor:
    """Drives the singular values of each matrix of a stack towards 1 (Newton–Schulz, quintic)."""
    x = x.bfloat16()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(rounds):
        a = torch.bmm(x, x.transpose(1, 2))
        x = 3.4445 * x + torch.bmm(-4.775 * a + 2.0315 * torch.bmm(a, a), x)
    return x.float()


class Muon(torch.optim.Optimizer):
    """Matrices of one shape step as one stack: on a CPU many small products cost far more than a few large ones."""

    def __init__(self, matrices: list[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.1) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            stacks: dict[tuple[int, int], list[tuple[Tensor, Tensor, bool]]] = defaultdict(list)
            for p in group["params"]:
                state = self.state[p]
                if "speed" not in state:
                    state["speed"] = torch.zeros_like(p)
                state["speed"].lerp_(p.grad, 1 - group["momentum"])
                push = p.grad.lerp(state["speed"], group["momentum"])  # Nesterov
                tall = p.shape[0] > p.shape[1]
                push = push.T if tall else push
                stacks[tuple(push.shape)].append((p, push, tall))
            for (_, width), members in stacks.items():
                steps = orthogonal(torch.stack([push for _, push, _ in members]))
                for (p, _, tall), step in zip(members, steps):
                    p.mul_(1 - group["lr"] * group["decay"])
                    # The factor gives the step the size of a typical AdamW step, so that both share one learning rate.
                    p.add_(step.T if tall else step, alpha=-group["lr"] * 0.2 * width**0.5)
