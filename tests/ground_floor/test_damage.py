"""Files of every kind whose bytes were changed: what comes out is what was written, or an error."""

import random

import pytest

from written import WRITTEN, without_digests, written

# Documented of every kind that is loaded; StoreError is an OSError.
REFUSED = (ValueError, OSError)

pytest.importorskip("safetensors")


def flipped(content, n, chance):
    """Flip a bit in each of n parts of a file."""
    for k in range(n):
        copy = bytearray(content)
        place = chance.randrange(k * len(content) // n, (k + 1) * len(content) // n)
        copy[place] ^= 1 << chance.randrange(8)
        yield bytes(copy)


def spoiled(content, n, chance):
    """Change more: numbers that are too large, blocks of zeros, blocks that changed places."""
    for k in range(n):
        copy = bytearray(content)
        first, other = (chance.randrange(len(content) - 16) for _ in range(2))
        if k % 3 == 0:
            number = chance.choice([2**63 - 1, 2**64 - 1, 2**32 - 1, 2**40, 10**6])
            copy[first : first + 8] = number.to_bytes(8, chance.choice(["little", "big"]))
        elif k % 3 == 1:
            copy[first : first + 16] = bytes(16)
        else:
            copy[first : first + 16] = content[other : other + 16]
            copy[other : other + 16] = content[first : first + 16]
        yield bytes(copy)


def of_other_length(content, n, chance):
    for _ in range(n):
        yield content[: chance.randrange(len(content))]
    for more in (b"\0", b"\n", bytes(4096), content):
        yield content + more


def outcome(path, read, content):
    """Return what is read of a file with this content; None if it is refused as documented."""
    for file in path.parent.iterdir():
        file.unlink()
    path.write_bytes(content)
    said = None
    try:
        return read(path)
    except REFUSED as error:
        said = str(error)
    assert str(path) in said
    assert "\n" not in said
    return None


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_changed_file_is_refused_or_holds_what_was_written(kind, tmp_path):
    path, read = written(kind, tmp_path)
    content, expected, chance = path.read_bytes(), read(path), random.Random(kind)
    refused = 0
    mutants = [
        *flipped(content, 500, chance),
        *spoiled(content, 200, chance),
        *of_other_length(content, 40, chance),
    ]
    for mutant in mutants:
        found = outcome(path, read, mutant)
        assert found in (None, expected)
        refused += found is None
    assert refused > len(mutants) / 20  # most of a small store is empty space


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
