"""Trains and runs one of isocl's model files in Keras on TensorFlow, in one configuration, and prints one JSON
object, as pytorch.py does.

    python3 tools/bench/keras_tensorflow.py --model models/mnist/cnn.yaml --config graph --threads 2
"""
import os
import sys

import peer

# "graph" is what Keras's fit runs: a step compiled to a graph, whose convolutions are oneDNN's; "jit": by XLA.
FLAGS = ("graph", "jit", "tuned")


def layer_of(keras, layer):
    """A layer as Keras has it, under isocl's own names."""
    args = layer.args
    layers = keras.layers
    window = {"strides": layer.pair("strides"), "padding": layer.padding, "use_bias": args.get("use_bias"),
              "dilation_rate": layer.pair("dilation_rate")} if "dilation_rate" in args else {}
    pool = {"pool_size": layer.pair("pool_size"), "padding": layer.padding, "strides":
            layer.pair("strides") if layer.strides is not None else None} if "pool_size" in args else {}
    made = {
        "conv2d": lambda: layers.Conv2D(layer.filters, layer.pair("kernel_size"), **window),
        "depthwise_conv2d": lambda: layers.DepthwiseConv2D(layer.pair("kernel_size"),
                                                           depth_multiplier=layer.depth_multiplier, **window),
        "separable_conv2d": lambda: layers.SeparableConv2D(layer.filters, layer.pair("kernel_size"),
                                                           depth_multiplier=layer.depth_multiplier, **window),
        "dense": lambda: layers.Dense(layer.units, use_bias=layer.use_bias),
        "activation": lambda: layers.Activation(layer.function),
        "batch_normalization": lambda: layers.BatchNormalization(
            momentum=layer.momentum, epsilon=layer.epsilon, center=layer.center, scale=layer.scale),
        "max_pooling2d": lambda: layers.MaxPooling2D(**pool),
        "average_pooling2d": lambda: layers.AveragePooling2D(**pool),
        "global_average_pooling2d": layers.GlobalAveragePooling2D, "global_max_pooling2d": layers.GlobalMaxPooling2D,
        "flatten": layers.Flatten, "add": layers.Add, "concatenate": layers.Concatenate,
        "dropout": lambda: layers.Dropout(layer.rate),
        "spatial_dropout2d": lambda: layers.SpatialDropout2D(layer.rate),
        "zero_padding2d": lambda: layers.ZeroPadding2D(layer.padding),
    }
    if layer.op not in made:
        raise ValueError(f"{layer.name}: no {layer.op} is written here")
    return made[layer.op]()


def build(keras, network):
    x = keras.Input(network.shape)
    values = {-1: x}
    for i, layer in enumerate(network.layers):
        given = [values[source] for source in layer.inputs]
        values[i] = layer_of(keras, layer)(given if len(given) > 1 else given[0])
    return keras.Model(x, values[len(network.layers) - 1])


def optimizer(keras, network):
    name, args = network.optimizer
    args = args if isinstance(args, dict) else {}
    known = {"adam": ("Adam", ("learning_rate", "beta_1", "beta_2", "epsilon")),
             "rmsprop": ("RMSprop", ("learning_rate", "rho", "epsilon")),
             "sgd": ("SGD", ("learning_rate", "momentum", "nesterov"))}
    if name not in known:
        raise ValueError(f"no optimizer {name} is written here")
    kind, keys = known[name]
    return getattr(keras.optimizers, kind)(**{key: args[key] for key in keys if key in args})


def run(network, batch, flags, args):
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    import keras
    import tensorflow as tf
    imported = peer.peak_memory()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(1)
    net, update, jit = build(keras, network), optimizer(keras, network), "jit" in flags
    criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x = tf.random.uniform((batch, *network.shape))
    y = tf.random.uniform((batch,), maxval=network.classes, dtype=tf.int32)
    update.build(net.trainable_variables)

    @tf.function(jit_compile=jit)
    def step():
        with tf.GradientTape() as tape:
            loss = criterion(y, net(x, training=True))
        update.apply(tape.gradient(loss, net.trainable_variables), net.trainable_variables)
        return loss

    @tf.function(jit_compile=jit)
    def predict():
        return tf.nn.softmax(net(x, training=False))
    told = {"peer": "Keras", "version": f"{keras.__version__} on TensorFlow {tf.__version__}",
            "parameters": net.count_params()}
    if args.check:
        return told | {"loss": float(step())}
    a = tf.random.uniform((512, 512))
    gate = peer.Gate(lambda: tf.linalg.matmul(a, a).numpy())
    training = gate.measure(lambda: step().numpy(), args.seconds)
    memory = peer.peak_memory()
    inference = gate.measure(lambda: predict().numpy(), args.seconds)
    return told | peer.figures(gate, batch, training, inference, memory, imported)


if __name__ == "__main__":
    sys.exit(peer.main(__doc__, FLAGS, run))
