terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }

  backend "s3" {
    bucket = "company-terraform-state"
    key    = "prices.tfstate"
    region = "eu-west-3"
  }
}

provider "aws" {
  region  = var.region
  profile = "company"

  default_tags {
    tags = { project = "prices" }
  }
}

provider "aws" {
  alias  = "archive"
  region = "eu-central-1"
}

locals {
  name = "prices-${var.stage}"
}

resource "aws_sqs_queue" "dead" {
  name = "${local.name}-dead"
}

resource "aws_sqs_queue" "orders" {
  name                       = "${local.name}-orders"
  visibility_timeout_seconds = 60

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 2
  })
}

resource "aws_sqs_queue" "results" {
  name = "${local.name}-results"
}

resource "aws_sqs_queue" "archive" {
  for_each = var.archives
  provider = aws.archive
  name     = "${local.name}-${each.key}"
}

module "prices" {
  source = "./modules/worker"

  name    = local.name
  package = "${path.module}/../build/prices.zip"
  handler = "prices.handler"
  input   = aws_sqs_queue.orders.arn
  output  = { arn = aws_sqs_queue.results.arn, url = aws_sqs_queue.results.url }
}

output "orders" {
  value = aws_sqs_queue.orders.url
}
