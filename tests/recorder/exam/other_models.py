"""More networks that people train: none is a chain of equal blocks."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Autoencoder(nn.Module):
    """64 numbers through a bottleneck of 4 and back."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 4)
        )
        self.decoder = nn.Sequential(
            nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 64)
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.decoder(self.encoder(x))
        return out


def _double(channels_in: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
    )


class UNet(nn.Module):
    """Down twice and up twice, with skips between the same sizes."""

    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        self.down1, self.down2 = _double(3, channels), _double(channels, 2 * channels)
        self.middle = _double(2 * channels, 4 * channels)
        self.up2, self.up1 = _double(6 * channels, 2 * channels), _double(3 * channels, channels)
        self.head = nn.Conv2d(channels, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        first = self.down1(x)
        second = self.down2(functional.max_pool2d(first, 2))
        middle = self.middle(functional.max_pool2d(second, 2))
        up = self.up2(torch.cat([functional.interpolate(middle, scale_factor=2), second], 1))
        up = self.up1(torch.cat([functional.interpolate(up, scale_factor=2), first], 1))
        out: Tensor = self.head(up)
        return out


class Encoder(nn.Module):
    """PyTorch's own transformer encoder as it is by default, with the LayerNorm after the sum."""

    def __init__(self, blocks: int = 4, width: int = 32, vocabulary: int = 64) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        layer = nn.TransformerEncoderLayer(width, 4, 64, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, blocks)
        self.head = nn.Linear(width, 10)

    def forward(self, tokens: Tensor) -> Tensor:
        out: Tensor = self.head(self.encoder(self.embed(tokens)).mean(1))
        return out


class Recurrent(nn.Module):
    """A classifier of sequences, from the last time step of an LSTM or an RNN."""

    def __init__(self, kind: type[nn.RNNBase] = nn.LSTM, width: int = 32, vocabulary: int = 64) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.rnn = kind(width, width, batch_first=True)  # type: ignore[call-arg, arg-type]
        self.head = nn.Linear(width, 10)

    def forward(self, tokens: Tensor) -> Tensor:
        out: Tensor = self.head(self.rnn(self.embed(tokens))[0][:, -1])
        return out


class Bag(nn.Module):
    """An average of embeddings whose gradients are sparse, and a linear layer."""

    def __init__(self, vocabulary: int = 64) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(vocabulary, 16, sparse=True)
        self.head = nn.Linear(16, 10)

    def forward(self, tokens: Tensor) -> Tensor:
        out: Tensor = self.head(self.bag(tokens))
        return out


class LowRank(nn.Module):
    """A frozen linear layer and a change of low rank to it, which begins with 0 (LoRA)."""

    def __init__(self, base: nn.Linear, rank: int = 4) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.a, self.b = (
            nn.Linear(base.in_features, rank, bias=False),
            nn.Linear(rank, base.out_features, bias=False),
        )
        nn.init.zeros_(self.b.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.base(x) + self.b(self.a(x))
        return out


def adapted(depth: int = 4) -> nn.Module:
    """Frozen layers with LoRA, and a head that trains."""
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [LowRank(nn.Linear(64, 64)), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(64, 10))
