"""The untuned base, the trained prefixes and full fine-tuning on the same rows, scored alike.

python -m benchmarks.tuning                       # about 15 minutes on 2 cores; needs the prefixes of train.sh or the shipped ones
python -m benchmarks.tuning --task classify --steps 20    # a try
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Sequence

import torch
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader

from agent import prompts
from agent.building import DEFAULT_DATABASE, Options, load_model, open_database
from agent.model import MAX_NEW_TOKENS, PrefixTunedGlm
from agent.scoring import evaluate
from agent.table.database import Database
from benchmarks import ROOT
from ptuning.answering.generate import Model, generate, score_choices
from ptuning.base.models import Base, load_base
from ptuning.training import dataset
from ptuning.training.examples import Columns, read_examples


class BareModel:
    """A model without a prefix, behind the seam that the agent asks through."""

    def __init__(self, model: Model, base: Base) -> None:
        self._model, self._tokenizer = model, base.tokenizer

    def choose(self, task: str, texts: Sequence[str], choices: Sequence[str]) -> list[list[float]]:
        return score_choices(self._model, self._tokenizer, [prompts.render(task, t) for t in texts], list(choices))

    def write(self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None) -> list[str]:
        return generate(self._model, self._tokenizer, [prompts.render(task, t) for t in texts], MAX_NEW_TOKENS[task])


def fine_tuned(base: Base, task: str, steps: int, learning_rate: float) -> Model:
    """A copy of the base with every weight trained on the task's rows (AdamW, linear decay, batches of 32)."""
    torch.manual_seed(42)
    model = copy.deepcopy(base.model).requires_grad_(True).train()
    rows = read_examples(ROOT / "FinTrain" / task / "train.json", Columns.of_task(task, "question_prompt", "query"))
    style = dataset.PromptStyle(chat=False)
    encoded = dataset.EncodedRows([dataset.encode(base.tokenizer, style, row, 160, 160) for row in rows])
    loader = DataLoader(encoded, 32, shuffle=True, collate_fn=dataset.Collator(base.tokenizer.pad_token_id))
    optimiser = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / 20) * max(0.0, 1 - step / steps)
    )
    done = 0
    while done < steps:
        for batch in loader:
            model(**batch).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            done += 1
            if done == steps:
                break
    return model.eval()


def share(task: str, model: BareModel | PrefixTunedGlm, database: Database) -> str:
    """What the task is judged by: accuracy, exact match, execution accuracy."""
    rows = evaluate.load_rows(ROOT / "FinTrain" / task / "test.json")
    if task == "classify":
        return f"{evaluate.classify_score(model, rows).share:.1%}"
    if task == "keywords":
        return f"{evaluate.keywords_score(model, rows).share:.1%}"
    return f"{evaluate.nl2sql_score(model, rows, database)[1].share:.1%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=prompts.TASKS, action="append")
    parser.add_argument("--steps", type=int, default=300, help="全量微调的步数")
    parser.add_argument("--learning_rate", type=float, default=1e-3)
    parser.add_argument("--database", default=DEFAULT_DATABASE)
    options = parser.parse_args()
    wanted = Options(database=options.database)
    base, database, prefixes = load_base(wanted.model), open_database(wanted), load_model(wanted)
    table = Table(title="测试集上的分数")
    for heading in ("任务", "未调的基座", "前缀", "全量微调"):
        table.add_column(heading)
    for task in options.task or prompts.TASKS:
        full = BareModel(fine_tuned(base, task, options.steps, options.learning_rate), base)
        table.add_row(
            task,
            share(task, BareModel(base.model, base), database),
            share(task, prefixes, database),
            share(task, full, database),
        )
    Console().print(table)


if __name__ == "__main__":
    main()
