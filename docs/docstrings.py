"""Docstrings as the site shows them: what is written for `help` becomes Markdown.

The names of other objects lose their roles, a bracket that is no tag is kept, and the methods
``plot`` that `spinglass._registry` makes, which exist only when the package runs, are written out.
"""

from __future__ import annotations

import ast
import re
from typing import Any

import griffe

from spinglass._registry import drawn_by

RULES = (
    (re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`"), r"`\1`"),  # :class:`~spinglass.Run`
    (re.compile(r"^\.\. (\[\d+\])", re.MULTILINE), r"\1"),  # .. [1] a source
    (re.compile(r"(\[\d+\])_"), r"\1"),  # [1]_
    (re.compile(r"<(?=[\w|/!])"), r"&lt;"),  # <E> is a mean
)


class Docstrings(griffe.Extension):
    """Changes docstrings as they are read."""

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:
        """Write out methods that are made by `drawn_by`."""
        for name, member in list(cls.members.items()):
            call = ast.parse(str(getattr(member, "value", None))).body[0].value
            if getattr(getattr(call, "func", None), "id", None) == "drawn_by":
                cls.set_member(name, _method(name, *map(ast.literal_eval, call.args)))

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Make a docstring Markdown."""
        if obj.docstring:
            obj.docstring.value = markdown(obj.docstring.value)


def markdown(docstring: str) -> str:
    """Return a docstring as Markdown: its examples as they are, and the rest by the rules."""
    lines = []
    for line in docstring.splitlines():
        if re.match(r"[\w*]+(, [\w*]+)* : ", line):  # a parameter: its type is shown as code
            line = line.replace("`", "")
        elif not line.lstrip().startswith((">>>", "...")):
            for pattern, becomes in RULES:
                line = pattern.sub(becomes, line)
        lines.append(line)
    return "\n".join(lines)


def _method(name: str, figure: str, draws: str) -> griffe.Function:
    kinds = griffe.ParameterKind
    parameters = griffe.Parameters(
        griffe.Parameter("self", kind=kinds.positional_or_keyword),
        griffe.Parameter("ax", kind=kinds.positional_or_keyword, default="None"),
        griffe.Parameter("arguments", kind=kinds.var_positional),
        griffe.Parameter("options", kind=kinds.var_keyword),
    )
    method = griffe.Function(name, parameters=parameters)
    text = drawn_by(figure, draws).__doc__
    method.docstring = griffe.Docstring(text, parent=method, parser="numpy")
    return method
