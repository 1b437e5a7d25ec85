# Peer `pytorch` (protocol in peer.ts): long and short convolutions and materialised attention as the papers' repositories
# write them, eager PyTorch on the CPU. One JSON request a line on stdin, one JSON line on stdout; the first line says who we are.
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


def attention(q, k, v, causal):
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    s = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if causal:
        L = q.shape[-2]
        s = s.masked_fill(torch.ones(L, L, dtype=torch.bool).triu(1), float("-inf"))
    return (s.softmax(-1) @ v).transpose(1, 2).contiguous()


class Convolution:
    result, gradients = "y", ("du", "dk", "dD")

    def __init__(self, B, H, L):
        k = values(1, H * L).reshape(H, L) / L**0.5
        self.inputs = [values(0, B * H * L).reshape(B, H, L), k, values(2, H)]
        self.g = values(3, B * H * L).reshape(B, H, L)

    def graph(self):
        return convolution(*self.inputs)


class Attention:
    result, gradients = "o", ("dq", "dk", "dv")

    def __init__(self, B, L, h, d, causal):
        *self.inputs, self.g = (values(i, B * L * h * d).reshape(B, L, h, d) for i in range(4))
        self.causal = causal

    def graph(self):
        return attention(*self.inputs, self.causal)


class ShortConvolution:
    result, gradients = "y", ("dx", "dw")

    def __init__(self, B, D, L, K):
        self.inputs = [values(0, B * D * L).reshape(B, D, L), values(1, D * K).reshape(D, K)]
        self.g = values(3, B * D * L).reshape(B, D, L)

    def graph(self):
        x, w = self.inputs
        (D, K), L = w.shape, x.shape[-1]
        return torch.nn.functional.conv1d(x, w.unsqueeze(1), padding=K - 1, groups=D)[..., :L]


ops = {
    "fft-conv": (Convolution, ("B", "H", "L")),
    "attention": (Attention, ("B", "L", "h", "d", "causal")),
    "short-conv": (ShortConvolution, ("B", "D", "L", "K")),
}


def forward(task):
    with torch.no_grad():
        return {task.result: task.graph()}


def backward(task, y):
    return dict(zip(task.gradients, torch.autograd.grad(y, task.inputs, task.g)))


wanted, task = None, None


def answer(request):
    global wanted, task
    if request["op"] not in ops:
        raise ValueError(f"unknown op {request['op']}")
    kind, sizes = ops[request["op"]]
    torch.set_num_threads(request["threads"])
    asked = (kind, *(request[n] for n in sizes))
    if wanted != asked:
        wanted = task = None
        task = kind(*asked[1:])
        for x in task.inputs:
            x.requires_grad_()
        wanted = asked
    clock = time.process_time if request.get("clock") == "cpu" else time.perf_counter
    seconds = []
    for _ in range(request["repeats"] + 1):
        graph = task.graph() if request["pass"] == "backward" else None
        start = clock()
        if request["pass"] == "forward":
            results = forward(task)
        elif request["pass"] == "backward":
            results = backward(task, graph)
        else:
            y = task.graph()
            results = {task.result: y.detach(), **backward(task, y)}
            del y
        seconds.append(clock() - start)
    return {"seconds": seconds[1:], "sums": {n: x.double().square().sum().item() for n, x in results.items()}}


print(json.dumps({"name": f"PyTorch {torch.__version__}"}), flush=True)
for line in sys.stdin:
    try:
        print(json.dumps(answer(json.loads(line))), flush=True)
    except Exception as e:  # the client shows the sentence; the process goes on
        print(json.dumps({"error": str(e) or type(e).__name__}), flush=True)
