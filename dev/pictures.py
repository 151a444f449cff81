"""The documentation's pictures, drawn from what runs in the development cluster now."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from dev.paths import REPOSITORY
from program_user_info_operator.cli.status import as_table, read_pictures
from program_user_info_operator.cluster.api_server import ApiServer

STATUS = REPOSITORY / "docs" / "pictures" / "status.svg"
_COLUMNS = 132


def draw_status() -> None:
    """`status` as a picture of a terminal."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ program-user-info-operator status\n", "bold"))
    console.print(as_table(read_pictures(ApiServer(), None, ""), datetime.now(UTC)))
    STATUS.parent.mkdir(exist_ok=True)
    STATUS.write_text(console.export_svg(title="status"), encoding="utf-8")
