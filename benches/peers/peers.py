"""Runs dit and embo on a rate-distortion-classification problem and prints one JSON line for each point.

    python peers.py problem.json [--repetitions N] [--peers dit,embo]
    python peers.py --write-example problem.json

Everything read and printed is in nats; README.md says what is converted, and what neither peer can solve.
"""

import argparse
import json
import math
import os
import statistics
import time
from importlib.metadata import version

import embo.core
import numpy as np
from dit.math.sampling import sample_simplex
from dit.rate_distortion.blahut_arimoto import _blahut_arimoto, blahut_arimoto

LN2 = math.log(2)
# dit's default.
DIT_RESTARTS = 100


class Problem:
    """p(x), p(y|x), rho(x, z) and the multipliers; `null` in rho forbids a pair."""

    def __init__(self, content):
        self.name = content["name"]
        self.p_x = np.array(content["p_x"], dtype=float)
        self.p_y_x = np.array(content["p_y_given_x"], dtype=float)
        self.rho = np.array([[math.inf if r is None else r for r in row] for row in content["rho"]], dtype=float)
        self.lambdas, self.gammas = content["lambdas"], content["gammas"]
        self.curve = content.get("curve")
        n_x = len(self.p_x)
        if self.p_y_x.shape[0] != n_x or self.rho.shape[0] != n_x:
            raise ValueError(f"{self.name}: p_x, p_y_given_x and rho differ in the number of their rows")
        self.p_xy = self.p_x[:, None] * self.p_y_x

    def functionals(self, encoder):
        """R = I(X;Z), D and C = H(Y|Z) of an encoder e(z|x), whatever the peer says of itself."""
        q_xz = self.p_x[:, None] * encoder
        q_yz = self.p_xy.T @ encoder
        m = q_xz.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.nansum(q_xz * np.log(q_xz / (self.p_x[:, None] * m)))
            distortion = np.sum(np.where(q_xz > 0, q_xz * self.rho, 0.0))
            classification = -np.nansum(q_yz * np.log(q_yz / m))
        return float(rate), float(distortion), float(classification)


def median_seconds(solve, repetitions):
    """The median of the wall time of several runs, and the result of the last. Every run draws the same starts."""
    seconds = []
    for _ in range(repetitions):
        np.random.seed(2020)
        started = time.perf_counter()
        result = solve()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), result


def point(peer, problem, kind, lam, gamma, rdc, **rest):
    rate, distortion, classification = rdc
    free_energy = rate + gamma * classification + (lam * distortion if lam > 0 else 0.0)
    return {
        "peer": peer, "version": version(peer), "problem": problem.name, "kind": kind, "lambda": lam, "gamma": gamma,
        "rate": rate, "distortion": distortion, "classification": classification, "free_energy": free_energy, **rest,
    }


def skipped(peer, problem, lam, gamma, reason):
    return {"peer": peer, "version": version(peer), "problem": problem.name, "lambda": lam, "gamma": gamma,
            "skipped": reason}


class Counted:
    """A distortion that counts its calls: dit makes one at each start, then two an update."""

    def __init__(self, distortion):
        self.distortion, self.calls = distortion, 0

    def __call__(self, p_x, q_z_x):
        self.calls += 1
        return self.distortion(p_x, q_z_x)

    def updates(self, restarts):
        return (self.calls - restarts) // 2


def dit_points(problem, repetitions):
    for lam in problem.lambdas:
        for gamma in problem.gammas:
            if problem.rho.shape[1] != len(problem.p_x):
                reason = "dit takes as many letters for the representation as for the source"
                yield skipped("dit", problem, lam, gamma, reason)
            elif lam == 0 and gamma == 0:
                yield skipped("dit", problem, lam, gamma, "nothing to solve")
            else:
                yield dit_point(problem, lam, gamma, repetitions)


def dit_point(problem, lam, gamma, repetitions):
    # dit's encoder is proportional to 2^(-beta d).
    if gamma == 0:
        kind, beta, distortion = "rate-distortion", lam / LN2, lambda p_x, q: problem.rho
    else:
        kind = "rate-distortion-classification" if lam > 0 else "bottleneck"
        beta, distortion = 1 / LN2, joint_distortion(problem, lam, gamma)
    solve = dit_solve if lam > 0 else dit_solve_bottleneck
    seconds, q_xz = median_seconds(lambda: solve(problem, beta, distortion), repetitions)
    # Once more, not timed.
    counted = Counted(distortion)
    np.random.seed(2020)
    solve(problem, beta, counted)
    q_xz = np.maximum(q_xz, 0)
    encoder = q_xz / q_xz.sum(axis=1, keepdims=True)
    threads = os.environ.get("DIT_OPT_JOBS", f"all {os.cpu_count()}") if lam > 0 else 1
    return point("dit", problem, kind, lam, gamma, problem.functionals(encoder), seconds=seconds,
                 repetitions=repetitions, restarts=DIT_RESTARTS, iterations=counted.updates(DIT_RESTARTS),
                 threads=threads)


def dit_solve(problem, beta, distortion):
    """The public call with its defaults: 100 starts of at most 100 updates."""
    return blahut_arimoto(problem.p_x, beta, distortion=distortion)[1]


def dit_solve_bottleneck(problem, beta, distortion):
    """dit's own loop from as many random starts; the public call finds nothing for any bottleneck (README.md)."""
    n = len(problem.p_x)
    starts = [sample_simplex(n, n) for _ in range(DIT_RESTARTS)]
    results = [_blahut_arimoto(problem.p_x, beta, start, distortion) for start in starts]
    return min(results, key=lambda result: result[0].rate + beta * result[0].distortion)[1]


