"""Prices orders: {"item": "tea", "count": 2} becomes {"item": "tea", "total": 7.0}."""

import json
import os

import boto3

PRICES = {"tea": 3.5, "coffee": 4.0}
sqs = boto3.client("sqs")


def handler(event, context):
    """Each record's order, priced, goes to the queue of results; an unknown item fails the batch."""
    for record in event["Records"]:
        order = json.loads(record["body"])
        priced = {"item": order["item"], "total": PRICES[order["item"]] * order["count"]}
        sqs.send_message(QueueUrl=os.environ["RESULTS"], MessageBody=json.dumps(priced))
