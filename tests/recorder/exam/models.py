"""Networks of the kinds that people train, small enough for a processor, in plain PyTorch."""

import math
from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional


def mlp(
    depth: int, width: int, activation: type[nn.Module], *, he: bool = False, classes: int = 10
) -> nn.Module:
    """Hidden layers of one width, 64 inputs, and an output layer."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number in range(depth):
        linear = nn.Linear(64 if number == 0 else width, width)
        if he:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            nn.init.zeros_(linear.bias)
        layers[f"layer{number}"] = nn.Sequential(linear, activation())
    layers["head"] = nn.Linear(width, classes)
    return nn.Sequential(layers)


def plain_convolutions(
    depth: int, channels: int, *, std: float | None = None, norm: bool = False
) -> nn.Module:
    """Convolutions of 3×3 with ReLU and without skips; `std` of the weights, or PyTorch's default."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number in range(depth):
        conv = nn.Conv2d(3 if number == 0 else channels, channels, 3, padding=1)
        if std is not None:
            nn.init.normal_(conv.weight, std=std)
            assert conv.bias is not None
            nn.init.zeros_(conv.bias)
        parts = [conv, nn.BatchNorm2d(channels), nn.ReLU()] if norm else [conv, nn.ReLU()]
        layers[f"conv{number}"] = nn.Sequential(*parts)
    layers["pool"] = nn.AdaptiveAvgPool2d(1)
    layers["flat"] = nn.Flatten()
    layers["head"] = nn.Linear(channels, 10)
    return nn.Sequential(layers)


class ResidualBlock(nn.Module):
    """Two convolutions with BatchNorm, and the skip that is added before the last ReLU (He et al. 2016)."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels:
            self.skip = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        result: Tensor = self.relu(out + self.skip(x))
        return result


class ResNet(nn.Module):
    """Three stages of residual blocks on small images."""

    def __init__(self, blocks: int = 24, channels: int = 8) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
        )
        found, width_in = [], channels
        for stage in range(3):
            width = channels * 2**stage
            for number in range(blocks // 3):
                found.append(ResidualBlock(width_in, width, 2 if stage and not number else 1))
                width_in = width
        self.blocks = nn.Sequential(*found)
        self.head = nn.Linear(width_in, 10)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.head(self.blocks(self.stem(x)).mean((2, 3)))
        return result


class Attention(nn.Module):
    """Causal attention of several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        parts = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        out = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_causal=True)
        result: Tensor = self.proj(out.transpose(1, 2).reshape(batch, length, width))
        return result


class TransformerBlock(nn.Module):
    """Attention and an MLP, with the LayerNorm before each (pre) or after each sum (post)."""

    def __init__(self, width: int, heads: int, *, post: bool) -> None:
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.post = post

    def forward(self, x: Tensor) -> Tensor:
        if self.post:
            x = self.ln1(x + self.attn(x))
            result: Tensor = self.ln2(x + self.mlp(x))
        else:
            x = x + self.attn(self.ln1(x))
            result = x + self.mlp(self.ln2(x))
        return result


class Gpt(nn.Module):
    """A decoder of the GPT kind; pre-LN has the initial weights of GPT-2, post-LN those of Xavier."""

    def __init__(
        self,
        blocks: int = 24,
        width: int = 32,
        heads: int = 2,
        vocabulary: int = 64,
        length: int = 16,
        *,
        post: bool = False,
    ) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.h = nn.ModuleList(TransformerBlock(width, heads, post=post) for _ in range(blocks))
        self.ln_f: nn.Module = nn.Identity() if post else nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        for name, weight in self.named_parameters():
            if name.startswith(("wte", "wpe")) and post:
                nn.init.normal_(weight, std=width**-0.5)
            elif weight.dim() > 1 and post:
                nn.init.xavier_normal_(weight)
            elif weight.dim() > 1:
                last = name.endswith(("proj.weight", "mlp.2.weight"))
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * blocks) if last else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(weight)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.h:
            x = block(x)
        result: Tensor = self.head(self.ln_f(x))
        return result
