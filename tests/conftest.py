"""Small real things: a tokenizer of a few words, a network of one layer, a folder that it was exported to."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from stance.classifier import StanceClassifier, load
from stance.labels import LabelScheme
from training.run import RunConfig, fit

# Several threads on shared cores wait for one another: the small networks here are faster on one.
torch.set_num_threads(1)

SCHEME = LabelScheme.from_table(
    {
        "side": ["US", "China", "neutral"],
        "stance": ["accusatory", "conciliatory", "defensive"],
        "sentiment": ["negative", "neutral", "positive"],
    }
)
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
WORDS = (
    "we welcome talks and hope for peace they steal lie bully must stop now our law is legal "
    "a us chinese official ministry senator expert says the … — , . not true never did it will work together"
).split()

TIMES = 20  # that a lesson stands in the training rows

# One quotation of each kind: what fitting must be able to learn by heart.
LESSONS = [
    ("They steal and lie.", "a US senator", "US", "accusatory", "negative"),
    ("We never did it. Not true.", "a Chinese ministry official", "China", "defensive", "neutral"),
    ("We welcome talks and hope for peace.", "a US official", "US", "conciliatory", "positive"),
    ("They bully. They must stop now.", "the Chinese ministry", "China", "accusatory", "negative"),
    ("Our law is legal.", "a US official", "US", "defensive", "neutral"),
    ("Together we will work for peace.", "a Chinese official", "China", "conciliatory", "positive"),
    ("They lie now.", "a expert", "neutral", "accusatory", "negative"),
    ("We hope it will work.", "the expert", "neutral", "conciliatory", "positive"),
]


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """Lower-case words of a small world, BERT's frame around them."""
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys([*SPECIAL, *WORDS]))}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return made


@pytest.fixture(scope="session")
def tiny_base(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like one from the Hub: one layer, 32 wide, random weights."""
    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    BertModel(config).save_pretrained(folder)
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep")}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def schema_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The axes of the shipped model as a schema file."""
    path = tmp_path_factory.mktemp("schema") / "labels.toml"
    lines = [f"{name} = {json.dumps(labels)}" for name, labels in SCHEME.table().items()]
    path.write_text("\n".join(["[axes]", *lines]), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A labelled table with every lesson in the training, the validation and the test rows."""
    path = tmp_path_factory.mktemp("lessons") / "lessons.jsonl"
    names = ("quote", "speaker", "side", "stance", "sentiment", "split", "group", "source")
    rows = [
        dict(zip(names, (*lesson, split, f"{split}{i}", f"source {i % 2}"), strict=True))
        for i, lesson in enumerate(LESSONS)
        for split in ["train"] * TIMES + ["validation", "test"]
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def run_config(tiny_base: Path, schema_file: Path, lessons: Path) -> Callable[..., RunConfig]:
    """What to fit in a few seconds: ``run_config(output, epochs=...)``."""

    def made(output: Path, *, resume: bool = False, **settings: Any) -> RunConfig:
        known = {"epochs": 8, "batch_size": 8, "learning_rate": 3e-3, "patience": 8, "window": 48}
        known |= {"bare_share": 0.0, "context_share": 0.0, **settings}
        return RunConfig(
            data=(lessons,),
            output=output,
            schema=schema_file,
            resume=resume,
            settings={"base": str(tiny_base), **known},
        )

    return made


@pytest.fixture(scope="session")
def model_folder(run_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fitted and exported model, as small as it can be."""
    output = tmp_path_factory.mktemp("models") / "tiny"
    fit(run_config(output))
    return output


@pytest.fixture(scope="session")
def classifier(model_folder: Path) -> StanceClassifier:
    """The small model, opened."""
    return load(model_folder)
