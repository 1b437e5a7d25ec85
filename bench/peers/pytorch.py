# Peer `pytorch` (protocol in peer.ts): the long convolution as the papers' repositories write it, eager PyTorch on
# the CPU. One JSON request a line on stdin, one JSON line on stdout; the first line says who we are.
import json
import sys
import time

import numpy as np
import torch


def values(stream, n):
    """The rule of peerValue in peer.ts, for elements 0 .. n - 1."""
    x = (np.arange(1, n + 1, dtype=np.uint64) * 0x9E3779B1) & 0xFFFFFFFF
    x ^= (stream + 1) * 0x85EBCA6B & 0xFFFFFFFF
    x = ((x ^ (x >> np.uint64(15))) * 0x2C1B3C6D) & 0xFFFFFFFF
    x = ((x ^ (x >> np.uint64(12))) * 0x297A2D39) & 0xFFFFFFFF
    x ^= x >> np.uint64(15)
    return torch.from_numpy(((x >> np.uint64(8)).astype(np.float64) / 8388608 - 1).astype(np.float32))


def convolution(u, k, D):
    L = u.shape[-1]
    n = 2 * L
    y = torch.fft.irfft(torch.fft.rfft(u, n=n) * torch.fft.rfft(k, n=n), n=n)[..., :L]
    return y + u * D.unsqueeze(-1)


class Convolution:
    def __init__(self, B, H, L):
        self.u = values(0, B * H * L).reshape(B, H, L).requires_grad_()
        self.k = (values(1, H * L).reshape(H, L) / L**0.5).requires_grad_()
        self.D = values(2, H).requires_grad_()
        self.g = values(3, B * H * L).reshape(B, H, L)

    def forward(self):
        with torch.no_grad():
            return {"y": convolution(self.u, self.k, self.D)}

    def graph(self):
        return convolution(self.u, self.k, self.D)

    def backward(self, y):
        return dict(zip(("du", "dk", "dD"), torch.autograd.grad(y, (self.u, self.k, self.D), self.g)))


sizes, inputs = None, None


def answer(request):
    global sizes, inputs
    if request["op"] != "fft-conv":
        raise ValueError(f"unknown op {request['op']}")
    torch.set_num_threads(request["threads"])
    wanted = (request["B"], request["H"], request["L"])
    if sizes != wanted:
        inputs = None
        sizes, inputs = wanted, Convolution(*wanted)
    clock = time.process_time if request.get("clock") == "cpu" else time.perf_counter
    seconds = []
    for _ in range(request["repeats"] + 1):
        graph = inputs.graph() if request["pass"] == "backward" else None
        start = clock()
        if request["pass"] == "forward":
            results = inputs.forward()
        elif request["pass"] == "backward":
            results = inputs.backward(graph)
        else:
            y = inputs.graph()
            results = {"y": y.detach(), **inputs.backward(y)}
            del y
        seconds.append(clock() - start)
    return {"seconds": seconds[1:], "sums": {n: x.double().square().sum().item() for n, x in results.items()}}


print(json.dumps({"name": f"PyTorch {torch.__version__}"}), flush=True)
for line in sys.stdin:
    try:
        print(json.dumps(answer(json.loads(line))), flush=True)
    except Exception as e:  # the client shows the sentence; the process goes on
        print(json.dumps({"error": str(e) or type(e).__name__}), flush=True)
