"""Memory over many questions: 10,000 different ones through the whole pipeline, on the sample table.

python -m benchmarks.endurance                     # about 3 minutes on 2 cores
python -m benchmarks.endurance --questions 1000    # a try

Prints resident memory and questions per second after every tenth of them.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time

from rich.console import Console
from rich.table import Table

from agent.building import DEFAULT_DATABASE, Options, build
from agent.faces.batch import CHUNK
from agent.records import Question
from benchmarks.training import resident
from data.generator.questions import world_of
from data.generator.samples import stream

SEED = 31


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=10_000)
    parser.add_argument("--database", default=DEFAULT_DATABASE)
    options = parser.parse_args()
    pipeline = build(Options(database=options.database))
    samples = stream(random.Random(SEED), "train", world_of(pipeline.database))
    texts = (sample.entities.text for sample in samples)
    table = Table(title=f"{options.questions} 个问题")
    for heading in ("已回答", "常驻内存 MB", "题/秒"):
        table.add_column(heading, justify="right")
    done, started = 0, time.monotonic()
    shown = options.questions // 10
    while done < options.questions:
        pipeline.answer([Question(done + i, text) for i, text in enumerate(itertools.islice(texts, CHUNK))])
        done += CHUNK
        if done >= shown:
            table.add_row(str(done), f"{resident('VmRSS'):.0f}", f"{done / (time.monotonic() - started):.0f}")
            shown += options.questions // 10
    Console().print(table)


if __name__ == "__main__":
    main()
