"""Neurons that learn one by one: the published updates, Cover's count, and the largest margins."""

import pickle

import numpy as np
import pytest
from scipy.optimize import linprog, nnls

import spinglass
from spinglass import CouplingMemory, Interrupted, Patterns, rules, theory


def spins(n_patterns, n_spins, seed=1):
    return spinglass.random_patterns(n_patterns, n_spins, seed=seed)


def inputs(patterns, i):
    """Return what neuron i sees in each pattern, times what it must answer."""
    signed = patterns[:, [i]].astype(int) * patterns
    signed[:, i] = 0
    return signed


def perceptron_loop(patterns, margin=0.0, max_epochs=1000):
    couplings = np.zeros((patterns.shape[1],) * 2, int)
    for i, J in enumerate(couplings):
        seen = inputs(patterns, i)
        for _ in range(max_epochs):
            before = J.copy()
            for x in seen:
                if x @ J <= margin * np.sqrt(J @ J):
                    J += x
            if not (J - before).any() and J.any():
                break
    return couplings


def minover_loop(patterns, tolerance, max_updates):
    couplings = np.zeros((patterns.shape[1],) * 2, int)
    for i, J in enumerate(couplings):
        seen = inputs(patterns, i)
        for n_updates in range(max_updates):
            fields = seen @ J
            smallest = fields.min()
            if smallest > 0 and smallest * n_updates >= (1 - tolerance) * (J @ J):
                break
            J += seen[fields.argmin()]
    return couplings


SETS = {
    "few": spins(8, 30),
    "as many as spins": spins(30, 30),
    "almost too many": spins(45, 30),
    "too many": spins(90, 30),
    "one": spins(1, 30),
    "repeated": np.concatenate([spins(9, 30), spins(9, 30)]),
    "opposite": np.concatenate([spins(9, 30), -spins(9, 30)]),
    "contradictory": np.array([[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1], [-1, -1, 1]]),
    "two spins": np.array([[1, 1], [1, -1]]),
}


@pytest.mark.parametrize("patterns", SETS.values(), ids=SETS)
@pytest.mark.parametrize("margin", [0.0, 0.4, 9.0])
def test_the_perceptron_rule_is_its_loop(patterns, margin):
    found = rules.perceptron(patterns, margin=margin, max_epochs=30)
    expected = perceptron_loop(patterns, margin, 30)
    np.testing.assert_array_equal(found.couplings(), expected)
    has_learned = found.margins().min(axis=0) > margin
    assert (found.note is None) == has_learned.all()
    if found.note is not None:
        assert found.note.startswith(f"{(~has_learned).sum()} of {patterns.shape[1]} neurons did")


@pytest.mark.parametrize("patterns", SETS.values(), ids=SETS)
@pytest.mark.parametrize("tolerance", [0.0, 0.2])
def test_minover_is_its_loop(patterns, tolerance):
    found = rules.minover(patterns, tolerance=tolerance, max_updates=250)
    np.testing.assert_array_equal(found.couplings(), minover_loop(patterns, tolerance, 250))


@pytest.mark.parametrize("rule", [rules.perceptron, rules.minover])
def test_couplings_are_the_same_on_every_number_of_threads(rule):
    patterns = Patterns.random(70, 50, seed=3)
    one, two, three = (rule(patterns, num_threads=k).couplings() for k in (1, 2, 3))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, three)


def is_learnable(seen):
    """Return whether there are couplings, from -1 to 1, with all fields above zero.

    The linear programme raises the smallest field, up to 1.
    """
    n_patterns, n_inputs = seen.shape
    bounds = [(-1, 1)] * n_inputs + [(0, 1)]
    objective = np.append(np.zeros(n_inputs), -1)
    table = np.hstack([-seen, np.ones((n_patterns, 1))])
    found = linprog(objective, table, np.zeros(n_patterns), bounds=bounds, method="highs")
    assert found.success
    return found.x[-1] > 1e-5  # it is solved to 1e-7


