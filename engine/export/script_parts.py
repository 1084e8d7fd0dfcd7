"""The parts of a scenario's PyTorch script that do not depend on its numbers, as source text.

They are for a reader who knows PyTorch, so they use what everybody uses: modules, autograd and torch.optim.
"""

# The types of weights that have 16 bits, by the scenario's precision.
DTYPES = {"bf16": "torch.bfloat16", "fp16": "torch.float16"}

READ = '''
def read(folder: Path, name: str) -> torch.Tensor:
    """An IDX file, gzipped or not, as uint8 of its shape."""
    path = folder / name
    opened = path.open("rb") if path.exists() else gzip.open(f"{path}.gz", "rb")
    with opened as file:
        _, kind, dimensions = struct.unpack(">HBB", file.read(4))
        if kind != 8:
            raise SystemExit(f"{path}: no IDX file of bytes")
        shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
        return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).view(shape)


def load(folder: Path, half: str, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Images, uint8 [N, 784], and labels, int64 [N], of one half: train or t10k."""
    images, labels = read(folder, f"{half}-images-idx3-ubyte"), read(folder, f"{half}-labels-idx1-ubyte")
    return images.flatten(1).to(device), labels.long().to(device)


def scaled(images: torch.Tensor) -> torch.Tensor:
    """Pixels from 0 to 255 as float32 from 0 to 1."""
    return images.float() / 255


def generator(seed: int, purpose: str, number: int = 0) -> torch.Generator:
    """Each draw has a generator of its own, so that none depends on how many came before it."""
    digest = hashlib.sha256(f"{seed}:{purpose}:{number}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))


def epoch_order(seed: int, epoch: int, images: int) -> torch.Tensor:
    """The order in which an epoch visits the training images."""
    draw = generator(seed, "epoch", epoch)
    passes = 10 if images == 6000 else 1  # the sample that comes with vanish-tui has a tenth of the images
    return torch.cat([torch.randperm(images, generator=draw) for _ in range(passes)])
'''

SIGMOID_BETA = '''
class SigmoidBeta(nn.Module):
    """A sigmoid whose backward pass adds beta to the slope (Roodschild et al. 2020)."""

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z, beta):
            a = torch.sigmoid(z)
            ctx.save_for_backward(a)
            ctx.beta = beta
            return a

        @staticmethod
        def backward(ctx, gradient):
            (a,) = ctx.saved_tensors
            return gradient * (a * (1 - a) + ctx.beta), None

    def __init__(self, beta: float) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return SigmoidBeta.Function.apply(z, self.beta)
'''

CUSTOM_NORM = '''
class CustomNorm(nn.Module):
    """(z - mean) / std, over the whole batch and all units."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return (z - z.mean()) / z.std()
'''

NORMALISED_GRADIENT = '''
class NormalisedGradient(nn.Module):
    """Passes its input on. On the way back, the gradient gets mean 0 and standard deviation 1."""

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.view_as(a)

        @staticmethod
        def backward(ctx, gradient):
            return (gradient - gradient.mean()) / (gradient.std() + 1e-6)

    def forward(self, a: torch.Tensor) -> torch.Tensor:
        return NormalisedGradient.Function.apply(a)
'''

NEW_OUTPUT = '''
def new_output(seed: int, stage: int) -> nn.Linear:
    """The output layer of a stage, drawn as PyTorch does it."""
    output, draw = nn.Linear(WIDTH, 10), generator(seed, "head", stage)
    bound = 1 / math.sqrt(WIDTH)
    nn.init.uniform_(output.weight, -bound, bound, generator=draw)
    nn.init.uniform_(output.bias, -bound, bound, generator=draw)
    return output
'''

SDAGD = '''
@torch.no_grad()
def curvature(model: MLP, x: torch.Tensor) -> list[tuple[nn.Linear, torch.Tensor, torch.Tensor]]:
    """For each linear layer, from the output down: it, and h of its weight and of its bias.

    Becker and LeCun (1988): p(1 - p) at the output, then phi'(z)^2 times the sum of w^2 h of the layer above.
    """
    linears, inputs, slopes = [], [], []
    for layer in model.layers:
        linears.append(layer[0])
        inputs.append(x)
        with torch.enable_grad():
            z = layer[0](x).detach().requires_grad_()
            a = layer[1](z)
            slopes.append(torch.autograd.grad(a, z, torch.ones_like(a))[0])
        x = a.detach()
    linears.append(model.output)
    inputs.append(x)
    probabilities = torch.softmax(model.output(x), dim=1)
    h, found = probabilities * (1 - probabilities), []
    for place in range(len(linears) - 1, -1, -1):
        found.append((linears[place], h.T @ inputs[place].square() / len(x), h.mean(0)))
        if place:
            h = slopes[place - 1].square() * (h @ linears[place].weight.square())
    return found


@torch.no_grad()
def sdagd_step(curvatures: list[tuple[nn.Linear, torch.Tensor, torch.Tensor]], radius: float) -> None:
    """W <- W - g / (|g| / R + h), elementwise (Tan and Lim 2020)."""
    norms = [
        None
        if linear.weight.grad is None
        else torch.cat([linear.weight.grad.flatten(), linear.bias.grad]).double().norm()
        for linear, _, _ in curvatures
    ]
WHOLE    for (linear, of_weight, of_bias), norm in zip(curvatures, norms, strict=True):
        if norm is not None:
            for parameter, h in ((linear.weight, of_weight), (linear.bias, of_bias)):
                smallest = torch.finfo(parameter.dtype).tiny  # a gradient of 0 moves nothing
                parameter -= parameter.grad / (h + norm / radius).clamp_min(smallest)
'''

WHOLE_NORM = """    known = [norm for norm in norms if norm is not None]
    norms = [None if norm is None else torch.stack(known).norm() for norm in norms]
"""
