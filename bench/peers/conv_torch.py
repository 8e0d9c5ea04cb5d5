#!/usr/bin/env python3
"""GFLOP/s of PyTorch's convolution over time at the sizes of bench/conv_bench.cpp: forward, and forward with both gradients.

Rates are by processor time, as those of conv_bench are, on one thread; the median of --rounds rounds.
"""
import argparse
import statistics
import time

import torch

SIZES = [(32, 100, 64, 5, 1), (32, 100, 64, 5, 4), (32, 100, 16, 3, 1), (1, 10_000, 16, 3, 1)]


def rate(flops, call, seconds):
    """Calls for so long, after some calls that do not count."""
    for _ in range(3):
        call()
    calls, start = 0, time.process_time()
    while (elapsed := time.process_time() - start) < seconds:
        call()
        calls += 1
    return flops * calls / elapsed * 1e-9


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    for batch, steps, channels, size, dilation in SIZES:
        layer = torch.nn.Conv1d(channels, channels, size, padding="same", dilation=dilation, bias=False)
        x = torch.randn(batch, channels, steps, requires_grad=True)
        seed = torch.randn(batch, channels, steps)
        flops = 2 * batch * steps * size * channels * channels

        def forward():
            with torch.no_grad():
                layer(x)

        def step():
            x.grad = layer.weight.grad = None
            layer(x).backward(seed)

        rates = [statistics.median(rate(f, call, options.seconds) for _ in range(options.rounds))
                 for f, call in ((flops, forward), (3 * flops, step))]
        print(f"B:{batch}/T:{steps}/C:{channels}/K:{size}/dilation:{dilation}  "
              f"forward {rates[0]:.1f} GFLOP/s  step {rates[1]:.1f} GFLOP/s")


if __name__ == "__main__":
    main()