@pytest.mark.parametrize("n_patterns", [60, 80, 90])
def test_neurons_learn_as_often_as_cover_counted(n_patterns):
    """40 inputs. Neurons share their patterns, so the error is that of means of whole memories."""
    shares = []
    for seed in range(30):
        patterns = spins(n_patterns, 41, seed)
        memory = rules.perceptron(patterns, max_epochs=300)
        J = memory.couplings()
        learned = [(inputs(patterns, i) @ J[i] > 0).all() for i in range(41)]
        assert (memory.note is None) == all(learned)
        for i in np.flatnonzero(~np.array(learned)):
            learned[i] = is_learnable(inputs(patterns, i))
        shares.append(np.mean(learned))
    expected = theory.memories.cover_probability(40, n_patterns)
    error = max(np.std(shares, ddof=1), np.sqrt(expected * (1 - expected) / 41)) / np.sqrt(30)
    assert abs(np.mean(shares) - expected) < 4 * error


@pytest.mark.parametrize("seed", range(4))
def test_what_is_called_learned_can_be_learned(seed):
    patterns = spins(16, 10, seed)
    memory = rules.perceptron(patterns)
    has_learned = (memory.margins() > 0).all(axis=0)
    learnable = [is_learnable(inputs(patterns, i)) for i in range(10)]
    # So few inputs are decided within 1000 epochs.
    np.testing.assert_array_equal(has_learned, learnable)
    assert 0 < has_learned.sum() < 10


@pytest.mark.parametrize("load", [0.3, 1.0, 1.5])
def test_all_patterns_are_fixed_points_of_what_has_learned_them(load):
    patterns = spins(round(load * 120), 120)
    for rule in (rules.perceptron, rules.minover):
        memory = rule(patterns, **({"tolerance": 0.5} if rule is rules.minover else {}))
        assert memory.note is None
        assert memory.stable_patterns().all()
        assert (memory.margins() > 0).all()


def test_a_margin_is_exceeded_by_all_neurons_or_missed_and_told():
    patterns = spins(40, 100)  # Gardner's margin is 1.2 at this load
    memory = rules.perceptron(patterns, margin=0.9)
    assert memory.note is None
    assert memory.margins().min() > 0.9
    beyond = rules.perceptron(patterns, margin=1.6, max_epochs=50)
    assert beyond.note is not None
    margins = beyond.margins().min(axis=0)
    assert beyond.note == (
        f"{(margins <= 1.6).sum()} of 100 neurons did not reach a margin of 1.6 in 50 epochs; "
        f"worst margin {margins.min():.2g}"
    )


def largest_margin(seen):
    """Return the largest margin there is: 1 / |w| of the shortest w with all fields at least 1.

    C. L. Lawson, R. J. Hanson, Solving Least Squares Problems (1974): least distance programming.
    """
    system = np.vstack([seen.T, np.ones(len(seen))])
    target = np.zeros(len(system))
    target[-1] = 1
    weights, _ = nnls(system, target)
    residual = system @ weights - target
    return 1 / np.linalg.norm(residual[:-1] / residual[-1])


@pytest.mark.parametrize(("n_patterns", "tolerance"), [(1, 0.0), (6, 0.01), (20, 0.01), (25, 0.1)])
def test_minover_comes_as_close_to_the_largest_margin_as_it_says(n_patterns, tolerance):
    patterns = spins(n_patterns, 25, seed=5)
    memory = rules.minover(patterns, tolerance=tolerance)
    assert memory.note is None
    largest = [largest_margin(inputs(patterns, i)) for i in range(25)]
    ratios = memory.margins().min(axis=0) / largest
    assert ratios.max() < 1 + 1e-9
    assert ratios.min() > 1 - tolerance - 1e-9


def test_one_pattern_gives_hebbs_couplings():
    patterns = spins(1, 20)
    for rule in (rules.perceptron, rules.minover):
        memory = rule(patterns)
        np.testing.assert_array_equal(memory.couplings(), 20 * rules.hebb(patterns).couplings())
        np.testing.assert_allclose(memory.margins(), np.sqrt(19))


