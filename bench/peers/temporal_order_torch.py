#!/usr/bin/env python3
r"""Temporal order (Hochreiter & Schmidhuber 1997, experiment 6a) in PyTorch: the counterpart of the example `sequence_classification`.

nn.LSTM(8, 64) -> its last output -> Linear(64, 4), Adam, global norm of the gradients at most 1, batches of 32 fresh sequences, initialised
as Keras does: Glorot over the whole kernel, an orthogonal recurrent kernel, and one bias, of the forget gate as told.

    python3 bench/peers/temporal_order_torch.py --forget-bias 1 --lr 0.001 --steps 600 --seed 1

Prints one JSON object for every hundredth step: {"step", "loss", "accuracy"}, the accuracy being that on 500 other sequences.
"""

import argparse
import json

import torch


def draw(count, generator):
    """Sequences [count, 110, 8], one-hot, with zeros before shorter ones, and their classes."""
    inputs, classes = torch.zeros(count, 110, 8), torch.zeros(count, dtype=torch.long)

    def below(low, high, size=1):
        return torch.randint(low, high, (size,), generator=generator)

    lengths = below(100, 111, count)
    for b, length in enumerate(lengths.tolist()):
        symbols = below(2, 6, length)
        symbols[0], symbols[-1] = 0, 1
        first, second = int(below(10, 21)), int(below(50, 61))
        marks = below(0, 2, 2)
        symbols[first], symbols[second] = 6 + marks[0], 6 + marks[1]
        inputs[b, torch.arange(110 - length, 110), symbols] = 1
        classes[b] = 2 * marks[0] + marks[1]
    return inputs, classes


def main():
    parser = argparse.ArgumentParser(description="Learn temporal order with PyTorch on a CPU.")
    parser.add_argument("--forget-bias", type=float, default=1)
    parser.add_argument("--units", type=int, default=64)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    generator = torch.Generator().manual_seed(arguments.seed)
    units = arguments.units
    lstm, head = torch.nn.LSTM(8, units, batch_first=True), torch.nn.Linear(units, 4)
    torch.nn.init.xavier_uniform_(lstm.weight_ih_l0)
    torch.nn.init.orthogonal_(lstm.weight_hh_l0)
    torch.nn.init.xavier_uniform_(head.weight)
    for bias in (lstm.bias_ih_l0, lstm.bias_hh_l0, head.bias):
        torch.nn.init.zeros_(bias)
    with torch.no_grad():
        lstm.bias_ih_l0[units:2 * units] = arguments.forget_bias
    weights = [*lstm.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(weights, lr=arguments.lr)
    tests, test_classes = draw(500, generator)
    for step in range(1, arguments.steps + 1):
        inputs, classes = draw(arguments.batch, generator)
        loss = torch.nn.functional.cross_entropy(head(lstm(inputs)[0][:, -1]), classes)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1)
        optimizer.step()
        if step % 100 == 0:
            with torch.no_grad():
                right = (head(lstm(tests)[0][:, -1]).argmax(1) == test_classes).float().mean().item()
            print(json.dumps({"step": step, "loss": round(loss.item(), 4), "accuracy": round(right, 4)}), flush=True)


if __name__ == "__main__":
    main()
