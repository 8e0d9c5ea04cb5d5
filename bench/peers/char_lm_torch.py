#!/usr/bin/env python3
r"""Character language model in PyTorch: the counterpart of the example `char_lm`.

Embedding(vocab, hidden) -> nn.LSTM(hidden, hidden, layers) -> Linear(hidden, vocab), trained by truncated backpropagation
through time. The first 90 % of the text is cut into `batch` contiguous streams of equal length (what is left over at the
end is dropped); each step takes the next `time` characters of every stream and starts from the detached state that the
step before ended in. States are zero at the start of an epoch. Adam, gradients clipped by their global norm, weights
initialised as PyTorch does by default. The last 10 % is held out.

Run it (Python 3 and torch):

    python3 bench/peers/char_lm_torch.py --text FILE --layers 2 --hidden 128 --batch 50 --time 50 \
        --epochs 8 --lr 0.002 --clip 5 --threads 1 --seed 0

PyTorch is only as fast as its BLAS: with Debian's reference BLAS it is 7 to 9 times slower than with OpenBLAS, so check
`update-alternatives --query libblas.so.3-x86_64-linux-gnu` before quoting a time.

Prints one JSON object a line: for every epoch {"epoch", "train_loss", "valid_loss", "seconds"}, then {"valid_loss",
"seconds"} of the last one. Losses are in nats per character. train_loss is the mean over the epoch's steps, each taken
before its update. valid_loss runs over the whole held-out part as one stream with carried state. seconds is the wall time
spent on training since the start, evaluation excluded.
"""

import argparse
import json
import os
import time


def parse_arguments():
    parser = argparse.ArgumentParser(description="Train a character language model with PyTorch on a CPU.")
    parser.add_argument("--text", required=True, help="file to learn; read as bytes, one a character")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--batch", type=int, default=50, help="streams trained side by side")
    parser.add_argument("--time", type=int, default=50, help="characters per backpropagation window")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--lr", type=float, default=0.002)
    parser.add_argument("--clip", type=float, default=5.0, help="largest global norm of the gradients")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name in ("layers", "hidden", "batch", "time", "epochs", "lr", "clip", "threads"):
        if getattr(arguments, name) <= 0:
            parser.error(f"--{name} must be positive")
    return arguments


def main():
    arguments = parse_arguments()
    # The BLAS and OpenMP libraries read these once, when they are loaded: set them before torch is imported.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(arguments.threads)
    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)

    with open(arguments.text, "rb") as file:
        text = torch.tensor(list(file.read()))
    alphabet, codes = torch.unique(text, return_inverse=True)
    split = len(codes) * 9 // 10
    train, held_out = codes[:split], codes[split:]
    windows = (len(train) - 1) // arguments.batch // arguments.time
    if windows == 0 or len(held_out) < 2:
        raise SystemExit(f"{arguments.text}: {len(codes)} characters are too few for --batch {arguments.batch} "
                         f"and --time {arguments.time}")
    used = (len(train) - 1) // arguments.batch * arguments.batch
    inputs = train[:used].view(arguments.batch, -1).t().contiguous()  # [stream length, batch]
    targets = train[1:used + 1].view(arguments.batch, -1).t().contiguous()

    class CharModel(torch.nn.Module):
        def __init__(self, vocabulary):
            super().__init__()
            self.embedding = torch.nn.Embedding(vocabulary, arguments.hidden)
            self.lstm = torch.nn.LSTM(arguments.hidden, arguments.hidden, arguments.layers)
            self.head = torch.nn.Linear(arguments.hidden, vocabulary)

        def forward(self, characters, state):
            output, state = self.lstm(self.embedding(characters), state)
            return self.head(output).flatten(0, 1), state

    model = CharModel(len(alphabet))
    optimizer = torch.optim.Adam(model.parameters(), lr=arguments.lr)
    cross_entropy = torch.nn.functional.cross_entropy

    def train_epoch():
        state, total = None, 0.0
        for begin in range(0, windows * arguments.time, arguments.time):
            window = slice(begin, begin + arguments.time)
            logits, state = model(inputs[window], state)
            state = tuple(s.detach() for s in state)
            loss = cross_entropy(logits, targets[window].flatten())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), arguments.clip)
            optimizer.step()
            total += loss.item()
        return total / windows

    @torch.no_grad()
    def evaluate():
        state, total = None, 0.0
        last = len(held_out) - 1
        for begin in range(0, last, 1000):
            end = min(begin + 1000, last)
            logits, state = model(held_out[begin:end, None], state)
            total += cross_entropy(logits, held_out[begin + 1:end + 1], reduction="sum").item()
        return total / last

    seconds = 0.0
    for epoch in range(1, arguments.epochs + 1):
        start = time.perf_counter()
        train_loss = train_epoch()
        seconds += time.perf_counter() - start
        valid_loss = evaluate()
        print(json.dumps({"epoch": epoch, "train_loss": round(train_loss, 4), "valid_loss": round(valid_loss, 4),
                          "seconds": round(seconds, 2)}), flush=True)
    print(json.dumps({"valid_loss": round(valid_loss, 4), "seconds": round(seconds, 2)}))


if __name__ == "__main__":
    main()
