"""Importing the library costs nothing, and its names are where they are said to be."""

import subprocess
import sys

import pytest

import disclosure

PROBE = """
import sys, time
start = time.process_time()
import disclosure
elapsed = time.process_time() - start
heavy = {"duckdb", "pandas", "numpy", "opendp", "pyarrow", "sqlglot", "sqlalchemy", "starlette", "tre"} & set(sys.modules)
print(elapsed < 0.5, sorted(heavy))  # seconds of the processor, a few hundredths measured
from disclosure import assess
assert callable(assess)
import disclosure.assessment
assert callable(disclosure.assess)
"""


def test_import_is_quick_and_loads_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "True []"


@pytest.mark.parametrize("name", disclosure.__all__)
def test_every_public_name_is_there_and_described(name):
    assert getattr(disclosure, name).__doc__


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError):
        _ = disclosure.protect_everything


def test_the_noise_is_found_by_its_name_however_it_was_loaded_before():
    assert disclosure.__getattr__("dp") is disclosure.dp
