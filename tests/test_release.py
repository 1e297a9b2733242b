"""The version is said in several places, and is the same in all of them."""

import re
import tomllib
from pathlib import Path

import pytest

import spinglass

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    not (ROOT / "Cargo.toml").exists(), reason="the sources are not installed with the package"
)


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def version():
    return tomllib.loads(text("Cargo.toml"))["workspace"]["package"]["version"]


def test_the_package_has_the_version_of_its_sources(version):
    assert spinglass.__version__ == version


def test_a_citation_names_the_version(version):
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load(text("CITATION.cff"))
    assert {"authors", "cff-version", "license", "message", "title", "type"} <= set(citation)
    assert citation["version"] == version
    assert f"version {version} (" in text("README.md")


def test_the_forms_of_issues_ask_for_what_is_named_once():
    yaml = pytest.importorskip("yaml")
    for form in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        content = yaml.safe_load(form.read_text(encoding="utf-8"))
        assert {"name", "description", "body"} <= set(content)
        asked = [part["id"] for part in content["body"]]
        assert len(asked) == len(set(asked)) > 0


def test_the_code_of_a_form_is_shown_as_it_is():
    yaml = pytest.importorskip("yaml")
    for form in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        for part in yaml.safe_load(form.read_text(encoding="utf-8"))["body"]:
            words = part["attributes"].get("description", "")
            # Two underscores outside of code are bold type: s.__version__ would be s.version.
            assert "__" not in re.sub(r"```.*?```|`[^`]+`", "", words, flags=re.DOTALL)


def test_every_python_that_is_tested_is_one_that_is_named():
    tested = ROOT / ".github" / "workflows" / "ci.yml"
    if not tested.exists():
        pytest.skip("the source distribution has no workflows")
    project = tomllib.loads(text("pyproject.toml"))["project"]
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert named == sorted(re.findall(r"^ +(3\.\d+)$", tested.read_text("utf-8"), re.MULTILINE))
    assert project["requires-python"] == f">={named[0]}"


def test_the_changelog_begins_with_the_version_or_what_will_be_it(version):
    headings = re.findall(r"^## (.+)$", text("CHANGELOG.md"), re.MULTILINE)
    dated = rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d"
    assert headings[0] == "[Unreleased]" or re.fullmatch(dated, headings[0])
    assert f"[{version}]" not in " ".join(headings[1:])


def test_every_action_of_a_workflow_is_pinned_by_its_commit():
    workflows = ROOT / ".github" / "workflows"
    if not workflows.exists():
        pytest.skip("the source distribution has no workflows")
    uses = [
        line.partition("uses: ")[2]
        for file in workflows.glob("*.yml")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "uses: " in line
    ]
    assert uses
    assert [x for x in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", x)] == []
