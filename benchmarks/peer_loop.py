"""What every peer's process does: one JSON command a line in, one JSON answer a line out."""

import json
import sys


def serve(commands):
    """Run functions by their names, with keyword arguments, until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = commands[request.pop("command")](**request)
        except Exception as error:  # whatever it is, the other process reports it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
