"""Follow-up turns of a conversation as whole questions: `resolve` decides, `fragments` reads, `rewriting` writes, `turn` is the data."""

from agent.reading.followup.resolve import FollowUp, FollowUps
from agent.reading.followup.turn import Turn

__all__ = ["FollowUp", "FollowUps", "Turn"]