def joint_distortion(problem, lam, gamma):
    """lambda rho + gamma KL(p(y|x) || c(y|z)) in nats: dit has no labels beside a table, but takes any distortion."""
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nansum(problem.p_y_x * np.log(problem.p_y_x), axis=1)

    # A forbidden pair stays forbidden.
    cost = np.where(np.isinf(problem.rho), math.inf, lam * np.where(np.isinf(problem.rho), 0.0, problem.rho))

    def distortion(p_x, q_z_x):
        q_yz = problem.p_xy.T @ q_z_x
        with np.errstate(divide="ignore", invalid="ignore"):
            log_c = np.log(np.maximum(q_yz / q_yz.sum(axis=0), 1e-300))
        # A letter that nothing uses has no c; no marginal either, so any number will do.
        log_c = np.nan_to_num(log_c)
        return cost + gamma * (-entropy[:, None] - problem.p_y_x @ log_c)

    return distortion


def embo_bottleneck(problem, gamma_min, gamma_max, points):
    """The public call. embo weighs a divergence in bits against a logarithm in nats: its beta is gamma ln 2."""
    return embo.InformationBottleneck(
        pxy=problem.p_xy.copy(), minbeta=gamma_min * LN2, maxbeta=gamma_max * LN2, numbeta=points,
        ensure_monotonic_bound=False,
    ).get_bottleneck()


def embo_updates(problem, gammas):
    """Updates of all restarts, counted by running embo's solver of one beta in this process."""
    p_x, p_y = problem.p_xy.sum(axis=1), problem.p_xy.sum(axis=0)
    p_y_x, calls, update = problem.p_xy.T / p_x, [0], embo.core.p_mx_c

    def counted(*arguments):
        calls[0] += 1
        return update(*arguments)

    embo.core.p_mx_c = counted
    try:
        for gamma in gammas:
            embo.InformationBottleneck.beta_iter(1, gamma * LN2, p_x, p_y, p_y_x, p_x.size, 3, 100, 1e-3)
    finally:
        embo.core.p_mx_c = update
    return calls[0]


def embo_points(problem, repetitions):
    label_entropy = -sum(p * math.log(p) for p in problem.p_xy.sum(axis=0) if p > 0)
    for lam in problem.lambdas:
        for gamma in problem.gammas:
            if lam > 0:
                yield skipped("embo", problem, lam, gamma, "embo takes no distortion table")
                continue
            if gamma == 0:
                yield skipped("embo", problem, lam, gamma, "nothing to solve")
                continue
            seconds, (i_x, i_y, _, _) = median_seconds(lambda: embo_bottleneck(problem, gamma, gamma, 1), repetitions)
            rdc = (float(i_x[0]) * LN2, None, label_entropy - float(i_y[0]) * LN2)
            yield point("embo", problem, "bottleneck", lam, gamma, rdc, seconds=seconds, repetitions=repetitions,
                        restarts=3, iterations=embo_updates(problem, [gamma]), threads=1)
    if problem.curve:
        low, high, points = (problem.curve[key] for key in ("gamma_min", "gamma_max", "points"))
        seconds, (i_x, i_y, _, betas) = median_seconds(lambda: embo_bottleneck(problem, low, high, points), repetitions)
        gammas = [float(beta) / LN2 for beta in betas]
        rates, losses = np.array(i_x) * LN2, label_entropy - np.array(i_y) * LN2
        yield {
            "peer": "embo", "version": version("embo"), "problem": problem.name, "kind": "bottleneck-curve",
            "gammas": gammas, "rates": rates.tolist(), "classifications": losses.tolist(),
            "free_energies": (rates + np.array(gammas) * losses).tolist(), "seconds": seconds,
            "repetitions": repetitions, "restarts": 3, "iterations": embo_updates(problem, gammas), "threads": 1,
        }


def example():
    """64 points on a line, as many letters, five labels that change smoothly along it."""
    n, n_y = 64, 5
    x = (np.arange(n) + 0.5) / n
    p_x = 1 + 0.5 * np.sin(7 * x)
    labels = np.exp(-20 * (x[:, None] - np.linspace(0, 1, n_y)) ** 2)
    return {
        "name": "line-64", "p_x": (p_x / p_x.sum()).tolist(),
        "p_y_given_x": (labels / labels.sum(axis=1, keepdims=True)).tolist(),
        "rho": (8 * (x[:, None] - x) ** 2).tolist(),
        "lambdas": [0, 1, 5, 20], "gammas": [0, 0.5, 0.9, 3],
        "curve": {"gamma_min": 0.1, "gamma_max": 7, "points": 30},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problem", help="the problem file")
    parser.add_argument("--write-example", action="store_true", help="write an example there and stop")
    parser.add_argument("--repetitions", type=int, default=5, help="runs of each point [default: %(default)s]")
    parser.add_argument("--peers", default="dit,embo", help="which to run [default: %(default)s]")
    options = parser.parse_args()
    if options.write_example:
        with open(options.problem, "w", encoding="utf-8") as file:
            json.dump(example(), file)
        return
    with open(options.problem, encoding="utf-8") as file:
        problem = Problem(json.load(file))
    if "dit" in options.peers:
        for line in dit_points(problem, options.repetitions):
            print(json.dumps(line), flush=True)
    if "embo" in options.peers:
        for line in embo_points(problem, options.repetitions):
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
