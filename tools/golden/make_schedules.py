#!/usr/bin/env python3
"""Writes tests/golden/schedules.txt: the rates that Keras's schedules and callbacks give.

    python3 tools/golden/make_schedules.py > tests/golden/schedules.txt

A line: kind, initial rate, steps of an epoch (early_stopping: start_from_epoch), stride | parameters |
values. Values are the rates of steps 0, stride, 2 stride, ...; of reduce_lr_on_plateau pairs of an
epoch's value and the rate after it; of early_stopping the last epoch, the one restored, and the values.
"""
import math
import os

os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import keras
import numpy as np
import torch

keras.config.set_floatx("float64")
torch.set_default_dtype(torch.float64)
S = keras.optimizers.schedules
rng = np.random.default_rng(20240611)


def line(kind, initial, epoch_steps, stride, params, values):
    text = " ".join(f"{k}={v}" for k, v in params.items())
    print(f"{kind} {initial!r} {epoch_steps} {stride} | {text} | {' '.join(repr(float(v)) for v in values)}")


def rates(kind, schedule, initial, stride, epoch_steps=1, n=60, **params):
    line(kind, initial, epoch_steps, stride, params,
         [np.float64(keras.ops.convert_to_numpy(schedule(keras.ops.convert_to_tensor(i * stride, "int64"))))
          for i in range(n)])


print(f"# keras {keras.__version__}, torch {torch.__version__}")
for staircase in (False, True):
    rates("inverse_time_decay", S.InverseTimeDecay(0.1, 7, 0.3, staircase), 0.1, 3, decay_rate=0.3, decay_steps=7,
          staircase=int(staircase))
    rates("exponential_decay", S.ExponentialDecay(0.1, 7, 0.9, staircase), 0.1, 3, decay_rate=0.9, decay_steps=7,
          staircase=int(staircase))
rates("inverse_time_decay", S.InverseTimeDecay(1e-4, 1, 1e-6), 1e-4, 1000, decay_rate=1e-6, decay_steps=1)
rates("exponential_decay", S.ExponentialDecay(0.001, 1000, 1.7), 0.001, 77, decay_rate=1.7, decay_steps=1000)
rates("cosine_decay", S.CosineDecay(0.1, 100), 0.1, 3, decay_steps=100)
rates("cosine_decay", S.CosineDecay(0.1, 100, alpha=0.2), 0.1, 3, decay_steps=100, alpha=0.2)
rates("cosine_decay", S.CosineDecay(0.01, 100, alpha=0.1, warmup_target=0.1, warmup_steps=20), 0.1, 3, decay_steps=100,
      alpha=0.1, warmup_steps=20, warmup_from=0.01)
rates("cosine_annealing", S.CosineDecayRestarts(0.006, 30, t_mul=1.0, alpha=1 / 6), 0.006, 1, 3, 100, period=10,
      min=0.001, max=0.006)
rates("cosine_annealing", S.CosineDecayRestarts(0.1, 10, t_mul=2.0, alpha=0.0), 0.1, 1, 5, 100, period=2, t_mul=2.0)
for power, cycle in ((1.0, False), (0.5, False), (2.0, True)):
    rates("polynomial_decay", S.PolynomialDecay(0.1, 50, 0.001, power, cycle), 0.1, 3, decay_steps=50, end=0.001, power=power,
          cycle=int(cycle))
for total, start, low, lowest in ((60, 0.3, 25.0, 1e4), (40, 0.5, 10.0, 100.0)):      # PyTorch's OneCycleLR
    w = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([w], lr=0.3, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.3, total, pct_start=start, div_factor=low,
                                                    final_div_factor=lowest, cycle_momentum=False)
    want = []
    for step in range(total):
        want.append(scheduler.get_last_lr()[0])
        optimizer.step()
        if step + 1 < total:
            scheduler.step()
    line("one_cycle", 0.3, 1, 1, {"decay_steps": total, "rise": start, "div_factor": low, "final_div_factor": lowest}, want)
for warmup in (0, 12):                 # PyTorch's StepLR, an epoch of 4 steps
    w = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([w], lr=0.3)
    scheduler, want = torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.4), []
    for epoch in range(15):
        want += 4 * [scheduler.get_last_lr()[0]]
        optimizer.step()
        scheduler.step()
    want = [0.05 + (0.3 - 0.05) * i / warmup for i in range(warmup)] + want
    line("step_decay", 0.3, 4, 1, {"decay_rate": 0.4, "period": 3, "warmup_steps": warmup, "warmup_from": 0.05}, want)


class Model:                           # the part of a model that the callbacks use
    def __init__(self, rate):
        self.optimizer = keras.optimizers.SGD(rate)
        self.stop_training, self.weights = False, None
        self.metrics = []

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights


def plateau(monitor, values, **params):
    model, pairs = Model(0.125), []
    names = {"min_learning_rate": "min_lr"}
    callback = keras.callbacks.ReduceLROnPlateau(monitor, mode="min" if "loss" in monitor else "max",
                                                 **{names.get(k, k): v for k, v in params.items()})
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {monitor: value})
        pairs += [value, float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))]
    line("reduce_lr_on_plateau", 0.125, 1, 1, {"monitor": monitor} | params, pairs)


def stopping(monitor, values, start_from_epoch=0, **params):
    model = Model(0.1)
    callback = keras.callbacks.EarlyStopping(monitor, mode="min" if "loss" in monitor else "max",
                                             restore_best_weights=True, start_from_epoch=start_from_epoch, **params)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.weights = epoch
        callback.on_epoch_end(epoch, {monitor: value})
        if model.stop_training:
            break
    callback.on_train_end()
    line("early_stopping", 0.1, start_from_epoch, 1, {"monitor": monitor} | params,
         [epoch, model.weights] + list(values))


noisy = [1 / (1 + 0.2 * min(i, 12)) + 0.05 * float(rng.uniform()) for i in range(40)]
rising = [1 - v / 2 for v in noisy]
plateau("validation_loss", noisy, factor=0.5, patience=2, min_delta=0.0001, cooldown=0, min_learning_rate=0)
plateau("validation_loss", noisy, factor=0.25, patience=3, min_delta=0.02, cooldown=4, min_learning_rate=0.001)
plateau("validation_accuracy", rising, factor=0.5, patience=1, min_delta=0.01, cooldown=1, min_learning_rate=0.01)
plateau("validation_accuracy", rising, factor=0.5, patience=0, min_delta=0.01, cooldown=2, min_learning_rate=0)
stopping("validation_loss", noisy, patience=3, min_delta=0.0)
stopping("validation_loss", noisy, patience=0, min_delta=0.01)
stopping("validation_accuracy", rising, patience=5, min_delta=0.03)
stopping("validation_accuracy", rising, 10, patience=2, min_delta=0.0)
stopping("validation_loss", [1.0] * 12 , patience=20, min_delta=0.1)
stopping("validation_loss", [2.0, 3.0, 4.0, 5.0], 1, patience=1, min_delta=0.0)
