import json

import pytest

from ptuning.errors import PtuningError
from ptuning.main import main
from ptuning.training.learning_rate import SAFE, suggestion


def test_the_rate_is_well_below_the_one_with_the_least_loss():
    points = [(10.0**-k, loss) for k, loss in zip((5, 4, 3, 2, 1, 0), (5.0, 4.9, 4.0, 2.0, 0.5, 50.0))]
    assert suggestion(points) == pytest.approx(0.1 / SAFE, rel=0.02)


def test_a_loss_that_never_falls_is_said():
    with pytest.raises(PtuningError, match="没有让损失下降"):
        suggestion([(1e-5, 1.0), (1e-4, 2.0)])


def test_main_tries_rates_and_saves_nothing(tmp_path, tiny_base_folder, capsys):
    rows = [{"question_prompt": "净利润是多少？", "query": "C"}] * 8
    (tmp_path / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    argv = ["--model_name_or_path", tiny_base_folder, "--use_cpu", "--output_dir", tmp_path / "out", "--train_file", tmp_path / "rows.json"]
    assert main([str(word) for word in (*argv, "--find_lr", "--method", "lora")]) == 0
    found = json.loads((tmp_path / "out" / "find_lr.json").read_text())
    assert 1e-5 < found["suggestion"] < 1 and len(found["points"]) > 10
    assert "建议 --learning_rate" in capsys.readouterr().out
    assert not list((tmp_path / "out").glob("*.safetensors"))
