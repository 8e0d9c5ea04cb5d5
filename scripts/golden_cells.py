"""The recurrent layers behind the reference vectors (make_golden.py): cells and loops from their equations, in float64."""

import torch

torch.set_default_dtype(torch.float64)
ACTIVATIONS = {
    "linear": lambda x: x,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "softsign": torch.nn.functional.softsign,
    "hard_sigmoid": lambda x: torch.clamp(0.2 * x + 0.5, 0, 1),
}


def draw(*shape):
    """Multiples of 1/128, exact in float32."""
    return (torch.randint(-100, 101, shape).double() / 128).requires_grad_()


def dump(tensor, name=None):
    result = {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}
    return {"name": name, **result} if name else result


class Cell:
    """A cell of a config: its weights by name, its state sizes, and one step."""

    def __init__(self, config, inputs):
        self.kind, self.c = config["class_name"], config["config"]
        self.inner, self.weights = [], {}
        c, u = self.c, self.c.get("units")
        if self.kind == "StackedRNNCells":
            for k, part in enumerate(c["cells"]):
                cell = Cell(part, inputs)
                self.inner.append((f"cells.{k}.", cell))
                inputs = cell.output_size
            order = reversed(self.inner) if c.get("reverse_state_order") else self.inner
            self.state_sizes = [s for _, cell in order for s in cell.state_sizes]
            self.output_size = self.inner[-1][1].output_size
            return
        if self.kind in ("ResidualCell", "ZoneoutCell"):
            self.inner = [("cell.", Cell(c["cell"], inputs))]
            self.state_sizes, self.output_size = self.inner[0][1].state_sizes, self.inner[0][1].output_size
            return
        if self.kind == "AttentionCell":
            cell, memory = Cell(c["cell"], inputs + u), c["memory_size"]
            self.inner = [("cell.", cell)]
            self.state_sizes, self.output_size = [u] + cell.state_sizes, u
            self.weights = {"query_kernel": draw(cell.output_size, u), "memory_kernel": draw(memory, u),
                            "attention_kernel": draw(cell.output_size + memory, u)}
            if c.get("score", "additive") == "additive":
                self.weights["scale"] = draw(u)
            return
        gates = {"SimpleRNNCell": 1, "GRUCell": 3, "CoupledLSTMCell": 3}.get(self.kind, 4)
        self.output_size = c.get("projection", u)
        self.state_sizes = [self.output_size, u] if "LSTM" in self.kind else [u]
        self.weights["kernel"] = draw(inputs, gates * u)
        self.weights["recurrent_kernel"] = draw(self.output_size, gates * u)
        if c.get("use_bias", True):
            two = self.kind == "GRUCell" and c.get("reset_after", True)
            self.weights["bias"] = draw(*([2, gates * u] if two else [gates * u]))
        if "projection" in c:
            self.weights["projection_kernel"] = draw(u, c["projection"])
        if self.kind == "PeepholeLSTMCell":
            for gate in "input", "forget", "output":
                self.weights[f"{gate}_gate_peephole_weights"] = draw(u)
        if self.kind == "LayerNormLSTMCell":
            for name, size in ("kernel_gamma", 4 * u), ("recurrent_gamma", 4 * u), ("state_gamma", u), ("state_beta", u):
                self.weights[name] = draw(size)

    def all_weights(self, prefix=""):
        own = [(prefix + name, w) for name, w in self.weights.items()]
        return own + [w for p, cell in self.inner for w in cell.all_weights(prefix + p)]

    def step(self, x, states, masks=None, constants=None):
        """`masks`: those for the input and those for the state; of a stack a list of such pairs, one a cell."""
        if self.kind == "StackedRNNCells":
            order = list(self.inner)
            if self.c.get("reverse_state_order"):
                order.reverse()
            places, at = {}, 0
            for name, cell in order:
                places[name] = slice(at, at + len(cell.state_sizes))
                at += len(cell.state_sizes)
            new = list(states)
            for k, (name, cell) in enumerate(self.inner):
                x, new[places[name]] = cell.step(x, states[places[name]], masks[k] if masks else None, constants)
            return x, new
        if self.kind == "ResidualCell":
            y, new = self.inner[0][1].step(x, states, masks, constants)
            return x + y, new
        if self.kind == "ZoneoutCell":
            _, new = self.inner[0][1].step(x, states, masks, constants)
            p = [self.c.get("zoneout_h", 0)] + [self.c.get("zoneout_c", 0)] * (len(new) - 1)
            new = [k * before + (1 - k) * after for k, before, after in zip(p, states, new)]
            return new[0], new
        if self.kind == "AttentionCell":
            return self.attend(x, states, constants)
        act = ACTIVATIONS[self.c.get("activation", "tanh")]
        gate = ACTIVATIONS[self.c.get("recurrent_activation", "sigmoid")]
        return getattr(self, self.kind)(x, states, act, gate, masks)

    def sums(self, x, h, masks):
        """Input and recurrent pre-activations, one a gate, with dropout masks one a gate or one for all."""
        kernel, recurrent = self.weights["kernel"], self.weights["recurrent_kernel"]
        u = self.c["units"]
        parts = []
        for m, value, weight in (0, x, kernel), (1, h, recurrent):
            blocks = weight.split(u, 1)
            masked = [value if not masks else value * masks[m][g if len(masks[m]) > 1 else 0] for g in range(len(blocks))]
            parts.append([v @ w for v, w in zip(masked, blocks)])
        return parts

    def bias(self, row=None):
        u = self.c["units"]
        if "bias" not in self.weights:
            return [torch.zeros(u)] * 4
        b = self.weights["bias"]
        return (b if row is None else b[row]).split(u)

    def attend(self, x, states, constants):
        memory, w = constants[0], self.weights
        y, new = self.inner[0][1].step(torch.cat([x, states[0]], 1), states[1:])
        query, keys = (y @ w["query_kernel"])[:, None], memory @ w["memory_kernel"]
        scores = (torch.tanh(query + keys) * w["scale"] if "scale" in w else query * keys).sum(2)
        if len(constants) > 1:
            scores = scores.masked_fill(constants[1] == 0, -torch.inf)
        context = (torch.softmax(scores, 1)[:, :, None] * memory).sum(1)
        a = torch.tanh(torch.cat([y, context], 1) @ w["attention_kernel"])
        return a, [a] + new

    def SimpleRNNCell(self, x, states, act, gate, masks):
        (a,), (b,) = self.sums(x, states[0], masks)
        h = act(a + b + self.bias()[0])
        return h, [h]

    def clipped(self, c):
        limit = self.c.get("cell_clip", 0)
        return c.clamp(-limit, limit) if limit else c

    def LSTMCell(self, x, states, act, gate, masks):
        i, f, g, o = (a + b + c for a, b, c in zip(*self.sums(x, states[0], masks), self.bias()))
        c = self.clipped(gate(f) * states[1] + gate(i) * act(g))
        h = gate(o) * act(c)
        if "projection_kernel" in self.weights:
            h = h @ self.weights["projection_kernel"]
            if self.c.get("proj_clip"):
                h = h.clamp(-self.c["proj_clip"], self.c["proj_clip"])
        return h, [h, c]

    ProjectedLSTMCell = LSTMCell

    def PeepholeLSTMCell(self, x, states, act, gate, masks):
        i, f, g, o = (a + b + c for a, b, c in zip(*self.sums(x, states[0], masks), self.bias()))
        to_input, to_forget, to_output = (self.weights[f"{k}_gate_peephole_weights"] for k in ("input", "forget", "output"))
        c = self.clipped(gate(f + to_forget * states[1]) * states[1] + gate(i + to_input * states[1]) * act(g))
        h = gate(o + to_output * c) * act(c)
        return h, [h, c]

    def CoupledLSTMCell(self, x, states, act, gate, masks):
        i, g, o = (a + b + c for a, b, c in zip(*self.sums(x, states[0], masks), self.bias()))
        c = (1 - gate(i)) * states[1] + gate(i) * act(g)
        h = gate(o) * act(c)
        return h, [h, c]

    def LayerNormLSTMCell(self, x, states, act, gate, masks):
        norm = lambda v, w: torch.nn.functional.layer_norm(v, v.shape[-1:], w, None, self.c.get("epsilon", 1e-3))
        w = self.weights
        z = norm(x @ w["kernel"], w["kernel_gamma"]) + norm(states[0] @ w["recurrent_kernel"], w["recurrent_gamma"])
        i, f, g, o = (z + w["bias"]).split(self.c["units"], 1)
        c = gate(f) * states[1] + gate(i) * act(g)
        h = gate(o) * act(norm(c, w["state_gamma"]) + w["state_beta"])
        return h, [h, c]

    def GRUCell(self, x, states, act, gate, masks):
        h, u = states[0], self.c["units"]
        kept = h * masks[1][0] if masks and self.c.get("implementation", 2) == 2 else h
        if self.c.get("reset_after", True):
            (xz, xr, xh), (hz, hr, hh) = self.sums(x, h, masks)
            b0, b1 = self.bias(0), self.bias(1)
            z, r = gate(xz + hz + b0[0] + b1[0]), gate(xr + hr + b0[1] + b1[1])
            candidate = act(xh + b0[2] + r * (hh + b1[2]))
        else:
            (xz, xr, xh), (hz, hr, _) = self.sums(x, h, masks)
            b = self.bias()
            z, r = gate(xz + hz + b[0]), gate(xr + hr + b[1])
            masked = h * masks[1][2 if len(masks[1]) > 1 else 0] if masks else h
            candidate = act(xh + b[2] + (r * masked) @ self.weights["recurrent_kernel"][:, 2 * u :])
        h = z * kept + (1 - z) * candidate
        return h, [h]


def run_rnn(cell, config, x, states, mask=None, masks=None, constants=None):
    """tf.keras.layers.RNN on x [batch, time, features] (or time-major); the mask is [batch, time] in both cases."""
    if config.get("time_major"):
        x = x.transpose(0, 1)
    steps = list(range(x.shape[1]))
    if config.get("go_backwards"):
        steps.reverse()
    output, outputs = torch.zeros(x.shape[0], cell.output_size), []
    for t in steps:
        y, new = cell.step(x[:, t], states, masks, constants)
        if mask is not None:
            on = mask[:, t : t + 1].bool()
            new = [torch.where(on, a, b) for a, b in zip(new, states)]
            y = torch.where(on, y, torch.zeros_like(y) if config.get("zero_output_for_mask") else output)
        output, states = y, new
        outputs.append(y)
    sequence = torch.stack(outputs, 0 if config.get("time_major") else 1)
    return (sequence if config.get("return_sequences") else output), states
