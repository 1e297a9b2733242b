"""Files of every kind that the package writes, their bytes changed."""

import random
import tempfile
from pathlib import Path

from written import WRITTEN, written

# Documented of every kind that is loaded; StoreError is an OSError.
REFUSED = (ValueError, OSError)


def flipped(content, n, chance):
    """Flip a bit in each of n parts of a file."""
    for k in range(n):
        copy = bytearray(content)
        first = k * len(content) // n
        place = chance.randrange(first, max(first + 1, (k + 1) * len(content) // n))
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


def mutants(content, n, chance):
    """Yield about n changed files: most with one bit, some with more, some of another length."""
    yield from flipped(content, n, chance)
    yield from spoiled(content, 2 * n // 5, chance)
    yield from of_other_length(content, n // 12, chance)


def session(n, seed=0):
    """Read n mutants of a file of each kind; yield kind, mutants, refused, and what went wrong."""
    for kind in WRITTEN:
        with tempfile.TemporaryDirectory() as folder:
            path, read = written(kind, Path(folder))
            content, expected = path.read_bytes(), read(path)
            done, refused, wrong = 0, 0, []
            for mutant in mutants(content, n, random.Random(f"{seed} {kind}")):
                done += 1
                try:
                    found = outcome(path, read, mutant)
                    refused += found is None
                    if found not in (None, expected):
                        wrong.append(f"mutant {done}: read, and is not what was written")
                except Exception as error:
                    wrong.append(f"mutant {done}: {type(error).__name__}: {error}")
            yield kind, done, refused, wrong
