"""Which checkpoint a run goes on from."""

from __future__ import annotations

from pathlib import Path

from ptuning.errors import PtuningError
from ptuning.files import read_json


def is_whole(checkpoint: Path) -> bool:
    """The trainer's state is the last file of a checkpoint to be written."""
    try:
        read_json(checkpoint / "trainer_state.json")
    except PtuningError:
        return False
    return (checkpoint / "optimizer.pt").exists() or any(checkpoint.glob("global_step*"))  # the latter: DeepSpeed's


def last_whole_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint-N that was written to its end: a kill while saving leaves one that was not."""
    numbered = [path for path in folder.glob("checkpoint-*") if path.name.rpartition("-")[2].isdecimal()]
    numbered.sort(key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)
    return next((path for path in numbered if is_whole(path)), None)


def checkpoint_to_resume(asked: str | None, output_dir: Path) -> str | None:
    """What --resume_from_checkpoint means: a folder, or auto (true): the last whole one of output_dir, if there is one.

    Raises:
        PtuningError: the folder is not a checkpoint written to its end.
    """
    if asked is None or asked.lower() in ("", "false"):
        return None
    if asked.lower() in ("auto", "true"):
        found = last_whole_checkpoint(output_dir)
        return str(found) if found else None
    if not is_whole(Path(asked)):
        raise PtuningError(
            f"检查点 {asked} 不存在或没有写完，请换一个，或用 --resume_from_checkpoint auto 从最后一个完整的继续。"
        )
    return asked
