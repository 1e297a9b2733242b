"""Files of every kind whose bytes were changed: what comes out is what was written, or an error."""

import random

import pytest

from fuzz.damage import flipped, mutants, outcome, spoiled
from written import WRITTEN, without_digests, written

pytest.importorskip("safetensors")


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_changed_file_is_refused_or_holds_what_was_written(kind, tmp_path):
    path, read = written(kind, tmp_path)
    content, expected, chance = path.read_bytes(), read(path), random.Random(kind)
    refused, files = 0, list(mutants(content, 500, chance))
    for mutant in files:
        found = outcome(path, read, mutant)
        assert found in (None, expected)
        refused += found is None
    assert refused > len(files) / 20  # most of a small store is empty space


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_file_of_an_earlier_version_has_no_digest_and_is_read(kind, tmp_path):
    path, read = written(kind, tmp_path)
    expected = read(path)
    before = path.stat().st_size
    without_digests(kind, path)
    assert read(path) == expected
    assert kind.startswith(("patterns", "store")) or path.stat().st_size < before
    content, chance = path.read_bytes(), random.Random(kind)
    for mutant in (*flipped(content, 200, chance), *spoiled(content, 200, chance)):
        outcome(path, read, mutant)  # other content, or an error that is documented
