"""Follow-up turns of a conversation as whole questions: `resolve` decides, `fragments` reads, `rewriting` writes, `turn` is the data."""

from agent.followup.resolve import FollowUp, FollowUps
from agent.followup.turn import Turn

__all__ = ["FollowUp", "FollowUps", "Turn"]
