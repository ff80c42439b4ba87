variable "region" {
  type    = string
  default = "eu-west-3"
}

variable "stage" {
  type    = string
  default = "dev"
}

variable "archives" {
  type    = set(string)
  default = ["monthly", "yearly"]
}
