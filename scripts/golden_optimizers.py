"""Reference vectors of optimizers (make_golden.py): torch.optim's own results, tf.keras's of TensorFlow r1.15 from its rules."""

import math

import torch

from golden_cells import Cell, draw, dump, run_rnn

SHAPES = [[3, 2], [4]]


def torch_optimizer(name, config):
    """A function that takes one step of torch.optim, from parameters and gradients to parameters."""
    own, optimizer = [], None

    def step(parameters, gradients):
        nonlocal optimizer
        if optimizer is None:
            own.extend(torch.nn.Parameter(p.clone()) for p in parameters)
            arguments = {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}
            optimizer = getattr(torch.optim, name)(own, **arguments)
        for p, g in zip(own, gradients):
            p.grad = g.clone()
        optimizer.step()
        return [p.detach().clone() for p in own]

    return step


class Keras:
    """tf.keras.optimizers of TensorFlow r1.15 (and Nadam, which torch.optim.NAdam of PyTorch 2 is, too)."""

    def __init__(self, name, config):
        self.rule, self.c, self.t, self.slots = getattr(self, name), config, 0, {}

    def get(self, key, default):
        return self.c.get(key, default)

    def __call__(self, parameters, gradients):
        self.lr = self.get("learning_rate", 0.001) / (1 + self.get("decay", 0) * self.t)
        self.t += 1
        after = []
        for i, (w, g) in enumerate(zip(parameters, gradients)):
            if "clipnorm" in self.c:
                g = g * self.c["clipnorm"] / max(g.norm().item(), self.c["clipnorm"])
            if "clipvalue" in self.c:
                g = g.clamp(-self.c["clipvalue"], self.c["clipvalue"])
            self.own = self.slots.setdefault(i, {})
            after.append(self.rule(w, g))
        return after

    def average(self, name, rate, value):
        self.own[name] = rate * self.own.get(name, torch.zeros_like(value)) + (1 - rate) * value
        return self.own[name]

    def SGD(self, w, g):
        mu = self.get("momentum", 0)
        v = self.own["v"] = mu * self.own.get("v", torch.zeros_like(w)) - self.lr * g
        return w + (mu * v - self.lr * g if self.get("nesterov", False) else v)

    def RMSprop(self, w, g):
        rho, mu, eps = self.get("rho", 0.9), self.get("momentum", 0), self.get("epsilon", 1e-7)
        s, m = self.average("s", rho, g * g), self.average("m", rho, g)
        s = s - m * m if self.get("centered", False) else s
        if mu == 0:
            return w - self.lr * g / (s.sqrt() + eps)
        v = self.own["v"] = mu * self.own.get("v", torch.zeros_like(w)) + self.lr * g / (s + eps).sqrt()
        return w - v

    def Adagrad(self, w, g):
        start = torch.full_like(w, self.get("initial_accumulator_value", 0.1))
        s = self.own["s"] = self.own.get("s", start) + g * g
        return w - self.lr * g / (s.sqrt() + self.get("epsilon", 1e-7))

    def Adadelta(self, w, g):
        rho, eps = self.get("rho", 0.95), self.get("epsilon", 1e-7)
        s = self.average("s", rho, g * g)
        d = (self.own.get("u", torch.zeros_like(w)) + eps).sqrt() / (s + eps).sqrt() * g
        self.average("u", rho, d * d)
        return w - self.lr * d

    def moments(self, g):
        return self.average("m", self.get("beta_1", 0.9), g), self.average("v", self.get("beta_2", 0.999), g * g)

    def Adam(self, w, g):
        m, v = self.moments(g)
        if self.get("amsgrad", False):
            v = self.own["largest"] = torch.maximum(self.own.get("largest", torch.zeros_like(v)), v)
        correction = math.sqrt(1 - self.get("beta_2", 0.999) ** self.t) / (1 - self.get("beta_1", 0.9) ** self.t)
        return w - self.lr * correction * m / (v.sqrt() + self.get("epsilon", 1e-7))

    def Adamax(self, w, g):
        m, _ = self.moments(g)
        u = self.own["u"] = torch.maximum(self.get("beta_2", 0.999) * self.own.get("u", torch.zeros_like(w)), g.abs())
        return w - self.lr / (1 - self.get("beta_1", 0.9) ** self.t) * m / (u + self.get("epsilon", 1e-7))

    def Nadam(self, w, g):
        beta_1, decay = self.get("beta_1", 0.9), self.get("schedule_decay", 0.004)
        mu = [beta_1 * (1 - 0.5 * 0.96 ** (decay * t)) for t in range(1, self.t + 2)]
        m, v = self.moments(g)
        step = (1 - mu[-2]) * g / (1 - math.prod(mu[:-1])) + mu[-1] * m / (1 - math.prod(mu))
        return w - self.lr * step / ((v / (1 - self.get("beta_2", 0.999) ** self.t)).sqrt() + self.get("epsilon", 1e-7))


