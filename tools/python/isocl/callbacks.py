"""What a training tells, as in Keras."""


class Callback:
    """Override what is wanted. `self.model` is the model; `self.model.stop_training = True` saves and stops.

    Epochs and batches count from 0, as in Keras. Batches are told in order, though some of them later.
    """

    model = None

    def on_train_begin(self, logs=None):
        pass

    def on_train_end(self, logs=None):
        pass

    def on_phase_begin(self, phase, logs=None):
        """phase: its name; "" in a model file without phases."""

    def on_train_batch_end(self, batch, logs=None):
        pass

    def on_epoch_end(self, epoch, logs=None):
        pass


class History(Callback):
    """What fit returns: history[NAME] is a list with a number for each of `epoch`."""

    def __init__(self):
        self.epoch, self.history = [], {}
        self.run = None  # folder of the run
        self.finished = False  # False: it was stopped
        self.verified = None  # with fit(verify="1/100"): device, steps, seconds, ... of what was computed again

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class Printer(Callback):
    """A line for each epoch."""

    def __init__(self, epochs):
        self.epochs = epochs

    def on_phase_begin(self, phase, logs=None):
        if phase:
            print("phase", phase)

    def on_epoch_end(self, epoch, logs=None):
        print(f"epoch {epoch + 1}/{self.epochs()}" + "".join(f"  {k} {v:.4f}" for k, v in (logs or {}).items()))
