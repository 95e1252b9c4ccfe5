#!/usr/bin/env python3
"""Compares `failures regions` with scikit-learn's CART and with pysubgroup on planted rules and on noise.

    evaluate.py [--failures target/release/failures] [--planted 20] [--noise 100]

A planted rule is searched in all sessions: its conditions must be found, and no sample may lie between a threshold and
the planted one. Precision and recall are those of unknown sessions: all methods learn from two thirds of the sessions.
Without --failures, only CART and pysubgroup run.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pysubgroup as ps
from sklearn.tree import DecisionTreeClassifier

import command
from generate import COMPUTATION, draw_corpus, write_corpus
from planted import rule_mask, test_mask
from table import encode, frame

# Rows, share of failing runs, conditions of the first rule, label noise.
PLANTED = [
    (500, 0.30, 2, 0.0), (500, 0.20, 2, 0.01), (1_000, 0.30, 3, 0.0), (1_000, 0.10, 2, 0.01), (2_000, 0.05, 2, 0.0),
    (2_000, 0.20, 4, 0.02), (3_000, 0.10, 3, 0.02), (5_000, 0.05, 3, 0.01), (5_000, 0.02, 2, 0.0),
    (10_000, 0.30, 4, 0.05), (10_000, 0.05, 4, 0.01), (10_000, 0.01, 2, 0.01), (20_000, 0.10, 3, 0.05),
    (30_000, 0.02, 3, 0.02), (50_000, 0.01, 4, 0.01), (100_000, 0.05, 3, 0.02), (100_000, 0.01, 2, 0.05),
    (200_000, 0.02, 4, 0.02), (300_000, 0.10, 4, 0.05), (1_000_000, 0.05, 3, 0.02),
]
MAX_ROWS_OF_PYSUBGROUP = 20_000


def planted_corpus(index):
    rows, failing, conditions, noise = PLANTED[index % len(PLANTED)]
    sessions = 8 + (index * 7) % 33
    return draw_corpus(rows, 20, failing, conditions, 0.05, noise, sessions, seed=1000 + index)


def noise_corpus(index):
    rows, failing = [500, 1_000, 2_000, 5_000, 10_000][index % 5], [0.01, 0.05, 0.1, 0.3][index % 4]
    return draw_corpus(rows, 20, failing, sessions=8 + index % 33, seed=5000 + index, mode="noise")


def training_sessions(corpus):
    order = np.random.default_rng(7).permutation(len(corpus.session_ids))
    return set(order[: round(len(order) * 2 / 3)].tolist())


def quality(predicted, failed):
    hits = (predicted & failed).sum()
    return hits / max(predicted.sum(), 1), hits / max(failed.sum(), 1)


def predict_cart(corpus, training):
    """Returns the predicted failures, and the number of leaves in which most runs fail."""
    matrix = encode(corpus.parameters)
    tree = DecisionTreeClassifier(max_depth=4, random_state=0).fit(matrix[training], corpus.failed[training])
    is_leaf = tree.tree_.children_left == -1
    failing = tree.tree_.value[:, 0, -1] > 0.5 if len(tree.classes_) == 2 else np.zeros(len(is_leaf), bool)
    return tree.predict(matrix).astype(bool), int((is_leaf & failing).sum())


def predict_pysubgroup(corpus, training, number):
    """Returns the runs in the best subgroups, found one after the other in the runs that are not covered yet."""
    data = frame(corpus.parameters)
    rows = np.flatnonzero(training)
    if len(rows) > MAX_ROWS_OF_PYSUBGROUP:
        rows = np.random.default_rng(0).choice(rows, MAX_ROWS_OF_PYSUBGROUP, replace=False)
    covered = np.zeros(len(data), bool)
    for _ in range(number):
        rows = rows[~covered[rows]]
        sample = data.iloc[rows].reset_index(drop=True)
        target = ps.BinaryTarget("failed", True)
        space = ps.create_selectors(sample, ignore=["failed"])
        sample["failed"] = corpus.failed[rows]
        task = ps.SubgroupDiscoveryTask(sample, target, space, result_set_size=1, depth=4, qf=ps.WRAccQF())
        found = ps.BeamSearch(beam_width=20).execute(task).results
        if found:
            covered |= np.asarray(found[0][1].covers(data), bool)
    return covered


def compare_rule(planted, rules, parameters):
    """Returns the number of planted conditions that the best rule has, and the samples between thresholds.

    The samples are counted among the runs that pass the other planted conditions. All others have no influence.
    """
    mask = rule_mask(planted["conditions"], parameters)
    overlap = lambda rule: similarity(mask, rule_mask(rule["conditions"], parameters))
    best = max(rules, key=overlap, default={"conditions": []})
    by_name = {parameter.name: parameter for parameter in parameters}
    found, between = 0, 0
    for condition in planted["conditions"]:
        others = [other for other in planted["conditions"] if other is not condition]
        relevant = rule_mask(others, parameters)
        want = test_mask(condition, by_name[condition["parameter"]])[relevant]
        tests = [other for other in best["conditions"] if other["parameter"] == condition["parameter"]]
        got = rule_mask(tests, parameters)[relevant]
        if tests and similarity(want, got) > 0.9:
            found += 1
            between += int((want != got).sum())
    return found, between, max(0, len(best["conditions"]) - found)


def similarity(one, other):
    return (one & other).sum() / max((one | other).sum(), 1)


def describe(rule):
    value = lambda condition: f" {condition['value']}" if "value" in condition else ""
    return " and ".join(f"{test['parameter']} {test['is']}{value(test)}" for test in rule["conditions"])


def evaluate_planted(options, directory):
    print("| runs | failing | planted rules | conditions found | samples between | more conditions | rules "
          "| regions | CART | pysubgroup |")
    print("| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for index in range(options.planted):
        corpus = planted_corpus(index)
        training = np.isin(corpus.session, list(training_sessions(corpus)))
        judged = lambda predicted: "{:.1%} / {:.1%}".format(*quality(predicted[~training], corpus.failed[~training]))
        cart, _ = predict_cart(corpus, training)
        cells = ["", "", "", "", ""]
        if options.failures:
            cells = regions_cells(options, corpus, directory, index, judged)
        subgroups = judged(predict_pysubgroup(corpus, training, len(corpus.truth["rules"])))
        rules = "; ".join(describe(rule) for rule in corpus.truth["rules"])
        print(f"| {len(corpus.failed):,} | {corpus.failed.mean():.1%} | {rules} | {' | '.join(cells)} | {judged(cart)} "
              f"| {subgroups} |", flush=True)


def regions_cells(options, corpus, directory, index, judged):
    write_corpus(corpus, directory, index)
    report, _ = command.regions(options.failures, directory, COMPUTATION)
    write_corpus(corpus, directory, index, training_sessions(corpus))
    trained, _ = command.regions(options.failures, directory, COMPUTATION)
    predicted = np.zeros(len(corpus.failed), bool)
    for rule in trained["rules"]:
        predicted |= rule_mask(rule["conditions"], corpus.parameters)
    results = [compare_rule(rule, report["rules"], corpus.parameters) for rule in corpus.truth["rules"]]
    found, between, more = (sum(column) for column in zip(*results))
    number = sum(len(rule["conditions"]) for rule in corpus.truth["rules"])
    if options.verbose:
        for rule in report["rules"]:
            counts = f"{rule['failed']} of {rule['runs']}, held out {rule.get('held_out')}"
            print(f"    {describe(rule)}: {counts}", file=sys.stderr)
    return [f"{found} of {number}", str(between), str(more), str(len(report["rules"])), judged(predicted)]


def evaluate_noise(options, directory):
    shown, leaves = 0, 0
    for index in range(options.noise):
        corpus = noise_corpus(index)
        leaves += predict_cart(corpus, np.ones(len(corpus.failed), bool))[1]
        if options.failures:
            write_corpus(corpus, directory, index)
            rules = command.regions(options.failures, directory, COMPUTATION)[0]["rules"]
            shown += len(rules)
            for rule in rules if options.verbose else []:
                print(f"    noise {index}: {describe(rule)}: {rule['failed']} of {rule['runs']}", file=sys.stderr)
    print("\n| data sets of noise | rules of regions | failing leaves of CART |\n| ---: | ---: | ---: |")
    print(f"| {options.noise} | {shown if options.failures else ''} | {leaves} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--failures", help="path of the command")
    parser.add_argument("--planted", type=int, default=20, help="number of data sets with rules")
    parser.add_argument("--noise", type=int, default=100, help="number of data sets without rules")
    parser.add_argument("--verbose", action="store_true", help="also print the rules, on standard error")
    options = parser.parse_args()
    print(f"`{' '.join(sys.argv)}`; the last columns are precision / recall in held-out sessions\n")
    with tempfile.TemporaryDirectory() as directory:
        evaluate_planted(options, Path(directory))
        evaluate_noise(options, Path(directory))


if __name__ == "__main__":
    main()
