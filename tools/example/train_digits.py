"""isocl in Python, cell by cell: an editor that knows `# %%` runs each on its own. Nothing is downloaded."""

# %% Devices: what can run here. In exact mode all give the same bits.
import isocl

for device in isocl.devices():
    print(f"{device['id']:<14} {device['name'][:40]:<40} {'exact' if device['exact'] else device['note']}")

# %% Data: digits that isocl draws; mnist, cifar10 and folder:PATH are read the same way.
(x, y), (x_test, y_test) = isocl.datasets.load("builtin:digits")
x, y = x[:2000], y[:2000]
print(x.shape, x.dtype, y[:10])

# %% A model of layer objects, in two phases; `model.text` is the model file that they write.
layers = isocl.layers
model = isocl.Sequential(
    [
        isocl.Input((28, 28, 1), scale="1/255"),
        layers.Conv2D(filters=8, kernel_size=3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.25),
        layers.Dense(units=10, activation="softmax"),
    ],
    name="digits",
)
model.compile(
    loss="categorical_crossentropy",
    metrics=["accuracy"],
    batch_size=50,
    phases=[
        {"name": "fast", "optimizer": isocl.optimizers.Adam(learning_rate=0.003), "epochs": 2},
        {"name": "fine", "optimizer": isocl.optimizers.SGD(learning_rate=0.01), "epochs": 1},
    ],
)
print(model.text)
model.summary()


# %% Training, as in Keras. A callback stops it after the first epoch ...
class StopAfterOne(isocl.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = True


history = model.fit(x, y, validation_data=(x_test, y_test), callbacks=[StopAfterOne()])
print("stopped; the run is in", history.run)

# %% ... and it goes on from there, to the bits of a training that never stopped.
history = model.fit(x, y, validation_data=(x_test, y_test), resume=True)
print(history.history["val_accuracy"], "weights sha256", model.hash())

# %% Evaluation and prediction
print(model.evaluate(x_test, y_test, return_dict=True))
probabilities = model.predict(x_test[:5])
print(probabilities.argmax(axis=1), "should be", y_test[:5])

# %% Proof: every device gives the same bits, and a trace has every tensor of a step.
checks = model.parity(devices="cpu")
print(len(checks), "checks passed, of", sum(c["values"] for c in checks), "numbers")
model.trace("digits.safetensors", x, y)
