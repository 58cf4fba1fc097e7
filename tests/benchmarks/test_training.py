import json
from pathlib import Path

import pytest

pytest.importorskip("peft")

import torch

from benchmarks import training
from benchmarks.training import Setting

SETTING = Setting(prefix=4, source=24, target=16)


@pytest.fixture(scope="module")
def base(tiny_base_folder: Path) -> training.Base:
    return training.load_base(tiny_base_folder)


def test_every_way_trains_and_is_told_in_one_table(
    tiny_base_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "peak_apart", lambda *_: None)  # three new processes take too long here
    arguments = ["--model", tiny_base_folder, "--tasks", "keywords", "--pre_seq_len", 4, "--max_source_length", 24]
    arguments += ["--max_target_length", 16, "--batch_size", 2, "--steps", 2, "--rounds", 2, "--padded_rounds", 1]
    assert training.main([*map(str, arguments), "--output", str(tmp_path / "figures.json")]) == 0
    printed = capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text())["results"]["keywords"]
    assert all(name in printed for name in training.WAYS.values())
    assert [len(figures[way]["rounds"]) for way in training.WAYS] == [1, 2, 2]
    assert figures["ours_over_padded"] > 0 and figures["ours_over_peft"] > 0
    assert figures["losses"]["ours"] == pytest.approx(figures["losses"]["padded"], rel=1e-4)
    assert figures["losses"]["ours_as_peft"] == pytest.approx(figures["losses"]["peft"], rel=1e-4)


def test_the_ways_of_one_batch_have_the_loss_of_each_row_without_padding(base: training.Base) -> None:
    rows = training.encoded(base, "nl2sql", SETTING, 3)
    model = training.build("ours", base, training.new_prefix(base, SETTING)).eval()
    answers, total = 0, 0.0
    for row in rows:
        ids, labels = torch.tensor([row.input_ids]), torch.tensor([row.labels])
        with torch.no_grad():
            logits = model(ids, torch.ones_like(ids)).logits.float().log_softmax(-1)
        for position in range(row.start, len(row.input_ids)):
            total -= logits[0, position - 1, row.input_ids[position]].item()
            answers += 1
        assert (labels[0, row.start :] == ids[0, row.start :]).all()
    assert training.losses(base, SETTING, rows)["padded"] == pytest.approx(total / answers, rel=1e-5)


def test_losses_that_differ_stop_the_comparison(base: training.Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "manual_seed", lambda seed: None)  # another prefix for every way
    with pytest.raises(ValueError, match="损失不相等"):
        training.losses(base, SETTING, training.encoded(base, "nl2sql", SETTING, 2))


@pytest.mark.parametrize("way", training.WAYS)
def test_every_way_trains_on_the_same_rows_once(way: str, base: training.Base, tmp_path: Path) -> None:
    rows = training.encoded(base, "classify", SETTING, 6)
    made = training.trainer(way, base, SETTING, rows, 2, str(tmp_path))
    batches = [batch["input_ids"] for batch in made.get_train_dataloader()]
    seen = sorted(line[: (line != 0).nonzero().max() + 1].tolist() for batch in batches for line in batch)
    assert seen == sorted(row.input_ids for row in rows)
    widths = {batch.shape[1] for batch in batches}
    longest = {int((batch != 0).sum(1).max()) for batch in batches}
    assert widths == ({SETTING.padded} if way == "padded" else longest)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="只有 Linux 说出内存峰值")
def test_the_peak_of_a_process_counts_what_training_took(base: training.Base) -> None:
    rows = training.encoded(base, "classify", SETTING, 4)
    wide = Setting(prefix=4, source=2000, target=47)  # hundreds of MB of attention and logits
    memory = {way: training.peak(way, base, wide, rows, 2) for way in ("ours", "padded")}
    assert (
        memory["padded"]["peak"] - memory["padded"]["before"] > memory["ours"]["peak"] - memory["ours"]["before"] + 20
    )


def test_a_shape_has_the_sizes_of_its_name() -> None:
    model = training.random_glm("6b", torch.bfloat16, "meta")
    assert round(sum(parameter.numel() for parameter in model.parameters()) / 1e9, 2) == 6.24
