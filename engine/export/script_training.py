"""The functions of a scenario's PyTorch script that train and evaluate."""

from engine.export import script_parts as parts
from scenarios.networks import Mlp
from scenarios.schema import Adam, AdamW, RmsProp, Scenario, Sdagd, Sgd


def evaluation(scenario: Scenario) -> str:
    """The loss, and the evaluation on the test images."""
    value = "F.cross_entropy(logits, labels)"
    if scenario.training.loss == "bce":
        value = "F.binary_cross_entropy_with_logits(logits, F.one_hot(labels, 10).float())"
    return f'''
def loss_of(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The mean over the batch."""
    return {value}


@torch.no_grad()
def evaluate(model: MLP, images: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    """Loss and accuracy on the test images."""
    model.eval()
    loss, hits = 0.0, 0
    for first in range(0, len(labels), 1000):
        x, y = scaled(images[first : first + 1000]), labels[first : first + 1000]
{_indented(_forward(scenario), 8)}
        loss += loss_of(logits, y).item() * len(y)
        hits += (logits.argmax(1) == y).sum().item()
    return loss / len(labels), hits / len(labels)
'''


def training(scenario: Scenario) -> str:
    """The loop over epochs and batches."""
    made = ["images, labels, test_images, test_labels = data"]
    if not isinstance(scenario.optimizer, Sdagd):
        made += [f"optimizer = {_optimizer(scenario)}"]
    if scenario.training.loss_scale != "none":
        made += [f"scaler = {_scaler(scenario)}"]
    if _is_planned(scenario):
        made += ["first_step = step"]
    modes = ["model.train()"]
    if scenario.stages:
        modes += [
            "for layer in model.layers:  # a frozen layer has no dropout, and its norm stays as it is",
            "    layer.train(layer[0].weight.requires_grad)",
        ]
    return f'''{_rate(scenario)}
def train(
    model: MLP, data: tuple[torch.Tensor, ...], epochs: int, seed: int, epoch: int = 0, step: int = 0
) -> tuple[int, int]:
    """Train for some epochs; returns how many epochs and steps there were."""
{_indented(made, 4)}
    for _ in range(epochs):
        epoch += 1
        batches = epoch_order(seed, epoch, len(labels)).to(labels.device).split({scenario.data.batch_size})
        began, total = time.perf_counter(), 0.0
{_indented(modes, 8)}
        for chosen in batches:
            step += 1
{_indented(_step(scenario), 12)}
        train_loss = total / sum(len(chosen) for chosen in batches)
        test_loss, accuracy = evaluate(model, test_images, test_labels)
        seconds = time.perf_counter() - began
        print(
            f"epoch {{epoch}}: train loss {{train_loss:.6f}}, test loss {{test_loss:.6f}}, "
            f"test accuracy {{accuracy:.4f}}, {{seconds:.1f}} s",
            flush=True,
        )
    return epoch, step
'''


def stages(scenario: Scenario) -> str:
    """The schedule of a staged scenario."""
    rows = "\n".join(f"    ({list(each.sub_models)}, {list(each.train)})," for each in scenario.stages)
    dtype = parts.DTYPES.get(scenario.training.precision, "")
    stored = ", dtype: torch.dtype" if dtype else ""
    return f'''
# Of each stage: how many layers each of its sub-models has, and which of them train.
STAGES = [
{rows}
]


def train_stages(model: MLP, data: tuple[torch.Tensor, ...], epochs: int, seed: int{stored}) -> None:
    """Train the stages one after another, each with a new output layer and a new optimizer."""
    layers, epoch, step = model.layers, 0, 0
    for stage, (sub_models, trained) in enumerate(STAGES, 1):
        model.layers, model.output = layers[: sum(sub_models)], new_output(seed, stage)
        model.output.to(data[0].device{", dtype" if dtype else ""})
        first = 0
        for number, size in enumerate(sub_models, 1):
            for layer in layers[first : first + size]:
                layer.requires_grad_(number in trained)
                layer.zero_grad()
            first += size
        print(f"stage {{stage}}: sub-models of {{sub_models}} layers, of which {{trained}} train")
        epoch, step = train(model, data, epochs, seed, epoch, step)
'''


