"""No secret reaches a file or a model."""

import json
import logging
import types

import pytest

from tracing_failure import Failure, StructuredLogger

# Put together, since the source of this file is part of the question to a model.
SECRET = "hunter" + "2"
OWNER = "a" + "da"
URL = "postgres://bob:hunter2@db.example/x"


def assert_clean(directory):
    for file in directory.rglob("*"):
        if file.is_file():
            assert SECRET not in file.read_text(), file


class Refused(Exception):
    def __init__(self, url):
        super().__init__(f"cannot reach {url}")
        self.url = url
        self.headers = [("Authorization", "Token hunter2"), ("Accept", "text/html")]
        self.api_key = "hunter2"


@pytest.fixture
def logger(tmp_path):
    return StructuredLogger(tmp_path / "io" / "failures", logs_dir=tmp_path / "io" / "logs")


def fail(logger, **parameters):
    with pytest.raises(RuntimeError), logger.computation("fit", "§2", **parameters):
        try:
            password = "hunter2"  # noqa: F841
            raise Refused(URL)
        except Refused as error:
            error.add_note('the server says {\\"api_key\\": \\"hunter2\\"}')
            raise RuntimeError("login failed; password: hunter2x") from error


def test_messages_source_notes_causes_and_attributes_are_redacted(logger, tmp_path):
    fail(
        logger,
        servers=[URL, {"url": "https://h/?token=hunter2x"}],
        token="hunter2",
        options=types.SimpleNamespace(dsn=URL, passwd="hunter2"),
        argv=["curl", "-u", "bob:hunter2"],
        headers=[("Authorization", "Bearer hunter2-secret")],
        eos_token=128001,
        beta=2.5,
    )
    logger.flush()
    assert_clean(tmp_path)
    [record] = [path for path in (tmp_path / "io" / "failures").glob("*.json") if path.name != "latest.json"]
    record = json.loads(record.read_text())
    assert record["parameters"]["eos_token"] == 128001
    assert record["parameters"]["servers"][0] == "postgres://[redacted]@db.example/x"
    assert "raise Refused(URL)" in record["stack_trace"]


def test_log_lines_are_redacted(logger, tmp_path):
    log = logging.getLogger("test_secrets")
    handler = logger.handler()
    log.addHandler(handler)
    try:
        log.warning("cannot reach %s", URL, extra={"query": "?sig=hunter2hunter2", "urls": [URL]})
    finally:
        log.removeHandler(handler)
    logger.flush()
    assert_clean(tmp_path)
    assert list((tmp_path / "io" / "logs").iterdir())


def test_a_model_receives_no_secret(logger, tmp_path):
    fail(logger, token="hunter2", url=URL, script="C:\\Users\\ada\\x.py")
    logger.flush()
    questions = []

    def ask(question):
        questions.append(question)
        return json.dumps({"root_cause": "r", "confidence": "low", "fixes": [{"change": "c", "reason": "r"}]})

    Failure.from_path(tmp_path / "io" / "failures" / "latest.json").suggest(ask)
    assert SECRET not in questions[0]
    assert OWNER not in questions[0]
