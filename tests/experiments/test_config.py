"""What is asked of an experiment is said once: checks, options, defaults and documentation."""

from __future__ import annotations

import inspect
from dataclasses import asdict, dataclass, fields

import pytest

from spinglass import experiments
from spinglass.experiments.config import Config, Parameter, asked, derived, parameter
from spinglass.experiments.kinds import COUNTS, SEED, each_once, for_each_size, integer, or_none

CONFIGS = {
    "avalanches": experiments.AvalanchesConfig,
    "basins": experiments.BasinsConfig,
    "capacity": experiments.CapacityConfig,
    "ising": experiments.IsingConfig,
    "landscape": experiments.LandscapeConfig,
    "meanfield": experiments.MeanFieldConfig,
    "rbm": experiments.RbmConfig,
    "recall_pictures": experiments.RecallPicturesConfig,
    "renormalize": experiments.RenormalizeConfig,
    "sk": experiments.SkConfig,
    "spurious": experiments.SpuriousConfig,
}
# Arguments of functions that say how to run, not what: no config has them.
RUNNING = {"num_threads", "progress", "store", "executor", "checkpoint"}


@dataclass(frozen=True)
class WalkConfig(Config):
    """What was asked of walks."""

    sizes: tuple[int, ...] = parameter(each_once(integer(2)), "sides of the lattice", "L")
    n_steps: tuple[int, ...] = parameter(COUNTS, "steps of each size", "K", default="L each")
    picture_size: int | None = parameter(or_none(integer(2)), "a side to look at", "L")
    n_walks: int = derived("walks in all")
    seed: int = parameter(SEED, "the same seed gives the same walks", "S")

    @classmethod
    def resolve(cls, given):
        given.n_steps = for_each_size(given.n_steps, "n_steps", given.sizes, int)
        given.n_walks = len(given.sizes)


@asked(WalkConfig)
def walk(sizes=(4, 8), n_steps=None, picture_size=16, seed=0, num_threads=None):
    return WalkConfig.checked(locals())


def test_a_config_checks_and_resolves_the_arguments_of_its_function():
    assert walk() == WalkConfig((4, 8), (4, 8), 16, 2, 0)
    assert walk(3, n_steps=5, picture_size=None, seed=2**70) == WalkConfig(
        (3,), (5,), None, 1, 2**70
    )
    assert isinstance(walk(seed=None).seed, int)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": 1}, "sizes must be an integer >= 2, got 1"),
        ({"sizes": (4, 4)}, "sizes must hold each value once, got 4 more than once"),
        ({"sizes": ()}, "sizes must not be empty"),
        ({"n_steps": (1, 2, 3)}, "n_steps must be one number, or one for each of the 2 sizes"),
        ({"picture_size": 1}, "picture_size must be an integer >= 2, got 1"),
        ({"seed": -1}, "seed must be an integer >= 0, got -1"),
    ],
)
def test_a_bad_argument_is_named_with_what_was_expected_and_what_came(arguments, message):
    with pytest.raises(ValueError, match=message):
        walk(**arguments)


def test_a_config_documents_its_fields_with_the_words_of_the_options():
    assert WalkConfig.__doc__ == (
        "What was asked of walks.\n\nAttributes\n----------\n"
        "sizes : tuple[int, ...]\n    sides of the lattice\n"
        "n_steps : tuple[int, ...]\n    steps of each size\n"
        "picture_size : int | None\n    a side to look at\n"
        "n_walks : int\n    walks in all\n"
        "seed : int\n    the same seed gives the same walks"
    )


@pytest.mark.parametrize("name", CONFIGS)
def test_every_argument_of_an_experiment_is_a_parameter_of_its_config(name):
    config, function = CONFIGS[name], getattr(experiments, name)
    arguments = inspect.signature(function).parameters
    assert set(arguments) - RUNNING == set(config.parameters())
    assert config.defaults == {key: x.default for key, x in arguments.items()}


@pytest.mark.parametrize("name", CONFIGS)
def test_every_default_passes_its_own_check(name):
    config, checked = CONFIGS[name], 0
    for argument, what in config.parameters().items():
        default = config.defaults[argument]
        if default is inspect.Parameter.empty or (default is None and what.default is not None):
            continue
        what.kind.check(default, argument)  # raises what a user would see
        checked += 1
    assert checked


@pytest.mark.parametrize("name", CONFIGS)
def test_every_field_of_a_config_says_what_it_is(name):
    for x in fields(CONFIGS[name]):
        assert x.metadata["parameter"].about
        assert f"\n{x.name} : " in CONFIGS[name].__doc__


def test_a_config_holds_no_more_than_its_fields():
    assert set(asdict(walk())) == {"sizes", "n_steps", "picture_size", "n_walks", "seed"}
    assert all(isinstance(x, Parameter) for x in WalkConfig.parameters().values())
