"""The lab's calculator: one result in the output queue for each operation in the input queue."""

import json
import os

import boto3

sqs = boto3.client("sqs")


def lambda_handler(event, context):
    for record in event["Records"]:
        operation = json.loads(record["body"])
        answer = {**operation, "result": calculate(operation)}
        print(f"{record['messageId']}: {answer}")
        sqs.send_message(QueueUrl=os.environ["OUTPUT_QUEUE_URL"], MessageBody=json.dumps(answer))


def calculate(operation):
    a, b = operation["a"], operation["b"]
    if operation["operation"] == "add":
        return a + b
    if operation["operation"] == "subtract":
        return a - b
    if operation["operation"] == "multiply":
        return a * b
    if operation["operation"] == "divide":
        return a / b
    raise ValueError(f"unknown operation: {operation['operation']}")
