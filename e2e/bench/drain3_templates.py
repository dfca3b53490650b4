"""Measures drain3 with its default settings on Loghub-2k, as JSON: grouping accuracy and lines a second.

Usage: drain3_templates.py FOLDER
"""

import csv
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

from drain3 import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig

ROUNDS = 10


def miner():
    config = TemplateMinerConfig()
    config.profiling_enabled = False
    return TemplateMiner(config=config)


def score(predicted, true):
    """GA and FGA: section 3.5 of the oracle's design."""
    groups, labels = defaultdict(list), defaultdict(list)
    for line, (group, label) in enumerate(zip(predicted, true, strict=True)):
        groups[group].append(line)
        labels[label].append(line)
    whole = {tuple(lines) for lines in labels.values()}
    right = [lines for lines in groups.values() if tuple(lines) in whole]
    accuracy = sum(len(lines) for lines in right) / len(true)
    return {"ga": accuracy, "fga": 2 * len(right) / (len(groups) + len(labels))}


def measure(lines, true):
    learnt = miner()
    ids = [learnt.add_log_message(line)["cluster_id"] for line in lines]
    timed = miner()
    begin = time.process_time()
    for _ in range(ROUNDS):
        for line in lines:
            timed.add_log_message(line)
    seconds = time.process_time() - begin
    return score(ids, true) | {"lines": ROUNDS * len(lines), "seconds": seconds}


def main(folder):
    systems = {}
    for path in sorted(folder.glob("*/*_2k.log")):
        with open(f"{path}_structured.csv", encoding="utf-8", newline="") as table:
            rows = list(csv.DictReader(table))
        raw = path.read_text(encoding="utf-8", errors="replace").split("\n")[: len(rows)]
        true = [row["EventId"] for row in rows]
        systems[path.parent.name] = {
            "content": measure([row["Content"] for row in rows], true),
            "raw": measure(raw, true),
        }
    json.dump(systems, sys.stdout)


main(Path(sys.argv[1]))
