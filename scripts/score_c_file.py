#!/usr/bin/env python3
"""Compiles a file that `recur export` wrote as C and scores it: by the error to signal ratio of recordings, or by the root mean square
error of the last rows of a table's series. The same scores as `recur eval` of the model, but for the rounding of weights.

  score_c_file.py MODEL.c audio IN_FOLDER TARGET_FOLDER [--cut FRAMES] [--last CLIPS]    needs python3-numpy, python3-soundfile
  score_c_file.py MODEL.c table TEST.txt TRUTH.txt --columns 6,7,8 [--steps 40]          needs python3-numpy

Columns are counted from 0, and 0 is the series. A file has a heading if its first line has letters."""

import argparse
import ctypes
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np


class Model:
    """The functions of the file; states and working memory lie in a buffer that is large enough for any model."""

    def __init__(self, source, folder):
        self.name = re.search(r"void (\w+)_step\(", source.read_text()).group(1)
        library = Path(folder) / "model.so"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-x", "c", str(source), "-o", str(library), "-lm"], check=True)
        functions = ctypes.CDLL(str(library))
        self.step_function = getattr(functions, self.name + "_step")
        self.reset_function = getattr(functions, self.name + "_reset")
        self.state = ctypes.create_string_buffer(1 << 24)

    def run(self, inputs):
        """The first output of each step of [time, features], from the initial states."""
        inputs = np.ascontiguousarray(inputs, np.float32)
        outputs = np.zeros(len(inputs), np.float32)
        row = (ctypes.c_float * 1024)()
        self.reset_function(self.state)
        address, stride = inputs.ctypes.data, inputs.strides[0]
        for t in range(len(inputs)):
            self.step_function(self.state, ctypes.c_void_p(address + t * stride), row)
            outputs[t] = row[0]
        return outputs


def score_audio(model, options):
    import soundfile

    order = lambda path: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]
    files = sorted(Path(options.input).iterdir(), key=order)
    files = files[-options.last :] if options.last else files
    error = power = 0.0
    for file in files:
        x = soundfile.read(file, dtype="float32")[0][options.cut :]
        target = soundfile.read(Path(options.target) / file.name, dtype="float32")[0][options.cut :].astype(np.float64)
        y = model.run(x[:, None])
        error += ((target - y) ** 2).sum()
        power += (target**2).sum()
    print(f"esr {error / power:.6g}, {len(files)} clips")


def read_table(path):
    lines = Path(path).read_text().splitlines()
    heading = re.search("[A-Za-z]", lines[0]) is not None
    return np.array([line.split() for line in lines[heading:] if line.strip()], np.float64)


def score_table(model, options):
    rows = read_table(options.input)
    truth = read_table(options.target)[:, 0]
    columns = [int(column) for column in options.columns.split(",")]
    forecasts = []
    for series in np.unique(rows[:, 0]):
        steps = rows[rows[:, 0] == series][-options.steps :, columns]
        missing = options.steps - len(steps)  # the first row stands for what is not there
        forecasts.append(model.run(np.concatenate([np.repeat(steps[:1], missing, 0), steps]))[-1])
    print(f"rmse {np.sqrt(((np.array(forecasts) - truth) ** 2).mean()):.6g}, {len(truth)} series")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("kind", choices=["audio", "table"])
    parser.add_argument("input")
    parser.add_argument("target")
    parser.add_argument("--cut", type=int, default=0, help="frames at the beginning of each clip that are not used")
    parser.add_argument("--last", type=int, default=0, help="so many clips, the last ones in natural order; 0: all")
    parser.add_argument("--columns", default="", help="inputs of the model, by their columns in the file")
    parser.add_argument("--steps", type=int, default=40, help="last rows of each series that the model sees")
    options = parser.parse_args()
    if options.kind == "table" and not options.columns:
        sys.exit("score_c_file: --columns is missing")
    with tempfile.TemporaryDirectory() as folder:
        model = Model(options.model, folder)
        (score_audio if options.kind == "audio" else score_table)(model, options)


main()