def _step(scenario: Scenario) -> list[str]:
    """What is done with a batch."""
    training, optimizer = scenario.training, scenario.optimizer
    sdagd, scaled = isinstance(optimizer, Sdagd), training.loss_scale != "none"
    lines = ["x, y = scaled(images[chosen]), labels[chosen]"]
    if isinstance(scenario.model, Mlp) and scenario.model.dropout:
        lines += ['torch.manual_seed(generator(seed, "dropout", step).initial_seed())']
    lines += [*_forward(scenario), "loss = loss_of(logits, y)", "total += loss.item() * len(y)"]
    lines += ["model.zero_grad()" if sdagd else "optimizer.zero_grad()"]
    factor = " * rate_factor(step - first_step, epochs * len(batches))" if _is_planned(scenario) else ""
    if factor and not isinstance(optimizer, Sdagd):
        lines += [
            "for group in optimizer.param_groups:",
            f'    group["lr"] = {optimizer.lr}{factor}',
        ]
    lines += ["scaler.scale(loss).backward()" if scaled else "loss.backward()"]
    if training.clip_norm is not None:
        lines += ["scaler.unscale_(optimizer)"] if scaled else []
        lines += [f"nn.utils.clip_grad_norm_(model.parameters(), {training.clip_norm})"]
    if isinstance(optimizer, Sdagd):
        return [*lines, f"sdagd_step(curvature(model, x), {optimizer.radius}{factor})"]
    if scaled:
        return [*lines, "scaler.step(optimizer)  # skipped if a gradient overflowed", "scaler.update()"]
    return [*lines, "optimizer.step()"]


def _forward(scenario: Scenario) -> list[str]:
    precision = scenario.training.precision
    if precision.endswith("_mixed"):
        dtype = parts.DTYPES[precision.removesuffix("_mixed")]
        context = f"with torch.autocast(x.device.type, dtype={dtype}):"
        return [context, "    logits = model(x)", "logits = logits.float()"]
    if precision in parts.DTYPES:
        return [f"logits = model(x.to({parts.DTYPES[precision]})).float()"]
    return ["logits = model(x)"]


def _optimizer(scenario: Scenario) -> str:
    learnt = "model.parameters()"
    if scenario.stages:
        learnt = "[p for p in model.parameters() if p.requires_grad]"
    match scenario.optimizer:
        case Sgd(lr=lr, momentum=momentum):
            return f"torch.optim.SGD({learnt}, lr={lr}{f', momentum={momentum}' if momentum else ''})"
        case Adam(lr=lr, betas=betas, eps=eps):
            return f"torch.optim.Adam({learnt}, lr={lr}, betas={betas}, eps={eps})"
        case AdamW(lr=lr, betas=betas, eps=eps, weight_decay=decay):
            return f"torch.optim.AdamW({learnt}, lr={lr}, betas={betas}, eps={eps}, weight_decay={decay})"
        case RmsProp(lr=lr, alpha=alpha, momentum=momentum, eps=eps):
            return f"torch.optim.RMSprop({learnt}, lr={lr}, alpha={alpha}, momentum={momentum}, eps={eps})"
        case Sdagd():
            raise AssertionError("torch.optim has no SDAGD")


def _scaler(scenario: Scenario) -> str:
    scale = scenario.training.loss_scale
    if scale == "dynamic":
        return "torch.amp.GradScaler(images.device.type)"
    constant = "growth_interval=2**31 - 1, backoff_factor=1 - 1e-9"  # it has no setting for a constant scale
    return f"torch.amp.GradScaler(images.device.type, init_scale={scale}, {constant})"


def _is_planned(scenario: Scenario) -> bool:
    return bool(scenario.training.warmup_steps) or scenario.training.cosine_to is not None


def _rate(scenario: Scenario) -> str:
    if not _is_planned(scenario):
        return ""
    warmup, end = scenario.training.warmup_steps or 0, scenario.training.cosine_to
    lines = []
    if warmup:
        lines += [f"if step <= {warmup}:", f"    return step / {warmup}"]
    if end is None:
        lines += ["return 1.0"]
    else:
        lines += [
            f"done = min(1.0, (step - {warmup} - 1) / max(1, steps - {warmup}))",
            f"return {end} + (1 - {end}) * (1 + math.cos(math.pi * done)) / 2",
        ]
    return f'''
def rate_factor(step: int, steps: int) -> float:
    """The part of the learning rate that a step takes, counted from 1."""
{_indented(lines, 4)}

'''


def _indented(lines: list[str], by: int) -> str:
    return "\n".join(" " * by + line for line in lines)
