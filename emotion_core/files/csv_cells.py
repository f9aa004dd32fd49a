"""Text cells of CSV files that no spreadsheet takes for a formula."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# What makes a spreadsheet calculate or run a cell; the wide forms are the same to some of them.
# The apostrophe is here so that what is written can be read back exactly.
_DANGEROUS = r"=+\-@\t\r\n'＝＋－＠"
# A cell starts at its start, and again after each of these where the reader separates columns by
# something other than the comma (the quotes of the writer do not help then).
_STARTS = r"(^|[;\t\r\n])"
_SPOKEN_FOR = re.compile(rf"{_STARTS}(?= *[{_DANGEROUS}])")
_WRITTEN_SAFE = re.compile(rf"(?:^|(?<=[;\t\r\n]))'(?= *[{_DANGEROUS}])")


def csv_safe(value: object) -> object:
    """A cell as it may stand in a CSV file.

    Dangerous text begins with an apostrophe, as spreadsheets themselves mark text; numbers and
    everything else stay as they are.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    return _SPOKEN_FOR.sub(r"\1'", value) if isinstance(value, str) else value


def csv_as_written(text: str) -> str:
    """The text that ``csv_safe`` made safe."""
    return _WRITTEN_SAFE.sub("", text)


def csv_safe_frame(frame: "pd.DataFrame") -> "pd.DataFrame":
    """A copy of a table in which no text is a formula to a spreadsheet.

    Names of columns included. Numbers stay numbers. To be done once, right before writing.
    """
    import pandas as pd

    columns = [
        column
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
        else column.astype(object).map(csv_safe)
        for _, column in frame.items()
    ]
    safe = pd.concat(columns, axis=1) if columns else frame.copy()
    safe.columns = pd.Index([csv_safe(name) for name in frame.columns], dtype=object)
    return safe
