"""Steps of training of the fully connected model with PyTorch, for `training` of the benches.

    python training.py [--threads N] [--compile]

Prints its name; then reads lines `inputs samples warm_up steps` and prints for each of that many steps, those of the
warm-up left out, its milliseconds by the clock and on all processors together. A step is what a step of carnot-models is: a shuffled batch gathered from bytes, noise, R + lambda D
+ gamma C, its gradient, fused Adam.
"""

import argparse
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

LAMBDA, GAMMA, VARIANCE = 2.0, 8.0, 0.5


def networks():
    encoder = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 32))
    decoder = nn.Sequential(nn.Linear(16, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 784),
                            nn.Sigmoid())
    return encoder, decoder, nn.Linear(16, 10)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder, self.classifier = networks()

    def forward(self, x, labels, noise):
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        rate = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        z = (mean + (0.5 * log_variance).exp() * noise).flatten(0, 1)
        decoded = self.decoder(z).view(noise.shape[0], *x.shape)
        constant = 0.5 * x.shape[1] * math.log(2 * math.pi * VARIANCE)
        distortion = (x - decoded).square().sum(2).mean() / (2 * VARIANCE) + constant
        logits = self.classifier(z)
        classification = F.cross_entropy(logits, labels.repeat(noise.shape[0]))
        return rate + LAMBDA * distortion + GAMMA * classification


class Training:
    def __init__(self, compiled):
        torch.manual_seed(1)
        self.model = Model()
        self.objective = torch.compile(self.model) if compiled else self.model
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-3, fused=True)
        self.images = torch.randint(0, 256, (4000, 784), dtype=torch.uint8)
        self.labels = torch.randint(0, 10, (4000,))
        self.order = torch.randperm(4000)
        self.offset = 0

    def step(self, inputs, samples):
        if self.offset + inputs > len(self.order):
            self.order, self.offset = torch.randperm(len(self.order)), 0
        rows = self.order[self.offset:self.offset + inputs]
        self.offset += inputs
        x = self.images[rows].float() / 255
        loss = self.objective(x, self.labels[rows], torch.randn(samples, inputs, 16))
        value = loss.item()
        if not math.isfinite(value):
            sys.exit("the objective diverged")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    training = Training(arguments.compile)
    kind = " compiled" if arguments.compile else ""
    print(f"PyTorch {torch.__version__}{kind}", flush=True)
    for line in sys.stdin:
        inputs, samples, warm_up, steps = map(int, line.split())
        times = []
        for _ in range(warm_up + steps):
            wall, processors = time.perf_counter(), time.process_time()
            training.step(inputs, samples)
            times.append((1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - processors)))
        print(*(f"{milliseconds:.4f}" for step in times[warm_up:] for milliseconds in step), flush=True)


if __name__ == "__main__":
    main()
