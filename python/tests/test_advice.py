"""``failure.suggest``: the choice of the model, the question, and the answer."""

import http.server
import json
import sys
import threading
import types

import pytest

from tracing_failure import AdviceError, Failure, read

ANSWER = json.dumps(
    {
        "root_cause": "The flow has a <pole>.",
        "confidence": "high",
        "fixes": [
            {"change": "End before t = -9.78", "location": "flow.py:7", "reason": "it ends there", "code": "t = 9"},
        ],
    }
)


@pytest.fixture
def failure(logger):
    def flow():
        raise ArithmeticError("the norm is 1e13")

    try:
        with logger.computation("rg_flow", theoretical_ref="Eq. 1.12", api_key="hunter2", rtol=1e-6):
            flow()
    except ArithmeticError:
        pass
    return read(logger.output_dir)[-1]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    for name in ("FAILURES_PROVIDER", "FAILURES_MODEL", "FAILURES_BASE_URL", "GEMINI_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_function_receives_the_failure_without_secrets(failure):
    questions = []

    def ask(question):
        questions.append(question)
        return ANSWER

    advice = failure.suggest(ask)
    assert (advice.root_cause, advice.confidence, advice.is_cached) == ("The flow has a <pole>.", "high", False)
    [fix] = advice.fixes
    assert (fix.change, fix.location, fix.code) == ("End before t = -9.78", "flow.py:7", "t = 9")
    source = 'raise ArithmeticError("the norm is 1e13")'
    for text in ("the norm is 1e13", "Eq. 1.12", "rtol: 1e-6", source, "root_cause"):
        assert text in questions[0]
    assert "hunter2" not in questions[0]


def test_an_answer_is_added_to_the_failure_and_on_request_to_its_file(failure):
    before = failure.path.read_bytes()
    failure.suggest(lambda _: ANSWER)
    assert failure.suggested_fixes[-1] == "End before t = -9.78 (flow.py:7): it ends there"
    assert failure.path.read_bytes() == before
    failure.suggest(lambda _: ANSWER, save=True)
    saved = Failure.from_path(failure.path)
    assert saved.suggested_fixes == failure.suggested_fixes
    assert saved.context["suggestions"][-1]["origin"] == "model"


def test_an_answer_is_cached_unless_a_fresh_one_is_requested(failure):
    asked = []

    def ask(question):
        asked.append(question)
        return ANSWER

    failure.suggest(ask)
    assert failure.suggest(ask).is_cached
    assert not failure.suggest(ask, fresh=True).is_cached
    assert len(asked) == 2


def test_answers_of_lambdas_are_not_cached(failure):
    failure.suggest(lambda _: ANSWER)
    assert failure.suggest(lambda _: ANSWER.replace("pole", "knot")).root_cause == "The flow has a <knot>."


def test_an_exception_of_a_function_propagates(failure):
    with pytest.raises(ZeroDivisionError):
        failure.suggest(lambda _: 1 / 0)
    with pytest.raises(TypeError):
        failure.suggest(lambda _: 7)


def test_an_invalid_answer_raises_the_reason(failure):
    with pytest.raises(AdviceError, match="invalid answer: not JSON") as error:
        failure.suggest(lambda _: "I cannot help with that.")


def test_advice_without_a_file_cannot_be_saved():
    failure = Failure("2025-12-27T04:30:00Z", "rg_flow", "Eq. 1.12", "Diverged", "the norm is 1e13")
    assert failure.suggest(lambda _: ANSWER).confidence == "high"
    with pytest.raises(ValueError, match="no file to save to"):
        failure.suggest(lambda _: ANSWER, save=True)


def test_a_missing_model_is_an_error_that_names_the_setting(failure):
    with pytest.raises(AdviceError, match="set GEMINI_API_KEY and model=") as error:
        failure.suggest()
    assert "--" not in str(error.value)
    with pytest.raises(AdviceError, match="no model is named"):
        failure.suggest("gemini")
    with pytest.raises(ValueError, match="'gemini', 'openai' or a function, not 'bard'"):
        failure.suggest("bard")


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, self.headers, request))
        if "generateContent" in self.path:
            reply = {"candidates": [{"content": {"parts": [{"text": ANSWER}]}, "finishReason": "STOP"}]}
        else:
            reply = {"model": "m-1", "choices": [{"message": {"content": ANSWER}, "finish_reason": "stop"}]}
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.requests = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def test_servers_of_both_protocols_are_asked(failure, server, monkeypatch):
    url = f"http://127.0.0.1:{server.server_port}"
    advice = failure.suggest("openai", model="m", base_url=url)
    assert (advice.provider, advice.model) == ("openai", "m-1")
    monkeypatch.setenv("GEMINI_API_KEY", "key-of-gemini")
    assert failure.suggest("gemini", model="m", base_url=url).provider == "gemini"
    (openai, _, _), (gemini, headers, _) = server.requests
    assert openai.endswith("/chat/completions")
    assert "generateContent" in gemini and headers["x-goog-api-key"] == "key-of-gemini"


def test_colab_asks_the_model_of_the_runtime_without_a_key(failure, monkeypatch, tmp_path):
    ai = types.ModuleType("google.colab.ai")
    ai.generate_text = lambda question: ANSWER
    colab = types.ModuleType("google.colab")
    colab.ai = ai
    for name, module in (("google", types.ModuleType("google")), ("google.colab", colab), ("google.colab.ai", ai)):
        monkeypatch.setitem(sys.modules, name, module)
    assert failure.suggest().root_cause == "The flow has a <pole>."
    (tmp_path / "failures.toml").write_text("[suggest]\nprovider = \"gemini\"\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AdviceError, match="no model is named"):
        failure.suggest()
    (tmp_path / "failures.toml").unlink()
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-openai")
    with pytest.raises(AdviceError, match="no model is configured"):
        failure.suggest()
    monkeypatch.setenv("GEMINI_API_KEY", "key-of-gemini")
    with pytest.raises(AdviceError, match="no model is named"):
        failure.suggest()


def test_other_threads_run_during_a_request(failure):
    asked, answered = threading.Event(), threading.Event()

    def ask(question):
        asked.set()
        assert answered.wait(20)
        return ANSWER

    worker = threading.Thread(target=failure.suggest, args=(ask,))
    worker.start()
    assert asked.wait(20)
    answered.set()
    worker.join(20)
    assert failure.suggested_fixes


def test_advice_has_a_text_and_escaped_html(failure):
    advice = failure.suggest(lambda _: ANSWER)
    assert str(advice).startswith("The flow has a <pole>.\n1. End before t = -9.78 (flow.py:7): it ends there")
    html = advice._repr_html_()
    assert "&lt;pole&gt;" in html and "<pole>" not in html
