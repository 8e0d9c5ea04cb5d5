#!/usr/bin/env python3
"""Writes the reference vectors tests/golden/*.json: outputs, states, losses and all gradients in float64, computed by PyTorch.

Cells are written here from their equations, independently of the library; the torch.nn cases are PyTorch's own layers. Run it
(Python 3, torch) only to add cases or change them: the vectors are part of the repository.

    python3 scripts/make_golden.py [FOLDER]
"""

import json
import pathlib
import sys

import torch

torch.set_default_dtype(torch.float64)
TOLERANCE = {"float64": {"rtol": 1e-9, "atol": 1e-11}, "float32": {"rtol": 2e-4, "atol": 2e-5}}
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
        c = gate(f + to_forget * states[1]) * states[1] + gate(i + to_input * states[1]) * act(g)
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
    """tf.keras.layers.RNN on x [batch, time, features] (or time-major)."""
    if config.get("time_major"):
        x, mask = x.transpose(0, 1), None if mask is None else mask.T
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


def finish(inputs, initial, weights, output, states, call):
    """Adds a random loss and everything expected to a call."""
    r = draw(*output.shape)
    s = [draw(*state.shape) for state in states]
    loss = (output * r).sum() + sum((a * b).sum() for a, b in zip(states, s))
    leaves = [w for _, w in weights] + [inputs] + initial
    grads = [torch.zeros_like(leaf) if g is None else g
             for leaf, g in zip(leaves, torch.autograd.grad(loss, leaves, allow_unused=True))]
    n = len(weights)
    expected = {"weights": [dump(g, name) for g, (name, _) in zip(grads, weights)], "inputs": dump(grads[n])}
    if initial:
        expected["initial_states"] = [dump(g) for g in grads[n + 1 :]]
    return {"inputs": dump(inputs), **call, "loss_R": dump(r), "loss_S": [dump(v) for v in s],
            "expected": {"output": dump(output), "final_states": [dump(v) for v in states], "loss": loss.item(),
                         "grads": expected}}


def mask_names(masks, prefix):
    pairs = {"dropout": masks[0], "recurrent_dropout": masks[1]}
    return {f"{prefix}{name}": [dump(m) for m in group] for name, group in pairs.items()}


def rnn_case(cell_config, options, batch=3, time=4, features=3, mask=None, initial=False, masks=None, calls=1, constants=None):
    cell = Cell(cell_config, features)
    options = {"return_sequences": True, "return_state": True, **options}
    single = cell.kind != "StackedRNNCells"
    weights = cell.all_weights("cells.0." if single else "")
    done, states = [], None
    for _ in range(calls):
        x = draw(*((time, batch, features) if options.get("time_major") else (batch, time, features)))
        given = [draw(batch, size) for size in cell.state_sizes] if initial else []
        start = given or states or [torch.zeros(batch, size) for size in cell.state_sizes]
        call = {"initial_states": [dump(g) for g in given]} if given else {}
        if mask is not None:
            call["mask"] = {"shape": list(mask.shape), "data": mask.flatten().tolist()}
        if constants is not None:
            call["constants"] = [dump(c) for c in constants]
        output, final = run_rnn(cell, options, x, start, mask, masks, constants)
        done.append(finish(x, given, weights, output, final if options["return_state"] else [], call))
        states = [state.detach() for state in final] if options.get("stateful") else None
    case = {"model": {"class_name": "RNN", "config": {"cell": cell_config, **options}},
            "weights": [dump(w, name) for name, w in weights], "calls": done}
    if masks:
        case["dropout_masks"] = {}
        for k, pair in enumerate([masks] if single else masks):
            case["dropout_masks"].update(mask_names(pair, f"cells.{k}."))
    return case


