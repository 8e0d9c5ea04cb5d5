#!/usr/bin/env python3
"""PyTorch's nn.LSTM, nn.GRU or nn.RNN with the same command line as lstm_step: forward and backward through time with the
gradients of all weights and of the input.

    python3 bench/peers/torch_step.py --layers 2 --hidden 128 --batch 16 --time 100 --blas openblas --json

PyTorch from Debian is only as fast as the BLAS it finds: --blas picks one (libopenblas0-pthread, libblis4-openmp), and
--wait passive keeps the idle threads of two thread pools from spinning against each other.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time

LIBRARIES = "/usr/lib/x86_64-linux-gnu"
BLAS = {"openblas": f"{LIBRARIES}/openblas-pthread", "blis": f"{LIBRARIES}/blis-openmp", "default": ""}


def parse_arguments():
    parser = argparse.ArgumentParser(description="Times a training step of PyTorch's recurrent layers.")
    parser.add_argument("--cell", choices=["lstm", "gru", "rnn"], default="lstm")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--time", type=int, default=100)
    parser.add_argument("--input", type=int, default=0, help="features (default: as many as units)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--steps", type=int, default=0, help="measure exactly so many steps instead")
    parser.add_argument("--blas", choices=sorted(BLAS), default="default")
    parser.add_argument("--wait", choices=["active", "passive"], default="active")
    parser.add_argument("--last", action="store_true",
                        help="gradient of the last output, none of the input: as lstm_step --checkpoint")
    parser.add_argument("--keep-denormals", action="store_true", help="as lstm_step's")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def start_again_with(environment):
    """These are read when the libraries are loaded, which is before Python runs."""
    if any(os.environ.get(name) != value for name, value in environment.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **environment})


def main():
    a = parse_arguments()
    environment = {name: str(a.threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS")}
    if BLAS[a.blas]:
        if not os.path.exists(f"{BLAS[a.blas]}/libblas.so.3"):
            sys.exit(f"torch_step: there is no {BLAS[a.blas]}/libblas.so.3 (install it, or choose another --blas)")
        environment["LD_LIBRARY_PATH"] = BLAS[a.blas]
    if a.wait == "passive":
        environment["OMP_WAIT_POLICY"] = "PASSIVE"
    start_again_with(environment)
    import torch

    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    features = a.input or a.hidden
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[a.cell]
    model = kind(features, a.hidden, a.layers)
    torch.set_flush_denormal(not a.keep_denormals)
    x = torch.rand(a.time, a.batch, features, requires_grad=not a.last)
    seed = torch.full((a.batch, a.hidden) if a.last else (a.time, a.batch, a.hidden), 0.01)

    def step():
        model.zero_grad(set_to_none=True)
        x.grad = None
        output = model(x)[0]
        (output[-1] if a.last else output).backward(seed)

    for _ in range(0 if a.steps else 3):
        step()
    times = []
    start = time.perf_counter()
    while len(times) < a.steps if a.steps else len(times) < 3 or time.perf_counter() - start < a.seconds:
        before = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - before))

    gates = {"lstm": 4, "gru": 3, "rnn": 1}[a.cell]
    products = (features + a.hidden + (a.layers - 1) * 2 * a.hidden) * gates * a.hidden
    median = statistics.median(times)
    line = {
        "program": "torch", "cell": a.cell, "layers": a.layers, "hidden": a.hidden, "batch": a.batch, "time": a.time,
        "input": features, "threads": a.threads, "blas": a.blas, "wait": a.wait, "steps": len(times),
        "ms_median": median, "ms_min": min(times), "gflops": 6e-6 * a.batch * a.time * products / median,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(line) if a.json else ", ".join(f"{name} {value}" for name, value in line.items()))


if __name__ == "__main__":
    main()
