"""The scoring script of these tests, run by the inference servers: it prints, sleeps, answers and fails as it is told.

A request names how long to sleep in seconds, and how it ends: with scores, an exception, or an HTTP answer of its own.
"""

import json
import time

from azureml_inference_server_http.api.aml_response import AMLResponse


def init():
    print("the model is loaded")


def run(raw_data):
    request = json.loads(raw_data)
    print(json.dumps({"rows": len(request["data"])}))
    time.sleep(request["sleep"])
    if request["ends"] == "raises":
        raise ValueError(f'no customer called "{request["name"]}"')
    if request["ends"] == "refuses":
        return AMLResponse({"message": "too old"}, 422, json_str=True)
    return {"scores": [sum(row) for row in request["data"]], "name": request["name"]}
