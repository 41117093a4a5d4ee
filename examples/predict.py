"""Asks a running Serin for the labels of some texts. Python's standard library is enough."""

import json
import os
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("SERIN_URL", "http://127.0.0.1:3000")
ATTEMPTS = 5


def ask(route: str, question: dict) -> dict:
    """Returns the answer; waits and asks again, as the service tells, while it is overloaded or starting."""
    for attempt in range(1, ATTEMPTS + 1):
        request = urllib.request.Request(
            URL + route, json.dumps(question).encode(), {"content-type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            if "retry_after_ms" not in problem or attempt == ATTEMPTS:
                sys.exit(f"{problem['code']}: {problem['detail']}")
            time.sleep(problem["retry_after_ms"] / 1000)
    raise AssertionError("unreachable")


texts = ["I loved every minute.", "", "The plot makes no sense."]
for text, result in zip(texts, ask("/predict_batch", {"texts": texts})["results"]):
    if "error" in result:
        print(f"{text!r}: {result['error']['code']}")
    else:
        print(f"{text!r}: {result['label']} {result['score']:.2f}")
