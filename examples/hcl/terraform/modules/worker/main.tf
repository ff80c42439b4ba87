variable "name" { type = string }
variable "package" { type = string }
variable "handler" { type = string }
variable "input" { type = string }
variable "output" { type = object({ arn = string, url = string }) }

data "aws_iam_policy_document" "assumed" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "queues" {
  statement {
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [var.input]
  }

  statement {
    actions   = ["sqs:SendMessage"]
    resources = [var.output.arn]
  }
}

resource "aws_iam_role" "worker" {
  name               = "${var.name}-worker"
  assume_role_policy = data.aws_iam_policy_document.assumed.json
}

resource "aws_iam_role_policy" "queues" {
  role   = aws_iam_role.worker.id
  policy = data.aws_iam_policy_document.queues.json
}

resource "aws_lambda_function" "worker" {
  function_name    = "${var.name}-worker"
  role             = aws_iam_role.worker.arn
  runtime          = "python3.12"
  handler          = var.handler
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  timeout          = 10

  environment {
    variables = { RESULTS = var.output.url }
  }
}

resource "aws_lambda_event_source_mapping" "input" {
  event_source_arn = var.input
  function_name    = aws_lambda_function.worker.arn
  depends_on       = [aws_iam_role_policy.queues]
}
