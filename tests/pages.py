"""The code of a page of documentation: run in one go, and what it shows compared with what comes.

A page shows what its code gives in two ways. A fence of `text` right after a block is what the
block prints. A comment that begins with a number, after an expression, is its value. Text must be
the same, but for spaces and for `...`, which stands for anything; a number may be one off in the
last digit that is shown, as one that went through SciPy or BLAS may be on another processor.
"""

import ast
import contextlib
import io
import math
import re

BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n*^```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
NUMBER = r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?:\(\d+\))?"
VALUE = re.compile(rf"#\s*({NUMBER}(?:\.\.\.)?)")


def blocks(text):
    """Return the code of each block with the line it begins in, and what it is said to print."""
    return [
        (text.count("\n", 0, found.start()) + 1, found[1], found[2])
        for found in BLOCK.finditer(text)
    ]


def run(text, name="page"):
    """Run the blocks of a page, and return what is not as it is shown."""
    faults, names = [], {"__name__": name}
    for line, code, shown in blocks(text):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            faults += run_block(code, line, names)
        if printed.getvalue().strip() and shown is None:
            faults.append(f"line {line}: prints and does not show it:\n{printed.getvalue()}")
        elif shown is not None and not same(shown, printed.getvalue()):
            faults.append(f"line {line}: shows\n{shown}and prints\n{printed.getvalue()}")
    return faults


def run_block(code, line, names):
    """Run the statements of a block, and yield which values are not those of their comments."""
    lines = code.splitlines()
    for statement in ast.parse(code).body:
        module = ast.Module([statement], [])
        ast.increment_lineno(module, line)
        claim = VALUE.search(lines[statement.end_lineno - line - 1][statement.end_col_offset :])
        if claim is None or not isinstance(statement, ast.Expr):
            exec(compile(module, names["__name__"], "exec"), names)
            continue
        value = eval(compile(ast.Expression(statement.value), names["__name__"], "eval"), names)
        if not same(claim[1], repr(float(value) if isinstance(value, float) else value)):
            yield f"line {statement.lineno}: says {claim[1]}, and is {value!r}"


def same(shown, found):
    """Whether a text is as shown: numbers to the digits that are shown."""
    return _match(shown.split(), found.split())


def _match(shown, found):
    if not shown:
        return not found
    first, *rest = shown
    if first == "...":
        return any(_match(rest, found[k:]) for k in range(len(found) + 1))
    return bool(found) and _same_word(first, found[0]) and _match(rest, found[1:])


def _same_word(shown, found):
    parts = re.split(rf"({NUMBER})", shown)
    pattern = "".join(
        f"({NUMBER})" if k % 2 else ".*".join(map(re.escape, part.split("...")))
        for k, part in enumerate(parts)
    )
    match = re.fullmatch(pattern, found)
    return match is not None and all(map(near, parts[1::2], match.groups()))


def near(claim, value):
    """Whether a number is that which is shown, but for one in the last digit that is shown."""
    claim, value = (x.replace(",", "") for x in (claim, value))
    if claim == value:
        return True
    if re.fullmatch(r"[-+]?\d+", claim):
        return False
    digits, _, exponent = claim.partition("(")[0].partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))
    first, second = (float(x.partition("(")[0]) for x in (claim, value))
    errors = [int(x.partition("(")[2][:-1] or 0) for x in (claim, value)]
    return math.isclose(first, second, rel_tol=1e-12, abs_tol=1.0001 * unit) and (
        abs(errors[0] - errors[1]) <= 1
    )
