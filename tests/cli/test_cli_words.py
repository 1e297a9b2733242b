"""What a command says to whoever mistypes, or runs it twice."""

import pytest

from spinglass.cli import main
from spinglass.cli.arguments import Parser


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ising", "--temprature", "2"], "unknown arguments: --temprature 2 (did you mean --temp"),
        (["ising", "--temp", "2"], "unknown arguments: --temp 2 (did you mean --temperatures?)"),
        (["sk", "--betamax=3"], "unknown arguments: --betamax=3 (did you mean --beta-max?)"),
        (["capacity", "--stroe", "f", "--quite"], "(did you mean --store, --quiet?)"),
        (["status", "file", "--exprt", "y.csv"], "(did you mean --export?)"),
        (["--verison"], "(did you mean --version?)"),
        (["isng"], "(did you mean ising?)"),
        (["renormalise"], "(did you mean renormalize?)"),
        (["ising", "--dynamics", "wolf"], "(did you mean wolff?)"),
        (["capacity", "--n_spins", "9"], "(did you mean --spins?)"),
        (["sk", "--num_threads", "2"], "(did you mean --threads?)"),
        (["rbm", "--learning-rate", "0.1"], "(did you mean --rate?)"),
        (["ising", "--beta", "0.4"], "(did you mean --temperatures, T = 1/beta?)"),
        (["sk", "--temperature", "2"], "(did you mean --betas, inverse temperatures 1/T?)"),
        (["sk", "--T", "2"], "(did you mean --betas, inverse temperatures 1/T?)"),
        (["recall", "--format", "PDF"], "(did you mean pdf?)"),
    ],
)
def test_the_nearest_word_is_suggested(words, message, capsys):
    assert main(words) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["ising", "--xyzzy"],
        ["xyzzy"],
        ["ising", "extra"],
        ["ising", "--workers", "2"],
        ["status", "--beta", "1"],
    ],
)
def test_nothing_is_suggested_where_nothing_is_near(words, capsys):
    assert main(words) == 2
    assert "did you mean" not in capsys.readouterr().err


def test_a_parser_of_ones_own_suggests_words_too(capsys):
    parser = Parser(prog="mine")
    parser.add_argument("--lengths")
    assert parser.parse_args(["--lengths", "3"]).lengths == "3"
    with pytest.raises(SystemExit):
        parser.parse_args(["--lenghts", "3"])
    assert "mine: error: unknown arguments: --lenghts 3 (did you mean --lengths?)" in (
        capsys.readouterr().err
    )


def test_a_command_says_which_files_of_an_earlier_result_it_replaces(tmp_path, capsys):
    words = ["landscape", "--spins", "6", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    assert "replaces" not in capsys.readouterr().err
    (tmp_path / "out" / "merges.csv").unlink()
    (tmp_path / "out" / "of_mine.txt").write_text("kept")
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "spinglass landscape: replaces minima.csv, summary.json" in said
    assert "merges.csv" not in said
    assert "of_mine" not in said
    assert main([*words, "--quiet"]) == 0
    assert capsys.readouterr().err == ""
