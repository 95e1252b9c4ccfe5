#!/usr/bin/env python3
"""Writes a synthetic corpus: closing lines of computations, with planted rules or with pure noise.

    generate.py io --rows 100000 --failing 0.05 --conditions 3 --seed 1
    generate.py io --rows 2000 --mode noise --seed 2

The files are DIR/logs/computations_{date}_{session}_0000.jsonl. DIR/truth.json has the planted rules in the form of
`failures regions --json`, and the neighbouring samples of each threshold. The same arguments write the same files.
"""

import argparse
import json
import shutil
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np

from parameters import Parameter, draw_parameters
from planted import neighbours, plant_rules, protected_rows, rule_mask

COMPUTATION = "rg_flow_integration"
CHUNK = 50_000
BEGIN = datetime(2025, 12, 1, tzinfo=timezone.utc)


@dataclass
class Corpus:
    """All runs in memory: parameters, failures, and the index of the session of each run."""

    parameters: list[Parameter]
    failed: np.ndarray
    session: np.ndarray
    session_ids: list[str]
    truth: dict


def draw_corpus(rows=10_000, parameters=20, failing=0.05, conditions=3, missing=0.05, label_noise=0.01, sessions=12,
                seed=0, mode="planted"):
    """Draws a corpus. Label noise is the share of failures that have another cause, and of successes in a region."""
    rng = np.random.default_rng(seed)
    sizes = rng.dirichlet(np.full(sessions, 8.0))
    session = np.sort(rng.choice(sessions, rows, p=sizes))
    drawn = draw_parameters(rng, rows, session, parameters, missing)
    if mode == "noise":
        # Some sessions fail more often than others, for reasons that no parameter describes.
        rate = failing * np.exp(rng.normal(0, 0.3, sessions))
        rules, failed = [], rng.random(rows) < np.minimum(rate, 0.9)[session]
    else:
        rules = plant_rules(rng, drawn, conditions, failing)
        region = np.zeros(rows, bool)
        for rule in rules:
            region |= rule_mask(rule["conditions"], drawn)
        chance = np.where(region, label_noise, label_noise * failing)
        failed = region ^ ((rng.random(rows) < chance) & ~protected_rows(rules, drawn))
    ids = [str(uuid.UUID(bytes=rng.bytes(16), version=4)) for _ in range(sessions)]
    truth = describe_truth(rules, drawn, failed)
    return Corpus(drawn, failed, session, ids, truth)


def describe_truth(rules, parameters, failed):
    by_name = {parameter.name: parameter for parameter in parameters}
    truth = {"computation": COMPUTATION, "runs": len(failed), "failed": int(failed.sum()), "rules": [], "samples": []}
    for rule in rules:
        mask = rule_mask(rule["conditions"], parameters)
        truth["rules"].append({**rule, "failed": int((mask & failed).sum()), "runs": int(mask.sum())})
        for condition in rule["conditions"]:
            if condition["is"] in (">", "<="):
                below, above = neighbours(condition, by_name[condition["parameter"]])
                truth["samples"].append({"parameter": condition["parameter"], "below": below, "above": above})
    return truth


def write_corpus(corpus, directory, seed=0, sessions=None):
    """Writes the closing lines of all sessions, or of some, and truth.json. Replaces older files of a corpus."""
    rng = np.random.default_rng([seed, 1])
    logs = Path(directory) / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    duration = rng.lognormal(-6, 1, len(corpus.failed))
    ids = rng.bytes(16 * len(corpus.failed))
    for index, session_id in enumerate(corpus.session_ids):
        if sessions is not None and index not in sessions:
            continue
        begin = BEGIN + timedelta(hours=7 * index)
        path = logs / f"computations_{begin:%Y%m%d}_{session_id}_0000.jsonl"
        rows = np.flatnonzero(corpus.session == index)
        with path.open("w", encoding="utf-8") as file:
            file.write(session_line(begin, session_id))
            for start in range(0, len(rows), CHUNK):
                chunk = rows[start : start + CHUNK]
                file.writelines(closing_lines(corpus, chunk, start, begin, session_id, duration, ids))
    (Path(directory) / "truth.json").write_text(json.dumps(corpus.truth, indent=2) + "\n", encoding="utf-8")


