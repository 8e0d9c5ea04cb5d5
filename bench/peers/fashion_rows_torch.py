#!/usr/bin/env python3
r"""Fashion-MNIST row by row in PyTorch: the counterpart of the example `sequence_classification`.

nn.LSTM(28, units) -> its last output -> Linear(units, 10), pixels divided by 255, Adam, weights initialised as PyTorch does by
default. The last batch of an epoch is smaller, as there.

    python3 bench/peers/fashion_rows_torch.py --data /usr/share/datasets/fashion-mnist --units 128 --batch 128 --epochs 5 \
        --lr 0.001 --threads 1 --seed 1

PyTorch is only as fast as its BLAS: see char_lm_torch.py. Prints one JSON object a line: {"epoch", "accuracy", "seconds"}, the
accuracy on the test set, and the wall time spent on training since the start; last {"accuracy", "seconds", "processor_seconds"},
which is that of training alone.
"""

import argparse
import gzip
import json
import os
import time


def main():
    parser = argparse.ArgumentParser(description="Classify the rows of Fashion-MNIST with PyTorch on a CPU.")
    parser.add_argument("--data", required=True, help="folder of IDX files")
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(arguments.threads)
    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)

    def load(name, header):
        with gzip.open(os.path.join(arguments.data, name)) as file:
            return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8, offset=header)

    def part(name):
        images = load(f"{name}-images-idx3-ubyte.gz", 16).view(-1, 28, 28).float() / 255
        return images, load(f"{name}-labels-idx1-ubyte.gz", 8).long()

    (inputs, targets), (test_inputs, test_targets) = part("train"), part("t10k")
    lstm = torch.nn.LSTM(28, arguments.units, batch_first=True)
    head = torch.nn.Linear(arguments.units, 10)
    weights = list(lstm.parameters()) + list(head.parameters())
    optimizer = torch.optim.Adam(weights, lr=arguments.lr)

    def logits(x):
        return head(lstm(x)[0][:, -1])

    seconds = processor = 0.0
    for epoch in range(1, arguments.epochs + 1):
        start, processor_start = time.perf_counter(), time.process_time()
        order = torch.randperm(len(inputs))
        for begin in range(0, len(order), arguments.batch):
            chosen = order[begin:begin + arguments.batch]
            loss = torch.nn.functional.cross_entropy(logits(inputs[chosen]), targets[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        seconds += time.perf_counter() - start
        processor += time.process_time() - processor_start
        with torch.no_grad():
            answers = torch.cat([logits(x).argmax(1) for x in test_inputs.split(500)])
        accuracy = (answers == test_targets).float().mean().item()
        print(json.dumps({"epoch": epoch, "accuracy": round(accuracy, 4), "seconds": round(seconds, 2)}), flush=True)
    print(json.dumps({"accuracy": round(accuracy, 4), "seconds": round(seconds, 2),
                      "processor_seconds": round(processor, 2)}))


if __name__ == "__main__":
    main()
