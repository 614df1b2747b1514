"""A v1 web service: ridge regression on the diabetes data, collecting its inputs and predictions itself."""

import json

import numpy as np
from azureml.core.model import Model
from azureml.monitoring import ModelDataCollector

FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
PENALTY = 1.0


def init():
    global centre, scale, weights, intercept, inputs, predictions
    table = np.genfromtxt(Model.get_model_path("diabetes"), delimiter=",", skip_header=1)
    features, target = table[:, :-1], table[:, -1]
    centre, scale, intercept = features.mean(axis=0), features.std(axis=0), target.mean()
    scaled = (features - centre) / scale
    # ridge: (X'X + penalty I) w = X'y
    gram = scaled.T @ scaled + PENALTY * np.eye(len(FEATURES))
    weights = np.linalg.solve(gram, scaled.T @ (target - intercept))
    inputs = ModelDataCollector("diabetes", designation="inputs", feature_names=FEATURES)
    predictions = ModelDataCollector("diabetes", designation="predictions", feature_names=["progression"])


def run(raw_data):
    rows = np.array(json.loads(raw_data)["data"], dtype=float)
    result = ((rows - centre) / scale @ weights + intercept).round(2)
    correlations = inputs.collect(rows)
    predictions.collect(predictions.add_correlations(result, correlations))
    # a printed line becomes a trace in Application Insights
    print(json.dumps({"input": rows.tolist(), "output": result.tolist()}))
    return result.tolist()
