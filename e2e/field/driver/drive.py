"""Asks a server what its clients would, a fixed number of times, and prints as JSON which probes passed.

    drive.py PROGRAM HOST PORT ROUNDS SEED

Each program has a module whose functions named `probe_…` are its probes, in this order in each round; a probe fails by
raising. Functions named `wrong_…` are requests that must be refused; they are probes too: a server that does what it
should refuse is as broken as one that refuses what it should do. `times` says how often one is tried in a round.
"""

import importlib
import json
import random
import sys
import time

# A round begins this many seconds after the one before, unless that one took longer.
PACE = 2.0


def name_of(probe):
    return probe.removeprefix("probe_").replace("_", "-")


def main():
    name, host, port, rounds, seed = sys.argv[1:]
    module = importlib.import_module("of_" + name.replace("-", "_"))
    target = module.Target(host, int(port), random.Random(f"{name}/{seed}"))
    probes = [entry for entry in vars(module.Target) if entry.startswith(("probe_", "wrong_"))]
    result = {name_of(probe): [0, 0] for probe in probes}
    begin = time.monotonic()
    for number in range(int(rounds)):
        time.sleep(max(0.0, begin + number * PACE - time.monotonic()))
        for probe in probes:
            ask = getattr(target, probe)
            tally = result[name_of(probe)]
            for _ in range(getattr(ask, "times", 3)):
                tally[1] += 1
                try:
                    ask()
                    tally[0] += 1
                except Exception as error:  # any failure is a failed probe
                    print(f"{probe}: {type(error).__name__}: {error}", file=sys.stderr)
    print(json.dumps(result))


main()
