"""costs.py: what a launch takes at least: multiply-adds, those of whole tiles, terms one after the other, and bytes.

Each operand is moved once, and so is each result. A kernel that is not named here has as many elements as its argument
n says, or as it has work-items, in each tensor but those of SMALL."""
import collections

POINTS = 36         # per tile of Winograd's algorithm: core/arithmetic/winograd.h
# Sizes of a work-group of clkernels/winograd_fused.h: tiles or channels, terms a step; channels in a block.
FUSED_TILES, FUSED_STEP, BLOCK_CHANNELS = 16, 4, 64
BLOCK_ROWS, GROUP_BLOCKS = 128, 8       # core/arithmetic/order.h
# Tensors with at most a number for each row or column.
SMALL = {"bias", "gamma", "beta", "mean", "inverse", "moving_mean", "moving_variance", "weight", "loss", "offset",
         "slope", "hit", "order", "labels", "t", "blocks", "groups", "dgamma", "dbeta", "total", "norm"}
# Bytes of an element of an optimizer's step: what is read and written of weights, gradients and slots.
UPDATES = {"adam_update": 28, "rmsprop_update": 20, "sgd_update": 12, "sgd_momentum": 20}

# whole: fma of whole tiles, by `groups` work-groups, or all that the launch has.
Cost = collections.namedtuple("Cost", "fma whole chain bytes groups", defaults=(None,))


def blocks(n, size):
    return -(-n // size)


def group_begin(number, rows, image):
    """The first row of a group of a sum over rows, as core/arithmetic/order.h has it."""
    block = BLOCK_ROWS if image > BLOCK_ROWS else BLOCK_ROWS // image * image
    per_image = blocks(image, BLOCK_ROWS)
    size = GROUP_BLOCKS // per_image * image if 1 < per_image <= GROUP_BLOCKS else GROUP_BLOCKS * block
    parts = blocks(image, size)
    return min(rows, number // parts * image + number % parts * size if image > size else number * size)


def product(launch, a, tile):
    """A launch of chains_*: rows x cols results of `depth` terms, or depth x cols of `rows` terms, of which a launch may
    have some groups."""
    over_rows = launch.kernel == "chains_over_rows"
    depth = a["taps_y"] * a["taps_x"] * a["segment"]
    if over_rows:
        first, end = (group_begin(a[name], a["rows"], a["image"]) for name in ("first_group", "end_group"))
        a = {**a, "rows": end - first}
    images = blocks(a["rows"], a["row_h"] * a["row_w"])
    pixels = images * max(a["a_image"], a["row_h"] * a["a_i"], a["row_w"] * a["a_j"])
    x, y, z = launch.groups
    parts = a["deep"] if over_rows else blocks(depth, a["block"]) if a["split"] else 1
    products = max(z // parts, 1)
    terms = a["rows"] if over_rows else depth
    results, right = a["rows"] * a["cols"], depth * a["cols"]
    if over_rows:
        results, right = right, results
    stored = results * parts * (2 if a["add"] else 1)
    return Cost(results * terms * products, x * y * tile[0] * tile[1] * terms * products, blocks(terms, parts),
                4 * products * (pixels + right + stored))


def winograd(a):
    """Pixels and points of all the tiles that a launch transforms: of its one struct, or of two."""
    structs = {name.split(".")[0] for name in a if name.endswith(".tiles")}
    return sum(a[f"{s}.tiles"] * a[f"{s}.c"] * 4 * (POINTS * max(a[f"{s}.parts"], 1) + a[f"{s}.step"] ** 2)
               for s in structs)


def pixels(a, tiles):
    """Bytes of the pixels of a set of tiles, each once."""
    return 4 * a[f"{tiles}.tiles"] * a[f"{tiles}.c"] * a[f"{tiles}.step"] ** 2


def fused_images(launch, a):
    """Winograd's convolution in one kernel: sums over channels, at all points of a tile."""
    tiles, channels, filters = a["source.tiles"], a["source.c"], a["result.c"]
    blocks_ = blocks(channels, BLOCK_CHANNELS)
    points = a["taps.side"] ** 2 if launch.kernel == "winograd_fused_taps" else POINTS
    kernel, totals = points * channels * filters, 2 * (blocks_ - 1) * POINTS * tiles * filters
    stored = pixels(a, "result") * (2 if a["result.add"] or a["result.gradient"] else 1)
    groups = launch.groups[0] * launch.groups[1]
    return Cost(POINTS * tiles * channels * filters, groups * group_sums(launch) * channels, channels,
                pixels(a, "source") + stored + 4 * (kernel + totals), groups)


def fused_rows(launch, a):
    """The kernel's gradient in one kernel: sums over the tiles of a group, at all points. (More work-groups add the
    bias's places at the same time, from what is there.)"""
    tiles, channels, filters = a["source.tiles"], a["source.c"], a["gradient.c"]
    deep = launch.groups[2]
    terms = blocks(blocks(tiles, deep), FUSED_STEP) * FUSED_STEP
    groups = blocks(channels, FUSED_TILES) * launch.groups[1] * deep
    return Cost(POINTS * tiles * channels * filters, groups * group_sums(launch) * terms, terms,
                pixels(a, "source") + pixels(a, "gradient") + 4 * deep * POINTS * channels * filters, groups)


def group_sums(launch):
    """Sums of a work-group of a fused kernel: 64 of each work-item."""
    return launch.items[0] * 64


# Kernels that multiply in a program of their own.
FUSED = {"winograd_fused": fused_images, "winograd_fused_taps": fused_images, "winograd_fused_rows": fused_rows}


def window(launch, a, pointers):
    """Pooling and depthwise convolutions: the images on both sides, and what lies on the smaller one besides."""
    backward = "backward" in launch.kernel
    of_image = a["h"] * a["w"] if backward else a["oh"] * a["ow"]
    images = blocks(a["rows"], a["image"]) if "image" in a else blocks(a["pixels"], of_image)
    small = images * a["oh"] * a["ow"] * a["c"] * a.get("m", 1)
    large = images * a["h"] * a["w"] * a["c"]
    tap = any(name == "tap" for name, _, _ in pointers)
    return 4 * (small * (2 if tap else 1) + large)


def bytes_of(launch, a, pointers):
    kernel = launch.kernel
    if kernel.startswith("winograd_"):
        return winograd(a)
    if "oh" in a:
        return window(launch, a, pointers)
    if kernel in UPDATES:
        return UPDATES[kernel] * a["n"]
    if kernel == "sums_total":
        return 4 * a["n"] * (a["parts"] + 1)
    if "cols" in a and "rows" in a:
        return 4 * a["rows"] * a["cols"] * sum(name in ("x", "dy", "y") for name, _, _ in pointers)
    items = 1
    for count, each in zip(launch.groups, launch.items):
        items *= count * each
    return a.get("n", items) * sum(size for name, size, _ in pointers if name not in SMALL)


def cost(launch, a, pointers, tile):
    """tile: rows and columns of a work-group's results, of a product; None of another kernel."""
    if launch.kernel in FUSED:
        return FUSED[launch.kernel](launch, a)
    if tile is not None:
        return product(launch, a, tile)
    return Cost(0, 0, 0, bytes_of(launch, a, pointers))
