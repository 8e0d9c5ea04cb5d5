#!/usr/bin/env python3
r"""JSB chorales in PyTorch: the counterpart of the example `polyphonic_music`.

nn.LSTM(keys, units) -> Dropout -> Linear(units, keys), each frame predicted from those before it. The loss is the binary cross-entropy
in nats, summed over the keys and averaged over the frames of a batch of pieces. Adam, gradients clipped by their global norm, weights
initialised as PyTorch does by default; training stops when the validation loss has not fallen for `patience` epochs, and the best state is
tested.

    python3 bench/peers/jsb_torch.py --data jsb.npz --units 200 --dropout 0.5 --lr 0.003 --batch 8 --threads 1 --seed 1

The file: arrays {train,valid,test}_frames [frames, keys], all pieces one after another, and _lengths, the frames of each. Prints one
JSON object a line: for every epoch {"epoch", "train_loss", "valid_loss", "seconds"}, seconds being the wall time spent on training since
the start; last {"test_nll", "best_epoch", "seconds"}. PyTorch is only as fast as its BLAS: see char_lm_torch.py.
"""

import argparse
import copy
import json
import os
import time


def parse_arguments():
    parser = argparse.ArgumentParser(description="Predict polyphonic music with PyTorch on a CPU.")
    parser.add_argument("--data", required=True, help="npz file of piano rolls")
    parser.add_argument("--units", type=int, default=200)
    parser.add_argument("--dropout", type=float, default=0.5, help="of the LSTM's outputs")
    parser.add_argument("--batch", type=int, default=8, help="pieces a step")
    parser.add_argument("--epochs", type=int, default=100, help="at most")
    parser.add_argument("--patience", type=int, default=10)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--clip", type=float, default=1.0, help="largest global norm of the gradients")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(arguments.threads)
    import numpy
    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    archive = numpy.load(arguments.data)

    def pieces(part):
        frames = torch.from_numpy(archive[f"{part}_frames"].astype("float32"))
        return frames.split([int(n) for n in archive[f"{part}_lengths"]])

    train, valid, test = pieces("train"), pieces("valid"), pieces("test")
    keys = train[0].shape[1]
    lstm = torch.nn.LSTM(keys, arguments.units, batch_first=True)
    model = torch.nn.ModuleList([lstm, torch.nn.Dropout(arguments.dropout), torch.nn.Linear(arguments.units, keys)])
    optimizer = torch.optim.Adam(model.parameters(), lr=arguments.lr)

    def nats(batch):
        """Summed over the frames predicted, and how many these are."""
        padded = torch.nn.utils.rnn.pad_sequence(batch, batch_first=True)
        logits = model[2](model[1](lstm(padded[:, :-1])[0]))
        each = torch.nn.functional.binary_cross_entropy_with_logits(logits, padded[:, 1:], reduction="none").sum(2)
        counts = torch.tensor([len(piece) - 1 for piece in batch])
        return (each * (torch.arange(each.shape[1]) < counts[:, None])).sum(), int(counts.sum())

    def evaluate(part):
        model.eval()
        with torch.no_grad():
            sums = [nats(part[at:at + arguments.batch]) for at in range(0, len(part), arguments.batch)]
        model.train()
        return (sum(total for total, _ in sums) / sum(count for _, count in sums)).item()

    best, best_epoch, best_weights, seconds = float("inf"), 0, None, 0.0
    for epoch in range(1, arguments.epochs + 1):
        start, losses = time.perf_counter(), []
        order = torch.randperm(len(train)).tolist()
        for at in range(0, len(order), arguments.batch):
            total, count = nats([train[i] for i in order[at:at + arguments.batch]])
            loss = total / count
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), arguments.clip)
            optimizer.step()
            losses.append(loss.item())
        seconds += time.perf_counter() - start
        valid_loss = evaluate(valid)
        print(json.dumps({"epoch": epoch, "train_loss": round(sum(losses) / len(losses), 4),
                          "valid_loss": round(valid_loss, 4), "seconds": round(seconds, 2)}), flush=True)
        if valid_loss < best:
            best, best_epoch, best_weights = valid_loss, epoch, copy.deepcopy(model.state_dict())
        elif epoch - best_epoch >= arguments.patience:
            break
    model.load_state_dict(best_weights)
    print(json.dumps({"test_nll": round(evaluate(test), 4), "best_epoch": best_epoch, "seconds": round(seconds, 2)}))


if __name__ == "__main__":
    main()
