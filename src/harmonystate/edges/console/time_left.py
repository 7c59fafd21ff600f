"""How long a bar still takes, once that can be told."""

from rich.progress import Task, TimeRemainingColumn
from rich.text import Text


class TimeLeft(TimeRemainingColumn):
    """`0:12 left`; nothing while the end, or the pace, is not known."""

    def render(self, task: Task) -> Text:
        """Return what to show of a task."""
        if task.time_remaining is None:
            return Text()
        return Text.assemble(super().render(task), " left")