def optimizer(name, config):
    library, name = name.rsplit(".", 1)
    return torch_optimizer(name, config) if library == "torch.optim" else Keras(name, config)


def optimizer_case(name, config, steps=6):
    step, parameters = optimizer(name, config), [draw(*shape).detach() for shape in SHAPES]
    case = {"optimizer": {"class_name": name, "config": config}, "parameters": [dump(p) for p in parameters],
            "gradients": [], "expected": []}
    for t in range(steps):
        gradients = [draw(*shape).detach() * (1 + 3 * (t % 2)) for shape in SHAPES]  # some of them clipped
        parameters = step(parameters, gradients)
        case["gradients"].append([dump(g) for g in gradients])
        case["expected"].append([dump(p) for p in parameters])
    return case


def optimizer_cases():
    """Each optimizer with the options that change its rule."""
    torch_cases = {
        "sgd_nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
        "sgd_dampening": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "maximize": True}),
        "adam": ("Adam", {"lr": 0.01, "weight_decay": 0.1, "betas": [0.8, 0.95], "eps": 1e-4, "maximize": True}),
        "adam_amsgrad": ("Adam", {"lr": 0.01, "amsgrad": True, "betas": [0.8, 0.5]}),
        "adamw_amsgrad": ("AdamW", {"lr": 0.01, "amsgrad": True, "betas": [0.8, 0.5]}),
        "adamax": ("Adamax", {"lr": 0.01, "weight_decay": 0.1, "eps": 1e-3}),
        "rmsprop": ("RMSprop", {"lr": 0.01, "weight_decay": 0.1, "eps": 1e-3}),
        "rmsprop_centered": ("RMSprop", {"lr": 0.01, "alpha": 0.9, "centered": True, "momentum": 0.8}),
        "adagrad": ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.2, "weight_decay": 0.1}),
        "adadelta": ("Adadelta", {"lr": 0.5, "rho": 0.8, "weight_decay": 0.1}),
    }
    keras_cases = {
        "sgd": ("SGD", {"learning_rate": 0.1, "decay": 0.1, "clipvalue": 0.5}),
        "sgd_nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "decay": 0.1}),
        "rmsprop": ("RMSprop", {"learning_rate": 0.01, "rho": 0.8, "epsilon": 1e-3}),
        "rmsprop_centered": ("RMSprop", {"learning_rate": 0.01, "centered": True, "epsilon": 1e-3}),
        "rmsprop_centered_momentum": ("RMSprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.9, "epsilon": 1e-2}),
        "adagrad": ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.3, "decay": 0.1}),
        "adadelta": ("Adadelta", {"learning_rate": 0.5, "rho": 0.8, "epsilon": 1e-3}),
        "adam": ("Adam", {"learning_rate": 0.01, "epsilon": 1e-2, "decay": 0.1}),
        "adam_amsgrad": ("Adam", {"learning_rate": 0.01, "amsgrad": True, "beta_2": 0.5}),
        "adamax": ("Adamax", {"learning_rate": 0.01, "epsilon": 1e-2, "decay": 0.1}),
        "nadam": ("Nadam", {"learning_rate": 0.01, "schedule_decay": 0.05, "beta_1": 0.8}),
        "clipnorm": ("Adagrad", {"learning_rate": 0.1, "clipnorm": 1.0, "clipvalue": 0.25}),
    }
    for library, prefix, cases in ("torch", "torch.optim.", torch_cases), ("keras", "tf.keras.optimizers.", keras_cases):
        for name, (class_name, config) in cases.items():
            yield f"optim_{library}_{name}", optimizer_case(prefix + class_name, config)