def session_line(begin, session_id):
    line = {"timestamp": timestamp(begin), "level": "INFO", "target": "tracing_failure", "message": "session"}
    line |= {"session_id": session_id, "host": "node-1", "package": "flow", "version": "0.1.0"}
    return json.dumps(line, separators=(",", ":")) + "\n"


def timestamp(time):
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def closing_lines(corpus, rows, start, begin, session_id, duration, ids):
    head = ',"level":"INFO","target":"flow","message":"computation closed","computation":"' + COMPUTATION
    head += '","theoretical_ref":"Eq. 1.12","parameters":{'
    tail = ',"session_id":"' + session_id + '"'
    parameters = parameter_texts(corpus.parameters, rows)
    for offset, row in enumerate(rows.tolist()):
        # A session ends before midnight or in a file of its first day: each line is 10 ms after the previous one.
        time = timestamp(begin + timedelta(milliseconds=10 * (start + offset)))
        end = "}\n"
        outcome = "ok"
        if corpus.failed[row]:
            outcome = "failed"
            end = ',"failure_id":"' + str(uuid.UUID(bytes=ids[16 * row : 16 * row + 16], version=4)) + '"}\n'
        yield (f'{{"timestamp":"{time}"{head}{parameters[offset]}}},"outcome":"{outcome}",'
               f'"duration_s":{duration[row]:.9f}{tail}{end}')


def parameter_texts(parameters, rows):
    """Returns the inside of the object `parameters` for each row. Half of the missing values are null, half absent."""
    groups = {}
    for parameter in parameters:
        groups.setdefault(parameter.group or parameter.name, []).append(parameter)
    columns = []
    for name, members in groups.items():
        if not members[0].group:
            columns.append(entry_texts(members[0], name, rows))
            continue
        is_array = members[0].name.endswith("]")
        entries = [entry_texts(member, None if is_array else member.name.split(".")[1], rows) for member in members]
        opening, closing = ("[", "]") if is_array else ("{", "}")
        columns.append([f'"{name}":{opening}{",".join(filter(None, texts))}{closing}' for texts in zip(*entries)])
    return [",".join(filter(None, texts)) for texts in zip(*columns)]


def entry_texts(parameter, name, rows):
    """Returns `"name":value` for each row, or the value alone if the name is None."""
    values = parameter.values[rows].tolist()
    if parameter.values.dtype.kind == "f":
        present = parameter.values[np.isfinite(parameter.values)]
        is_integer = bool((present == np.floor(present)).all())
        texts = [f"{value:.0f}" if is_integer else repr(value) for value in values]
        for index in np.flatnonzero(np.isnan(parameter.values[rows])):
            texts[index] = '"NaN"'
    else:
        texts = [json.dumps(value) for value in values]
    if name is None:
        return texts
    texts = [f'"{name}":{text}' for text in texts]
    for index in np.flatnonzero(parameter.missing[rows]):
        texts[index] = f'"{name}":null' if index % 2 else ""
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--parameters", type=int, default=20)
    parser.add_argument("--failing", type=float, default=0.05, help="share of the runs that fail: 0.01 to 0.3")
    parser.add_argument("--conditions", type=int, choices=[2, 3, 4], default=3)
    parser.add_argument("--missing", type=float, default=0.05, help="share of missing values of some parameters")
    parser.add_argument("--label-noise", type=float, default=0.01, help="share of the failures with a wrong label")
    parser.add_argument("--sessions", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mode", choices=["planted", "noise"], default="planted")
    options = vars(parser.parse_args())
    directory = options.pop("directory")
    corpus = draw_corpus(**options)
    write_corpus(corpus, directory, options["seed"])
    print(f"{directory}: {corpus.truth['failed']:,} of {corpus.truth['runs']:,} runs fail")


if __name__ == "__main__":
    main()
