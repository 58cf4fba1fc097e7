import json
import shutil

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerCallback

from ptuning.base.models import load_base
from ptuning.checkpoints import load_prefix
from ptuning.errors import PtuningError
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel
from ptuning.training.arguments import PtuningArguments
from ptuning.training.dataset import Collator, EncodedRows, Example, PromptStyle, encode
from ptuning.training.resuming import checkpoint_to_resume, last_whole_checkpoint
from ptuning.training.trainer import FallingLoss, TuningTrainer

QUESTIONS = [("甲公司的净利润是多少元？", "C"), ("乙公司有多少硕士？", "B"), ("什么是净利润？", "F"), ("甲公司2020年的营业收入和净利润分别是多少元？", "C,C")]


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


def rows_of(base, count=42):
    examples = [Example(QUESTIONS[i % 4][0] + "。" * (i % 5), QUESTIONS[i % 4][1]) for i in range(count)]
    return EncodedRows([encode(base.tokenizer, PromptStyle(chat=False), example, 64, 8) for example in examples])


def trainer_for(base, folder, callbacks=(), pre_seq_len=4, count=42, eval_dataset=None, **options):
    torch.manual_seed(3)
    model = PrefixModel(base.model, PrefixEncoder(PrefixConfig.for_model(base.model, pre_seq_len)))
    settings = {"per_device_train_batch_size": 4, "max_steps": 12, "logging_steps": 2, "save_steps": 5, "warmup_steps": 2}
    arguments = PtuningArguments(output_dir=str(folder), use_cpu=True, disable_tqdm=True, **(settings | options))
    return TuningTrainer(
        model, base, {"task": "t"}, args=arguments, train_dataset=rows_of(base, count), eval_dataset=eval_dataset,
        data_collator=Collator(base.tokenizer.pad_token_id), callbacks=list(callbacks),
    )


def weights(trainer):
    return {name: p.detach().clone() for name, p in trainer.model.tuning.named_parameters()}


class KillAt(TrainerCallback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            raise KeyboardInterrupt


def test_training_changes_the_prefix_and_nothing_of_the_base(base, tmp_path):
    before = {name: p.clone() for name, p in base.model.state_dict().items()}
    trainer = trainer_for(base, tmp_path, max_steps=40)
    start = weights(trainer)
    trainer.train()
    assert all(torch.equal(before[name], p) for name, p in base.model.state_dict().items())
    assert not torch.equal(start["embedding.weight"], weights(trainer)["embedding.weight"])
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses[-1] < losses[0]
    assert {name for name, p in trainer.model.named_parameters() if p.requires_grad} == {"tuning.embedding.weight"}


def test_a_checkpoint_holds_the_prefix_and_no_weight_of_the_base(base, tmp_path):
    trainer = trainer_for(base, tmp_path, save_total_limit=1)
    trainer.train()
    folders = sorted(path.name for path in tmp_path.iterdir())
    assert folders == ["checkpoint-12"]
    checkpoint = tmp_path / "checkpoint-12"
    assert {path.name for path in checkpoint.iterdir()} == {
        "prefix_encoder.safetensors", "prefix_config.json", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"
    }
    assert set(load_file(checkpoint / "prefix_encoder.safetensors")) == {"embedding.weight"}
    assert torch.equal(load_prefix(checkpoint, base).embedding.weight, trainer.model.tuning.embedding.weight)


@pytest.mark.parametrize(
    ("killed_at", "options"),
    [(7, {}), (9, {"gradient_accumulation_steps": 3, "max_steps": 14}), (23, {"max_steps": 26}), (23, {"max_steps": 26, "train_sampling_strategy": "random"})],
)
def test_a_killed_run_resumes_to_the_same_weights_bit_for_bit(base, tmp_path, killed_at, options):
    whole = trainer_for(base, tmp_path / "whole", **options)
    whole.train()
    killed = trainer_for(base, tmp_path / "killed", callbacks=[KillAt(killed_at)], **options)
    with pytest.raises(KeyboardInterrupt):
        killed.train()
    resumed = trainer_for(base, tmp_path / "killed", **options)
    resumed.train(resume_from_checkpoint=checkpoint_to_resume("auto", tmp_path / "killed"))
    assert torch.equal(weights(whole)["embedding.weight"], weights(resumed)["embedding.weight"])
    last = [[entry["loss"] for entry in trainer.state.log_history if "loss" in entry][-1] for trainer in (whole, resumed)]
    assert last[0] == last[1]


def test_accumulated_batches_weigh_every_token_alike(base, tmp_path):
    """4 batches of 2 and 1 batch of 8 are one step over the same rows: the same loss and, but for rounding, the same weights."""
    at_once = trainer_for(base, tmp_path, count=8, max_steps=3, per_device_train_batch_size=8, save_strategy="no")
    in_parts = trainer_for(base, tmp_path, count=8, max_steps=3, per_device_train_batch_size=2, gradient_accumulation_steps=4, save_strategy="no")
    for trainer in (at_once, in_parts):
        trainer.train()
    first = [trainer.state.log_history[0] for trainer in (at_once, in_parts)]
    assert first[0]["loss"] == pytest.approx(first[1]["loss"], rel=1e-5)
    assert first[0]["grad_norm"] == pytest.approx(first[1]["grad_norm"], rel=1e-4)


def test_the_loss_is_that_of_the_labelled_tokens(base, tmp_path):
    trainer = trainer_for(base, tmp_path)
    batch = trainer.data_collator([trainer.train_dataset[i] for i in range(4)])
    with torch.no_grad():
        logits = trainer.model(batch["input_ids"], batch["attention_mask"]).logits[:, :-1]
        reference = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch["labels"][:, 1:].flatten(), ignore_index=-100)
        assert float(trainer.compute_loss(trainer.model, dict(batch))) == pytest.approx(float(reference), rel=1e-5)