LOSSES = {
    "mean_squared_error": lambda y, t: ((y - t) ** 2).mean(),
    "mean_absolute_error": lambda y, t: (y - t).abs().mean(),
    "huber": lambda y, t: torch.nn.functional.huber_loss(y, t),
    "binary_crossentropy": lambda y, t: torch.nn.functional.binary_cross_entropy(y, t),
    "categorical_crossentropy": lambda y, t: -(t * y.log()).sum(-1).mean(),
}
OUTPUTS = {"linear": lambda z: z, "sigmoid": torch.sigmoid, "softmax": lambda z: torch.softmax(z, -1)}


def training_case(kind, activation, loss, optimizer_config, units=3, outputs=3, steps=5, batch=4, time=5, features=2):
    """Full-batch training of a recurrent layer and a Dense one."""
    cell = Cell({"class_name": kind + "Cell", "config": {"units": units}}, features)
    weights = cell.all_weights() + [("dense.kernel", draw(units, outputs)), ("dense.bias", draw(outputs))]
    inputs = draw(batch, time, features).detach()
    targets = torch.nn.functional.one_hot(torch.randint(0, outputs, (batch,)), outputs).double()
    step, expected = optimizer(optimizer_config["class_name"], optimizer_config["config"]), []
    leaves = [w for _, w in weights]
    case = {"kind": "training", "loss": loss, "optimizer": optimizer_config, "inputs": dump(inputs),
            "targets": dump(targets), "weights": [dump(w, name) for name, w in weights]}
    for _ in range(steps):
        y, _ = run_rnn(cell, {}, inputs, [torch.zeros(batch, size) for size in cell.state_sizes])
        value = LOSSES[loss](OUTPUTS[activation](y @ leaves[-2] + leaves[-1]), targets)
        after = step([w.detach() for w in leaves], torch.autograd.grad(value, leaves))
        for w, new in zip(leaves, after):
            w.data.copy_(new)
        expected.append({"loss_before": value.item(), "weights": [dump(w, name) for name, w in weights]})
    layers = [{"class_name": kind, "config": {"units": units}},
              {"class_name": "Dense", "config": {"units": outputs, "activation": activation}}]
    return {"model": {"class_name": "Sequential", "config": {"layers": layers}}, **case, "expected": expected}


def training_cases():
    keras = lambda name, **config: {"class_name": "tf.keras.optimizers." + name, "config": config}
    torch_ = lambda name, **config: {"class_name": "torch.optim." + name, "config": config}
    yield "train_gru_rmsprop", training_case("GRU", "linear", "mean_squared_error", keras("RMSprop", learning_rate=0.01))
    yield "train_lstm_adam_softmax", training_case("LSTM", "softmax", "categorical_crossentropy", torch_("Adam", lr=0.05))
    yield "train_rnn_momentum_sigmoid", training_case("SimpleRNN", "sigmoid", "binary_crossentropy",
                                                      keras("SGD", learning_rate=0.5, momentum=0.9, clipnorm=0.1))
    yield "train_lstm_adagrad_huber", training_case("LSTM", "linear", "huber", torch_("Adagrad", lr=0.1))
