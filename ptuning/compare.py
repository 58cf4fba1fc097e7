"""Several ways of tuning side by side: one table, one plot, and which to take.

    python -m ptuning.compare compare.json        # what the file holds: ptuning/comparing/config.py

Killed and started again it goes on with the run that was not finished.
"""

from __future__ import annotations

import argparse
import sys

from ptuning.comparing.config import read_comparison
from ptuning.comparing.report import write
from ptuning.comparing.run import Runner
from ptuning.errors import PtuningError
from ptuning.main import main as train


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; 1 with one sentence on standard error for bad input; 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m ptuning.compare", description="几种微调方法并排比较。")
    parser.add_argument("config", metavar="CONFIG", help="比较什么（JSON，写法见 docs/tuning.md）")
    args = parser.parse_args(argv)
    terminal = sys.stderr
    try:
        comparison = read_comparison(args.config)
        results = Runner(comparison, train, lambda text: print(text, file=terminal, flush=True)).run()
        print(write(comparison, results))
    except PtuningError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("已中断；同样的命令再运行一次，会从没有做完的那一格继续。", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
