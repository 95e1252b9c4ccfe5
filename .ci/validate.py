"""Validates every record of a directory against the schema, and every line of the log beside it as JSON.

Usage: validate.py SCHEMA FAILURES
"""

import json
import pathlib
import sys

import jsonschema


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def main(schema_path, failures_dir):
    schema = json.loads(pathlib.Path(schema_path).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    paths = sorted(pathlib.Path(failures_dir).glob("*.json"))
    broken = 0
    for path in paths:
        record = json.loads(path.read_text("utf-8"), parse_constant=refuse_constant)
        for error in validator.iter_errors(record):
            broken += 1
            print(f"{path}: {error.json_path}: {error.message}")
    lines = 0
    for path in pathlib.Path(failures_dir).parent.glob("logs/*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            json.loads(line, parse_constant=refuse_constant)
            lines += 1
    print(f"{len(paths)} records, {broken} problems; {lines} log lines")
    return 1 if broken or not paths else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
