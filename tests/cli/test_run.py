"""The mechanism of all commands, with an experiment that does nothing."""

from dataclasses import dataclass

import pytest

from spinglass._text import page
from spinglass.cli.arguments import Parser, add_command, add_experiment
from spinglass.cli.run import carry_out
from spinglass.experiments import Interrupted
from spinglass.experiments.config import Config, asked, parameter
from spinglass.experiments.kinds import COUNTS, POSITIVE, SEED, each_once, integer, read_ranges


class Result:
    def __init__(self, name="rows.csv"):
        self.name = name

    @classmethod
    def files(cls, format="png"):
        return ("rows.csv", "summary.json", f"some.{format}")

    def save(self, folder, figure, format):
        path = folder / self.name
        path.write_text(f"figure: {figure} {format}")
        return (path,)

    def report(self, quiet):
        return page(["table"], [f"{quiet}"])


@dataclass(frozen=True)
class SomeConfig(Config):
    """What was asked."""

    n_spins: tuple[int, ...] = parameter(COUNTS, "sizes", "K", default="all")
    loads: tuple[float, ...] = parameter(
        read_ranges(each_once(POSITIVE), "loads"), "loads of all", "LOAD", default=""
    )
    picture_size: int = parameter(integer(1), "a side", "L", flag="--picture")
    n_hidden: int = parameter(integer(1), "not on the command line", flag=None)
    seed: int = parameter(SEED, "the same seed gives the same rows", "S")


@asked(SomeConfig)
def some(n_spins=None, loads=None, picture_size=64, n_hidden=1, seed=0, num_threads=None):
    return SomeConfig.checked(locals())


def command():
    parser = Parser(prog="spinglass")
    command = add_command(parser.add_subparsers(), "some", "about", "description", "epilog")
    add_experiment(command, SomeConfig, Result, None)
    return parser


def carried_out(experiment, folder, *flags):
    chosen = command().parse_args(["some", *flags, "--out", str(folder)])
    return carry_out(chosen, experiment)


def test_the_help_says_what_the_config_says_and_the_defaults_of_the_function(capsys):
    with pytest.raises(SystemExit):
        command().parse_args(["some", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "--spins K [K ...] sizes (default: all)" in words
    ranges = "numbers, or START:STOP:STEP with both ends"
    assert (
        f"--loads LOAD [LOAD ...] loads of all: {ranges} --picture L a side (default: 64)" in words
    )
    assert "loads of all" in SomeConfig.__doc__
    assert "START" not in SomeConfig.__doc__  # in Python they are a sequence
    assert "--seed S the same seed gives the same rows (default: 0)" in words
    assert "folder for rows.csv, summary.json and some.png (default: some)" in words
    assert "hidden" not in words
    assert "--store" not in words


def test_what_was_chosen_is_what_the_experiment_gets(tmp_path, capsys):
    got = {}

    def experiment(**arguments):
        got.update(arguments)
        return Result()

    flags = ["--spins", "7", "--loads", "0.1:0.3:0.1", "4,5", "--seed", "3"]
    assert carried_out(experiment, tmp_path, *flags) == 0
    assert got == {"n_spins": 7, "loads": [0.1, 0.2, 0.3, 4, 5], "seed": 3}
    assert (tmp_path / "rows.csv").read_text() == "figure: True png"
    assert capsys.readouterr().out.startswith(f"table\n\nFalse\n\nwrote {tmp_path / 'rows.csv'}\n")


def test_what_was_not_chosen_is_left_to_the_experiment(tmp_path, capsys):
    got = {}

    def experiment(**arguments):
        got.update(arguments)
        return Result()

    assert carried_out(experiment, tmp_path, "--quiet", "--spins", "7", "8") == 0
    assert got == {"n_spins": [7, 8]}
    assert capsys.readouterr().out == "table\n\nTrue\n"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("n_spins must be even, got 7"), "argument --spins: must be even, got 7"),
        (TypeError("loads must be real"), "argument --loads: must be real"),
        (ValueError("num_threads must be few"), "argument --threads: must be few"),
        (ValueError("picture_size must be 2"), "argument --picture: must be 2"),
        (MemoryError("n_spins: 10 spins needs 3 TB"), "argument --spins: 10 spins needs 3 TB"),
        (MemoryError("the sizes of all needs 3 TB"), "the sizes of all needs 3 TB"),
    ],
)
def test_a_refused_argument_has_the_name_of_its_flag(error, message, tmp_path, capsys):
    def experiment(**_):
        raise error

    with pytest.raises(SystemExit) as caught:
        carried_out(experiment, tmp_path / "new")
    assert caught.value.code == 2
    assert capsys.readouterr().err == f"spinglass some: error: {message}\n"
    assert not (tmp_path / "new").exists()


def test_ctrl_c_keeps_what_was_finished_without_a_figure(tmp_path, capsys):
    def experiment(**_):
        raise Interrupted(Result(), 3, 10, "epochs")

    folder = tmp_path / "new"
    assert carried_out(experiment, folder) == 130
    assert (folder / "rows.csv").read_text() == "figure: False png"
    caught = capsys.readouterr()
    assert caught.out == ""
    assert caught.err == (
        f"spinglass some: interrupted; the 3 of 10 epochs that were finished are in {folder}\n"
    )


def test_ctrl_c_before_anything_was_finished_leaves_no_folder(tmp_path):
    def experiment(**_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carried_out(experiment, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_was_there_stays(tmp_path):
    def experiment(**_):
        raise ValueError("no")

    with pytest.raises(SystemExit):
        carried_out(experiment, tmp_path)
    assert tmp_path.exists()


def test_the_table_is_printed_even_if_the_files_cannot_be_written(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        carried_out(lambda **_: Result("missing/rows.csv"), tmp_path)
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == "table\n\nFalse\n"
    assert f"cannot write to {tmp_path}: No such file" in printed.err
