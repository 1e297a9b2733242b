"""Model files: everything comes back, and what is no model is refused by name."""

import json
import os
import re
import struct
import subprocess
import sys

import numpy as np
import pytest

from machines.enumeration import striped
from spinglass import BernoulliRBM

safetensors = pytest.importorskip("safetensors")
numpy_files = pytest.importorskip("safetensors.numpy")

X = striped(45, 8, seed=1)

MODELS = [
    {}, {"momentum": 0.8}, {"persistent": False}, {"tempering": [0.0, 0.5, 1.0], "n_chains": 3},
    {"sparsity": (0.1, 0.2), "weight_decay": 1e-3}, {"learning_rate": (0.1, 0.01)},
    {"precision": "fast", "centered": True, "num_threads": 1},
]  # fmt: skip


def machine(**parameters):
    return BernoulliRBM(4, **({"n_iter": 2, "random_state": 7} | parameters)).fit(X)


@pytest.mark.parametrize("parameters", MODELS)
def test_a_model_comes_back_and_goes_on_with_the_same_bits(tmp_path, parameters):
    model = machine(**parameters)
    path = tmp_path / "model.safetensors"
    model.save(path)
    again = BernoulliRBM.load(path)
    assert {**again.get_params(), "tempering": None} == {**model.get_params(), "tempering": None}
    assert again._trained.options == model._trained.options
    assert again.n_features_in_ == 8
    assert (again.transform(X) == model.transform(X)).all()
    assert (again.gibbs(X) == model.gibbs(X)).all()
    for one in (model, again):
        one.partial_fit(X[:10]).partial_fit(X[10:30])
    assert (again.components_ == model.components_).all()
    assert (again.h_samples_ == model.h_samples_).all()


def test_dtype_and_feature_names_come_back(tmp_path):
    model = BernoulliRBM(4, n_iter=1).fit(X.astype(np.float32))
    model.feature_names_in_ = np.array([f"é{k}" for k in range(8)], dtype=object)
    model.save(tmp_path / "model")
    again = BernoulliRBM.load(tmp_path / "model")
    assert again.components_.dtype == np.float32
    assert again.feature_names_in_.tolist() == model.feature_names_in_.tolist()


def test_what_json_cannot_hold_is_left_out(tmp_path):
    model = machine(learning_rate=lambda *_: 0.1, random_state=np.random.RandomState(0))
    with pytest.warns(UserWarning, match="learning_rate is a schedule"):
        model.save(tmp_path / "model")
    again = BernoulliRBM.load(tmp_path / "model")
    assert again.learning_rate == 0.1
    assert again.random_state is None
    assert (again.components_ == model.components_).all()


def test_other_readers_find_the_parameters(tmp_path):
    model = machine()
    model.save(tmp_path / "model.safetensors")
    tensors = numpy_files.load_file(tmp_path / "model.safetensors")
    for name in ("components", "intercept_hidden", "intercept_visible"):
        assert (tensors[name] == getattr(model, name + "_")).all()
    with safetensors.safe_open(tmp_path / "model.safetensors", framework="numpy") as file:
        about = json.loads(file.metadata()["spinglass.rbm"])
    assert about["estimator"] == "BernoulliRBM"
    assert about["parameters"]["n_components"] == 4


def test_saving_keeps_the_rights_and_the_link_of_a_file(tmp_path):
    model = machine()
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"")
    link.symlink_to(target)
    model.save(link)
    assert link.is_symlink()
    assert BernoulliRBM.load(target).n_components == 4
    assert sorted(x.name for x in tmp_path.iterdir()) == ["link", "target"]
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.fixture
def parts(tmp_path):
    """The tensors and the metadata of a model, to be spoiled."""
    machine().save(tmp_path / "model")
    with safetensors.safe_open(tmp_path / "model", framework="numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return tensors, json.loads(file.metadata()["spinglass.rbm"])


def refusal(tmp_path, content):
    """What is said of a file with this content, which must be named."""
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="bad") as caught:
        BernoulliRBM.load(path)
    return str(caught.value)


def test_every_truncated_file_is_refused(tmp_path):
    machine().save(tmp_path / "model")
    content = (tmp_path / "model").read_bytes()
    for length in [*range(0, len(content), 37), len(content) - 1]:
        assert re.search(
            "is no safetensors file, or a broken one", refusal(tmp_path, content[:length])
        )
    assert re.search(
        "is no safetensors file, or a broken one", refusal(tmp_path, content + b"more")
    )


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK\x03\x04 a zip file", b"\x80\x04\x95 a pickle", b"\x93NUMPY\x01\x00", b"\xff" * 64,
        struct.pack("<Q", 2**63) + b"{}", struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 4) + b"null", struct.pack("<Q", 8) + b"[[[[[[[[",
    ],
)  # fmt: skip
def test_what_is_no_model_file_is_refused(tmp_path, content):
    assert re.search(r"is no (safetensors|model) file", refusal(tmp_path, content))


def test_flipped_bits_never_do_more_than_raise(tmp_path):
    machine().save(tmp_path / "model")
    content = bytearray((tmp_path / "model").read_bytes())
    (header,) = struct.unpack("<Q", content[:8])
    rng = np.random.default_rng(0)
    spoiled = 0
    for place in rng.integers(0, 8 + header, 400):
        copy = bytearray(content)
        copy[place] ^= 1 << rng.integers(8)
        path = tmp_path / "bad"
        path.write_bytes(copy)
        try:
            BernoulliRBM.load(path).transform(X)
        except ValueError:
            spoiled += 1
    assert spoiled > 200