def test_a_neuron_without_inputs_learns_nothing():
    for rule, limit in ((rules.perceptron, "max_epochs"), (rules.minover, "max_updates")):
        memory = rule([[1], [-1]], **{limit: 5})
        assert memory.couplings().tolist() == [[0.0]]
        assert memory.margins().tolist() == [[0.0], [0.0]]
        assert memory.note.startswith("1 of 1 neurons did not learn all patterns in 5")


def test_minover_tells_what_it_does_not_know():
    patterns = spins(60, 50)
    memory = rules.minover(patterns, max_updates=300)
    learned = memory.margins().min(axis=0) > 0
    lost, short = memory.note.split("; worst margin")
    assert lost == f"{(~learned).sum()} of 50 neurons did not learn all patterns in 300 updates"
    assert f"; {learned.sum()} of 50 neurons may be short of the largest margin by more" in short
    assert rules.minover(patterns).note is None


def test_a_note_is_shown_and_kept():
    memory = rules.perceptron(spins(90, 30), max_epochs=20)
    assert memory.note.startswith("30 of 30 neurons did not learn all patterns in 20 epochs; worst")
    assert f"note={memory.note!r}" in repr(memory)
    again = pickle.loads(pickle.dumps(memory))
    assert again.note == memory.note
    np.testing.assert_array_equal(again.couplings(), memory.couplings())
    assert rules.hebb(spins(3, 30)).note is None


def test_ctrl_c_keeps_the_neurons_that_are_ready():
    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    patterns, options = spins(900, 300), {"max_epochs": 300}
    with pytest.raises(Interrupted) as caught:
        rules.perceptron(patterns, progress=stop, **options)
    kept = caught.value
    assert (kept.total, kept.unit) == (300, "neurons")
    assert 0 < kept.done < 300
    found, whole = kept.result.couplings(), rules.perceptron(patterns, **options).couplings()
    np.testing.assert_array_equal(found[kept.finished], whole[kept.finished])
    assert not np.delete(found, kept.finished, axis=0).any()
    assert kept.result.note.startswith(f"interrupted when {kept.done} of 300 neurons were ready")


def test_margins_are_fields_over_lengths():
    J = np.random.default_rng(1).normal(size=(20, 20))
    np.fill_diagonal(J, 0)
    patterns = spins(300, 20)
    expected = patterns * (patterns @ J.T) / np.linalg.norm(J, axis=1)
    for unit in (1.0, 1e-200, 1e300):
        memory = CouplingMemory(unit * J, patterns)
        # Twenty terms up to 3, rounded.
        np.testing.assert_allclose(memory.margins(), expected, atol=60 * 2e-16 * 3)
    J[3] = 0
    assert not CouplingMemory(J, patterns).margins()[:, 3].any()
    with pytest.raises(ValueError, match="patterns must be given to compare states"):
        CouplingMemory(J).margins()


@pytest.mark.parametrize(
    ("rule", "arguments", "message"),
    [
        (rules.perceptron, {"margin": -0.1}, r"margin must be at least 0, got -0\.1"),
        (rules.perceptron, {"margin": np.nan}, "margin must be a number, got nan"),
        (rules.perceptron, {"margin": np.inf}, "margin must be finite, got inf"),
        (rules.perceptron, {"max_epochs": 0}, "max_epochs must be an integer >= 1, got 0"),
        (rules.minover, {"tolerance": 1.0}, "tolerance must be at least 0 and below 1, got 1"),
        (rules.minover, {"tolerance": -0.5}, "tolerance must be at least 0 and below 1, got"),
        (rules.minover, {"max_updates": 0}, "max_updates must be an integer >= 1, got 0"),
        (rules.minover, {"patterns": [[0, 1]]}, r"patterns must hold only -1 and \+1, got 0"),
        (rules.perceptron, {"patterns": np.ones((0, 3))}, "patterns must have shape"),
    ],
)
def test_what_cannot_be_learned_from_is_named(rule, arguments, message):
    with pytest.raises(ValueError, match=message):
        rule(**{"patterns": [[1, -1]]} | arguments)


def test_too_many_patterns_are_told_before_their_overlaps_are_counted():
    with pytest.raises(MemoryError, match=r"overlaps of 1000000 patterns needs 4\.0 TB"):
        rules.perceptron(Patterns.random(10**6, 2, seed=1))
