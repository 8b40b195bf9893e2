import pytest

from stance.errors import SettingsError
from training.config import FitConfig, parsed


def test_settings_from_a_command_line() -> None:
    found = FitConfig.from_table(parsed(["epochs=5", "class_weights=false", "learning_rate=1e-5", "seed=7"]))
    assert found == FitConfig(epochs=5, class_weights=False, learning_rate=1e-5, seed=7)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("epoch=5", r"Unknown setting epoch\. Known are bare_share, base"),
        ("epochs", "--set epochs must look like epochs=5"),
        ("epochs=many", "--set epochs=many must look like"),
        ('epochs="5"', "epochs must be int, but is '5'"),
        ("epochs=0", "epochs must be above zero, but is 0"),
        ("bare_share=0.9", "bare_share and context_share must be shares of one whole"),
        ("test_share=-0.1", "validation_share and test_share must be shares"),
        ("window=8", "window must be 16 tokens or more"),
    ],
)
def test_a_setting_that_makes_no_sense(setting: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        FitConfig.from_table(parsed([setting]))
