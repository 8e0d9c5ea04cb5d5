#!/usr/bin/env python3
"""Writes the reference vectors tests/golden/*.json: outputs, states, losses and all gradients in float64, computed by PyTorch.

Cells and optimizers are written from their equations (golden_cells.py, golden_optimizers.py), independently of the library; the
torch.nn and torch.optim cases are PyTorch's own. Run it (Python 3, torch) only to add cases or change them: the vectors are
part of the repository. New cases come last, so that the numbers of the others stay.

    python3 scripts/make_golden.py [FOLDER]
"""

import itertools
import json
import pathlib
import sys

import torch

from golden_cells import Cell, draw, dump, run_rnn
from golden_optimizers import optimizer_cases, training_cases

TOLERANCE = {"float64": {"rtol": 1e-9, "atol": 1e-11}, "float32": {"rtol": 2e-4, "atol": 2e-5}}


def finish(inputs, initial, weights, output, states, call):
    """Adds a random loss and everything expected to a call; inputs may be ids, the output a list of two."""
    several = isinstance(output, list)
    outputs = output if several else [output]
    r = [draw(*one.shape) for one in outputs]
    s = [draw(*state.shape) for state in states]
    loss = sum((a * b).sum() for a, b in zip(outputs, r)) + sum((a * b).sum() for a, b in zip(states, s))
    leaves = [w for _, w in weights] + ([inputs] if inputs.is_floating_point() else []) + initial
    grads = [torch.zeros_like(leaf) if g is None else g
             for leaf, g in zip(leaves, torch.autograd.grad(loss, leaves, allow_unused=True))]
    n = len(weights)
    expected = {"weights": [dump(g, name) for g, (name, _) in zip(grads, weights)]}
    if inputs.is_floating_point():
        expected["inputs"] = dump(grads[n])
    if initial:
        expected["initial_states"] = [dump(g) for g in grads[n + 1 :]]
    dump_all = lambda values: [dump(v) for v in values] if several else dump(values[0])
    return {"inputs" if inputs.is_floating_point() else "token_ids": dump(inputs), **call, "loss_R": dump_all(r),
            "loss_S": [dump(v) for v in s],
            "expected": {"output": dump_all(outputs), "final_states": [dump(v) for v in states], "loss": loss.item(),
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
    in_time = 0 if options.get("time_major") else 1
    x = draw(*((time, batch, features) if in_time == 0 else (batch, time, features)))
    sizes = ahead.state_sizes + behind.state_sizes
    given = [draw(batch, size) for size in sizes] if initial else []
    start, n = given or [torch.zeros(batch, size) for size in sizes], len(ahead.state_sizes)
    inner = {**options, "zero_output_for_mask": options["return_sequences"]}
    a, final = run_rnn(ahead, inner, x, start[:n], mask, masks and masks[0])
    b, last = run_rnn(behind, {**inner, "go_backwards": True}, x, start[n:], mask, masks and masks[1])
    if options["return_sequences"]:
        b = b.flip(in_time)
    merge = {"concat": lambda: torch.cat([a, b], -1), "sum": lambda: a + b, "mul": lambda: a * b, "ave": lambda: (a + b) / 2,
             None: lambda: [a, b]}
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


def embedding_case(ids_size, embedded, cell_config, options, dense, batch=3, time=4):
    """Sequential of Embedding with mask_zero, RNN and TimeDistributed Dense."""
    cell = Cell(cell_config, embedded)
    table, kernel, bias = draw(ids_size, embedded), draw(cell.output_size, dense), draw(dense)
    ids = torch.randint(0, ids_size, (batch, time))
    options = {"return_sequences": True, **options}
    weights = [("embedding.embeddings", table)] + cell.all_weights() + [
        ("time_distributed.dense.kernel", kernel), ("time_distributed.dense.bias", bias)]
    y, _ = run_rnn(cell, options, table[ids], [torch.zeros(batch, size) for size in cell.state_sizes], (ids != 0).long())
    layers = [{"class_name": "Embedding", "config": {"input_dim": ids_size, "output_dim": embedded, "mask_zero": True}},
              {"class_name": "RNN", "config": {"cell": cell_config, **options}},
              {"class_name": "TimeDistributed", "config": {
                  "layer": {"class_name": "Dense", "config": {"units": dense, "activation": "sigmoid"}}}}]
    return {"model": {"class_name": "Sequential", "config": {"layers": layers}},
            "weights": [dump(w, name) for name, w in weights],
            "calls": [finish(ids, [], weights, torch.sigmoid(y @ kernel + bias), [], {})]}


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
                                                    {"time_major": True, "go_backwards": True}, mask=mask)
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


def more_cases():
    mask = torch.tensor([[0, 1, 0, 1], [0, 0, 0, 0], [1, 1, 1, 0]])
    stack = cell("StackedRNNCells", cells=[cell("LSTMCell", 3), cell("GRUCell", 2, reset_after=False)])
    yield "bidirectional_none", bidirectional_case([cell("GRUCell", 3)], {}, None, initial=True, mask=mask)
    yield "bidirectional_stack_time_major", bidirectional_case([stack], {"time_major": True}, "ave", initial=True,
                                                               mask=mask)
    yield "peephole_cell_clip", rnn_case(cell("PeepholeLSTMCell", 3, cell_clip=0.3), {}, initial=True, mask=mask)
    yield "stateful_initial_then_stored", rnn_case(stack, {"stateful": True, "return_sequences": False, "go_backwards": True},
                                                   mask=mask, calls=3)
    yield "embedding_stack_dense", embedding_case(5, 3, stack, {"zero_output_for_mask": True}, 2)
    yield "torch_rnn_one_step", torch_case("RNN", input_size=3, hidden_size=2, num_layers=3, batch=1, time=1, batch_first=True)
    yield from optimizer_cases()
    yield from training_cases()
    # As many sequences as steps: a mask that is not turned for a time-major layer has the right shape and the wrong steps.
    square = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 1, 1], [1, 0, 0, 1]])
    yield "gru_time_major_square_mask", rnn_case(cell("GRUCell", 3), {"time_major": True}, batch=4, mask=square)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "tests" / "golden")
    for number, (name, case) in enumerate(itertools.chain(cases(), more_cases())):
        (folder / f"{name}.json").write_text(json.dumps({"name": name, **case, "tolerance": TOLERANCE}) + "\n")
    print(f"{number + 1} cases written to {folder}")


if __name__ == "__main__":
    torch.manual_seed(1)
    main()
