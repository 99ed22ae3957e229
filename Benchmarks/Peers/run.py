# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Runs ../run.py with all peers and their thresholds. `make bench-peers` builds what this needs; arguments are
passed on (../run.py --help)."""
import os
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).resolve().parent
BUILD = PEERS.parent / ".build"
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's PyTorch
VENV_PYTHON = BUILD / "peers" / "venv" / "bin" / "python"
MODELS = BUILD / "peers" / "models"

WHEELS = ("onnxruntime", "openvino", "pyzmq", "numpy")
DEBIAN_PACKAGES = ("python3-torch", "libopenblas0-pthread", "python3-zmq")
# Without these, libraries start threads that wait for work on the core of the others.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def workers():
    library = next(BUILD.glob("peers/venv/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*"))
    openvino = BUILD / "peers" / "openvino-worker"
    return {
        "torch-cell": f"{PYTHON} {PEERS}/torch_worker.py cell",
        "torch-lstm": f"{PYTHON} {PEERS}/torch_worker.py lstm",
        "onnxruntime": f"{BUILD}/peers/onnxruntime-worker {library} {MODELS}",
        "openvino": f"{openvino} {MODELS} f32",
        "openvino-bf16": f"{openvino} {MODELS} bf16",
    }


def daemons():
    places = "{input} {output}"
    return {
        "pyzmq-onnxruntime": f"{VENV_PYTHON} {PEERS}/onnxruntime_daemon.py {places} {MODELS}/1-50-2-1.onnx",
        "pyzmq-torch": f"{PYTHON} {PEERS}/torch_daemon.py {places} {BUILD}/data/S.safetensors",
    }


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def notes():
    """Lines for the head of the report."""
    script = ("import sys; from importlib.metadata import version; "
              "print(', '.join(f'{name} {version(name)}' for name in sys.argv[1:]))")
    debian = [f"{name} {output_of('dpkg-query', '-W', '-f=${Version}', name)}" for name in DEBIAN_PACKAGES]
    return [
        f"peers     {output_of(str(VENV_PYTHON), '-c', script, *WHEELS)}",
        f"          {', '.join(debian)}",
        "          one thread each; onnxruntime and openvino from C and C++ with tensors made beforehand, torch from "
        "Python;",
        "          openvino-bf16 computes in bfloat16, all others in float32; PyTorch multiplies with OpenBLAS",
        "left out  RTNeural: packaged neither by Debian nor on PyPI",
    ]


def main():
    command = [PYTHON, str(PEERS.parent / "run.py"), "--thresholds", str(PEERS / "thresholds.json")]
    for option, named in (("--worker", workers()), ("--daemon", daemons())):
        for name, text in named.items():
            command += [option, f"{name}={text}"]
    for note in notes():
        command += ["--note", note]
    os.execve(PYTHON, command + sys.argv[1:], os.environ | ONE_THREAD)


if __name__ == "__main__":
    main()
