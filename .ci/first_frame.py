"""Checks that the first frame of every record is a function of the program.

Usage: first_frame.py FUNCTION DIRECTORY
"""

import json
import pathlib
import sys

function, directory = sys.argv[1:]
records = [path for path in pathlib.Path(directory).glob("*.json") if path.name != "latest.json"]
if not records:
    sys.exit(f"no records in {directory}")
for path in records:
    frames = json.loads(path.read_text(encoding="utf-8"))["context"]["frames"]
    first = frames[0] if frames else None
    if first is None or function not in first["function"] or not first["in_app"]:
        sys.exit(f"{path}: the first frame is {first}")
