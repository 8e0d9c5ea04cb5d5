#!/usr/bin/env python3
"""The audio job in PyTorch: the counterpart of examples/configs/audio.json.

Reads two folders of clips, leaves out the first 14,000 frames of each, and trains one GRU and a dense layer on the error-to-signal ratio
with Adam, whole clips at a time; validation on the last 25 clips after each epoch. Only the time is compared, so that the plateau's
learning rates are not here.

    python3 bench/peers/audio_torch.py in gain50 --epochs 5

Prints one JSON object an epoch: {"epoch", "train_loss", "valid_esr", "seconds"}, seconds being the wall time since the first epoch
began, without the reading of files. Needs python3-torch and python3-soundfile. PyTorch is only as fast as its BLAS: see char_lm_torch.py.
"""

import argparse
import json
import os
import pathlib
import re
import time


def parse_arguments():
    parser = argparse.ArgumentParser(description="Train a model of an audio effect with PyTorch on a CPU.")
    parser.add_argument("input", help="folder of clips before the effect")
    parser.add_argument("target", help="folder of clips after it")
    parser.add_argument("--units", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--cut", type=int, default=14000, help="frames left out at the beginning of each clip")
    parser.add_argument("--validation", type=int, default=25, help="clips at the end that are not trained on")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def read_clips(folder, cut):
    import numpy as np
    import soundfile

    number = lambda path: int(re.sub(r"\D", "", path.stem) or 0)
    paths = sorted(pathlib.Path(folder).iterdir(), key=number)
    return np.stack([soundfile.read(path, dtype="float32")[0][cut:] for path in paths])[:, :, None]


def main():
    arguments = parse_arguments()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(arguments.threads)
    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    inputs = torch.tensor(read_clips(arguments.input, arguments.cut))
    targets = 2 * torch.tensor(read_clips(arguments.target, arguments.cut))
    count = len(inputs) - arguments.validation
    gru = torch.nn.GRU(1, arguments.units, batch_first=True)
    dense = torch.nn.Linear(arguments.units, 1)
    model = lambda x: dense(gru(x)[0])
    esr = lambda y, t: ((y - t) ** 2).sum() / (t**2).sum()
    optimizer = torch.optim.Adam([*gru.parameters(), *dense.parameters()], lr=0.006)
    begin = time.monotonic()
    for epoch in range(1, arguments.epochs + 1):
        total = 0.0
        for rows in torch.randperm(count).split(arguments.batch):
            optimizer.zero_grad()
            loss = esr(model(inputs[rows]), targets[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        with torch.no_grad():
            held = esr(model(inputs[count:]), targets[count:]).item()
        print(json.dumps({"epoch": epoch, "train_loss": total / count, "valid_esr": held,
                          "seconds": time.monotonic() - begin}), flush=True)


if __name__ == "__main__":
    main()
