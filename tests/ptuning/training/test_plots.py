import pytest

from ptuning.training.plots import FONT, drawable, loss_curve

HISTORY = [{"step": 10, "loss": 2.0}, {"step": 20, "loss": 1.5}, {"step": 20, "eval_loss": 1.6}, {"step": 20, "train_loss": 1.7}]


def test_the_font_of_the_labels_is_shipped_and_has_every_label():
    assert FONT.is_file()
    for label in ("训练损失曲线", "步数", "损失", "训练", "验证", "nl2sql classify-2_b 0123456789"):
        assert drawable(label) == label


def test_what_the_font_lacks_is_left_out_instead_of_drawn_as_a_box():
    assert drawable("任务龘😀x") == "任务x"


@pytest.mark.parametrize("history", [HISTORY, HISTORY[:1]])
def test_a_run_becomes_a_png(tmp_path, history, recwarn):
    path = tmp_path / "loss.png"
    assert loss_curve(history, path, "nl2sql 龘")
    assert path.read_bytes().startswith(b"\x89PNG\r\n")
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


def test_a_run_without_losses_leaves_no_picture(tmp_path):
    assert not loss_curve([{"step": 3, "train_loss": 1.0}], tmp_path / "loss.png", "x")
    assert not (tmp_path / "loss.png").exists()