def bidirectional_case(cell_configs, options, mode, batch=3, time=4, features=3, mask=None, initial=False, masks=None):
    """tf.keras.layers.Bidirectional of one cell, or of two with a backward layer of its own; masks: a pair a direction."""
    options = {"return_sequences": True, "return_state": True, **options}
    ahead, behind = (Cell(config, features) for config in (cell_configs * 2)[:2])
    weights = ahead.all_weights("forward.") + behind.all_weights("backward.")
    x = draw(batch, time, features)
    sizes = ahead.state_sizes + behind.state_sizes
    given = [draw(batch, size) for size in sizes] if initial else []
    start, n = given or [torch.zeros(batch, size) for size in sizes], len(ahead.state_sizes)
    inner = {**options, "zero_output_for_mask": options["return_sequences"]}
    a, final = run_rnn(ahead, inner, x, start[:n], mask, masks and masks[0])
    b, last = run_rnn(behind, {**inner, "go_backwards": True}, x, start[n:], mask, masks and masks[1])
    if options["return_sequences"]:
        b = b.flip(1)
    merge = {"concat": lambda: torch.cat([a, b], -1), "sum": lambda: a + b, "mul": lambda: a * b, "ave": lambda: (a + b) / 2}
    call = {"initial_states": [dump(g) for g in given]} if given else {}
    if mask is not None:
        call["mask"] = {"shape": list(mask.shape), "data": mask.flatten().tolist()}
    final = final + last if options["return_state"] else []
    config = {"layer": {"class_name": "RNN", "config": {"cell": cell_configs[0], **options}}, "merge_mode": mode}
    if len(cell_configs) == 2:
        config["backward_layer"] = {"class_name": "RNN", "config": {"cell": cell_configs[1], **options, "go_backwards": True}}
    case = {"model": {"class_name": "Bidirectional", "config": config}, "weights": [dump(w, name) for name, w in weights],
            "calls": [finish(x, given, weights, merge[mode](), final, call)]}
    if masks:
        case["dropout_masks"] = {**mask_names(masks[0], "forward."), **mask_names(masks[1], "backward.")}
    return case


def torch_case(kind, lengths=None, initial=True, batch=3, time=4, **arguments):
    layer = getattr(torch.nn, kind)(**arguments)
    for w in layer.parameters():
        w.data = draw(*w.shape).detach()
    first = arguments.get("batch_first", False)
    x = draw(*((batch, time) if first else (time, batch)), arguments["input_size"])
    places = arguments.get("num_layers", 1) * (2 if arguments.get("bidirectional") else 1)
    hidden = arguments["hidden_size"]
    sizes = [arguments.get("proj_size") or hidden] + ([hidden] if kind == "LSTM" else [])
    given = [draw(places, batch, size) for size in sizes] if initial else []
    start = (tuple(given) if kind == "LSTM" else given[0]) if given else None
    run = x
    if lengths:
        run = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=first, enforce_sorted=False)
    output, final = layer(run, start)
    if lengths:
        output, _ = torch.nn.utils.rnn.pad_packed_sequence(output, batch_first=first, total_length=time)
    final = list(final) if kind == "LSTM" else [final]
    call = {"initial_states": [dump(g) for g in given]} if given else {}
    if lengths:
        call["lengths"] = lengths
        arguments = {**arguments, "packed": True, "enforce_sorted": False}
    weights = list(layer.named_parameters())
    return {"model": {"class_name": f"torch.nn.{kind}", "config": arguments},
            "weights": [dump(w, name) for name, w in weights],
            "calls": [finish(x, given, weights, output, final, call)]}


def cell(kind, units=None, **config):
    return {"class_name": kind, "config": {"units": units, **config} if units else config}


def dropout(rate, count, batch, size):
    return [(torch.rand(batch, size) >= rate).double() / (1 - rate) for _ in range(count)]