def test_a_foreign_safetensors_file_is_refused(tmp_path):
    assert re.search(
        "is no model file of spinglass", refusal(tmp_path, numpy_files.save({"a": np.zeros(3)}))
    )


SPOILED = [
    (lambda about: about.update(format="other"), "do not describe a model"),
    (lambda about: about.update(format_version=99), "has format version 99"),
    (lambda about: about.update(estimator="GaussianBernoulliRBM"), "not a BernoulliRBM"),
    (lambda about: about.update(dtype="object"), "dtype must be float32 or float64"),
    (lambda about: about.update(word=-1), "word must be"),
    (lambda about: about.update(word="x"), "word must be"),
    (lambda about: about.update(calls=2.5), "calls must be"),
    (lambda about: about.update(parameters=[]), "parameters must be an object"),
    (lambda about: about.update(feature_names=["a"]), "feature_names"),
    (lambda about: about.update(feature_names=3), "feature_names"),
    (lambda about: about.update(training=3), "training must be an object"),
    (lambda about: about.pop("options"), "options"),
    (lambda about: about["options"].update(k=0), "k must be"),
    (lambda about: about["options"].update(extra=0), "options must be an object with"),
    (lambda about: about["options"].update(n_components=10**9), "other shapes than its options"),
    (lambda about: about["options"].update(n_chains=2**31 - 1), "other shapes than its options"),
    (lambda about: about["options"].update(tempering=[0.5, 1.0]), "other shapes than its options"),
    (lambda about: about["options"].update(momentum=0.5), "velocity"),
    (lambda about: about["parameters"].update(n_components=-1), "n_components must be"),
    (lambda about: about["parameters"].update(os="rm"), "os"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), SPOILED)
def test_spoiled_metadata_are_refused_by_name(tmp_path, parts, spoil, message):
    tensors, about = parts
    spoil(about)
    content = numpy_files.save(tensors, metadata={"spinglass.rbm": json.dumps(about)})
    assert re.search(message, refusal(tmp_path, content))


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "[" * 100_000, '{"format": NaN}'])
def test_metadata_that_are_no_description_are_refused(tmp_path, parts, text):
    content = numpy_files.save(parts[0], metadata={"spinglass.rbm": text})
    assert re.search("is a broken model file", refusal(tmp_path, content))


def _set(name, value):
    return lambda tensors: tensors.update({name: value})


TENSORS = [
    (_set("components", np.zeros((4, 8))), "components of single precision"),
    (_set("components", np.zeros((3, 8), np.float32)), "other shapes than its options"),
    (_set("components", np.zeros((4, 0), np.float32)), "components must be a matrix"),
    (_set("components", np.zeros(32, np.float32)), "components must be a matrix"),
    (_set("components", np.full((4, 8), np.nan, np.float32)), "components must hold finite"),
    (_set("components", np.full((4, 8), 3e38, np.float32)), "components|weights"),
    (_set("intercept_hidden", np.zeros(5, np.float32)), "intercept_hidden must be float32 of"),
    (_set("state.chains_hidden", np.full(40, 2, np.uint8)), "chains_hidden must hold only 0"),
    (_set("state.temperatures", np.full(10, 7, np.uint64)), "temperatures must be"),
    (_set("state.temperatures", np.zeros(9, np.uint64)), "temperatures must be uint64 of shape"),
    (_set("state.updates", np.array([2**60], np.uint64)), "updates must be at most"),
    (_set("state.velocity_hidden", np.zeros(4, np.float32)), "velocity_hidden must be float32"),
    (_set("state.more", np.zeros(4)), "expected tensors"),
    (_set("data_means", np.zeros(7, np.float32)), "data_means must be float32"),
    (_set("data_means", np.full(8, np.inf, np.float32)), "data_means must hold finite"),
    (lambda tensors: tensors.pop("intercept_visible"), "intercept_visible of single precision"),
    (lambda tensors: tensors.pop("state.chains_hidden"), "components must be|chains"),
    (lambda tensors: tensors.pop("state.updates"), "expected tensors"),
    (lambda tensors: tensors["state.streams_hidden"].fill(0), "state of random streams"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), TENSORS)
def test_spoiled_tensors_are_refused_by_name(tmp_path, parts, spoil, message):
    tensors, about = parts
    spoil(tensors)
    content = numpy_files.save(tensors, metadata={"spinglass.rbm": json.dumps(about)})
    assert re.search(message, refusal(tmp_path, content))


def test_files_that_are_not_there_are_told_as_such(tmp_path):
    with pytest.raises(FileNotFoundError):
        BernoulliRBM.load(tmp_path / "nothing")
    with pytest.raises(TypeError, match="path must be a path, got 3"):
        BernoulliRBM.load(3)
    with pytest.raises(ValueError, match="not fitted"):
        BernoulliRBM().save(tmp_path / "model")


def test_without_safetensors_the_extra_is_named(tmp_path):
    script = """
import sys
sys.modules["safetensors"] = None
import spinglass
model = spinglass.BernoulliRBM(2, n_iter=1).fit([[0, 1]])
for call in (lambda: model.save("model"), lambda: model.fit([[0, 1]], checkpoint="model"),
             lambda: spinglass.BernoulliRBM.load("model")):
    try:
        call()
    except ImportError as error:
        assert "pip install 'spinglass[rbm]'" in str(error), error
    else:
        raise AssertionError
"""
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
