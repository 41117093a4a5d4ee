"""Asks a running Serin for the labels of some texts. Python's standard library is enough."""

import json
import os
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("SERIN_URL", "http://127.0.0.1:3000")
KEY = os.environ.get("SERIN_API_KEY")
ATTEMPTS = 5


def ask(route: str, question: dict) -> dict:
    """Returns the answer; waits and asks again, as the service tells, while it is overloaded or starting."""
    headers = {"content-type": "application/json", **({"x-api-key": KEY} if KEY else {})}
    for attempt in range(1, ATTEMPTS + 1):
        request = urllib.request.Request(URL + route, json.dumps(question).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.headers.get_content_type() != "application/problem+json":
                sys.exit(f"{URL} answers {error.code}, and not as Serin does: is there a proxy in between?")
            problem = json.load(error)
            if "retry_after_ms" not in problem or attempt == ATTEMPTS:
                sys.exit(f"{problem['code']}: {problem['detail']}")
            time.sleep(problem["retry_after_ms"] / 1000)
        except urllib.error.URLError as error:
            sys.exit(f"No answer from {URL} ({error.reason}): is the service running? SERIN_URL names another address.")
    raise AssertionError("unreachable")


texts = ["I loved every minute.", "", "The plot makes no sense."]
for text, result in zip(texts, ask("/predict_batch", {"texts": texts})["results"]):
    if "error" in result:
        print(f"{text!r}: {result['error']['code']}")
    else:
        print(f"{text!r}: {result['label']} {result['score']:.2f}")
