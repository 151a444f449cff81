from typing import Any

from program_user_info_job.store.encode import Columns

def encode_statement(
    head: bytes, key: tuple[str, ...], columns: Columns, cells: dict[str, Any], tail: bytes
) -> bytes: ...
