"""The README of the package: its code is valid, and its links have targets."""

import re
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

README = Path(__file__).parents[1] / "README.md"

pytestmark = pytest.mark.skipif(not README.is_file(), reason="needs the sources of the package")


def test_code_blocks_are_valid_cells():
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) > 5
    for block in blocks:
        compile(TransformerManager().transform_cell(block), "README.md", "exec")


def test_links_have_targets():
    text = README.read_text()
    links = re.findall(r"\]\(([^)#]+)", text) + re.findall(r"^\[\w+\]: ([^\s#]+)", text, re.MULTILINE)
    assert links
    assert [link for link in links if "://" not in link and not (README.parent / link).exists()] == []