def cases():
    mask = torch.tensor([[1, 0, 1, 1], [0, 0, 1, 0], [1, 1, 1, 1]])
    lstm = cell("LSTMCell", 3)
    mixed = [lstm, cell("GRUCell", 4), cell("SimpleRNNCell", 2)]
    yield "stack_in_stack", rnn_case(cell("StackedRNNCells", cells=[cell("StackedRNNCells", cells=mixed[:2]), mixed[2]]),
                                     {}, initial=True)
    yield "stack_reversed_states", rnn_case(cell("StackedRNNCells", cells=mixed, reverse_state_order=True), {}, initial=True)
    yield "stack_stateful_mask", rnn_case(cell("StackedRNNCells", cells=mixed[:2]), {"stateful": True}, mask=mask, calls=2)
    yield "lstm_cell_clip", rnn_case(cell("LSTMCell", 3, cell_clip=0.25), {}, initial=True)
    yield "lstm_softsign_time_major_mask", rnn_case(cell("LSTMCell", 3, activation="softsign"),
                                                    {"time_major": True, "go_backwards": True}, mask=mask.T.contiguous())
    yield "lstm_backwards_zero_output", rnn_case(lstm, {"go_backwards": True, "zero_output_for_mask": True}, mask=mask)
    yield "projected_lstm", rnn_case(cell("ProjectedLSTMCell", 4, projection=2, proj_clip=0.4), {}, initial=True, mask=mask)
    yield "coupled_lstm", rnn_case(cell("CoupledLSTMCell", 3, recurrent_activation="hard_sigmoid"), {}, initial=True)
    yield "layer_norm_lstm", rnn_case(cell("LayerNormLSTMCell", 3), {}, initial=True, mask=mask)
    yield "residual_gru", rnn_case(cell("ResidualCell", cell=cell("GRUCell", 3)), {"return_sequences": False}, mask=mask)
    for kind, gates, more in ("LSTMCell", 4, {}), ("GRUCell", 3, {"reset_after": False}), ("GRUCell", 3, {}), ("SimpleRNNCell", 1, {}):
        for implementation in 1, 2:
            count = gates if implementation == 1 else 1
            config = cell(kind, 4, dropout=0.25, recurrent_dropout=0.5, implementation=implementation, **more)
            name = f"dropout_{kind.lower()[:-4]}{'_before' if more else ''}_{implementation}"
            yield name, rnn_case(config, {}, masks=[dropout(0.25, count, 3, 3), dropout(0.5, count, 3, 4)])
    yield "torch_lstm_deep", torch_case("LSTM", [2, 4, 3], input_size=2, hidden_size=3, proj_size=2, num_layers=2,
                                        bidirectional=True, batch_first=True)
    yield "torch_gru_deep", torch_case("GRU", input_size=2, hidden_size=3, num_layers=2, bidirectional=True)
    yield "torch_rnn_packed", torch_case("RNN", [1, 4, 2], input_size=2, hidden_size=3, bias=False, nonlinearity="relu")
    peephole = cell("PeepholeLSTMCell", 3, recurrent_activation="hard_sigmoid", use_bias=False)
    yield "peephole_backwards_mask", rnn_case(peephole, {"go_backwards": True}, initial=True, mask=mask)
    yield "zoneout_expectation", rnn_case(cell("ZoneoutCell", cell=lstm, zoneout_h=0.25, zoneout_c=0.5), {}, initial=True, mask=mask)
    memory = [draw(3, 5, 2), torch.tensor([[1, 1, 0, 1, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 1]])]
    for score in "additive", "dot":
        attention = cell("AttentionCell", 4, cell=cell("GRUCell", 3), memory_size=2, score=score)
        yield f"attention_{score}", rnn_case(attention, {}, initial=True, mask=mask, constants=memory)
    yield "attention_in_stack", rnn_case(cell("StackedRNNCells", cells=[lstm, attention, cell("SimpleRNNCell", 2)]),
                                         {"go_backwards": True}, constants=memory[:1])
    drops = {"dropout": 0.25, "recurrent_dropout": 0.5, "implementation": 1}
    both = lambda gates, inputs, units: [dropout(0.25, gates, 3, inputs), dropout(0.5, gates, 3, units)]
    two = [cell("LSTMCell", 3, **drops), cell("GRUCell", 4, **drops)]
    yield "dropout_stack", rnn_case(cell("StackedRNNCells", cells=two), {}, mask=mask, masks=[both(4, 3, 3), both(3, 3, 4)])
    yield "bidirectional_dropout", bidirectional_case([two[0]], {}, "concat", masks=[both(4, 3, 3), both(4, 3, 3)])
    yield "bidirectional_two_kinds", bidirectional_case([lstm, cell("GRUCell", 3)], {}, "sum", initial=True, mask=mask)
    yield "bidirectional_last", bidirectional_case([peephole], {"return_sequences": False}, "mul", mask=mask)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "tests" / "golden")
    for number, (name, case) in enumerate(cases()):
        (folder / f"{name}.json").write_text(json.dumps({"name": name, **case, "tolerance": TOLERANCE}) + "\n")
    print(f"{number + 1} cases written to {folder}")


if __name__ == "__main__":
    torch.manual_seed(1)
    main()