def test_a_loss_that_is_no_number_stops_before_anything_is_saved(base, tmp_path):
    trainer = trainer_for(base, tmp_path, learning_rate=1e38, warmup_steps=0, save_steps=1)
    with pytest.raises(PtuningError, match=r"第2步的损失不是有限的数.*--learning_rate"):
        trainer.train()
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-1"]


def test_a_loss_that_does_not_fall_stops_the_run(base, tmp_path):
    trainer = trainer_for(base, tmp_path, callbacks=[FallingLoss()], count=4, max_steps=400, warmup_steps=0, learning_rate=0.0, save_strategy="no")
    with pytest.raises(PtuningError, match="第200步损失没有下降"):
        trainer.train()


def test_a_loss_that_falls_runs_to_the_end(base, tmp_path):
    trainer = trainer_for(base, tmp_path, callbacks=[FallingLoss()], count=4, max_steps=210, save_strategy="no")
    trainer.train()
    assert trainer.state.global_step == 210


def test_a_torn_checkpoint_is_passed_over(base, tmp_path):
    trainer_for(base, tmp_path).train()
    assert last_whole_checkpoint(tmp_path).name == "checkpoint-12"
    (tmp_path / "checkpoint-12" / "trainer_state.json").unlink()
    state = tmp_path / "checkpoint-10" / "trainer_state.json"
    state.write_text(state.read_text()[:50])
    assert checkpoint_to_resume("auto", tmp_path) == str(tmp_path / "checkpoint-5")
    with pytest.raises(PtuningError, match="checkpoint-10"):
        checkpoint_to_resume(str(tmp_path / "checkpoint-10"), tmp_path)
    shutil.rmtree(tmp_path / "checkpoint-5")
    assert checkpoint_to_resume("auto", tmp_path) is None and checkpoint_to_resume(None, tmp_path) is None


def test_going_on_with_another_prefix_length_is_refused(base, tmp_path):
    trainer_for(base, tmp_path).train()
    with pytest.raises(PtuningError, match=r"pre_seq_len=4.*pre_seq_len=6"):
        trainer_for(base, tmp_path, pre_seq_len=6).train(resume_from_checkpoint=str(tmp_path / "checkpoint-10"))


def test_going_on_with_another_base_is_refused(base, tmp_path):
    trainer_for(base, tmp_path).train()
    config = tmp_path / "checkpoint-10" / "prefix_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"base": {"name": "另一个", "fingerprint": "0"}}))
    with pytest.raises(PtuningError, match="另一个"):
        trainer_for(base, tmp_path).train(resume_from_checkpoint=str(tmp_path / "checkpoint-10"))


def test_the_best_checkpoint_is_loaded_at_the_end(base, tmp_path):
    """At so high a learning rate the last checkpoint is not the best one."""
    options = {"eval_strategy": "steps", "eval_steps": 5, "load_best_model_at_end": True, "learning_rate": 30.0}
    trainer = trainer_for(base, tmp_path, eval_dataset=rows_of(base, 8), **options)
    trainer.train()
    best = load_prefix(trainer.state.best_model_checkpoint, base)
    assert torch.equal(best.embedding.weight, trainer.model.tuning.embedding.weight)


def test_gradient_checkpointing_trains_the_same_prefix(base, tmp_path):
    plain = trainer_for(base, tmp_path / "plain")
    plain.train()
    saving = trainer_for(base, tmp_path / "saving", gradient_checkpointing=True)
    saving.train()
    assert "forward" in vars(base.model.model.layers[0])
    saving.model.gradient_checkpointing_disable()
    torch.testing.assert_close(weights(saving), weights(plain), atol=1e-6, rtol=0)
