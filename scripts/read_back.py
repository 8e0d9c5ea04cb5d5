"""Reads models that Recur wrote (FOLDER/list.json, of interop_samples) with PyTorch, h5py or ONNX's checker; see read_back.
Usage: read_back.py torch|h5py|onnx FOLDER"""

import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np


def report(passed, row, text):
    print(f"{'pass' if passed else 'FAIL'}  {row['file']} ({row['format']}): {text}", flush=True)


def read_safetensors(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    tensors = json.loads(data[8 : 8 + size])
    tensors.pop("__metadata__", None)
    result = {}
    for name, entry in tensors.items():
        assert entry["dtype"] == "F32", name
        begin, end = entry["data_offsets"]
        result[name] = np.frombuffer(data[8 + size + begin : 8 + size + end], np.float32).reshape(entry["shape"])
    return result


def torch_model(torch, row):
    """The module that the layers are in PyTorch, with their names."""
    nn = torch.nn
    functions = {"linear": lambda x: x, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "softmax": lambda x: x.softmax(-1)}
    kinds = {"LSTM": nn.LSTM, "GRU": nn.GRU, "SimpleRNN": nn.RNN}

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            size = row["features"]
            for layer in row["layers"]:
                kind, config = layer["class_name"], layer["config"]
                both = kind == "Bidirectional"
                if both:
                    kind, config = config["layer"]["class_name"], config["layer"]["config"]
                if kind in kinds:
                    module = kinds[kind](size, config["units"], batch_first=True, bidirectional=both)
                    size = config["units"] * (2 if both else 1)
                elif kind == "Dense":
                    module = nn.Linear(size, config["units"])
                    size = config["units"]
                elif kind == "Embedding":
                    module = nn.Embedding(config["input_dim"], config["output_dim"])
                    size = config["output_dim"]
                else:
                    module = nn.LayerNorm(size, eps=1e-3)  # Keras's epsilon
                self.add_module(layer["config"]["name"], module)

        def forward(self, x):
            for layer in row["layers"]:
                kind, config = layer["class_name"], layer["config"]
                module = getattr(self, config["name"])
                if kind == "Bidirectional" or kind in kinds:
                    inner = config["layer"]["config"] if kind == "Bidirectional" else config
                    x = module(x)[0]
                    if not inner.get("return_sequences"):
                        x = x[:, -1]
                else:
                    x = functions[config.get("activation", "linear")](module(x))
            return x

    return Model()


def check_torch(rows, folder):
    import torch

    for row in rows:
        if row["format"] == "torch":
            weights = torch.load(folder / row["file"], weights_only=True)
        elif row["format"] == "torch-safetensors":
            weights = {k: torch.from_numpy(v.copy()) for k, v in read_safetensors(folder / row["file"]).items()}
        else:
            continue
        model = torch_model(torch, row)
        model.load_state_dict(weights, strict=True)
        for run in row["runs"]:
            x = np.fromfile(folder / run["input"], np.int32 if row["ids"] else np.float32).reshape(run["input_shape"])
            x = torch.from_numpy(x.astype(np.int64) if row["ids"] else x)
            with torch.no_grad():
                y = model(x).numpy()
            expected = np.fromfile(folder / run["output"], np.float32).reshape(run["output_shape"])
            worst = float(np.abs(y - expected).max())
            report(
                worst <= run["tolerance"],
                row,
                f"PyTorch {torch.__version__} gives Recur's outputs over {run['input_shape'][1]} steps to {worst:.1e}",
            )


def check_h5py(rows, folder):
    import h5py

    for row in rows:
        if row["format"] == "keras-h5":
            source = folder / row["file"]
        elif row["format"] == "keras":
            source = io.BytesIO(zipfile.ZipFile(folder / row["file"]).read("model.weights.h5"))
        else:
            continue
        found = []

        def keep(_, item):
            if isinstance(item, h5py.Dataset):
                found.append((item.shape, item[()].astype("<f4").tobytes()))

        with h5py.File(source, "r") as file:
            file.visititems(keep)
        expected = [(tuple(w["shape"]), (folder / w["file"]).read_bytes()) for w in row["weights"]]
        report(
            sorted(found) == sorted(expected),
            row,
            f"h5py {h5py.__version__} finds {len(found)} arrays, Recur's {len(expected)} to the bit",
        )


def check_onnx(rows, folder):
    import onnx

    for row in rows:
        if not row["format"].startswith("onnx"):
            continue
        try:
            onnx.checker.check_model(str(folder / row["file"]), full_check=True)
            report(True, row, f"onnx.checker {onnx.__version__} accepts it")
        except Exception as error:  # a message of the library
            report(False, row, f"onnx.checker {onnx.__version__}: {error}")


def main():
    reader, folder = sys.argv[1], Path(sys.argv[2])
    rows = json.loads((folder / "list.json").read_text())
    {"torch": check_torch, "h5py": check_h5py, "onnx": check_onnx}[reader](rows, folder)


main()
