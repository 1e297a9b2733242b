"""What is measured is stored, and the page and the figure are made from what is stored."""

import json


def write(name, asked, measured, page, figure):
    """Write numbers, figure and page of a name into the folder that was asked for.

    Parameters
    ----------
    name : str
        Of the files.
    asked : Namespace
        ``out``, the folder, and ``redraw``: whether the stored numbers are taken.
    measured : callable
        Gets ``asked`` and returns the numbers.
    page, figure : module
        With ``text(content)`` and ``draw(content, path)``.
    """
    stored = asked.out / "data" / f"{name}.json"
    if asked.redraw:
        content = json.loads(stored.read_text(encoding="utf-8"))
    else:
        content = measured(asked)
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (asked.out / "figures").mkdir(exist_ok=True)
    figure.draw(content, asked.out / "figures" / f"{name}.png")
    (asked.out / f"{name}.md").write_text(page.text(content), encoding="utf-8")
    print(asked.out / f"{name}.md")
