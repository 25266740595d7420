"""Trains and runs one of isocl's model files in PyTorch, in one configuration, and prints one JSON object.

The network is built layer for layer from the file, and works on the same kind of batch as `isocl bench`:
random, already in memory, always the same one. compare.py calls this once for each configuration, so that
each has a process, its settings and its peak memory of its own.

    python3 tools/bench/pytorch.py --model models/mnist/cnn.yaml --config channels_last+fused --threads 2
"""
import sys

import peer

# The parts of a configuration, joined with "+"; "eager" is PyTorch's default. `tuned` is
# set in the environment by compare.py, before the process starts.
FLAGS = ("eager", "tuned", "channels_last", "foreach", "fused", "compile", "flush", "tf32", "no_tf32")


def same_padding(size, kernel, stride, dilation=1):
    """Lines before and after the image, as Keras has them."""
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def around(layer, x, kernel, stride, dilation=(1, 1)):
    """Padding on both sides alike, as PyTorch's layers do it themselves, where the result has Keras's size; and
    else what a layer of its own has to add. Where they differ only the place of the odd line does."""
    if layer.padding != "same":
        return (0, 0), None
    sizes = x.shape[2:]
    wanted = [-(-n // s) for n, s in zip(sizes, stride)]
    both = [(k - 1) * d // 2 for k, d in zip(kernel, dilation)]
    got = [(n + 2 * p - (k - 1) * d - 1) // s + 1 for n, p, k, d, s in zip(sizes, both, kernel, dilation, stride)]
    if got == wanted:
        return tuple(both), None
    (top, bottom), (left, right) = (same_padding(n, k, s, d) for n, k, s, d in zip(sizes, kernel, stride, dilation))
    return (0, 0), (left, right, top, bottom)


def functions(nn):
    return {"relu": lambda alone: nn.ReLU(inplace=alone), "elu": lambda alone: nn.ELU(inplace=alone),
            "tanh": lambda alone: nn.Tanh(), "sigmoid": lambda alone: nn.Sigmoid(), "gelu": lambda alone: nn.GELU(),
            "swish": lambda alone: nn.SiLU(inplace=alone), "softplus": lambda alone: nn.Softplus()}


def convolution(nn, layer, x, channels, out, kernel, groups):
    stride, dilation = layer.pair("strides"), layer.pair("dilation_rate")
    padding, extra = around(layer, x, kernel, stride, dilation)
    made = nn.Conv2d(channels, out, kernel, stride, padding, dilation, groups, layer.use_bias)
    return nn.Sequential(nn.ZeroPad2d(extra), made) if extra else made


def pooling(nn, kind, layer, x):
    size = layer.pair("pool_size")
    stride = layer.pair("strides") if layer.strides is not None else size
    padding, extra = around(layer, x, size, stride)
    made = kind(size, stride, padding)
    return nn.Sequential(nn.ZeroPad2d(extra), made) if extra else made


def sides(padding):
    if not isinstance(padding, list):
        return (padding,) * 4
    if not isinstance(padding[0], list):
        return (padding[1], padding[1], padding[0], padding[0])
    return (*padding[1], *padding[0])


def module_of(torch, layer, x, alone):
    """A layer as PyTorch has it; x: what it reads, to know its size; alone: nothing else reads that."""
    nn, channels = torch.nn, x.shape[1]
    if layer.op == "conv2d":
        return convolution(nn, layer, x, channels, layer.filters, layer.pair("kernel_size"), 1)
    if layer.op == "depthwise_conv2d":
        out = channels * layer.depth_multiplier
        return convolution(nn, layer, x, channels, out, layer.pair("kernel_size"), channels)
    if layer.op == "batch_normalization":
        norm = nn.BatchNorm2d if x.dim() == 4 else nn.BatchNorm1d
        return norm(channels, eps=layer.epsilon, momentum=1 - layer.momentum)
    if layer.op == "activation":
        return functions(nn)[layer.function](alone)
    if layer.op in ("max_pooling2d", "average_pooling2d"):
        return pooling(nn, nn.MaxPool2d if layer.op == "max_pooling2d" else nn.AvgPool2d, layer, x)
    simple = {"flatten": lambda: nn.Flatten(), "dropout": lambda: nn.Dropout(layer.rate),
              "spatial_dropout2d": lambda: nn.Dropout2d(layer.rate),
              "dense": lambda: nn.Linear(channels, layer.units, layer.use_bias),
              "zero_padding2d": lambda: nn.ZeroPad2d(sides(layer.padding)),
              "global_average_pooling2d": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
              "global_max_pooling2d": lambda: nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten()),
              "add": lambda: None, "concatenate": lambda: None}
    if layer.op not in simple:
        raise ValueError(f"{layer.name}: no {layer.op} is written here")
    return simple[layer.op]()


def build(torch, network):
    """The network as a module; its shapes are found by running zero images through it."""
    class Graph(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = torch.nn.ModuleList()
            self.last_reader = {}          # the last reader of each value, after which it is freed
            for i, layer in enumerate(network.layers):
                for source in layer.inputs:
                    self.last_reader[source] = i

        def forward(self, x):
            values = {-1: x}
            for i, layer in enumerate(network.layers):
                given = [values[source] for source in layer.inputs]
                values[i] = self.apply_part(i, layer, given)
                for source in layer.inputs:
                    if self.last_reader[source] == i:
                        values.pop(source, None)
            return values[len(network.layers) - 1]

        def apply_part(self, i, layer, given):
            if layer.op == "add":
                total = given[0]
                for value in given[1:]:
                    total = total + value
                return total
            return torch.cat(given, 1) if layer.op == "concatenate" else self.parts[i](given[0])

    graph, shape = Graph(), network.shape
    zeros = torch.zeros(2, *((shape[2], shape[0], shape[1]) if len(shape) == 3 else shape))
    values = {-1: zeros}
    with torch.no_grad():
        for i, layer in enumerate(network.layers):
            source = values[layer.inputs[0]]
            alone = layer.inputs[0] >= 0 and network.readers(layer.inputs[0]) == 1
            part = module_of(torch, layer, source, alone)
            graph.parts.append(part if part is not None else torch.nn.Identity())
            values[i] = graph.apply_part(i, layer, [values[k].clone() for k in layer.inputs])
    return graph


def optimizer(torch, network, net, flags):
    """The optimizer of the model file. Fails where PyTorch has no fused one."""
    name, args = network.optimizer
    args, how = args if isinstance(args, dict) else {}, {}
    for flag in ("foreach", "fused"):
        if flag in flags:
            how[flag] = True
    rate = args.get("learning_rate", 0.01 if name == "sgd" else 0.001)
    if name == "adam":
        betas = (args.get("beta_1", 0.9), args.get("beta_2", 0.999))
        return torch.optim.Adam(net.parameters(), lr=rate, betas=betas, eps=args.get("epsilon", 1e-7), **how)
    if name == "rmsprop":
        return torch.optim.RMSprop(net.parameters(), lr=rate, alpha=args.get("rho", 0.9),
                                   eps=args.get("epsilon", 1e-7), **how)
    if name == "sgd":
        return torch.optim.SGD(net.parameters(), lr=rate, momentum=args.get("momentum", 0),
                               nesterov=args.get("nesterov", False), **how)
    raise ValueError(f"no optimizer {name} is written here")


def count(net):
    """Parameters as isocl counts them: the moving statistics are among them."""
    return sum(p.numel() for p in net.parameters()) + sum(b.numel() for b in net.buffers() if b.is_floating_point())


def run(network, batch, flags, args):
    import torch
    imported = peer.peak_memory()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    if "flush" in flags:
        torch.set_flush_denormal(True)
    if "tf32" in flags or "no_tf32" in flags:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = "tf32" in flags
    shape, device = network.shape, torch.device(args.device)
    net = build(torch, network).to(device)
    x = torch.rand(batch, *((shape[2], shape[0], shape[1]) if len(shape) == 3 else shape)).to(device)
    y = torch.randint(network.classes, (batch,)).to(device)
    if "channels_last" in flags:
        net = net.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    net.train()
    update, criterion = optimizer(torch, network, net, flags), torch.nn.CrossEntropyLoss()

    def loss_of(images, labels):
        return criterion(net(images), labels)
    forward = torch.compile(loss_of) if "compile" in flags else loss_of

    def step():
        update.zero_grad(set_to_none=True)
        loss = forward(x, y)
        loss.backward()
        update.step()
        return loss
    told = {"peer": "PyTorch", "version": torch.__version__, "parameters": count(net)}
    if args.check:
        return told | {"loss": float(step().detach())}
    a = torch.rand(512, 512).to(device)
    wait = torch.cuda.synchronize if device.type == "cuda" else None
    gate = peer.Gate(lambda: torch.mm(a, a), wait)
    training = gate.measure(step, args.seconds)
    memory = peer.peak_memory()

    net.eval()
    infer = net
    if "compile" in flags:
        import torch._inductor.config as inductor
        inductor.freezing = True           # weights may be packed: they no longer change
        infer = torch.compile(net)

    def predict():
        torch.softmax(infer(x), 1)
    with torch.no_grad():
        inference = gate.measure(predict, args.seconds)
    return told | peer.figures(gate, batch, training, inference, memory, imported)


if __name__ == "__main__":
    sys.exit(peer.main(__doc__, FLAGS, run))
