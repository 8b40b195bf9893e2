import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from stance.errors import SettingsError
from stance.labels import LabelScheme
from stance.quotes import Quote
from tests.conftest import SCHEME
from training import bases, network

WIDER = LabelScheme.from_table(
    {"sentiment": ["positive", "neutral", "negative"], "side": ["US", "EU", "China", "neutral"]}
)


def head(folder: Path, scheme: LabelScheme) -> tuple[np.ndarray, np.ndarray]:
    last = network.network(bases.resolve(str(folder)), scheme).classifier
    return last.weight.detach().numpy(), last.bias.detach().numpy()


def test_labels_that_the_base_knows_keep_their_weights_wherever_they_stand(model_folder: Path) -> None:
    before, after = head(model_folder, SCHEME), head(model_folder, WIDER)
    places = {name: place for place, name in SCHEME.id2label().items()}
    new = []
    for place, name in WIDER.id2label().items():
        if name in places:
            np.testing.assert_array_equal(after[0][place], before[0][places[name]])
            np.testing.assert_array_equal(after[1][place], before[1][places[name]])
        else:
            new.append(name)
            assert after[1][place] == 0
    assert new == ["side=EU"]


def test_the_layer_before_the_outputs_is_plain_where_the_base_was_no_classifier(
    model_folder: Path, tiny_base: Path
) -> None:
    new = LabelScheme.from_table({"frame": ["economy", "security"]})
    for folder, plain in ((tiny_base, True), (model_folder, False)):
        pooler = network.network(bases.resolve(str(folder)), new).bert.pooler.dense
        assert torch.equal(pooler.weight, torch.eye(32)) is plain
        assert bool((pooler.bias == 0).all()) is plain


def test_known_outputs_are_those_that_the_base_has(model_folder: Path, tiny_base: Path) -> None:
    eu = list(WIDER.id2label().values()).index("side=EU")
    known = network.known_outputs(bases.resolve(str(model_folder)), WIDER)
    assert known == [place for place in range(WIDER.width) if place != eu]
    assert network.known_outputs(bases.resolve(str(tiny_base)), WIDER) == []


def test_an_average_leaves_new_outputs_alone_whatever_a_network_calls_its_head() -> None:
    def layers() -> torch.nn.Module:
        made = torch.nn.Sequential()
        made.add_module("dense", torch.nn.Linear(4, 4))
        made.add_module("out", torch.nn.Linear(4, 3))
        made.config = type("Config", (), {"num_labels": 3})()
        return made

    torch.manual_seed(0)
    start, fitted = layers().state_dict(), layers()
    before = {name: value.clone() for name, value in fitted.state_dict().items()}
    network.average(fitted, start, keep=0.5, outputs=[0, 2])
    after = fitted.state_dict()
    torch.testing.assert_close(after["dense.weight"], (before["dense.weight"] + start["dense.weight"]) / 2)
    torch.testing.assert_close(after["out.weight"][1], before["out.weight"][1])
    torch.testing.assert_close(after["out.bias"][2], (before["out.bias"][2] + start["out.bias"][2]) / 2)


def test_a_window_is_no_longer_than_the_base_can_read(tiny_base: Path) -> None:
    base = bases.resolve(str(tiny_base))
    assert network.encoder(base, window=48).window == 48
    assert network.encoder(base, window=500).window == 64


def test_embeddings_of_a_quotation_do_not_depend_on_its_neighbours(tiny_base: Path) -> None:
    embed = network.embedder(bases.resolve(str(tiny_base)), window=48)
    quotes = [Quote("We hope."), Quote("They steal and lie. They must stop now.", "a US senator")]
    together = embed(quotes)
    assert together.shape == (2, 32)
    for place, quote in enumerate(quotes):
        alone = embed([quote])
        np.testing.assert_allclose(alone[0], together[place], atol=1e-5)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model_type": "vit"}, "is not an encoder of text that can classify"),
        ({"model_type": "nobody-knows"}, "is not an encoder that transformers can open"),
        ({}, "is not an encoder that transformers can open"),
    ],
)
def test_a_base_of_another_kind_is_refused(config: dict[str, str], message: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        network.network(bases.resolve(str(tmp_path)), SCHEME)


def test_a_base_without_weights_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    shutil.copy(tiny_base / "config.json", tmp_path)
    with pytest.raises(
        SettingsError, match=r"is not an encoder of text that can classify.*model\.safetensors"
    ):
        network.network(bases.resolve(str(tmp_path)), SCHEME)


def test_a_base_without_a_tokenizer_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        shutil.copy(tiny_base / name, tmp_path)
    with pytest.raises(SettingsError, match=r"holds no tokenizer, such as tokenizer\.json"):
        network.encoder(bases.resolve(str(tmp_path)), window=48)
