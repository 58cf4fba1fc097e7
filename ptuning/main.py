"""Trains, evaluates and predicts with a prefix: the entry point of ChatGLM's ptuning folder.

    python -m ptuning.main --do_train --task_name classify --train_file FinTrain/classify/train.json --pre_seq_len 32 \\
        --output_dir output/prefix/classify
    python -m ptuning.main --do_predict --ptuning_checkpoint output/prefix/classify --task_name classify \\
        --test_file FinTrain/classify/test.json --output_dir output/predict
    python -m ptuning.main arguments.json                      # the same names in a JSON object
    cd ptuning && torchrun --nproc_per_node 2 main.py …        # as the official scripts call it

Writes into output_dir: the prefix checkpoint, checkpoint-N folders, trainer_state.json, train_results.json,
eval_results.json, predict_results.json, all_results.json, generated_predictions.txt (a JSON line
{"labels", "predict"} for each row) and loss.png.
"""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:  # run as a script inside ptuning/: its modules must not be taken for top-level ones
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from transformers.utils import logging as transformers_logging

from ptuning.errors import PtuningError
from ptuning.training.command_line import parse
from ptuning.training.head_session import HeadSession
from ptuning.training.session import Session, say
from ptuning.training.template_session import TemplateSession


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; 1 with one sentence on standard error for bad input; 130 when interrupted."""
    transformers_logging.set_verbosity_error()
    terminal = sys.stderr.isatty()
    if not terminal:
        transformers_logging.disable_progress_bar()
    try:
        model, data, training, notices = parse(argv)
        training.disable_tqdm = not terminal
        if training.process_index == 0:
            for notice in notices:
                say(notice)
        kind = HeadSession if data.head != "lm" else TemplateSession if data.template else Session
        session = kind(model, data, training)
        if training.find_lr:
            session.find_learning_rate()
            return 0
        if training.do_train:
            session.train()
        if training.do_eval:
            session.predict("eval", data.validation_file, data.max_eval_samples)
        if training.do_predict:
            session.predict("predict", data.test_file, data.max_predict_samples)
    except PtuningError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("已中断；加 --resume_from_checkpoint auto 再运行，会从最后一个完整的检查点继续。", file=sys.stderr)
        return 130
    leave_together()
    return 0


def leave_together() -> None:
    """Several processes end at once: one that goes while another still writes would abort in its communication threads."""
    import torch.distributed as distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main())
