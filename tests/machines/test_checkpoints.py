"""A training that was stopped goes on with the bits of one that never was."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from machines.enumeration import striped
from spinglass import BernoulliRBM

pytest.importorskip("safetensors")

X = striped(45, 8, seed=1)

VARIANTS = [
    {}, {"momentum": 0.8}, {"persistent": False, "k": 2}, {"tempering": (0.0, 0.5, 1.0)},
    {"centered": True, "sparsity": (0.1, 0.1)}, {"learning_rate": (0.3, 0.0)},
]  # fmt: skip


def machine(**parameters):
    return BernoulliRBM(4, **({"n_iter": 6, "random_state": 0} | parameters))


def bits(model):
    return {name: x.tobytes() for name, x in model._trained.trainer.state().items()}


class StopError(Exception):
    pass


def stop_at(number):
    def callback(epoch):
        if epoch.number == number:
            raise StopError

    return callback


@pytest.mark.parametrize("parameters", VARIANTS)
@pytest.mark.parametrize("every", [None, 2])
def test_a_fit_goes_on_from_its_last_checkpoint(tmp_path, parameters, every):
    whole = machine(**parameters).fit(X)
    path = tmp_path / "training.safetensors"
    broken = machine(**parameters)
    with pytest.raises(StopError):
        broken.fit(X, checkpoint=path, every=every, callbacks=[stop_at(4)])
    assert BernoulliRBM.load(path)._trained.trainer.updates == (15 if every is None else 10)
    epochs = []
    again = machine(**parameters).fit(X, checkpoint=path, callbacks=[epochs.append])
    assert epochs[0].number == (4 if every is None else 3)
    assert bits(again) == bits(whole)
    # What is finished is not done again, but is taken from the file.
    third = machine(**parameters).fit(X, checkpoint=path, callbacks=[stop_at(6)])
    assert bits(third) == bits(whole)
    assert (third.gibbs(X) == whole.gibbs(X)).all()


def test_a_fit_can_be_made_longer(tmp_path):
    path = tmp_path / "training.safetensors"
    machine(n_iter=2).fit(X, checkpoint=path)
    assert bits(machine(n_iter=6).fit(X, checkpoint=path)) == bits(machine(n_iter=6).fit(X))
    with pytest.raises(ValueError, match="n_iter must be larger than 3"):
        machine(n_iter=3).fit(X, checkpoint=path)


def test_a_fit_that_a_callback_ended_stays_ended(tmp_path):
    path = tmp_path / "training.safetensors"
    first = machine().fit(X, checkpoint=path, callbacks=[lambda epoch: epoch.number == 2])
    again = machine().fit(X, checkpoint=path)
    assert first._trained.trainer.updates == again._trained.trainer.updates == 10


KILLED = """
import os, signal, sys
import numpy as np
from spinglass import BernoulliRBM

def kill(epoch):
    if epoch.number == 4:
        os.kill(os.getpid(), signal.SIGKILL)

X = np.load(sys.argv[1])
BernoulliRBM(4, n_iter=6, random_state=0, momentum=0.5).fit(
    X, checkpoint=sys.argv[2], every=3, callbacks=[kill]
)
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL")
def test_a_killed_training_goes_on_with_the_same_bits(tmp_path):
    data, path = tmp_path / "data.npy", tmp_path / "training.safetensors"
    np.save(data, X)
    run = subprocess.run([sys.executable, "-c", KILLED, data, path], capture_output=True)
    assert run.returncode == -signal.SIGKILL
    assert BernoulliRBM.load(path)._trained.trainer.updates == 15
    again = machine(momentum=0.5).fit(X, checkpoint=path)
    assert bits(again) == bits(machine(momentum=0.5).fit(X))


