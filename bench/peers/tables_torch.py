#!/usr/bin/env python3
r"""Two jobs of tables in PyTorch: the counterparts of examples/configs/rainfall.json and remaining_life.json.

Reads the same files, cuts the same windows, and trains the same layers with Adam, gradients clipped by their global norm; validation
after each epoch. Only the time is compared, so that neither schedules nor early stopping are here.

    python3 bench/peers/tables_torch.py rainfall 01031500_lump_cida_forcing_leap.txt 01031500_05_model_output.txt --epochs 5
    python3 bench/peers/tables_torch.py remaining_life train_FD001.txt --epochs 5

Prints one JSON object an epoch: {"epoch", "train_loss", "valid_loss", "seconds"}, seconds being the wall time since the first epoch
began, without the reading of files. PyTorch is only as fast as its BLAS: see char_lm_torch.py.
"""

import argparse
import json
import os
import time


def parse_arguments():
    parser = argparse.ArgumentParser(description="Train on tables with PyTorch on a CPU.")
    parser.add_argument("job", choices=["rainfall", "remaining_life"])
    parser.add_argument("files", nargs="+", help="forcing and runoff, or the training file")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=0, help="0: 256 for rainfall, 128 for remaining life")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def number_rows(path, skip=0):
    rows = []
    with open(path, encoding="utf-8") as file:
        for line in list(file)[skip:]:
            fields = line.split()
            if fields and not fields[0][:1].isalpha():
                rows.append([float(field) for field in fields])
    return rows


def rainfall_windows(np, files, length=365):
    """Windows and targets of 1999-10-01 to 2008-09-30, and of 1980-10-01 to 1989-09-30."""
    forcing, runoff = number_rows(files[0], 4), number_rows(files[1], 1)
    date = lambda row: int(row[0]) * 10000 + int(row[1]) * 100 + int(row[2])
    inputs = np.array(forcing)[:, [5, 6, 8, 9, 10]]
    place = {date(row): i for i, row in enumerate(forcing)}
    days = [(date(row), row[-1]) for row in runoff]
    parts = [[(place[day], value) for day, value in days if first <= day <= last and place[day] >= length - 1]
             for first, last in ((19991001, 20080930), (19801001, 19890930))]
    rows = [end for end, _ in parts[0]]
    inputs = (inputs - inputs[rows].mean(0)) / inputs[rows].std(0)
    values = np.array([value for _, value in parts[0]])
    scaled = lambda part: np.array([(value - values.mean()) / values.std() for _, value in part])
    return [(np.stack([inputs[end - length + 1:end + 1] for end, _ in part]), scaled(part)) for part in parts]


def life_windows(np, files, length=30):
    """Windows and cycles left, at most 125, of four engines in five, and of the others."""
    rows = np.array(number_rows(files[0]))
    changing = [c for c in range(5, rows.shape[1]) if rows[:, c].std() > 1e-3]
    inputs = (rows[:, changing] - rows[:, changing].mean(0)) / rows[:, changing].std(0)
    parts = ([], []), ([], [])
    for engine in sorted(set(rows[:, 0])):
        own = inputs[rows[:, 0] == engine]
        windows, targets = parts[int(engine) % 5 == 0]
        for end in range(length, len(own) + 1):
            windows.append(own[end - length:end])
            targets.append(min(125, len(own) - end) / 125)
    return [(np.array(windows), np.array(targets)) for windows, targets in parts]


def make_model(torch, job, features):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            sizes = [20] if job == "rainfall" else [64, 32]
            self.layers = torch.nn.ModuleList(
                torch.nn.LSTM(before, size, batch_first=True) for before, size in zip([features] + sizes, sizes))
            self.dropout = torch.nn.Dropout(0.4 if job == "rainfall" else 0.3)
            self.dense = torch.nn.Linear(sizes[-1], 1)

        def forward(self, x):
            for layer in self.layers[:-1]:
                x = self.dropout(layer(x)[0])
            return self.dense(self.dropout(self.layers[-1](x)[0][:, -1])).squeeze(1)

    return Model()


def main():
    arguments = parse_arguments()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(arguments.threads)
    import numpy as np
    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    read = rainfall_windows if arguments.job == "rainfall" else life_windows
    train, valid = [(torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32))
                    for x, y in read(np, arguments.files)]
    batch = arguments.batch or (256 if arguments.job == "rainfall" else 128)
    model = make_model(torch, arguments.job, train[0].shape[2])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01 if arguments.job == "rainfall" else 0.001)
    loss_of = torch.nn.MSELoss()
    begin = time.monotonic()
    for epoch in range(1, arguments.epochs + 1):
        model.train()
        total = 0.0
        for rows in torch.randperm(len(train[0])).split(batch):
            optimizer.zero_grad()
            loss = loss_of(model(train[0][rows]), train[1][rows])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item() * len(rows)
        model.eval()
        with torch.no_grad():
            held = sum(loss_of(model(x), y).item() * len(x) for x, y in zip(valid[0].split(batch), valid[1].split(batch)))
        print(json.dumps({"epoch": epoch, "train_loss": total / len(train[0]), "valid_loss": held / len(valid[0]),
                          "seconds": time.monotonic() - begin}), flush=True)


if __name__ == "__main__":
    main()
