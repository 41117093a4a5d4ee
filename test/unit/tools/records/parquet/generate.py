"""Writes the Parquet files of the test, with pyarrow 26 and pandas' habits: python generate.py FOLDER"""

import datetime
import sys

import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table(
    {
        "id": pa.array(range(1, 8), pa.int64()),
        "text": ["A fine film.", "Two hours lost.", None, "  ", "Naïve, 漢字 and 😀.", 'He said "no".', "a\nb"],
        "seen": pa.array([datetime.datetime(2026, 11, day, 12, 30) for day in range(1, 8)], pa.timestamp("ms")),
        "stars": pa.array([4.5, 1.0, None, 3.0, 5.0, 2.0, 2.5], pa.float64()),
        "tags": [["a", "b"], [], None, ["c"], ["d"], ["e"], ["f"]],
        "review": [{"title": f"t{n}"} for n in range(7)],
    }
)
for compression in ("snappy", "gzip", "zstd", "none"):
    pq.write_table(table, f"{sys.argv[1]}/{compression}.parquet", compression=compression, row_group_size=3)