INTERRUPTED = """
import os, signal, sys, threading, time
import numpy as np
from spinglass import BernoulliRBM

rng = np.random.default_rng(0)
X = (rng.random((3000, 100)) < 0.2).astype(np.uint8)
path = sys.argv[1]

def machine():
    return BernoulliRBM(100, n_iter=300, random_state=0, momentum=0.5, learning_rate=(0.1, 0.0))

def bits(model):
    return {name: x.tobytes() for name, x in model._trained.trainer.state().items()}

sent = []

def interrupt():
    time.sleep(0.3)
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)

broken = machine()
BernoulliRBM(2, n_iter=1).fit(X[:10])  # imports what a fit needs
threading.Thread(target=interrupt, daemon=True).start()
try:
    broken.fit(X, checkpoint=path, every=60)
except KeyboardInterrupt as error:
    latency = time.monotonic() - sent[0]
    assert "of 90000 updates" in error.__notes__[0] and path in error.__notes__[0], error.__notes__
else:
    sys.exit("the fit was over before it was interrupted")
done = broken._trained.trainer.updates
assert 0 < done < 90000, done
assert broken.transform(X).shape == (3000, 100) and np.isfinite(broken.components_).all()
assert bits(BernoulliRBM.load(path)) == bits(broken)
assert bits(machine().fit(X, checkpoint=path)) == bits(machine().fit(X))
print(latency, done)
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_leaves_a_model_and_a_checkpoint(tmp_path, record_property):
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path / "training.safetensors")],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    latency, done = run.stdout.split()
    record_property("latency", float(latency))
    print(f"returned after {float(latency):.3f} s (promised: 0.2 s), {done} updates done")
    assert float(latency) < 1.0  # machines that test wheels are slow and shared


OTHERS = [
    ({"n_components": 5}, "a fit with n_components=4, got 5"),
    ({"batch_size": 9}, "a fit with batch_size=10, got 9"),
    ({"k": 2}, "a fit with k=1, got 2"),
    ({"persistent": False}, "a fit with persistent=True, got False"),
    ({"n_chains": 11}, "a fit with n_chains=10, got 11"),
    ({"tempering": [0.5, 1.0]}, r"a fit with tempering=None, got \(0.5, 1.0\)"),
    ({"momentum": 0.5}, "a fit with momentum=0.0, got 0.5"),
    ({"weight_decay": 0.5}, "a fit with weight_decay=0.0, got 0.5"),
    ({"sparsity": (0.1, 0.2)}, r"a fit with sparsity=None, got \(0.1, 0.2\)"),
    ({"centered": True}, "a fit with centered=False, got True"),
    ({"precision": "fast"}, "a fit with precision=full, got fast"),
    ({"learning_rate": 0.2}, "a fit with another learning_rate"),
    ({"random_state": 1}, "a fit with another random_state"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "message"), OTHERS)
def test_a_checkpoint_of_another_fit_is_refused_by_name(tmp_path, parameters, message):
    path = tmp_path / "training.safetensors"
    machine(n_iter=1).fit(X, checkpoint=path)
    before = path.read_bytes()
    model = machine().set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(X, checkpoint=path)
    assert not hasattr(model, "components_")
    assert path.read_bytes() == before


def test_a_checkpoint_of_other_data_is_refused(tmp_path):
    path = tmp_path / "training.safetensors"
    machine(n_iter=1).fit(X, checkpoint=path)
    other = X.copy()
    other[-1, -1] ^= 1
    for data, message in (
        (other, "of a fit to other data than X"),
        (X[::-1], "of a fit to other data than X"),
        (X[:, :7], "a fit with n_features=8, got 7"),
    ):
        with pytest.raises(ValueError, match=message):
            machine().fit(data, checkpoint=path)
    # The same numbers in another dtype are the same data.
    machine().fit(X.astype(float), checkpoint=path)
    machine(random_state=None).fit(X.tolist(), checkpoint=path)


def test_a_checkpoint_of_another_beginning_is_refused(tmp_path):
    path = tmp_path / "training.safetensors"
    machine(n_iter=1).fit(X, checkpoint=path, initial_bias="data")
    with pytest.raises(ValueError, match="of a fit with another initial_bias"):
        machine().fit(X, checkpoint=path)
    again = machine().fit(X, checkpoint=path, initial_bias="data")
    assert bits(again) == bits(machine().fit(X, initial_bias="data"))


def test_a_saved_model_is_no_checkpoint(tmp_path):
    path = tmp_path / "model.safetensors"
    machine().fit(X).save(path)
    with pytest.raises(ValueError, match="is a saved model, which no fit has written"):
        machine().fit(X, checkpoint=path)


def test_bad_checkpoint_arguments_are_named(tmp_path):
    for arguments, error, message in (
        ({"checkpoint": tmp_path / "no" / "file"}, ValueError, "in a folder that exists"),
        ({"checkpoint": 3}, TypeError, "checkpoint must be a path, got 3"),
        ({"checkpoint": tmp_path / "a", "every": 0}, ValueError, "every must be an integer >= 1"),
    ):
        with pytest.raises(error, match=message):
            machine().fit(X, **arguments)
    broken = tmp_path / "broken"
    broken.write_bytes(b"no checkpoint")
    with pytest.raises(ValueError, match="no safetensors file"):
        machine().fit(X, checkpoint=broken)


def test_a_failed_write_leaves_the_file_before_it(tmp_path, monkeypatch):
    path = tmp_path / "training.safetensors"
    machine(n_iter=2).fit(X, checkpoint=path)
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        machine().fit(X, checkpoint=path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
